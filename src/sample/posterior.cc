#include "sample/posterior.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/design.h"
#include "forecast/starts.h"
#include "forecast/trend.h"
#include "sample/convergence.h"
#include "sample/posterior_density.h"

namespace chiliad::sample {
namespace {

// The coordinate `i` of all draws, chain by chain.
std::vector<std::vector<double>> coordinate(const std::vector<Chain>& chains, std::size_t i, std::size_t dimension) {
  std::vector<std::vector<double>> values(chains.size());
  for (std::size_t c = 0; c < chains.size(); ++c) {
    for (std::size_t at = i; at < chains[c].draws.size(); at += dimension) values[c].push_back(chains[c].draws[at]);
  }
  return values;
}

void judge(const std::vector<Chain>& chains, std::size_t dimension, PosteriorDraws& draws) {
  draws.least_ess = static_cast<double>(draws.size()) * 10;
  for (std::size_t i = 0; i < dimension; ++i) {
    const std::vector<std::vector<double>> values = coordinate(chains, i, dimension);
    draws.largest_rhat = std::max(draws.largest_rhat, split_rhat(values));
    draws.least_ess = std::min(draws.least_ess, effective_sample_size(values));
  }
  for (const Chain& chain : chains) {
    draws.divergent += chain.divergent;
    draws.gradients += chain.gradients;
  }
}

Result<PosteriorDraws> draw(const forecast::Calendar::State& calendar, const forecast::SeriesValues& values,
                            const forecast::WarmStart& init, const NutsOptions& options) {
  if (options.draws < 4) return Error{ErrorCode::kInvalid, "sampling: expected at least 4 draws a chain"};
  const PosteriorDensity density(calendar, values);
  const std::vector<double> start = density.point(forecast::warm_start(calendar, values, init));
  const Result<std::vector<Chain>> chains = sample(std::cref(density), start, options);
  if (!chains) return chains.error();
  PosteriorDraws draws;
  draws.chains = options.chains;
  draws.changes = calendar.changepoints.t.size();
  draws.features = calendar.x.columns;
  for (std::size_t i = 0; i < static_cast<std::size_t>(options.draws); ++i) {
    for (const Chain& chain : *chains) {
      const std::span<const double> point =
          std::span(chain.draws).subspan(i * density.dimension(), density.dimension());
      draws.k.push_back(point[0]);
      draws.m.push_back(point[1]);
      const std::span<const double> delta = point.subspan(2, draws.changes), beta = point.last(draws.features);
      draws.delta.insert(draws.delta.end(), delta.begin(), delta.end());
      draws.sigma_obs.push_back(std::exp(point[2 + draws.changes]));
      draws.beta.insert(draws.beta.end(), beta.begin(), beta.end());
      draws.lp.push_back(chain.log_density[i]);
    }
  }
  judge(*chains, density.dimension(), draws);
  return draws;
}

}  // namespace

NutsOptions prophet_nuts_options(int mcmc_samples) {
  CHILIAD_CHECK(mcmc_samples >= 2);
  NutsOptions options;
  options.warmup = options.draws = mcmc_samples / 2;
  return options;
}

Result<PosteriorDraws> sample_posterior(const forecast::Calendar& shared, const forecast::PreparedRows& rows,
                                        const NutsOptions& options, const forecast::WarmStart& init) {
  const forecast::Calendar::State& calendar = shared.state();
  CHILIAD_CHECK(rows.y.size() == calendar.rows());
  const auto [low, high] = std::ranges::minmax_element(rows.y);
  if (*low == *high && calendar.options.growth != forecast::Growth::kLogistic)
    return Error{ErrorCode::kInvalid, "a constant series is not sampled"};
  const Result<forecast::ScaledSeries> scaled =
      forecast::scale_series(calendar.options, rows.y, forecast::borrow(rows.columns));
  if (!scaled) return scaled.error();
  Result<PosteriorDraws> draws = draw(calendar, {scaled->y, scaled->cap}, init, options);
  if (!draws || !calendar.changepoints.moments.empty()) return draws;
  for (std::size_t i = 0; i < draws->size(); ++i)
    forecast::fold_into_slope(calendar.options.growth, draws->k[i], draws->m[i], draws->delta[i]);
  return draws;
}

Result<PosteriorDraws> sample_posterior(const forecast::History& history, const forecast::ProphetOptions& prophet,
                                        const NutsOptions& options, const forecast::WarmStart& init) {
  Result<forecast::PreparedRows> rows = forecast::prepare_rows(history);
  if (!rows) return std::move(rows).error();
  Result<forecast::Calendar> calendar = forecast::Calendar::make(rows->ds, prophet, forecast::borrow(rows->columns));
  if (!calendar) return std::move(calendar).error();
  return sample_posterior(*calendar, *rows, options, init);
}

Result<PosteriorDraws> sample_posterior(const forecast::StanModel& model, const NutsOptions& options,
                                        const forecast::WarmStart& init) {
  return draw(model.calendar(), model.values(), init, options);
}

}  // namespace chiliad::sample
