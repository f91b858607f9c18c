#include "forecast/stan_data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "forecast/design.h"
#include "forecast/objective.h"

namespace chiliad::forecast {
namespace {

// A series with a break, a week and a regressor, and Stan's data of its model.
struct StanCase {
  explicit StanCase(Growth growth, Mode mode) {
    for (int i = 0; i < 150; ++i) {
      ds.push_back(*parse_instant("2021-01-01") + std::chrono::days(i));
      const double noise = ((i * 7919) % 101 - 50) / 50.0;
      heat.push_back((i * 31) % 17);
      y.push_back(20 + 0.05 * i - 0.08 * std::max(0, i - 75) + 2 * std::sin(2 * std::numbers::pi * i / 7) +
                  0.1 * heat.back() + noise);
      cap.push_back(40);
    }
    columns = {{"heat", heat}, {"cap", cap}};
    options.growth = growth;
    options.seasonality_mode = mode;
    options.n_changepoints = 6;
    options.regressors.push_back({.name = "heat"});
    const PreparedRows rows = *prepare_rows({ds, y, columns});
    calendar = *Calendar::make(rows.ds, options, borrow(rows.columns));
    scaled = *scale_series(options, rows.y, borrow(rows.columns));
    const Calendar::State& state = calendar->state();
    for (std::size_t i = 0; i < ds.size(); ++i) x.insert(x.end(), state.x.row(i), state.x.row(i) + state.x.columns);
    for (std::size_t j = 0; j < state.x.columns; ++j) {
      s_m.push_back(state.is_multiplicative[j]);
      s_a.push_back(1 - s_m.back());
    }
    data.growth = growth;
    data.tau = options.changepoint_prior_scale;
    data.y = scaled.y;
    data.t = state.t;
    data.cap = scaled.cap;
    data.t_change = state.changepoints.t;
    data.x = x;
    data.sigmas = std::span(state.prior).first(state.x.columns);
    data.s_a = s_a;
    data.s_m = s_m;
  }

  std::vector<Instant> ds;
  std::vector<double> y, heat, cap, x, s_a, s_m;
  std::vector<Column> columns;
  ProphetOptions options;
  std::optional<Calendar> calendar;
  ScaledSeries scaled;
  StanData data;
};

TEST(StanData, ItsFitIsThatOfTheRows) {
  for (const Growth growth : {Growth::kLinear, Growth::kLogistic, Growth::kFlat}) {
    for (const Mode mode : {Mode::kAdditive, Mode::kMultiplicative}) {
      const StanCase one(growth, mode);
      const FittedModel expected = *fit({one.ds, one.y, one.columns}, one.options);
      FitReport report;
      const Parameters found = *StanModel::make(one.data)->fit({}, false, report);
      EXPECT_EQ(found.k, expected.state().k);
      EXPECT_EQ(found.m, expected.state().m);
      EXPECT_EQ(found.delta, expected.state().delta);
      EXPECT_EQ(found.beta, expected.state().beta);
      EXPECT_EQ(found.sigma_obs, expected.state().sigma_obs);
      EXPECT_EQ(report.log_posterior, expected.state().log_posterior);
    }
  }
}

TEST(StanData, AFitBeginsWhereItIsTold) {
  const StanCase one(Growth::kLinear, Mode::kMultiplicative);
  const StanModel model = *StanModel::make(one.data);
  FitReport report;
  const Parameters mode = *model.fit({}, false, report);
  EXPECT_FALSE(report.warm_started);
  const int cold = report.iterations;
  const Parameters again = *model.fit({mode.k, mode.m, mode.sigma_obs, mode.delta, mode.beta}, true, report);
  EXPECT_TRUE(report.warm_started);
  EXPECT_LT(report.iterations, cold);
  for (std::size_t j = 0; j < mode.beta.size(); ++j) EXPECT_NEAR(again.beta[j], mode.beta[j], 1e-9);
}

TEST(StanData, AColumnOfNoModeHasNoEffect) {
  StanCase one(Growth::kLinear, Mode::kAdditive);
  one.s_a[0] = 0;
  FitReport report;
  const Parameters found = *StanModel::make(one.data)->fit({}, false, report);
  EXPECT_NEAR(found.beta[0], 0, 1e-9);
  EXPECT_GT(std::fabs(found.beta[1]), 1e-3);
}

TEST(StanData, SaysWhichMemberIsWrong) {
  const auto message = [](const std::function<void(StanCase&)>& change) {
    StanCase one(Growth::kLogistic, Mode::kAdditive);
    change(one);
    const auto made = StanModel::make(one.data);
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(message([](StanCase&) {}), "");
  std::vector<double> bad(150, NAN), falling = {1, 0}, equal(150, 0.5);
  EXPECT_EQ(message([&](StanCase& c) { c.data.y = bad; }), "'y': expected a finite number for each of t");
  EXPECT_EQ(message([&](StanCase& c) { c.data.y = c.data.y.first(3); }), "'y': expected a finite number for each of t");
  EXPECT_EQ(message([&](StanCase& c) { c.data.t = falling; }),
            "'t': expected at least two numbers in [0, 1], ascending");
  EXPECT_EQ(message([&](StanCase& c) { c.data.t = bad; }), "'t': expected at least two numbers in [0, 1], ascending");
  EXPECT_EQ(message([&](StanCase& c) { c.data.t = equal; }), "'t': expected numbers that are not all equal");
  EXPECT_EQ(message([&](StanCase& c) { c.data.cap = {}; }), "'cap': expected a number above 0 for each of t");
  EXPECT_EQ(message([&](StanCase& c) { c.data.sigmas = {}; }), "'sigmas': expected numbers above 0, at least one");
  EXPECT_EQ(message([&](StanCase& c) { c.data.x = c.data.x.first(7); }),
            "'X': expected a row of finite numbers for each of t, as many as sigmas");
  EXPECT_EQ(message([&](StanCase& c) { c.s_a[0] = 0.5; }), "'s_a': expected 0 or 1 for each of sigmas");
  EXPECT_EQ(message([&](StanCase& c) { c.s_m[0] = 1; }), "'s_m': expected 0 where s_a is 1");
  EXPECT_EQ(message([&](StanCase& c) { c.data.tau = 0; }), "'tau': expected a number above 0");
  EXPECT_EQ(message([&](StanCase& c) { c.data.t_change = {}; }),
            "'t_change': expected at least one finite number, ascending");
  EXPECT_EQ(message([&](StanCase& c) { c.data.t_change = falling; }),
            "'t_change': expected at least one finite number, ascending");
}

}  // namespace
}  // namespace chiliad::forecast
