#include "forecast/posterior_mode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "forecast/starts.h"

namespace chiliad::forecast {
namespace {

// A rise below a cap with a week and noise, and climbs from a further start of it.
class Rise {
 public:
  explicit Rise(unsigned seed) : Rise(Rows(seed)) {}

  Result<Parameters> climb(FitReport& report) const { return find_mode(calendar_.state(), values_, start_, report); }
  Result<Parameters> climb(const Rival& rival, Standing& standing, FitReport& report) const {
    return find_mode(calendar_.state(), values_, start_, rival, standing, report);
  }

 private:
  struct Rows {
    std::vector<Instant> ds;
    std::vector<double> y;
    std::vector<double> cap = std::vector<double>(300, 150.0);
    ProphetOptions options;

    explicit Rows(unsigned seed) {
      std::mt19937_64 random(seed);
      std::normal_distribution<double> normal;
      for (int i = 0; i < 300; ++i) {
        ds.push_back(*parse_instant("2020-01-01") + std::chrono::hours(24 * i));
        y.push_back(120 / (1 + std::exp(-(i - 140) / 50.0)) + 4 * std::sin(2 * i / 2.228) + 3 * normal(random));
      }
      options.growth = Growth::kLogistic;
    }
  };
  explicit Rise(const Rows& rows)
      : calendar_(*Calendar::make(rows.ds, rows.options)),
        scaled_(*scale_series(rows.options, rows.y, std::vector<Column>{{"cap", rows.cap}})),
        values_{scaled_.y, scaled_.cap},
        start_(further_starts(calendar_.state(), values_, prophet_start(calendar_.state(), values_)).front()) {}

  const Calendar calendar_;
  const ScaledSeries scaled_;
  const SeriesValues values_;
  const Parameters start_;
};

TEST(FindMode, AClimbEndsWhereItComesToItsRival) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const Rise rise(seed);
    FitReport report, unused;
    const Result<Parameters> mode = rise.climb(report);
    ASSERT_TRUE(mode);
    Standing standing = Standing::kOpen;
    ASSERT_TRUE(rise.climb({*mode, report.log_posterior}, standing, unused));
    EXPECT_EQ(standing, Standing::kSame) << seed;
  }
}

TEST(FindMode, AClimbEndsWhereItsRivalIsOutOfReach) {
  const Rise rise(7);
  FitReport report, unused;
  const Result<Parameters> mode = rise.climb(report);
  ASSERT_TRUE(mode);
  Standing standing = Standing::kOpen;
  ASSERT_TRUE(rise.climb({*mode, report.log_posterior + 30}, standing, unused));
  EXPECT_EQ(standing, Standing::kBelow);
}

TEST(FindMode, ARivalThatIsLowerChangesNothing) {
  const Rise rise(8);
  FitReport alone, beside;
  const Result<Parameters> expected = rise.climb(alone);
  ASSERT_TRUE(expected);
  Standing standing = Standing::kBelow;
  const Result<Parameters> found = rise.climb({*expected, alone.log_posterior - 3}, standing, beside);
  ASSERT_TRUE(found);
  EXPECT_EQ(standing, Standing::kOpen);
  EXPECT_EQ(found->delta, expected->delta);
  EXPECT_EQ(found->beta, expected->beta);
  EXPECT_EQ(beside.log_posterior, alone.log_posterior);
  EXPECT_EQ(beside.iterations, alone.iterations);
}

}  // namespace
}  // namespace chiliad::forecast
