#include "hosting/reporter.h"

#include <array>
#include <map>
#include <set>
#include <tuple>

namespace chiliad::hosting {
namespace {

constexpr std::string_view kCalls = "AWS/SageMaker";
constexpr std::string_view kInstances = "/aws/sagemaker/Endpoints";
constexpr std::string_view kMicroseconds = "Microseconds";
constexpr std::string_view kNone = "None";

// The dimensions of one variant, for one series after the other.
class Series {
 public:
  Series(watch::MetricSink& sink, std::string_view endpoint, std::string_view variant)
      : sink_(sink), dimensions_{{{"EndpointName", endpoint}, {"VariantName", variant}}} {}

  void put(std::string_view name, std::string_view unit, const Distribution& values) {
    if (values.count == 0) return;
    watch::MetricDatum datum = start(kCalls, name, unit);
    datum.statistics = {static_cast<double>(values.count), values.sum, values.min, values.max};
    sink_.put(datum);
  }
  // `ones` of `all` calls counted 1, the others 0.
  void put_share(std::string_view name, std::uint64_t ones, std::uint64_t all) {
    if (all == 0) return;
    watch::MetricDatum datum = start(kCalls, name, kNone);
    datum.statistics = {static_cast<double>(all), static_cast<double>(ones), ones == all ? 1.0 : 0.0,
                        ones > 0 ? 1.0 : 0.0};
    sink_.put(datum);
  }
  void put_gauge(std::string_view name, double value) {
    watch::MetricDatum datum = start(kInstances, name, kNone);
    datum.value = value;
    sink_.put(datum);
  }

 private:
  watch::MetricDatum start(std::string_view name_space, std::string_view name, std::string_view unit) const {
    watch::MetricDatum datum;
    datum.name_space = name_space;
    datum.name = name;
    datum.dimensions = dimensions_;
    datum.unit = unit;
    return datum;
  }

  watch::MetricSink& sink_;
  const std::array<watch::Dimension, 2> dimensions_;
};

}  // namespace

std::shared_ptr<VariantTally> Reporter::add(std::string endpoint, std::string variant,
                                            std::shared_ptr<LoadTally> loads) {
  auto tally = std::make_shared<VariantTally>();
  const MutexLock lock(mutex_);
  reported_.push_back(Reported{std::move(endpoint), std::move(variant), tally, std::move(loads)});
  return tally;
}

void Reporter::report() {
  const MutexLock one(reporting_);
  std::vector<Reported> all;
  {
    const MutexLock lock(mutex_);
    all = reported_;
    // Known here and in the copy alone: counted to its end.
    std::erase_if(reported_, [](const Reported& reported) { return reported.tally.use_count() <= 2; });
  }
  std::map<LoadTally*, LoadFigures> taken;
  std::set<std::tuple<LoadTally*, std::string_view, std::string_view>> told;
  for (const Reported& reported : all) {
    report_calls(reported, reported.tally->take());
    LoadTally* const loads = reported.loads.get();
    if (loads == nullptr) continue;
    if (!taken.contains(loads)) taken.emplace(loads, loads->take());
    // A variant before and after an update: the same loads.
    if (told.emplace(loads, reported.endpoint, reported.variant).second) report_loads(reported, taken[loads]);
  }
}

void Reporter::report_calls(const Reported& reported, const VariantTally::Sums& sums) {
  Series series(sink_, reported.endpoint, reported.variant);
  series.put_share("Invocations", sums.invocations, sums.invocations);
  series.put_share("Invocation4XXErrors", sums.errors_4xx, sums.invocations);
  series.put_share("Invocation5XXErrors", sums.errors_5xx, sums.invocations);
  series.put_share("InvocationModelErrors", sums.model_errors, sums.invocations);
  series.put_share("ModelCacheHit", sums.cache_hits, sums.cache_asked);
  series.put("ModelLatency", kMicroseconds, sums.model_latency);
  series.put("OverheadLatency", kMicroseconds, sums.overhead_latency);
  series.put("ModelLoadingWaitTime", kMicroseconds, sums.loading_wait);
}

void Reporter::report_loads(const Reported& reported, const LoadFigures& figures) {
  Series series(sink_, reported.endpoint, reported.variant);
  series.put("ModelDownloadingTime", kMicroseconds, figures.downloading);
  series.put("ModelLoadingTime", kMicroseconds, figures.loading);
  series.put("ModelUnloadingTime", kMicroseconds, figures.unloading);
  series.put_gauge("LoadedModelCount",
                   static_cast<double>(reported.loads->models_in_memory.load(std::memory_order_relaxed)));
}

}  // namespace chiliad::hosting
