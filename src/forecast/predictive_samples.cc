#include "forecast/predictive_samples.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "forecast/future_law.h"
#include "forecast/posterior_predict.h"
#include "forecast/simulate.h"
#include "forecast/sorted_frame.h"

namespace chiliad::forecast {
namespace {

// The trend, its factor and yhat are predict()'s; the paths run beside the fitted trend.
Result<Done> draw_beside_the_mode(const FittedModel& model, const Frame& frame, const SortedFrame& sorted,
                                  std::uint64_t seed, PredictiveSamples& out) {
  const FittedState& state = model.state();
  PredictOptions options;
  options.uncertainty = Uncertainty::kNone;
  const Result<Forecast> forecast = model.predict(frame, options);
  if (!forecast) return forecast.error();
  const std::span<const double> trend = forecast->column("trend"), yhat = forecast->column("yhat");
  const std::span<const double> multiplicative = forecast->column("multiplicative_terms");
  const Times times = scaled_times(state, sorted.ds);
  const Sampling sampling{out.samples, sampling_key(state, seed)};
  const std::unique_ptr<TrendPaths> paths =
      state.options.growth == Growth::kLogistic
          ? logistic_paths(logistic_law(state, times.t), {times.steps, times.t, sorted.cap.cap}, sampling)
          : linear_paths(trend_law(state, times.t), times.steps, sampling);
  std::vector<double> departure(out.samples), noise(out.samples);
  for (std::size_t r = 0; r < out.rows(); ++r) {
    paths->at(r, departure);
    std::ranges::fill(noise, 0.0);
    if (state.sigma_obs > 0) add_noise(noise, state.sigma_obs, sampling, times.steps[r], r);
    const double factor = 1 + multiplicative[r];
    for (std::size_t i = 0; i < out.samples; ++i) {
      out.trend[r * out.samples + i] = trend[r] + departure[i] * state.y_scale;
      out.yhat[r * out.samples + i] = yhat[r] + (departure[i] * factor + noise[i]) * state.y_scale;
    }
  }
  return Done{};
}

void draw_from_the_posterior(const FittedModel& model, const SortedFrame& sorted, int samples, std::uint64_t seed,
                             PredictiveSamples& out) {
  const FittedState& state = model.state();
  const FeatureParts parts = model.parts();
  const Components components = make_components(parts);
  const FeatureMatrix x = make_features(parts, sorted.ds, sorted.inputs);
  const Times times = scaled_times(state, sorted.ds);
  const double plain_floor = state.options.scaling == Scaling::kMinMax ? state.y_min : 0;
  const std::vector<double> floor =
      sorted.cap.floor.empty() ? std::vector<double>(sorted.ds.size(), plain_floor) : sorted.cap.floor;
  const PosteriorFrame frame{x, times.t, times.steps, sorted.cap.cap, floor};
  PosteriorFutures futures(state, components.list, frame, samples, seed);
  for (std::size_t r = 0; r < out.rows(); ++r) {
    futures.at(r);
    const auto at = static_cast<std::ptrdiff_t>(r * out.samples);
    std::ranges::copy(futures.trend(), out.trend.begin() + at);
    std::ranges::copy(futures.yhat(), out.yhat.begin() + at);
  }
}

}  // namespace

std::size_t futures_of(const FittedModel& model, int samples) {
  return model.state().draws ? posterior_futures(model.state(), samples) : static_cast<std::size_t>(samples);
}

Result<PredictiveSamples> predictive_samples(const FittedModel& model, const Frame& frame, int samples,
                                             std::uint64_t seed) {
  if (frame.ds.empty()) return invalid("Dataframe has no rows.");
  if (samples < 1) return invalid("samples: expected at least 1");
  PredictiveSamples out;
  out.samples = futures_of(model, samples);
  if (out.samples > static_cast<std::size_t>(kMostSampledValues) / frame.ds.size()) {
    return invalid("samples: at most " + std::to_string(kMostSampledValues) + " values (rows times futures), this is " +
                   std::to_string(frame.ds.size()) + " times " + std::to_string(out.samples));
  }
  const Result<SortedFrame> sorted = sort_frame(frame, model.state(), model.parts());
  if (!sorted) return sorted.error();
  out.ds = sorted->ds;
  out.trend.resize(out.rows() * out.samples);
  out.yhat.resize(out.rows() * out.samples);
  if (model.state().draws) {
    draw_from_the_posterior(model, *sorted, samples, seed, out);
  } else if (Result<Done> drawn = draw_beside_the_mode(model, frame, *sorted, seed, out); !drawn) {
    return std::move(drawn).error();
  }
  for (const std::vector<double>* values : {&out.trend, &out.yhat}) {
    if (std::ranges::all_of(*values, [](double value) { return std::isfinite(value); })) continue;
    return Error{ErrorCode::kCorrupt, "the model's parameters are out of range: a draw is not finite"};
  }
  return out;
}

}  // namespace chiliad::forecast
