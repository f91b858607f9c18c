// What the server counts, and the text of GET /metrics (Prometheus exposition format 0.0.4).
//
// Names are SageMaker's behind "chiliad_"; the table is in doc/serving.md. Written by hand: the whole text is one
// function here, the counters sit beside what they count, and what varies in number (models) never becomes a label but
// for the top lists, which are bounded.
//
// Source: Amazon SageMaker developer guide, "Monitor SageMaker with CloudWatch"; Prometheus, "Exposition formats".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "net/http_server.h"
#include "serve/model_cache.h"
#include "serve/top_list.h"

namespace chiliad::serve {

// A distribution of times in fixed buckets, 5 us to 10 s. Spread over a few cache lines so that threads do not meet.
class TimeHistogram {
 public:
  void add(std::chrono::nanoseconds time);
  // "<name>_bucket{le=...}" and so on, in seconds.
  void append(std::string& out, std::string_view name, std::string_view help) const;

 private:
  static constexpr std::array<std::int64_t, 20> kBoundsUs = {
      5,      10,     20,     50,      100,     200,     500,       1'000,     2'000,     5'000,
      10'000, 20'000, 50'000, 100'000, 200'000, 500'000, 1'000'000, 2'000'000, 5'000'000, 10'000'000};
  struct alignas(64) Slot {
    std::array<std::atomic<std::uint64_t>, kBoundsUs.size() + 1> counts{};
    std::atomic<std::uint64_t> sum_ns{0};
  };
  std::array<Slot, 8> slots_;
};

class Metrics {
 public:
  using Count = std::atomic<std::uint64_t>;

  // One invocation that was answered with this status.
  void count_invocation(int status);

  TimeHistogram model_latency;     // The model's own work: dates, forecast, text.
  TimeHistogram overhead_latency;  // The rest, from the request's last byte to its answer: parsing, waiting for loads.
  Count batch_requests{0};
  Count batch_invocations{0};
  Count revalidations{0};
  Count revalidation_us{0};
  Count watch_events{0};
  TopList failing;  // Models whose calls were answered 4xx or 5xx.

  std::string text(const ModelCache& cache, const net::HttpServer::Counters& http) const;

 private:
  struct alignas(64) Slot {
    Count invocations{0};
    Count errors_4xx{0};
    Count errors_5xx{0};
  };
  std::array<Slot, 8> slots_;
};

}  // namespace chiliad::serve
