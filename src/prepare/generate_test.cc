#include "prepare/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/number.h"

namespace chiliad::prepare {
namespace {

GenerateOptions fleet(std::uint64_t customers, std::uint64_t days) {
  GenerateOptions options;
  options.customers = customers;
  options.period_days = days;
  options.start = *parse_instant("2022-01-01");
  return options;
}

std::string text_of(const GenerateOptions& options) {
  std::string text;
  const Result<Done> made = generate(options, [&](std::string_view bytes) -> Result<Done> {
    text += bytes;
    return Done{};
  });
  EXPECT_TRUE(made);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  }
  return lines;
}

TEST(Generate, WritesHeaderAndARowForEachCustomerAndDay) {
  const std::vector<std::string> lines = lines_of(text_of(fleet(2, 60)));
  ASSERT_EQ(lines.size(), 121U);
  EXPECT_EQ(lines[0], "customer_id,timestamp,consumption");
  EXPECT_TRUE(lines[1].starts_with("0,2022-01-01,"));
  EXPECT_TRUE(lines[60].starts_with("0,2022-03-01,"));
  EXPECT_TRUE(lines[61].starts_with("1,2022-01-01,"));
  const std::optional<double> value = parse_double(std::string_view(lines[61]).substr(13));
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, generated_value(fleet(2, 60), 1, 0));
}

TEST(Generate, TheSameSeedGivesTheSameBytesOnEveryMachine) {
  const std::string text = text_of(fleet(30, 400));
  EXPECT_EQ(text, text_of(fleet(30, 400)));
  GenerateOptions other = fleet(30, 400);
  other.seed = 43;
  EXPECT_NE(text, text_of(other));
  // Written down once: a change of these bytes changes everybody's demo data.
  EXPECT_EQ(hex(content_hash(text)), "3a1bb0e7ba6e836b");
}

TEST(Generate, MoreCustomersOrDaysOnlyAddRows) {
  const std::string text = text_of(fleet(5, 100));
  EXPECT_TRUE(text_of(fleet(6, 100)).starts_with(text));
  EXPECT_EQ(generated_value(fleet(5, 100), 3, 99), generated_value(fleet(50, 1000), 3, 99));
}

TEST(Generate, BothOrdersHoldTheSameRows) {
  GenerateOptions options = fleet(7, 50);
  std::vector<std::string> by_customer = lines_of(text_of(options));
  options.order = RowOrder::kDate;
  std::vector<std::string> by_date = lines_of(text_of(options));
  EXPECT_TRUE(by_date[2].starts_with("1,2022-01-01,"));
  EXPECT_NE(by_customer, by_date);
  std::sort(by_customer.begin(), by_customer.end());
  std::sort(by_date.begin(), by_date.end());
  EXPECT_EQ(by_customer, by_date);
}

TEST(Generate, TheSeasonIsASineOfOneYear) {
  GenerateOptions options = fleet(20, 1461);
  options.noise = 0;
  for (std::uint64_t customer = 0; customer < 20; ++customer) {
    // Four years are 1461 days: sums over them of sin, cos and 1 are orthogonal but for 1e-3.
    double sum = 0;
    double sine = 0;
    double cosine = 0;
    for (std::uint64_t day = 0; day < 1461; ++day) {
      const double value = generated_value(options, customer, day);
      const double angle = 2 * M_PI * (days_since_epoch(options.start) + static_cast<double>(day)) / 365.25;
      sum += value;
      sine += value * std::sin(angle);
      cosine += value * std::cos(angle);
    }
    const double baseline = sum / 1461;
    const double a = 2 * sine / 1461;
    const double b = 2 * cosine / 1461;
    EXPECT_GE(baseline, 500);
    EXPECT_LT(baseline, 1000);
    EXPECT_GE(std::hypot(a, b), 100 - 1e-6);
    EXPECT_LT(std::hypot(a, b), 200 + 1e-6);
    for (std::uint64_t day = 0; day < 1461; day += 100) {
      const double angle = 2 * M_PI * (days_since_epoch(options.start) + static_cast<double>(day)) / 365.25;
      EXPECT_NEAR(generated_value(options, customer, day), baseline + a * std::sin(angle) + b * std::cos(angle), 1e-7);
    }
  }
}

TEST(Generate, NoiseHasTheStandardDeviationAskedFor) {
  GenerateOptions noisy = fleet(1, 1);
  noisy.noise = 25;
  GenerateOptions quiet = noisy;
  quiet.noise = 0;
  double sum = 0;
  double squares = 0;
  double neighbours = 0;
  double before = 0;
  const double count = 100 * 365;
  for (std::uint64_t i = 0; i < 100 * 365; ++i) {
    const double noise = generated_value(noisy, i / 365, i % 365) - generated_value(quiet, i / 365, i % 365);
    sum += noise;
    squares += noise * noise;
    neighbours += noise * before;
    before = noise;
  }
  EXPECT_NEAR(sum / count, 0, 5 * 25 / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(squares / count), 25, 5 * 25 / std::sqrt(2 * count));
  EXPECT_NEAR(neighbours / squares, 0, 5 / std::sqrt(count));
}

TEST(Generate, WhatMakesNoTableIsRefused) {
  const auto error_of = [](GenerateOptions options) {
    const Result<Done> made = generate(options, [](std::string_view) -> Result<Done> { return Done{}; });
    return made ? std::string() : made.error().message;
  };
  EXPECT_NE(error_of(fleet(0, 5)).find("customers"), std::string::npos);
  EXPECT_NE(error_of(fleet(5, 0)).find("the period"), std::string::npos);
  EXPECT_NE(error_of(fleet(5, 90'000)).find("2261"), std::string::npos);
  GenerateOptions options = fleet(1, 1);
  options.start += std::chrono::hours(1);
  EXPECT_NE(error_of(options).find("the start"), std::string::npos);
  options = fleet(1, 1);
  options.noise = -1;
  EXPECT_NE(error_of(options).find("the noise"), std::string::npos);
}

TEST(Generate, AFullDiskStopsItAtOnce) {
  int calls = 0;
  const Result<Done> made = generate(fleet(10'000, 365), [&](std::string_view) -> Result<Done> {
    return ++calls < 3 ? Result<Done>(Done{}) : Error{ErrorCode::kNoSpace, "full"};
  });
  ASSERT_FALSE(made);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace chiliad::prepare
