#include "watch/metric_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace chiliad::watch {
namespace {

using testing::HasSubstr;

Result<MathValue> evaluate(std::string_view text) {
  const std::map<std::string, LabelledValues> queries = {
      {"m1", {"one", {{0, 10}, {5, 20}, {10, 30}}}}, {"m2", {"two", {{0, 2}, {5, 0}}}}, {"none", {"none", {}}}};
  MathContext context;
  context.query = [&](const std::string& id) -> Result<MathValue> {
    const auto found = queries.find(id);
    if (found == queries.end()) return Error{ErrorCode::kInvalid, "no query has the id " + id};
    return MathValue(found->second);
  };
  context.metrics = [&](std::string_view part) -> Result<std::vector<LabelledValues>> {
    std::vector<LabelledValues> all;
    for (const auto& [id, series] : queries) {
      if (id.find(part) != std::string::npos) all.push_back(series);
    }
    return all;
  };
  context.from = 0;
  context.to = 20;
  context.period = 5;
  return evaluate_metric_expression(text, context);
}

TimeValues series(std::string_view text) {
  const Result<MathValue> value = evaluate(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  const auto* one = value ? std::get_if<LabelledValues>(&*value) : nullptr;
  EXPECT_NE(one, nullptr) << text;
  return one == nullptr ? TimeValues() : one->values;
}
double scalar(std::string_view text) {
  const Result<MathValue> value = evaluate(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  const auto* number = value ? std::get_if<double>(&*value) : nullptr;
  return number == nullptr ? std::numeric_limits<double>::quiet_NaN() : *number;
}
std::string refusal_of_expression(std::string_view text) {
  const Result<MathValue> value = evaluate(text);
  return value ? "accepted" : value.error().message;
}

TEST(MetricExpression, ComputesAtTheTimesThatBothHave) {
  EXPECT_EQ(series("m1 + m2"), (TimeValues{{0, 12}, {5, 20}}));
  EXPECT_EQ(series("m1 / m2"), (TimeValues{{0, 5}})) << "a division by zero leaves a gap";
  EXPECT_EQ(series("100*m2/(m1+m2)"), (TimeValues{{0, 100 * 2.0 / 12}, {5, 0}}));
  EXPECT_EQ(series("-m2 ^ 2"), (TimeValues{{0, -4}, {5, 0}}));
}

TEST(MetricExpression, HasTheFieldsRules) {
  EXPECT_EQ(scalar("1 + 2 * 3 ^ 2 - 4 / 2"), 17);
  EXPECT_EQ(scalar("2 ^ -1"), 0.5);
  EXPECT_EQ(scalar("SUM(m1)"), 60);
  EXPECT_EQ(scalar("MAX(m1) - MIN(m1)"), 20);
  EXPECT_EQ(scalar("PERIOD(m1)"), 300);
}

TEST(MetricExpression, ReducesListsAtEachTime) {
  EXPECT_EQ(series("SUM(METRICS())"), (TimeValues{{0, 12}, {5, 20}, {10, 30}}));
  EXPECT_EQ(series("AVG([m1, m2])"), (TimeValues{{0, 6}, {5, 10}, {10, 30}}));
  EXPECT_EQ(series("MAX(METRICS(\"m2\"))"), (TimeValues{{0, 2}, {5, 0}}));
  EXPECT_EQ(series("STDDEV([m1, m1])"), (TimeValues{{0, 0}, {5, 0}, {10, 0}}));
}

TEST(MetricExpression, FillsAndDifferences) {
  EXPECT_EQ(series("FILL(m2, 7)"), (TimeValues{{0, 2}, {5, 0}, {10, 7}, {15, 7}}));
  EXPECT_EQ(series("FILL(m1, REPEAT)"), (TimeValues{{0, 10}, {5, 20}, {10, 30}, {15, 30}}));
  EXPECT_EQ(series("FILL(none, -1)").size(), 4u);
  EXPECT_EQ(series("DIFF(m1)"), (TimeValues{{5, 10}, {10, 10}}));
  EXPECT_EQ(series("RATE(m1) * 300"), (TimeValues{{5, 10}, {10, 10}}));
  EXPECT_EQ(series("RUNNING_SUM(m1)"), (TimeValues{{0, 10}, {5, 30}, {10, 60}}));
  EXPECT_EQ(series("ABS(-m2)"), (TimeValues{{0, 2}, {5, 0}}));
}

TEST(MetricExpression, ListsStayLists) {
  const Result<MathValue> value = evaluate("METRICS(\"m\") * 2");
  ASSERT_TRUE(value);
  const auto& all = std::get<std::vector<LabelledValues>>(*value);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].values.at(0), 20);
  EXPECT_EQ(all[1].label, "two");
}

TEST(MetricExpression, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(refusal_of_expression("m1 +"), HasSubstr("at character 5: expected a value"));
  EXPECT_THAT(refusal_of_expression("m1 m2"), HasSubstr("expected an operator"));
  EXPECT_THAT(refusal_of_expression("(m1"), HasSubstr("expected ')'"));
  EXPECT_THAT(refusal_of_expression("SEARCH('x', 'Sum', 300)"), HasSubstr("SEARCH is not supported"));
  EXPECT_THAT(refusal_of_expression("m9"), HasSubstr("no query has the id m9"));
  EXPECT_THAT(refusal_of_expression("1/0"), HasSubstr("a number without a value"));
  EXPECT_THAT(refusal_of_expression("METRICS() + METRICS()"), HasSubstr("two lists"));
  EXPECT_THAT(refusal_of_expression("[1]"), HasSubstr("not numbers"));
  EXPECT_THAT(refusal_of_expression(std::string(1'000, '(')), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal_of_expression(std::string(1'000, '-')), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal_of_expression(std::string(3'000, '1')), HasSubstr("longer than 2048"));
}

}  // namespace
}  // namespace chiliad::watch
