#include "forecast/features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace chiliad::forecast {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<Instant> moments(std::initializer_list<const char*> texts) {
  std::vector<Instant> out;
  for (const char* text : texts) out.push_back(*parse_instant(text));
  return out;
}

const std::vector<Instant> kDays = moments({"2022-01-07", "2022-01-08", "2022-01-09"});

std::string refusal(const Result<FeatureInputs>& inputs) { return inputs ? "" : inputs.error().message; }

TEST(MakeFeatures, HasOneColumnOfZerosWithoutSeasonalities) {
  const FeatureMatrix x = make_features({}, std::vector<Instant>(3, *parse_instant("2022-01-01")), {});
  EXPECT_EQ(x.columns, 1u);
  EXPECT_EQ(x.row(2)[0], 0);
}

TEST(MakeFeatures, IsZeroWhereAConditionDoesNotHold) {
  const std::vector<Seasonality> seasonalities = {{"always", 7, 1}, {"sometimes", 7, 2, 10, Mode::kAdditive, "on"}};
  const std::vector<double> on = {1, 0, 1};
  const std::vector<Column> columns = {{"other", {}}, {"on", on}};
  const Result<FeatureInputs> inputs = find_inputs({seasonalities, {}}, columns, kDays);
  ASSERT_TRUE(inputs) << inputs.error().message;
  const FeatureMatrix x = make_features({seasonalities, {}}, kDays, *inputs);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_NE(x.row(row)[0], 0);
    for (std::size_t j = 2; j < 6; ++j) EXPECT_EQ(x.row(row)[j] != 0, on[row] != 0);
  }
  EXPECT_EQ(x.row(0)[0], x.row(0)[2]);
}

TEST(MakeFeatures, StandardizesRegressorsBehindTheSeasonalities) {
  const std::vector<Seasonality> seasonalities = {{"weekly", 7, 3}};
  const std::vector<Regressor> regressors = {{"raw"}, {"scaled", 10, Standardize::kYes, Mode::kAdditive, 5, 2}};
  const std::vector<double> raw = {1.5, -2}, scaled = {5, 9};
  const std::vector<Column> columns = {{"scaled", scaled}, {"raw", raw}};
  const Result<FeatureInputs> inputs = find_inputs({seasonalities, regressors}, columns, std::span(kDays).first(2));
  ASSERT_TRUE(inputs);
  const FeatureMatrix x = make_features({seasonalities, regressors}, moments({"2022-01-05", "2022-01-06"}), *inputs);
  ASSERT_EQ(x.columns, 8u);
  EXPECT_EQ(x.row(0)[6], 1.5);
  EXPECT_EQ(x.row(1)[6], -2);
  EXPECT_EQ(x.row(0)[7], 0);
  EXPECT_EQ(x.row(1)[7], 2);
}

TEST(FindInputs, SaysInProphetsWordsWhatIsMissingOrWrong) {
  const std::vector<Seasonality> seasonalities = {{"s", 7, 1, 10, Mode::kAdditive, "on"}};
  const std::vector<Regressor> regressors = {{"it's"}};
  const FeatureParts parts{seasonalities, regressors};
  const std::vector<double> good = {1, 0}, missing = {1, kNan}, half = {1, 0.5}, infinite = {1, INFINITY};
  const std::span<const Instant> two = std::span(kDays).first(2);
  const auto with = [&](std::span<const double> regressor, std::span<const double> condition) {
    return refusal(find_inputs(parts, std::vector<Column>{{"it's", regressor}, {"on", condition}}, two));
  };
  EXPECT_EQ(with(good, good), "");
  EXPECT_EQ(refusal(find_inputs(parts, std::vector<Column>{{"on", good}}, two)),
            "Regressor \"it's\" missing from dataframe");
  EXPECT_EQ(refusal(find_inputs(parts, std::vector<Column>{{"it's", good}}, two)),
            "Condition 'on' missing from dataframe");
  EXPECT_EQ(with(missing, good), "Found NaN in column \"it's\"");
  EXPECT_EQ(with(infinite, good), "Found infinity in column \"it's\"");
  EXPECT_EQ(with(good, half), "Found non-boolean in column 'on'");
  EXPECT_EQ(with(good, missing), "Found non-boolean in column 'on'");
  EXPECT_EQ(with(std::span(good).first(1), good), "column \"it's\" has 1 values for 2 rows");
}

TEST(SetStandardization, FollowsTheOptionAndTheValues) {
  const auto standardized = [](Standardize standardize, std::vector<double> values) {
    Regressor regressor{"x", 10, standardize, Mode::kAdditive, 7, 7};
    set_standardization(regressor, values);
    return std::pair(regressor.mu, regressor.std);
  };
  const std::pair none(0.0, 1.0);
  EXPECT_EQ(standardized(Standardize::kAuto, {1, 2, 6}), std::pair(3.0, std::sqrt(7.0)));  // ddof = 1
  EXPECT_EQ(standardized(Standardize::kAuto, {0, 1, 1, 1}), none);
  EXPECT_EQ(standardized(Standardize::kYes, {0, 1, 1, 0}), std::pair(0.5, std::sqrt(1.0 / 3)));
  EXPECT_EQ(standardized(Standardize::kAuto, {0, 2}), std::pair(1.0, std::sqrt(2.0)));
  EXPECT_EQ(standardized(Standardize::kNo, {1, 2, 6}), none);
  EXPECT_EQ(standardized(Standardize::kYes, {4, 4, 4}), none);
}

TEST(ForecastColumns, ComeInPandasOrder) {
  EXPECT_EQ(forecast_columns(make_components({}), {.intervals = false}),
            (std::vector<std::string>{"trend", "additive_terms", "multiplicative_terms", "yhat"}));
  const std::vector<Seasonality> seasonalities = {{"yearly", 365.25, 10},
                                                  {"Weekly_own", 7, 3, 10, Mode::kMultiplicative}};
  EXPECT_EQ(forecast_columns(make_components({seasonalities, {}}), {}),
            (std::vector<std::string>{"trend", "yhat_lower", "yhat_upper", "trend_lower", "trend_upper", "Weekly_own",
                                      "Weekly_own_lower", "Weekly_own_upper", "additive_terms", "additive_terms_lower",
                                      "additive_terms_upper", "multiplicative_terms", "multiplicative_terms_lower",
                                      "multiplicative_terms_upper", "yearly", "yearly_lower", "yearly_upper", "yhat"}));
}

TEST(ForecastColumns, HaveCapAndFloorBehindTheTrend) {
  EXPECT_EQ(forecast_columns(make_components({}), {.cap = true, .floor = true, .intervals = false}),
            (std::vector<std::string>{"trend", "cap", "floor", "additive_terms", "multiplicative_terms", "yhat"}));
  EXPECT_EQ(forecast_columns(make_components({}), {.cap = true})[2], "yhat_lower");
}

TEST(ForecastColumns, HaveAGroupForTheRegressorsOfEachMode) {
  const std::vector<Seasonality> seasonalities = {{"weekly", 7, 3}};
  const std::vector<Regressor> regressors = {{"temp"}, {"price", 1, Standardize::kNo, Mode::kMultiplicative}, {"a"}};
  EXPECT_EQ(forecast_columns(make_components({seasonalities, regressors}), {.intervals = false}),
            (std::vector<std::string>{"trend", "a", "additive_terms", "extra_regressors_additive",
                                      "extra_regressors_multiplicative", "multiplicative_terms", "price", "temp",
                                      "weekly", "yhat"}));
  const std::vector<Regressor> additive = {{"temp"}};
  EXPECT_EQ(forecast_columns(make_components({{}, additive}), {.intervals = false}),
            (std::vector<std::string>{"trend", "additive_terms", "extra_regressors_additive", "temp",
                                      "multiplicative_terms", "yhat"}));
}

TEST(Components, AreSumsOfTheColumnsTheyTakeIn) {
  const std::vector<Seasonality> seasonalities = {{"weekly", 7, 3, 10, Mode::kMultiplicative}};
  const std::vector<Regressor> regressors = {{"temp"}};
  const Components components = make_components({seasonalities, regressors});
  ASSERT_EQ(components.list.size(), 5u);
  EXPECT_EQ(components.list[0].first, 0u);
  EXPECT_EQ(components.list[0].count, 6u);
  EXPECT_EQ(components.list[1].first, 6u);
  EXPECT_EQ(components.list[1].count, 1u);
  for (std::size_t group = 2; group < 5; ++group) {
    EXPECT_EQ(takes_in(components.list[group], components.list[0]), components.names[group] == "multiplicative_terms");
    EXPECT_EQ(takes_in(components.list[group], components.list[1]), components.names[group] != "multiplicative_terms");
  }
}

}  // namespace
}  // namespace chiliad::forecast
