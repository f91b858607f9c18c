#include "diagnose/conformal.h"

#include <algorithm>
#include <cmath>

namespace chiliad::diagnose {
namespace {

struct Score {
  std::int64_t horizon;
  double value;
};

// Where the model is sure of a value to rounding (a constant series) a miss is measured in these shares of y_scale.
constexpr double kSmallestHalf = 1e-9;

std::vector<Score> scores_of(const forecast::FittedModel& model, const CrossValidation& table) {
  const std::vector<Instant>& ds = model.state().history->ds;
  const std::span<const double> yhat = table.column("yhat");
  const std::span<const double> lower = table.column("yhat_lower"), upper = table.column("yhat_upper");
  const double smallest = kSmallestHalf * model.state().y_scale;
  std::vector<Score> scores;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const Instant fitted_to = *(std::upper_bound(ds.begin(), ds.end(), table.cutoff[i]) - 1);
    const double miss = table.y[i] - yhat[i];
    const double half = miss < 0 ? yhat[i] - lower[i] : upper[i] - yhat[i];
    scores.push_back({(table.ds[i] - fitted_to).count(), std::fabs(miss) / std::max(half, smallest)});
  }
  std::ranges::stable_sort(scores, {}, &Score::horizon);
  return scores;
}

}  // namespace

Result<forecast::Conformal> calibrate(const forecast::FittedModel& model, CrossValidationOptions options) {
  if (model.state().options.uncertainty_samples == 0)
    return Error{ErrorCode::kInvalid, "conformal intervals need the model's own: uncertainty_samples is 0"};
  options.keep_scaling = true;
  options.predict = {};
  options.extra_output_columns.clear();
  const Result<CrossValidation> table = cross_validation(model, options);
  if (!table) return table.error();
  const std::vector<Score> scores = scores_of(model, *table);
  forecast::Conformal conformal;
  conformal.width = model.state().options.interval_width;
  const std::size_t groups = std::clamp<std::size_t>(scores.size() / kScoresOfAGroup, 1, kGroups);
  const std::size_t enough = std::max<std::size_t>(1, scores.size() / groups);
  std::vector<double> values;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    values.push_back(scores[i].value);
    const bool last = i + 1 == scores.size();
    const bool ends = last || scores[i + 1].horizon != scores[i].horizon;
    if (!ends || (!last && (values.size() < enough || scores.size() - i - 1 < enough))) continue;
    conformal.groups.push_back(forecast::make_group(std::chrono::nanoseconds(scores[i].horizon), std::move(values)));
    values.clear();
  }
  if (Result<Done> checked = forecast::check_conformal(conformal); !checked) return std::move(checked).error();
  return conformal;
}

}  // namespace chiliad::diagnose
