// How long is a refresh from statistics, and how long a fit of the same rows with the same things held?
//
//   refresh_bench SERIES_FILE NEW_ROWS [google benchmark's options]
//
// The last NEW_ROWS rows of each series are the new ones. Before the clock counts, every series' refreshed forecast is
// held against the fit's: within 1e-8 of y_scale on all its rows. Then measures, a series,
//
//   refresh     forecast::refresh() of a model with its statistics, without history
//   held        prepare_rows + Calendar::make + fit of all rows, changepoints and seasonalities given
//   held_fleet  the same through one Calendar where all series have the same dates
//
// Run by bench/refresh.py: ./run bench refresh

#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "forecast/refresh.h"
#include "series_file.h"

namespace {

using namespace chiliad;

struct Subject {
  const bench::Series* all;
  forecast::FittedModel model;       // Of the rows before the new ones, with statistics.
  forecast::ProphetOptions options;  // What a refresh holds, given.
  std::size_t new_rows;

  forecast::History new_history() const {
    return {std::span(all->ds).last(new_rows), std::span(all->y).last(new_rows)};
  }
};

Subject subject_of(const bench::Series& series, std::size_t new_rows) {
  const std::size_t before = series.ds.size() - new_rows;
  forecast::FitOptions how(forecast::KeepHistory::kYes);
  how.keep_statistics = true;
  forecast::FittedModel first = bench::value_or_stop(
      forecast::fit({std::span(series.ds).first(before), std::span(series.y).first(before)}, {}, how));
  forecast::FittedState state = first.state();
  forecast::ProphetOptions options = state.options;
  options.changepoints = state.history->changepoints;
  options.seasonalities = state.seasonalities;
  options.yearly_seasonality.kind = options.weekly_seasonality.kind = options.daily_seasonality.kind =
      forecast::SeasonalityChoice::Kind::kOff;
  state.history = nullptr;
  return {&series, bench::value_or_stop(forecast::FittedModel::from_state(std::move(state))), options, new_rows};
}

forecast::FittedModel refreshed(const Subject& subject) {
  auto done = bench::value_or_stop(forecast::refresh(subject.model, subject.new_history(), forecast::KeepHistory::kNo));
  if (!done.model) bench::stop(subject.all->id + ": " + done.reason);
  return *std::move(done.model);
}

void check(const Subject& subject) {
  const auto cold =
      bench::value_or_stop(forecast::fit(subject.all->history(), subject.options, forecast::KeepHistory::kNo));
  const auto left = bench::value_or_stop(refreshed(subject).predict(subject.all->ds));
  const auto right = bench::value_or_stop(cold.predict(subject.all->ds));
  for (std::size_t i = 0; i < left.rows(); ++i) {
    if (!(std::fabs(left.column("yhat")[i] - right.column("yhat")[i]) <= 1e-8 * cold.state().y_scale))
      bench::stop(subject.all->id + ": the refreshed forecast is not the fit's");
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 3) bench::stop("refresh_bench SERIES_FILE NEW_ROWS [options of Google Benchmark]");
  const auto all = bench::read_series(argv[1]);
  const auto new_rows = static_cast<std::size_t>(std::stoul(argv[2]));
  std::vector<Subject> subjects;
  for (const auto& series : all) subjects.push_back(subject_of(series, new_rows));
  for (const Subject& subject : subjects) check(subject);
  std::size_t next = 0;
  const auto turn = [&]() -> const Subject& { return subjects[next++ % subjects.size()]; };
  benchmark::RegisterBenchmark("refresh", [&](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(refreshed(turn()));
  });
  benchmark::RegisterBenchmark("held", [&](benchmark::State& state) {
    for (auto _ : state) {
      const Subject& subject = turn();
      benchmark::DoNotOptimize(forecast::fit(subject.all->history(), subject.options, forecast::KeepHistory::kNo));
    }
  });
  bool one_calendar = all.size() > 1;
  for (const auto& series : all) one_calendar = one_calendar && series.ds == all[0].ds;
  if (one_calendar) {
    benchmark::RegisterBenchmark("held_fleet", [&](benchmark::State& state) {
      const auto calendar = bench::value_or_stop(forecast::Calendar::make(all[0].ds, subjects[0].options));
      for (auto _ : state) {
        const auto rows = bench::value_or_stop(forecast::prepare_rows(turn().all->history()));
        benchmark::DoNotOptimize(forecast::fit(calendar, rows, forecast::KeepHistory::kNo));
      }
    });
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
