// Method. Where few rows join many the mode is near: the same changes of slope are zero, and the noise is nearly the
// same. So the conditions of the mode are solved by Newton's method for the parameters that are not zero and the
// variance v together,
//
//     (G + v D) x + h dv = g - v h,     h = D theta + sign / tau,     D = 1 / prior^2 (0 for changes of slope)
//     R - 2 g'x + x'G x = T (v + dv) + 4 (v + dv)^2
//
// with one Cholesky factor as long as v and the set of what is not zero stay: the first step leaves errors of the size
// of the square of what v moves by, and two or three more with the same factor bring them to rounding. A change that
// passes zero is held there; one whose slope is too steep is let go. Each is a new factor.
//
// There may be modes of larger noise, and a fit ends at the one of largest (mode_search.cc). For the best coefficients
// at a variance v, of penalty p(v) and residual R(v), R(v) / (2 v) + p(v) is at most R0 / (2 v) + p0, that of the
// parameters here: R(v) <= R0 + 2 v p0. At a mode v <= R(v) / T, so v <= R0 / (T - 2 p0): no mode lies above that.
// Below it, while the same parameters are not zero, h'(G + v D)^-1 h falls with v, so that d ln V(R(v)) / d ln v (V:
// the best variance for a residual) can be bounded from its value here: where the bound is below 1 no second mode with
// these parameters fits in. Other parameters may be free above: for those the bound is taken several times as large,
// which is a rule of thumb and no proof. Where it is not below 1, or Newton's steps do not settle, the search of a fit
// (search_step.h) comes down from the bound on v.
//
// What a fit computes afresh from the rows after each step, residual and gradient, follows here from the products: Z'r
// at the new point is Z'r - Z'Z step. Errors of that are of the size of the step, not of y, because the statistics
// belong to the residual at the parameters.

#include "forecast/statistics_mode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "forecast/kernels.h"
#include "forecast/posterior_mode.h"
#include "forecast/search_step.h"

namespace chiliad::forecast {
namespace {

constexpr double kLostDigits = 1e-9;  // Share of the residual that rounding may have made.
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// What both ways to the mode share: where they are, and how good that is.
class Place {
 public:
  Place(const Priors& of, StatisticsPoint& from) : priors(of), point(from), numbers_(2 * from.theta.size()) {
    set_noise();
  }

  const Priors& priors;
  StatisticsPoint& point;

  std::size_t smooth() const { return 2 + priors.features.size(); }
  Coordinates at() const { return coordinates_of(point.theta); }
  Coordinates gradient() const { return coordinates_of(point.statistics.gradient); }
  double variance() const { return point.sigma * point.sigma; }
  double residual() const {
    return optimality_residual(priors, at(), point.sigma, point.statistics.sum_of_squares, gradient());
  }
  // What rounding may leave of a zero: a fit's allowance (posterior_mode.cc) for values up to 1.
  double good_enough() const { return std::max(kOptimal, 64 * kEpsilon * std::sqrt(priors.rows) / variance()); }
  // R0 / (T - 2 p0), or infinity.
  double highest_variance() const;
  // All zeros: for the step that take_step() makes.
  std::span<double> step() { return std::span(numbers_).first(point.theta.size()); }
  // Adds the step to the parameters, with the noise that is best there.
  void take_step();
  double lost() const { return lost_; }

 private:
  Coordinates coordinates_of(std::span<const double> vector) const {
    return {vector[0], vector[1], vector.subspan(smooth()), vector.subspan(2, priors.features.size())};
  }
  void set_noise() {
    const double best = best_noise_variance(point.statistics.sum_of_squares, priors.rows);
    point.sigma = std::max(kSigmaFloor, std::sqrt(best));
  }

  std::vector<double> numbers_;  // The step, and the products' with it.
  double lost_ = 0;              // What rounding may have put into the sum of squares.
};

double Place::highest_variance() const {
  const Coordinates here = at();
  double penalty = (here.k * here.k + here.m * here.m) / (2 * kLinePrior * kLinePrior);
  for (const double delta : here.delta) penalty += std::fabs(delta) / priors.changepoint_prior_scale;
  for (std::size_t j = 0; j < priors.features.size(); ++j) {
    const double z = here.beta[j] / priors.features[j];
    penalty += 0.5 * z * z;
  }
  constexpr double kRounding = 1 + 1e-9;
  const double left = priors.rows - 2 * penalty;
  return left > 0 ? kRounding * point.statistics.sum_of_squares / left : std::numeric_limits<double>::infinity();
}

void Place::take_step() {
  SufficientStatistics& statistics = point.statistics;
  const std::span<double> moved = step(), product = std::span(numbers_).last(moved.size());
  packed_product(statistics.gram, moved, product);
  double change = 0, size = statistics.sum_of_squares, reach = 0;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const double by = moved[i];
    if (by != 0) {
      point.theta[i] += by;
      change += by * (product[i] - 2 * statistics.gradient[i]);
      size += std::fabs(by) * (std::fabs(product[i]) + 2 * std::fabs(statistics.gradient[i]));
      reach += std::fabs(by) * std::sqrt(statistics.at(i, i));
      moved[i] = 0;
    }
    statistics.gradient[i] -= product[i];
  }
  // Sums are as inexact as their terms are large, also where those cancel: step'|Z'Z| step is at most reach^2. Of 6,000
  // random models with columns that nearly repeat one another 31 ended further than 1e-8 from a fit; all have more than
  // a sixteenth of it, and those with less stay within 6e-9.
  lost_ += kEpsilon * (4 * size + reach * reach / 16);
  statistics.sum_of_squares = std::max(0.0, statistics.sum_of_squares + change);
  set_noise();
}

// --- Newton's method ------------------------------------------------------------------------------------

class Newton {
 public:
  explicit Newton(Place& place);

  // Whether it ended at a mode, and no other is to be looked for above. Else the place is somewhere on the way.
  bool run(FitReport& report);

 private:
  bool factorize_at(double v);
  enum class Step : std::uint8_t { kNone, kShort, kFull };
  Step go();
  std::size_t shorten(double& length) const;
  std::size_t steepest() const;
  bool is_highest() const;

  Place& place_;
  const std::size_t q_;
  std::vector<std::size_t> free_;  // The columns that are not held at zero, ascending.
  std::unique_ptr<double[]> numbers_;
  std::span<double> precision_;  // D of the smooth columns.
  std::span<double> sign_;       // Of changes; 0: held at zero.
  // A number for each of free_, then zeros up to padded().
  std::span<double> h_, b_, x_;
  std::span<double> w_;  // (G + v D)^-1 h where the factor was made.
  std::span<double> factor_;
  double hw_ = 0;        // h'w there.
  double factor_v_ = 0;  // 0: there is none.
  double longest_ = 0;   // Of the last step's changes of parameters.
};

Newton::Newton(Place& place) : place_(place), q_(place.smooth()) {
  const std::span<const double> theta = place.point.theta, features = place.priors.features;
  const std::size_t p = theta.size(), stride = padded(p);
  numbers_ = std::make_unique_for_overwrite<double[]>(q_ + p + (4 + p + 1) * stride);
  double* at = numbers_.get();
  const auto part = [&](std::size_t size) { return std::span(std::exchange(at, at + size), size); };
  precision_ = part(q_);
  sign_ = part(p);
  for (std::span<double>* one : {&h_, &b_, &x_, &w_}) *one = part(stride);
  factor_ = part((p + 1) * stride);
  precision_[0] = precision_[1] = 1 / (kLinePrior * kLinePrior);
  for (std::size_t j = 0; j < features.size(); ++j) precision_[2 + j] = 1 / (features[j] * features[j]);
  free_.reserve(p);
  for (std::size_t i = 0; i < p; ++i) {
    sign_[i] = i < q_ || theta[i] == 0 ? 0 : theta[i] > 0 ? 1 : -1;
    if (i < q_ || theta[i] != 0) free_.push_back(i);
  }
}

bool Newton::factorize_at(double v) {
  constexpr double kDependent = 1e-11;  // Such columns are for the full search.
  const std::size_t n = free_.size(), stride = padded(n);
  std::fill_n(factor_.begin(), n * stride, 0.0);
  const std::vector<double>& gram = place_.point.statistics.gram;
  for (std::size_t i = 0; i < n; ++i) {
    const double* row = gram.data() + free_[i] * (free_[i] + 1) / 2;
    for (std::size_t j = 0; j <= i; ++j) factor_[j * stride + i] = row[j < q_ ? j : free_[j]];
    if (i < q_) factor_[i * stride + i] += v * precision_[i];
  }
  factor_v_ = v;
  return factorize(factor_, n, kDependent);
}

// The share of the step x_ at which the first change passes zero, and which one that is.
std::size_t Newton::shorten(double& length) const {
  std::size_t first = free_.size();
  for (std::size_t i = q_; i < free_.size(); ++i) {
    const double theta = place_.point.theta[free_[i]];
    if ((theta + x_[i]) * sign_[free_[i]] > 0) continue;
    const double until = theta == 0 ? 0 : -theta / x_[i];
    if (first < free_.size() && until >= length) continue;
    length = until;
    first = i;
  }
  return first;
}

// One step, cut short where a change would pass zero, which is then held there.
Newton::Step Newton::go() {
  constexpr double kStale = 0.2;     // Of v, by which it may have moved since the factor.
  constexpr double kTurning = 0.05;  // Of the rows: there the condition of v hardly tells one v from another.
  const StatisticsPoint& point = place_.point;
  const double v = place_.variance(), rows = place_.priors.rows;
  const std::size_t n = free_.size(), filled = padded(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t column = free_[i];
    h_[i] = i < q_ ? precision_[i] * point.theta[column] : sign_[column] / place_.priors.changepoint_prior_scale;
    b_[i] = point.statistics.gradient[column] - v * h_[i];
  }
  for (std::size_t i = n; i < filled; ++i) h_[i] = b_[i] = 0;
  std::copy_n(b_.begin(), filled, x_.begin());
  if (factor_v_ == 0 || std::fabs(v - factor_v_) > kStale * factor_v_) {
    if (!factorize_at(v)) return Step::kNone;
    std::copy_n(h_.begin(), filled, w_.begin());
    solve_factored(factor_, n, x_, w_);
    hw_ = dot(h_.first(n), w_.first(n));
  } else {
    solve_factored(factor_, n, x_);
  }
  double gw = 0, gx = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double g = point.statistics.gradient[free_[i]];
    gw += g * w_[i];
    gx += g * x_[i];
  }
  const double slope = rows + 8 * v - 2 * gw;
  if (!(slope > kTurning * rows)) return Step::kNone;
  const double dv = std::clamp((dot(b_.first(n), x_.first(n)) - 2 * gx) / slope, -0.5 * v, v);
  for (std::size_t i = 0; i < n; ++i) x_[i] -= dv * w_[i];
  double length = 1;
  const std::size_t blocking = shorten(length);
  const std::span<double> step = place_.step();
  longest_ = 0;
  for (std::size_t i = 0; i < n; ++i) {
    step[free_[i]] = length * x_[i];
    longest_ = std::max(longest_, std::fabs(x_[i]));
  }
  if (blocking < n) {
    const std::size_t column = free_[blocking];
    step[column] = -point.theta[column];
    sign_[column] = 0;
  }
  place_.take_step();
  if (blocking == n) return Step::kFull;
  free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(blocking));
  factor_v_ = 0;
  return Step::kShort;
}

// The change at zero whose slope exceeds its prior's most, or how many columns there are.
std::size_t Newton::steepest() const {
  const std::vector<double>& gradient = place_.point.statistics.gradient;
  double most = place_.variance() * (1 / place_.priors.changepoint_prior_scale + place_.good_enough());
  std::size_t found = sign_.size();
  for (std::size_t i = q_; i < sign_.size(); ++i) {
    if (sign_[i] != 0 || std::fabs(gradient[i]) <= most) continue;
    most = std::fabs(gradient[i]);
    found = i;
  }
  return found;
}

// Whether probably no mode lies above: see the head.
bool Newton::is_highest() const {
  constexpr double kOtherSets = 4;  // What other sets of free changes may have of the slope found with these.
  const double v = place_.variance();
  const double here = 2 * v * hw_ / (place_.priors.rows + 8 * v);
  return kOtherSets * here * place_.highest_variance() / v < 1;
}

bool Newton::run(FitReport& report) {
  constexpr int kMostSteps = 40;
  constexpr double kStill = 1e-10;  // Of y_scale, roughly: what the steps left out may still move a forecast by.
  double before = 0;                // Longest change of the step before with the same factor; 0: there was none.
  for (int steps = 1; steps <= kMostSteps; ++steps) {
    report.iterations = steps;
    const double factor_v = factor_v_;
    const Step made = go();
    if (made == Step::kNone) return false;
    if (factor_v_ != factor_v) before = 0;
    if (made == Step::kShort) continue;
    // Where the others are not settled yet, one that is let go may turn back.
    if (const std::size_t column = steepest(); column < sign_.size()) {
      sign_[column] = place_.point.statistics.gradient[column] > 0 ? 1 : -1;
      free_.insert(std::ranges::lower_bound(free_, column), column);
      factor_v_ = 0;
      continue;
    }
    // Each step leaves the same share of what it went, or less.
    const bool still = longest_ <= kStill || (before > 0 && longest_ * (longest_ / before) <= kStill);
    if (still) {
      report.optimality_residual = place_.residual();
      if (report.optimality_residual <= place_.good_enough()) return is_highest();
    }
    if (before > 0 && !(longest_ < 0.5 * before)) return false;
    before = longest_;
  }
  return false;
}

// --- The search of a fit ----------------------------------------------------------------------------------

std::string search(Place& place, FitReport& report) {
  constexpr int kMaxPasses = 12;
  const Priors& priors = place.priors;
  const SufficientStatistics& statistics = place.point.statistics;
  const std::size_t q = place.smooth();
  const PenalizedQuadratic curvature = in_prior_units(blocks_of(statistics, priors.features.size()), priors.features);
  // Nor is a mode's residual above y'y, that of all zeros.
  std::vector<double> product(place.point.theta.size());
  packed_product(statistics.gram, place.point.theta, product);
  const double yy =
      statistics.sum_of_squares + 2 * dot(place.point.theta, statistics.gradient) + dot(place.point.theta, product);
  const double always = std::max(1.0, best_noise_variance(std::max(0.0, yy), priors.rows));
  double sigma = std::sqrt(std::min(always, place.highest_variance()));
  double best = std::numeric_limits<double>::infinity();
  StatisticsPoint best_point;
  int stalled = 0;
  for (int pass = 0; pass < kMaxPasses && stalled < 3; ++pass, ++report.iterations) {
    const SearchResult found = search_from(curvature, priors, place.at(), sigma, place.gradient(),
                                           statistics.sum_of_squares, {.lowest_sigma = kSigmaFloor});
    if (!found.ok) return "the statistics allow no step";
    if (found.at_floor) return "the rows have no noise";
    const std::span<double> step = place.step();
    std::ranges::copy(smooth_step(priors, found), step.begin());
    for (std::size_t j = 0; j < found.delta.size(); ++j) step[q + j] = found.delta[j] - place.point.theta[q + j];
    place.take_step();
    sigma = place.point.sigma;
    const double reached = place.residual();
    stalled = reached < best ? 0 : stalled + 1;
    if (reached < best) {
      best = reached;
      best_point = place.point;
    }
    if (best <= place.good_enough()) break;
  }
  if (!std::isfinite(best)) return "the statistics allow no step";
  place.point = std::move(best_point);
  report.optimality_residual = best;
  return "";
}

}  // namespace

std::string find_mode(const Priors& priors, StatisticsPoint& point, FitReport& report) {
  Place place(priors, point);
  report.iterations = 0;
  if (!Newton(place).run(report)) {
    if (std::string reason = search(place, report); !reason.empty()) return reason;
  }
  report.log_posterior = log_posterior(priors, place.at(), point.sigma, point.statistics.sum_of_squares);
  if (!(place.lost() <= kLostDigits * point.statistics.sum_of_squares))
    return "rounding would show: the rows have next to no noise, or columns nearly repeat one another";
  if (!(report.optimality_residual <= 100 * place.good_enough()) || !std::isfinite(report.log_posterior))
    return "the optimum was not reached from the statistics";
  return "";
}

}  // namespace chiliad::forecast
