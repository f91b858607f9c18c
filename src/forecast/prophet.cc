#include "forecast/prophet.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/design.h"

namespace chiliad::forecast {

std::string_view growth_name(Growth growth) {
  switch (growth) {
    case Growth::kLinear: return "linear";
    case Growth::kLogistic: return "logistic";
    case Growth::kFlat: return "flat";
  }
  return "linear";
}

std::string_view mode_name(Mode mode) { return mode == Mode::kAdditive ? "additive" : "multiplicative"; }
std::string_view scaling_name(Scaling scaling) { return scaling == Scaling::kAbsMax ? "absmax" : "minmax"; }

Forecast::Forecast(std::vector<Instant> ds, std::shared_ptr<const std::vector<std::string>> names)
    : ds_(std::move(ds)), names_(std::move(names)), values_(ds_.size() * names_->size()) {}

std::span<const double> Forecast::column(std::string_view name) const {
  for (std::size_t i = 0; i < names_->size(); ++i) {
    if ((*names_)[i] == name) return column(i);
  }
  return {};
}

namespace {

Error corrupt(std::string message) { return Error{ErrorCode::kCorrupt, std::move(message)}; }

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

Result<Done> check_state(const FittedState& state) {
  constexpr double kMaxSeconds = 9e9;  // The range of Instant is 584 years.
  if (state.options.growth == Growth::kLogistic) return corrupt("growth: 'logistic' is not supported yet");
  if (!(state.y_scale > 0) || !std::isfinite(state.y_scale)) return corrupt("y_scale: expected a number > 0");
  if (!std::isfinite(state.y_min)) return corrupt("y_min: expected a finite number");
  if (!(state.t_scale_s >= 1e-9 && state.t_scale_s < 2 * kMaxSeconds)) {
    return corrupt("t_scale: expected seconds, at least 1e-9");
  }
  if (!std::isfinite(state.k) || !std::isfinite(state.m)) return corrupt("params: k and m must be finite");
  if (!(state.sigma_obs >= 0) || !std::isfinite(state.sigma_obs)) return corrupt("params: sigma_obs must be >= 0");
  if (state.changepoints_t.empty()) return corrupt("changepoints_t: expected at least one");
  if (state.delta.size() != state.changepoints_t.size()) {
    return corrupt("params: delta has " + std::to_string(state.delta.size()) + " values for " +
                   std::to_string(state.changepoints_t.size()) + " changepoints");
  }
  if (!all_finite(state.changepoints_t) || !all_finite(state.delta) || !all_finite(state.beta)) {
    return corrupt("params: delta, beta and changepoints_t must be finite");
  }
  if (!std::is_sorted(state.changepoints_t.begin(), state.changepoints_t.end()))
    return corrupt("changepoints_t: must ascend");
  for (const Seasonality& seasonality : state.seasonalities) {
    if (!(seasonality.period_days > 0) || !std::isfinite(seasonality.period_days) || seasonality.fourier_order < 1 ||
        seasonality.fourier_order > 10'000) {
      return corrupt("seasonalities: '" + seasonality.name +
                     "' needs a period > 0 and a fourier_order from 1 to 10000");
    }
  }
  if (state.beta.size() != feature_count(state.seasonalities)) {
    return corrupt("params: beta has " + std::to_string(state.beta.size()) + " values for " +
                   std::to_string(feature_count(state.seasonalities)) + " columns");
  }
  if (state.rows < 0 || state.history_date_count < 0) return corrupt("history: negative number of rows");
  return Done{};
}

// What the allocator takes for a block of this many bytes.
std::uint64_t block(std::uint64_t bytes) { return bytes == 0 ? 0 : (bytes + 8 + 15) / 16 * 16 + 16; }

template <class T>
std::uint64_t block(const std::vector<T>& values) {
  return block(values.capacity() * sizeof(T));
}

std::uint64_t text(const std::string& value) { return value.capacity() > 15 ? block(value.capacity() + 1) : 0; }

std::uint64_t texts(const std::vector<std::string>& values) {
  std::uint64_t sum = block(values);
  for (const std::string& value : values) sum += text(value);
  return sum;
}

std::uint64_t names_of(const std::vector<Seasonality>& seasonalities) {
  std::uint64_t sum = block(seasonalities);
  for (const Seasonality& seasonality : seasonalities) sum += text(seasonality.name);
  return sum;
}

}  // namespace

Result<FittedModel> FittedModel::from_state(FittedState state) {
  if (Result<Done> checked = check_state(state); !checked) return std::move(checked).error();
  return FittedModel(std::move(state));
}

FittedModel::FittedModel(FittedState state)
    : state_(std::move(state)),
      names_(std::make_shared<const std::vector<std::string>>(forecast_columns(state_.seasonalities, true))),
      plain_names_(std::make_shared<const std::vector<std::string>>(forecast_columns(state_.seasonalities, false))) {}

std::uint64_t FittedModel::memory_bytes() const {
  const FittedState& s = state_;
  std::uint64_t sum = block(sizeof(FittedModel)) + names_of(s.options.seasonalities) + names_of(s.seasonalities);
  sum += block(s.changepoints_t) + block(s.delta) + block(s.beta) + block(s.last_dates);
  sum += texts(*names_) + texts(*plain_names_) + 2 * block(sizeof(std::vector<std::string>) + 16);
  if (s.options.changepoints) sum += block(*s.options.changepoints);
  if (s.history) {
    sum += block(sizeof(KeptHistory) + 16) + block(s.history->ds) + block(s.history->y) +
           block(s.history->history_dates) + block(s.history->changepoints) + block(s.history->changepoint_rows);
  }
  return sum;
}

}  // namespace chiliad::forecast
