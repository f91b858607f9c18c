#include "serve/forecast_model.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "serve/invocation.h"

namespace chiliad::serve {
namespace {

using forecast::FittedModel;
using forecast::FittedState;
using forecast::Growth;

// 101 days; with logistic growth the capacities come with the request.
ForecastModel model(Growth growth, int uncertainty_samples = 1000) {
  FittedState state;
  state.options.growth = growth;
  state.options.uncertainty_samples = uncertainty_samples;
  state.start = *parse_instant("2022-01-01");
  state.t_scale_s = 100 * 86400.0;
  state.y_scale = 10;
  state.changepoints_t = {0.5};
  state.k = 1;
  state.m = 0.2;
  state.delta = {2};
  state.beta = {0};
  state.sigma_obs = 0.05;
  state.rows = state.history_date_count = 101;
  state.last_dates = {*parse_instant("2022-04-11")};
  return ForecastModel(*FittedModel::from_state(std::move(state)));
}

Invocation reading(const char* body) {
  InvocationReader reader;
  Invocation invocation;
  const Result<Done> read = reader.read(body, invocation);
  EXPECT_TRUE(read) << read.error().message;
  return invocation;
}

std::string refusal(const ForecastModel& asked, const char* body) {
  std::string out;
  const Result<Done> done = asked.answer(reading(body), out);
  return done ? "answered" : done.error().message;
}

TEST(ForecastModel, AnswersLogisticGrowthWithTheCapacitiesOfTheRequest) {
  const ForecastModel logistic = model(Growth::kLogistic);
  std::string out;
  ASSERT_TRUE(logistic.answer(reading(R"({"period": 1, "future": {"cap": 50}, "columns": ["cap", "yhat"]})"), out));
  EXPECT_TRUE(out.starts_with(R"({"cap":{"101":50.0},"yhat":{"101":)")) << out;
  EXPECT_EQ(refusal(logistic, R"({"period": 2})"),
            "Capacities must be supplied for logistic growth in column \"cap\": give a value a row as "
            "{\"future\": {name: [2 values]}}");
  EXPECT_EQ(refusal(logistic, R"({"period": 1, "future": {"cap": 0}})"),
            "cap must be greater than floor (which defaults to 0).");
}

TEST(ForecastModel, IsHeavyWhereItDrawsMuch) {
  const ForecastModel linear = model(Growth::kLinear), logistic = model(Growth::kLogistic);
  EXPECT_FALSE(linear.is_heavy(reading(R"({"period": 100})")));
  EXPECT_TRUE(linear.is_heavy(reading(R"({"period": 200})")));
  EXPECT_TRUE(linear.is_heavy(reading(R"({"period": 1, "uncertainty": "simulated"})")));
  EXPECT_FALSE(logistic.is_heavy(reading(R"({"period": 7})")));
  EXPECT_TRUE(logistic.is_heavy(reading(R"({"period": 100})")));
  EXPECT_FALSE(logistic.is_heavy(reading(R"({"period": 100, "uncertainty": "none"})")));
}

TEST(ForecastModel, RefusesToDrawWithoutEnd) {
  const ForecastModel hostile = model(Growth::kLinear, 1'000'000'000);
  EXPECT_NE(refusal(hostile, R"({"period": 1, "uncertainty": "simulated"})").find("needs 1000000000"),
            std::string::npos);
  EXPECT_EQ(refusal(hostile, R"({"period": 1, "uncertainty": "simulated", "uncertainty_samples": 10})"), "answered");
  EXPECT_EQ(refusal(hostile, R"({"period": 1})"), "answered");
  EXPECT_NE(refusal(model(Growth::kLogistic), R"({"period": 20001, "future": {"cap": 50}})").find("needs 20001000"),
            std::string::npos);
}

TEST(ForecastModel, AnswersWithFuturesOnRequest) {
  const ForecastModel linear = model(Growth::kLinear);
  std::string one, again, other, text;
  ASSERT_TRUE(linear.answer(reading(R"({"period":2,"samples":3,"columns":["ds","yhat"]})"), one));
  EXPECT_TRUE(one.starts_with(R"({"ds":{"101":1649721600000,"102":1649808000000},"yhat":{"101":[)")) << one;
  EXPECT_EQ(std::ranges::count(one, ','), 2 + 2 * 2 + 1);
  ASSERT_TRUE(linear.answer(reading(R"({"period":2,"samples":3,"columns":["ds","yhat"]})"), again));
  EXPECT_EQ(one, again);
  ASSERT_TRUE(linear.answer(reading(R"({"period":2,"samples":3,"columns":["ds","yhat"],"seed":1})"), other));
  EXPECT_NE(one, other);
  ASSERT_TRUE(linear.answer(reading(R"("{\"period\":1,\"samples\":2}")"), text));
  EXPECT_TRUE(text.starts_with(R"("{\"ds\":{\"101\":1649721600000},\"trend\":{\"101\":[)")) << text;
  EXPECT_TRUE(linear.is_heavy(reading(R"({"period":1,"samples":1})")));
  Invocation csv = reading(R"({"period":1,"samples":2})");
  csv.format = Invocation::Format::kCsv;
  std::string lines;
  ASSERT_TRUE(linear.answer(csv, lines));
  EXPECT_TRUE(lines.starts_with("ds,sample,trend,yhat\n2022-04-12,0,")) << lines;
  EXPECT_NE(lines.find("\n2022-04-12,1,"), std::string::npos);
  const Result<Done> unknown = linear.answer(reading(R"({"period":1,"samples":2,"columns":["weekly"]})"), text);
  EXPECT_EQ(unknown.error().message,
            "'columns': there is no column 'weekly'; with 'samples' there are ds, trend, yhat");
  const Result<Done> bare = model(Growth::kLogistic).answer(reading(R"({"period":1,"samples":2})"), text);
  EXPECT_NE(bare.error().message.find("give a value a row"), std::string::npos) << bare.error().message;
}

}  // namespace
}  // namespace chiliad::serve
