// MetricSink: where measurements go that CloudWatch's metric calls answer from.
//
//   const Dimension of[] = {{"EndpointName", "e"}, {"VariantName", "AllTraffic"}};
//   sink.put({.name_space = "AWS/SageMaker", .name = "ModelLatency", .dimensions = of, .unit = "Microseconds",
//             .value = 420, .time = now_in_milliseconds()});
//
// A series is a namespace, a name, a set of dimensions and a unit; values of one minute are kept as a statistic set and
// a sketch of their distribution. doc/watch.md lists the names that chiliad itself writes.
//
// Promises (of MetricStore): memory is bounded; put() does not touch the disk, takes one of several short locks, about
// a quarter of a microsecond, and neither throws nor fails: values of a series beyond the most that are kept, not
// finite ones and names over CloudWatch's limits are counted and dropped.
//
// Source: CloudWatch, PutMetricData. Thread safety: safe from any thread.

#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "watch/log_sink.h"

namespace chiliad::watch {

struct Dimension {
  std::string_view name;
  std::string_view value;
};

// What is left of several values.
struct StatisticSet {
  double count = 0;  // > 0.
  double sum = 0;
  double min = 0;
  double max = 0;
};

struct MetricDatum {
  std::string_view name_space;
  std::string_view name;
  std::span<const Dimension> dimensions{};  // In any order; each name once.
  std::string_view unit = "None";           // CloudWatch's words: "Microseconds", "Count", "Percent", ...
  double value = 0;
  double count = 1;                          // How often `value` was seen, > 0.
  std::optional<StatisticSet> statistics{};  // Instead of `value`.
  Milliseconds time = now_in_milliseconds();
};

class MetricSink {
 public:
  virtual ~MetricSink() = default;
  virtual void put(const MetricDatum& datum) = 0;
};

}  // namespace chiliad::watch
