#include "forecast/posterior_mode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "forecast/starts.h"

namespace chiliad::forecast {
namespace {

// A rise below a cap with a week and noise, and what a climb needs of it.
struct Rise {
  std::vector<Instant> ds;
  std::vector<double> y, cap;
  ProphetOptions options;

  explicit Rise(unsigned seed) : cap(300, 150.0) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    for (int i = 0; i < 300; ++i) {
      ds.push_back(*parse_instant("2020-01-01") + std::chrono::hours(24 * i));
      y.push_back(120 / (1 + std::exp(-(i - 140) / 50.0)) + 4 * std::sin(2 * i / 2.228) + 3 * normal(random));
    }
    options.growth = Growth::kLogistic;
  }
  Calendar calendar() const { return *Calendar::make(ds, options); }
  ScaledSeries scaled() const {
    const std::vector<Column> columns = {{"cap", cap}};
    return *scale_series(options, y, columns);
  }
};

// A further start of the same series.
Parameters other_start(const Calendar::State& calendar, const SeriesValues& values) {
  return further_starts(calendar, values, prophet_start(calendar, values)).front();
}

TEST(FindMode, AClimbEndsWhereItComesToItsRival) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const Rise rise(seed);
    const Calendar calendar = rise.calendar();
    const ScaledSeries scaled = rise.scaled();
    const SeriesValues values{scaled.y, scaled.cap};
    FitReport report;
    const Result<Parameters> mode = find_mode(calendar.state(), values, other_start(calendar.state(), values), report);
    ASSERT_TRUE(mode);
    const Rival rival{*mode, report.log_posterior};
    Standing standing = Standing::kOpen;
    FitReport unused;
    ASSERT_TRUE(find_mode(calendar.state(), values, other_start(calendar.state(), values), rival, standing, unused));
    EXPECT_EQ(standing, Standing::kSame) << seed;
  }
}

TEST(FindMode, AClimbEndsWhereItsRivalIsOutOfReach) {
  const Rise rise(7);
  const Calendar calendar = rise.calendar();
  const ScaledSeries scaled = rise.scaled();
  const SeriesValues values{scaled.y, scaled.cap};
  FitReport report;
  const Result<Parameters> mode = find_mode(calendar.state(), values, other_start(calendar.state(), values), report);
  ASSERT_TRUE(mode);
  const Rival rival{*mode, report.log_posterior + 30};
  Standing standing = Standing::kOpen;
  FitReport unused;
  ASSERT_TRUE(find_mode(calendar.state(), values, other_start(calendar.state(), values), rival, standing, unused));
  EXPECT_EQ(standing, Standing::kBelow);
}

TEST(FindMode, ARivalThatIsLowerChangesNothing) {
  const Rise rise(8);
  const Calendar calendar = rise.calendar();
  const ScaledSeries scaled = rise.scaled();
  const SeriesValues values{scaled.y, scaled.cap};
  const Parameters start = other_start(calendar.state(), values);
  FitReport alone, beside;
  const Result<Parameters> expected = find_mode(calendar.state(), values, start, alone);
  ASSERT_TRUE(expected);
  const Rival rival{*expected, alone.log_posterior - 3};
  Standing standing = Standing::kBelow;
  const Result<Parameters> found = find_mode(calendar.state(), values, start, rival, standing, beside);
  ASSERT_TRUE(found);
  EXPECT_EQ(standing, Standing::kOpen);
  EXPECT_EQ(found->delta, expected->delta);
  EXPECT_EQ(found->beta, expected->beta);
  EXPECT_EQ(beside.log_posterior, alone.log_posterior);
  EXPECT_EQ(beside.iterations, alone.iterations);
}

}  // namespace
}  // namespace chiliad::forecast
