#include "watch/metric_service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "net/uri.h"
#include "watch/service_under_test.h"

namespace chiliad::watch {
namespace {

using aws::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using Answer = ServiceUnderTest::Answer;

class WatchMetricService : public testing::Test {
 protected:
  // `minutes` after the start of the hour before the last.
  void put(std::string_view name, double value, std::int64_t minutes, std::string_view unit = "Microseconds") {
    const Dimension of[] = {{"EndpointName", "e"}, {"VariantName", "AllTraffic"}};
    store_->put({.name_space = "AWS/SageMaker",
                 .name = name,
                 .dimensions = of,
                 .unit = unit,
                 .value = value,
                 .time = Milliseconds(std::chrono::minutes(start_ + minutes))});
  }
  static Json dimensions() {
    return {{{"Name", "VariantName"}, {"Value", "AllTraffic"}}, {{"Name", "EndpointName"}, {"Value", "e"}}};
  }
  Json question(std::string_view name, std::int64_t minutes = 60) const {
    return {{"Namespace", "AWS/SageMaker"},       {"MetricName", name},
            {"Dimensions", dimensions()},         {"StartTime", start_ * 60},
            {"EndTime", (start_ + minutes) * 60}, {"Period", 300}};
  }
  static Json stat(std::string_view id, std::string_view name, std::string_view statistic) {
    return {{"Id", id},
            {"MetricStat",
             {{"Metric", {{"Namespace", "AWS/SageMaker"}, {"MetricName", name}, {"Dimensions", dimensions()}}},
              {"Period", 300},
              {"Stat", statistic}}}};
  }
  Json data(Json queries) const {
    return {{"MetricDataQueries", std::move(queries)},
            {"StartTime", start_ * 60},
            {"EndTime", (start_ + 60) * 60},
            {"ScanBy", "TimestampAscending"}};
  }
  Answer form(std::string_view text) {
    return server_.send("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}}, text);
  }

  const Minute start_ = minute_of(now_in_milliseconds()) / 60 * 60 - 120;
  Result<TempFolder> folder_ = TempFolder::make();
  std::unique_ptr<MetricStore> store_ = std::move(MetricStore::open(folder_->path() / "watch.db", {})).operator*();
  MetricService service_{*store_};
  MetricQueryService query_{service_};
  ServiceUnderTest server_{&service_, &query_};
};

TEST_F(WatchMetricService, GetMetricStatisticsAddsUpPeriods) {
  for (int i = 0; i < 10; ++i) put("ModelLatency", 100 + i, i);
  Json input = question("ModelLatency");
  input["Statistics"] = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"};
  input["ExtendedStatistics"] = {"p50", "p99.9"};
  const Answer answer = server_.call("GetMetricStatistics", input);
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.body["Label"], "ModelLatency");
  ASSERT_EQ(answer.body["Datapoints"].size(), 2u);
  const Json& second = answer.body["Datapoints"][1];
  EXPECT_EQ(second["Timestamp"], (start_ + 5) * 60);
  EXPECT_EQ(second["Unit"], "Microseconds");
  EXPECT_EQ(second["SampleCount"], 5);
  EXPECT_EQ(second["Sum"], 535);
  EXPECT_EQ(second["Average"], 107);
  EXPECT_EQ(second["Minimum"], 105);
  EXPECT_EQ(second["Maximum"], 109);
  EXPECT_NEAR(second["ExtendedStatistics"]["p50"].get<double>(), 107, 1.1);
}

TEST_F(WatchMetricService, TheMinuteOfTheEndTimeBelongsToIt) {
  put("m", 1, 7);
  Json input = question("m");
  input["Statistics"] = {"Sum"};
  input["EndTime"] = (start_ + 7) * 60;
  EXPECT_EQ(server_.call("GetMetricStatistics", input).body["Datapoints"].size(), 0u);
  input["EndTime"] = static_cast<double>((start_ + 7) * 60) + 0.5;
  EXPECT_EQ(server_.call("GetMetricStatistics", input).body["Datapoints"].size(), 1u);
}

TEST_F(WatchMetricService, GetMetricStatisticsSaysWhatIsWrong) {
  const auto refusal = [&](const std::function<void(Json&)>& change) {
    Json input = question("m");
    input["Statistics"] = {"Sum"};
    change(input);
    const Answer answer = server_.call("GetMetricStatistics", input);
    return fmt::format("{}: {}", answer.code(), answer.message());
  };
  EXPECT_EQ(refusal([](Json& input) { input.erase("Namespace"); }),
            "MissingParameter: The parameter Namespace is required.");
  EXPECT_THAT(refusal([](Json& input) { input["Period"] = 90; }), HasSubstr("InvalidParameterValue: Period must be"));
  EXPECT_THAT(refusal([](Json& input) { input["Statistics"] = {"Mean"}; }), HasSubstr("'Mean' is no statistic"));
  EXPECT_THAT(refusal([](Json& input) { input["ExtendedStatistics"] = {"p101"}; }), HasSubstr("p0 to p100"));
  EXPECT_THAT(refusal([](Json& input) { input.erase("Statistics"); }), HasSubstr("InvalidParameterCombination: Must"));
  EXPECT_THAT(refusal([](Json& input) { input["StartTime"] = input["EndTime"]; }), HasSubstr("must be less"));
  EXPECT_THAT(refusal([](Json& input) { input["StartTime"] = 0; }), HasSubstr("exceeds the limit of 1440"));
  EXPECT_THAT(refusal([](Json& input) { input["StartTime"] = "now"; }), HasSubstr("SerializationException"));
  EXPECT_THAT(refusal([](Json& input) {
                input["Dimensions"] = {{{"Name", "a"}}};
              }),
              HasSubstr("The parameter Dimensions.member.1.Value is required"));
  EXPECT_THAT(refusal([](Json& input) { input["Unit"] = "Miles"; }), HasSubstr("'Miles' is no unit"));
}

TEST_F(WatchMetricService, GetMetricDataAnswersStatisticsAndMath) {
  put("Hits", 3, 0, "Count");
  put("Hits", 5, 5, "Count");
  put("Calls", 10, 0, "Count");
  put("Calls", 10, 5, "Count");
  Json hits = stat("hits", "Hits", "Sum");
  hits["ReturnData"] = false;
  const Json calls = stat("calls", "Calls", "Sum");
  const Json rate{{"Id", "rate"}, {"Expression", "100 * hits / calls"}, {"Label", "hit rate"}};
  const Answer answer = server_.call("GetMetricData", data({rate, hits, calls}));
  ASSERT_EQ(answer.status, 200) << answer.text;
  const Json& results = answer.body["MetricDataResults"];
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]["Label"], "hit rate");
  EXPECT_EQ(results[0]["Values"], (Json{30.0, 50.0}));
  EXPECT_EQ(results[0]["Timestamps"], (Json{start_ * 60, (start_ + 5) * 60}));
  EXPECT_EQ(results[1]["Id"], "calls");
  EXPECT_EQ(results[1]["StatusCode"], "Complete");
  const Json sum{{"Id", "s"}, {"Expression", "SUM(METRICS())"}};
  EXPECT_EQ(server_.call("GetMetricData", data({hits, calls, sum})).body["MetricDataResults"][1]["Values"],
            (Json{13.0, 15.0}));
  Json descending = data(Json::array({calls}));
  descending.erase("ScanBy");
  EXPECT_EQ(server_.call("GetMetricData", descending).body["MetricDataResults"][0]["Timestamps"][0], (start_ + 5) * 60);
}

TEST_F(WatchMetricService, GetMetricDataComesInPages) {
  for (int i = 0; i < 60; i += 5) put("a", i, i);
  for (int i = 0; i < 60; i += 5) put("b", i, i);
  Json input = data({stat("a", "a", "Sum"), stat("b", "b", "Sum"), stat("none", "none", "Sum")});
  input["MaxDatapoints"] = 10;
  std::map<std::string, std::vector<double>> values;
  int pages = 0;
  for (bool more = true; more; ++pages) {
    const Answer answer = server_.call("GetMetricData", input);
    ASSERT_EQ(answer.status, 200) << answer.text;
    std::size_t points = 0;
    for (const Json& result : answer.body["MetricDataResults"]) {
      for (const Json& value : result["Values"]) values[result["Id"].get<std::string>()].push_back(value.get<double>());
      points += result["Values"].size();
    }
    EXPECT_LE(points, 10u);
    more = answer.body.contains("NextToken");
    if (more) input["NextToken"] = answer.body["NextToken"];
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(values["a"].size(), 12u);
  EXPECT_EQ(values["b"], values["a"]);
}

TEST_F(WatchMetricService, GetMetricDataSaysWhatIsWrong) {
  const auto refusal = [&](Json queries) {
    const Answer answer = server_.call("GetMetricData", data(std::move(queries)));
    return fmt::format("{}: {}", answer.code(), answer.message());
  };
  EXPECT_THAT(refusal({{{"Id", "Bad"}, {"Expression", "1"}}}), HasSubstr("ValidationError: The value Bad"));
  EXPECT_THAT(refusal({{{"Id", "a"}}}), HasSubstr("either MetricStat or Expression"));
  EXPECT_THAT(refusal({stat("a", "m", "Sum"), stat("a", "m", "Sum")}), HasSubstr("'a' comes twice"));
  EXPECT_THAT(refusal({{{"Id", "a"}, {"Expression", "b"}}, {{"Id", "b"}, {"Expression", "a"}}}), HasSubstr("circle"));
  EXPECT_THAT(refusal({{{"Id", "a"}, {"Expression", "SEARCH('x','Sum')"}}}),
              HasSubstr("ValidationError: Error in expression 'a': at character 8: the function SEARCH"));
  EXPECT_THAT(refusal({{{"Id", "a"}, {"Expression", "1 + 1"}}}), HasSubstr("a number, not a series"));
  EXPECT_THAT(refusal(Json::array()), HasSubstr("MetricDataQueries"));
  Json input = data(Json::array({stat("a", "m", "Sum")}));
  input["NextToken"] = "x";
  EXPECT_EQ(server_.call("GetMetricData", input).code(), "InvalidNextToken");
}

TEST_F(WatchMetricService, TakesMeasurementsOfItsCallers) {
  const double now = static_cast<double>(start_ * 60);
  const Json measured = {{{"MetricName", "one"}, {"Value", 1.5}, {"Timestamp", now}, {"Unit", "Seconds"}},
                         {{"MetricName", "many"}, {"Values", {1, 2}}, {"Counts", {10, 30}}, {"Timestamp", now}},
                         {{"MetricName", "set"},
                          {"StatisticValues", {{"SampleCount", 4}, {"Sum", 10}, {"Minimum", 1}, {"Maximum", 4}}},
                          {"Timestamp", now},
                          {"Dimensions", {{{"Name", "d"}, {"Value", "v"}}}}}};
  const Answer put = server_.call("PutMetricData", {{"Namespace", "Mine"}, {"MetricData", measured}});
  ASSERT_EQ(put.status, 200) << put.text;
  Json input{{"Namespace", "Mine"},          {"MetricName", "many"}, {"StartTime", now},
             {"EndTime", now + 60},          {"Period", 60},         {"Statistics", {"Average", "SampleCount"}},
             {"ExtendedStatistics", {"p20"}}};
  Answer answer = server_.call("GetMetricStatistics", input);
  EXPECT_EQ(answer.body["Datapoints"][0]["SampleCount"], 40);
  EXPECT_EQ(answer.body["Datapoints"][0]["Average"], 1.75);
  input["MetricName"] = "set";
  EXPECT_EQ(server_.call("GetMetricStatistics", input).body["Datapoints"].size(), 0u) << "other dimensions";
  input["Dimensions"] = {{{"Name", "d"}, {"Value", "v"}}};
  answer = server_.call("GetMetricStatistics", input);
  EXPECT_EQ(answer.body["Datapoints"][0]["Average"], 2.5);
  EXPECT_FALSE(answer.body["Datapoints"][0].contains("ExtendedStatistics")) << "its distribution is not known";
}

TEST_F(WatchMetricService, RefusesMeasurementsWholeOrNotAtAll) {
  const auto refusal = [&](Json measured) {
    const Answer answer = server_.call(
        "PutMetricData",
        {{"Namespace", "Mine"}, {"MetricData", {{{"MetricName", "good"}, {"Value", 1}}, std::move(measured)}}});
    return fmt::format("{}: {}", answer.code(), answer.message());
  };
  EXPECT_THAT(refusal({{"Value", 1}}), HasSubstr("MissingParameter: The parameter MetricData.member.2.MetricName"));
  EXPECT_THAT(refusal({{"MetricName", "m"}}), HasSubstr("exactly one of"));
  EXPECT_THAT(refusal({{"MetricName", "m"}, {"Value", 1}, {"Values", {1}}}), HasSubstr("exactly one of"));
  EXPECT_THAT(refusal({{"MetricName", "m"}, {"Values", {1, 2}}, {"Counts", {1}}}), HasSubstr("same length"));
  EXPECT_THAT(refusal({{"MetricName", "m"}, {"Values", {1}}, {"Counts", {0}}}), HasSubstr("positive"));
  EXPECT_THAT(refusal({{"MetricName", "m"}, {"Value", "1"}}), HasSubstr("SerializationException"));
  EXPECT_THAT(refusal({{"MetricName", "m"}, {"Value", 1e200}}), HasSubstr("too large"));
  EXPECT_THAT(refusal({{"MetricName", "m"}, {"Value", 1}, {"Unit", "x"}}), HasSubstr("no unit"));
  EXPECT_THAT(refusal({{"MetricName", "m"}, {"Value", 1}, {"Timestamp", 1}}), HasSubstr("two weeks"));
  EXPECT_THAT(refusal({{"MetricName", "m\1"}, {"Value", 1}}), HasSubstr("control characters"));
  EXPECT_THAT(refusal({{"MetricName", "m"},
                       {"StatisticValues", {{"SampleCount", 1}, {"Sum", 1}, {"Minimum", 2}, {"Maximum", 1}}}}),
              HasSubstr("Minimum not above"));
  EXPECT_THAT(
      server_.call("PutMetricData", {{"Namespace", "AWS/X"}, {"MetricData", {{{"MetricName", "m"}, {"Value", 1}}}}})
          .message(),
      HasSubstr("AWS/X for parameter Namespace is invalid"));
  EXPECT_EQ(server_.call("ListMetrics", Json::object()).body["Metrics"].size(), 0u);
}

TEST_F(WatchMetricService, ListsMetricsInPages) {
  for (int i = 0; i < 700; ++i) put(fmt::format("m{:03}", i), 1, 0);
  Answer page =
      server_.call("ListMetrics", {{"Namespace", "AWS/SageMaker"}, {"Dimensions", {{{"Name", "EndpointName"}}}}});
  ASSERT_EQ(page.body["Metrics"].size(), 500u);
  EXPECT_EQ(page.body["Metrics"][0]["MetricName"], "m000");
  EXPECT_EQ(page.body["Metrics"][0]["Dimensions"][0], (Json{{"Name", "EndpointName"}, {"Value", "e"}}));
  page = server_.call("ListMetrics", {{"NextToken", page.body["NextToken"]}});
  EXPECT_EQ(page.body["Metrics"].size(), 200u);
  EXPECT_FALSE(page.body.contains("NextToken"));
  EXPECT_EQ(server_.call("ListMetrics", {{"RecentlyActive", "PT3H"}, {"MetricName", "m001"}}).body["Metrics"].size(),
            1u);
  EXPECT_EQ(server_.call("ListMetrics", {{"NextToken", "%"}}).code(), "InvalidParameterValue");
}

TEST_F(WatchMetricService, SpeaksTheQueryProtocolToo) {
  put("ModelLatency", 100, 0);
  put("ModelLatency", 300, 1);
  const std::string start = format_instant_fixed(Instant(std::chrono::minutes(start_)), 0) + "Z";
  const std::string end = format_instant_fixed(Instant(std::chrono::minutes(start_ + 5)), 3) + "Z";
  const Answer answer = form(fmt::format(
      "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FSageMaker&MetricName=ModelLatency&"
      "Dimensions.member.1.Name=EndpointName&Dimensions.member.1.Value=e&Dimensions.member.2.Name=VariantName&"
      "Dimensions.member.2.Value=AllTraffic&StartTime={}&EndTime={}&Period=300&Statistics.member.1=Sum&"
      "Statistics.member.2=Average&ExtendedStatistics.member.1=p100",
      net::percent_encode(start), net::percent_encode(end)));
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_THAT(answer.text,
              HasSubstr("<GetMetricStatisticsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"));
  EXPECT_THAT(answer.text, HasSubstr(fmt::format("<Timestamp>{}</Timestamp>", start)));
  EXPECT_THAT(answer.text, HasSubstr("<Sum>400.0</Sum>"));
  EXPECT_THAT(answer.text,
              HasSubstr("<ExtendedStatistics><entry><key>p100</key><value>300.0</value></entry></ExtendedStatistics>"));
  EXPECT_THAT(answer.text, HasSubstr("<RequestId>the-request</RequestId>"));
  EXPECT_EQ(form("Action=PutMetricData&Version=2010-08-01&Namespace=Mine&MetricData.member.1.MetricName=m&"
                 "MetricData.member.1.Value=2.5&MetricData.member.1.Dimensions.member.1.Name=n&"
                 "MetricData.member.1.Dimensions.member.1.Value=12")
                .status,
            200);
  const Answer listed = form("Action=ListMetrics&Version=2010-08-01&Namespace=Mine");
  EXPECT_THAT(listed.text, HasSubstr("<Dimensions><member><Name>n</Name><Value>12</Value></member></Dimensions>"));
  const Answer refused = form("Action=ListMetrics&Version=2010-08-01&RecentlyActive=PT9H");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.text, HasSubstr("<Code>InvalidParameterValue</Code>"));
  EXPECT_THAT(form("Action=GetMetricStatistics&Period=x").text,
              HasSubstr("The value x for parameter Period is invalid."));
  EXPECT_THAT(form("Action=ListMetrics&a..b=x").text, HasSubstr("is not recognized"));
}

TEST_F(WatchMetricService, AsksPermission) {
  std::vector<std::string> asked;
  server_.allow([&](std::string_view action, std::string_view resource) {
    asked.push_back(fmt::format("{} {}", action, resource));
    return aws::Decision::kNotAllowed;
  });
  Json statistics = question("m");
  statistics["Statistics"] = {"Sum"};
  EXPECT_EQ(server_.call("GetMetricStatistics", statistics).code(), "AccessDenied");
  EXPECT_EQ(server_.call("GetMetricData", data(Json::array({stat("a", "m", "Sum")}))).code(), "AccessDenied");
  EXPECT_EQ(server_.call("ListMetrics", Json::object()).code(), "AccessDenied");
  EXPECT_EQ(
      server_.call("PutMetricData", {{"Namespace", "N"}, {"MetricData", {{{"MetricName", "m"}, {"Value", 1}}}}}).code(),
      "AccessDenied");
  EXPECT_EQ(server_.call("DescribeAlarms", Json::object()).code(), "AccessDenied");
  EXPECT_THAT(asked,
              ElementsAre("cloudwatch:GetMetricStatistics *", "cloudwatch:GetMetricData *", "cloudwatch:ListMetrics *",
                          "cloudwatch:PutMetricData *", "cloudwatch:DescribeAlarms *"));
  EXPECT_EQ(store_->counters().values, 0u);
  server_.allow([](std::string_view, std::string_view) { return aws::Decision::kAllowed; });
  EXPECT_EQ(server_.call("DescribeAlarms", Json::object()).body["MetricAlarms"], Json::array());
  EXPECT_EQ(server_.call("PutMetricAlarm", Json::object()).code(), "UnsupportedOperation");
}

}  // namespace
}  // namespace chiliad::watch
