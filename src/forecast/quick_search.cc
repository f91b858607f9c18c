// Method. search_mode() solves the lasso for each noise level exactly, a change at a time, and needs a dozen systems of
// equations for a search. Here every step solves one, for the changes that are thought not to be zero with the signs
// that they are thought to have, and then all is corrected at once: changes whose sign came out wrong become zero, zero
// changes that violate their condition enter, and v takes Newton's step towards the fixed point of the map V(R(v)).
// From above, with too few changes, the residual is too large rather than too small, so v walks down as it does there.
// The end is the same: no sign is wrong, no condition violated, and v at its fixed point.
//
// One factor for all columns: to make the smooth block tridiagonal costs more than the two or three levels of noise of
// a search give back.

#include "forecast/quick_search.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace chiliad::forecast {
namespace {

constexpr int kMostSteps = 30;
// A pivot below this share of its column: the columns depend on one another, or the problem is not convex.
constexpr double kLeastPivot = 1e-11;
constexpr double kLeastResidual = 1e-14;  // Of that at the start: what is less is rounding.
constexpr double kMostRate = 0.7;         // Of ln V with ln v, where Newton's step does not go too far.

}  // namespace

QuickSearch::QuickSearch(std::size_t smooth_count, std::size_t change_count)
    : q_(smooth_count),
      s_(change_count),
      gram_(s_ + q_, s_ + q_),
      g_(gram_.stride),
      fixed_(gram_.stride),
      p_(gram_.stride),
      gradient_(gram_.stride),
      sign_(s_),
      factor_((gram_.stride + 1) * gram_.stride),
      solution_(gram_.stride),
      excess_(s_) {
  free_.reserve(s_ + q_);
}

void QuickSearch::set(std::span<const double> smooth, std::span<const double> cross, std::span<const double> changes) {
  CHILIAD_CHECK(smooth.size() == q_ * q_ && cross.size() == q_ * s_ && changes.size() == s_ * s_);
  tridiagonal_.reset();
  for (std::size_t j = 0; j < s_; ++j) {
    std::copy_n(changes.data() + j * s_, s_, gram_.row(j));
    std::copy_n(cross.data() + j * q_, q_, gram_.row(j) + s_);
  }
  for (std::size_t i = 0; i < q_; ++i) {
    double* row = gram_.row(s_ + i);
    for (std::size_t j = 0; j < s_; ++j) row[j] = cross[j * q_ + i];
    for (std::size_t j = 0; j <= i; ++j) row[s_ + j] = gram_.row(s_ + j)[s_ + i] = smooth[i * q_ + j];
  }
}

const PenalizedQuadratic& QuickSearch::tridiagonal() {
  if (tridiagonal_) return *tridiagonal_;
  std::vector<double> smooth, cross, changes;
  for (std::size_t i = 0; i < q_; ++i) smooth.insert(smooth.end(), gram_.row(s_ + i) + s_, gram_.row(s_ + i) + s_ + q_);
  for (std::size_t j = 0; j < s_; ++j) {
    cross.insert(cross.end(), gram_.row(j) + s_, gram_.row(j) + s_ + q_);
    changes.insert(changes.end(), gram_.row(j), gram_.row(j) + s_);
  }
  return tridiagonal_.emplace(q_, s_, std::move(smooth), cross, changes);
}

void QuickSearch::begin(const SearchStart& start) {
  start_ = &start;
  std::ranges::copy(start.g_d, g_.begin());
  std::ranges::copy(start.g_s, g_.begin() + static_cast<std::ptrdiff_t>(s_));
  fixed_ = g_;
  std::ranges::fill(p_, 0.0);
  for (std::size_t j = 0; j < s_; ++j) sign_[j] = (start.d[j] > 0) - (start.d[j] < 0);
}

// The step at this v, as if the signs were right. False where the factor shows no curvature upwards.
bool QuickSearch::solve(double v) {
  free_.clear();
  for (std::size_t j = 0; j < s_; ++j) {
    if (sign_[j] != 0) free_.push_back(j);
  }
  for (std::size_t i = 0; i < q_; ++i) free_.push_back(s_ + i);
  const std::size_t n = free_.size(), stride = padded(n);
  const double ridge = v * (1 + start_->damping), change_ridge = v * start_->damping / (start_->tau * start_->tau);
  for (std::size_t a = 0; a < n; ++a) {
    const std::size_t j = free_[a];
    const double* from = gram_.row(j);
    double* row = factor_.data() + a * stride;
    for (std::size_t b = a; b < n; ++b) row[b] = from[free_[b]];
    std::fill(row + n, row + stride, 0.0);
    row[a] += j < s_ ? change_ridge : ridge;
    solution_[a] = fixed_[j] - v * (j < s_ ? sign_[j] / start_->tau : start_->u[j - s_]);
  }
  std::fill(solution_.begin() + static_cast<std::ptrdiff_t>(n), solution_.end(), 0.0);
  if (!factorize(factor_, n, kLeastPivot)) return false;
  solve_factored(factor_, n, solution_);
  for (std::size_t a = 0; a < n; ++a) p_[free_[a]] = solution_[a];
  return true;
}

// Makes changes zero whose sign came out wrong. False where there are none.
bool QuickSearch::drop_wrong_signs() {
  bool any = false;
  for (std::size_t j = 0; j < s_; ++j) {
    if (sign_[j] == 0 || (start_->d[j] + p_[j]) * sign_[j] > 0) continue;
    any = true;
    sign_[j] = 0;
    p_[j] = -start_->d[j];
    const double* row = gram_.row(j);
    for (std::size_t i = 0; i < fixed_.size(); ++i) fixed_[i] -= p_[j] * row[i];
  }
  return any;
}

// Lets zero changes enter that violate their condition; without damping, which holds them back, one of each run of
// neighbours that do. False where none does.
bool QuickSearch::enter_violated(double v) {
  const double penalty = v / start_->tau, change_ridge = v * start_->damping / (start_->tau * start_->tau);
  const double rounding = kGradientRounding * std::sqrt(std::max(0.0, start_->rr));
  bool any = false;
  for (std::size_t j = 0; j < s_; ++j) {
    excess_[j] = 0;
    if (sign_[j] != 0) continue;
    gradient_[j] -= change_ridge * p_[j];
    const double own = std::sqrt(std::max(0.0, gram_.row(j)[j]));
    excess_[j] = std::fabs(gradient_[j]) - penalty - (rounding * own + 1e-13 * penalty);
    any = any || excess_[j] > 0;
  }
  for (std::size_t j = 0; any && j < s_; ++j) {
    if (!(excess_[j] > 0)) continue;
    const bool less = (j > 0 && excess_[j - 1] > excess_[j]) || (j + 1 < s_ && excess_[j + 1] >= excess_[j]);
    if (less && start_->damping == 0) continue;
    sign_[j] = gradient_[j] > 0 ? 1 : -1;
    const double* row = gram_.row(j);
    for (std::size_t i = 0; p_[j] != 0 && i < fixed_.size(); ++i) fixed_[i] += p_[j] * row[i];
  }
  return any;
}

// What the residual's sum of squares rises by with ln v: the gradient is v times that of the priors, and the step falls
// by (curvature)^-1 of the latter with v.
double QuickSearch::residual_rate() {
  const std::size_t n = free_.size();
  for (std::size_t a = 0; a < n; ++a) solution_[a] = gradient_[free_[a]];
  solve_factored(factor_, n, solution_);
  double sum = 0;
  for (std::size_t a = 0; a < n; ++a) sum += gradient_[free_[a]] * solution_[a];
  return 2 * sum;
}

SearchResult QuickSearch::result(double v, int steps) const {
  SearchResult found;
  found.x.assign(p_.begin() + static_cast<std::ptrdiff_t>(s_), p_.begin() + static_cast<std::ptrdiff_t>(s_ + q_));
  found.delta.resize(s_);
  for (std::size_t j = 0; j < s_; ++j) found.delta[j] = sign_[j] == 0 ? 0.0 : start_->d[j] + p_[j];
  found.v = v;
  found.steps = steps;
  found.ok = true;
  return found;
}

std::optional<SearchResult> QuickSearch::run(const SearchStart& start) {
  CHILIAD_CHECK(start.u.size() == q_ && start.g_s.size() == q_ && start.d.size() == s_ && start.g_d.size() == s_);
  if (start.cautious) return std::nullopt;
  begin(start);
  const double log_floor = start.v_floor > 0 ? std::log(start.v_floor) : -700.0;
  const double log_credible = start.v_credible > 0 ? std::log(start.v_credible) : -1e300;
  double log_v = std::log(std::max(start.v, start.v_floor));
  int levels = 0;
  for (int steps = 1; steps <= kMostSteps; ++steps) {
    const double v = std::exp(log_v);
    if (!solve(v)) {
      if (start.convex) return std::nullopt;
      return SearchResult{};
    }
    if (drop_wrong_signs()) continue;
    subtract_rows(g_, gram_, p_, gradient_);
    double r = start.rr;
    for (std::size_t i = 0; i < s_ + q_; ++i) r -= p_[i] * (g_[i] + gradient_[i]);
    if (start.convex && !(r > kLeastResidual * start.rr)) return std::nullopt;
    const double noise = best_noise_variance(std::max(r, kLeastResidual * start.rr), start.rows);
    const double wanted = std::log(noise);
    if (wanted < log_credible && wanted < log_v) return SearchResult{};
    if (!(wanted >= log_floor)) return std::nullopt;
    const double f = wanted - log_v;
    if (enter_violated(v)) {
      if (f < 0) log_v = wanted;
      continue;
    }
    if (std::fabs(f) < start.accuracy || ++levels >= start.most_levels) return result(v, steps);
    const double rate = residual_rate() / (noise * (8 * noise + start.rows));
    log_v = std::max(log_v + f / (rate < kMostRate ? 1 - rate : 1), log_floor);
  }
  return std::nullopt;
}

}  // namespace chiliad::forecast
