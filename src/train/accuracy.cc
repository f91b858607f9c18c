#include "train/accuracy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace chiliad::train {
namespace {

using std::chrono::days;
using std::chrono::nanoseconds;

// The last row at or before `moment`, or ds.size() when there is none.
std::size_t row_at_or_before(std::span<const Instant> ds, Instant moment) {
  const auto after = std::upper_bound(ds.begin(), ds.end(), moment);
  return after == ds.begin() ? ds.size() : static_cast<std::size_t>(after - ds.begin()) - 1;
}

double naive_by_date(std::span<const Instant> ds, std::span<const double> y, nanoseconds length, Instant target) {
  Instant moment = target - length;
  if (moment > ds.back()) {
    const auto seasons = (moment - ds.back() + length - nanoseconds(1)) / length;
    moment -= seasons * length;
  }
  const std::size_t fallback = row_at_or_before(ds, target - length);
  for (; moment >= ds.front(); moment -= length) {
    const std::size_t row = row_at_or_before(ds, moment);
    if (ds[row] == moment) return y[row];
  }
  return fallback < ds.size() ? y[fallback] : y.front();
}

}  // namespace

Accuracy accuracy(std::span<const double> y, std::span<const double> forecast, std::span<const double> lower,
                  std::span<const double> upper, std::optional<double> scale) {
  CHILIAD_CHECK(y.size() == forecast.size() && lower.size() == upper.size());
  CHILIAD_CHECK(lower.empty() || lower.size() == y.size());
  double smape = 0, mape = 0, mae = 0, squares = 0, smallest = INFINITY;
  std::size_t rows = 0, inside = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (std::isnan(y[i])) continue;
    const double error = std::abs(y[i] - forecast[i]);
    const double size = std::abs(y[i]) + std::abs(forecast[i]);
    if (size > 0) smape += 200 * error / size;
    mape += 100 * error / std::abs(y[i]);
    mae += error;
    squares += error * error;
    smallest = std::min(smallest, std::abs(y[i]));
    if (!lower.empty() && lower[i] <= y[i] && y[i] <= upper[i]) ++inside;
    ++rows;
  }
  Accuracy result;
  result.rows = rows;
  if (rows == 0) return result;
  const double n = static_cast<double>(rows);
  result.smape = smape / n;
  if (smallest >= 1e-8) result.mape = mape / n;
  result.mae = mae / n;
  result.rmse = std::sqrt(squares / n);
  if (scale) result.mase = *result.mae / *scale;
  if (!lower.empty()) result.coverage = static_cast<double>(inside) / n;
  return result;
}

Season infer_season(std::span<const Instant> ds) {
  std::vector<nanoseconds> steps;
  steps.reserve(ds.size());
  for (std::size_t i = 1; i < ds.size(); ++i) {
    if (ds[i] > ds[i - 1]) steps.push_back(ds[i] - ds[i - 1]);
  }
  if (steps.empty()) return {};
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  const nanoseconds step = *middle;
  const auto of_length = [&](nanoseconds length) {
    return Season{length, std::max<std::size_t>(1, static_cast<std::size_t>((length + step / 2) / step))};
  };
  if (step < days(1)) return of_length(days(1));
  if (step < days(7)) return of_length(days(7));
  if (step < days(28)) return of_length(days(364));
  if (step < days(80)) return Season{nanoseconds(0), 12};
  if (step < days(300)) return Season{nanoseconds(0), 4};
  return {};
}

std::vector<double> seasonal_naive(std::span<const Instant> ds, std::span<const double> y, const Season& season,
                                   std::span<const Instant> targets) {
  CHILIAD_CHECK(ds.size() == y.size() && !ds.empty() && season.rows >= 1);
  std::vector<double> result;
  result.reserve(targets.size());
  const std::size_t last_season = std::min(season.rows, y.size());
  for (std::size_t h = 0; h < targets.size(); ++h) {
    result.push_back(season.length.count() > 0 ? naive_by_date(ds, y, season.length, targets[h])
                                               : y[y.size() - last_season + h % last_season]);
  }
  return result;
}

std::optional<double> seasonal_naive_scale(std::span<const Instant> ds, std::span<const double> y,
                                           const Season& season) {
  double sum = 0;
  std::size_t count = 0;
  // Both pointers only move forward: O(rows).
  for (std::size_t i = 0, before = 0; i < ds.size(); ++i) {
    if (season.length.count() == 0) {
      if (i < season.rows) continue;
      before = i - season.rows;
    } else {
      const Instant moment = ds[i] - season.length;
      while (before < i && ds[before] < moment) ++before;
      if (before >= i || ds[before] != moment) continue;
    }
    sum += std::abs(y[i] - y[before]);
    ++count;
  }
  if (count == 0 || sum == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

}  // namespace chiliad::train
