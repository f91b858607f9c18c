// Chiliad against one cross-validation by real Prophet.
//
//   compared                                                     gate
//   cut-offs, rows, values, columns of the table                 equal
//   metrics from the stored table, every window                  1e-10 of the value
//   our own metrics' horizons                                    equal
//   yhat and extra columns at the true optimum                   1e-5 y_scale
//   yhat where Prophet's optimiser stopped                       1e-2 y_scale at the root of the mean square, reported
//
// The last is no parity: Prophet's stop moves by up to 1e-2 by itself (doc/parity.md). It tells a cross-validation that
// fits something else from one that fits the same better.
//
// Thread safety: a pure function.

#pragma once

#include "parity/check_case.h"
#include "parity/reference_case.h"

namespace chiliad::parity {

CaseReport check_cross_validation(const CrossValidationCase& reference);

}  // namespace chiliad::parity
