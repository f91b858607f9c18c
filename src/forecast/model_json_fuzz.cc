// Any bytes as the JSON text of a model: read with and without rows; what was read is written and read again, and it is
// forecast with, as a server does, and brought up to date: the next days and moments far away, with computed, simulated
// and conformal bounds.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "forecast/future.h"
#include "forecast/refresh.h"
#include "forecast/stored_form.h"

using chiliad::Instant;
using chiliad::Result;
using chiliad::forecast::FittedModel;
using chiliad::forecast::FittedState;
using chiliad::forecast::Forecast;
using chiliad::forecast::Frequency;
using chiliad::forecast::IntervalOffsets;
using chiliad::forecast::KeepHistory;
using chiliad::forecast::PredictOptions;
using chiliad::forecast::Uncertainty;

namespace {

// The last days of the history, the first of the future, and a century before and after, as far as an Instant goes.
std::vector<Instant> frame_of(const FittedState& state) {
  std::vector<Instant> frame = state.last_dates;
  frame.push_back(state.start);
  for (const Result<Frequency>& frequency : {Frequency::infer(state.last_dates), Result(Frequency::daily())}) {
    if (!frequency) continue;
    const Result<std::vector<Instant>> after = frequency->after(state.last_dates.back(), 3);
    if (after) frame.insert(frame.end(), after->begin(), after->end());
  }
  constexpr std::chrono::nanoseconds kCentury = std::chrono::hours{24 * 36525};
  if (state.start > Instant::min() + kCentury) frame.push_back(state.start - kCentury);
  if (state.last_dates.back() < Instant::max() - kCentury) frame.push_back(state.last_dates.back() + kCentury);
  return frame;
}

// Numbers of columns and changepoints are bounded by the text's length, the rows and draws here.
void forecast(const FittedModel& model) {
  const std::vector<Instant> frame = frame_of(model.state());
  for (const Uncertainty uncertainty : {Uncertainty::kNone, Uncertainty::kExact, Uncertainty::kSimulated}) {
    PredictOptions options;
    options.uncertainty = uncertainty;
    options.uncertainty_samples = 20;
    if (uncertainty != Uncertainty::kNone) options.quantiles = {0.001, 0.5};
    IntervalOffsets offsets;
    const Result<Forecast> first = model.predict(frame, options, &offsets);
    if (!first) continue;
    CHILIAD_CHECK(first->rows() == frame.size());
    for (std::size_t c = 0; c < first->names().size(); ++c) {
      for (const double value : first->column(c)) CHILIAD_CHECK(std::isfinite(value));
    }
    if (uncertainty == Uncertainty::kExact) {
      const std::span<const double> lower = first->column("yhat_lower"), upper = first->column("yhat_upper");
      for (std::size_t r = 0; r < lower.size(); ++r) CHILIAD_CHECK(lower[r] <= upper[r]);
    }
    // The same again with the offsets that the first left.
    const Result<Forecast> second = model.predict(frame, options, &offsets);
    CHILIAD_CHECK(second && std::ranges::equal(second->column("yhat"), first->column("yhat")));
  }
  PredictOptions calibrated;
  calibrated.conformal = true;
  const Result<Forecast> conformal = model.predict(frame, calibrated);
  if (!conformal) return;
  const std::span<const double> lower = conformal->column("yhat_lower"), upper = conformal->column("yhat_upper");
  for (std::size_t r = 0; r < lower.size(); ++r) {
    CHILIAD_CHECK(std::isfinite(lower[r]) && std::isfinite(upper[r]) && lower[r] <= upper[r]);
  }
}

// Rows of the days after the history, with a value that is far away.
void refresh(const std::string_view text) {
  const Result<FittedModel> model =
      chiliad::forecast::model_from_json(text, KeepHistory::kYes, chiliad::forecast::KeepStatistics::kYes);
  if (!model) return;
  const Result<std::vector<Instant>> ds = Frequency::daily().after(chiliad::forecast::last_date(*model), 3);
  if (!ds) return;
  const std::vector<double> y = {1, -1e9, 2}, ones = {1, 1, 1};
  std::vector<chiliad::forecast::OwnedColumn> columns;
  for (const std::string& name : chiliad::forecast::needed_columns(model->state())) columns.push_back({name, ones});
  const std::vector<chiliad::forecast::Column> given = chiliad::forecast::borrow(columns);
  const auto refreshed = chiliad::forecast::refresh(*model, {*ds, y, given});
  if (!refreshed || !refreshed->model) return;
  CHILIAD_CHECK(refreshed->model->state().rows == model->state().rows + 3);
  const std::string written = chiliad::forecast::model_to_json(*refreshed->model);
  CHILIAD_CHECK(chiliad::forecast::model_from_json(written, KeepHistory::kNo));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
    const Result<FittedModel> model = chiliad::forecast::model_from_json(text, keep);
    if (!model) continue;
    CHILIAD_CHECK(!model->state().last_dates.empty());
    const std::string written = chiliad::forecast::model_to_json(*model);
    const Result<FittedModel> again = chiliad::forecast::model_from_json(written, keep);
    CHILIAD_CHECK(again);
    CHILIAD_CHECK(again->state().delta == model->state().delta);
    if (keep == KeepHistory::kNo) forecast(*model);
  }
  refresh(text);
  return 0;
}
