#include "forecast/design.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::forecast {
namespace {

using std::chrono::hours;

std::vector<Instant> dates(const char* first, int count, std::chrono::nanoseconds step) {
  std::vector<Instant> out;
  for (int i = 0; i < count; ++i) out.push_back(*parse_instant(first) + i * step);
  return out;
}

std::vector<std::string> names(const std::vector<Seasonality>& seasonalities) {
  std::vector<std::string> out;
  for (const Seasonality& seasonality : seasonalities) out.push_back(seasonality.name);
  return out;
}

TEST(ResolveSeasonalities, TurnsOnWhatTheHistoryIsLongAndDenseEnoughFor) {
  using Names = std::vector<std::string>;
  const ProphetOptions automatic;
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 731, hours(24)))), (Names{"yearly", "weekly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 730, hours(24)))), (Names{"weekly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 15, hours(24)))), (Names{"weekly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 14, hours(24)))), (Names{}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 120, hours(24 * 7)))), (Names{"yearly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 48, hours(1)))), (Names{}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 49, hours(1)))), (Names{"daily"}));
}

TEST(ResolveSeasonalities, AnOwnOneSwitchesTheAutomaticOneOffAndAnExplicitOneReplacesItInPlace) {
  const std::vector<Instant> ds = dates("2020-01-01", 800, hours(24));
  ProphetOptions options;
  options.seasonalities = {{"weekly", 7, 2, 5}, {"monthly", 30.5, 5}};
  std::vector<Seasonality> found = resolve_seasonalities(options, ds);
  EXPECT_EQ(names(found), (std::vector<std::string>{"weekly", "monthly", "yearly"}));
  EXPECT_EQ(found[0].fourier_order, 2);
  options.weekly_seasonality = {SeasonalityChoice::Kind::kOrder, 4};
  found = resolve_seasonalities(options, ds);
  EXPECT_EQ(names(found), (std::vector<std::string>{"weekly", "monthly", "yearly"}));
  EXPECT_EQ(found[0].fourier_order, 4);
  EXPECT_EQ(found[0].prior_scale, 10);
}

// Expected rows: np.linspace(0, floor(n * range) - 1, n_changepoints + 1).round() without the first.
TEST(PlaceChangepoints, SpreadsThemOverTheRowsAsNumpyRounds) {
  const std::vector<Instant> ds = dates("2022-01-01", 358, hours(24));
  const Result<Changepoints> found = place_changepoints({}, ds);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->rows.size(), 25u);
  EXPECT_EQ((std::vector<std::uint32_t>(found->rows.begin(), found->rows.begin() + 5)),
            (std::vector<std::uint32_t>{11, 23, 34, 46, 57}));
  EXPECT_EQ(found->rows.back(), 285u);
  EXPECT_DOUBLE_EQ(found->t[0], 11.0 / 357.0);
}

TEST(PlaceChangepoints, TakesFewerWhereThereAreFewRows) {
  const std::vector<Instant> ds = dates("2022-01-01", 10, hours(24));
  const Result<Changepoints> found = place_changepoints({}, ds);
  EXPECT_EQ(found->n_changepoints, 7);
  EXPECT_EQ(found->rows, (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6, 7}));
}

TEST(PlaceChangepoints, StandsInAZeroWhereThereAreNone) {
  ProphetOptions options;
  options.n_changepoints = 0;
  const Result<Changepoints> found = place_changepoints(options, dates("2022-01-01", 100, hours(24)));
  EXPECT_TRUE(found->moments.empty());
  EXPECT_EQ(found->t, std::vector<double>{0.0});
}

TEST(PlaceChangepoints, KeepsGivenOnesInTheirOrderAndSortsTheirTimes) {
  const std::vector<Instant> ds = dates("2022-01-01", 101, hours(24));
  ProphetOptions options;
  options.changepoints = {ds[50], ds[10]};
  const Result<Changepoints> found = place_changepoints(options, ds);
  EXPECT_EQ(found->moments, (std::vector<Instant>{ds[50], ds[10]}));
  EXPECT_EQ(found->t, (std::vector<double>{0.1, 0.5}));
}

TEST(ScaleSeries, IsByOneForZerosAndByTheSpanForMinMax) {
  const std::vector<double> zeros = {0, 0};
  const std::vector<double> values = {-4, 2, 1};
  ProphetOptions options;
  EXPECT_EQ(scale_series(options, zeros)->y_scale, 1);
  EXPECT_EQ(scale_series(options, values)->y_scale, 4);
  EXPECT_EQ(scale_series(options, values)->y, (std::vector<double>{-1, 0.5, 0.25}));
  options.scaling = Scaling::kMinMax;
  EXPECT_EQ(scale_series(options, zeros)->y_scale, 1);
  EXPECT_EQ(scale_series(options, values)->y_scale, 6);
  EXPECT_EQ(scale_series(options, values)->y_min, -4);
  EXPECT_EQ(scale_series(options, values)->y, (std::vector<double>{0, 1, 5.0 / 6}));
}

// Values, capacities and floors of logistic growth.
struct Bounded {
  std::vector<double> y = {3, 5, 9}, cap = {11, 12, 21}, floor = {1, 2, 1};

  Result<ScaledSeries> scaled(Scaling scaling, bool with_floor) const {
    ProphetOptions options;
    options.growth = Growth::kLogistic;
    options.scaling = scaling;
    std::vector<Column> columns = {{"cap", cap}};
    if (with_floor) columns.push_back({"floor", floor});
    return scale_series(options, y, columns);
  }
};

TEST(ScaleSeries, MeasuresFromTheFloorAsProphetDoes) {
  const Bounded rows;
  const auto plain = rows.scaled(Scaling::kAbsMax, false);
  EXPECT_FALSE(plain->logistic_floor);
  EXPECT_EQ(plain->y_scale, 9);
  EXPECT_EQ(plain->cap[2], 21.0 / 9);
  const auto spanned = rows.scaled(Scaling::kMinMax, false);  // The floor is the least value.
  EXPECT_EQ(spanned->y_min, 3);
  EXPECT_EQ(spanned->y_scale, 6);
  EXPECT_EQ(spanned->y[0], 0);
  EXPECT_EQ(spanned->cap[0], 8.0 / 6);
  const auto floored = rows.scaled(Scaling::kAbsMax, true);
  EXPECT_TRUE(floored->logistic_floor);
  EXPECT_EQ(floored->y_scale, 8);
  EXPECT_EQ(floored->y_min, 2);  // As Prophet stores it: the least distance from the floor.
  EXPECT_EQ(floored->y, (std::vector<double>{2.0 / 8, 3.0 / 8, 1}));
  EXPECT_EQ(floored->cap[1], 10.0 / 8);
  const auto both = rows.scaled(Scaling::kMinMax, true);  // From the lowest floor to the highest capacity.
  EXPECT_EQ(both->y_min, 1);
  EXPECT_EQ(both->y_scale, 20);
  EXPECT_EQ(both->y[1], 3.0 / 20);
}

TEST(ScaleSeries, SaysInProphetsWordsWhatACapacityLacks) {
  Bounded rows;
  ProphetOptions options;
  options.growth = Growth::kLogistic;
  EXPECT_EQ(scale_series(options, rows.y).error().message,
            "Capacities must be supplied for logistic growth in column \"cap\"");
  rows.floor[1] = 12;
  EXPECT_EQ(rows.scaled(Scaling::kAbsMax, true).error().message,
            "cap must be greater than floor (which defaults to 0).");
  EXPECT_TRUE(rows.scaled(Scaling::kAbsMax, false));
  rows.cap[1] = 0;
  EXPECT_EQ(rows.scaled(Scaling::kAbsMax, false).error().message,
            "cap must be greater than floor (which defaults to 0).");
  rows.cap[1] = NAN;
  EXPECT_EQ(rows.scaled(Scaling::kAbsMax, false).error().message, "Found NaN in column 'cap'");
}

TEST(ScaleCap, TakesTheFloorOfEachRowWhereTheHistoryHadOne) {
  FittedState state;
  state.options.growth = Growth::kLogistic;
  state.y_scale = 2;
  const std::vector<double> cap = {11, 12}, floor = {1, 2};
  const std::vector<Column> columns = {{"cap", cap}, {"floor", floor}};
  EXPECT_EQ(scale_cap(state, columns, 2)->cap, (std::vector<double>{5.5, 6}));
  state.logistic_floor = true;
  EXPECT_EQ(scale_cap(state, columns, 2)->cap, (std::vector<double>{5, 5}));
  EXPECT_EQ(scale_cap(state, columns, 2)->floor, floor);
  EXPECT_EQ(scale_cap(state, std::span(columns).first(1), 2).error().message, "Expected column \"floor\".");
  state.logistic_floor = false;
  state.options.scaling = Scaling::kMinMax;
  state.y_min = -1;
  EXPECT_EQ(scale_cap(state, columns, 2)->floor, (std::vector<double>{-1, -1}));
  EXPECT_EQ(scale_cap(state, {}, 2).error().message,
            "Capacities must be supplied for logistic growth in column \"cap\"");
}

}  // namespace
}  // namespace chiliad::forecast
