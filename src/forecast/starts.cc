#include "forecast/starts.h"

#include <algorithm>
#include <cmath>

#include "forecast/posterior_mode.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

// Least squares of ln(y / (cap - y)), y kept within 1 % to 99 % of the cap as in Prophet's start, on t.
TrendStart logit_line(const Calendar::State& calendar, const SeriesValues& values) {
  constexpr double kLeastRate = 1e-3;
  const auto n = static_cast<double>(calendar.rows());
  double sum_t = 0, sum_tt = 0, sum = 0, moment = 0;
  for (std::size_t i = 0; i < calendar.rows(); ++i) {
    const double share = std::min(0.99, std::max(0.01, values.y[i] / values.cap[i]));
    const double logit = std::log(share / (1 - share)), t = calendar.t[i];
    sum_t += t, sum_tt += t * t, sum += logit, moment += t * logit;
  }
  const double slope = (n * moment - sum_t * sum) / (n * sum_tt - sum_t * sum_t);
  const double rate = std::fabs(slope) < kLeastRate ? std::copysign(kLeastRate, slope) : slope;
  return {rate, (sum_t - sum / rate) / n};
}

// Whether a regressor or a holiday is a share of the trend. Their columns may have a mean, which a larger trend with
// smaller shares repeats, and may resemble a change of the trend.
bool has_multiplicative_events(const Calendar::State& calendar) {
  std::size_t column = 0;
  for (const Seasonality& one : calendar.seasonalities) column += 2 * static_cast<std::size_t>(one.fourier_order);
  const auto first = calendar.is_multiplicative.begin() + static_cast<std::ptrdiff_t>(column);
  return std::find(first, calendar.is_multiplicative.end(), 1.0) != calendar.is_multiplicative.end();
}

}  // namespace

Parameters prophet_start(const Calendar::State& calendar, const SeriesValues& values) {
  const TrendStart trend = trend_start(calendar.options.growth, calendar.ds, calendar.t, values.y, values.cap);
  Parameters start;
  start.k = trend.k;
  start.m = trend.m;
  start.delta.assign(calendar.changepoints.t.size(), 0.0);
  start.beta.assign(calendar.x.stride, 0.0);
  start.sigma_obs = 1;
  return start;
}

Parameters warm_start(const Calendar::State& calendar, const SeriesValues& values, const WarmStart& given) {
  Parameters start = prophet_start(calendar, values);
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (given.k && is_finite(*given.k)) start.k = *given.k;
  if (given.m && is_finite(*given.m)) start.m = *given.m;
  if (given.sigma_obs && is_finite(*given.sigma_obs)) start.sigma_obs = std::max(kSigmaFloor, *given.sigma_obs);
  if (given.delta.size() == start.delta.size() && std::ranges::all_of(given.delta, is_finite))
    start.delta = given.delta;
  if (given.beta.size() == calendar.x.columns && std::ranges::all_of(given.beta, is_finite))
    std::ranges::copy(given.beta, start.beta.begin());
  return start;
}

std::vector<Parameters> further_starts(const Calendar::State& calendar, const SeriesValues& values,
                                       const Parameters& first) {
  std::vector<Parameters> starts;
  if (calendar.options.growth == Growth::kLogistic) {
    const TrendStart line = logit_line(calendar, values);
    Parameters along = prophet_start(calendar, values);
    along.k = line.k;
    along.m = line.m;
    starts.push_back(along);
    // Half way, with a rate of the other sign through the same middle.
    const double middle = line.k * (0.5 - line.m);
    along.k = line.k > 0 ? -2 : 2;
    along.m = 0.5 - middle / along.k;
    starts.push_back(along);
  }
  if (has_multiplicative_events(calendar)) starts.push_back(trend_alone(first));
  return starts;
}

Parameters trend_alone(const Parameters& mode) {
  Parameters start = mode;
  std::ranges::fill(start.beta, 0.0);
  start.sigma_obs = 1;
  return start;
}

}  // namespace chiliad::forecast
