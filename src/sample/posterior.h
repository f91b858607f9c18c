// Prophet's posterior as a density to sample: what Prophet does for mcmc_samples > 0.
//
//     Calendar, rows --PosteriorDensity--> log-density in (k, m, delta, ln sigma_obs, beta) --nuts.h--> PosteriorDraws
//
// The density is the one at the head of forecast/objective.h in Stan's unconstrained coordinates: sigma_obs enters by
// its logarithm, with the Jacobian ln sigma_obs. Prophet's sampler begins where its optimiser does, and so does this.
//
// Where the model is linear an evaluation costs O((2 + S + K)^2), whatever the number of rows: the residual's sum of
// squares is known from the columns' products, taken about the mode, so that nothing cancels. Elsewhere O(T (S + K)).
//
// Source: Prophet 1.5.0, prophet.stan; models.py: CmdStanPyBackend.sampling (half of mcmc_samples is warm-up, four
// chains; draws in the order of the iterations, the chains side by side).
//
// Thread safety: values; sample_posterior() uses threads of its own.

#pragma once

#include <optional>
#include <vector>

#include "forecast/prophet.h"
#include "forecast/stan_data.h"
#include "sample/nuts.h"

namespace chiliad::sample {

// Draws of the parameters, in the model's units (y_scaled, scaled time). Draw number i * chains + c is the i-th of
// chain c.
struct PosteriorDraws {
  int chains = 0;
  std::size_t changes = 0, features = 0;  // S and K.
  std::vector<double> k, m, sigma_obs;    // One a draw.
  std::vector<double> lp;                 // Stan's lp__: the log-density with the Jacobian.
  std::vector<double> delta;              // Draws x S.
  std::vector<double> beta;               // Draws x K.
  double largest_rhat = 0;                // Split R-hat over all parameters,
  double least_ess = 0;                   // and the smallest effective sample size.
  int divergent = 0;                      // Trajectories that diverged after the warm-up.
  std::int64_t gradients = 0;             // Evaluations of the density.

  std::size_t size() const { return k.size(); }
};

// What mcmc_samples asks for: mcmc_samples / 2 draws a chain after as many steps of warm-up. Requires: >= 2.
NutsOptions prophet_nuts_options(int mcmc_samples);

// Begins at `init` as far as it fits in number, at Prophet's own start elsewhere. A model without changepoints has the
// dummy change folded into k, as in Prophet. Errors: as sample(); kInvalid: a constant series, which Prophet does not
// sample; chains of fewer than four draws. Requires: calendar.is_of(rows).
Result<PosteriorDraws> sample_posterior(const forecast::Calendar& calendar, const forecast::PreparedRows& rows,
                                        const NutsOptions& options, const forecast::WarmStart& init = {});

// prepare_rows, Calendar::make and sample_posterior in one.
Result<PosteriorDraws> sample_posterior(const forecast::History& history, const forecast::ProphetOptions& prophet,
                                        const NutsOptions& options, const forecast::WarmStart& init = {});

// Of a model given as Stan's data; the dummy change is left as drawn. Errors: as sample(); chains of fewer than four
// draws.
Result<PosteriorDraws> sample_posterior(const forecast::StanModel& model, const NutsOptions& options,
                                        const forecast::WarmStart& init = {});

}  // namespace chiliad::sample
