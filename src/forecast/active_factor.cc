// Both triangles are kept, so that every loop below runs over neighbouring numbers and none is a chain of additions.

#include "forecast/active_factor.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/multiversion.h"

namespace chiliad::forecast {
namespace {

// x := U'^-1 x, and x := U^-1 x.
CHILIAD_MULTIVERSION void forward(const double* values, std::size_t stride, const double* inverse, std::size_t count,
                                  double* x) {
  for (std::size_t k = 0; k < count; ++k) {
    const double* row = values + k * stride;
    const double known = x[k] *= inverse[k];
    for (std::size_t b = k + 1; b < count; ++b) x[b] -= row[b] * known;
  }
}

CHILIAD_MULTIVERSION void backward(const double* values, std::size_t stride, const double* inverse, std::size_t count,
                                   double* x) {
  for (std::size_t k = count; k-- > 0;) {
    const double* row = values + k * stride;
    const double known = x[k] *= inverse[k];
    for (std::size_t b = 0; b < k; ++b) x[b] -= row[b] * known;
  }
}

// The rows below k, of which row k is made, less its share of them.
CHILIAD_MULTIVERSION void subtract_share(double* values, std::size_t stride, std::size_t count, std::size_t k) {
  const double* made = values + k * stride;
  for (std::size_t i = k + 1; i < count; ++i) {
    double* row = values + i * stride;
    const double factor = made[i];
    for (std::size_t b = i; b < count; ++b) row[b] -= factor * made[b];
  }
}

}  // namespace

ActiveFactor::ActiveFactor(std::vector<PivotRule> rules)
    : rules_(std::move(rules)),
      stride_(padded(rules_.size())),
      values_(rules_.size() * stride_),
      inverse_(rules_.size()) {}

bool ActiveFactor::make_whole(const FeatureMatrix& matrix, std::span<const std::size_t> active) {
  const std::size_t n = active.size();
  for (std::size_t i = 0; i < n; ++i) {
    const double* from = matrix.row(active[i]);
    for (std::size_t b = i; b < n; ++b) row(i)[b] = from[active[b]];
  }
  for (std::size_t k = 0; k < n; ++k) {
    double* made = row(k);
    const PivotRule& rule = rules_[active[k]];
    if (!(made[k] > rule.refused)) return false;
    inverse_[k] = 1 / std::sqrt(std::max(made[k], rule.least));
    for (std::size_t b = k + 1; b < n; ++b) row(b)[k] = made[b] *= inverse_[k];
    subtract_share(values_.data(), stride_, n, k);
  }
  size_ = n;
  return true;
}

bool ActiveFactor::extend(const FeatureMatrix& matrix, std::span<const std::size_t> active) {
  if (size_ == 0) return make_whole(matrix, active);
  std::vector<double> next(active.size());
  while (size_ < active.size()) {
    const PivotRule& rule = rules_[active[size_]];
    const double pivot = pivot_beside(matrix, active, active[size_], next);
    if (!(pivot > rule.refused)) return false;
    append(next, std::max(pivot, rule.least));
  }
  return true;
}

double ActiveFactor::pivot_beside(const FeatureMatrix& matrix, std::span<const std::size_t> active, std::size_t next,
                                  std::span<double> row) const {
  CHILIAD_CHECK(row.size() >= size_);
  const double* from = matrix.row(next);
  for (std::size_t a = 0; a < size_; ++a) row[a] = from[active[a]];
  forward(values_.data(), stride_, inverse_.data(), size_, row.data());
  double pivot = from[next];
  for (std::size_t a = 0; a < size_; ++a) pivot -= row[a] * row[a];
  return pivot;
}

void ActiveFactor::append(std::span<const double> next, double pivot) {
  CHILIAD_CHECK(size_ < rules_.size() && next.size() >= size_);
  for (std::size_t a = 0; a < size_; ++a) row(a)[size_] = row(size_)[a] = next[a];
  inverse_[size_++] = 1 / std::sqrt(pivot);
}

void ActiveFactor::solve(std::span<double> x) const {
  CHILIAD_CHECK(x.size() >= size_);
  forward(values_.data(), stride_, inverse_.data(), size_, x.data());
  backward(values_.data(), stride_, inverse_.data(), size_, x.data());
}

void ActiveFactor::solve_upper(std::span<double> x) const {
  CHILIAD_CHECK(x.size() >= size_);
  backward(values_.data(), stride_, inverse_.data(), size_, x.data());
}

}  // namespace chiliad::forecast
