#include "train/tune.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chiliad::train {
namespace {

constexpr std::size_t kShownFailures = 10;
constexpr std::size_t kMaxCandidates = 1000;

Result<Done> check_plan(const TunePlan& plan) {
  if (plan.validate.prophet.mcmc_samples > 0 || (plan.validate.fleet && plan.validate.fleet->some_series_samples())) {
    return invalid(
        "mcmc_samples: expected 0: a grid compares the modes of its candidates, and bounds, which draws are for, "
        "decide "
        "nothing; cross-validate samples one of them");
  }
  for (const std::vector<double>* scales : {&plan.changepoint_prior_scales, &plan.seasonality_prior_scales}) {
    if (scales->empty()) return invalid("a grid needs at least one value of each prior scale");
    for (const double scale : *scales) {
      if (!(scale > 0) || !std::isfinite(scale)) return invalid("prior scales must be > 0");
    }
  }
  if (plan.changepoint_prior_scales.size() > kMaxCandidates / plan.seasonality_prior_scales.size())
    return invalid("a grid may have 1000 pairs");
  return Done{};
}

}  // namespace

Result<std::optional<double> Accuracy::*> parse_tune_error(std::string_view name) {
  if (name == "smape") return &Accuracy::smape;
  if (name == "mae") return &Accuracy::mae;
  if (name == "rmse") return &Accuracy::rmse;
  if (name == "mase") return &Accuracy::mase;
  return invalid("expected smape, mae, rmse or mase, found '" + std::string(name.substr(0, 40)) + "'");
}

Result<Tuned> tune(const SeriesSource& source, const TunePlan& plan, const std::atomic<bool>& stop,
                   const std::function<void()>& on_series) {
  if (Result<Done> checked = check_plan(plan); !checked) return std::move(checked).error();
  Tuned tuned;
  for (const double changepoint : plan.changepoint_prior_scales) {
    for (const double seasonality : plan.seasonality_prior_scales)
      tuned.candidates.push_back({changepoint, seasonality, {}});
  }
  std::vector<std::vector<double>> errors;  // By candidate and series; NaN: none.
  std::vector<bool> counts(source.size(), true);
  CrossValidatePlan each = plan.validate;
  each.rows = each.figures = false;
  each.call.predict.uncertainty = forecast::Uncertainty::kNone;
  for (const TuneCandidate& candidate : tuned.candidates) {
    each.changepoint_prior_scale = each.prophet.changepoint_prior_scale = candidate.changepoint_prior_scale;
    each.seasonality_prior_scale = each.prophet.seasonality_prior_scale = candidate.seasonality_prior_scale;
    // The built-in seasonalities follow the option; added ones keep the scale that they were given.
    std::vector<double>& own = errors.emplace_back();
    cross_validate_fleet(source, each, stop, [&](const CrossValidated& one) {
      const double error = (one.report.holdout.*plan.error).value_or(std::numeric_limits<double>::quiet_NaN());
      if (!std::isfinite(error)) {
        const bool first = counts[own.size()];
        counts[own.size()] = false;
        if (first && tuned.failures.size() < kShownFailures && !one.report.reason.empty())
          tuned.failures.push_back(one.report.reason);
      }
      own.push_back(error);
      on_series();
      return true;
    });
    if (own.size() < source.size()) return Error{ErrorCode::kUnavailable, "stopped by a signal"};
  }
  tuned.series = static_cast<std::uint64_t>(std::ranges::count(counts, true));
  tuned.failed = counts.size() - tuned.series;
  if (tuned.series == 0) {
    return invalid("no series can be validated with every candidate" +
                   (tuned.failures.empty() ? "" : "; the first: " + tuned.failures.front()));
  }
  for (std::size_t c = 0; c < tuned.candidates.size(); ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) sum += counts[i] ? errors[c][i] : 0;
    tuned.candidates[c].error = sum / static_cast<double>(tuned.series);
    if (*tuned.candidates[c].error < *tuned.candidates[tuned.best].error) tuned.best = c;
  }
  return tuned;
}

}  // namespace chiliad::train
