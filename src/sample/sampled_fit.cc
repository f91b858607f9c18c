#include "sample/sampled_fit.h"

#include <fmt/format.h>

#include "sample/posterior.h"

namespace chiliad::sample {
namespace {

// The mean over the draws of each of a parameter's values.
std::vector<double> mean_draw(const std::vector<double>& values, std::size_t draws) {
  std::vector<double> mean(values.size() / draws);
  for (std::size_t i = 0; i < values.size(); ++i) mean[i % mean.size()] += values[i] / static_cast<double>(draws);
  return mean;
}

std::string note_of(const PosteriorDraws& draws) {
  constexpr double kAgree = 1.01;
  if (draws.largest_rhat <= kAgree && draws.divergent == 0) return "";
  return fmt::format("sampled: largest R-hat {:.3f}, least effective sample size {:.0f}, {} divergent",
                     draws.largest_rhat, draws.least_ess, draws.divergent);
}

}  // namespace

Result<forecast::FittedModel> fit_by_sampling(const forecast::Calendar& calendar, const forecast::PreparedRows& rows,
                                              const forecast::FitOptions& options, forecast::FitReport* report) {
  forecast::FitReport own;
  forecast::FitReport& out = report != nullptr ? *report : own;
  Result<forecast::FittedModel> mode = forecast::fit(calendar, rows, options, &out);
  if (!mode || out.constant_series) return mode;
  if (calendar.options().mcmc_samples < 8) return Error{ErrorCode::kInvalid, "mcmc_samples: expected at least 8"};
  Result<PosteriorDraws> draws =
      sample_posterior(calendar, rows, prophet_nuts_options(calendar.options().mcmc_samples));
  if (!draws) return std::move(draws).error();
  if (const std::string note = note_of(*draws); !note.empty()) out.note += (out.note.empty() ? "" : "; ") + note;
  forecast::FittedState state = mode->state();
  const std::size_t n = draws->size();
  state.k = mean_draw(draws->k, n)[0];
  state.m = mean_draw(draws->m, n)[0];
  state.sigma_obs = mean_draw(draws->sigma_obs, n)[0];
  state.delta = mean_draw(draws->delta, n);
  state.beta = mean_draw(draws->beta, n);
  state.log_posterior = std::nullopt;
  state.draws = std::make_shared<const forecast::ParameterDraws>(
      forecast::ParameterDraws{std::move(draws->lp), std::move(draws->k), std::move(draws->m),
                               std::move(draws->sigma_obs), std::move(draws->delta), std::move(draws->beta)});
  return forecast::FittedModel::from_state(std::move(state));
}

}  // namespace chiliad::sample
