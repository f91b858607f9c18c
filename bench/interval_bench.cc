// How long do a frame's intervals take?
//
//   interval_bench [google benchmark's options]
//
// Arguments of each: rows, and the law: 0 a year of daily rows (p = 0.07; the slope changes and the noise as in the
// notebook's series), 1 the same with noise a fiftieth of the changes' spread, 2 eight years of daily rows (p =
// 0.0086).
//
//   trend      the quantiles of the trend's own law, 2 probabilities: trend_lower, trend_upper
//   yhat       those with noise
//   both       what a forecast asks for
//   simulated  both, from 1,000 drawn futures
//
// Every result is held against an independent evaluation in long double before the clock counts.
// Expected: 7 rows, both: at most 10 us on one core; 365 rows at most 0.5 us a row and law; simulation some 50 times
// slower.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "forecast/interval.h"
#include "forecast/predictive_law_reference.h"
#include "forecast/simulate.h"

namespace {

using namespace chiliad::forecast;

struct Frame {
  TrendLaw law;
  double sigma = 0;
  std::vector<std::int64_t> steps;
  std::vector<double> probabilities = {0.1, 0.9};

  explicit Frame(const benchmark::State& state) {
    for (std::int64_t j = 1; j <= state.range(0); ++j) steps.push_back(j);
    const double step = state.range(1) == 2 ? 1.0 / 2904 : 1.0 / 357;
    law = {25 * step, step * 0.03};
    sigma = 0.08;
    if (state.range(1) == 1) sigma = law.unit * reference::spread(state.range(0), law.change_probability) / 50;
  }

  std::size_t size() const { return steps.size() * probabilities.size(); }

  void check(double noise) const {
    std::vector<double> out(size());
    future_quantiles(law, steps, {}, noise, probabilities, out);
    for (std::size_t r = 0; r < steps.size(); r += 1 + steps.size() / 5) {
      const double x = out[2 * r + 1] / law.unit;
      if (x == 0) continue;
      const auto tail = reference::tail_by_other_contour(steps[r], law.change_probability, noise / law.unit, x);
      if (std::abs(static_cast<double>(tail) - 0.1) > 1e-6 || out[2 * r] != -out[2 * r + 1]) {
        std::fprintf(stderr, "interval_bench: row %zu: P(X > x) is %Lg, not 0.1\n", r, tail);
        std::exit(1);
      }
    }
  }
};

void run(benchmark::State& state, bool trend, bool yhat) {
  const Frame frame(state);
  if (trend) frame.check(0);
  if (yhat) frame.check(frame.sigma);
  std::vector<double> out(frame.size());
  for (auto _ : state) {
    if (trend) future_quantiles(frame.law, frame.steps, {}, 0, frame.probabilities, out);
    benchmark::DoNotOptimize(out.data());
    if (yhat) future_quantiles(frame.law, frame.steps, {}, frame.sigma, frame.probabilities, out);
    benchmark::DoNotOptimize(out.data());
  }
}

void trend(benchmark::State& state) { run(state, true, false); }
void yhat(benchmark::State& state) { run(state, false, true); }
void both(benchmark::State& state) { run(state, true, true); }

void simulated(benchmark::State& state) {
  const Frame frame(state);
  std::vector<double> trend_out(frame.size());
  std::vector<double> yhat_out(frame.size());
  for (auto _ : state) {
    const Sampling sampling{1000, 1};
    const auto paths = linear_paths(frame.law, frame.steps, sampling);
    simulate_quantiles(*paths, {frame.steps, {}, frame.sigma}, sampling, frame.probabilities, trend_out, yhat_out);
    benchmark::DoNotOptimize(yhat_out.data());
  }
}

BENCHMARK(trend)->ArgsProduct({{1, 7, 30, 365}, {0}});
BENCHMARK(yhat)->ArgsProduct({{1, 7, 30, 365}, {0, 1}});
BENCHMARK(both)->ArgsProduct({{1, 7, 30, 365, 3000}, {0, 1, 2}});
BENCHMARK(simulated)->ArgsProduct({{7, 365}, {0}});

}  // namespace

BENCHMARK_MAIN();
