// The no-U-turn sampler: draws from a density that is known up to a factor, by its logarithm and gradient.
//
//     start --warm-up: step size and metric adapt--> draws     a chain; chains differ in their random numbers alone
//
// As Stan's default has it: multinomial choice along a trajectory that doubles until it would turn back (also judged
// between its halves), a diagonal metric adapted in windows that double, the step size by dual averaging. A step whose
// energy error passes 1000 ends its trajectory and is counted as divergent.
//
// Promises: the same seed gives the same bits, for any number of threads; a chain depends on nothing but seed, its
// number, start and options.
//
// Source: M. D. Hoffman, A. Gelman, "The No-U-Turn Sampler", JMLR 15 (2014); M. Betancourt, "A conceptual introduction
// to Hamiltonian Monte Carlo", arXiv:1701.02434, appendix A; Stan reference manual, "MCMC sampling", for windows and
// constants.
//
// Thread safety: sample() uses threads of its own and calls the density from them.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"

namespace chiliad::sample {

// The log-density at a point, up to a constant, and its gradient there (as many elements). Not finite: outside of the
// support. Called by several threads at a time.
using LogDensity = std::function<double(std::span<const double> at, std::span<double> gradient)>;

struct NutsOptions {
  int chains = 4;           // >= 1
  int warmup = 1000;        // >= 0 steps, not kept.
  int draws = 1000;         // >= 1 a chain.
  double acceptance = 0.8;  // What the step size is adapted to, in (0, 1).
  int max_tree_depth = 10;  // A trajectory has at most 2^depth steps.
  std::uint64_t seed = 0;
  int threads = 1;  // >= 1
  // Set to true by another thread, it ends sample() within a trajectory or two. Null: nobody will.
  const std::atomic<bool>* stop = nullptr;
};

struct Chain {
  std::vector<double> draws;        // options.draws rows of as many values as the start has.
  std::vector<double> log_density;  // One a draw.
  std::vector<int> tree_depth;      // Likewise.
  int divergent = 0;                // Draws whose trajectory diverged.
  std::int64_t gradients = 0;       // Evaluations of the density, warm-up included.
  double step_size = 0;             // As adapted,
  std::vector<double> variance;     // and the metric: an estimate of each coordinate's variance.
};

// Errors: kInvalid: an option out of range, or a start at which density or gradient are not finite;
// kDeadline: stopped.
Result<std::vector<Chain>> sample(const LogDensity& density, std::span<const double> start, const NutsOptions& options);

}  // namespace chiliad::sample
