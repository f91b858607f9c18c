#include "serve/metrics.h"

#include "base/json_writer.h"
#include "base/number.h"

namespace chiliad::serve {
namespace {

constexpr std::size_t kTopModels = 20;

// Which of `slots` this thread counts in.
std::size_t slot_of_thread(std::size_t slots) {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine % slots;
}

void header(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP chiliad_").append(name).append(" ").append(help).append("\n# TYPE chiliad_");
  out.append(name).append(" ").append(type).append("\n");
}

void sample(std::string& out, std::string_view name, double value) {
  out.append("chiliad_").append(name).append(" ");
  if (value == static_cast<double>(static_cast<std::int64_t>(value))) {
    append_integer(out, static_cast<std::int64_t>(value));
  } else {
    append_repr(out, value);
  }
  out += '\n';
}

void counter(std::string& out, std::string_view name, std::string_view help, std::uint64_t value) {
  header(out, name, "counter", help);
  sample(out, name, static_cast<double>(value));
}

void gauge(std::string& out, std::string_view name, std::string_view help, double value) {
  header(out, name, "gauge", help);
  sample(out, name, value);
}

// Sum and number of times: a summary without quantiles.
void times(std::string& out, std::string_view name, std::string_view help, std::uint64_t sum_us, std::uint64_t count) {
  header(out, name, "summary", help);
  sample(out, std::string(name) + "_sum", static_cast<double>(sum_us) / 1e6);
  sample(out, std::string(name) + "_count", static_cast<double>(count));
}

// A label's value: backslash, quote and line feed escaped, bytes that are no UTF-8 replaced.
void append_label_value(std::string& out, std::string_view value) {
  std::string json;
  append_json_string(json, value);
  // JSON's escapes of those three are the format's own. Others (control characters) cannot stand in a model's name.
  out += json;
}

void top(std::string& out, std::string_view name, std::string_view help, const std::vector<TopList::Counted>& list) {
  header(out, name, "gauge", help);
  std::size_t shown = 0;
  for (const TopList::Counted& counted : list) {
    if (shown++ == kTopModels) break;
    out.append("chiliad_").append(name).append("{model=");
    append_label_value(out, counted.name);
    out += "} ";
    append_integer(out, static_cast<std::int64_t>(counted.count));
    out += '\n';
  }
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void append_cache(std::string& out, const ModelCache::Counters& c) {
  counter(out, "ModelCacheHit", "Requests whose model was in memory.", c.cache_hits);
  counter(out, "ModelCacheMiss", "Requests whose model had to be loaded.", c.cache_misses);
  gauge(out, "LoadedModelCount", "Models in memory.", static_cast<double>(c.loaded_models));
  times(out, "ModelLoadingWaitTime", "Seconds that requests waited for a model to be loaded.", c.wait_us, c.waits);
  times(out, "ModelDownloadingTime", "Seconds to fetch models from the store.", c.downloading_us, c.fetches);
  times(out, "ModelLoadingTime", "Seconds to make models from their stored bytes.", c.loading_us,
        c.loads + c.failed_loads);
  times(out, "ModelUnloadingTime", "Seconds to drop models from memory.", c.unloading_us, c.unloads);
  counter(out, "ModelLoads", "Models loaded.", c.loads);
  counter(out, "ModelLoadFailures", "Loads that failed.", c.failed_loads);
  counter(out, "ModelLoadsRefused", "Requests refused because too many models were waiting to be loaded.",
          c.refused_loads);
  gauge(out, "ModelLoadsWaiting", "Models waiting for a load thread.", static_cast<double>(c.waiting_loads));
  counter(out, "DiskTierHit", "Loads from the disk tier.", c.disk_hits);
  counter(out, "DiskTierRefused", "Fetched models that the disk tier could not hold.", c.not_kept_on_disk);
  gauge(out, "memory_bytes", "Bytes charged to the memory budget.", static_cast<double>(c.memory_bytes));
  gauge(out, "memory_budget_bytes", "The memory budget.", static_cast<double>(c.memory_budget_bytes));
  gauge(out, "MemoryUtilization", "Share of the memory budget in use, 0 to 1.",
        share(c.memory_bytes, c.memory_budget_bytes));
  gauge(out, "disk_bytes", "Bytes charged to the disk budget.", static_cast<double>(c.disk_bytes));
  gauge(out, "disk_budget_bytes", "The disk budget.", static_cast<double>(c.disk_budget_bytes));
  gauge(out, "DiskUtilization", "Share of the disk budget in use, 0 to 1.", share(c.disk_bytes, c.disk_budget_bytes));
}

}  // namespace

void TimeHistogram::add(std::chrono::nanoseconds time) {
  const std::int64_t ns = time.count();
  std::size_t bucket = 0;
  while (bucket < kBoundsUs.size() && ns > kBoundsUs[bucket] * 1000) ++bucket;
  Slot& slot = slots_[slot_of_thread(slots_.size())];
  slot.counts[bucket].fetch_add(1, std::memory_order_relaxed);
  slot.sum_ns.fetch_add(static_cast<std::uint64_t>(ns), std::memory_order_relaxed);
}

void TimeHistogram::append(std::string& out, std::string_view name, std::string_view help) const {
  header(out, name, "histogram", help);
  std::uint64_t below = 0;
  double sum = 0;
  for (const Slot& slot : slots_) sum += static_cast<double>(slot.sum_ns.load(std::memory_order_relaxed)) / 1e9;
  for (std::size_t i = 0; i <= kBoundsUs.size(); ++i) {
    for (const Slot& slot : slots_) below += slot.counts[i].load(std::memory_order_relaxed);
    out.append("chiliad_").append(name).append("_bucket{le=\"");
    if (i < kBoundsUs.size()) {
      append_repr(out, static_cast<double>(kBoundsUs[i]) / 1e6);
    } else {
      out += "+Inf";
    }
    out += "\"} ";
    append_integer(out, static_cast<std::int64_t>(below));
    out += '\n';
  }
  sample(out, std::string(name) + "_sum", sum);
  sample(out, std::string(name) + "_count", static_cast<double>(below));
}

void Metrics::count_invocation(int status) {
  Slot& slot = slots_[slot_of_thread(slots_.size())];
  slot.invocations.fetch_add(1, std::memory_order_relaxed);
  if (status >= 500) {
    slot.errors_5xx.fetch_add(1, std::memory_order_relaxed);
  } else if (status >= 400) {
    slot.errors_4xx.fetch_add(1, std::memory_order_relaxed);
  }
}

std::string Metrics::text(const ModelCache& cache, const net::HttpServer::Counters& http) const {
  const auto sum = [this](Count Slot::*member) {
    std::uint64_t all = 0;
    for (const Slot& slot : slots_) all += (slot.*member).load(std::memory_order_relaxed);
    return all;
  };
  std::string out;
  counter(out, "Invocations", "Requests for a forecast, of whatever end.", sum(&Slot::invocations));
  counter(out, "Invocation4XXErrors", "Requests for a forecast answered 4xx.", sum(&Slot::errors_4xx));
  counter(out, "Invocation5XXErrors", "Requests for a forecast answered 5xx.", sum(&Slot::errors_5xx));
  model_latency.append(out, "ModelLatency", "Seconds that models took to answer.");
  overhead_latency.append(out, "OverheadLatency",
                          "Seconds of a request besides ModelLatency, waiting for loads included.");
  counter(out, "BatchRequests", "Batch requests.", batch_requests.load(std::memory_order_relaxed));
  counter(out, "BatchInvocations", "Forecasts asked for in batches.",
          batch_invocations.load(std::memory_order_relaxed));
  append_cache(out, cache.counters());
  times(out, "RevalidationTime", "Seconds to compare models in memory with the store.",
        revalidation_us.load(std::memory_order_relaxed), revalidations.load(std::memory_order_relaxed));
  counter(out, "WatchEvents", "Changes seen in the models' folder.", watch_events.load(std::memory_order_relaxed));
  gauge(out, "Connections", "Open connections.", static_cast<double>(http.connections));
  counter(out, "ConnectionsAccepted", "Connections accepted.", http.accepted);
  counter(out, "ConnectionsRefused", "Connections turned away because there were too many.", http.refused_connections);
  counter(out, "ConnectionsNotAccepted", "Times that no connection could be accepted: no descriptors, no memory.",
          http.failed_accepts);
  counter(out, "ConnectionsTimedOut", "Connections closed because a client was too slow.", http.timed_out);
  counter(out, "RequestsRefused", "Requests refused before they were complete.", http.refused_requests);
  top(out, "TopInvocations", "Calls of the models called most, since they were loaded.", cache.most_called(kTopModels));
  top(out, "TopModelLoads", "Loads of the models loaded most.", cache.most_loaded(kTopModels));
  top(out, "TopErrors", "Failed calls of the models that fail most.", failing.counted());
  return out;
}

}  // namespace chiliad::serve
