// MetricService: CloudWatch's metric calls over a MetricStore, in the two protocols that clients choose from:
//
//   JSON 1.0   target GraniteServiceVersion20100801.*: boto3, current SDKs       (aws::JsonService)
//   Query      Action=...&Version=2010-08-01, answers in XML: older CLIs and SDKs (MetricQueryService)
//
// Answered: GetMetricStatistics, GetMetricData, ListMetrics, PutMetricData; DescribeAlarms and DescribeAlarmsForMetric
// with no alarms. Others: UnsupportedOperation.
//
// Values are kept by the minute, so periods are multiples of 60 s, for 15 days. Percentiles (p0 to p100) are off by 1 %
// at most. Errors have CloudWatch's codes of the Query protocol (InvalidParameterValue, MissingParameter, ...), which
// JSON clients get in x-amzn-query-error.
//
// Each call asks the caller's permission: cloudwatch:<Operation> on "*", PutMetricData with cloudwatch:namespace.
//
// Source: CloudWatch API reference 2010-08-01. Thread safety: safe from any thread.

#pragma once

#include "aws/service.h"
#include "watch/metric_store.h"

namespace chiliad::watch {

class MetricService final : public aws::JsonService {
 public:
  // `store` outlives it.
  explicit MetricService(MetricStore& store) : store_(store) {}

  aws::JsonAnswer call(std::string_view operation, const aws::Json& input, const aws::Call& call) override;

 private:
  MetricStore& store_;
};

inline constexpr std::string_view kMetricVersion = "2010-08-01";
inline constexpr std::string_view kMetricXmlns = "http://monitoring.amazonaws.com/doc/2010-08-01/";

// The same calls as forms. A form becomes the JSON of the same request, and the answer XML.
class MetricQueryService final : public aws::HttpService {
 public:
  explicit MetricQueryService(MetricService& service) : service_(service) {}

  void handle(const aws::Call& call) override;

 private:
  MetricService& service_;
};

// The JSON that a Query form says. Errors: kInvalid: a number or a time that is none, lists nested or numbered beyond
// what the calls have.
Result<aws::Json> metric_input_of_form(std::string_view form);

}  // namespace chiliad::watch
