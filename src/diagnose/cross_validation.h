// Cross-validation of a fitted model: what it would have forecast had it been fitted at earlier moments.
//
//     rows  ---------------------------------------------------------------->  ds
//           |<- rows up to the cut-off: fitted ->|<- horizon: forecast, compared with y ->|
//
// A cut-off after another, `period` apart, each with a fit of its own; the table that comes out has a row for each row
// of each horizon: ds, yhat, bounds, y, cutoff. metrics.h makes figures of it.
//
// What is fitted at a cut-off is what Prophet's prophet_copy makes, and so are its oddities, since they are part of its
// answers:
//   1. Automatic seasonalities are those that the whole history decided on; the number of changepoints likewise.
//   2. Given changepoints are kept where they lie before the last row of the fit.
//   3. Regressors come as the whole history standardised them and are standardised again. That is the same as once, to
//      rounding, but for a regressor that has one value before the cut-off: the mean and deviation of the whole history
//      are then applied a second time.
//   4. `scaling` is forgotten: a minmax model is validated as absmax (with logistic growth, with the smallest y of
//      the history as its floor). `keep_scaling` validates the model as it is; the command line asks for that,
//      because it measures what `train` makes.
// A model with mcmc_samples is sampled anew at each cut-off, as in Prophet: some thousand times the cost of a mode.
//
// Source: Prophet 1.5.0, diagnostics.py: generate_cutoffs, cross_validation, single_cutoff_forecast, prophet_copy.
//
// Thread safety: pure functions; cross_validation() uses threads of its own. Results do not depend on their number.

#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/prophet.h"

namespace chiliad::diagnose {

struct CrossValidationOptions {
  std::chrono::nanoseconds horizon{0};              // > 0.
  std::optional<std::chrono::nanoseconds> period;   // Unset: half the horizon.
  std::optional<std::chrono::nanoseconds> initial;  // Unset: three horizons, or the longest seasonality if longer.
  std::optional<std::vector<Instant>> cutoffs;      // Instead of those that period and initial give, in this order.
  std::vector<std::string> extra_output_columns;    // Columns of the forecast beside yhat and its bounds: "trend".
  forecast::PredictOptions predict;                 // How bounds are made; its quantiles may be extra columns.
  bool keep_scaling = false;                        // See 4. above.
  int threads = 1;
  const std::atomic<bool>* stop = nullptr;  // When it becomes true the call ends with kUnavailable, "stopped".
};

// Rows of all horizons, cut-off by cut-off, ascending in each.
struct CrossValidation {
  std::vector<Instant> ds;
  std::vector<forecast::OwnedColumn> columns;  // yhat; yhat_lower and yhat_upper if the model has bounds; extra ones.
  std::vector<double> y;
  std::vector<Instant> cutoff;
  std::vector<Instant> cutoffs;       // Each once, in the order of their rows.
  std::vector<std::string> warnings;  // What Prophet logs as warnings, and fits that did not converge.

  std::size_t rows() const { return ds.size(); }
  // Empty when there is no such column.
  std::span<const double> column(std::string_view name) const;
};

// Cut-offs from the end of `ds` (ascending, at least one) backwards, `period` apart, as long as `initial` lies before
// them; a gap in the rows is stepped over. Ascending. Errors: kInvalid, in Prophet's words: "Less data than horizon.",
// "Less data than horizon after initial window. Make horizon or initial shorter."; in ours for a period or horizon that
// is not above 0 and for more than 1,000,000 cut-offs.
Result<std::vector<Instant>> generate_cutoffs(std::span<const Instant> ds, std::chrono::nanoseconds horizon,
                                              std::chrono::nanoseconds initial, std::chrono::nanoseconds period);

// Requires: options.threads >= 1. Errors: kInvalid: as generate_cutoffs(); given cut-offs outside the history; a model
// without its rows; "Less than two datapoints before cutoff. Increase initial window."; an extra column that the
// forecast has not; as fit() and predict(), with the cut-off in front. The first cut-off with an error decides.
// Cost: a fit and a forecast a cut-off.
Result<CrossValidation> cross_validation(const forecast::FittedModel& model, const CrossValidationOptions& options);

}  // namespace chiliad::diagnose
