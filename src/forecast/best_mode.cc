#include "forecast/best_mode.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "forecast/posterior_mode.h"
#include "forecast/starts.h"

namespace chiliad::forecast {
namespace {

// Modes of one series from several starts, of which the best is kept.
class BestMode {
 public:
  BestMode(const Calendar::State& calendar, const SeriesValues& values) : calendar_(calendar), values_(values) {}

  // From `start`; where that may have missed the best mode, from further ones. Errors: of the first start.
  Result<Parameters> find(Parameters start, Starts starts, FitReport& report);

 private:
  void try_from(Parameters start);
  bool may_have_several() const;
  double needed_gain() const;
  std::string note() const;

  const Calendar::State& calendar_;
  const SeriesValues& values_;
  Parameters best_;
  FitReport report_;  // Of the best.
  int starts_ = 1;
  double first_ = 0;        // Log-posterior of the first.
  double passed_over_ = 0;  // That of the best mode which was not better by enough, less the first's.
  bool apart_ = false;      // Converged at different modes.
};

// Log-posteriors that rounding and the end of a climb do not tell apart.
double same_mode(double log_posterior) { return 1e-6 * std::max(1.0, std::fabs(log_posterior)); }

// Where the columns can interpolate the rows the density has no upper bound and no best mode.
bool BestMode::may_have_several() const {
  return !calendar_.is_linear() && calendar_.rows() > calendar_.smooth() + calendar_.changes() &&
         !report_.sigma_at_floor;
}

// What another mode of these has to be better by. Logistic growth tells the same rows in several ways that are about as
// likely; there Prophet's own start decides unless another mode is clearly better (e^2 = 7 times the density).
double BestMode::needed_gain() const {
  return calendar_.options.growth == Growth::kLogistic && report_.converged ? 2 : 0;
}

void BestMode::try_from(Parameters start) {
  FitReport report;
  Standing standing = Standing::kOpen;
  const Rival rival{best_, report_.log_posterior};
  // Where any gain counts, or the best is not quite there, the end decides.
  const bool decided = needed_gain() > 0 && report_.optimality_residual <= kOptimal;
  Result<Parameters> found = decided ? find_mode(calendar_, values_, std::move(start), rival, standing, report)
                                     : find_mode(calendar_, values_, std::move(start), report);
  ++starts_;
  apart_ = apart_ || standing == Standing::kBelow;
  if (!found || standing != Standing::kOpen || report.sigma_at_floor) return;
  const double gain = report.log_posterior - report_.log_posterior;
  const bool same = std::fabs(gain) <= same_mode(report_.log_posterior);
  apart_ = apart_ || (!same && report.converged && report_.converged);
  // Of two ends at one mode the first, unless it is not quite there and the other is nearer.
  const bool nearer =
      report_.optimality_residual > kOptimal && report.optimality_residual < report_.optimality_residual;
  if (same ? !nearer : gain < needed_gain()) {
    if (!same) passed_over_ = std::max(passed_over_, report.log_posterior - first_);
    return;
  }
  best_ = *std::move(found);
  report_ = std::move(report);
}

Result<Parameters> BestMode::find(Parameters start, Starts starts, FitReport& report) {
  constexpr int kMaxRestarts = 4;
  constexpr int kLongClimb = 30;  // Steps.
  Result<Parameters> found = find_mode(calendar_, values_, std::move(start), report);
  if (!found) return found;
  best_ = *std::move(found);
  report_ = report;
  first_ = report.log_posterior;
  if (may_have_several()) {
    if (starts == Starts::kSeveral) {
      for (Parameters& further : further_starts(calendar_, values_, best_)) try_from(std::move(further));
    }
    // A long climb is one along a ridge, which a start off it may spare.
    const bool was_long = report_.iterations > kLongClimb && starts_ == 1;
    for (int i = 0; i < kMaxRestarts && (!report_.converged || (i == 0 && was_long)); ++i) try_from(trend_alone(best_));
  }
  report = report_;
  report.starts = starts_;
  report.gain_over_first = report_.log_posterior - first_;
  report.note = note();
  return std::move(best_);
}

std::string BestMode::note() const {
  std::string text = report_.note;
  const double gain = report_.log_posterior - first_;
  const bool moved = gain > same_mode(first_);
  if (!moved && !apart_) return text;
  if (!text.empty()) text += "; ";
  text += "several optima: ";
  char number[32];
  std::snprintf(number, sizeof(number), "%.3g", moved ? gain : passed_over_);
  if (moved) {
    text.append("the best of ").append(std::to_string(starts_)).append(" starts is ").append(number);
    return text.append(" above the first");
  }
  if (passed_over_ > same_mode(first_))
    return text.append("that of Prophet's own start, another is ").append(number) + " above it";
  return text.append("the first of ").append(std::to_string(starts_)).append(" starts reached the best");
}

}  // namespace

Result<Parameters> find_best_mode(const Calendar::State& calendar, const SeriesValues& values, Parameters start,
                                  Starts starts, FitReport& report) {
  return BestMode(calendar, values).find(std::move(start), starts, report);
}

}  // namespace chiliad::forecast
