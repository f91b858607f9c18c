#include "serve/forecast_model.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace chiliad::serve
