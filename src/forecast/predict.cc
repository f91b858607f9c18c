// predict(): Prophet's forecast columns from a model's parameters.

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/number.h"
#include "forecast/design.h"
#include "forecast/features.h"
#include "forecast/future_law.h"
#include "forecast/interval.h"
#include "forecast/kernels.h"
#include "forecast/layout.h"
#include "forecast/posterior_predict.h"
#include "forecast/prophet.h"
#include "forecast/simulate.h"
#include "forecast/sorted_frame.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

constexpr int kLogisticSamples = 1000;

struct Request {
  bool with_intervals = true;
  bool simulated = false;   // The future's rows are drawn,
  bool drawn_past = false;  // and the history's.
  double width = 0.8;
  int samples = 1000;
};

void set_uncertainty(const FittedState& state, const PredictOptions& options, Request& request) {
  request.samples = options.uncertainty_samples.value_or(state.options.uncertainty_samples);
  request.with_intervals = options.uncertainty != Uncertainty::kNone && request.samples != 0;
  request.drawn_past = options.uncertainty == Uncertainty::kSimulated;
  request.simulated = request.drawn_past || state.options.growth == Growth::kLogistic;
  if (request.simulated && !request.drawn_past && request.samples > 0) request.samples = kLogisticSamples;
}

Result<Request> read_request(const FittedState& state, const PredictOptions& options, std::size_t rows) {
  if (rows == 0) return invalid("Dataframe has no rows.");
  Request request;
  request.width = options.interval_width.value_or(state.options.interval_width);
  set_uncertainty(state, options, request);
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

// What X beta gives for each row.
struct Effects {
  std::vector<double> values;              // Component after component, as in Layout::components.
  std::span<const double> additive;        // The sums of all parts of a mode, in units of y_scale,
  std::span<const double> multiplicative;  // and as shares.
};

Effects evaluate_effects(const FittedState& state, std::span<const Component> components, const FeatureMatrix& x) {
  const std::size_t n = x.rows;
  Effects effects;
  effects.values.assign(components.size() * n, 0.0);
  const auto of = [&](std::size_t place) { return std::span(effects.values).subspan(place * n, n); };
  for (std::size_t c = 0; c < components.size(); ++c) {
    const Component& part = components[c];
    if (!part.is_part()) {
      if (part.kind == Component::Kind::kTerms)
        (part.mode == Mode::kAdditive ? effects.additive : effects.multiplicative) = of(c);
      continue;
    }
    const std::span<const double> beta(state.beta.data() + part.first, part.count);
    const std::span<double> values = of(c);
    for (std::size_t i = 0; i < n; ++i) values[i] = dot({x.row(i) + part.first, part.count}, beta);
    for (std::size_t g = c + 1; g < components.size(); ++g) {
      if (components[g].is_part() || !takes_in(components[g], part)) continue;
      const std::span<double> group = of(g);
      for (std::size_t i = 0; i < n; ++i) group[i] += values[i];
    }
  }
  return effects;
}

// Quantiles of the trend's and of yhat's departures, `count` a row.
struct Quantiles {
  std::vector<double> trend, yhat;
  std::size_t trend_count = 0, yhat_count = 0;
};

// The law's own. The trend has no use for the extra quantiles.
Quantiles computed_quantiles(const FittedState& state, const Times& times, std::span<const double> factor,
                             std::span<const double> probabilities) {
  const TrendLaw law = trend_law(state, times.t);
  const std::size_t n = times.t.size();
  Quantiles out{std::vector<double>(2 * n), std::vector<double>(probabilities.size() * n), 2, probabilities.size()};
  future_quantiles(law, times.steps, {}, 0.0, probabilities.first(2), out.trend);
  future_quantiles(law, times.steps, factor, state.sigma_obs, probabilities, out.yhat);
  return out;
}

// Those of `sampling.samples` draws; where only the future is drawn, the history's rows, which have noise alone, are
// computed.
Quantiles simulated_quantiles(const FittedState& state, const Times& times, std::span<const double> cap,
                              std::span<const double> factor, const Sampling& sampling, bool drawn_past,
                              std::span<const double> probabilities) {
  const std::size_t n = times.t.size(), count = probabilities.size();
  Quantiles out{std::vector<double>(count * n), std::vector<double>(count * n), count, count};
  const auto past = static_cast<std::size_t>(std::ranges::count(times.steps, 0));
  const std::size_t first = drawn_past ? 0 : past;
  future_quantiles({}, std::span(times.steps).first(first), {}, state.sigma_obs, probabilities,
                   std::span(out.yhat).first(first * count));
  const std::span<const std::int64_t> steps = std::span(times.steps).subspan(first);
  const std::unique_ptr<TrendPaths> paths =
      state.options.growth == Growth::kLogistic
          ? logistic_paths(logistic_law(state, times.t), {steps, std::span(times.t).subspan(first), cap.subspan(first)},
                           sampling)
          : linear_paths(trend_law(state, times.t), steps, sampling);
  simulate_quantiles(*paths, {steps, factor.subspan(first), state.sigma_obs}, sampling, probabilities,
                     std::span(out.trend).subspan(first * count), std::span(out.yhat).subspan(first * count));
  return out;
}

std::vector<double> wanted_probabilities(double width, std::span<const double> quantiles) {
  std::vector<double> probabilities = {(1 - width) / 2, (1 + width) / 2};
  probabilities.insert(probabilities.end(), quantiles.begin(), quantiles.end());
  return probabilities;
}

// The bounds of all rows as IntervalOffsets describes them.
std::vector<double> interval_offsets(const FittedState& state, const Times& times, std::span<const double> cap,
                                     std::span<const double> multiplicative, const Request& request,
                                     const PredictOptions& options) {
  const std::size_t n = times.t.size();
  std::vector<double> factor(n);
  for (std::size_t i = 0; i < n; ++i) factor[i] = 1 + multiplicative[i];
  const std::vector<double> probabilities = wanted_probabilities(request.width, options.quantiles);
  const Sampling sampling{static_cast<std::size_t>(request.samples), sampling_key(state, options.seed)};
  const Quantiles found =
      request.simulated ? simulated_quantiles(state, times, cap, factor, sampling, request.drawn_past, probabilities)
                        : computed_quantiles(state, times, factor, probabilities);
  std::vector<double> out;
  out.reserve(n * (2 + found.yhat_count));
  for (std::size_t i = 0; i < n; ++i) {
    const double* trend = found.trend.data() + i * found.trend_count;
    out.insert(out.end(), {trend[0], trend[1]});
    const double* yhat = found.yhat.data() + i * found.yhat_count;
    out.insert(out.end(), yhat, yhat + found.yhat_count);
  }
  return out;
}

}  // namespace

std::string quantile_column_name(double q) {
  std::string name = "yhat_q";
  append_repr(name, q);
  return name;
}

namespace {

// Fills the columns of a forecast one after the other.
class ColumnWriter {
 public:
  explicit ColumnWriter(Forecast& forecast) : forecast_(forecast) {}

  std::span<double> next() { return forecast_.column(place_++); }
  void put(std::span<const double> values, double factor) {
    const std::span<double> column = next();
    for (std::size_t i = 0; i < values.size(); ++i) column[i] = values[i] * factor;
  }

 private:
  Forecast& forecast_;
  std::size_t place_ = 0;
};

// One of posterior_bounds()'s values a row.
void drawn_column(const PosteriorBounds& bounds, std::size_t place, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = bounds.values[i * bounds.per_row + place];
}

Result<Done> check_finite(const Forecast& forecast) {
  for (std::size_t c = 0; c < forecast.names().size(); ++c) {
    for (double value : forecast.column(c)) {
      if (std::isfinite(value)) continue;
      return Error{ErrorCode::kCorrupt,
                   "the model's parameters are out of range: '" + forecast.names()[c] + "' is not finite"};
    }
  }
  return Done{};
}

}  // namespace

std::int64_t FittedModel::draws(const PredictOptions& options, std::int64_t rows) const {
  Request request;
  set_uncertainty(state_, options, request);
  if (!request.with_intervals) return 0;
  if (state_.draws) return rows * static_cast<std::int64_t>(posterior_futures(state_, request.samples));
  return request.simulated ? rows * request.samples : 0;
}

Result<Forecast> FittedModel::predict(const Frame& frame, const PredictOptions& options,
                                      IntervalOffsets* offsets) const {
  const Result<Request> request = read_request(state_, options, frame.ds.size());
  if (!request) return request.error();
  if (options.conformal && request->with_intervals) return predict_conformal(frame, options);
  const FeatureParts parts = this->parts();
  Result<SortedFrame> sorted = sort_frame(frame, state_, parts);
  if (!sorted) return std::move(sorted).error();
  const std::size_t n = frame.ds.size();
  const Times times = scaled_times(state_, sorted->ds);
  std::vector<double> trend(n);
  evaluate_trend(state_.options.growth, {state_.k, state_.m, state_.delta, state_.changepoints_t}, times.t,
                 sorted->cap.cap, trend);
  const FeatureMatrix x = make_features(parts, sorted->ds, sorted->inputs);
  const Effects effects = evaluate_effects(state_, layout_->components, x);
  const double plain_floor = state_.options.scaling == Scaling::kMinMax ? state_.y_min : 0;
  const std::span<const double> floor = sorted->cap.floor;  // Empty: the plain one.

  Forecast forecast(std::move(sorted->ds),
                    with_quantiles(request->with_intervals ? layout_->names : layout_->plain_names, options.quantiles));
  ColumnWriter columns(forecast);
  const std::span<double> trend_column = columns.next();
  std::vector<double> yhat(n);
  for (std::size_t i = 0; i < n; ++i) {
    trend_column[i] = trend[i] * state_.y_scale + (floor.empty() ? plain_floor : floor[i]);
    yhat[i] = trend_column[i] * (1 + effects.multiplicative[i]) + effects.additive[i] * state_.y_scale;
  }

  if (state_.options.growth == Growth::kLogistic) columns.put(sorted->cap.given, 1);
  if (state_.logistic_floor) columns.put(floor, 1);

  const std::size_t per_row = 4 + options.quantiles.size();
  IntervalOffsets own;
  IntervalOffsets& bounds = offsets != nullptr ? *offsets : own;
  PosteriorBounds drawn;
  if (request->with_intervals && state_.draws) {
    const std::vector<double> floors =
        floor.empty() ? std::vector<double>(n, plain_floor) : std::vector<double>(floor.begin(), floor.end());
    drawn = posterior_bounds(state_, layout_->components, {x, times.t, times.steps, sorted->cap.cap, floors},
                             request->samples, options.seed, wanted_probabilities(request->width, options.quantiles));
    for (const std::size_t place : std::array<std::size_t, 4>{2, 3, 0, 1}) drawn_column(drawn, place, columns.next());
  } else if (request->with_intervals) {
    if (bounds.values.empty())
      bounds.values = interval_offsets(state_, times, sorted->cap.cap, effects.multiplicative, *request, options);
    CHILIAD_CHECK(bounds.values.size() == n * per_row);
    const double* offset = bounds.values.data();
    const std::span<double> yhat_lower = columns.next();
    const std::span<double> yhat_upper = columns.next();
    const std::span<double> trend_lower = columns.next();
    const std::span<double> trend_upper = columns.next();
    for (std::size_t i = 0; i < n; ++i, offset += per_row) {
      trend_lower[i] = trend_column[i] + offset[0] * state_.y_scale;
      trend_upper[i] = trend_column[i] + offset[1] * state_.y_scale;
      yhat_lower[i] = yhat[i] + offset[2] * state_.y_scale;
      yhat_upper[i] = yhat[i] + offset[3] * state_.y_scale;
    }
  }
  for (const std::uint32_t place : layout_->order) {
    const std::span<const double> values(effects.values.data() + place * n, n);
    const double factor = layout_->components[place].mode == Mode::kAdditive ? state_.y_scale : 1;
    const std::size_t copies = request->with_intervals ? 3 : 1;
    columns.put(values, factor);
    for (std::size_t copy = 1; copy < copies; ++copy) {
      // A mode has no uncertainty in beta: both bounds are the value.
      if (!state_.draws) columns.put(values, factor);
      if (state_.draws) drawn_column(drawn, per_row + 2 * place + copy - 1, columns.next());
    }
  }
  columns.put(yhat, 1);
  for (std::size_t c = 0; c < options.quantiles.size(); ++c) {
    const std::span<double> column = columns.next();
    if (state_.draws) {
      drawn_column(drawn, 4 + c, column);
      continue;
    }
    for (std::size_t i = 0; i < n; ++i) column[i] = yhat[i] + bounds.values[i * per_row + 4 + c] * state_.y_scale;
  }
  if (Result<Done> finite = check_finite(forecast); !finite) return std::move(finite).error();
  return forecast;
}

}  // namespace chiliad::forecast
