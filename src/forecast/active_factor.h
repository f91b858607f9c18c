// The Cholesky factor of some rows and columns of a symmetric matrix, in the order in which they became active: it
// grows at its end by one and is cut where one leaves.
//
//     U'U = matrix(active, active)
//
// Thread safety: one thread at a time.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecast/kernels.h"

namespace chiliad::forecast {

class ActiveFactor {
 public:
  // Below `least` a pivot is taken for it; not above `refused`, the matrix is not positive definite.
  struct PivotRule {
    double least = 0;
    double refused = 0;
  };

  // For a matrix of as many rows as there are rules, one a row.
  explicit ActiveFactor(std::vector<PivotRule> rules);

  std::size_t size() const { return size_; }
  void cut(std::size_t size) { size_ = size < size_ ? size : size_; }

  // Makes what is missing of it for `active`, of which the first size() are those that it has. False: not positive
  // definite.
  bool extend(const FeatureMatrix& matrix, std::span<const std::size_t> active);

  // What is left of the pivot of row `next` beside those here; its row of U before the pivot goes to `row`, size()
  // elements.
  double pivot_beside(const FeatureMatrix& matrix, std::span<const std::size_t> active, std::size_t next,
                      std::span<double> row) const;
  // Takes what pivot_beside() found.
  void append(std::span<const double> row, double pivot);

  void solve(std::span<double> x) const;        // x := (U'U)^-1 x, of size() elements.
  void solve_upper(std::span<double> x) const;  // x := U^-1 x

 private:
  bool make_whole(const FeatureMatrix& matrix, std::span<const std::size_t> active);
  double* row(std::size_t i) { return values_.data() + i * stride_; }
  const double* row(std::size_t i) const { return values_.data() + i * stride_; }

  std::vector<PivotRule> rules_;
  std::size_t stride_;
  std::size_t size_ = 0;
  std::vector<double> values_;   // U above the diagonal, U' below.
  std::vector<double> inverse_;  // Of U's diagonal.
};

}  // namespace chiliad::forecast
