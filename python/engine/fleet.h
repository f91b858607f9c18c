// fit_fleet: one model for each of many series, on all cores.
//
// Thread safety: pure function; it starts threads of its own and ends them.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/result.h"
#include "fit.h"
#include "forecast/prophet.h"
#include "sample/nuts.h"

namespace chiliad::python {

// Rows of many series, one series after the other.
struct FleetRows {
  std::span<const Instant> ds;
  std::span<const double> y;            // As many.
  const ColumnArguments* columns;       // Likewise.
  std::span<const std::int64_t> first;  // Where each series begins, and at the end the number of rows.
};

// Called ten times a second by the calling thread with how many series are done; false: stop.
using Progress = std::function<bool(std::size_t done)>;

// One result a series, in their order; empty when stopped. Series with equal dates share the work that depends on dates
// alone; no result depends on that or on `threads` (>= 1). `sampling`: each model has draws of its posterior, too, all
// with this seed, made in one thread (its own number of threads and stop do not count); a constant series has none.
std::vector<Result<Fit>> fit_fleet(const forecast::ProphetOptions& options, const FleetRows& rows,
                                   forecast::KeepHistory keep, const std::optional<sample::NutsOptions>& sampling,
                                   int threads, const Progress& progress);

}  // namespace chiliad::python
