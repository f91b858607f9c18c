// Chiliad against one reference case: how far each stage of fit and forecast is from what Prophet did, and whether that
// is within the gates.
//
//   stage            compared with                                       gate
//   deterministic    scales, t, y_scaled, changepoints, columns of X,    1e-10 of the column's own size
//                    start, log-posterior at stored parameters,
//                    forecast from stored parameters
//   fit              Prophet's log-posterior where it stopped            not below it by more than 1e-6 |lp|
//                    the optimality conditions                           1e-9, or what rounding leaves of them
//   forecast         yhat of the true optimum                            1e-5 y_scale
//   intervals        bounds simulated by Prophet                         5 standard errors of their probability
//
// The fit and forecast gates hold where the optimum is well defined: not degenerate, and one optimum. The distance to
// Prophet's own stop is reported only: a change of 1e-15 in its start moves that by up to 1e-2. doc/parity.md.
//
// Thread safety: pure functions.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parity/reference_case.h"

namespace chiliad::parity {

enum class Verdict : std::uint8_t { kPassed, kFailed, kSkipped };

struct CaseReport {
  std::string id;
  Verdict verdict = Verdict::kPassed;
  std::vector<std::string> reasons;  // Of a failure or a skip; remarks otherwise.

  std::optional<double> log_posterior_gain;  // Ours minus Prophet's.
  std::optional<double> optimality_residual;
  std::optional<double> yhat_to_optimum;  // max |difference| / y_scale over the frame.
  std::optional<double> yhat_to_prophet;
  double worst_difference = 0;  // Of the deterministic numbers, relative.
  std::string worst_column;
  std::optional<double> worst_interval;  // Standard errors.
  bool well_defined = true;

  void fail(std::string reason) {
    verdict = Verdict::kFailed;
    reasons.push_back(std::move(reason));
  }
};

CaseReport check_case(const ReferenceCase& reference);

// All lines of make_future_dataframe.json as one case.
CaseReport check_dates(std::string_view id, std::span<const DatesCase> lines);

}  // namespace chiliad::parity
