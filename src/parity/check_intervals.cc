#include "parity/check_intervals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "forecast/design.h"
#include "forecast/future_law.h"
#include "forecast/interval.h"

namespace chiliad::parity {
namespace {

using forecast::TrendLaw;

constexpr double kFar = 5;

// One bound of one row.
struct Bound {
  TrendLaw law;
  std::int64_t step = 0;  // 0 in the history.
  double sigma = 0;       // 0 for the trend.
  double q = 0;
  double offset = 0;    // Stored bound minus the centre, in units of y_scale.
  double rounding = 0;  // What the stored numbers cannot tell apart.
  double scatter = 0;   // Standard error of the mean, from the seeds.
  double draws = 0;     // Of all seeds.
  double samples = 0;   // Of one.
};

double probability_error(const Bound& bound) {
  const double below =
      forecast::future_cdf(bound.law, bound.step, bound.sigma, bound.offset - std::max(bound.rounding, 1e-300));
  const double at_most = forecast::future_cdf(bound.law, bound.step, bound.sigma, bound.offset + bound.rounding);
  return std::max({0.0, below - bound.q, bound.q - at_most}) / std::sqrt(bound.q * (1 - bound.q) / bound.draws);
}

// Whether percentiles of one seed's draws fall on both sides of the atom's end.
bool at_atoms_end(const Bound& bound) {
  if (bound.step == 0 || bound.sigma != 0) return false;
  const double beside = 1 - forecast::future_cdf(bound.law, bound.step, 0, 0);
  return std::fabs(beside - std::min(bound.q, 1 - bound.q)) < kFar * std::sqrt(bound.q * (1 - bound.q) / bound.samples);
}

double standard_errors(const Bound& bound) {
  const double errors = probability_error(bound);
  constexpr double kSuspicious = 3;
  if (errors <= kSuspicious || !at_atoms_end(bound)) return errors;
  double computed = 0;
  forecast::future_quantiles(bound.law, {&bound.step, 1}, {}, 0, {&bound.q, 1}, {&computed, 1});
  return std::max(0.0, std::fabs(bound.offset - computed) - bound.rounding) / bound.scatter;
}

std::vector<double> scaled_times(const ReferenceCase& reference, const forecast::Forecast& forecast) {
  const forecast::TimeScale scale{reference.start, std::llround(reference.t_scale_s * 1e9)};
  std::vector<double> t;
  for (const Instant ds : forecast.ds()) t.push_back(scale(ds));
  return t;
}

// Several seeds' bounds of each row, less the stored mean.
struct Simulated {
  std::vector<double> sum, squares;
};

constexpr int kSeeds = 40;

// Logistic growth: our own simulation, the same number of samples with more seeds.
double worst_simulated_interval(const ReferenceCase& reference, const forecast::FittedModel& model,
                                std::vector<std::string>& remarks) {
  const StoredIntervals& intervals = *reference.intervals;
  const std::vector<forecast::Column> columns = forecast::borrow(reference.frame_columns);
  forecast::PredictOptions options;
  options.uncertainty = forecast::Uncertainty::kSimulated;
  options.uncertainty_samples = intervals.samples;
  options.interval_width = intervals.width;
  std::map<std::string, Simulated> simulated;
  for (int seed = 0; seed < kSeeds; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const Result<forecast::Forecast> forecast = model.predict(forecast::Frame{reference.frame, columns}, options);
    if (!forecast) return HUGE_VAL;
    for (const auto& [name, mean] : intervals.mean) {
      Simulated& one = simulated[name];
      one.sum.resize(mean.size());
      one.squares.resize(mean.size());
      for (std::size_t i = 0; i < mean.size(); ++i) {
        const double offset = forecast->column(name)[intervals.rows[i]] - mean[i];  // Small: nothing is cancelled.
        one.sum[i] += offset;
        one.squares[i] += offset * offset;
      }
    }
  }
  double worst = 0;
  std::string where;
  for (const auto& [name, one] : simulated) {
    for (std::size_t i = 0; i < one.sum.size(); ++i) {
      const double mean = one.sum[i] / kSeeds;
      const double variance = std::max(0.0, one.squares[i] / kSeeds - mean * mean);
      const double rounding = 1e-12 * std::fabs(intervals.mean.at(name)[i]);
      const double errors = std::max(0.0, std::fabs(mean) - rounding) /
                            std::sqrt(variance * (1.0 / kSeeds + 1.0 / intervals.seeds) + 1e-300);
      if (errors <= worst) continue;
      worst = errors;
      where = fmt::format("{} of row {}", name, intervals.rows[i]);
    }
  }
  if (worst > kFar) remarks.push_back(std::move(where));
  return worst;
}

}  // namespace

double worst_interval(const ReferenceCase& reference, const forecast::FittedModel& model,
                      const forecast::Forecast& forecast, std::vector<std::string>& remarks) {
  if (model.state().options.growth == forecast::Growth::kLogistic) {
    return worst_simulated_interval(reference, model, remarks);
  }
  const StoredIntervals& intervals = *reference.intervals;
  const std::vector<double> t = scaled_times(reference, forecast);
  const TrendLaw law = forecast::trend_law(model.state(), t);
  std::vector<std::int64_t> steps;
  std::int64_t step = 0;
  for (const double one : t) steps.push_back(one > 1 ? ++step : 0);
  // The stored centres: theirs and ours differ in the last bits, which is a jump of F at an atom.
  const std::vector<double>& trend = reference.forecast.at("trend");
  const std::vector<double>& yhat = reference.forecast.at("yhat");
  const std::vector<double>& multiplicative = reference.forecast.at("multiplicative_terms");
  double worst = 0;
  std::string where;
  for (const auto& [name, mean] : intervals.mean) {
    const bool of_trend = name.starts_with("trend"), upper = name.ends_with("upper");
    for (std::size_t i = 0; i < intervals.rows.size(); ++i) {
      const std::size_t row = intervals.rows[i];
      const double factor = of_trend ? 1 : std::fabs(1 + multiplicative[row]);
      const double centre = of_trend ? trend[row] : yhat[row];
      Bound bound;
      bound.law = {law.change_probability, law.unit * factor};
      bound.step = steps[row];
      bound.sigma = of_trend ? 0 : model.state().sigma_obs;
      bound.q = upper ? (1 + intervals.width) / 2 : (1 - intervals.width) / 2;
      bound.offset = (mean[i] - centre) / reference.y_scale;
      bound.rounding = 4e-16 * (std::fabs(centre) + std::fabs(trend[row])) / reference.y_scale;
      bound.scatter = intervals.sd.at(name)[i] / reference.y_scale / std::sqrt(intervals.seeds);
      bound.draws = static_cast<double>(intervals.samples) * intervals.seeds;
      bound.samples = intervals.samples;
      const double errors = standard_errors(bound);
      if (errors <= worst) continue;
      worst = std::isnan(errors) ? HUGE_VAL : errors;
      where = fmt::format("{} of row {}", name, row);
    }
  }
  if (worst > kFar) remarks.push_back(std::move(where));
  return worst;
}

}  // namespace chiliad::parity
