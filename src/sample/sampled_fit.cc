#include "sample/sampled_fit.h"

#include <fmt/format.h>

#include "sample/posterior.h"

namespace chiliad::sample {
namespace {

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
  forecast::set_draws(state, {std::move(draws->lp), std::move(draws->k), std::move(draws->m),
                              std::move(draws->sigma_obs), std::move(draws->delta), std::move(draws->beta)});
  return forecast::FittedModel::from_state(std::move(state));
}

}  // namespace chiliad::sample
