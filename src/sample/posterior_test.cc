#include "sample/posterior.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numbers>
#include <numeric>
#include <sstream>

#include "base/sanitized.h"
#include "forecast/design.h"
#include "forecast/starts.h"
#include "sample/convergence.h"
#include "sample/posterior_density.h"

namespace chiliad::sample {
namespace {

using forecast::Growth;
using forecast::Mode;

// As test/golden/make_posterior.py makes it.
struct Series {
  std::vector<Instant> ds;
  std::vector<double> y;
  std::vector<double> cap;
};
Series bent_series(int rows) {
  Series series;
  for (int i = 0; i < rows; ++i) {
    series.ds.push_back(*parse_instant("2021-01-01") + std::chrono::days(i));
    const double noise = ((i * 7919) % 101 - 50) / 50.0;
    series.y.push_back(20 + 0.05 * i - 0.08 * std::max(0, i - rows / 2) + 2 * std::sin(2 * std::numbers::pi * i / 7) +
                       noise);
    series.cap.push_back(40);
  }
  return series;
}

// Under a sanitizer, which looks at the code and not at the draws, a quarter of them.
constexpr int kPart = CHILIAD_SANITIZED ? 4 : 1;

forecast::ProphetOptions few_changes() {
  forecast::ProphetOptions options;
  options.n_changepoints = 5;
  return options;
}

struct Case {
  const char* name;
  Growth growth;
  Mode mode;
};

class PosteriorCase : public testing::TestWithParam<Case> {
 protected:
  forecast::ProphetOptions options() const {
    forecast::ProphetOptions options = few_changes();
    options.growth = GetParam().growth;
    options.seasonality_mode = GetParam().mode;
    return options;
  }
  Series series_ = bent_series(150);
  std::vector<forecast::Column> columns_ = {{"cap", series_.cap}};
  forecast::History history_{series_.ds, series_.y, columns_};
};

TEST_P(PosteriorCase, ItsGradientIsThatOfTheDensity) {
  const forecast::PreparedRows rows = *forecast::prepare_rows(history_);
  const forecast::Calendar calendar = *forecast::Calendar::make(rows.ds, options(), forecast::borrow(rows.columns));
  const forecast::ScaledSeries scaled =
      *forecast::scale_series(calendar.options(), rows.y, forecast::borrow(rows.columns));
  const PosteriorDensity density(calendar.state(), {scaled.y, scaled.cap});
  std::vector<double> at = density.point(forecast::prophet_start(calendar.state(), {scaled.y, scaled.cap})),
                      gradient(at.size()), unused(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) at[i] += 0.01 * std::sin(3.0 * static_cast<double>(i) + 1);
  at[2 + 5] = std::log(0.2);
  const double here = density(at, gradient);
  // The formula of forecast/objective.h, with the Jacobian.
  EXPECT_NEAR(
      here,
      forecast::log_posterior(calendar.state(), density.at(at), forecast::SeriesValues{scaled.y, scaled.cap}) + at[7],
      1e-9 * std::fabs(here));
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double step = 1e-6;
    std::vector<double> up = at, down = at;
    up[i] += step;
    down[i] -= step;
    EXPECT_NEAR((density(up, unused) - density(down, unused)) / (2 * step), gradient[i],
                1e-5 * (1 + std::fabs(gradient[i])))
        << i;
  }
}

TEST_P(PosteriorCase, ChainsAgree) {
  const PosteriorDraws draws = *sample_posterior(history_, options(), prophet_nuts_options(2000 / kPart));
  EXPECT_EQ(draws.size(), 4000u / kPart);
  EXPECT_EQ(draws.delta.size(), 4000u / kPart * draws.changes);
  EXPECT_LT(draws.largest_rhat, 1 + 0.01 * kPart);
  EXPECT_GT(draws.least_ess, 400 / kPart);
}

INSTANTIATE_TEST_SUITE_P(Posterior, PosteriorCase,
                         testing::Values(Case{"additive", Growth::kLinear, Mode::kAdditive},
                                         Case{"multiplicative", Growth::kLinear, Mode::kMultiplicative},
                                         Case{"flat", Growth::kFlat, Mode::kAdditive},
                                         Case{"logistic", Growth::kLogistic, Mode::kAdditive}),
                         [](const auto& one) { return std::string(one.param.name); });

// What Stan found of a parameter from draws of its own.
struct StanFigures {
  std::string parameter;
  double mean = 0, sd = 0, mcse = 0, ess = 0;
};
std::vector<StanFigures> figures_of(const std::string& wanted) {
  std::ifstream file(CHILIAD_SOURCE_DIR "/test/golden/posterior.csv");
  std::vector<StanFigures> all;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string name, mean, sd, mcse, ess;
    StanFigures one;
    for (std::string* field : {&name, &one.parameter, &mean, &sd, &mcse, &ess}) std::getline(fields, *field, ',');
    if (name != wanted) continue;
    one.mean = std::stod(mean), one.sd = std::stod(sd), one.mcse = std::stod(mcse), one.ess = std::stod(ess);
    all.push_back(one);
  }
  return all;
}

// The draws of the parameter that Stan calls "beta[3]", chain by chain.
std::vector<std::vector<double>> draws_of(const PosteriorDraws& draws, const std::string& parameter) {
  const std::size_t bracket = parameter.find('[');
  const std::string name = parameter.substr(0, bracket);
  const std::size_t place = bracket == std::string::npos ? 0 : std::stoul(parameter.substr(bracket + 1)) - 1;
  const std::vector<double>& from = name == "k"           ? draws.k
                                    : name == "m"         ? draws.m
                                    : name == "sigma_obs" ? draws.sigma_obs
                                    : name == "lp__"      ? draws.lp
                                    : name == "delta"     ? draws.delta
                                                          : draws.beta;
  const std::size_t width = from.size() / draws.size(), chains = static_cast<std::size_t>(draws.chains);
  std::vector<std::vector<double>> values(chains);
  for (std::size_t i = 0; i < draws.size(); ++i) values[i % chains].push_back(from[i * width + place]);
  return values;
}

// Monte-Carlo error of both sides together: five standard errors, over some 45 figures.
TEST(Posterior, HasTheMeansAndStandardDeviationsOfStansDraws) {
  const Series series = bent_series(150);
  const std::vector<forecast::Column> columns = {{"cap", series.cap}};
  for (const Case& one : {Case{"additive", Growth::kLinear, Mode::kAdditive},
                          Case{"multiplicative", Growth::kLinear, Mode::kMultiplicative},
                          Case{"logistic", Growth::kLogistic, Mode::kAdditive}}) {
    forecast::ProphetOptions options = few_changes();
    options.growth = one.growth;
    options.seasonality_mode = one.mode;
    const PosteriorDraws draws =
        *sample_posterior({series.ds, series.y, columns}, options, prophet_nuts_options(4000 / kPart));
    const std::vector<StanFigures> figures = figures_of(one.name);
    ASSERT_EQ(figures.size(), 1 + 3 + draws.changes + draws.features) << one.name;
    for (const StanFigures& stan : figures) {
      const std::vector<std::vector<double>> values = draws_of(draws, stan.parameter);
      double n = 0, sum = 0, squares = 0;
      for (const std::vector<double>& chain : values) {
        for (const double value : chain) n += 1, sum += value - stan.mean, squares += std::pow(value - stan.mean, 2);
      }
      const double ess = effective_sample_size(values), mean = sum / n, sd = std::sqrt(squares / n - mean * mean);
      EXPECT_NEAR(mean, 0, 5 * std::hypot(stan.mcse, sd / std::sqrt(ess))) << one.name << " " << stan.parameter;
      // An ESS of the squares is smaller than that of the values, and tails are heavier than the normal's.
      const double relative = std::sqrt(1 / (2 * stan.ess) + 1 / (2 * ess));
      EXPECT_NEAR(sd / stan.sd, 1, 10 * relative) << one.name << " " << stan.parameter;
    }
  }
}

TEST(Posterior, ThreadsChangeNoBit) {
  const Series series = bent_series(60);
  NutsOptions options = prophet_nuts_options(200);
  const PosteriorDraws one = *sample_posterior({series.ds, series.y}, few_changes(), options);
  options.threads = 4;
  const PosteriorDraws four = *sample_posterior({series.ds, series.y}, few_changes(), options);
  EXPECT_EQ(one.k, four.k);
  EXPECT_EQ(one.beta, four.beta);
}

TEST(Posterior, BeginsWhereItIsTold) {
  const Series series = bent_series(60);
  NutsOptions options = prophet_nuts_options(200);
  const forecast::WarmStart init = forecast::warm_start_params(*forecast::fit({series.ds, series.y}, few_changes()));
  const PosteriorDraws plain = *sample_posterior({series.ds, series.y}, few_changes(), options);
  const PosteriorDraws begun = *sample_posterior({series.ds, series.y}, few_changes(), options, init);
  EXPECT_NE(plain.k, begun.k);
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  EXPECT_NEAR(mean(plain.sigma_obs), mean(begun.sigma_obs), 0.01);
  options.warmup = 0;
  options.draws = 4;
  const PosteriorDraws near = *sample_posterior({series.ds, series.y}, few_changes(), options, init);
  EXPECT_NEAR(near.sigma_obs[0], *init.sigma_obs, 0.01);  // Prophet's own start has 1.
}

// What Prophet's own Python hands to Stan.
TEST(Posterior, OfStansDataIsThatOfTheRows) {
  const Series series = bent_series(60);
  const forecast::PreparedRows rows = *forecast::prepare_rows({series.ds, series.y});
  const forecast::Calendar calendar = *forecast::Calendar::make(rows.ds, few_changes());
  const forecast::ScaledSeries scaled = *forecast::scale_series(few_changes(), rows.y);
  const forecast::Calendar::State& state = calendar.state();
  const std::size_t columns = state.x.columns;
  std::vector<double> x;
  for (std::size_t i = 0; i < rows.ds.size(); ++i) x.insert(x.end(), state.x.row(i), state.x.row(i) + columns);
  const std::vector<double> ones(columns, 1), zeros(columns, 0);
  forecast::StanData data;
  data.y = scaled.y;
  data.t = state.t;
  data.t_change = state.changepoints.t;
  data.x = x;
  data.sigmas = std::span(state.prior).first(columns);
  data.s_a = ones;
  data.s_m = zeros;
  const forecast::StanModel model = *forecast::StanModel::make(data);
  const NutsOptions options = prophet_nuts_options(200);
  const PosteriorDraws of_data = *sample_posterior(model, options);
  const PosteriorDraws of_rows = *sample_posterior({series.ds, series.y}, few_changes(), options);
  EXPECT_EQ(of_data.k, of_rows.k);
  EXPECT_EQ(of_data.beta, of_rows.beta);
  EXPECT_EQ(of_data.lp, of_rows.lp);
}

TEST(Posterior, WithoutChangepointsTheDummyIsPartOfTheSlope) {
  const Series series = bent_series(60);
  forecast::ProphetOptions none;
  none.n_changepoints = 0;
  const PosteriorDraws draws = *sample_posterior({series.ds, series.y}, none, prophet_nuts_options(200));
  EXPECT_EQ(draws.changes, 1u);
  for (const double delta : draws.delta) EXPECT_EQ(delta, 0);
}

TEST(Posterior, SaysWhatIsNotSampled) {
  const Series series = bent_series(30);
  const std::vector<double> constant(30, 4.0);
  const auto refused = sample_posterior({series.ds, constant}, {}, prophet_nuts_options(100));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "a constant series is not sampled");
  EXPECT_FALSE(sample_posterior({series.ds, series.y}, {}, prophet_nuts_options(6)));
}

}  // namespace
}  // namespace chiliad::sample
