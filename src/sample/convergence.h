// How far several chains agree: R-hat and the effective sample size of one quantity's draws.
//
//     split R-hat   sqrt of (variance of all draws / mean variance within), each chain split into halves: near 1 when
//                   the halves of all chains have the same law
//     ESS           draws / (1 + 2 sum of autocorrelations), the sum as far as pairs of them stay positive and fall
//
// Both of the draws themselves, not of their ranks: a quantity without a variance needs ranks instead.
//
// Source: A. Gelman et al., "Bayesian Data Analysis", third edition, 11.4 and 11.5; C. J. Geyer, "Practical Markov
// chain Monte Carlo" (1992), for the end of the sum; Stan reference manual, "Posterior analysis".
//
// Thread safety: pure functions.

#pragma once

#include <span>
#include <vector>

namespace chiliad::sample {

// The draws of one quantity: as many chains, all of the same length >= 4. Borrowed.
using ChainsOf = std::span<const std::vector<double>>;

// Infinity where no chain moved: nothing shows that they would agree.
double split_rhat(ChainsOf chains);
// 0 where no chain moved. At most draws * log10(draws), as antithetic chains are not believed further.
double effective_sample_size(ChainsOf chains);

}  // namespace chiliad::sample
