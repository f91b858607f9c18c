#include "table/field.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <string>

#include "base/number.h"

namespace chiliad::table {
namespace {

// read_number() must be parse_double() in every bit, refusals included.
void expect_same_as_parse_double(const std::string& text) {
  const std::optional<double> expected = parse_double(text);
  const std::optional<double> read = read_number(text);
  ASSERT_EQ(read.has_value(), expected.has_value()) << "'" << text << "'";
  if (read) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*read), std::bit_cast<std::uint64_t>(*expected)) << text;
  }
  ASSERT_EQ(is_value(text), expected.has_value() || is_missing(text)) << text;
}

TEST(ReadNumber, IsParseDoubleOnTextsMadeOfItsBytes) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300'000; ++round) {
    std::string text(random() % 24, '\0');
    for (char& c : text) c = "0123456789012345678901234567890.-+e"[random() % 35];
    expect_same_as_parse_double(text);
  }
}

TEST(ReadNumber, IsParseDoubleOnWhatProgramsWrite) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200'000; ++round) {
    const double value = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 80) - 110);
    expect_same_as_parse_double(fmt::format("{}", value));
    expect_same_as_parse_double(fmt::format("-{:.{}f}", value, random() % 15));
  }
}

TEST(ReadNumber, IsParseDoubleAroundTheLimitsOfTheFastPath) {
  for (const char* text : {"9007199254740992",
                           "9007199254740993",
                           "9007199254740994",
                           "0.9007199254740993",
                           "18446744073709551615",
                           "18446744073709551616",
                           "9999999999999999999",
                           "99999999999999999999",
                           "0.0000000000000000001",
                           "-0",
                           "-0.0",
                           "0",
                           "00",
                           "007",
                           ".5",
                           "5.",
                           ".",
                           "-",
                           "-.",
                           "-.5",
                           "--5",
                           "+5",
                           "+-5",
                           "1e400",
                           "-1e400",
                           "1e-400",
                           "1.2.3",
                           "0x10",
                           "inf",
                           "nan",
                           " 1",
                           "1 ",
                           "1,5",
                           "",
                           "\xD9\xA1"}) {
    expect_same_as_parse_double(text);
  }
}

TEST(ReadValue, MissingTextsArePandasDefaults) {
  for (const char* text : {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
                           "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}) {
    ASSERT_TRUE(read_value(text)) << text;
    EXPECT_TRUE(std::isnan(*read_value(text))) << text;
    EXPECT_TRUE(is_value(text));
  }
  for (const char* text : {"Nan", "na", "none", "-", "inf", "Infinity", " ", "missing"}) {
    EXPECT_FALSE(read_value(text)) << text;
    EXPECT_FALSE(is_value(text)) << text;
  }
}

void expect_same_as_parse_instant(InstantReader& reader, const std::string& text) {
  Instant instant;
  const Result<Instant> expected = parse_instant(text);
  ASSERT_EQ(reader.read(text, instant), static_cast<bool>(expected)) << text;
  if (expected) {
    ASSERT_EQ(instant, *expected) << text;
  }
}

TEST(InstantReader, IsParseInstantOnDaysThatFollowOneAnotherAndJump) {
  InstantReader reader;
  const std::chrono::sys_days first{std::chrono::year{1678} / 1 / 1};
  for (int day = 0; day < 213'000; ++day) {
    const std::chrono::year_month_day date{first + std::chrono::days(day)};
    expect_same_as_parse_instant(
        reader, fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                            static_cast<unsigned>(date.day())));
  }
}

TEST(InstantReader, IsParseInstantOnDaysAndTimesThatDoNotExist) {
  InstantReader reader;
  std::mt19937_64 random(9);
  for (int round = 0; round < 300'000; ++round) {
    std::string text = fmt::format("2023-{:02}-{:02}", random() % 4 + 1, random() % 34);
    if (random() % 2 == 0) {
      text += fmt::format("{}{:02}:{:02}:{:02}", random() % 3 == 0 ? 'T' : ' ', random() % 26, random() % 62,
                          random() % 62);
    }
    if (random() % 8 == 0) text += fmt::format(".{}", random() % 1000);
    if (random() % 8 == 0) text.resize(random() % (text.size() + 1));
    if (random() % 8 == 0 && !text.empty()) text[random() % text.size()] = "0:-/9TZ+ "[random() % 9];
    expect_same_as_parse_instant(reader, text);
  }
}

}  // namespace
}  // namespace chiliad::table
