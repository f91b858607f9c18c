// How long is a fit?
//
//   fit_bench KIND SERIES_FILE CHECK_FILE [google benchmark's options]
//
// KIND: notebook (trend only), additive, multiplicative (yearly + weekly), defaults. Writes id,log_posterior,residual
// of every series to CHECK_FILE before the clock counts, so that the caller can hold them against Prophet's. Then
// measures
//
//   alone   one series after the other, dates and options prepared anew for each: prepare_rows + Calendar::make + fit
//   fleet   all series through one Calendar, the time to make it included; "series" says how many
//
// Expected here: DESIGN's budgets are 50 us for notebook, 150 us for additive, 50 us in a fleet, 1.5 ms for defaults on
// 2,905 rows. Run by bench/fit.py: ./run bench fit

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "series_file.h"

namespace {

using namespace chiliad;

void write_check(const std::vector<bench::Series>& all, const forecast::ProphetOptions& options, const char* path) {
  std::FILE* file = std::fopen(path, "w");
  if (file == nullptr) bench::stop(std::string(path) + ": cannot be written");
  for (const auto& series : all) {
    forecast::FitReport report;
    bench::value_or_stop(forecast::fit(series.history(), options, forecast::KeepHistory::kYes, &report));
    std::fprintf(file, "%s,%.17g,%.3g\n", series.id.c_str(), report.log_posterior, report.optimality_residual);
  }
  std::fclose(file);
}

void fit_alone(benchmark::State& state, const std::vector<bench::Series>& all,
               const forecast::ProphetOptions& options) {
  std::size_t next = 0;
  for (auto _ : state) {
    auto model = forecast::fit(all[next].history(), options);
    benchmark::DoNotOptimize(model);
    next = next + 1 == all.size() ? 0 : next + 1;
  }
}

void fit_fleet(benchmark::State& state, const std::vector<bench::Series>& all,
               const forecast::ProphetOptions& options) {
  for (auto _ : state) {
    const auto calendar = bench::value_or_stop(forecast::Calendar::make(all[0].ds, options));
    for (const auto& series : all) {
      const auto rows = bench::value_or_stop(forecast::prepare_rows(series.history()));
      auto model = forecast::fit(calendar, rows);
      benchmark::DoNotOptimize(model);
    }
  }
  state.counters["series"] = static_cast<double>(all.size());
}

}  // namespace

int main(int argc, char** argv) {
  // A process that trains a fleet has freed a larger block than a fit's, after which glibc keeps as much at hand. This
  // one has not: half of a multiplicative fit would be memory given back to the kernel and faulted in again.
  void* volatile block = std::malloc(16 << 20);
  std::free(block);
  benchmark::Initialize(&argc, argv);
  if (argc != 4) bench::stop("fit_bench KIND SERIES_FILE CHECK_FILE [options of Google Benchmark]");
  const auto options = bench::options_named(argv[1]);
  const auto all = bench::read_series(argv[2]);
  write_check(all, options, argv[3]);
  benchmark::RegisterBenchmark("alone", [&](benchmark::State& state) { fit_alone(state, all, options); });
  bool one_calendar = all.size() > 1;
  for (const auto& series : all) one_calendar = one_calendar && series.ds == all[0].ds;
  if (one_calendar)
    benchmark::RegisterBenchmark("fleet", [&](benchmark::State& state) { fit_fleet(state, all, options); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
