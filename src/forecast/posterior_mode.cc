// From a starting point to a mode of Prophet's posterior.
//
// Method. At a centre (the parameters so far; at first Prophet's own starting point, the line through the first and the
// last row, sigma = 1) the residual and its products with the columns are computed from the rows, and search_mode()
// finds the joint mode of coefficients and noise for the model made linear there. With linear or flat growth and
// without multiplicative features the model is linear: one search reaches the mode up to the rounding of the Gram
// matrix, a second from there removes that. Otherwise it is curved, bilinear in trend * (1 + X beta) or logistic in its
// line: Gauss-Newton steps to begin with, then with the second-order terms (exact Newton), each shortened or damped
// until the posterior itself rises; quick_search.h does the searches.
//
// The end is judged by the rows alone: the largest violation of the optimality conditions, computed afresh, is at most
// kOptimal or what rounding makes of a zero there, whichever is more. A multiplicative model of a series that is not
// (the trend passes zero, the season is the larger part) can have a curved, nearly flat ridge on which steps
// become tiny; after kMaxPasses of them the best point is kept and the report says that it is not the optimum.
//
// Where the columns can interpolate the rows the density has no upper bound as sigma goes to 0. The search comes from
// sigma = 1 and stops at the first mode. If there is none, sigma stays at a floor: half the standard deviation of the
// rows about a straight line, so that noise keeps an interval, and never below kSigmaFloor, Prophet's sigma for a
// constant series.

#include "forecast/posterior_mode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "forecast/search_step.h"

namespace chiliad::forecast {
namespace {

constexpr double kInterpolatingFloor = 1e-5;  // The same where the columns can interpolate the rows.
// With interpolating columns a sigma below the first share of the line's residual is no mode; then it is kept at the
// second.
constexpr double kCollapsed = 1e-3;
constexpr double kLineShare = 0.5;
constexpr int kMaxPasses = 150;

// One fit in progress.
class Fit {
 public:
  Fit(const Calendar::State& calendar, const SeriesValues& values, Parameters start)
      : calendar_(calendar),
        values_(values),
        interpolates_(calendar.rows() <= calendar.smooth() + calendar.changes()),
        start_(std::move(start)) {
    now_ = start_;
    if (!calendar.is_linear()) curved_.emplace(calendar.smooth(), calendar.changes());
    if (interpolates_) floor_ = std::max(kInterpolatingFloor, 0.5 * kCollapsed * line_residual());
    rows_ = evaluate_rows(calendar_, now_, values_);
    // The search for the noise comes from above.
    now_.sigma_obs = std::max(now_.sigma_obs, std::sqrt(best_noise_variance(rows_.sum_of_squares, rows_count())));
  }

  // `rival`: null, or what the climb ends at as soon as its standing is clear.
  Result<Done> run(const Rival* rival, Standing& standing, FitReport& report);
  const Parameters& parameters() const { return now_; }

 private:
  double rows_count() const { return static_cast<double>(calendar_.rows()); }
  double posterior(const Parameters& parameters, double sum_of_squares) const;
  double rounding() const;
  void set_noise(Parameters& parameters, double sum_of_squares) const;
  SearchResult search(const Gradient& gradient, SearchWay way);
  void linearise(bool exact, bool along);
  Parameters moved(const SearchResult& found, bool along) const;
  Parameters part_way(const Parameters& there, double share) const;
  double try_at(Parameters& next);
  void accept(Parameters next, const SearchResult& found);
  bool step_linear(const Gradient& gradient);
  bool step_curved(const Gradient& gradient);
  Standing against(const Rival& rival) const;
  double line_residual() const;
  std::string note() const;

  const Calendar::State& calendar_;
  SeriesValues values_;
  const bool interpolates_;
  const Parameters start_;
  double floor_ = kSigmaFloor;
  bool raised_ = false;  // The floor was raised: there is no finite mode.
  bool at_floor_ = false;
  Parameters now_;
  Rows rows_;
  Rows tried_;  // Of where a step would lead.
  // The model made linear, where it is curved, and what that is made of: the members of Linearised.
  std::optional<QuickSearch> curved_;
  FeatureMatrix weighted_;
  std::vector<double> line_, square_, coupling_;
  int passes_ = 0;
  double damping_ = 0;
  double promised_v_ = std::numeric_limits<double>::infinity();  // By the last search.
  bool near_ = false;                                            // The mode, as the last step gained little.
  // Of the last step and of the one before, if they were exact and whole.
  double gain_ = std::numeric_limits<double>::infinity();
  double gain_before_ = std::numeric_limits<double>::infinity();
};

// Standard deviation of the rows about their least-squares line; 0 for two rows.
double Fit::line_residual() const {
  const double n = rows_count();
  if (n <= 2) return 0;
  const double mean_t = total(calendar_.t) / n;
  const double mean_y = total(values_.y) / n;
  double tt = 0, ty = 0, yy = 0;
  for (std::size_t i = 0; i < values_.y.size(); ++i) {
    const double t = calendar_.t[i] - mean_t;
    const double y = values_.y[i] - mean_y;
    tt += t * t;
    ty += t * y;
    yy += y * y;
  }
  return std::sqrt(std::max(0.0, yy - ty * ty / tt) / (n - 2));
}

void Fit::set_noise(Parameters& parameters, double sum_of_squares) const {
  parameters.sigma_obs = std::max(floor_, std::sqrt(best_noise_variance(sum_of_squares, rows_count())));
}

double Fit::posterior(const Parameters& parameters, double sum_of_squares) const {
  return log_posterior(calendar_, parameters, sum_of_squares);
}

// What rounding alone may leave of the optimality conditions. The parameters are doubles: half a unit in the last place
// of m alone moves its condition by T eps |m| / (2 sigma^2), and each residual is off by some epsilon of the numbers it
// is the difference of.
double Fit::rounding() const {
  double largest = 0;
  for (double y : values_.y) largest = std::max(largest, std::fabs(y));
  constexpr double kSafety = 64;
  const double variance = now_.sigma_obs * now_.sigma_obs;
  return kSafety * std::numeric_limits<double>::epsilon() * std::sqrt(rows_count()) * largest / variance;
}

SearchResult Fit::search(const Gradient& gradient, SearchWay way) {
  way.cautious = interpolates_;
  Coordinates at = coordinates(now_, calendar_.x.columns);
  Coordinates slope = coordinates(gradient, calendar_.x.columns);
  at.delta = at.delta.first(calendar_.changes());
  slope.delta = slope.delta.first(calendar_.changes());
  const Priors priors = priors_of(calendar_);
  if (curved_) return search_from(*curved_, priors, at, now_.sigma_obs, slope, rows_.sum_of_squares, way);
  return search_from(*calendar_.curvature, priors, at, now_.sigma_obs, slope, rows_.sum_of_squares, way);
}

// Makes a curved model linear at the centre. `exact`: with the second-order terms. `along`: in the coordinates of
// moved(..., along), in which the line of logistic growth is linear and the prior of m is not.
void Fit::linearise(bool exact, bool along) {
  const std::size_t n = calendar_.rows();
  if (calendar_.any_multiplicative) {
    if (weighted_.rows != n) weighted_ = calendar_.x;
    for (std::size_t i = 0; i < n; ++i) {
      const double* feature = calendar_.x.row(i);
      double* row = weighted_.row(i);
      for (std::size_t j = 0; j < weighted_.columns; ++j) {
        if (calendar_.is_multiplicative[j] != 0) row[j] = feature[j] * rows_.trend[i];
      }
    }
  }
  const bool curved = !rows_.slope.empty();
  line_ = rows_.share;
  for (std::size_t i = 0; curved && i < n; ++i) line_[i] *= rows_.slope[i];
  square_.resize(n);
  for (std::size_t i = 0; i < n; ++i) square_[i] = line_[i] * line_[i];
  Linearised at{calendar_.any_multiplicative ? &weighted_ : &calendar_.x, line_, square_};
  at.k = rows_.k;
  at.m = rows_.m;
  if (exact) {
    at.convex = false;
    if (calendar_.any_multiplicative) {
      coupling_ = rows_.residual;
      for (std::size_t i = 0; curved && i < n; ++i) coupling_[i] *= rows_.slope[i];
      at.coupling = coupling_;
    }
    for (std::size_t i = 0; curved && i < n; ++i) square_[i] -= rows_.residual[i] * rows_.share[i] * rows_.bend[i];
    if (curved && along) {
      const double prior = kLinePrior / now_.sigma_obs;
      at.turn = -now_.m / (prior * prior * now_.k);
    } else if (curved) {
      at.turn = dot(rows_.residual, line_);
    }
  }
  const GramBlocks products = curvature_at(calendar_, at);
  curved_->set(products.smooth, products.cross, products.changes);
}

// The parameters that a search found. `along`: the line of logistic growth, k t - k m, moves by what it moves by to
// first order, so m follows the curve on which k m is straight.
Parameters Fit::moved(const SearchResult& found, bool along) const {
  const std::vector<double> step = smooth_step(priors_of(calendar_), found);
  Parameters next = now_;
  next.k += step[0];
  next.m += step[1] * (along ? now_.k / next.k : 1);
  for (std::size_t j = 0; j < calendar_.x.columns; ++j) next.beta[j] += step[2 + j];
  if (calendar_.has_slope()) next.delta = found.delta;
  return next;
}

Parameters Fit::part_way(const Parameters& there, double share) const {
  Parameters next = now_;
  next.k += share * (there.k - now_.k);
  next.m += share * (there.m - now_.m);
  for (std::size_t j = 0; j < next.beta.size(); ++j) next.beta[j] += share * (there.beta[j] - now_.beta[j]);
  for (std::size_t j = 0; j < next.delta.size(); ++j) next.delta[j] += share * (there.delta[j] - now_.delta[j]);
  return next;
}

// Fills tried_ and the noise of `next`. Returns its log-posterior.
double Fit::try_at(Parameters& next) {
  evaluate_rows(calendar_, next, values_, tried_);
  set_noise(next, tried_.sum_of_squares);
  return posterior(next, tried_.sum_of_squares);
}

// Moves to where try_at() was last.
void Fit::accept(Parameters next, const SearchResult& found) {
  now_ = std::move(next);
  std::swap(rows_, tried_);
  at_floor_ = found.at_floor;
}

// One pass of a linear model. False when the search failed. Of rows without noise sigma falls to where rounding decides
// between columns that depend on each other, and what is found there can be worse than where the pass began: then the
// search ends above that.
bool Fit::step_linear(const Gradient& gradient) {
  constexpr double kHigher = 10;
  const double before = posterior(now_, rows_.sum_of_squares);
  const double least = before - 1e-9 * (std::fabs(before) + rows_count());
  for (double lowest = floor_; lowest <= now_.sigma_obs; lowest *= kHigher) {
    const SearchResult found = search(gradient, {.convex = true, .lowest_sigma = lowest});
    if (!found.ok) return false;
    Parameters next = moved(found, false);
    if (!(try_at(next) >= least)) continue;
    accept(std::move(next), found);
    return true;
  }
  return false;
}

// One pass of a model that is not linear: as long a step as raises the posterior, a part of a Gauss-Newton step or a
// damped one (Levenberg and Marquardt's damping). False when none does. Exact steps of logistic growth go along the
// curve on which its line moves straight, unless they lead to where the rate is 0, where that curve ends.
bool Fit::step_curved(const Gradient& gradient) {
  constexpr int kGaussNewtonPasses = 2;
  constexpr double kMaxDamping = 1e16;
  constexpr double kLeastRate = 0.1;  // Of the present one.
  constexpr double kRough = 1e-3;     // Of ln v, while the model made linear is only near the true one.
  // Logistic growth is far from the model made linear, and steps lead past its mode: values of v that an exact one
  // tries, and halvings of others. Fewer values for the first steps, too, were tried: with v still high changes stay
  // zero, and of 3,000 slow waves 213 ended at a lower mode.
  constexpr int kFarLevels = 2;
  constexpr int kHalvings = 3;
  constexpr double kNear = 1;         // What a step gains where the next is to be exact.
  constexpr double kCredible = 1e-5;  // Of the present noise.
  const double before = posterior(now_, rows_.sum_of_squares);
  const double noise = 1e-13 * (std::fabs(before) + rows_count());
  bool exact = passes_++ >= kGaussNewtonPasses;
  const bool logistic = calendar_.options.growth == Growth::kLogistic;
  bool along = exact && logistic && now_.k != 0;
  linearise(exact, along);
  const auto fall_back = [&] {
    exact = along;
    along = false;
    linearise(exact, along);
  };
  while (damping_ < kMaxDamping) {
    SearchWay way{.damping = damping_, .convex = !exact, .lowest_sigma = floor_};
    // Far from the mode the second-order terms can promise a residual below zero, on which the noise collapses.
    if (exact) way.credible_sigma = kCredible * now_.sigma_obs;
    if (!near_) way.accuracy = kRough;
    if (!near_ && exact && logistic && !interpolates_) way.most_levels = kFarLevels;
    // The model made linear promises little noise from wherever it is made: no way down from the present one.
    if (!exact && !interpolates_) way.highest_v = 2 * promised_v_;
    const SearchResult found = search(gradient, way);
    if (!found.ok && exact) {
      fall_back();
      continue;
    }
    if (found.ok) {
      promised_v_ = found.v;
      Parameters next = moved(found, along);
      if (along && !(next.k / now_.k > kLeastRate)) {
        fall_back();
        continue;
      }
      double gain = try_at(next) - before;
      // To solve again with more damping costs several times what it does to look at the rows.
      for (int i = 0; logistic && !exact && i < kHalvings && !(gain >= -noise); ++i) {
        next = part_way(next, 0.5);
        gain = try_at(next) - before;
      }
      if (gain >= -noise) {
        accept(std::move(next), found);
        near_ = exact && gain < kNear;
        gain_before_ = gain_;
        gain_ = exact && damping_ == 0 ? gain : std::numeric_limits<double>::infinity();
        damping_ = damping_ < 0.2 ? 0 : 0.2 * damping_;
        return true;
      }
    }
    damping_ = std::max(0.5, 5 * damping_);
  }
  damping_ = 0;
  return false;
}

std::string Fit::note() const {
  if (!at_floor_) return "";
  return "no finite mode: the columns can interpolate the rows; sigma_obs kept at its floor";
}

// Exact steps that gain little come to their mode as the square of the step: what is left to gain is less than what the
// last one did.
Standing Fit::against(const Rival& rival) const {
  constexpr double kNearGain = 0.01;   // Where that is so,
  constexpr double kSafety = 100;      // many times over.
  constexpr double kSameGain = 0.1;    // Where a mode with the same changes active, and as likely, is the same,
  constexpr double kSamePlace = 0.02;  // if it is no further off.
  if (!(gain_ < kNearGain && gain_ < 0.1 * gain_before_)) return Standing::kOpen;
  const double behind = rival.log_posterior - posterior(now_, rows_.sum_of_squares);
  const double rounding = 1e-5 * std::max(1.0, std::fabs(rival.log_posterior));
  if (behind > rounding + kSafety * std::fabs(gain_)) return Standing::kBelow;
  if (std::fabs(behind) > kSameGain) return Standing::kOpen;
  const auto is_near = [](double a, double b) { return std::fabs(a - b) <= kSamePlace * (1 + std::fabs(b)); };
  if (!is_near(now_.k, rival.mode.k) || !is_near(now_.m, rival.mode.m)) return Standing::kOpen;
  const auto sign = [](double x) { return (x > 0) - (x < 0); };
  for (std::size_t j = 0; j < now_.delta.size(); ++j) {
    const double a = now_.delta[j], b = rival.mode.delta[j];
    if (sign(a) != sign(b) || !is_near(a, b)) return Standing::kOpen;
  }
  return Standing::kSame;
}

Result<Done> Fit::run(const Rival* rival, Standing& standing, FitReport& report) {
  const double at_start = posterior(now_, rows_.sum_of_squares);
  double best = std::numeric_limits<double>::infinity();
  std::optional<Parameters> better;  // Set when a later point than the best one was reached.
  double top = -std::numeric_limits<double>::infinity();
  int stalled = 0;
  int pass = 0;
  for (; pass < kMaxPasses; ++pass) {
    const Gradient gradient = residual_gradient(calendar_, rows_);
    if (pass > 0) {
      const double residual = optimality_residual(calendar_, now_, rows_, gradient);
      const bool collapsed =
          interpolates_ && !raised_ && now_.sigma_obs < std::max(2 * kInterpolatingFloor, kCollapsed * line_residual());
      if (collapsed) {
        // Not a mode but the way into the singularity: begin again above the floor.
        floor_ = std::max(kInterpolatingFloor, kLineShare * line_residual());
        raised_ = true;
        best = std::numeric_limits<double>::infinity();
        top = -std::numeric_limits<double>::infinity();
        better.reset();
        now_ = start_;
        rows_ = evaluate_rows(calendar_, now_, values_);
        passes_ = 0;
        promised_v_ = std::numeric_limits<double>::infinity();
        near_ = false;
        gain_ = std::numeric_limits<double>::infinity();
        damping_ = 0;
        pass = -1;
        continue;
      }
      // The residual is measured against sigma, which falls on the way: only a posterior that no longer rises is an
      // end, and among points that it does not tell apart the residual chooses.
      const double now = posterior(now_, rows_.sum_of_squares);
      const bool risen = now > top + 1e-12 * (std::fabs(now) + rows_count());
      if (risen || residual < best) {
        best = residual;
        better.reset();
      }
      stalled = risen ? 0 : stalled + 1;
      top = std::max(top, now);
      if (best <= kOptimal || stalled >= 4) break;
      if (rival != nullptr && (standing = against(*rival)) != Standing::kOpen) return Done{};
    }
    if (!better && pass > 0) better = now_;
    if (!(calendar_.is_linear() ? step_linear(gradient) : step_curved(gradient))) break;
  }
  if (better) {
    now_ = *std::move(better);
    rows_ = evaluate_rows(calendar_, now_, values_);
  }
  report.iterations = pass;
  report.optimality_residual = best;
  report.log_posterior = posterior(now_, rows_.sum_of_squares);
  report.sigma_at_floor = at_floor_;
  report.note = note();
  report.converged = at_floor_ || best <= 100 * std::max(kOptimal, rounding());
  // A start may be the mode itself.
  const double slack = 1e-9 * (std::fabs(at_start) + rows_count());
  if (!std::isfinite(report.log_posterior) || !(raised_ || report.log_posterior >= at_start - slack)) {
    return Error{ErrorCode::kNotConverged, "the fit found no point above its start: log-posterior " +
                                               std::to_string(report.log_posterior) + ", sigma_obs " +
                                               std::to_string(now_.sigma_obs)};
  }
  if (!report.converged) {
    report.note = "stopped before the optimum: optimality residual " + std::to_string(best) + " after " +
                  std::to_string(pass) + " steps";
  }
  return Done{};
}

}  // namespace

Result<Parameters> find_mode(const Calendar::State& calendar, const SeriesValues& values, Parameters start,
                             FitReport& report) {
  Fit fit(calendar, values, std::move(start));
  Standing standing = Standing::kOpen;
  if (Result<Done> done = fit.run(nullptr, standing, report); !done) return std::move(done).error();
  return fit.parameters();
}

Result<Parameters> find_mode(const Calendar::State& calendar, const SeriesValues& values, Parameters start,
                             const Rival& rival, Standing& standing, FitReport& report) {
  standing = Standing::kOpen;
  Fit fit(calendar, values, std::move(start));
  if (Result<Done> done = fit.run(&rival, standing, report); !done) return std::move(done).error();
  return fit.parameters();
}

}  // namespace chiliad::forecast
