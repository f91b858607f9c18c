#include "serve/forecast_model.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_writer.h"
#include "forecast/predictive_samples.h"
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

Result<Done> ForecastModel::append_forecast(const Invocation& invocation, const std::vector<Instant>& dates,
                                            std::int64_t first_row, std::string& out) const {
  if (Result<Done> few = check_draws(fitted_.draws(invocation.options, invocation.rows())); !few) return few;
  thread_local IntervalOffsets offsets;
  offsets.values.clear();
  const bool framed = has_frame(invocation);
  const bool recalled = framed && recall(invocation, offsets);
  const std::vector<forecast::Column> columns = forecast::borrow(invocation.future);
  Result<forecast::Forecast> made =
      fitted_.predict(forecast::Frame{dates, columns}, invocation.options, framed ? &offsets : nullptr);
  if (!made) return explained(std::move(made).error(), invocation);
  if (framed && !recalled) remember(invocation, offsets);
  return append_answer(out, *made, first_row, invocation);
}

// A sampled model gives a future of each of its draws, which may be more than were asked for.
Result<Done> ForecastModel::append_futures(const Invocation& invocation, const std::vector<Instant>& dates,
                                           std::int64_t first_row, std::string& out) const {
  const auto values = static_cast<std::int64_t>(forecast::futures_of(fitted_, invocation.samples)) * invocation.rows();
  if (values > Invocation::kMaxSampled) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("'samples': an answer may hold 1,000,000 values (rows times samples); "
                             "this model, a future for each of its draws, needs {}",
                             values)};
  }
  const std::vector<forecast::Column> columns = forecast::borrow(invocation.future);
  Result<forecast::PredictiveSamples> drawn = forecast::predictive_samples(fitted_, forecast::Frame{dates, columns},
                                                                           invocation.samples, invocation.options.seed);
  if (!drawn) return explained(std::move(drawn).error(), invocation);
  return append_samples(out, *drawn, first_row, invocation);
}

Result<Done> ForecastModel::answer(const Invocation& invocation, std::string& out) const {
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
  const auto write = [&](std::string& to) {
    return invocation.samples > 0 ? append_futures(invocation, *dates, first_row, to)
                                  : append_forecast(invocation, *dates, first_row, to);
  };
  if (!invocation.doubly_encoded) return write(out);
  std::string text;
  Result<Done> done = write(text);
  if (done) append_json_string(out, text, true);
  return done;
}

std::uint64_t ForecastModel::memory_bytes() const {
  // The heap's own bytes for this object and for the offsets are the 32.
  return fitted_.memory_bytes() + sizeof(*this) + kKeptValues * sizeof(double) + 32;
}

}  // namespace chiliad::serve
