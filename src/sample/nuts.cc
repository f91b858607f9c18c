#include "sample/nuts.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "sample/adaptation.h"
#include "sample/random_stream.h"

namespace chiliad::sample {
namespace {

bool stopped(const NutsOptions& options) { return options.stop != nullptr && options.stop->load(); }

using Vector = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kDivergent = 1000;  // Error of the energy.

double inner(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void add(Vector& to, const Vector& what) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += what[i];
}

Vector sum(Vector a, const Vector& b) {
  add(a, b);
  return a;
}

double log_sum_exp(double a, double b) {
  const double high = std::max(a, b);
  if (high == -kInfinity) return high;
  return high + std::log(std::exp(a - high) + std::exp(b - high));
}

struct Point {
  Vector q, p, gradient;  // Position, momentum, gradient of the log-density.
  double log_density = 0;
};

// Where a piece of a trajectory ends: its momentum, and the velocity there.
struct End {
  Vector p, velocity;
};

// Whether a piece goes on: both its ends move along the sum of its momenta.
bool goes_on(const End& first, const End& last, const Vector& rho) {
  return inner(first.velocity, rho) > 0 && inner(last.velocity, rho) > 0;
}

class Sampler {
 public:
  Sampler(const LogDensity& density, std::span<const double> start, const NutsOptions& options, std::uint32_t number)
      : density_(density), options_(options), random_(options.seed, number), variance_(start.size(), 1.0) {
    now_.q.assign(start.begin(), start.end());
    now_.p.assign(start.size(), 0.0);
    now_.gradient.assign(start.size(), 0.0);
    evaluate(now_);
  }

  Chain run();

 private:
  // A subtree's outcome, from its first leaf to its last in the direction of time in which it was built.
  struct Tree {
    Point proposal;
    End first, last;
    Vector rho;
    double log_weight = -kInfinity;
    bool valid = true;
  };

  void evaluate(Point& point) {
    point.log_density = density_(point.q, point.gradient);
    ++gradients_;
    if (!std::isfinite(point.log_density)) point.log_density = -kInfinity;
  }
  double energy(const Point& point) const;
  void draw_momentum(Point& point);
  End end_of(const Point& point) const;
  void leap(Point& point, double step);
  void find_step_size();
  double step();  // One draw; the mean acceptance along its trajectory.
  Tree grow(Point& edge, int depth, double direction);
  Tree leaf(Point& edge, double direction);

  const LogDensity& density_;
  const NutsOptions& options_;
  RandomStream random_;
  Vector variance_;  // The inverse metric.
  double step_size_ = 1;
  Point now_;
  std::int64_t gradients_ = 0;

  // Of the present trajectory.
  double energy_at_start_ = 0;
  double acceptance_sum_ = 0;
  int leaves_ = 0;
  int depth_ = 0;
  bool divergent_ = false;
};

double Sampler::energy(const Point& point) const {
  double kinetic = 0;
  for (std::size_t i = 0; i < point.p.size(); ++i) kinetic += point.p[i] * point.p[i] * variance_[i];
  const double energy = 0.5 * kinetic - point.log_density;
  return std::isnan(energy) ? kInfinity : energy;
}

void Sampler::draw_momentum(Point& point) {
  for (std::size_t i = 0; i < point.p.size(); ++i) point.p[i] = random_.normal() / std::sqrt(variance_[i]);
}

End Sampler::end_of(const Point& point) const {
  End end{point.p, point.p};
  for (std::size_t i = 0; i < variance_.size(); ++i) end.velocity[i] *= variance_[i];
  return end;
}

void Sampler::leap(Point& point, double step) {
  for (std::size_t i = 0; i < point.p.size(); ++i) {
    point.p[i] += 0.5 * step * point.gradient[i];
    point.q[i] += step * variance_[i] * point.p[i];
  }
  evaluate(point);
  for (std::size_t i = 0; i < point.p.size(); ++i) point.p[i] += 0.5 * step * point.gradient[i];
}

// Doubles or halves the step size until one step's acceptance crosses 0.8.
void Sampler::find_step_size() {
  const double limit = std::log(0.8);
  int direction = 0;
  while (step_size_ > 1e-300 && step_size_ < 1e7) {
    Point point = now_;
    draw_momentum(point);
    const double before = energy(point);
    leap(point, step_size_);
    const bool accepted = before - energy(point) > limit;
    if (direction == 0) {
      direction = accepted ? 1 : -1;
    } else if (accepted != (direction == 1)) {
      return;
    }
    step_size_ *= direction == 1 ? 2 : 0.5;
  }
}

Sampler::Tree Sampler::leaf(Point& edge, double direction) {
  leap(edge, direction * step_size_);
  const double error = energy(edge) - energy_at_start_;
  ++leaves_;
  acceptance_sum_ += error < 0 ? 1 : std::exp(-error);
  Tree tree{edge, end_of(edge), {}, edge.p, -error, !(error > kDivergent)};
  tree.last = tree.first;
  divergent_ = divergent_ || !tree.valid;
  return tree;
}

// 2^depth steps on from `edge`, which becomes their end; fewer when they turn back or diverge.
Sampler::Tree Sampler::grow(Point& edge, int depth, double direction) {
  if (depth == 0) return leaf(edge, direction);
  Tree first = grow(edge, depth - 1, direction);
  if (!first.valid) return first;
  Tree second = grow(edge, depth - 1, direction);
  if (!second.valid) return second;
  const double log_weight = log_sum_exp(first.log_weight, second.log_weight);
  const bool take = random_.uniform() < std::exp(second.log_weight - log_weight);
  Tree whole{take ? std::move(second.proposal) : std::move(first.proposal),
             first.first,
             second.last,
             sum(first.rho, second.rho),
             log_weight,
             true};
  whole.valid = goes_on(whole.first, whole.last, whole.rho) &&
                goes_on(first.first, second.first, sum(first.rho, second.first.p)) &&
                goes_on(first.last, second.last, sum(second.rho, first.last.p));
  return whole;
}

double Sampler::step() {
  draw_momentum(now_);
  energy_at_start_ = energy(now_);
  acceptance_sum_ = 0;
  leaves_ = depth_ = 0;
  divergent_ = false;
  Point front = now_, back = now_;
  // Times run from `back` to `front`. A piece that was built backwards has its ends the other way round.
  End oldest = end_of(now_), newest = oldest;
  Vector rho = now_.p;
  double log_weight = 0;
  while (depth_ < options_.max_tree_depth) {
    const bool forward = random_.uniform() > 0.5;
    Tree tree = grow(forward ? front : back, depth_, forward ? 1 : -1);
    if (!tree.valid) break;
    ++depth_;
    if (random_.uniform() < std::exp(tree.log_weight - log_weight)) now_ = std::move(tree.proposal);
    log_weight = log_sum_exp(log_weight, tree.log_weight);
    const Vector whole = sum(rho, tree.rho);
    // The old piece touches the new one's first leaf with its newest or its oldest end.
    const End& touching = forward ? newest : oldest;
    const End& far = forward ? oldest : newest;
    const bool going = goes_on(far, tree.last, whole) && goes_on(far, tree.first, sum(rho, tree.first.p)) &&
                       goes_on(touching, tree.last, sum(tree.rho, touching.p));
    rho = whole;
    (forward ? newest : oldest) = std::move(tree.last);
    if (!going) break;
  }
  return leaves_ > 0 ? acceptance_sum_ / leaves_ : 0;
}

Chain Sampler::run() {
  Chain chain;
  StepSizeAdaptation step_size(options_.acceptance);
  MetricAdaptation metric(variance_.size(), options_.warmup);
  if (options_.warmup > 0) {
    find_step_size();
    step_size.restart(step_size_);
  }
  for (int i = 0; i < options_.warmup && !stopped(options_); ++i) {
    step_size_ = step_size.learn(step());
    if (!metric.learn(now_.q, variance_)) continue;
    find_step_size();
    step_size.restart(step_size_);
  }
  if (options_.warmup > 0) step_size_ = step_size.settled();
  for (int i = 0; i < options_.draws && !stopped(options_); ++i) {
    step();
    chain.draws.insert(chain.draws.end(), now_.q.begin(), now_.q.end());
    chain.log_density.push_back(now_.log_density);
    chain.tree_depth.push_back(depth_);
    chain.divergent += divergent_;
  }
  chain.gradients = gradients_;
  chain.step_size = step_size_;
  chain.variance = std::move(variance_);
  return chain;
}

Result<Done> check(const LogDensity& density, std::span<const double> start, const NutsOptions& options) {
  const auto invalid = [](const char* message) { return Error{ErrorCode::kInvalid, message}; };
  if (options.chains < 1 || options.warmup < 0 || options.draws < 1 || options.threads < 1)
    return invalid("sampling: expected at least one chain, draw and thread, and no negative warm-up");
  if (!(options.acceptance > 0 && options.acceptance < 1)) return invalid("sampling: acceptance must be in (0, 1)");
  if (options.max_tree_depth < 1 || options.max_tree_depth > 20)
    return invalid("sampling: max_tree_depth must be in [1, 20]");
  if (start.empty()) return invalid("sampling: nothing to sample");
  std::vector<double> gradient(start.size());
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (!is_finite(density(start, gradient)) || !std::ranges::all_of(gradient, is_finite))
    return invalid("sampling: the density is not finite at the start");
  return Done{};
}

}  // namespace

Result<std::vector<Chain>> sample(const LogDensity& density, std::span<const double> start,
                                  const NutsOptions& options) {
  if (Result<Done> checked = check(density, start, options); !checked) return std::move(checked).error();
  std::vector<Chain> chains(static_cast<std::size_t>(options.chains));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < chains.size(); i = next++)
      chains[i] = Sampler(density, start, options, static_cast<std::uint32_t>(i)).run();
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < std::min(options.threads, options.chains); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (stopped(options)) return Error{ErrorCode::kDeadline, "sampling was stopped"};
  return chains;
}

}  // namespace chiliad::sample
