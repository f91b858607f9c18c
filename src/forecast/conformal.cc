#include "forecast/conformal.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/design.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {
namespace {

Error corrupt_scores(const char* what) { return Error{ErrorCode::kCorrupt, std::string("conformal: ") + what}; }

// The rank, from 1, of the j-th kept score, from 1.
std::int64_t rank_of(std::int64_t j, std::int64_t kept, std::int64_t count) { return (j * count + kept - 1) / kept; }

}  // namespace

Conformal::Group make_group(std::chrono::nanoseconds up_to, std::vector<double> scores) {
  CHILIAD_CHECK(!scores.empty());
  std::ranges::sort(scores);
  Conformal::Group group{up_to, static_cast<std::int64_t>(scores.size()), {}};
  if (scores.size() <= Conformal::kMaxScores) {
    group.scores = std::move(scores);
    return group;
  }
  constexpr auto kKept = static_cast<std::int64_t>(Conformal::kMaxScores);
  for (std::int64_t j = 1; j <= kKept; ++j)
    group.scores.push_back(scores[static_cast<std::size_t>(rank_of(j, kKept, group.count) - 1)]);
  return group;
}

double conformal_factor(const Conformal& conformal, std::chrono::nanoseconds horizon, double width) {
  auto group = std::ranges::find_if(conformal.groups, [&](const auto& one) { return horizon <= one.up_to; });
  if (group == conformal.groups.end()) --group;
  const auto kept = static_cast<std::int64_t>(group->scores.size());
  // Rounding alone must not ask for one more: (19 + 1) * 0.95 is 19.
  const double wanted = std::ceil(static_cast<double>(group->count + 1) * width - 1e-9);
  for (std::int64_t j = 1; j < kept; ++j) {
    if (static_cast<double>(rank_of(j, kept, group->count)) >= wanted)
      return group->scores[static_cast<std::size_t>(j - 1)];
  }
  return group->scores.back();
}

Result<Done> check_conformal(const Conformal& conformal) {
  if (!(conformal.width > 0 && conformal.width < 1)) return corrupt_scores("width must be in (0, 1)");
  if (conformal.groups.empty() || conformal.groups.size() > Conformal::kMaxGroups)
    return corrupt_scores("expected 1 to 64 groups");
  std::chrono::nanoseconds last{0};
  for (const Conformal::Group& group : conformal.groups) {
    if (group.up_to <= last) return corrupt_scores("the groups' horizons do not ascend");
    last = group.up_to;
    const auto kept = std::min(group.count, static_cast<std::int64_t>(Conformal::kMaxScores));
    if (kept < 1 || static_cast<std::int64_t>(group.scores.size()) != kept || group.count > 1'000'000'000'000)
      return corrupt_scores("the scores do not match their count");
    if (!std::ranges::is_sorted(group.scores)) return corrupt_scores("the scores do not ascend");
    for (const double score : group.scores) {
      if (!(score >= 0) || !std::isfinite(score)) return corrupt_scores("a score is no number of 0 or above");
    }
  }
  return Done{};
}

// The forecast with the model's own bounds at the calibration's width as two further quantiles, which then stretch to
// those asked for.
Result<Forecast> FittedModel::predict_conformal(const Frame& frame, const PredictOptions& options) const {
  if (!state_.conformal)
    return Error{ErrorCode::kInvalid, "conformal intervals: the model was stored without a calibration for them"};
  PredictOptions own = options;
  own.conformal = false;
  own.quantiles.push_back((1 - state_.conformal->width) / 2);
  own.quantiles.push_back((1 + state_.conformal->width) / 2);
  Result<Forecast> wide = predict(frame, own);
  if (!wide) return wide;
  const std::size_t columns = wide->names().size() - 2;
  const auto begin = wide->names().begin();
  Forecast forecast(wide->ds(), std::make_shared<const std::vector<std::string>>(begin, wide->names().end() - 2));
  for (std::size_t c = 0; c < columns; ++c) std::ranges::copy(wide->column(c), forecast.column(c).begin());
  const auto place = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(forecast.names(), name) - forecast.names().begin());
  };
  const std::span<double> lower = forecast.column(place("yhat_lower")), upper = forecast.column(place("yhat_upper"));
  const std::span<const double> yhat = forecast.column(place("yhat"));
  const std::span<const double> own_lower = wide->column(columns), own_upper = wide->column(columns + 1);
  const Instant end = state_.start + std::chrono::nanoseconds(std::llround(state_.t_scale_s * 1e9));
  const double width = options.interval_width.value_or(state_.options.interval_width);
  for (std::size_t i = 0; i < forecast.rows(); ++i) {
    const std::chrono::nanoseconds horizon = forecast.ds()[i] - end;
    if (horizon.count() <= 0) continue;  // A row of the history: the model's own bounds.
    const double q = conformal_factor(*state_.conformal, horizon, width);
    lower[i] = yhat[i] - q * std::max(0.0, yhat[i] - own_lower[i]);
    upper[i] = yhat[i] + q * std::max(0.0, own_upper[i] - yhat[i]);
    if (!std::isfinite(lower[i]) || !std::isfinite(upper[i]))
      return Error{ErrorCode::kCorrupt, "the model's calibration is out of range: a bound is not finite"};
  }
  return forecast;
}

}  // namespace chiliad::forecast
