#include "diagnose/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace chiliad::diagnose {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"mse", "rmse", "mae", "mape", "mdape", "smape", "coverage"};
constexpr double kNearZero = 1e-8;

std::int64_t month_of(Instant moment) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(moment));
  return 12 * (static_cast<int>(date.year()) - 1970) + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

// The rows of a horizon, [first, last) of the sorted ones.
struct Group {
  std::size_t first;
  std::size_t last;
};

std::vector<Group> groups_of(std::span<const std::int64_t> h) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < h.size(); ++i) {
    if (i == 0 || h[i] != h[i - 1]) groups.push_back({i, i});
    groups.back().last = i + 1;
  }
  return groups;
}

// As numpy.median: not a number when a value is none. Reorders `values`.
double median(std::vector<double>& values) {
  for (const double value : values) {
    if (std::isnan(value)) return value;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

// The rows' values of one metric before any window.
double value_of(std::string_view metric, const MetricsInput& rows, std::size_t i) {
  const double y = rows.y[i], yhat = rows.yhat[i];
  const double error = y - yhat;
  if (metric == "mse" || metric == "rmse") return error * error;
  if (metric == "mae") return std::fabs(error);
  if (metric == "mape" || metric == "mdape") return std::fabs(error / y);
  if (metric == "smape") {
    const double share = std::fabs(error) / ((std::fabs(y) + std::fabs(yhat)) / 2);
    return std::isnan(share) ? 0 : share;
  }
  return y >= rows.yhat_lower[i] && y <= rows.yhat_upper[i] ? 1 : 0;
}

Result<std::vector<std::string>> chosen(const MetricsInput& input, const MetricsOptions& options) {
  std::vector<std::string> names = options.metrics;
  if (names.empty()) names.assign(kNames.begin(), kNames.end());
  if (input.yhat_lower.empty() || input.yhat_upper.empty()) {
    const auto coverage = std::ranges::find(names, "coverage");
    if (coverage != names.end()) names.erase(coverage);
  }
  std::vector<std::string> sorted = names;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end())
    return invalid("Input metrics must be a list of unique values");
  for (const std::string& name : names) {
    if (std::ranges::find(kNames, name) == kNames.end())
      return invalid("Valid values for metrics are: ['mse', 'rmse', 'mae', 'mape', 'mdape', 'smape', 'coverage']");
  }
  return names;
}

bool near_zero(std::span<const double> y) {
  return std::ranges::any_of(y, [](double value) { return std::fabs(value) < kNearZero; });
}

// int(rolling_window * n) as Prophet limits it: negative, or 1 to n.
std::int64_t window_rows(double rolling_window, std::size_t n) {
  const double rows = static_cast<double>(n);
  const double w = std::trunc(std::clamp(rolling_window * rows, -1.0 - rows, rows));
  return w < 0 ? -1 : std::max<std::int64_t>(1, static_cast<std::int64_t>(w));
}

}  // namespace

std::span<const std::string_view> metric_names() { return kNames; }

MetricsInput input_of(const CrossValidation& frame) {
  return {
      frame.ds, frame.cutoff, frame.y, frame.column("yhat"), frame.column("yhat_lower"), frame.column("yhat_upper")};
}

Rolled rolling_mean_by_h(std::span<const double> x, std::span<const std::int64_t> h, std::int64_t w) {
  CHILIAD_CHECK(x.size() == h.size() && w >= 1);
  const std::vector<Group> groups = groups_of(h);
  std::vector<double> sums, counts;  // Missing values neither add nor count.
  for (const Group& group : groups) {
    double sum = 0, lost = 0, count = 0;
    for (std::size_t i = group.first; i < group.last; ++i) {
      if (std::isnan(x[i])) continue;
      const double add = x[i] - lost;  // Kahan's summation, as pandas'.
      const double next = sum + add;
      lost = next - sum - add;
      if (!std::isfinite(lost)) lost = 0;  // Beside an infinity.
      sum = next;
      ++count;
    }
    sums.push_back(sum);
    counts.push_back(count);
  }
  const double rows = static_cast<double>(w);
  Rolled rolled;
  double sum = 0, count = 0;
  std::size_t trailing = groups.size();  // One past the horizon whose window is next.
  for (std::size_t i = groups.size(); i-- > 0;) {
    sum += sums[i];
    count += counts[i];
    while (count >= rows && trailing > 0) {
      const double excess = (count - rows) * sums[i] / counts[i];
      --trailing;
      rolled.horizon.push_back(h[groups[trailing].first]);
      rolled.values.push_back((sum - excess) / rows);
      sum -= sums[trailing];
      count -= counts[trailing];
    }
  }
  std::ranges::reverse(rolled.horizon);
  std::ranges::reverse(rolled.values);
  return rolled;
}

Rolled rolling_median_by_h(std::span<const double> x, std::span<const std::int64_t> h, std::int64_t w) {
  CHILIAD_CHECK(x.size() == h.size() && w >= 1);
  const std::vector<Group> groups = groups_of(h);
  const auto rows = static_cast<std::size_t>(w);
  Rolled rolled;
  std::vector<double> window;
  for (std::size_t i = groups.size(); i-- > 0;) {
    const Group& group = groups[i];
    if (group.last < rows) break;  // Too few rows up to here.
    const std::size_t first = std::min(group.first, group.last - rows);
    window.assign(x.begin() + static_cast<std::ptrdiff_t>(first), x.begin() + static_cast<std::ptrdiff_t>(group.last));
    rolled.horizon.push_back(h[group.first]);
    rolled.values.push_back(median(window));
  }
  std::ranges::reverse(rolled.horizon);
  std::ranges::reverse(rolled.values);
  return rolled;
}

Result<PerformanceMetrics> performance_metrics(const MetricsInput& input, const MetricsOptions& options) {
  const std::size_t n = input.ds.size();
  CHILIAD_CHECK(input.cutoff.size() == n && input.y.size() == n && input.yhat.size() == n);
  if (std::isnan(options.rolling_window)) return invalid("rolling_window: expected a number");
  Result<std::vector<std::string>> names = chosen(input, options);
  if (!names) return std::move(names).error();
  PerformanceMetrics result;
  const auto mape = std::ranges::find(*names, "mape");
  if (mape != names->end() && near_zero(input.y)) {
    names->erase(mape);
    result.mape_skipped = true;
  }
  if (names->empty() || n == 0) return result;

  std::vector<std::int64_t> horizon(n);
  for (std::size_t i = 0; i < n; ++i) {
    horizon[i] =
        options.monthly ? month_of(input.ds[i]) - month_of(input.cutoff[i]) : (input.ds[i] - input.cutoff[i]).count();
  }
  const std::vector<std::uint32_t> order = horizon_order(horizon);
  std::vector<std::int64_t> h(n);
  for (std::size_t i = 0; i < n; ++i) h[i] = horizon[order[i]];
  const std::int64_t w = window_rows(options.rolling_window, n);
  std::vector<double> x(n);
  for (const std::string& name : *names) {
    for (std::size_t i = 0; i < n; ++i) x[i] = value_of(name, input, order[i]);
    Rolled rolled = w < 0 ? Rolled{h, x} : name == "mdape" ? rolling_median_by_h(x, h, w) : rolling_mean_by_h(x, h, w);
    if (name == "rmse")
      std::ranges::transform(rolled.values, rolled.values.begin(), [](double v) { return std::sqrt(v); });
    if (result.metrics.empty()) result.horizon = std::move(rolled.horizon);
    result.metrics.push_back({name, std::move(rolled.values)});
  }
  return result;
}

Result<PerformanceMetrics> performance_metrics(const CrossValidation& frame, const MetricsOptions& options) {
  return performance_metrics(input_of(frame), options);
}

}  // namespace chiliad::diagnose
