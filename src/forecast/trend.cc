#include "forecast/trend.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace chiliad::forecast {
namespace {

void piecewise_linear(const TrendParameters& at, std::span<const double> t, std::span<double> out) {
  double slope = at.k;
  double offset = at.m;
  std::size_t next = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    for (; next < at.changepoints_t.size() && at.changepoints_t[next] <= t[i]; ++next) {
      slope += at.delta[next];
      offset -= at.delta[next] * at.changepoints_t[next];
    }
    out[i] = slope * t[i] + offset;
  }
}

}  // namespace

TrendStart trend_start(Growth growth, std::span<const Instant> ds, std::span<const double> t,
                       std::span<const double> y_scaled) {
  if (growth == Growth::kFlat) {
    return {0, std::accumulate(y_scaled.begin(), y_scaled.end(), 0.0) / static_cast<double>(y_scaled.size())};
  }
  // Of several rows on the last date Prophet takes the first.
  const auto last = static_cast<std::size_t>(std::lower_bound(ds.begin(), ds.end(), ds.back()) - ds.begin());
  TrendStart line;
  line.k = (y_scaled[last] - y_scaled[0]) / (t[last] - t[0]);
  line.m = y_scaled[0] - line.k * t[0];
  return line;
}

void evaluate_trend(Growth growth, const TrendParameters& parameters, std::span<const double> t,
                    std::span<double> out) {
  CHILIAD_CHECK(parameters.delta.size() == parameters.changepoints_t.size() && t.size() == out.size());
  if (growth == Growth::kFlat) {
    std::fill(out.begin(), out.end(), parameters.m);
  } else {
    piecewise_linear(parameters, t, out);
  }
}

}  // namespace chiliad::forecast
