// One model for each of many series, fitted or brought up to date on all cores.
//
// Thread safety: pure function; it starts threads of its own and ends them.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
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

struct FleetOptions {
  forecast::KeepHistory keep = forecast::KeepHistory::kYes;
  bool keep_statistics = false;
  // Each model has draws of its posterior, too, all with this seed, made in one thread (its own number of threads and
  // stop do not count); a constant series has none.
  std::optional<sample::NutsOptions> sampling = {};
  int threads = 1;  // >= 1
};

// One result a series, in their order; empty when stopped. Series with equal dates share the work that depends on dates
// alone; no result depends on that or on `threads`. `earlier`: empty, or a model of each series or null: the fit begins
// there where it ends at the same mode wherever it begins.
std::vector<Result<Fit>> fit_fleet(const forecast::ProphetOptions& options, const FleetRows& rows,
                                   const FleetOptions& how, std::span<const Fit* const> earlier,
                                   const Progress& progress);

// A model of all rows, or why it has to be fitted from them (forecast/refresh.h).
struct RefreshedFit {
  std::optional<Fit> fit;
  std::string reason;
};

// The new rows of each series into its model: one result a series, in their order; empty when stopped.
std::vector<Result<RefreshedFit>> refresh_fleet(std::span<const Fit* const> models, const FleetRows& rows, int threads,
                                                const Progress& progress);

}  // namespace chiliad::python
