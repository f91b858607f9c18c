// One choice of prior scales for a whole fleet, by cross-validation: each pair of the grid is fitted to all series at
// all cut-offs, and the pair with the smallest mean error wins.
//
// Thread safety: tune() uses threads of its own and calls the observer from this one.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "train/accuracy.h"
#include "train/cross_validate_fleet.h"

namespace chiliad::train {

struct TunePlan {
  CrossValidatePlan validate;  // Its two prior scales are replaced by the grid's; no bounds, rows or figures are made.
  std::vector<double> changepoint_prior_scales;               // > 0 each, at least one,
  std::vector<double> seasonality_prior_scales;               // likewise.
  std::optional<double> Accuracy::*error = &Accuracy::smape;  // A series' error over all its forecasts.
};

// The error's name: smape, mae, rmse or mase. Errors: kInvalid: another.
Result<std::optional<double> Accuracy::*> parse_tune_error(std::string_view name);

struct TuneCandidate {
  double changepoint_prior_scale = 0;
  double seasonality_prior_scale = 0;
  std::optional<double> error;  // Mean over `Tuned::series`.
};

struct Tuned {
  std::vector<TuneCandidate> candidates;  // In the order of the grid.
  std::size_t best = 0;                   // The smallest error; of equal ones the first.
  std::uint64_t series = 0;               // That all candidates have an error for: the means are over these.
  std::uint64_t failed = 0;               // That some candidate has none for.
  std::vector<std::string> failures;      // The first reasons.
};

// `on_series` is called for each series of each candidate. Memory: 8 bytes a series and candidate. Errors: kInvalid: an
// empty grid, a scale that is not above 0, mcmc_samples above 0, no series that all candidates can be validated on;
// kUnavailable: stopped.
Result<Tuned> tune(const SeriesSource& source, const TunePlan& plan, const std::atomic<bool>& stop,
                   const std::function<void()>& on_series);

}  // namespace chiliad::train
