#include "forecast/future.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"

namespace chiliad::forecast {
namespace {

Instant at(std::string_view text) { return *parse_instant(text); }

std::vector<std::string> dates_after(std::string_view last, std::string_view freq, std::int64_t periods) {
  std::vector<std::string> out;
  const std::vector<Instant> dates = *Frequency::parse(freq)->after(at(last), periods);
  for (const Instant date : dates) out.push_back(format_instant(date));
  return out;
}

using Dates = std::vector<std::string>;

// pandas' own answers: test/golden/make_future_dates.py.
class FutureGolden : public ::testing::Test {
 protected:
  void SetUp() override {
    text_ = *read_file(CHILIAD_SOURCE_DIR "/test/golden/future_dates.json");
    ASSERT_EQ(parser_.parse(text_).get(golden_), simdjson::SUCCESS);
  }
  std::string text_;
  simdjson::dom::parser parser_;
  simdjson::dom::element golden_;
};

TEST_F(FutureGolden, DatesAreThoseOfPandasDateRange) {
  int checked = 0;
  for (const simdjson::dom::array one : golden_["after"]) {
    const std::string_view last = one.at(0), freq = one.at(1);
    const std::int64_t periods = one.at(2);
    const Result<Frequency> frequency = Frequency::parse(freq);
    ++checked;
    if (one.at(4).is_null()) {
      EXPECT_FALSE(frequency) << freq;
      continue;
    }
    ASSERT_TRUE(frequency) << frequency.error().message;
    EXPECT_EQ(frequency->name(), std::string_view(one.at(3))) << freq;
    const Result<std::vector<Instant>> dates = frequency->after(at(last), periods);
    ASSERT_TRUE(dates) << dates.error().message;
    std::vector<Instant> expected;
    for (const std::string_view date : one.at(4)) expected.push_back(at(date));
    EXPECT_EQ(*dates, expected) << freq << " after " << last;
  }
  EXPECT_GT(checked, 500);
}

TEST_F(FutureGolden, GuessesAreThoseOfPandasInferFreq) {
  int guessed = 0;
  for (const simdjson::dom::array one : golden_["infer"]) {
    std::vector<Instant> dates;
    for (const std::string_view date : one.at(0)) dates.push_back(at(date));
    const Result<Frequency> frequency = Frequency::infer(dates);
    if (one.at(1).is_null() || std::string_view(one.at(1)).starts_with("WOM-")) {
      EXPECT_FALSE(frequency) << format_instant(dates[0]);
      continue;
    }
    const std::string_view expected = one.at(1);
    ASSERT_TRUE(frequency) << expected << " from " << format_instant(dates[0]) << ": " << frequency.error().message;
    EXPECT_EQ(frequency->name(), Frequency::parse(expected)->name()) << format_instant(dates[0]);
    ++guessed;
  }
  EXPECT_GT(guessed, 150);
}

// The end of a history that the reference cases name by its kind.
std::vector<Instant> last_five(std::string_view kind, Instant last) {
  if (kind == "monthly") return {at("1960-08-01"), at("1960-09-01"), at("1960-10-01"), at("1960-11-01"), last};
  const std::chrono::hours step{kind == "hourly" ? 1 : 24};
  return {last - 4 * step, last - 3 * step, last - 2 * step, last - step, last};
}

TEST(Future, ReferenceChecksOfMakeFutureDataframePass) {
  const char* reference = std::getenv("REFERENCE_DIR");
  if (reference == nullptr) GTEST_SKIP() << "REFERENCE_DIR is not set";
  const std::string path = std::string(reference) + "/fixtures/prophet/cases/make_future_dataframe.json";
  simdjson::dom::parser parser;
  const simdjson::padded_string text(*read_file(path));
  int checked = 0;
  for (const simdjson::dom::object one : parser.parse(text).get_array()) {
    const std::string_view last = one["last"];
    const Result<Frequency> frequency = one["freq"].is_null() ? Frequency::infer(last_five(one["history"], at(last)))
                                                              : Frequency::parse(std::string_view(one["freq"]));
    ASSERT_TRUE(frequency) << frequency.error().message;
    std::vector<Instant> expected;
    for (const std::string_view date : one["result"]) expected.push_back(at(date));
    EXPECT_EQ(*frequency->after(at(last), one["periods"]), expected) << frequency->name() << " after " << last;
    ++checked;
  }
  EXPECT_GE(checked, 65);
}

TEST(Future, TimeOfDayIsKept) {
  EXPECT_EQ(dates_after("2023-04-14 23:00", "MS", 2), (Dates{"2023-05-01T23:00:00", "2023-06-01T23:00:00"}));
}

TEST(Future, LastDateOnTheAnchorIsNotRepeated) {
  EXPECT_EQ(dates_after("2020-01-31", "ME", 2), (Dates{"2020-02-29", "2020-03-31"}));
  EXPECT_EQ(dates_after("2020-01-31", "2ME", 2), (Dates{"2020-03-31", "2020-05-31"}));
}

TEST(Future, MultiplesCountFromTheAnchorAfterTheLastDate) {
  EXPECT_EQ(dates_after("2020-01-15", "2ME", 2), (Dates{"2020-01-31", "2020-03-31"}));
}

TEST(Future, NoPeriodsGiveNoDates) { EXPECT_TRUE(dates_after("2020-01-31", "D", 0).empty()); }

TEST(Future, UnknownNamesAreRefusedWithTheKnownOnes) {
  const Result<Frequency> frequency = Frequency::parse("fortnight");
  ASSERT_FALSE(frequency);
  EXPECT_EQ(frequency.error().code, ErrorCode::kInvalid);
  EXPECT_NE(frequency.error().message.find("'fortnight'"), std::string::npos);
  EXPECT_NE(frequency.error().message.find("W-WED"), std::string::npos);
}

TEST(Future, MultiplesBelowOneOrBeyondBoundsAreRefused) {
  for (const char* text : {"0D", "-1D", "99999999999999999999D", "9223372036854775807h", "1000000W", "1h0min"}) {
    EXPECT_FALSE(Frequency::parse(text)) << text;
  }
}

TEST(Future, DatesPastTheCalendarAreRefused) {
  for (const char* freq : {"D", "W", "ME", "100YE", "B", "36h"}) {
    const Result<std::vector<Instant>> dates = Frequency::parse(freq)->after(at("2261-12-30"), 1000);
    ASSERT_FALSE(dates) << freq;
    EXPECT_EQ(dates.error().code, ErrorCode::kInvalid);
  }
}

TEST(Future, PeriodsAreBounded) {
  EXPECT_FALSE(Frequency::daily().after(at("2020-01-01"), -1));
  EXPECT_FALSE(Frequency::daily().after(at("2020-01-01"), 1'000'001));
}

TEST(Future, FewDatesOrRepeatedOnesGiveNoGuess) {
  const std::vector<Instant> dates = {at("2020-01-01"), at("2020-01-02"), at("2020-01-02")};
  EXPECT_FALSE(Frequency::infer(dates));
  const Result<Frequency> two = Frequency::infer(std::span(dates).first(2));
  ASSERT_FALSE(two);
  EXPECT_NE(two.error().message.find("Unable to infer `freq`"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::forecast
