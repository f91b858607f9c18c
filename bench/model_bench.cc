// What do the steps beside the fit cost: stored form, archive, loading, a forecast of 7 rows?
//
//   model_bench SERIES_FILE [google benchmark's options]
//
// On the trend-only models of all series in the file, one after the other, so that no step works on data that the
// previous round left in the first-level cache. Before the clock counts each model is stored, read back and asked for
// its forecast, which must be the same bits.
//
// Expected here: DESIGN's budgets are 250 us for model.json with history + tar.gz, 250 us for loading, 20 us for a
// forecast of a frame never seen and 4 us for one seen before, 4 kB for a resident model.
// Run by bench/model.py: ./run bench model

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "forecast/stored_form.h"
#include "series_file.h"

namespace {

using namespace chiliad;

struct Subject {
  forecast::FittedModel fitted;
  std::string json;
  std::string archive;
  forecast::FittedModel resident;  // Read back without its rows, as a server holds it.
  std::vector<Instant> week;       // The 7 days after its history.
  forecast::IntervalOffsets seen;
};

std::string pack(const std::string& json) {
  return bench::value_or_stop(archive::write_tar_gz({{"model.json", json}}));
}

forecast::FittedModel load(const std::string& bytes) {
  const auto json = bench::value_or_stop(archive::read_member(bytes, "model.json"));
  return bench::value_or_stop(forecast::model_from_json(json, forecast::KeepHistory::kNo));
}

bool same_bits(const forecast::Forecast& a, const forecast::Forecast& b) {
  bool same = a.names() == b.names() && a.rows() == b.rows();
  for (std::size_t i = 0; same && i < a.names().size(); ++i) same = std::ranges::equal(a.column(i), b.column(i));
  return same;
}

std::vector<Subject> make_subjects(const std::vector<bench::Series>& all) {
  std::vector<Subject> subjects;
  for (const auto& series : all) {
    auto fitted = bench::value_or_stop(forecast::fit(series.history(), bench::options_named("notebook")));
    auto json = forecast::model_to_json(fitted);
    auto bytes = pack(json);
    auto resident = load(bytes);
    std::vector<Instant> week;
    for (int day = 1; day <= 7; ++day) week.push_back(series.ds.back() + std::chrono::hours(24 * day));
    subjects.push_back(
        {std::move(fitted), std::move(json), std::move(bytes), std::move(resident), std::move(week), {}});
    auto& subject = subjects.back();
    const auto expected = bench::value_or_stop(subject.fitted.predict(subject.week));
    const auto first = bench::value_or_stop(subject.resident.predict(subject.week, {}, &subject.seen));
    const auto again = bench::value_or_stop(subject.resident.predict(subject.week, {}, &subject.seen));
    if (!same_bits(expected, first) || !same_bits(expected, again))
      bench::stop("series " + series.id + ": the model that was read back forecasts something else");
  }
  return subjects;
}

// Runs `step` on the subjects in turn, one an iteration.
template <class Step>
void measure(const char* name, std::vector<Subject>& subjects, Step step) {
  benchmark::RegisterBenchmark(name, [&subjects, step](benchmark::State& state) {
    std::size_t next = 0;
    for (auto _ : state) {
      auto result = step(subjects[next]);
      benchmark::DoNotOptimize(result);
      next = next + 1 == subjects.size() ? 0 : next + 1;
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) bench::stop("model_bench SERIES_FILE [options of Google Benchmark]");
  auto subjects = make_subjects(bench::read_series(argv[1]));
  measure("model_to_json", subjects, [](Subject& subject) { return forecast::model_to_json(subject.fitted); });
  measure("write_tar_gz", subjects, [](Subject& subject) { return pack(subject.json); });
  measure("read_member", subjects,
          [](Subject& subject) { return bench::value_or_stop(archive::read_member(subject.archive, "model.json")); });
  measure("load", subjects, [](Subject& subject) { return load(subject.archive); });
  measure("forecast_new_frame", subjects,
          [](Subject& subject) { return bench::value_or_stop(subject.resident.predict(subject.week)); });
  measure("forecast_seen_frame", subjects, [](Subject& subject) {
    return bench::value_or_stop(subject.resident.predict(subject.week, {}, &subject.seen));
  });
  std::uint64_t largest = 0;
  for (const auto& subject : subjects) largest = std::max(largest, subject.resident.memory_bytes());
  benchmark::AddCustomContext("resident_model_bytes", std::to_string(largest));
  benchmark::AddCustomContext("archive_bytes", std::to_string(subjects[0].archive.size()));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
