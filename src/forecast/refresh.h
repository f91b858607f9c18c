// A model brought up to date from new rows alone.
//
//     FittedModel with statistics, new rows --refresh()--> FittedModel with statistics
//
// Held are the changepoints (their moments), the seasonalities, the holidays' names, and mu and std of regressors. What
// else a fit takes from its rows (t_scale, y_scale, y_min) moves as it would there. The result is the mode of the
// posterior over all rows, old and new, under what is held: equal to a plain fit of all rows with these changepoints,
// seasonalities and standardised values given, within 1e-8 of y_scale; so it is after any number of refreshes. The cost
// does not depend on the number of old rows.
//
// Where the statistics do not say enough the answer is the reason instead of a model: the history has to be read again.
// That is so for models without statistics, for as many columns as rows (which of many equal fits is taken depends on
// the rows), and for rows without noise (what is left of the residual is rounding).
//
// Thread safety: pure functions.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct Refreshed {
  std::optional<FittedModel> model;
  std::string reason;  // Why there is none.
};

// The last date that the model's rows had, with a value or without.
Instant last_date(const FittedModel& model);

// Takes in rows after the model's last date, in any order; the row count, the dates and a history that was kept grow by
// them. With KeepHistory::kNo a history is dropped; a model without one stays without. Rows without a value are counted
// among the dates. Calibration (conformal.h) stays as it was. The report is that of a fit.
// Errors: kInvalid: no rows; a row at or before last_date(); what a fit says of columns and values.
// Cost: O(P^3 + n P^2) for n new rows and P parameters.
Result<Refreshed> refresh(const FittedModel& model, const History& new_rows, KeepHistory keep = KeepHistory::kYes,
                          FitReport* report = nullptr);

// The columns of a kept history as they were given: regressors in their own unit. Rounded as the stored form rounds
// them where the model came from there. Requires: state.history.
std::vector<OwnedColumn> given_columns(const FittedState& state);

}  // namespace chiliad::forecast
