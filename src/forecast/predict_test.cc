#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "forecast/design.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {
namespace {

using std::chrono::hours;

std::vector<Instant> days_from(const char* first, int count) {
  std::vector<Instant> out;
  for (int i = 0; i < count; ++i) out.push_back(*parse_instant(first) + hours(24 * i));
  return out;
}

// A hand-made model: t runs over 100 days from 2022-01-01, slope 1 for each t, +2 from t = 0.5, a week of amplitude
// 0.1.
FittedState hand_made(Mode mode = Mode::kAdditive) {
  FittedState state;
  state.options.interval_width = 0.8;
  state.seasonalities = {{"weekly", 7, 1, 10, mode}};
  state.start = *parse_instant("2022-01-01");
  state.t_scale_s = 100 * 86400.0;
  state.y_scale = 10;
  state.changepoints_t = {0.5};
  state.k = 1;
  state.m = 3;
  state.delta = {2};
  state.beta = {0.1, 0};
  state.sigma_obs = 0.05;
  state.rows = 101;
  state.history_date_count = 101;
  return state;
}

FittedModel model(FittedState state) {
  Result<FittedModel> made = FittedModel::from_state(std::move(state));
  EXPECT_TRUE(made) << made.error().message;
  return *std::move(made);
}

TEST(Predict, AddsTheComponentsToTheTrend) {
  const Result<Forecast> forecast = model(hand_made()).predict(days_from("2022-02-20", 3));
  ASSERT_TRUE(forecast);
  for (std::size_t i = 0; i < 3; ++i) {
    const double t = 0.5 + 0.01 * static_cast<double>(i);
    EXPECT_NEAR(forecast->column("trend")[i], 10 * (3 + t + 2 * (t - 0.5)), 1e-12);
    EXPECT_NEAR(forecast->column("yhat")[i], forecast->column("trend")[i] + forecast->column("weekly")[i], 1e-12);
    EXPECT_EQ(forecast->column("additive_terms")[i], forecast->column("weekly")[i]);
    EXPECT_EQ(forecast->column("weekly_upper")[i], forecast->column("weekly")[i]);
    EXPECT_EQ(forecast->column("multiplicative_terms")[i], 0);
  }
}

TEST(Predict, MultipliesTheTrendWhereTheModeSaysSo) {
  const Result<Forecast> forecast = model(hand_made(Mode::kMultiplicative)).predict(days_from("2022-02-20", 9));
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(forecast->column("yhat")[i], forecast->column("trend")[i] * (1 + forecast->column("weekly")[i]), 1e-12);
    EXPECT_LE(std::fabs(forecast->column("weekly")[i]), 0.1 + 1e-12);  // A share, not scaled by y_scale.
  }
}

TEST(Predict, AddsTheMinimumBackForMinMaxScaling) {
  FittedState state = hand_made();
  state.options.scaling = Scaling::kMinMax;
  state.y_min = 1000;
  const Result<Forecast> forecast = model(state).predict(days_from("2022-01-01", 1));
  EXPECT_NEAR(forecast->column("trend")[0], 1030, 1e-12);
}

TEST(Predict, SortsTheRows) {
  std::vector<Instant> ds = days_from("2022-04-01", 20);
  const Result<Forecast> sorted = model(hand_made()).predict(ds);
  std::reverse(ds.begin(), ds.end());
  const Result<Forecast> reversed = model(hand_made()).predict(ds);
  EXPECT_EQ(sorted->ds(), reversed->ds());
  for (std::size_t c = 0; c < sorted->names().size(); ++c) {
    EXPECT_TRUE(std::equal(sorted->column(c).begin(), sorted->column(c).end(), reversed->column(c).begin()));
  }
}

TEST(Predict, GivesHistoryRowsNoTrendUncertaintyAndNormalNoise) {
  const Result<Forecast> forecast = model(hand_made()).predict(days_from("2022-03-01", 5));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(forecast->column("trend_lower")[i], forecast->column("trend")[i]);
    EXPECT_EQ(forecast->column("trend_upper")[i], forecast->column("trend")[i]);
    constexpr double kNormal90 = 1.2815515655446004;
    EXPECT_NEAR(forecast->column("yhat_upper")[i] - forecast->column("yhat")[i], kNormal90 * 0.5, 1e-4);
    EXPECT_NEAR(forecast->column("yhat_lower")[i] - forecast->column("yhat")[i], -kNormal90 * 0.5, 1e-4);
  }
}

TEST(Predict, WidensTheFuture) {
  const Result<Forecast> forecast = model(hand_made()).predict(days_from("2022-04-12", 60));
  const std::span<const double> upper = forecast->column("yhat_upper");
  const std::span<const double> yhat = forecast->column("yhat");
  for (std::size_t i = 1; i < 60; ++i) EXPECT_GT(upper[i] - yhat[i], upper[i - 1] - yhat[i - 1]);
}

TEST(Predict, TakesRegressorsInTheOrderOfTheRowsAskedFor) {
  FittedState state = hand_made();
  state.options.regressors = {{"temp", 10, Standardize::kAuto, Mode::kAdditive, 10, 5}};
  state.beta = {0.1, 0, 0.3};
  std::vector<Instant> ds = days_from("2022-04-12", 4);
  const std::vector<double> temp = {10, 15, 20, 25};
  const Result<Forecast> sorted = model(state).predict(Frame{ds, std::vector<Column>{{"temp", temp}}});
  ASSERT_TRUE(sorted) << sorted.error().message;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(sorted->column("temp")[i], 10 * 0.3 * static_cast<double>(i), 1e-12);
    EXPECT_EQ(sorted->column("extra_regressors_additive")[i], sorted->column("temp")[i]);
    EXPECT_NEAR(sorted->column("additive_terms")[i], sorted->column("temp")[i] + sorted->column("weekly")[i], 1e-12);
  }
  std::reverse(ds.begin(), ds.end());
  const std::vector<double> reversed_temp(temp.rbegin(), temp.rend());
  const Result<Forecast> reversed = model(state).predict(Frame{ds, std::vector<Column>{{"temp", reversed_temp}}});
  ASSERT_TRUE(reversed);
  for (std::size_t c = 0; c < sorted->names().size(); ++c) {
    EXPECT_TRUE(std::equal(sorted->column(c).begin(), sorted->column(c).end(), reversed->column(c).begin()));
  }
  EXPECT_EQ(model(state).predict(ds).error().message, "Regressor 'temp' missing from dataframe");
  EXPECT_EQ(model(state).predict(Frame{ds, std::vector<Column>{{"temp", std::span(temp).first(3)}}}).error().message,
            "column 'temp' has 3 values for 4 rows");
}

TEST(Predict, ARegressorWithAModelOfItsOwnNeedsValuesAllTheSame) {
  FittedState state = hand_made();
  state.options.regressors = {{.name = "temp", .std = 5, .predictor_spec = "{}"}};
  state.beta = {0.1, 0, 0.3};
  const std::vector<Instant> ds = days_from("2022-04-12", 1);
  const std::string message = model(state).predict(ds).error().message;
  EXPECT_TRUE(message.starts_with("Regressor 'temp' missing from dataframe: the model that forecasts it")) << message;
  EXPECT_TRUE(model(state).predict(Frame{ds, std::vector<Column>{{"temp", std::vector<double>{3}}}}));
}

TEST(NeededColumns, AreConditionsThenRegressorsEachOnce) {
  FittedState state = hand_made();
  state.seasonalities = {{"a", 7, 1, 10, Mode::kAdditive, "on"}, {"b", 7, 1, 10, Mode::kAdditive, "on"}, {"c", 7, 1}};
  state.options.regressors = {{"temp"}, {"on"}};
  EXPECT_EQ(needed_columns(state), (std::vector<std::string>{"on", "temp"}));
  EXPECT_TRUE(needed_columns(hand_made()).empty());
}

TEST(Predict, FlatGrowthHasNoTrendUncertainty) {
  FittedState state = hand_made();
  state.options.growth = Growth::kFlat;
  state.k = 0;
  state.delta = {0};
  for (const Uncertainty uncertainty : {Uncertainty::kExact, Uncertainty::kSimulated}) {
    PredictOptions options;
    options.uncertainty = uncertainty;
    const Result<Forecast> forecast = model(state).predict(days_from("2022-04-12", 30), options);
    ASSERT_TRUE(forecast);
    for (std::size_t i = 0; i < 30; ++i) {
      EXPECT_EQ(forecast->column("trend")[i], 30);
      EXPECT_EQ(forecast->column("trend_lower")[i], 30);
      EXPECT_EQ(forecast->column("trend_upper")[i], 30);
      constexpr double kNormal90 = 1.2815515655446004;
      const double tolerance = uncertainty == Uncertainty::kExact ? 1e-4 : 0.1;  // 2 sd of a percentile of 1,000 draws.
      EXPECT_NEAR(forecast->column("yhat_upper")[i] - forecast->column("yhat")[i], kNormal90 * 0.5, tolerance);
    }
  }
}

// y_scale 10 as in hand_made().
FittedState logistic_state() {
  FittedState state = hand_made();
  state.options.growth = Growth::kLogistic;
  state.k = 4;
  state.m = 0.5;
  return state;
}

TEST(Predict, GrowsToTheCapacityOfEachRow) {
  const FittedModel fitted = model(logistic_state());
  const std::vector<Instant> ds = days_from("2022-04-12", 3);
  const std::vector<double> cap = {50, 60, 70};
  const Result<Forecast> forecast = fitted.predict(Frame{ds, std::vector<Column>{{"cap", cap}}});
  ASSERT_TRUE(forecast) << forecast.error().message;
  const FittedState& state = fitted.state();
  for (std::size_t i = 0; i < 3; ++i) {
    const double t = static_cast<double>((ds[i] - state.start).count()) / (state.t_scale_s * 1e9);
    double exponent = state.k * (t - state.m);
    for (std::size_t j = 0; j < state.delta.size(); ++j) {
      exponent += state.delta[j] * std::max(0.0, t - state.changepoints_t[j]);
    }
    EXPECT_NEAR(forecast->column("trend")[i], cap[i] / (1 + std::exp(-exponent)), 1e-11);
    EXPECT_EQ(forecast->column("cap")[i], cap[i]);
    EXPECT_LE(forecast->column("trend_lower")[i], forecast->column("trend_upper")[i]);
    EXPECT_LT(forecast->column("yhat_lower")[i], forecast->column("yhat_upper")[i]);
  }
  EXPECT_EQ(forecast->names()[1], "cap");
  EXPECT_EQ(forecast->names()[2], "yhat_lower");
  EXPECT_EQ(fitted.predict(ds).error().message, "Capacities must be supplied for logistic growth in column \"cap\"");
}

TEST(Predict, AddsTheFloorOfEachRow) {
  FittedState state = logistic_state();
  const std::vector<Instant> ds = days_from("2022-04-12", 2);
  const std::vector<double> cap = {50, 60}, raised_cap = {57, 69}, floor = {7, 9};
  const Result<Forecast> plain = model(state).predict(Frame{ds, std::vector<Column>{{"cap", cap}}});
  state.logistic_floor = true;
  const std::vector<Column> columns = {{"floor", floor}, {"cap", raised_cap}};
  const Result<Forecast> raised = model(state).predict(Frame{ds, columns});
  ASSERT_TRUE(raised) << raised.error().message;
  EXPECT_EQ(raised->names()[2], "floor");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(raised->column("floor")[i], floor[i]);
    for (const char* name : {"trend", "yhat", "yhat_lower", "yhat_upper"}) {
      EXPECT_NEAR(raised->column(name)[i], plain->column(name)[i] + floor[i], 1e-12) << name;
    }
  }
  EXPECT_EQ(model(state).predict(Frame{ds, std::span(columns).subspan(1)}).error().message,
            "Expected column \"floor\".");
}

TEST(Predict, TakesCapacitiesInTheOrderOfTheRowsAskedFor) {
  std::vector<Instant> ds = days_from("2022-04-12", 3);
  std::vector<double> cap = {50, 60, 70};
  const FittedModel fitted = model(logistic_state());
  const Result<Forecast> sorted = fitted.predict(Frame{ds, std::vector<Column>{{"cap", cap}}});
  std::reverse(ds.begin(), ds.end());
  std::reverse(cap.begin(), cap.end());
  const Result<Forecast> reversed = fitted.predict(Frame{ds, std::vector<Column>{{"cap", cap}}});
  ASSERT_TRUE(reversed);
  for (std::size_t c = 0; c < sorted->names().size(); ++c) {
    EXPECT_TRUE(std::equal(sorted->column(c).begin(), sorted->column(c).end(), reversed->column(c).begin()));
  }
}

TEST(Predict, DrawsTheIntervalsOfLogisticGrowth) {
  FittedState state = logistic_state();
  const FittedModel fitted = model(state);
  std::vector<Instant> ds = days_from("2022-04-01", 50);
  const std::vector<double> cap(ds.size(), 60);
  const std::vector<Column> columns = {{"cap", cap}};
  const Result<Forecast> first = fitted.predict(Frame{ds, columns});
  const Result<Forecast> again = fitted.predict(Frame{ds, columns});
  PredictOptions options;
  options.seed = 1;
  const Result<Forecast> seeded = fitted.predict(Frame{ds, columns}, options);
  const std::span<const double> upper = first->column("yhat_upper");
  EXPECT_TRUE(std::equal(upper.begin(), upper.end(), again->column("yhat_upper").begin()));
  EXPECT_NE(upper[49], seeded->column("yhat_upper")[49]);
  // In the history's rows there is noise alone, and that is computed.
  EXPECT_EQ(upper[0], seeded->column("yhat_upper")[0]);
  EXPECT_EQ(first->column("trend_upper")[0], first->column("trend")[0]);
  EXPECT_GT(first->column("trend_upper")[49], first->column("trend")[49]);
  // The last rows alone are the same as behind the history's.
  const std::vector<Instant> future(ds.begin() + 11, ds.end());
  const Result<Forecast> alone =
      fitted.predict(Frame{future, std::vector<Column>{{"cap", std::span(cap).subspan(11)}}});
  for (std::size_t i = 0; i < future.size(); ++i) EXPECT_EQ(alone->column("yhat_upper")[i], upper[i + 11]);
  // A model that differs in a parameter draws other numbers.
  state.beta[0] += 1e-9;
  const Result<Forecast> other = model(state).predict(Frame{ds, columns});
  EXPECT_GT(std::fabs(other->column("trend_upper")[49] - first->column("trend_upper")[49]), 1e-6);
}

TEST(Draws, AreRowsTimesSamplesWhereAnythingIsDrawn) {
  FittedState state = hand_made();
  PredictOptions options;
  EXPECT_EQ(model(state).draws(options, 7), 0);
  EXPECT_EQ(model(logistic_state()).draws(options, 7), 7000);
  options.uncertainty = Uncertainty::kSimulated;
  options.uncertainty_samples = 20;
  EXPECT_EQ(model(state).draws(options, 7), 140);
  options.uncertainty_samples.reset();
  state.options.uncertainty_samples = 30;
  EXPECT_EQ(model(state).draws(options, 7), 210);
  options.uncertainty = Uncertainty::kNone;
  EXPECT_EQ(model(logistic_state()).draws(options, 7), 0);
}

TEST(Predict, LeavesTheIntervalColumnsOutWhenAskedOrTurnedOff) {
  FittedState state = hand_made();
  PredictOptions options;
  options.uncertainty = Uncertainty::kNone;
  EXPECT_EQ(model(state).predict(days_from("2022-04-12", 2), options)->names().size(), 5u);
  state.options.uncertainty_samples = 0;
  EXPECT_EQ(model(state).predict(days_from("2022-04-12", 2))->names().size(), 5u);
}

TEST(Predict, UsesOffsetsThatWereKept) {
  const FittedModel fitted = model(hand_made());
  const std::vector<Instant> ds = days_from("2022-04-12", 7);
  IntervalOffsets offsets;
  const Result<Forecast> first = fitted.predict(ds, {}, &offsets);
  ASSERT_EQ(offsets.values.size(), 28u);
  const Result<Forecast> second = fitted.predict(ds, {}, &offsets);
  for (std::size_t c = 0; c < first->names().size(); ++c) {
    EXPECT_TRUE(std::equal(first->column(c).begin(), first->column(c).end(), second->column(c).begin()));
  }
}

TEST(Predict, AddsColumnsForExtraQuantiles) {
  PredictOptions options;
  options.quantiles = {0.1, 0.5};
  const Result<Forecast> forecast = model(hand_made()).predict(days_from("2022-04-12", 7), options);
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->names().back(), "yhat_q0.5");
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_NEAR(forecast->column("yhat_q0.1")[i], forecast->column("yhat_lower")[i], 1e-6);
    EXPECT_NEAR(forecast->column("yhat_q0.5")[i], forecast->column("yhat")[i], 1e-6);
  }
}

TEST(Predict, SimulatesTheSameFuturesForTheSameSeed) {
  const FittedModel fitted = model(hand_made());
  const std::vector<Instant> ds = days_from("2022-04-12", 30);
  PredictOptions options;
  options.uncertainty = Uncertainty::kSimulated;
  options.uncertainty_samples = 20000;
  options.seed = 5;
  const Result<Forecast> computed = fitted.predict(ds);
  const Result<Forecast> first = fitted.predict(ds, options);
  const Result<Forecast> again = fitted.predict(ds, options);
  options.seed = 6;
  const Result<Forecast> other = fitted.predict(ds, options);
  EXPECT_TRUE(std::equal(first->column("yhat_upper").begin(), first->column("yhat_upper").end(),
                         again->column("yhat_upper").begin()));
  EXPECT_NE(first->column("yhat_upper")[29], other->column("yhat_upper")[29]);
  for (std::size_t i = 0; i < 30; ++i) {
    const double width = computed->column("yhat_upper")[i] - computed->column("yhat_lower")[i];
    EXPECT_NEAR(first->column("yhat_upper")[i], computed->column("yhat_upper")[i], 0.15 * width);
    EXPECT_NEAR(first->column("trend_lower")[i], computed->column("trend_lower")[i], 0.15 * width);
  }
}

TEST(Predict, RefusesWhatItCannotAnswer) {
  const FittedModel fitted = model(hand_made());
  EXPECT_EQ(fitted.predict(Frame{}).error().message, "Dataframe has no rows.");
  PredictOptions options;
  options.interval_width = 1.0;
  EXPECT_FALSE(fitted.predict(days_from("2022-04-12", 1), options));
  options = {};
  options.quantiles = {0};
  EXPECT_FALSE(fitted.predict(days_from("2022-04-12", 1), options));
}

TEST(Predict, RefusesDatesAndWidthsAtTheEndOfTheirRange) {
  const FittedModel fitted = model(hand_made());
  const std::vector<Instant> far = {*parse_instant("2261-01-01"), *parse_instant("1700-01-01")};
  EXPECT_EQ(fitted.predict(far).error().code, ErrorCode::kInvalid);
  PredictOptions options;
  options.interval_width = std::nextafter(1.0, 0.0);
  EXPECT_EQ(fitted.predict(days_from("2022-04-12", 7), options).error().code, ErrorCode::kInvalid);
}

TEST(Predict, NeverAnswersWithWhatIsNoNumber) {
  FittedState state = hand_made();
  state.delta = {1e308};
  state.y_scale = 1e10;
  EXPECT_EQ(model(state).predict(days_from("2024-04-12", 7)).error().code, ErrorCode::kCorrupt);
}

TEST(FromState, RefusesATimeScaleBelowItsResolution) {
  FittedState state = hand_made();
  state.t_scale_s = 5e-324;
  EXPECT_FALSE(FittedModel::from_state(state));
}

TEST(FromState, NamesThePartThatDoesNotFit) {
  const auto message = [](auto change) {
    FittedState state = hand_made();
    change(state);
    return FittedModel::from_state(std::move(state)).error().message;
  };
  EXPECT_NE(message([](FittedState& s) { s.y_scale = 0; }).find("y_scale"), std::string::npos);
  EXPECT_NE(message([](FittedState& s) { s.delta.push_back(1); }).find("delta"), std::string::npos);
  EXPECT_NE(message([](FittedState& s) { s.beta.clear(); }).find("beta"), std::string::npos);
  EXPECT_NE(message([](FittedState& s) { s.k = NAN; }).find("finite"), std::string::npos);
  EXPECT_NE(message([](FittedState& s) { s.t_scale_s = -1; }).find("t_scale"), std::string::npos);
}

TEST(MemoryBytes, IsBelowFourKilobytesWithoutHistory) {
  FittedState state = hand_made();
  state.seasonalities = {{"yearly", 365.25, 10}, {"weekly", 7, 3}};
  state.beta.assign(26, 0.1);
  state.changepoints_t.assign(25, 0.1);
  state.delta.assign(25, 0.1);
  EXPECT_LE(model(state).memory_bytes(), 4000u);
}

}  // namespace
}  // namespace chiliad::forecast
