// What the operations of MetricService share. Included by metric_service.cc, metric_data.cc and nobody else.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service.h"
#include "watch/members.h"
#include "watch/metric_store.h"

namespace chiliad::watch {

struct MetricCall {
  MetricStore& store;
  std::string_view operation;
  const aws::Caller& caller;
  Milliseconds now;
  Members in;

  std::optional<aws::ApiError> refused(std::string_view name_space = {}) const;
};

// "Average", "p99.9": one number of a minute's statistics.
class Statistic {
 public:
  // None: no such statistic.
  static std::optional<Statistic> parse(std::string_view name);
  // None: not known (percentiles of StatisticSets).
  std::optional<double> of(const MinuteStatistics& statistics) const;

 private:
  enum class Kind : std::uint8_t { kCount, kAverage, kSum, kMin, kMax, kPercentile };
  Kind kind_ = Kind::kCount;
  double percent_ = 0;
};

bool is_unit(std::string_view unit);
// Namespace, MetricName and Dimensions of `in`; what is wrong is remembered there.
MetricName metric_of(Members& in);
// Seconds since 1970 as a minute, rounded down or up: of an end, so that the minute that it is in belongs to it.
std::optional<Minute> minute_member(Members& in, std::string_view name, bool up = false);

struct Aggregate {
  Minute time;
  MinuteStatistics statistics;
};
// Minutes added up by periods that start at `from`.
std::vector<Aggregate> aggregate(const MetricSeries& series, Minute from, Minute period);

aws::ApiError metric_error(const Error& error);
aws::ApiError metric_refusal(std::string_view code, std::string message);

aws::JsonAnswer get_metric_data(MetricCall& call);
aws::JsonAnswer put_metric_data(MetricCall& call);

}  // namespace chiliad::watch
