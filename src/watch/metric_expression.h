// Metric math: arithmetic over the answers of other queries of the same GetMetricData call.
//
//   m1 + m2, 100 * errors / (errors + oks), SUM(METRICS()), AVG([m1, m2]), FILL(m1, 0) - m2
//
//   numbers, names of queries, + - * / ^, parentheses, [lists]
//   METRICS(), METRICS("part of an id")    all metric queries of the call
//   SUM AVG MIN MAX STDDEV                  over a list: at each time; over one series: over its times, a number
//   ABS CEIL FLOOR LOG LOG10                of each value
//   DIFF RATE RUNNING_SUM                   along one series
//   FILL(x, number or REPEAT), PERIOD(x)
//
// Two series meet at the times that both have. What has no result (a division by zero) leaves a gap. Other functions of
// CloudWatch (SEARCH, IF, ANOMALY_DETECTION_BAND, SERVICE_QUOTA, ...) are refused.
//
// Bounded: 2,048 bytes, 64 levels; text is hostile input. Source: CloudWatch, "Using math expressions". Thread safety:
// pure functions.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "watch/metric_store.h"

namespace chiliad::watch {

using TimeValues = std::map<Minute, double>;

struct LabelledValues {
  std::string label;
  TimeValues values;
};

using MathValue = std::variant<double, LabelledValues, std::vector<LabelledValues>>;

struct MathContext {
  // The answer of the query with this id. Errors are given on.
  std::function<Result<MathValue>(const std::string& id)> query;
  // Those of the metric queries, whose ids contain `part`.
  std::function<Result<std::vector<LabelledValues>>(std::string_view part)> metrics;
  Minute from = 0;  // The times to fill: from, from + period, ... before to.
  Minute to = 0;
  Minute period = 1;
};

// Errors: kInvalid: what is wrong, and where.
Result<MathValue> evaluate_metric_expression(std::string_view text, const MathContext& context);

}  // namespace chiliad::watch
