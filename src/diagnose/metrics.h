// Figures of a cross-validation by horizon: how errors grow with the distance from the cut-off.
//
//     mse       mean of (y - yhat)^2                          rmse   its root
//     mae       mean of |y - yhat|
//     mape      mean of |(y - yhat) / y|                      left out when some |y| < 1e-8
//     mdape     median of |(y - yhat) / y|
//     smape     mean of |y - yhat| / ((|y| + |yhat|) / 2)     0 where both are 0
//     coverage  share of rows inside [yhat_lower, yhat_upper]
//
// over a window that ends at each horizon and holds w = rolling_window * rows rows (at least 1): means take all rows of
// a horizon at once and weigh what is too much of the earliest one; medians take single rows of earlier horizons, the
// nearest first. With rolling_window < 0 there is no window: a figure a row.
//
// Which rows of a horizon a median takes, and the order of figures without a window, depend on how the rows were sorted
// by horizon, which pandas does by NumPy's quick sort, not stably. horizon_order() repeats that sort, so that
// these agree to the last row. With `monthly` NumPy sorts plain integers, by vector instructions that differ from
// machine to machine; then no order is Prophet's, and mdape may differ from one of its runs as these do among
// themselves.
//
// Source: Prophet 1.5.0, metrics.py: performance_metrics, rolling_mean_by_h, rolling_median_by_h.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "diagnose/cross_validation.h"

namespace chiliad::diagnose {

// The names of all metrics, in Prophet's order.
std::span<const std::string_view> metric_names();

struct MetricsOptions {
  std::vector<std::string> metrics;  // Empty: all.
  double rolling_window = 0.1;       // Share of the rows in a window.
  bool monthly = false;              // Horizons in calendar months from the cut-off's, which is 0.
};

// The columns of a cross-validation that metrics read. Borrowed; the same length, bounds may be empty both.
struct MetricsInput {
  std::span<const Instant> ds;
  std::span<const Instant> cutoff;
  std::span<const double> y;
  std::span<const double> yhat;
  std::span<const double> yhat_lower = {};
  std::span<const double> yhat_upper = {};
};
MetricsInput input_of(const CrossValidation& frame);

struct PerformanceMetrics {
  std::vector<std::int64_t> horizon;           // Nanoseconds, or months with `monthly`; ascending.
  std::vector<forecast::OwnedColumn> metrics;  // As many values as horizons. None: all were left out.
  bool mape_skipped = false;                   // Asked for, and left out because y is close to 0.
};

// Errors: kInvalid, in Prophet's words: a metric named twice, an unknown one; in ours for a rolling_window that is no
// number. Requires: the input's sizes agree. Cost: O(n log n); medians O(n + horizons * w).
Result<PerformanceMetrics> performance_metrics(const MetricsInput& input, const MetricsOptions& options = {});
Result<PerformanceMetrics> performance_metrics(const CrossValidation& frame, const MetricsOptions& options = {});

// The rows in the order of pandas' sort_values("horizon"): NumPy's argsort(kind="quicksort") of a timedelta64 array.
std::vector<std::uint32_t> horizon_order(std::span<const std::int64_t> horizon);

// Means and medians of x over windows of w rows by horizon. `h`: ascending, one an x. A window that cannot be filled
// gives no row. Requires: w >= 1.
struct Rolled {
  std::vector<std::int64_t> horizon;
  std::vector<double> values;
};
Rolled rolling_mean_by_h(std::span<const double> x, std::span<const std::int64_t> h, std::int64_t w);
Rolled rolling_median_by_h(std::span<const double> x, std::span<const std::int64_t> h, std::int64_t w);

}  // namespace chiliad::diagnose
