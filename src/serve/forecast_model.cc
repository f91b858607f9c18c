#include "serve/forecast_model.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_writer.h"
#include "serve/answer.h"
#include "serve/invocation.h"

namespace chiliad::serve {
namespace {

using forecast::IntervalOffsets;
using forecast::Uncertainty;

// Whether the offsets depend on nothing but the model and what Frame holds.
bool has_frame(const Invocation& invocation) {
  return invocation.ds.empty() && invocation.future.empty() && invocation.options.uncertainty == Uncertainty::kExact &&
         invocation.options.quantiles.empty() && !invocation.options.conformal && invocation.freq.size() < 16;
}

// Which field of the request has what the model misses.
Error explained(Error error, const Invocation& invocation) {
  const std::string_view message = error.message;
  if (message.ends_with(" missing from dataframe") || message.starts_with("Capacities must be supplied") ||
      message.starts_with("Expected column")) {
    error.message += fmt::format(": give a value a row as {{\"future\": {{name: [{} values]}}}}", invocation.rows());
  }
  return error;
}

// The reader has seen to it that a simulation is not too long, unless it takes the model's own number of samples or the
// model draws anyway.
Result<Done> check_draws(std::int64_t draws) {
  if (draws <= Invocation::kMaxDraws) return Done{};
  return Error{ErrorCode::kInvalid, fmt::format("'uncertainty': this model draws its intervals, and a request may draw "
                                                "20,000,000 values (rows times samples), this one needs {}",
                                                draws)};
}

}  // namespace

bool ForecastModel::same_frame(const Invocation& invocation) const {
  return !kept_.empty() && frame_.period == invocation.period && frame_.freq == invocation.freq &&
         frame_.interval_width == invocation.options.interval_width.value_or(0);
}

bool ForecastModel::recall(const Invocation& invocation, IntervalOffsets& offsets) const {
  const MutexLock lock(mutex_);
  if (!same_frame(invocation)) return false;
  offsets.values.assign(kept_.begin(), kept_.end());
  return true;
}

void ForecastModel::remember(const Invocation& invocation, const IntervalOffsets& offsets) const {
  if (offsets.values.empty() || offsets.values.size() > kKeptValues) return;
  std::vector<double> values(offsets.values.begin(), offsets.values.end());
  const MutexLock lock(mutex_);
  frame_.period = invocation.period;
  frame_.freq = invocation.freq;
  frame_.interval_width = invocation.options.interval_width.value_or(0);
  kept_.swap(values);
}

bool ForecastModel::is_heavy(const Invocation& invocation) const {
  constexpr std::int64_t kManyDraws = 16'000;  // Some 0.6 ms.
  return invocation.heavy() || fitted_.draws(invocation.options, invocation.rows()) > kManyDraws;
}

Result<Done> ForecastModel::answer(const Invocation& invocation, std::string& out) const {
  if (Result<Done> few = check_draws(fitted_.draws(invocation.options, invocation.rows())); !few) return few;
  std::vector<Instant> future;
  const std::vector<Instant>* dates = &invocation.ds;
  std::int64_t first_row = 0;
  if (invocation.ds.empty()) {
    Result<std::vector<Instant>> after = invocation.step->after(fitted_.state().last_dates.back(), invocation.period);
    if (!after) return std::move(after).error().in("'period'");
    future = std::move(*after);
    dates = &future;
    first_row = fitted_.state().history_date_count;
  }
  thread_local IntervalOffsets offsets;
  offsets.values.clear();
  const bool framed = has_frame(invocation);
  const bool recalled = framed && recall(invocation, offsets);
  const std::vector<forecast::Column> columns = forecast::borrow(invocation.future);
  Result<forecast::Forecast> forecast =
      fitted_.predict(forecast::Frame{*dates, columns}, invocation.options, framed ? &offsets : nullptr);
  if (!forecast) return explained(std::move(forecast).error(), invocation);
  if (framed && !recalled) remember(invocation, offsets);

  if (!invocation.doubly_encoded) return append_answer(out, *forecast, first_row, invocation);
  std::string text;
  Result<Done> done = append_answer(text, *forecast, first_row, invocation);
  if (done) append_json_string(out, text, true);
  return done;
}

std::uint64_t ForecastModel::memory_bytes() const {
  // The heap's own bytes for this object and for the offsets are the 32.
  return fitted_.memory_bytes() + sizeof(*this) + kKeptValues * sizeof(double) + 32;
}

}  // namespace chiliad::serve
