#include "watch/filter_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chiliad::watch {
namespace {

bool matches(std::string_view pattern, std::string_view line) {
  const Result<FilterPattern> parsed = FilterPattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  return parsed && parsed->matches(line);
}
std::string refusal_of_pattern(std::string_view pattern) {
  const Result<FilterPattern> parsed = FilterPattern::parse(pattern);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(FilterPattern, AsksForAllWords) {
  EXPECT_TRUE(matches("", "anything"));
  EXPECT_TRUE(matches("  ERROR  timeout ", "a timeout is an ERROR"));
  EXPECT_FALSE(matches("ERROR timeout", "ERROR"));
  EXPECT_FALSE(matches("error", "ERROR"));
}

TEST(FilterPattern, AsksForPhrasesAsTheyStand) {
  EXPECT_TRUE(matches("\"model 8.tar.gz\"", "load model 8.tar.gz"));
  EXPECT_FALSE(matches("\"model 8.tar.gz\"", "load model  8.tar.gz"));
  EXPECT_TRUE(matches(R"("say \"hi\" \\ \n")", R"(say "hi" \ \n)"));
}

TEST(FilterPattern, LeavesOutAndOffers) {
  EXPECT_TRUE(matches("ERROR -retry", "ERROR"));
  EXPECT_FALSE(matches("ERROR -retry", "ERROR, retry"));
  EXPECT_FALSE(matches("-\"b c\"", "a b c"));
  EXPECT_TRUE(matches("?ERROR ?WARN", "WARN"));
  EXPECT_FALSE(matches("?ERROR ?WARN", "INFO"));
  EXPECT_TRUE(matches("INFO ?ERROR", "INFO")) << "offered words count only alone";
}

TEST(FilterPattern, RefusesWhatItCannotDo) {
  EXPECT_THAT(refusal_of_pattern("{ $.level = \"x\" }"),
              testing::HasSubstr("patterns over JSON members are not supported"));
  EXPECT_THAT(refusal_of_pattern("[a, b]"), testing::HasSubstr("columns"));
  EXPECT_THAT(refusal_of_pattern("%a.b%"), testing::HasSubstr("regular expressions"));
  EXPECT_THAT(refusal_of_pattern("\"open"), testing::HasSubstr("not closed"));
  EXPECT_THAT(refusal_of_pattern("my-term"), testing::HasSubstr("'my-term': put it into double quotes"));
  EXPECT_THAT(refusal_of_pattern("a ? b"), testing::HasSubstr("missing"));
  EXPECT_THAT(refusal_of_pattern("\"a\"b"), testing::HasSubstr("blank"));
  EXPECT_THAT(refusal_of_pattern(std::string(1'025, 'a')), testing::HasSubstr("1024"));
}

}  // namespace
}  // namespace chiliad::watch
