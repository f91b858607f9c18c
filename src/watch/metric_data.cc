// GetMetricData and PutMetricData.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/number.h"
#include "watch/metric_call.h"
#include "watch/metric_expression.h"

namespace chiliad::watch {
namespace {

using aws::ApiError;
using aws::Json;
using aws::JsonAnswer;

constexpr std::size_t kMaxQueries = 500;
constexpr std::int64_t kMaxDatapoints = 100'800;
constexpr std::size_t kMaxPoints = 200'000;
constexpr std::size_t kMaxData = 1'000;
constexpr std::size_t kMaxValues = 150;
constexpr double kLargest = 1.174271e+108;  // CloudWatch's.

struct DataQuery {
  std::string id;
  std::string label;
  bool return_data = true;
  // Of a metric:
  bool is_metric = false;
  MetricName metric;
  std::optional<Statistic> statistic;
  std::string unit;
  Minute period = 0;  // Of an expression: 0 unless given.
  // Of an expression:
  std::string expression;

  std::optional<std::vector<LabelledValues>> answer;
  bool running = false;
};

bool is_id(std::string_view id) {
  return !id.empty() && id[0] >= 'a' && id[0] <= 'z' && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Minute period_of(Members& in, bool required) {
  const std::int64_t seconds = in.integer("Period", {.required = required, .min = 1, .max = 86'400 * 15}).value_or(0);
  if (seconds % 60 != 0) {
    in.refuse(Members::Kind::kNotAllowed, "Period", "Period must be a multiple of 60: values are kept by the minute");
  }
  return seconds / 60;
}

void read_stat(DataQuery& query, Members& in) {
  query.period = period_of(in, true);
  const std::string name = in.text("Stat", {.required = true});
  query.statistic = Statistic::parse(name);
  if (!query.statistic && in.problem() == nullptr) {
    in.refuse(Members::Kind::kNotAllowed, "Stat",
              fmt::format("'{}': possible here are SampleCount, Average, Sum, Minimum, Maximum and p0 to p100", name));
  }
  query.unit = in.text("Unit", {});
  if (!query.unit.empty() && !is_unit(query.unit)) {
    in.refuse(Members::Kind::kNotAllowed, "Unit", fmt::format("'{}' is no unit", query.unit));
  }
  if (const Json* metric = in.object("Metric", true)) {
    Members names(*metric, in.path_of("Metric"));
    query.metric = metric_of(names);
    in.take(names);
  }
}

DataQuery read_query(const Json& input, Members& outer, std::size_t index) {
  DataQuery query;
  Members in(input, fmt::format("MetricDataQueries.member.{}", index));
  query.id = in.text("Id", {.required = true, .max = 255});
  query.label = in.text("Label", {.max = 2'048});
  query.expression = in.text("Expression", {.max = 2'048});
  query.return_data = aws::member(input, "ReturnData") == nullptr || in.boolean("ReturnData");
  const Json* stat = in.object("MetricStat", false);
  if (in.problem() == nullptr && !is_id(query.id)) {
    in.refuse(Members::Kind::kNotAllowed, "Id",
              fmt::format("The value {} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
                          query.id));
  }
  if (in.problem() == nullptr && (stat == nullptr) == query.expression.empty()) {
    in.refuse(Members::Kind::kNotAllowed, "MetricStat",
              fmt::format("Query '{}' must have either MetricStat or Expression.", query.id));
  }
  query.is_metric = stat != nullptr;
  if (stat != nullptr) {
    Members members(*stat, in.path_of("MetricStat"));
    read_stat(query, members);
    in.take(members);
  } else {
    query.period = period_of(in, false);
  }
  outer.take(in);
  return query;
}

// Answers queries, each once, those that an expression names before it.
class DataReading {
 public:
  DataReading(MetricStore& store, std::vector<DataQuery>& queries, Minute from, Minute to)
      : store_(store), queries_(queries), from_(from), to_(to) {}

  Result<Done> answer(DataQuery& query) {
    if (query.answer) return Done{};
    if (query.running)
      return Error{ErrorCode::kInvalid, fmt::format("expressions name each other in a circle at '{}'", query.id)};
    query.running = true;
    Result<Done> done = query.is_metric ? read(query) : compute(query);
    query.running = false;
    return done;
  }

 private:
  Result<Done> read(DataQuery& query) {
    const Minute from = from_ / query.period * query.period;
    const Result<std::vector<MetricSeries>> all =
        store_.read(query.metric, query.unit, from, to_, kMaxPoints - std::min(points_, kMaxPoints));
    if (!all) return all.error();
    std::map<Minute, MinuteStatistics> together;  // Of all units, if none was named.
    for (const MetricSeries& series : *all) {
      points_ += series.points.size();
      for (const Aggregate& point : aggregate(series, from, query.period)) together[point.time].add(point.statistics);
    }
    LabelledValues values{query.label.empty() ? query.metric.name : query.label, {}};
    for (const auto& [time, statistics] : together) {
      if (const auto value = query.statistic->of(statistics)) values.values[time] = *value;
    }
    query.answer = {std::move(values)};
    return Done{};
  }

  Result<Done> compute(DataQuery& query) {
    MathContext context;
    context.period = query.period > 0 ? query.period : shortest_period();
    context.from = from_ / context.period * context.period;
    context.to = to_;
    context.query = [&](const std::string& id) -> Result<MathValue> {
      const auto found = std::ranges::find(queries_, id, &DataQuery::id);
      if (found == queries_.end()) return Error{ErrorCode::kInvalid, fmt::format("no query has the id '{}'", id)};
      Result<Done> done = answer(*found);
      if (!done) return std::move(done).error();
      return found->answer->size() == 1 ? MathValue(found->answer->front()) : MathValue(*found->answer);
    };
    context.metrics = [&](std::string_view part) -> Result<std::vector<LabelledValues>> {
      std::vector<LabelledValues> all;
      for (DataQuery& other : queries_) {
        if (!other.is_metric || other.id.find(part) == std::string::npos) continue;
        Result<Done> done = answer(other);
        if (!done) return std::move(done).error();
        all.push_back(other.answer->front());
      }
      return all;
    };
    Result<MathValue> value = evaluate_metric_expression(query.expression, context);
    if (!value) return std::move(value).error().in(fmt::format("Error in expression '{}'", query.id));
    if (std::holds_alternative<double>(*value)) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("Error in expression '{}': the result is a number, not a series", query.id)};
    }
    if (Result<Done> counted = count(*value); !counted) return counted;
    if (auto* one = std::get_if<LabelledValues>(&*value)) {
      one->label = query.label.empty() ? query.id : query.label;
      query.answer = {std::move(*one)};
    } else {
      query.answer = std::get<std::vector<LabelledValues>>(std::move(value).operator*());
      for (LabelledValues& series : *query.answer) {
        if (!query.label.empty()) series.label = fmt::format("{} {}", query.label, series.label);
      }
    }
    return Done{};
  }

  // FILL makes values of nothing: they count like those that are read.
  Result<Done> count(const MathValue& value) {
    if (const auto* one = std::get_if<LabelledValues>(&value)) points_ += one->values.size();
    if (const auto* many = std::get_if<std::vector<LabelledValues>>(&value)) {
      for (const LabelledValues& series : *many) points_ += series.values.size();
    }
    if (points_ <= kMaxPoints) return Done{};
    return Error{ErrorCode::kTooLarge, fmt::format("more than {} values: ask for less time", kMaxPoints)};
  }

  Minute shortest_period() const {
    Minute shortest = 0;
    for (const DataQuery& query : queries_) {
      if (query.is_metric && (shortest == 0 || query.period < shortest)) shortest = query.period;
    }
    return std::max<Minute>(shortest, 1);
  }

  MetricStore& store_;
  std::vector<DataQuery>& queries_;
  const Minute from_;
  const Minute to_;
  std::size_t points_ = 0;
};

// Page `skip` to `skip + limit` of all values in their order.
Json data_page(const std::vector<DataQuery>& queries, bool descending, std::int64_t skip, std::int64_t limit) {
  Json results = Json::array();
  std::int64_t at = 0;
  for (const DataQuery& query : queries) {
    if (!query.return_data) continue;
    for (const LabelledValues& series : *query.answer) {
      std::vector<std::pair<Minute, double>> points(series.values.begin(), series.values.end());
      if (descending) std::ranges::reverse(points);
      const auto size = static_cast<std::int64_t>(points.size());
      const std::int64_t first = std::clamp<std::int64_t>(skip - at, 0, size);
      const std::int64_t last = std::clamp<std::int64_t>(skip + limit - at, 0, size);
      at += size;
      if (first == last && (size > 0 || skip > 0)) continue;
      Json times = Json::array();
      Json values = Json::array();
      for (std::int64_t i = first; i < last; ++i) {
        times.push_back(points[static_cast<std::size_t>(i)].first * 60);
        values.push_back(points[static_cast<std::size_t>(i)].second);
      }
      results.push_back({{"Id", query.id},
                         {"Label", series.label},
                         {"Timestamps", std::move(times)},
                         {"Values", std::move(values)},
                         {"StatusCode", last < size ? "PartialData" : "Complete"}});
    }
  }
  Json out{{"MetricDataResults", std::move(results)}, {"Messages", Json::array()}};
  if (at > skip + limit) out["NextToken"] = fmt::format("d.{}", skip + limit);
  return out;
}

std::vector<std::pair<double, double>> values_and_counts(Members& in) {
  std::vector<std::pair<double, double>> out;
  const Json::array_t* values = in.list("Values", false, kMaxValues);
  const Json::array_t* counts = in.list("Counts", false, kMaxValues);
  if (values == nullptr) return out;
  if (counts != nullptr && counts->size() != values->size()) {
    in.refuse(Members::Kind::kNotAllowed, "Counts", "The parameters Values and Counts must have the same length.");
    return out;
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    const Json& value = (*values)[i];
    const Json one(1.0);
    const Json& count = counts == nullptr ? one : (*counts)[i];
    if (!value.is_number() || !count.is_number() || std::abs(value.get<double>()) > kLargest ||
        !(count.get<double>() > 0) || count.get<double>() > kLargest) {
      in.refuse(Members::Kind::kNotAllowed, "Values", "Values must be numbers and Counts positive numbers");
      return out;
    }
    out.emplace_back(value.get<double>(), count.get<double>());
  }
  return out;
}

// One measurement of PutMetricData, checked; `put` hands it on.
class GivenDatum {
 public:
  GivenDatum(const Json& input, const std::string& path, Milliseconds now, Members& outer) {
    Members in(input, path);
    name_ = in.text("MetricName", {.required = true, .max = 255});
    const Json* dimensions = aws::member(input, "Dimensions");
    if (dimensions != nullptr) {
      // The same reading as for questions.
      Json as_question{{"Namespace", "N"}, {"MetricName", "M"}, {"Dimensions", *dimensions}};
      Members members(as_question, path);
      dimensions_ = metric_of(members).dimensions;
      in.take(members);
    }
    unit_ = in.text("Unit", {});
    if (unit_.empty()) unit_ = "None";
    if (!is_unit(unit_)) in.refuse(Members::Kind::kNotAllowed, "Unit", fmt::format("'{}' is no unit", unit_));
    const std::int64_t resolution = in.integer("StorageResolution", {.min = 1, .max = 60}).value_or(60);
    if (resolution != 1 && resolution != 60) {
      in.refuse(Members::Kind::kNotAllowed, "StorageResolution", "StorageResolution: possible are 1 and 60");
    }
    read_time(in, input, now);
    read_values(in);
    check_texts(in);
    outer.take(in);
  }

  void put(MetricStore& store, std::string_view name_space) const {
    std::vector<Dimension> dimensions;
    for (const MetricDimension& one : dimensions_) dimensions.push_back({one.name, one.value});
    MetricDatum datum{.name_space = name_space, .name = name_, .dimensions = dimensions, .unit = unit_, .time = time_};
    if (set_) {
      datum.statistics = set_;
      store.put(datum);
    }
    for (const auto& [value, count] : values_) {
      datum.value = value;
      datum.count = count;
      store.put(datum);
    }
  }

 private:
  void read_time(Members& in, const Json& input, Milliseconds now) {
    time_ = now;
    if (aws::member(input, "Timestamp") == nullptr) return;
    const std::optional<double> seconds = in.number("Timestamp", true);
    if (!seconds) return;
    const double age = static_cast<double>(now.time_since_epoch().count()) / 1'000 - *seconds;
    if (!(age > -7'200 && age < 14 * 86'400)) {
      in.refuse(Members::Kind::kNotAllowed, "Timestamp",
                "The parameter Timestamp must specify a time no later than two hours in the future and no earlier than "
                "two weeks in the past.");
      return;
    }
    time_ = Milliseconds(std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1'000)));
  }

  void read_values(Members& in) {
    const std::optional<double> value = in.number("Value", false);
    const Json* set = in.object("StatisticValues", false);
    values_ = values_and_counts(in);
    if (in.problem() != nullptr) return;
    if ((value ? 1 : 0) + (set != nullptr ? 1 : 0) + (values_.empty() ? 0 : 1) != 1) {
      in.refuse(Members::Kind::kNotAllowed, "Value",
                "A measurement has exactly one of Value, StatisticValues and Values.");
      return;
    }
    if (value) {
      if (std::abs(*value) > kLargest) in.refuse(Members::Kind::kNotAllowed, "Value", "Value is too large");
      values_.emplace_back(*value, 1);
    }
    if (set == nullptr) return;
    Members members(*set, in.path_of("StatisticValues"));
    set_ = StatisticSet{members.number("SampleCount", true).value_or(1), members.number("Sum", true).value_or(0),
                        members.number("Minimum", true).value_or(0), members.number("Maximum", true).value_or(0)};
    if (!(set_->count > 0) || set_->min > set_->max || std::abs(set_->sum) > kLargest || set_->count > kLargest ||
        std::abs(set_->min) > kLargest || std::abs(set_->max) > kLargest) {
      members.refuse(Members::Kind::kNotAllowed, "SampleCount",
                     "StatisticValues need a positive SampleCount and a Minimum not above the Maximum");
    }
    in.take(members);
  }

  void check_texts(Members& in) const {
    const auto plain = [](std::string_view text) {
      return std::ranges::none_of(text, [](char c) { return c >= '\0' && c < ' '; });
    };
    bool good = plain(name_);
    for (const MetricDimension& one : dimensions_) good = good && plain(one.name) && plain(one.value);
    if (!good) in.refuse(Members::Kind::kNotAllowed, "MetricName", "Names and values hold no control characters");
  }

  std::string name_;
  std::vector<MetricDimension> dimensions_;
  std::string unit_;
  Milliseconds time_;
  std::vector<std::pair<double, double>> values_;
  std::optional<StatisticSet> set_;
};

void read_data(const Json::array_t* list, const std::string& path, MetricCall& call, std::vector<GivenDatum>& into) {
  if (list == nullptr) return;
  std::size_t index = 0;
  for (const Json& datum : *list) {
    if (into.size() == kMaxData) {
      call.in.refuse(Members::Kind::kNotAllowed, path, fmt::format("At most {} measurements in a call", kMaxData));
      return;
    }
    into.emplace_back(datum, fmt::format("{}.member.{}", path, ++index), call.now, call.in);
  }
}

}  // namespace

JsonAnswer get_metric_data(MetricCall& call) {
  Members& in = call.in;
  const std::optional<Minute> from = minute_member(in, "StartTime");
  const std::optional<Minute> to = minute_member(in, "EndTime", true);
  const std::string order = in.text("ScanBy", {});
  const std::int64_t limit = in.integer("MaxDatapoints", {.min = 1, .max = kMaxDatapoints}).value_or(kMaxDatapoints);
  const std::string token = in.text("NextToken", {});
  if (!order.empty() && order != "TimestampDescending" && order != "TimestampAscending") {
    in.refuse(Members::Kind::kNotAllowed, "ScanBy", "ScanBy: possible are TimestampDescending and TimestampAscending");
  }
  std::vector<DataQuery> queries;
  if (const Json::array_t* list = in.list("MetricDataQueries", true, kMaxQueries)) {
    for (const Json& query : *list) {
      queries.push_back(read_query(query, in, queries.size() + 1));
      const auto same = std::ranges::find(queries, queries.back().id, &DataQuery::id);
      if (same != queries.end() - 1) {
        in.refuse(Members::Kind::kNotAllowed, "MetricDataQueries", fmt::format("The id '{}' comes twice.", same->id));
      }
    }
  }
  if (const Members::Problem* problem = in.problem();
      problem != nullptr && problem->kind == Members::Kind::kNotAllowed) {
    return metric_refusal("ValidationError", problem->message);
  }
  if (auto refusal = call.refused()) return *std::move(refusal);
  if (!from || !to || *from >= *to) {
    return metric_refusal("ValidationError", "The parameter StartTime must be less than the parameter EndTime.");
  }
  const std::optional<std::int64_t> skip = token.empty()             ? 0
                                           : token.starts_with("d.") ? parse_integer(std::string_view(token).substr(2))
                                                                     : std::nullopt;
  if (!skip || *skip < 0 || *skip > std::int64_t{1} << 40)
    return metric_refusal("InvalidNextToken", "Invalid NextToken");
  DataReading reading(call.store, queries, *from, *to);
  for (DataQuery& query : queries) {
    if (!query.return_data) continue;
    Result<Done> done = reading.answer(query);
    if (!done && (done.error().code == ErrorCode::kInvalid || done.error().code == ErrorCode::kTooLarge)) {
      return metric_refusal("ValidationError", done.error().message);
    }
    if (!done) return metric_error(done.error());
  }
  return data_page(queries, order != "TimestampAscending", *skip, limit);
}

JsonAnswer put_metric_data(MetricCall& call) {
  Members& in = call.in;
  const std::string name_space = in.text("Namespace", {.required = true, .max = 255});
  if (in.problem() == nullptr && (name_space.starts_with("AWS/") || name_space[0] == ':')) {
    in.refuse(Members::Kind::kNotAllowed, "Namespace",
              fmt::format("The value {} for parameter Namespace is invalid.", name_space));
  }
  std::vector<GivenDatum> data;
  read_data(in.list("MetricData", false, kMaxData), "MetricData", call, data);
  if (const Json::array_t* entities = in.list("EntityMetricData", false, 2)) {
    for (const Json& entity : *entities) {
      Members members(entity, "EntityMetricData");
      read_data(members.list("MetricData", false, kMaxData), "EntityMetricData.MetricData", call, data);
      in.take(members);
    }
  }
  if (in.problem() == nullptr && data.empty()) {
    in.refuse(Members::Kind::kMissing, "MetricData", "The parameter MetricData is required.");
  }
  if (auto refusal = call.refused(name_space)) return *std::move(refusal);
  for (const GivenDatum& datum : data) datum.put(call.store, name_space);
  (void)call.store.flush();  // What is answered survives kill -9; of a full disk it waits in memory.
  return Json::object();
}

}  // namespace chiliad::watch
