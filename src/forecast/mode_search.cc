// Method. For fixed v the smooth steps follow from the slope changes by one solve with (Tri + v I), and what is left is
//
//     minimise over z:  z'S z / 2 - c'z + (v / tau) |d + z|_1,   S = G_dd - H'(Tri + v)^-1 H
//
// a lasso in at most a few dozen unknowns of which a handful are not zero. An active-set method solves it exactly: a
// Newton step on the changes that are not zero, cut where one of them would change its sign (that one becomes
// exactly zero), and then the zero change that violates its condition most enters. Columns of S are made when
// needed, or all at once where many are.
//
// Around it v is found. With the coefficients at their best for v, the best v for the residual, V(R(v)), increases with
// v; so the iteration v := V(R(v)), started above (Prophet starts at sigma = 1), walks down to the largest
// fixed point, which is a mode, and cannot fall past it into the singularity that the density has at v = 0 when the
// columns can interpolate the rows. A secant step in ln v speeds it up where the map is far from tangent to the
// diagonal, and near the end a Newton step: what the coefficients move by with v is one more solve with the factors
// that are there. The last step needs no solve at its end: with the same changes active the coefficients follow the
// tangent, to the square of its length.
//
// Tried and dropped: coordinate descent on the lasso (neighbouring hinges are correlated at 0.99: hundreds of sweeps);
// a Cholesky factor of the smooth block for each v (4 us at q = 28; the tridiagonal form costs less than 0.1 us).

#include "forecast/mode_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "forecast/active_factor.h"
#include "forecast/kernels.h"
#include "forecast/multiversion.h"

namespace chiliad::forecast {

double best_noise_variance(double residual_sum_of_squares, double rows) {
  // The root of 4 v^2 + T v - R, in the form that does not cancel.
  return 2 * residual_sum_of_squares / (rows + std::sqrt(rows * rows + 16 * residual_sum_of_squares));
}

namespace {

// Each column of x reflected: x := x - scale v (v'x). `sums`: of a column each.
CHILIAD_MULTIVERSION void reflect_columns(const double* v, double scale, std::size_t rows, std::size_t stride,
                                          double* sums, double* x) {
  for (std::size_t j = 0; j < stride; ++j) sums[j] = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < stride; ++j) sums[j] += v[i] * x[i * stride + j];
  }
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < stride; ++j) x[i * stride + j] -= scale * v[i] * sums[j];
  }
}

}  // namespace

PenalizedQuadratic::PenalizedQuadratic(std::size_t smooth_count, std::size_t change_count, std::vector<double> smooth,
                                       const std::vector<double>& cross, const std::vector<double>& changes)
    : q_(smooth_count),
      s_(change_count),
      reflectors_(std::move(smooth)),
      scales_(smooth_count, 0.0),
      diagonal_(smooth_count),
      off_diagonal_(smooth_count > 0 ? smooth_count - 1 : 0),
      cross_columns_(q_, s_),
      changes_(padded(s_), s_) {
  CHILIAD_CHECK(reflectors_.size() == q_ * q_ && cross.size() == q_ * s_ && changes.size() == s_ * s_);
  for (std::size_t j = 0; j < s_; ++j) std::copy_n(changes.data() + j * s_, s_, changes_.row(j));
  double* a = reflectors_.data();
  std::vector<double> p(q_);
  std::vector<double> reflector(q_);
  // Householder reflections from the left column on; the vector for column c is kept in a[c + 1 .. q, c].
  for (std::size_t c = 0; c + 2 < q_; ++c) {
    const std::size_t first = c + 1;
    const std::size_t n = q_ - first;
    double* v = reflector.data();
    double norm2 = 0;
    for (std::size_t i = 0; i < n; ++i) {
      v[i] = a[(first + i) * q_ + c];
      norm2 += v[i] * v[i];
    }
    const double tail2 = norm2 - v[0] * v[0];
    off_diagonal_[c] = v[0];
    if (tail2 <= 0) continue;
    const double alpha = v[0] > 0 ? -std::sqrt(norm2) : std::sqrt(norm2);
    v[0] -= alpha;
    const double scale = 2 / (tail2 + v[0] * v[0]);
    off_diagonal_[c] = alpha;
    scales_[c] = scale;
    // p = scale * B v with B the remaining symmetric block, of which the lower triangle is valid.
    std::fill_n(p.begin(), n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      const double* row = a + (first + i) * q_ + first;
      double sum = 0;
      for (std::size_t j = 0; j < i; ++j) {
        sum += row[j] * v[j];
        p[j] += row[j] * v[i];
      }
      p[i] += sum + row[i] * v[i];
    }
    double vp = 0;
    for (std::size_t i = 0; i < n; ++i) {
      p[i] *= scale;
      vp += v[i] * p[i];
    }
    const double half = 0.5 * scale * vp;
    for (std::size_t i = 0; i < n; ++i) p[i] -= half * v[i];
    for (std::size_t i = 0; i < n; ++i) {
      double* row = a + (first + i) * q_ + first;
      const double vi = v[i];
      const double pi = p[i];
      for (std::size_t j = 0; j <= i; ++j) row[j] -= vi * p[j] + pi * v[j];
    }
    for (std::size_t i = 0; i < n; ++i) a[(first + i) * q_ + c] = v[i];
  }
  for (std::size_t i = 0; i < q_; ++i) diagonal_[i] = a[i * q_ + i];
  if (q_ >= 2) off_diagonal_[q_ - 2] = a[(q_ - 1) * q_ + q_ - 2];
  // Keep the reflectors as rows: rotate() then runs over neighbouring numbers.
  std::vector<double> rows(q_ * q_, 0.0);
  for (std::size_t c = 0; c + 2 < q_; ++c) {
    for (std::size_t i = c + 1; i < q_; ++i) rows[c * q_ + i] = a[i * q_ + c];
  }
  reflectors_ = std::move(rows);
  for (std::size_t j = 0; j < s_; ++j) {
    for (std::size_t i = 0; i < q_; ++i) cross_columns_.row(i)[j] = cross[j * q_ + i];
  }
  std::vector<double> sums(cross_columns_.stride);
  for (std::size_t c = 0; c + 2 < q_; ++c) {
    if (scales_[c] == 0) continue;
    reflect_columns(reflectors_.data() + c * q_ + c + 1, scales_[c], q_ - c - 1, sums.size(), sums.data(),
                    cross_columns_.row(c + 1));
  }
}

void PenalizedQuadratic::rotate(std::span<double> x) const {
  CHILIAD_CHECK(x.size() == q_);
  for (std::size_t c = 0; c + 2 < q_; ++c) {
    if (scales_[c] == 0) continue;
    const double* v = reflectors_.data() + c * q_;
    const double sum = scales_[c] * dot({v + c + 1, q_ - c - 1}, {x.data() + c + 1, q_ - c - 1});
    for (std::size_t i = c + 1; i < q_; ++i) x[i] -= sum * v[i];
  }
}

void PenalizedQuadratic::unrotate(std::span<double> x) const {
  CHILIAD_CHECK(x.size() == q_);
  for (std::size_t step = 0; step + 2 < q_; ++step) {
    const std::size_t c = q_ - 3 - step;
    if (scales_[c] == 0) continue;
    const double* v = reflectors_.data() + c * q_;
    const double sum = scales_[c] * dot({v + c + 1, q_ - c - 1}, {x.data() + c + 1, q_ - c - 1});
    for (std::size_t i = c + 1; i < q_; ++i) x[i] -= sum * v[i];
  }
}

std::size_t PenalizedQuadratic::memory_bytes() const {
  return sizeof(double) * (reflectors_.capacity() + scales_.capacity() + diagonal_.capacity() +
                           off_diagonal_.capacity() + cross_columns_.values.capacity() + changes_.values.capacity());
}

namespace {

// A pivot below this share of its column counts as zero: the column is a combination of the active ones.
constexpr double kDependent = 1e-13;
// A pivot further below zero than this share is no rounding: the problem is not convex.
constexpr double kIndefinite = 1e-9;
// Of the noise's map less ln v; that of a plain step is -1. Nearer 0, near a tangent, only that cannot overshoot.
constexpr double kLeastSlope = -0.3;
// In ln v: nearer than that the slope is computed, further off it is the secant's. Not further: which of several fixed
// points a search comes to, and so which mode a fit does, can hang on the secant's steps.
constexpr double kTangentStep = 1e-3;
constexpr std::size_t kWholeShare = 3;  // S is made as a whole where one change in so many is active.

// x := (L D L')^-1 x for each column of x, L D L' tridiagonal: `factor` below L's diagonal, `pivot` the inverse of D.
CHILIAD_MULTIVERSION void solve_columns(const double* factor, const double* pivot, std::size_t rows, std::size_t stride,
                                        double* x) {
  for (std::size_t i = 1; i < rows; ++i) {
    double* row = x + i * stride;
    const double* before = row - stride;
    for (std::size_t j = 0; j < stride; ++j) row[j] -= factor[i - 1] * before[j];
  }
  for (std::size_t i = rows; i-- > 0;) {
    double* row = x + i * stride;
    for (std::size_t j = 0; j < stride; ++j) row[j] *= pivot[i];
    for (std::size_t j = 0; i + 1 < rows && j < stride; ++j) row[j] -= factor[i] * row[j + stride];
  }
}

std::vector<ActiveFactor::PivotRule> pivot_rules(const PenalizedQuadratic& quadratic, bool convex) {
  std::vector<ActiveFactor::PivotRule> rules(quadratic.change_count());
  for (std::size_t j = 0; j < rules.size(); ++j) {
    const double own = quadratic.changes().row(j)[j];
    // As good as dependent, for instance where the smooth columns alone interpolate the rows: a short step, and the
    // next centre corrects it.
    rules[j].least = kDependent * own;
    rules[j].refused = convex ? -std::numeric_limits<double>::infinity() : -kIndefinite * own;
  }
  return rules;
}

// The lasso at one v, and the active set that is handed from one v to the next.
class Lasso {
 public:
  Lasso(const PenalizedQuadratic& quadratic, const SearchStart& start)
      : quad_(quadratic),
        start_(start),
        q_(quadratic.smooth_count()),
        s_(quadratic.change_count()),
        room_(kSpans * (padded(s_) + padded(q_))),
        z_(take(padded(s_))),
        sign_(take(s_)),
        gradient_(take(padded(s_))),
        c_(take(padded(s_))),
        pivot_(take(q_)),
        factor_(take(q_)),
        base_(take(q_)),
        one_(take(q_)),
        solved_(q_, s_),
        columns_(padded(s_), s_),
        have_(s_, 0),
        barred_(s_, 0),
        rounding_(take(s_)),
        rules_(pivot_rules(quadratic, start.convex)),
        active_factor_(rules_),
        step_(take(s_)),
        moved_(take(q_)),
        x_(take(q_)),
        x_rate_(take(q_)),
        z_rate_(take(s_)) {
    active_.reserve(s_);
    for (std::size_t j = 0; j < s_; ++j) {
      if (start.d[j] == 0) continue;
      sign_[j] = start.d[j] > 0 ? 1 : -1;
      active_.push_back(j);
    }
    const double r = std::sqrt(std::max(0.0, start.rr));
    for (std::size_t j = 0; j < s_; ++j)
      rounding_[j] = kGradientRounding * std::sqrt(std::max(0.0, quadratic.changes().row(j)[j])) * r;
    for (double d : quadratic.diagonal()) scale_ = std::max(scale_, std::fabs(d));
  }

  Lasso(const Lasso&) = delete;
  Lasso& operator=(const Lasso&) = delete;

  // Best z for this v, then x. False when the problem is not convex or does not end.
  bool solve(double v);

  double delta(std::size_t j) const { return sign_[j] == 0 ? 0.0 : start_.d[j] + z_[j]; }
  std::span<const double> x() const { return x_; }
  // The residual's sum of squares at the solution.
  double residual() const;
  // What that rises by with v, as long as the same changes are active. NaN where no factor of theirs was made.
  double residual_rate(double v);
  // After residual_rate(): moves the solution along with v. False, and nothing moved, where a change would change sign.
  bool follow(double v_change);

 private:
  std::span<double> take(std::size_t size);
  bool factorize(double v);
  void solve_tridiagonal(double* x) const;
  void make_system(double v);
  void make_column(std::size_t j);
  void update_gradient();
  bool newton_on_active(double penalty);
  void enter(std::size_t j);
  void drop(std::size_t position);
  void finish();
  double tridiagonal_times(std::span<const double> x, std::size_t i) const;

  const PenalizedQuadratic& quad_;
  const SearchStart& start_;
  std::size_t q_;
  std::size_t s_;
  double scale_ = 0;  // Largest diagonal element of Tri.
  // Of the spans below, which many short searches would else spend their time allocating: seven of each size.
  static constexpr std::size_t kSpans = 7;
  std::vector<double> room_;
  std::size_t taken_ = 0;
  std::span<double> z_;
  std::span<double> sign_;      // 0 for the changes that are held at zero.
  std::span<double> gradient_;  // c - S z.
  std::span<double> c_;
  std::span<double> pivot_;  // L D L' of Tri + v.
  std::span<double> factor_;
  std::span<double> base_;  // (Tri + v)^-1 (g_s - v u)
  std::span<double> one_;   // A column of solved_, for a moment.
  FeatureMatrix solved_;    // (Tri + v)^-1 H; its column j where have_.
  FeatureMatrix columns_;   // S; its row j where have_, which is at every change that moves.
  std::vector<char> have_;
  double change_ridge_ = 0;     // What damping adds to the diagonal of S.
  std::vector<char> barred_;    // Not to enter at this v.
  std::span<double> rounding_;  // Of the gradient.
  std::vector<ActiveFactor::PivotRule> rules_;
  ActiveFactor active_factor_;  // Of S on active_.
  std::span<double> step_;
  std::vector<std::size_t> active_;
  std::span<double> moved_;  // (Tri + v)^-1 H'z
  std::span<double> x_;
  std::span<double> x_rate_;  // What x falls by with v,
  std::span<double> z_rate_;  // and each active change.
  double ridge_ = 0;          // v, or with damping more.
};

std::span<double> Lasso::take(std::size_t size) {
  const std::size_t first = taken_;
  taken_ += padded(size);
  CHILIAD_CHECK(taken_ <= room_.size());
  return {room_.data() + first, size};
}

bool Lasso::factorize(double v) {
  ridge_ = v * (1 + start_.damping);
  for (std::size_t i = 0; i < q_; ++i) {
    const double below = i > 0 ? factor_[i - 1] * quad_.off_diagonal()[i - 1] : 0;
    double pivot = quad_.diagonal()[i] + ridge_ - below;
    if (!start_.convex && !(pivot > -kIndefinite * scale_)) return false;
    pivot = std::max(pivot, 1e-16 * scale_);
    pivot_[i] = 1 / pivot;
    if (i + 1 < q_) factor_[i] = quad_.off_diagonal()[i] / pivot;
  }
  return true;
}

void Lasso::solve_tridiagonal(double* x) const {
  for (std::size_t i = 1; i < q_; ++i) x[i] -= factor_[i - 1] * x[i - 1];
  x[q_ - 1] *= pivot_[q_ - 1];
  for (std::size_t i = q_ - 1; i-- > 0;) x[i] = x[i] * pivot_[i] - factor_[i] * x[i + 1];
}

// S and c at this v.
void Lasso::make_system(double v) {
  change_ridge_ = v * start_.damping / (start_.tau * start_.tau);
  const bool whole = kWholeShare * active_.size() >= s_;
  std::fill(have_.begin(), have_.end(), whole);
  if (whole) {
    solved_ = quad_.cross_columns();
    solve_columns(factor_.data(), pivot_.data(), q_, solved_.stride, solved_.values.data());
    subtract_product(quad_.changes(), quad_.cross_columns(), solved_, columns_);
    for (std::size_t j = 0; j < s_; ++j) columns_.row(j)[j] += change_ridge_;
  }
  for (std::size_t j = 0; j < s_; ++j) {
    if (sign_[j] != 0 || z_[j] != 0) make_column(j);
  }
  for (std::size_t i = 0; i < q_; ++i) base_[i] = start_.g_s[i] - v * start_.u[i];
  solve_tridiagonal(base_.data());
  transposed_product(quad_.cross_columns(), base_, c_);
  for (std::size_t j = 0; j < s_; ++j) c_[j] = start_.g_d[j] - c_[j];
}

void Lasso::make_column(std::size_t j) {
  if (have_[j]) return;
  for (std::size_t i = 0; i < q_; ++i) one_[i] = quad_.cross_columns().row(i)[j];
  solve_tridiagonal(one_.data());
  for (std::size_t i = 0; i < q_; ++i) solved_.row(i)[j] = one_[i];
  double* row = columns_.row(j);
  transposed_product(quad_.cross_columns(), one_, {row, columns_.stride});
  for (std::size_t i = 0; i < s_; ++i) row[i] = quad_.changes().row(j)[i] - row[i];
  row[j] += change_ridge_;
  have_[j] = 1;
}

void Lasso::update_gradient() {
  subtract_rows({c_.data(), columns_.stride}, columns_, {z_.data(), columns_.rows},
                {gradient_.data(), columns_.stride});
}

void Lasso::drop(std::size_t position) {
  const std::size_t j = active_[position];
  sign_[j] = 0;
  z_[j] = -start_.d[j];
  active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(position));
  active_factor_.cut(position);
}

// Newton steps on the active set until one is not cut short. False when S is not positive definite there.
bool Lasso::newton_on_active(double penalty) {
  while (!active_.empty()) {
    const std::size_t n = active_.size();
    if (!active_factor_.extend(columns_, active_)) return false;
    for (std::size_t a = 0; a < n; ++a) step_[a] = gradient_[active_[a]] - penalty * sign_[active_[a]];
    active_factor_.solve(step_);
    double length = 1;
    std::size_t blocking = n;
    for (std::size_t a = 0; a < n; ++a) {
      const std::size_t j = active_[a];
      const double now = start_.d[j] + z_[j];
      if ((now + step_[a]) * sign_[j] > 0) continue;
      const double until = step_[a] == 0 ? 0.0 : -now / step_[a];
      if (until < length || blocking == n) {
        length = std::clamp(until, 0.0, 1.0);
        blocking = a;
      }
    }
    for (std::size_t a = 0; a < n; ++a) z_[active_[a]] += length * step_[a];
    if (blocking == n) {
      update_gradient();
      return true;
    }
    drop(blocking);
    update_gradient();
  }
  return true;
}

// Lets change j, now zero, become active. Where its column depends on the active ones, moves along the direction in
// which the residual does not change until one of those is zero, and drops that.
void Lasso::enter(std::size_t j) {
  const double sign = gradient_[j] > 0 ? 1 : -1;
  const std::size_t n = active_.size();
  make_column(j);
  const double pivot = active_factor_.pivot_beside(columns_, active_, j, step_);
  if (pivot > rules_[j].least) {
    active_factor_.append(step_, pivot);
    sign_[j] = sign;
    active_.push_back(j);
    return;
  }
  active_factor_.solve_upper(step_);
  double length = -1;
  std::size_t blocking = n;
  for (std::size_t a = 0; a < n; ++a) {
    const double rate = -sign * step_[a];
    const double now = delta(active_[a]);
    if (rate * sign_[active_[a]] >= 0) continue;
    const double until = -now / rate;
    if (blocking == n || until < length) {
      length = until;
      blocking = a;
    }
  }
  if (blocking == n) {
    barred_[j] = 1;  // It would lower the objective by rounding at most.
    return;
  }
  for (std::size_t a = 0; a < n; ++a) z_[active_[a]] += -sign * step_[a] * length;
  z_[j] = -start_.d[j] + sign * length;
  drop(blocking);
  if (length > 0) {
    sign_[j] = sign;
    active_.push_back(j);
  }
  update_gradient();
}

bool Lasso::solve(double v) {
  if (!factorize(v)) return false;
  make_system(v);
  // Those nearest zero last: they are the likeliest to leave, and a factor that is cut near its end is soon whole
  // again.
  std::ranges::sort(active_, std::ranges::greater{}, [&](std::size_t j) { return std::fabs(delta(j)); });
  active_factor_.cut(0);
  std::fill(barred_.begin(), barred_.end(), 0);
  update_gradient();
  const double penalty = v / start_.tau;
  for (std::size_t round = 0; round < 50 + 10 * s_; ++round) {
    if (!newton_on_active(penalty)) return false;
    std::size_t worst = s_;
    double worst_excess = 0;
    for (std::size_t j = 0; j < s_; ++j) {
      if (sign_[j] != 0 || barred_[j]) continue;
      const double excess = std::fabs(gradient_[j]) - penalty - (rounding_[j] + 1e-13 * penalty);
      if (excess > worst_excess) {
        worst = j;
        worst_excess = excess;
      }
    }
    if (worst == s_) {
      finish();
      return true;
    }
    enter(worst);
  }
  // Rounding alone makes a change leave and enter again: the two ends differ by less than anybody can see.
  finish();
  return true;
}

void Lasso::finish() {
  std::fill(moved_.begin(), moved_.end(), 0.0);
  for (std::size_t j = 0; j < s_; ++j) {
    if (z_[j] == 0) continue;
    for (std::size_t i = 0; i < q_; ++i) moved_[i] += solved_.row(i)[j] * z_[j];
  }
  for (std::size_t i = 0; i < q_; ++i) x_[i] = base_[i] - moved_[i];
}

// Element i of Tri times x.
double Lasso::tridiagonal_times(std::span<const double> x, std::size_t i) const {
  double sum = quad_.diagonal()[i] * x[i];
  if (i > 0) sum += quad_.off_diagonal()[i - 1] * x[i - 1];
  if (i + 1 < q_) sum += quad_.off_diagonal()[i] * x[i + 1];
  return sum;
}

double Lasso::residual() const {
  // R = rr - 2 g'p + p'G p, with G p from the tridiagonal form: H'z is (Tri + v) times what z has moved x by.
  double sum = start_.rr;
  for (std::size_t i = 0; i < q_; ++i) {
    const double cross = tridiagonal_times(moved_, i) + ridge_ * moved_[i];
    sum += x_[i] * (tridiagonal_times(x_, i) + 2 * (cross - start_.g_s[i]));
  }
  for (std::size_t j = 0; j < s_; ++j) {
    if (z_[j] != 0) sum += z_[j] * (dot({quad_.changes().row(j), s_}, {z_.data(), s_}) - 2 * start_.g_d[j]);
  }
  return sum;
}

// The solution is where the gradient of R / 2 + v P vanishes, P the priors: it falls by (curvature)^-1 P' with v, and R
// rises by 2 v P' (curvature)^-1 P'.
double Lasso::residual_rate(double v) {
  if (active_factor_.size() != active_.size()) return std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < q_; ++i) one_[i] = x_rate_[i] = start_.u[i] + (1 + start_.damping) * x_[i];
  solve_tridiagonal(x_rate_.data());
  double rate = dot(one_, x_rate_);
  const std::size_t n = active_.size();
  if (n > 0) {
    // Of columns that are not needed any more.
    transposed_product(quad_.cross_columns(), x_rate_, c_);
    const double ridge = start_.damping / (start_.tau * start_.tau);
    for (std::size_t a = 0; a < n; ++a) {
      const std::size_t j = active_[a];
      step_[a] = z_rate_[a] = sign_[j] / start_.tau + ridge * z_[j] - c_[j];
    }
    active_factor_.solve(z_rate_);
    for (std::size_t a = 0; a < n; ++a) {
      rate += step_[a] * z_rate_[a];
      for (std::size_t i = 0; i < q_; ++i) x_rate_[i] -= solved_.row(i)[active_[a]] * z_rate_[a];
    }
  }
  return 2 * v * rate;
}

bool Lasso::follow(double v_change) {
  for (std::size_t a = 0; a < active_.size(); ++a) {
    const std::size_t j = active_[a];
    if (!((delta(j) - v_change * z_rate_[a]) * sign_[j] > 0)) return false;
  }
  for (std::size_t a = 0; a < active_.size(); ++a) z_[active_[a]] -= v_change * z_rate_[a];
  for (std::size_t i = 0; i < q_; ++i) x_[i] -= v_change * x_rate_[i];
  return true;
}

}  // namespace

SearchResult search_mode(const PenalizedQuadratic& quadratic, const SearchStart& start) {
  SearchResult result;
  Lasso lasso(quadratic, start);
  double log_v = std::log(std::max(start.v, start.v_floor));
  double previous_log_v = 0;
  double previous_f = 0;
  const double log_floor = start.v_floor > 0 ? std::log(start.v_floor) : -700.0;
  const double log_credible = start.v_credible > 0 ? std::log(start.v_credible) : -1e300;
  double fixed_above = 1e300;   // ln v where the map still points down,
  double fixed_below = -1e300;  // and where it points up: a fixed point lies between.
  for (result.steps = 1; result.steps <= start.most_levels; ++result.steps) {
    const double v = std::exp(log_v);
    if (!lasso.solve(v)) return result;
    result.v = v;
    // What rounding leaves of a residual that is far smaller than the one at the centre means nothing; the next
    // centre is nearer.
    const double r = std::max(lasso.residual(), 1e-14 * start.rr);
    const double wanted = r > 0 ? std::log(best_noise_variance(r, start.rows)) : -1e300;
    if (wanted < log_credible && wanted < log_v) return result;
    const double f = wanted - log_v;
    if (std::fabs(f) < start.accuracy || result.steps == start.most_levels) break;
    if (f < 0) {
      fixed_above = std::min(fixed_above, log_v);
    } else {
      fixed_below = std::max(fixed_below, log_v);
    }
    if (f < 0 && log_v <= log_floor) {
      result.at_floor = true;
      break;
    }
    double next = wanted;
    bool is_tangent = false;
    if (std::fabs(f) < kTangentStep && !start.cautious) {
      const double best = std::exp(wanted);
      const double slope = v * lasso.residual_rate(v) / (best * (8 * best + start.rows)) - 1;
      is_tangent = slope < kLeastSlope;
      if (is_tangent) next = log_v - f / slope;
    } else if (result.steps > 1 && log_v != previous_log_v) {
      const double slope = (f - previous_f) / (log_v - previous_log_v);
      if (slope < kLeastSlope && !(start.cautious && std::fabs(f) > 0.1)) next = log_v - f / slope;
    }
    if (next <= fixed_below || next >= fixed_above) next = wanted, is_tangent = false;
    if (next <= fixed_below || next >= fixed_above) next = 0.5 * (fixed_below + fixed_above);
    next = std::max(next, log_floor);
    if (std::fabs(next - log_v) < 4e-16 * std::max(1.0, std::fabs(log_v))) break;
    previous_log_v = log_v;
    previous_f = f;
    log_v = next;
    if (is_tangent && f * f < start.accuracy && log_v > log_floor && lasso.follow(std::exp(log_v) - v)) {
      result.v = std::exp(log_v);
      break;
    }
  }
  result.x.assign(lasso.x().begin(), lasso.x().end());
  result.delta.resize(quadratic.change_count());
  for (std::size_t j = 0; j < result.delta.size(); ++j) result.delta[j] = lasso.delta(j);
  result.ok = true;
  return result;
}

}  // namespace chiliad::forecast
