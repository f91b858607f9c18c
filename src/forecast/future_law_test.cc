#include "forecast/future_law.h"

#include <gtest/gtest.h>

#include <vector>

namespace chiliad::forecast {
namespace {

FittedState state_with(std::vector<double> changepoints_t, std::vector<double> delta) {
  FittedState state;
  state.changepoints_t = std::move(changepoints_t);
  state.delta = std::move(delta);
  state.rows = 101;
  return state;
}

TEST(FutureSteps, NumberTheRowsAfterTheHistory) {
  EXPECT_EQ(future_steps(std::vector<double>{0.5, 1, 1.5, 1.5, 3}), (std::vector<std::int64_t>{0, 0, 1, 2, 3}));
  EXPECT_TRUE(future_steps({}).empty());
}

TEST(TrendLaw, TakesTheHistorysStepForASingleFutureRow) {
  const FittedState state = state_with({0.5}, {2});
  const TrendLaw one = trend_law(state, std::vector<double>{0.5, 1.3});
  EXPECT_NEAR(one.change_probability, 0.01, 1e-15);
  const TrendLaw more = trend_law(state, std::vector<double>{0.5, 1.1, 1.3, 1.7});
  EXPECT_NEAR(more.change_probability, 0.3, 1e-15);
  EXPECT_NEAR(more.unit, 0.3 * (2 + 1e-8), 1e-15);
  EXPECT_EQ(trend_law(state, std::vector<double>{0.5, 1.0}).change_probability, 0);
  EXPECT_EQ(trend_law(state, std::vector<double>{1.5, 4.0}).change_probability, 1);
}

TEST(LogisticLaw, PutsChangesOnTheFuturesGridAsProphetDoes) {
  FittedState state = state_with({0.3, 0.5, 0.6}, {1, -2, 4});
  state.k = 10;
  state.m = 0.25;
  // A grid of 0.25: 0.3 goes to 0.5, 0.5 to 0.75 (a point after it), and so does 0.6, which Prophet keeps of the two.
  const LogisticLaw law = logistic_law(state, std::vector<double>{0.5, 1.25, 1.5});
  EXPECT_NEAR(law.change_probability, 0.75, 1e-15);
  EXPECT_NEAR(law.change_scale, 7.0 / 3 + 1e-8, 1e-15);
  EXPECT_NEAR(law.slope, 10 + 1 + 4, 1e-13);
  EXPECT_NEAR(law.offset, -2.5 - 1 * 0.5 - 4 * 0.75, 1e-13);
}

TEST(LogisticLaw, OfAFineGridIsTheTrendsOwnLine) {
  FittedState state = state_with({0.3, 0.7}, {1, -2});
  state.k = 3;
  const LogisticLaw law = logistic_law(state, std::vector<double>{1.000001, 1.000002});
  EXPECT_NEAR(law.slope, 2, 1e-13);
  EXPECT_NEAR(law.offset, -0.3 + 1.4, 1e-5);
  // Rows that are all at one moment have no grid, and far changepoints none that could be counted.
  EXPECT_NEAR(logistic_law(state, std::vector<double>{2, 2}).offset, -0.3 + 1.4, 1e-13);
  state.changepoints_t = {0.5, 1e300};
  EXPECT_NEAR(logistic_law(state, std::vector<double>{1.5, 2}).slope, 2, 1e-13);
}

}  // namespace
}  // namespace chiliad::forecast
