#include "sample/sampled_fit.h"

#include <gtest/gtest.h>

#include "forecast/predictive_samples.h"
#include "forecast/simulate.h"
#include "forecast/stored_form.h"

namespace chiliad::sample {
namespace {

struct Series {
  std::vector<Instant> ds;
  std::vector<double> y;
};
Series noisy_series(int rows) {
  Series series;
  for (int i = 0; i < rows; ++i) {
    series.ds.push_back(*parse_instant("2021-01-01") + std::chrono::days(i));
    series.y.push_back(50 + 0.2 * i + 5 * (i % 7) + ((i * 7919) % 101 - 50) / 10.0);
  }
  return series;
}

Result<forecast::FittedModel> sampled(const Series& series, int mcmc_samples, forecast::FitReport* report = nullptr) {
  forecast::ProphetOptions options;
  options.n_changepoints = 3;
  options.mcmc_samples = mcmc_samples;
  const forecast::PreparedRows rows = *forecast::prepare_rows({series.ds, series.y});
  return fit_by_sampling(*forecast::Calendar::make(rows.ds, options), rows, {}, report);
}

TEST(SampledFit, ItsParametersAreTheMeansOfItsDraws) {
  const forecast::FittedModel model = *sampled(noisy_series(80), 200);
  const forecast::FittedState& state = model.state();
  ASSERT_TRUE(state.draws);
  EXPECT_EQ(state.draws->size(), 400u);
  double m = 0, last_beta = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    m += state.draws->m[i] / 400;
    last_beta += state.draws->beta[(i + 1) * state.beta.size() - 1] / 400;
  }
  EXPECT_NEAR(state.m, m, 1e-12);
  EXPECT_NEAR(state.beta.back(), last_beta, 1e-12);
  EXPECT_FALSE(state.log_posterior);
}

TEST(SampledFit, OneSeedOneForecastAlsoFromTheStoredForm) {
  const Series series = noisy_series(80);
  const forecast::FittedModel model = *sampled(series, 100);
  const forecast::FittedModel stored = *forecast::model_from_json(forecast::model_to_json(model));
  const std::vector<Instant> ds = {series.ds[3], series.ds.back() + std::chrono::days(1),
                                   series.ds.back() + std::chrono::days(2)};
  forecast::PredictOptions options;
  options.quantiles = {0.01, 0.99};
  const forecast::Forecast one = *model.predict(ds, options), again = *stored.predict(ds, options);
  options.seed = 1;
  const forecast::Forecast other = *model.predict(ds, options);
  const auto column = [](const forecast::Forecast& from, const char* name) { return from.column(name)[1]; };
  for (const char* name : {"yhat_lower", "yhat_upper", "trend_lower", "weekly_upper", "yhat_q0.01"})
    EXPECT_EQ(column(one, name), column(again, name)) << name;
  EXPECT_NE(column(one, "yhat_lower"), column(other, "yhat_lower"));
  EXPECT_EQ(column(one, "weekly_lower"), column(other, "weekly_lower"));  // The draws alone.
  EXPECT_LT(column(one, "yhat_q0.01"), column(one, "yhat_lower"));
  EXPECT_LT(column(one, "weekly_lower"), column(one, "weekly"));
  EXPECT_LT(column(one, "weekly"), column(one, "weekly_upper"));
  EXPECT_EQ(model.draws(options, 3), 3 * 1000);  // 200 draws, 5 futures each.
  options.uncertainty = forecast::Uncertainty::kNone;
  options.quantiles = {};
  EXPECT_EQ(model.draws(options, 3), 0);
  EXPECT_EQ(model.predict(ds, options)->column("yhat_lower").size(), 0u);
}

TEST(SampledFit, DrawsTooLargeForAForecastAreAnError) {
  forecast::FittedState state = sampled(noisy_series(80), 100)->state();
  auto draws = std::make_shared<forecast::ParameterDraws>(*state.draws);
  draws->k[7] = 1e308;
  draws->k[9] = -1e308;
  state.draws = draws;
  state.changepoints_t.back() = 1;
  const forecast::FittedModel model = *forecast::FittedModel::from_state(state);
  const auto forecast = model.predict(std::vector<Instant>{noisy_series(81).ds.back() + std::chrono::days(5000)});
  ASSERT_FALSE(forecast);
  EXPECT_EQ(forecast.error().code, ErrorCode::kCorrupt);
}

TEST(SampledFit, AConstantSeriesIsNotSampled) {
  Series series = noisy_series(30);
  for (double& y : series.y) y = 4;
  const forecast::FittedModel model = *sampled(series, 100);
  EXPECT_FALSE(model.state().draws);
  EXPECT_TRUE(forecast::model_from_json(forecast::model_to_json(model)));
}

TEST(SampledFit, SaysWhereChainsDisagree) {
  forecast::FitReport report;
  ASSERT_TRUE(sampled(noisy_series(80), 8, &report));
  EXPECT_NE(report.note.find("sampled: largest R-hat"), std::string::npos) << report.note;
  EXPECT_FALSE(sampled(noisy_series(80), 6));
}

TEST(SampledFit, JointDrawsTakeTheirParametersFromTheDraws) {
  const Series series = noisy_series(80);
  const forecast::FittedModel model = *sampled(series, 100);
  const std::vector<Instant> ds = {series.ds.back() + std::chrono::days(1), series.ds.back() + std::chrono::days(2)};
  // 200 draws: 500 futures are three of each.
  ASSERT_EQ(forecast::futures_of(model, 500), 600u);
  EXPECT_EQ(forecast::futures_of(model, 10), 200u);
  const forecast::PredictiveSamples drawn = *forecast::predictive_samples(model, forecast::Frame{ds}, 500, 5);
  ASSERT_EQ(drawn.samples, 600u);
  forecast::PredictOptions options;
  options.uncertainty_samples = 500;
  options.seed = 5;
  const forecast::Forecast bounds = *model.predict(ds, options);
  std::vector<double> row(drawn.yhat.begin() + 600, drawn.yhat.end()), found(2);
  const std::vector<double> probabilities = {0.1, 0.9};
  forecast::percentiles(row, probabilities, found);
  EXPECT_NEAR(found[0], bounds.column("yhat_lower")[1], 1e-11);
  EXPECT_NEAR(found[1], bounds.column("yhat_upper")[1], 1e-11);
  EXPECT_EQ(forecast::predictive_samples(model, forecast::Frame{ds}, 500, 5)->yhat, drawn.yhat);
}

}  // namespace
}  // namespace chiliad::sample
