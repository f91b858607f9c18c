#include "watch/metric_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chiliad::watch {
namespace {

using testing::HasSubstr;

std::vector<std::pair<std::string, double>> found(const MetricPatterns& patterns, std::string_view line) {
  std::vector<MetricPatterns::Match> matches;
  patterns.find(line, matches);
  std::vector<std::pair<std::string, double>> out;
  for (const auto& match : matches) out.emplace_back(match.name, match.value);
  return out;
}

MetricPatterns patterns(std::vector<MetricDefinition> definitions) {
  Result<MetricPatterns> made = MetricPatterns::make(definitions);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(made).operator*();
}

TEST(MetricPatterns, ReadsEveryValueOfALine) {
  const MetricPatterns all = patterns({{"loss", "loss=([0-9.e-]+)"}, {"rate", "(\\S+) rows/s"}});
  using Values = std::vector<std::pair<std::string, double>>;
  EXPECT_EQ(found(all, "loss=0.5 loss=2.5e-3; 1200 rows/s"), (Values{{"loss", 0.5}, {"loss", 0.0025}, {"rate", 1200}}));
  EXPECT_EQ(found(all, "loss=. many rows/s"), Values{});
  EXPECT_EQ(found(all, std::string("\xFF\0loss=1", 8)), (Values{{"loss", 1}}));
}

TEST(MetricPatterns, AnEmptyMatchEnds) {
  const MetricPatterns odd = patterns({{"x", "([0-9]*)"}});
  EXPECT_EQ(found(odd, "a1b22").size(), 2u);
}

TEST(MetricPatterns, RefusesWhatCannotBeUsed) {
  const auto refusal = [](std::vector<MetricDefinition> definitions) {
    Result<MetricPatterns> made = MetricPatterns::make(definitions);
    return made ? std::string("accepted") : made.error().message;
  };
  EXPECT_THAT(refusal({{"a", "loss=("}}), HasSubstr("metric definition 'a': expression 'loss=(': missing )"));
  EXPECT_THAT(refusal({{"a", "loss"}}), HasSubstr("no group"));
  EXPECT_THAT(refusal({{"a", "(a)\\1"}}), HasSubstr("invalid escape sequence"));
  EXPECT_THAT(refusal({{"a", "(a)"}, {"a", "(b)"}}), HasSubstr("comes twice"));
  EXPECT_THAT(refusal({{"", "(a)"}}), HasSubstr("1 to 255"));
  EXPECT_THAT(refusal({{"a", std::string(501, 'a')}}), HasSubstr("1 to 500"));
  EXPECT_THAT(refusal(std::vector<MetricDefinition>(41, {"a", "(a)"})), HasSubstr("at most 40"));
  EXPECT_THAT(refusal({{"a", "((((a{100}){100}){100}){100})"}}), HasSubstr("metric definition 'a'"));
}

TEST(MetricPatterns, AHostileExpressionTakesTimeLinearInTheLine) {
  // Exponential for a matcher that backtracks.
  const MetricPatterns hostile = patterns({{"x", "(([0-9]+)+)+!"}});
  EXPECT_TRUE(found(hostile, std::string(100'000, '1')).empty());
}

}  // namespace
}  // namespace chiliad::watch
