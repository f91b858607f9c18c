#include "forecast/trend.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "forecast/lane_math.h"
#include "forecast/multiversion.h"

namespace chiliad::forecast {
namespace {

// slope t + offset with the changes of slope that have come by t.
void piecewise_linear(double slope, double offset, const TrendParameters& at, std::span<const double> t,
                      std::span<double> out) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    for (; next < at.changepoints_t.size() && at.changepoints_t[next] <= t[i]; ++next) {
      slope += at.delta[next];
      offset -= at.delta[next] * at.changepoints_t[next];
    }
    out[i] = slope * t[i] + offset;
  }
}

TrendStart logistic_start(std::size_t last, std::span<const double> t, std::span<const double> y_scaled,
                          std::span<const double> cap_scaled) {
  const double length = t[last] - t[0];
  const auto ratio = [&](std::size_t i) {  // Cap to value, the latter forced between 1 % and 99 % of the former.
    const double cap = cap_scaled[i];
    return cap / std::max(0.01 * cap, std::min(0.99 * cap, y_scaled[i]));
  };
  double first = ratio(0);
  const double second = ratio(last);
  if (std::fabs(first - second) <= 0.01) first *= 1.05;
  const double l0 = std::log(first - 1);
  const double l1 = std::log(second - 1);
  return {(l0 - l1) / length, l0 * length / (l0 - l1)};
}

// lane::exp() ends at 700: beyond it the sigmoid is 1e-304.
CHILIAD_LANE_INLINE void sigmoid_of(const double* x, double* out) {
  using lane::Bits, lane::Lane;
  Lane argument, power;
  lane::load(x, argument);
  argument = -argument;
  const Bits high = argument > 700.0;
  argument = (Lane)((high & (Bits)(Lane{700, 700, 700, 700})) | (~high & (Bits)argument));
  lane::exp(argument, power);
  lane::store(1 / (1 + power), out);
}

CHILIAD_MULTIVERSION void sigmoids_of(const double* x, std::size_t count, double* out) {
  std::size_t i = 0;
  for (; i + lane::kWidth <= count; i += lane::kWidth) sigmoid_of(x + i, out + i);
  double rest[lane::kWidth] = {};
  for (std::size_t j = i; j < count; ++j) rest[j - i] = x[j];
  if (i < count) sigmoid_of(rest, rest);
  for (std::size_t j = i; j < count; ++j) out[j] = rest[j - i];
}

CHILIAD_LANE_INLINE void curve_of(const double* x, const double* cap, double* trend, double* slope, double* bend) {
  using lane::Lane;
  double share_of_cap[lane::kWidth];
  sigmoid_of(x, share_of_cap);
  Lane share, top;
  lane::load(share_of_cap, share);
  lane::load(cap, top);
  const Lane value = top * share;
  const Lane first = value * (1 - share);
  lane::store(value, trend);
  lane::store(first, slope);
  lane::store(first * (1 - 2 * share), bend);
}

CHILIAD_MULTIVERSION void curves_of(const double* x, const double* cap, std::size_t count, double* trend, double* slope,
                                    double* bend) {
  std::size_t i = 0;
  for (; i + lane::kWidth <= count; i += lane::kWidth) curve_of(x + i, cap + i, trend + i, slope + i, bend + i);
  double rest[5][lane::kWidth] = {};
  for (std::size_t j = i; j < count; ++j) rest[0][j - i] = x[j], rest[1][j - i] = cap[j];
  if (i < count) curve_of(rest[0], rest[1], rest[2], rest[3], rest[4]);
  for (std::size_t j = i; j < count; ++j)
    trend[j] = rest[2][j - i], slope[j] = rest[3][j - i], bend[j] = rest[4][j - i];
}

}  // namespace

TrendStart trend_start(Growth growth, std::span<const Instant> ds, std::span<const double> t,
                       std::span<const double> y_scaled, std::span<const double> cap_scaled) {
  if (growth == Growth::kFlat) {
    return {0, std::accumulate(y_scaled.begin(), y_scaled.end(), 0.0) / static_cast<double>(y_scaled.size())};
  }
  // Of several rows on the last date Prophet takes the first.
  const auto last = static_cast<std::size_t>(std::lower_bound(ds.begin(), ds.end(), ds.back()) - ds.begin());
  if (growth == Growth::kLogistic) return logistic_start(last, t, y_scaled, cap_scaled);
  TrendStart line;
  line.k = (y_scaled[last] - y_scaled[0]) / (t[last] - t[0]);
  line.m = y_scaled[0] - line.k * t[0];
  return line;
}

void fold_into_slope(Growth growth, double& k, double& m, double& delta) {
  const double slope = k + delta;
  if (growth == Growth::kLogistic && slope != 0) m *= k / slope;
  k = slope;
  delta = 0;
}

void logistic_exponent(const TrendParameters& parameters, std::span<const double> t, std::span<double> out) {
  piecewise_linear(parameters.k, -parameters.k * parameters.m, parameters, t, out);
}

void sigmoid(std::span<const double> x, std::span<double> out) {
  CHILIAD_CHECK(x.size() == out.size());
  sigmoids_of(x.data(), x.size(), out.data());
}

void logistic_curve(std::span<const double> exponent, std::span<const double> cap, std::span<double> trend,
                    std::span<double> slope, std::span<double> bend) {
  const std::size_t n = exponent.size();
  CHILIAD_CHECK(cap.size() == n && trend.size() == n && slope.size() == n && bend.size() == n);
  curves_of(exponent.data(), cap.data(), n, trend.data(), slope.data(), bend.data());
}

void evaluate_trend(Growth growth, const TrendParameters& parameters, std::span<const double> t,
                    std::span<const double> cap_scaled, std::span<double> out) {
  CHILIAD_CHECK(parameters.delta.size() == parameters.changepoints_t.size() && t.size() == out.size());
  switch (growth) {
    case Growth::kLinear: piecewise_linear(parameters.k, parameters.m, parameters, t, out); break;
    case Growth::kFlat: std::fill(out.begin(), out.end(), parameters.m); break;
    case Growth::kLogistic:
      CHILIAD_CHECK(cap_scaled.size() == t.size());
      logistic_exponent(parameters, t, out);
      sigmoid(out, out);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] *= cap_scaled[i];
      break;
  }
}

}  // namespace chiliad::forecast
