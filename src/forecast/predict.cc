// predict(): Prophet's forecast columns from a model's parameters.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/number.h"
#include "forecast/design.h"
#include "forecast/interval.h"
#include "forecast/kernels.h"
#include "forecast/prophet.h"
#include "forecast/simulate.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

struct Request {
  bool with_intervals = true;
  bool simulated = false;
  double width = 0.8;
  int samples = 1000;
};

Result<Request> read_request(const FittedState& state, const PredictOptions& options, std::size_t rows) {
  if (rows == 0) return invalid("Dataframe has no rows.");
  Request request;
  request.width = options.interval_width.value_or(state.options.interval_width);
  request.samples = options.uncertainty_samples.value_or(state.options.uncertainty_samples);
  request.with_intervals = options.uncertainty != Uncertainty::kNone && request.samples != 0;
  request.simulated = options.uncertainty == Uncertainty::kSimulated;
  if (!((1 - request.width) / 2 > 0 && request.width > 0 && (1 + request.width) / 2 < 1)) {
    return invalid("interval_width must be in (0, 1)");
  }
  if (request.samples < 0) return invalid("uncertainty_samples must be >= 0");
  for (double q : options.quantiles) {
    if (!(q > 0 && q < 1)) return invalid("quantiles must be in (0, 1)");
  }
  if (!options.quantiles.empty() && !request.with_intervals)
    return invalid("quantiles need intervals, which are turned off");
  return request;
}

// The column names with the extra quantiles behind.
std::shared_ptr<const std::vector<std::string>> with_quantiles(std::shared_ptr<const std::vector<std::string>> names,
                                                               std::span<const double> quantiles) {
  if (quantiles.empty()) return names;
  auto extended = std::make_shared<std::vector<std::string>>(*names);
  for (double q : quantiles) extended->push_back(quantile_column_name(q));
  return extended;
}

// What X beta gives for each row: one vector a component, in component_names() order, and the two group sums.
struct Parts {
  std::vector<std::vector<double>> components;
  std::vector<double> additive;        // In units of y_scale.
  std::vector<double> multiplicative;  // Shares.
};

Parts evaluate_parts(const FittedState& state, std::span<const Instant> ds) {
  const std::size_t n = ds.size();
  Parts parts;
  parts.additive.assign(n, 0.0);
  parts.multiplicative.assign(n, 0.0);
  std::vector<std::pair<std::string_view, std::vector<double>>> own;
  const FeatureMatrix x = make_features(state.seasonalities, ds);
  std::size_t column = 0;
  for (const Seasonality& seasonality : state.seasonalities) {
    const std::size_t count = 2 * static_cast<std::size_t>(seasonality.fourier_order);
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i)
      values[i] = dot({x.row(i) + column, count}, {state.beta.data() + column, count});
    std::vector<double>& group = seasonality.mode == Mode::kAdditive ? parts.additive : parts.multiplicative;
    for (std::size_t i = 0; i < n; ++i) group[i] += values[i];
    if (seasonality.mode == Mode::kAdditive) {
      for (double& value : values) value *= state.y_scale;
    }
    own.emplace_back(seasonality.name, std::move(values));
    column += count;
  }
  for (const std::string& name : component_names(state.seasonalities)) {
    const auto found = std::find_if(own.begin(), own.end(), [&](const auto& entry) { return entry.first == name; });
    if (found != own.end()) {
      parts.components.push_back(std::move(found->second));
    } else if (name == "additive_terms") {
      parts.components.push_back(parts.additive);
      for (double& value : parts.components.back()) value *= state.y_scale;
    } else {
      parts.components.push_back(parts.multiplicative);
    }
  }
  return parts;
}

// The bounds of all rows as IntervalOffsets describes them.
std::vector<double> interval_offsets(const FittedState& state, std::span<const double> t,
                                     std::span<const double> multiplicative, const Request& request,
                                     const PredictOptions& options) {
  const std::size_t n = t.size();
  const TrendLaw law = trend_law(state, t);
  std::vector<std::int64_t> steps(n, 0);
  std::vector<double> factor(n);
  std::int64_t step = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (t[i] > 1) steps[i] = ++step;
    factor[i] = 1 + multiplicative[i];
  }
  // The trend has no use for the extra quantiles; a simulation gives them along the way.
  std::vector<double> probabilities = {(1 - request.width) / 2, (1 + request.width) / 2};
  probabilities.insert(probabilities.end(), options.quantiles.begin(), options.quantiles.end());
  const std::size_t noisy_count = probabilities.size();
  const std::size_t trend_count = request.simulated ? noisy_count : 2;
  std::vector<double> trend(trend_count * n);
  std::vector<double> noisy(noisy_count * n);
  if (request.simulated) {
    simulate_quantiles(law, steps, factor, state.sigma_obs, request.samples, options.seed, probabilities, trend, noisy);
  } else {
    future_quantiles(law, steps, {}, 0.0, std::span(probabilities).first(2), trend);
    future_quantiles(law, steps, factor, state.sigma_obs, probabilities, noisy);
  }
  std::vector<double> out;
  out.reserve(n * (2 + noisy_count));
  for (std::size_t i = 0; i < n; ++i) {
    out.insert(out.end(), {trend[trend_count * i], trend[trend_count * i + 1]});
    const double* row = noisy.data() + i * noisy_count;
    out.insert(out.end(), row, row + noisy_count);
  }
  return out;
}

}  // namespace

TrendLaw trend_law(const FittedState& state, std::span<const double> t) {
  const auto first = static_cast<std::size_t>(std::upper_bound(t.begin(), t.end(), 1.0) - t.begin());
  const std::size_t future = t.size() - first;
  if (future == 0 || state.options.growth == Growth::kFlat) return TrendLaw{};
  double step = 0;
  if (future > 1) {
    step = (t.back() - t[first]) / static_cast<double>(future - 1);
  } else if (state.rows > 1) {
    step = 1 / static_cast<double>(state.rows - 1);
  }
  double sum = 0;
  for (double delta : state.delta) sum += std::fabs(delta);
  const double changes = static_cast<double>(state.changepoints_t.size());
  return TrendLaw{std::min(1.0, changes * step), step * (sum / changes + 1e-8)};
}

std::string quantile_column_name(double q) {
  std::string name = "yhat_q";
  append_repr(name, q);
  return name;
}

Result<Forecast> FittedModel::predict(std::span<const Instant> ds, const PredictOptions& options,
                                      IntervalOffsets* offsets) const {
  const Result<Request> request = read_request(state_, options, ds.size());
  if (!request) return request.error();
  const std::size_t n = ds.size();
  std::vector<Instant> sorted(ds.begin(), ds.end());
  if (!std::is_sorted(sorted.begin(), sorted.end())) std::stable_sort(sorted.begin(), sorted.end());
  for (const Instant moment : {sorted.front(), sorted.back()}) {
    if (!near_enough(moment, state_.start)) {
      return invalid("ds " + format_instant(moment) + " is more than 290 years from the history, which begins " +
                     format_instant(state_.start));
    }
  }
  const TimeScale scale{state_.start, std::llround(state_.t_scale_s * 1e9)};
  std::vector<double> t;
  t.reserve(n);
  for (Instant moment : sorted) t.push_back(scale(moment));

  std::vector<double> trend(n);
  evaluate_trend(state_.options.growth, {state_.k, state_.m, state_.delta, state_.changepoints_t}, t, trend);
  Parts parts = evaluate_parts(state_, sorted);
  const double floor = state_.options.scaling == Scaling::kMinMax ? state_.y_min : 0;

  Forecast forecast(std::move(sorted),
                    with_quantiles(request->with_intervals ? names_ : plain_names_, options.quantiles));
  std::size_t next = 0;
  const std::span<double> trend_column = forecast.column(next++);
  std::vector<double> yhat(n);
  for (std::size_t i = 0; i < n; ++i) {
    trend_column[i] = trend[i] * state_.y_scale + floor;
    yhat[i] = trend_column[i] * (1 + parts.multiplicative[i]) + parts.additive[i] * state_.y_scale;
  }

  const std::size_t per_row = 4 + options.quantiles.size();
  IntervalOffsets own;
  IntervalOffsets& bounds = offsets != nullptr ? *offsets : own;
  if (request->with_intervals) {
    if (bounds.values.empty()) bounds.values = interval_offsets(state_, t, parts.multiplicative, *request, options);
    CHILIAD_CHECK(bounds.values.size() == n * per_row);
    const double* offset = bounds.values.data();
    const std::span<double> yhat_lower = forecast.column(next++);
    const std::span<double> yhat_upper = forecast.column(next++);
    const std::span<double> trend_lower = forecast.column(next++);
    const std::span<double> trend_upper = forecast.column(next++);
    for (std::size_t i = 0; i < n; ++i, offset += per_row) {
      trend_lower[i] = trend_column[i] + offset[0] * state_.y_scale;
      trend_upper[i] = trend_column[i] + offset[1] * state_.y_scale;
      yhat_lower[i] = yhat[i] + offset[2] * state_.y_scale;
      yhat_upper[i] = yhat[i] + offset[3] * state_.y_scale;
    }
  }
  for (const std::vector<double>& component : parts.components) {
    const std::size_t copies = request->with_intervals ? 3 : 1;  // No uncertainty in beta: both bounds are the value.
    for (std::size_t copy = 0; copy < copies; ++copy) {
      std::copy(component.begin(), component.end(), forecast.column(next++).begin());
    }
  }
  std::copy(yhat.begin(), yhat.end(), forecast.column(next++).begin());
  for (std::size_t c = 0; c < options.quantiles.size(); ++c) {
    const std::span<double> column = forecast.column(next++);
    for (std::size_t i = 0; i < n; ++i) column[i] = yhat[i] + bounds.values[i * per_row + 4 + c] * state_.y_scale;
  }
  for (std::size_t c = 0; c < forecast.names().size(); ++c) {
    for (double value : forecast.column(c)) {
      if (!std::isfinite(value)) {
        return Error{ErrorCode::kCorrupt,
                     "the model's parameters are out of range: '" + forecast.names()[c] + "' is not finite"};
      }
    }
  }
  return forecast;
}

}  // namespace chiliad::forecast
