// GetMetricStatistics, ListMetrics, and what the operations share.

#include "watch/metric_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "base/number.h"
#include "watch/metric_call.h"

namespace chiliad::watch {
namespace {

using aws::ApiError;
using aws::Json;
using aws::JsonAnswer;

constexpr std::int64_t kMaxDatapoints = 1'440;
constexpr std::size_t kListed = 500;
constexpr double kMaxSeconds = 253'402'300'799;  // The end of the year 9999.

constexpr std::string_view kUnits[] = {
    "Seconds",          "Microseconds",     "Milliseconds", "Bytes",           "Kilobytes",        "Megabytes",
    "Gigabytes",        "Terabytes",        "Bits",         "Kilobits",        "Megabits",         "Gigabits",
    "Terabits",         "Percent",          "Count",        "Bytes/Second",    "Kilobytes/Second", "Megabytes/Second",
    "Gigabytes/Second", "Terabytes/Second", "Bits/Second",  "Kilobits/Second", "Megabits/Second",  "Gigabits/Second",
    "Terabits/Second",  "Count/Second",     "None"};

std::vector<MetricDimension> dimensions_of(Members& in, bool filter) {
  std::vector<MetricDimension> dimensions;
  const Json::array_t* list = in.list("Dimensions", false, 30);
  if (list == nullptr) return dimensions;
  for (const Json& one : *list) {
    Members members(one, in.path_of(fmt::format("Dimensions.member.{}", dimensions.size() + 1)));
    MetricDimension dimension{members.text("Name", {.required = true, .max = 255}),
                              members.text("Value", {.required = !filter, .max = 1'024})};
    const bool twice = std::ranges::any_of(dimensions, [&](const auto& other) { return other.name == dimension.name; });
    if (twice)
      members.refuse(Members::Kind::kNotAllowed, "Name",
                     fmt::format("No Metric may have two dimensions '{}'", dimension.name));
    in.take(members);
    dimensions.push_back(std::move(dimension));
  }
  std::ranges::sort(dimensions);
  return dimensions;
}

// What several statistics of one period look like in GetMetricStatistics.
Json datapoint(const Aggregate& point, const std::string& unit, const std::vector<std::string>& statistics,
               const std::vector<std::string>& extended) {
  Json out{{"Timestamp", point.time * 60}, {"Unit", unit}};
  for (const std::string& name : statistics) {
    if (const auto value = Statistic::parse(name)->of(point.statistics)) out[name] = *value;
  }
  Json more = Json::object();
  for (const std::string& name : extended) {
    if (const auto value = Statistic::parse(name)->of(point.statistics)) more[name] = *value;
  }
  if (!more.empty()) out["ExtendedStatistics"] = std::move(more);
  return out;
}

JsonAnswer get_metric_statistics(MetricCall& call) {
  Members& in = call.in;
  const MetricName metric = metric_of(in);
  const std::optional<Minute> from = minute_member(in, "StartTime");
  const std::optional<Minute> to = minute_member(in, "EndTime", true);
  const std::int64_t seconds = in.integer("Period", {.required = true, .min = 1, .max = 86'400 * 15}).value_or(60);
  const std::string unit = in.text("Unit", {});
  const std::vector<std::string> statistics = in.texts("Statistics", 5, {});
  const std::vector<std::string> extended = in.texts("ExtendedStatistics", 10, {});
  for (const std::string& name : statistics) {
    if (!Statistic::parse(name) || name[0] == 'p') {
      in.refuse(Members::Kind::kNotAllowed, "Statistics",
                fmt::format("'{}' is no statistic: possible are SampleCount, Average, Sum, Minimum, Maximum", name));
    }
  }
  for (const std::string& name : extended) {
    if (!Statistic::parse(name) || name[0] != 'p') {
      in.refuse(Members::Kind::kNotAllowed, "ExtendedStatistics",
                fmt::format("'{}': possible here are percentiles, p0 to p100, such as p99.9", name));
    }
  }
  if (!unit.empty() && !is_unit(unit))
    in.refuse(Members::Kind::kNotAllowed, "Unit", fmt::format("'{}' is no unit", unit));
  if (seconds % 60 != 0) {
    in.refuse(Members::Kind::kNotAllowed, "Period", "Period must be a multiple of 60: values are kept by the minute");
  }
  if (auto refusal = call.refused()) return *std::move(refusal);
  if (statistics.empty() && extended.empty()) {
    return metric_refusal("InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics");
  }
  if (!from || !to || *from >= *to) {
    return metric_refusal("InvalidParameterCombination",
                          "The parameter StartTime must be less than the parameter EndTime by a minute at least.");
  }
  const Minute period = seconds / 60;
  if ((*to - *from + period - 1) / period > kMaxDatapoints) {
    return metric_refusal(
        "InvalidParameterCombination",
        fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}. You may "
                    "reduce the datapoints requested by increasing Period, or decreasing the time range.",
                    (*to - *from + period - 1) / period, kMaxDatapoints));
  }
  const Result<std::vector<MetricSeries>> all = call.store.read(metric, unit, *from, *to);
  if (!all) return metric_error(all.error());
  Json points = Json::array();
  for (const MetricSeries& series : *all) {
    for (const Aggregate& point : aggregate(series, *from, period)) {
      points.push_back(datapoint(point, series.unit, statistics, extended));
    }
  }
  return Json{{"Label", metric.name}, {"Datapoints", std::move(points)}};
}

// "<namespace> 3 <name> 3 <dimensions>" in hex.
std::string list_token(const MetricName& metric) {
  const std::string text =
      fmt::format("{}\3{}\3{}", metric.name_space, metric.name, dimensions_text(metric.dimensions));
  return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::optional<MetricName> read_list_token(std::string_view token) {
  const std::optional<std::string> text = unbase64(token);
  if (!text) return std::nullopt;
  const std::size_t first = text->find('\3');
  const std::size_t second = first == std::string::npos ? first : text->find('\3', first + 1);
  if (second == std::string::npos) return std::nullopt;
  return MetricName{text->substr(0, first), text->substr(first + 1, second - first - 1),
                    read_dimensions(std::string_view(*text).substr(second + 1))};
}

JsonAnswer list_metrics(MetricCall& call) {
  Members& in = call.in;
  MetricStore::Filter filter;
  const std::string name_space = in.text("Namespace", {.max = 255});
  const std::string name = in.text("MetricName", {.max = 255});
  filter.name_space = name_space;
  filter.name = name;
  filter.dimensions = dimensions_of(in, true);
  const std::string token = in.text("NextToken", {.max = 100'000});
  const std::string active = in.text("RecentlyActive", {});
  if (!active.empty() && active != "PT3H") {
    in.refuse(Members::Kind::kNotAllowed, "RecentlyActive", "RecentlyActive: possible is PT3H");
  }
  if (auto refusal = call.refused()) return *std::move(refusal);
  if (!active.empty()) filter.active_since = minute_of(call.now) - 180;
  const std::optional<MetricName> after = token.empty() ? std::nullopt : read_list_token(token);
  if (!token.empty() && !after) return metric_refusal("InvalidParameterValue", "Invalid nextToken");
  const Result<MetricStore::Listed> listed = call.store.list(filter, after ? &*after : nullptr, kListed);
  if (!listed) return metric_error(listed.error());
  Json metrics = Json::array();
  for (const MetricName& metric : listed->metrics) {
    Json dimensions = Json::array();
    for (const MetricDimension& one : metric.dimensions)
      dimensions.push_back({{"Name", one.name}, {"Value", one.value}});
    metrics.push_back(
        {{"Namespace", metric.name_space}, {"MetricName", metric.name}, {"Dimensions", std::move(dimensions)}});
  }
  Json out{{"Metrics", std::move(metrics)}};
  if (listed->more) out["NextToken"] = list_token(listed->metrics.back());
  return out;
}

JsonAnswer no_alarms(MetricCall& call) {
  if (auto refusal = call.refused()) return *std::move(refusal);
  Json out{{"MetricAlarms", Json::array()}};
  if (call.operation == "DescribeAlarms") out["CompositeAlarms"] = Json::array();
  return out;
}

struct Operation {
  std::string_view name;
  JsonAnswer (*run)(MetricCall& call);
};

constexpr Operation kOperations[] = {
    {"DescribeAlarms", no_alarms},      {"DescribeAlarmsForMetric", no_alarms},
    {"GetMetricData", get_metric_data}, {"GetMetricStatistics", get_metric_statistics},
    {"ListMetrics", list_metrics},      {"PutMetricData", put_metric_data},
};

}  // namespace

std::optional<Statistic> Statistic::parse(std::string_view name) {
  constexpr std::pair<std::string_view, Kind> kNames[] = {{"SampleCount", Kind::kCount},
                                                          {"Average", Kind::kAverage},
                                                          {"Sum", Kind::kSum},
                                                          {"Minimum", Kind::kMin},
                                                          {"Maximum", Kind::kMax}};
  Statistic statistic;
  for (const auto& [known, kind] : kNames) {
    if (name != known) continue;
    statistic.kind_ = kind;
    return statistic;
  }
  if (name.size() < 2 || name.size() > 16 || name[0] != 'p' || name[1] < '0' || name[1] > '9') return std::nullopt;
  const std::optional<double> percent = parse_double(name.substr(1));
  if (!percent || *percent > 100) return std::nullopt;
  statistic.kind_ = Kind::kPercentile;
  statistic.percent_ = *percent;
  return statistic;
}

std::optional<double> Statistic::of(const MinuteStatistics& statistics) const {
  switch (kind_) {
    case Kind::kCount: return statistics.count();
    case Kind::kAverage: return statistics.sum() / statistics.count();
    case Kind::kSum: return statistics.sum();
    case Kind::kMin: return statistics.min();
    case Kind::kMax: return statistics.max();
    case Kind::kPercentile: return statistics.percentile(percent_);
  }
  return std::nullopt;
}

bool is_unit(std::string_view unit) { return std::ranges::find(kUnits, unit) != std::end(kUnits); }

MetricName metric_of(Members& in) {
  MetricName metric;
  metric.name_space = in.text("Namespace", {.required = true, .max = 255});
  metric.name = in.text("MetricName", {.required = true, .max = 255});
  metric.dimensions = dimensions_of(in, false);
  return metric;
}

std::optional<Minute> minute_member(Members& in, std::string_view name, bool up) {
  const std::optional<double> seconds = in.number(name, true);
  if (!seconds) return std::nullopt;
  if (*seconds < 0 || *seconds > kMaxSeconds) {
    in.refuse(Members::Kind::kNotAllowed, name, fmt::format("The parameter {} is no time", name));
    return std::nullopt;
  }
  return static_cast<Minute>(up ? std::ceil(*seconds / 60) : std::floor(*seconds / 60));
}

std::vector<Aggregate> aggregate(const MetricSeries& series, Minute from, Minute period) {
  std::vector<Aggregate> all;
  for (const MetricSeries::Point& point : series.points) {
    const Minute start = from + (point.minute - from) / period * period;
    if (all.empty() || all.back().time != start) all.push_back({start, {}});
    all.back().statistics.add(point.statistics);
  }
  return all;
}

ApiError metric_refusal(std::string_view code, std::string message) {
  return {400, std::string(code), std::move(message)};
}

ApiError metric_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge: return metric_refusal("InvalidParameterCombination", error.message);
    case ErrorCode::kNoSpace:
    case ErrorCode::kUnavailable: return {503, "ServiceUnavailable", error.message};
    default: return {500, "InternalServiceError", error.message};
  }
}

std::optional<ApiError> MetricCall::refused(std::string_view name_space) const {
  if (const Members::Problem* problem = in.problem()) {
    switch (problem->kind) {
      case Members::Kind::kMissing:
        return metric_refusal("MissingParameter", fmt::format("The parameter {} is required.", problem->member));
      case Members::Kind::kWrongType: return metric_refusal("SerializationException", problem->message);
      case Members::Kind::kNotAllowed: return metric_refusal("InvalidParameterValue", problem->message);
    }
  }
  const std::string action = fmt::format("cloudwatch:{}", operation);
  const aws::Condition of_namespace[] = {{"cloudwatch:namespace", name_space}};
  const aws::Decision decision = name_space.empty()
                                     ? caller.decide(action, "*")
                                     : caller.decide(action, "*", std::span<const aws::Condition>(of_namespace));
  if (decision == aws::Decision::kAllowed) return std::nullopt;
  return aws::access_denied(caller, action, {}, decision);
}

JsonAnswer MetricService::call(std::string_view operation, const Json& input, const aws::Call& call) {
  const auto* found = std::ranges::find(kOperations, operation, &Operation::name);
  if (found == std::end(kOperations)) {
    return ApiError{400, "UnsupportedOperation",
                    fmt::format("{} is not offered here: metrics are put, listed and read", operation.substr(0, 100))};
  }
  MetricCall one{store_, found->name, call.caller, now_in_milliseconds(), Members(input)};
  return found->run(one);
}

}  // namespace chiliad::watch
