// Trapezoid sums on hyperbolas; the formulas are at the head of contour.h, the error analysis in doc/intervals.md.
//
// With t_k = a cosh(v_k + i angle), v_k = (k + 1/2) h, the nodes of k < 0 are the conjugates of those of k >= 0, so
//
//     P(X > x) = 2 Re sum over k >= 0 of  h/(2 pi i) (t'_k / t_k) M(t_k) e^{-t_k x}   +   m (1 - tanh(pi y / h)) / 2.
//
// The last term is what the sum misses because the integrand has a pole at t = 0, y = pi/2 - angle away from the nodes
// in v: at 90 degrees it is 1/2 and the sum is Gil-Pelaez's formula with points spaced by sinh. m is the residue, 1, or
// 1 - (1-p)^j where there is no noise and the atom at 0, M's limit at infinity, is taken out so that the sum converges.

#include "forecast/contour.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "forecast/lane_math.h"

namespace chiliad::forecast {
namespace {

using lane::Lane;

constexpr int kMaxNodes = 256;         // As in TailSums.
constexpr double kDigits = 24;         // Sums end where the integrand has fallen to e^-24, 4e-11.
constexpr double kFallen = 3.8e-11;    // e^-24
constexpr double kUprightReach = 3.5;  // x / s up to which the upright contour serves.
// With this many changes expected, and an atom below this, the law without its noise is near to a normal one itself,
// and what holds for the noise holds for its spread, less far out as its tail is heavier.
constexpr double kManyChanges = 12;
constexpr double kNoAtom = 2e-9;
constexpr double kNearNormalReach = 2.5;
// In steps. A change that ends this near to 0 has a probability of some 1e-9.
constexpr double kTinyNoise = 1e-9;
// The contour's foci stand at +-a: inside the nearest poles, +-1/d_j, and not far beyond the scale on which M bends.
constexpr double kBend = 1.5;

constexpr double kUprightStep = 0.16;
constexpr double kSlantedStep = 0.2;
constexpr double kSlantedAngle = 55 * std::numbers::pi / 180;

// t = a * (re + i im), and the constant factor of each term.
struct Nodes {
  alignas(32) std::array<double, kMaxNodes> re, im;                // t / a
  alignas(32) std::array<double, kMaxNodes> square_re, square_im;  // (t / a)^2
  alignas(32) std::array<double, kMaxNodes> factor_re, factor_im;  // 2 h/(2 pi i) t'/t
};

Nodes make_nodes(double angle, double step) {
  Nodes nodes;
  for (int k = 0; k < kMaxNodes; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const double v = (k + 0.5) * step;
    const double re = std::cosh(v) * std::cos(angle);
    const double im = std::sinh(v) * std::sin(angle);
    const double slope_re = std::sinh(v) * std::cos(angle);
    const double slope_im = std::cosh(v) * std::sin(angle);
    const double norm = re * re + im * im;
    const double ratio_re = (slope_re * re + slope_im * im) / norm;
    const double ratio_im = (slope_im * re - slope_re * im) / norm;
    nodes.re[i] = re;
    nodes.im[i] = im;
    nodes.square_re[i] = re * re - im * im;
    nodes.square_im[i] = 2 * re * im;
    nodes.factor_re[i] = step / std::numbers::pi * ratio_im;  // Divided by i.
    nodes.factor_im[i] = -step / std::numbers::pi * ratio_re;
  }
  return nodes;
}

const Nodes kSlanted = make_nodes(kSlantedAngle, kSlantedStep);

// t = i a sinh(v): only the sines are left of the exponential.
struct UprightNodes {
  alignas(32) std::array<double, kMaxNodes> im;      // |t| / a
  alignas(32) std::array<double, kMaxNodes> factor;  // h/pi coth(v)
};

UprightNodes make_upright_nodes(double step) {
  UprightNodes nodes;
  for (int k = 0; k < kMaxNodes; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const double v = (k + 0.5) * step;
    nodes.im[i] = std::sinh(v);
    nodes.factor[i] = step / std::numbers::pi / std::tanh(v);
  }
  return nodes;
}

const UprightNodes kUpright = make_upright_nodes(kUprightStep);

// -- The loops over nodes, four at a time. Each exists twice: for AVX2 with FMA, and for any machine. ----------------

// product *= the factors of rows from + 1 .. to.
struct Advance {
  double p, scale;
  std::int64_t from, to;
  int begin, end;
  double* product_re;
  double* product_im;

  CHILIAD_LANE_INLINE void slanted() const {
    const double change = p;
    const double none = 1 - p;
    for (int k = begin; k < end; k += lane::kWidth) {
      Lane u_re, u_im, m_re, m_im;
      lane::load(kSlanted.square_re.data() + k, u_re);
      lane::load(kSlanted.square_im.data() + k, u_im);
      lane::load(product_re + k, m_re);
      lane::load(product_im + k, m_im);
      for (std::int64_t i = from; i < to; ++i) {
        const double d = (static_cast<double>(i) + 0.5) * scale;
        const double d2 = d * d;
        const Lane pole_re = 1.0 - u_re * d2;  // 1 - t^2 d^2
        const Lane pole_im = u_im * d2;        // Minus its imaginary part.
        const Lane share = change / (pole_re * pole_re + pole_im * pole_im);
        const Lane f_re = none + pole_re * share;
        const Lane f_im = pole_im * share;
        const Lane next = m_re * f_re - m_im * f_im;
        m_im = m_re * f_im + m_im * f_re;
        m_re = next;
      }
      lane::store(m_re, product_re + k);
      lane::store(m_im, product_im + k);
    }
  }

  CHILIAD_LANE_INLINE void upright() const {
    const double change = p;
    const double none = 1 - p;
    for (int k = begin; k < end; k += lane::kWidth) {
      Lane w, m;
      lane::load(kUpright.im.data() + k, w);
      lane::load(product_re + k, m);
      const Lane w2 = w * w;
      for (std::int64_t i = from; i < to; ++i) {
        const double d = (static_cast<double>(i) + 0.5) * scale;
        m *= none + change / (1.0 + w2 * (d * d));
      }
      lane::store(m, product_re + k);
    }
  }
};

// The noise's factor e^{s^2 t^2 / 2}; `half_square` = (s a)^2 / 2.
struct Noise {
  double half_square;
  int begin, end;
  double* noise_re;
  double* noise_im;

  CHILIAD_LANE_INLINE void slanted() const {
    for (int k = begin; k < end; k += lane::kWidth) {
      Lane re, im, size, sine, cosine;
      lane::load(kSlanted.square_re.data() + k, re);
      lane::load(kSlanted.square_im.data() + k, im);
      lane::exp(re * half_square, size);
      lane::sincos(im * half_square, sine, cosine);
      lane::store(size * cosine, noise_re + k);
      lane::store(size * sine, noise_im + k);
    }
  }

  CHILIAD_LANE_INLINE void upright() const {
    for (int k = begin; k < end; k += lane::kWidth) {
      Lane w, size;
      lane::load(kUpright.im.data() + k, w);
      lane::exp(w * w * -half_square, size);
      lane::store(size, noise_re + k);
    }
  }
};

// The terms' weights: constant factor, product and noise, less the transform of the atom.
struct Weigh {
  double atom;
  int begin, end;
  const double* product_re;
  const double* product_im;
  const double* noise_re;
  const double* noise_im;
  double* weight_re;
  double* weight_im;

  CHILIAD_LANE_INLINE void slanted() const {
    for (int k = begin; k < end; k += lane::kWidth) {
      Lane m_re, m_im, n_re, n_im, f_re, f_im;
      lane::load(product_re + k, m_re);
      lane::load(product_im + k, m_im);
      lane::load(noise_re + k, n_re);
      lane::load(noise_im + k, n_im);
      lane::load(kSlanted.factor_re.data() + k, f_re);
      lane::load(kSlanted.factor_im.data() + k, f_im);
      const Lane re = m_re * n_re - m_im * n_im - atom;
      const Lane im = m_re * n_im + m_im * n_re;
      lane::store(f_re * re - f_im * im, weight_re + k);
      lane::store(f_re * im + f_im * re, weight_im + k);
    }
  }

  CHILIAD_LANE_INLINE void upright() const {
    for (int k = begin; k < end; k += lane::kWidth) {
      Lane m, n, f;
      lane::load(product_re + k, m);
      lane::load(noise_re + k, n);
      lane::load(kUpright.factor.data() + k, f);
      lane::store(f * (m * n - atom), weight_re + k);
    }
  }
};

// The sum at x and those of its derivatives (each without its power of a).
struct Sum {
  double x_scaled;  // x a
  int end;
  const double* weight_re;
  const double* weight_im;
  double* out;  // 4: the sums of weight * (t/a)^m e^{-t x}, m = 0 .. 3.

  CHILIAD_LANE_INLINE void slanted() const {
    Lane sum0{}, sum1{}, sum2{}, sum3{};
    for (int k = 0; k < end; k += lane::kWidth) {
      Lane t_re, t_im, w_re, w_im, size, sine, cosine;
      lane::load(kSlanted.re.data() + k, t_re);
      lane::load(kSlanted.im.data() + k, t_im);
      lane::load(weight_re + k, w_re);
      lane::load(weight_im + k, w_im);
      lane::exp(t_re * -x_scaled, size);
      lane::sincos(t_im * -x_scaled, sine, cosine);
      w_re *= size;
      w_im *= size;
      Lane re = w_re * cosine - w_im * sine;
      Lane im = w_re * sine + w_im * cosine;
      sum0 += re;
      Lane next = re * t_re - im * t_im;
      im = re * t_im + im * t_re;
      re = next;
      sum1 += re;
      next = re * t_re - im * t_im;
      im = re * t_im + im * t_re;
      re = next;
      sum2 += re;
      sum3 += re * t_re - im * t_im;
    }
    out[0] = lane::total(sum0);
    out[1] = lane::total(sum1);
    out[2] = lane::total(sum2);
    out[3] = lane::total(sum3);
  }

  // Of -i times the terms: -sin, w cos, w^2 sin, -w^3 cos.
  CHILIAD_LANE_INLINE void upright() const {
    Lane sum0{}, sum1{}, sum2{}, sum3{};
    for (int k = 0; k < end; k += lane::kWidth) {
      Lane t, w, sine, cosine;
      lane::load(kUpright.im.data() + k, t);
      lane::load(weight_re + k, w);
      lane::sincos(t * x_scaled, sine, cosine);
      sine *= w;
      cosine *= w * t;
      const Lane t2 = t * t;
      sum0 -= sine;
      sum1 += cosine;
      sum2 += sine * t2;
      sum3 -= cosine * t2;
    }
    out[0] = lane::total(sum0);
    out[1] = lane::total(sum1);
    out[2] = lane::total(sum2);
    out[3] = lane::total(sum3);
  }
};

#if defined(__x86_64__)
const bool kWide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");

template <typename Loop>
[[gnu::target("avx2,fma"), gnu::noinline]] void run_wide(const Loop& loop, bool slanted) {
  slanted ? loop.slanted() : loop.upright();
}
#endif

template <typename Loop>
[[gnu::noinline]] void run_plain(const Loop& loop, bool slanted) {
  slanted ? loop.slanted() : loop.upright();
}

template <typename Loop>
void run(const Loop& loop, bool slanted) {
#if defined(__x86_64__)
  if (kWide) return run_wide(loop, slanted);
#endif
  run_plain(loop, slanted);
}

int whole_lanes(double nodes) {
  const int up = static_cast<int>(std::ceil(nodes / lane::kWidth)) * lane::kWidth;
  return std::clamp(up, lane::kWidth, kMaxNodes);
}

double sum_of_squares(std::int64_t j) {  // Of d_1 .. d_j.
  const auto n = static_cast<double>(j);
  return n * (4 * n * n - 1) / 12;
}

}  // namespace

TailSums::TailSums(double change_probability, std::int64_t last_step)
    : p_(change_probability), log_unchanged_(std::log1p(-change_probability)), last_step_(last_step) {
  CHILIAD_CHECK(p_ >= 0 && p_ <= 1);
}

double TailSums::ideal_scale(std::int64_t j) const {
  const double spread = std::sqrt(s_ * s_ + 2 * p_ * sum_of_squares(j));
  return std::min(1 / (static_cast<double>(j) - 0.5), kBend / spread);
}

void TailSums::row(std::int64_t j, double s) {
  CHILIAD_CHECK(j >= 1 && s >= 0);
  if (j != j_) {
    half_changed_ = -std::expm1(static_cast<double>(j) * log_unchanged_) / 2;
    no_change_ = 1 - 2 * half_changed_;
  }
  j_ = j;
  s_ = s;
  spread_ = std::sqrt(s * s + 2 * p_ * sum_of_squares(j));
  scale_ = ideal_scale(j);
  upright_.weighted = 0;
  slanted_.weighted = 0;
}

// Nodes until e^{-t x} and the noise alone have brought the integrand down: b |t| + c |t|^2 = kDigits.
int TailSums::nodes_needed(const Contour& contour, bool slanted, double b, double c) const {
  const double reach = 2 * kDigits / (b + std::sqrt(b * b + 4 * c * kDigits));
  const double v = std::log(2 * reach / contour.scale + 1);  // Just above asinh.
  return whole_lanes(v / (slanted ? kSlantedStep : kUprightStep) + 0.5);
}

// Takes over the row: a scale that suits it, and the factors that the rows passed add to the products.
void TailSums::catch_up(Contour& contour, bool slanted) {
  if (contour.row == j_ && contour.weighted > 0) return;
  // A scale below the ideal only costs some nodes; one above it costs accuracy. Going up again is left to where the
  // products are quickly made or many nodes are at stake: the noise in units of a step may jump from row to row, with a
  // multiplicative term that goes to -1 every night.
  const bool above = contour.scale > scale_ * 1.0001;
  const bool below = contour.scale < scale_ / (j_ < 64 ? 16 : 1e4);
  if (contour.row > j_ || above || below) {
    contour.scale = std::max(scale_ / 3, std::min(scale_, ideal_scale(last_step_)));
    contour.ready = 0;
    contour.noise_s = -1;
  }
  contour.ready = std::min(contour.ready, contour.wanted);
  contour.wanted = 0;
  if (contour.row < j_ && contour.ready > 0) {
    run(Advance{p_, contour.scale, contour.row, j_, 0, contour.ready, contour.product_re.data(),
                contour.product_im.data()},
        slanted);
  }
  contour.row = j_;
  contour.weighted = 0;
  if (contour.noise_s != s_) {
    contour.noised = 0;
    contour.noise_s = s_;
  }
}

// Brings the first `needed` nodes to this row.
void TailSums::extend(Contour& contour, bool slanted, int needed) {
  double* const re = contour.product_re.data();
  double* const im = contour.product_im.data();
  if (contour.ready < needed) {
    std::fill(re + contour.ready, re + needed, 1.0);
    std::fill(im + contour.ready, im + needed, 0.0);
    run(Advance{p_, contour.scale, 0, j_, contour.ready, needed, re, im}, slanted);
    contour.ready = needed;
  }
  contour.wanted = std::max(contour.wanted, needed);
  if (contour.noised < needed) {
    const double half_square = s_ * s_ * contour.scale * contour.scale / 2;
    run(Noise{half_square, contour.noised, needed, contour.noise_re.data(), contour.noise_im.data()}, slanted);
    contour.noised = needed;
  }
  if (contour.weighted < needed) {
    run(Weigh{s_ > 0 ? 0.0 : no_change_, contour.weighted, needed, re, im, contour.noise_re.data(),
              contour.noise_im.data(), contour.weight_re.data(), contour.weight_im.data()},
        slanted);
    contour.weighted = needed;
  }
}

// The number of nodes to sum at x, all of them brought to this row.
int TailSums::settle(Contour& contour, bool slanted, double x) {
  catch_up(contour, slanted);
  if (slanted) {
    const double c = s_ * s_ / 2 * -std::cos(2 * kSlantedAngle);
    const int needed = nodes_needed(contour, slanted, x * std::cos(kSlantedAngle), c);
    extend(contour, slanted, needed);
    return needed;
  }
  // Upright the sum's length does not depend on x. It ends where the whole transform has fallen: not before a normal
  // law of the same spread would, nor after the noise does.
  const int most = s_ > 0 ? nodes_needed(contour, slanted, 0, s_ * s_ / 2) : kMaxNodes;
  int needed = std::min(most, nodes_needed(contour, slanted, 0, spread_ * spread_ / 2));
  for (;; needed = std::min(most, needed + 2 * lane::kWidth)) {
    extend(contour, slanted, needed);
    const auto end = static_cast<std::size_t>(needed - 1);
    if (needed == most || contour.product_re[end] * contour.noise_re[end] - atom() < kFallen) return needed;
  }
}

// Beside noise that is nothing to a change: no change and the noise exceeds x, or a change upwards.
Tail TailSums::tail_at_atom(double x) const {
  const double z = x / s_;
  const double density = no_change_ / s_ * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  return {half_changed_ + no_change_ * std::erfc(z / std::numbers::sqrt2) / 2, -density, density * z / s_,
          density * (1 - z * z) / (s_ * s_)};
}

Tail TailSums::tail(double x) {
  if (s_ > 0 && s_ < kTinyNoise && x < kTinyNoise && no_change_ > 0.01) return tail_at_atom(x);
  const bool near_normal = no_change_ < (s_ > 0 ? kFallen : kNoAtom) && p_ * static_cast<double>(j_) > kManyChanges;
  const bool slanted = !(x < std::max(kUprightReach * s_, near_normal ? kNearNormalReach * spread_ : 0.0));
  Contour& contour = slanted ? slanted_ : upright_;
  double sums[4];
  const int end = settle(contour, slanted, x);
  run(Sum{x * contour.scale, end, contour.weight_re.data(), contour.weight_im.data(), sums}, slanted);
  static const double kMissed =
      (1 - std::tanh(std::numbers::pi * (std::numbers::pi / 2 - kSlantedAngle) / kSlantedStep)) / 2;
  const double residue = s_ > 0 ? 1.0 : 2 * half_changed_;
  const double a = contour.scale;
  return {sums[0] + residue * (slanted ? kMissed : 0.5), -a * sums[1], a * a * sums[2], -a * a * a * sums[3]};
}

}  // namespace chiliad::forecast
