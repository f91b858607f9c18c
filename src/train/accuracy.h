// How good a forecast is, in figures that compare between customers, beside a baseline that anybody could have made.
//
//     smape     mean of 200 |y - f| / (|y| + |f|)       per cent, 0 to 200; a row where both are 0 counts 0
//     mape      mean of 100 |y - f| / |y|               absent when some |y| < 1e-8, as in Prophet
//     mae       mean of |y - f|
//     rmse      square root of the mean of (y - f)^2
//     mase      mae / mean |y_t - y_(t - season)| over the rows of the fit; absent where that mean is 0 or unknown
//     coverage  share of rows inside [lower, upper]
//
// The baseline repeats the last season ("seasonal naive"). The season follows from the spacing of the rows: a day for
// spacings below a day, a week below a week, 52 weeks for weeks, 12 months for months, 4 quarters for quarters, and the
// last value for anything longer. Up to weekly spacing a row's predecessor is looked up by its date, so that missing
// rows do not shift the weekdays; months and quarters are counted in rows.
//
// Source: Makridakis, Spiliotis, Assimakopoulos, "The M4 Competition" (2020); Hyndman, Koehler, "Another look at
// measures of forecast accuracy" (2006); prophet.diagnostics for mape.
//
// Thread safety: pure functions.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"

namespace chiliad::train {

struct Accuracy {
  std::size_t rows = 0;  // Rows that were compared; all figures are absent when 0.
  std::optional<double> smape;
  std::optional<double> mape;
  std::optional<double> mae;
  std::optional<double> rmse;
  std::optional<double> mase;
  std::optional<double> coverage;
};

// Rows whose y is NaN are left out. `lower` and `upper` may be empty: no coverage. `scale`: mase's denominator.
// Requires: sizes agree.
Accuracy accuracy(std::span<const double> y, std::span<const double> forecast, std::span<const double> lower,
                  std::span<const double> upper, std::optional<double> scale);

struct Season {
  std::chrono::nanoseconds length{0};  // 0: counted in rows.
  std::size_t rows = 1;                // The season in rows of the usual spacing.
};

// `ds`: ascending. The usual spacing is the median of the positive steps. Fewer than two moments: one row.
Season infer_season(std::span<const Instant> ds);

// What repeating the last season forecasts for each of `targets`, from rows with a value in ascending ds.
// Where the predecessor of a row is missing, an earlier season is used, and where there is none, the last value before.
// Requires: ds and y agree in size, not empty, no NaN in y.
std::vector<double> seasonal_naive(std::span<const Instant> ds, std::span<const double> y, const Season& season,
                                   std::span<const Instant> targets);

// mean |y_t - y_(t - season)| over the rows that have a predecessor; nullopt without one, or when it is 0.
std::optional<double> seasonal_naive_scale(std::span<const Instant> ds, std::span<const double> y,
                                           const Season& season);

}  // namespace chiliad::train
