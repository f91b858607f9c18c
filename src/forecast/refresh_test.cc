#include "forecast/refresh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include "base/hash.h"
#include "forecast/stored_form.h"
#include "forecast/sufficient_statistics.h"

namespace chiliad::forecast {
namespace {

using std::chrono::hours;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Table {
  std::vector<Instant> ds;
  std::vector<double> y;
  std::vector<OwnedColumn> columns;

  Table rows(std::size_t first, std::size_t last) const {
    const auto cut = [&](const auto& values) {
      return std::decay_t<decltype(values)>(values.begin() + static_cast<std::ptrdiff_t>(first),
                                            values.begin() + static_cast<std::ptrdiff_t>(last));
    };
    Table part{cut(ds), cut(y), {}};
    for (const OwnedColumn& column : columns) part.columns.push_back({column.name, cut(column.values)});
    return part;
  }
};

// Rows from 2020-01-01: a bent line, a week, a year, a holiday, a regressor, a condition and noise; a value in 31 is
// missing.
Table make_table(int rows, std::chrono::nanoseconds step, double noise, double level = 100) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  Table table{{}, {}, {{"temp", {}}, {"season", {}}}};
  const Instant start = *parse_instant("2020-01-01");
  for (int i = 0; i < rows; ++i) {
    table.ds.push_back(start + step * i);
    const double day = std::chrono::duration<double>(step * i) / hours(24);
    const double temp = 15 + 10 * std::sin(day / 58) + 3 * normal(random);
    const bool season = static_cast<int>(day) / 90 % 2 == 1;
    table.columns[0].values.push_back(temp);
    table.columns[1].values.push_back(season ? 1 : 0);
    const double week = std::sin(2 * std::numbers::pi * day / 7);
    table.y.push_back(level + 0.1 * day + std::max(0.0, day - 100) * 0.2 + (season ? 2 : 5) * week + 0.7 * temp +
                      8 * std::cos(2 * std::numbers::pi * day / 365.25) + noise * normal(random));
    if (i % 31 == 17) table.y.back() = kNan;
  }
  return table;
}

Result<FittedModel> fit_table(const Table& table, const ProphetOptions& options, bool statistics = true,
                              FitReport* report = nullptr) {
  const std::vector<Column> columns = borrow(table.columns);
  FitOptions how(KeepHistory::kYes);
  how.keep_statistics = statistics;
  return fit(History{table.ds, table.y, columns}, options, how, report);
}

Result<Refreshed> refresh_with(const FittedModel& model, const Table& table, FitReport* report = nullptr) {
  const std::vector<Column> columns = borrow(table.columns);
  return refresh(model, History{table.ds, table.y, columns}, KeepHistory::kYes, report);
}

// A plain fit of all rows with what a refresh holds given: changepoints by their moments, seasonalities by name,
// regressors standardised beforehand.
Result<FittedModel> fit_held(const FittedModel& model, Table table, FitReport* report = nullptr) {
  const FittedState& state = model.state();
  ProphetOptions options = state.options;
  options.changepoints = state.history->changepoints;
  options.seasonalities = state.seasonalities;
  options.yearly_seasonality.kind = options.weekly_seasonality.kind = options.daily_seasonality.kind =
      SeasonalityChoice::Kind::kOff;
  for (Regressor& regressor : options.regressors) {
    const auto column = std::ranges::find(table.columns, regressor.name, &OwnedColumn::name);
    for (double& value : column->values) value = (value - regressor.mu) / regressor.std;
    regressor.standardize = Standardize::kNo;
  }
  return fit_table(table, options, false, report);
}

// Largest difference of two models' forecasts on the table's rows and 60 days after them, in units of y_scale.
double forecast_difference(const FittedModel& a, const FittedModel& b, const Table& table) {
  Table frame = table;
  for (int i = 1; i <= 60; ++i) {
    frame.ds.push_back(table.ds.back() + hours(24 * i));
    for (OwnedColumn& column : frame.columns) column.values.push_back(column.values[static_cast<std::size_t>(i)]);
  }
  Table standardised = frame;
  for (const Regressor& regressor : a.state().options.regressors) {
    const auto column = std::ranges::find(standardised.columns, regressor.name, &OwnedColumn::name);
    for (double& value : column->values) value = (value - regressor.mu) / regressor.std;
  }
  const std::vector<Column> given = borrow(frame.columns), done = borrow(standardised.columns);
  const Result<Forecast> left = a.predict(Frame{frame.ds, given});
  const Result<Forecast> right = b.predict(Frame{frame.ds, done});
  EXPECT_TRUE(left && right);
  double worst = 0;
  for (const char* name : {"yhat", "trend", "yhat_lower", "yhat_upper"}) {
    for (std::size_t i = 0; i < left->rows(); ++i)
      worst = std::max(worst, std::fabs(left->column(name)[i] - right->column(name)[i]));
  }
  return worst / a.state().y_scale;
}

struct Case {
  std::string name;
  ProphetOptions options;
};

std::vector<Case> cases() {
  std::vector<Case> all(1, {"defaults", {}});
  const auto add = [&](std::string name) -> ProphetOptions& { return all.emplace_back(std::move(name)).options; };
  add("flat").growth = Growth::kFlat;
  add("minmax").scaling = Scaling::kMinMax;
  add("flat, minmax").growth = Growth::kFlat;
  all.back().options.scaling = Scaling::kMinMax;
  add("no changepoints").n_changepoints = 0;
  add("bendable").changepoint_prior_scale = 5;
  add("own changepoints").changepoints = {*parse_instant("2020-05-01"), *parse_instant("2020-02-01T12:00:00")};
  add("regressor").regressors.push_back({"temp"});
  ProphetOptions& both = add("regressor, condition, holidays");
  both.regressors.push_back({"temp"});
  both.seasonalities.push_back({"on", 7, 3, 10, Mode::kAdditive, "season"});
  both.weekly_seasonality.kind = SeasonalityChoice::Kind::kOff;
  auto holidays = std::make_shared<HolidayTable>();
  holidays->names = {"fair"};
  for (const int day : {18300, 18345, 18450, 18500, 18580, 18640, 18700, 18760})
    holidays->rows.push_back({0, day, -1, 1});
  holidays->has_windows = true;
  both.holidays = holidays;
  return all;
}

TEST(Refresh, EqualsAFitOfAllRowsWithTheSameChangepointsSeasonalitiesAndScales) {
  const Table table = make_table(500, hours(24), 2);
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    Result<FittedModel> model = fit_table(table.rows(0, 400), one.options);
    ASSERT_TRUE(model) << model.error().message;
    const FittedModel first = *model;
    FitReport report;
    // One row, none with a value, many rows, and one at a time.
    for (const auto& [begin, end] : std::vector<std::pair<std::size_t, std::size_t>>{
             {400, 401}, {401, 402}, {402, 442}, {442, 443}, {443, 444}, {444, 480}, {480, 500}}) {
      const Result<Refreshed> refreshed = refresh_with(*model, table.rows(begin, end), &report);
      ASSERT_TRUE(refreshed) << refreshed.error().message;
      ASSERT_TRUE(refreshed->model) << refreshed->reason;
      EXPECT_TRUE(report.converged);
      model = *refreshed->model;
      const Result<FittedModel> cold = fit_held(first, table.rows(0, end));
      ASSERT_TRUE(cold) << cold.error().message;
      EXPECT_LT(forecast_difference(*model, *cold, table.rows(0, end)), 1e-8) << "up to row " << end;
      const FittedState& got = model->state();
      const FittedState& want = cold->state();
      EXPECT_NEAR(got.y_scale, want.y_scale, 1e-12 * want.y_scale);
      EXPECT_NEAR(got.y_min, want.y_min, 1e-12 * want.y_scale);
      EXPECT_NEAR(got.t_scale_s, want.t_scale_s, 1e-9 * want.t_scale_s);
      EXPECT_NEAR(got.sigma_obs, want.sigma_obs, 1e-9 * want.sigma_obs);
      EXPECT_NEAR(*got.log_posterior, *want.log_posterior, 1e-6);
      EXPECT_EQ(got.rows, want.rows);
      EXPECT_EQ(got.history_date_count, want.history_date_count);
      EXPECT_EQ(got.last_dates, want.last_dates);
      EXPECT_EQ(got.history->ds, want.history->ds);
      EXPECT_EQ(got.history->y, want.history->y);
      EXPECT_EQ(got.history->history_dates, want.history->history_dates);
    }
  }
}

// The same through the stored form, with and without history, and after many steps of one row.
TEST(Refresh, GoesOnFromAStoredModelAnyNumberOfTimes) {
  const Table table = make_table(460, hours(24), 2);
  const Result<FittedModel> first = fit_table(table.rows(0, 400), {});
  ASSERT_TRUE(first);
  for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
    FittedModel model = *first;
    for (std::size_t row = 400; row < 460; ++row) {
      const Result<FittedModel> read = model_from_json(model_to_json(model), keep, KeepStatistics::kYes);
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(read->state().statistics->gram, model.state().statistics->gram);
      EXPECT_EQ(read->state().statistics->gradient, model.state().statistics->gradient);
      const Table one = table.rows(row, row + 1);
      const Result<Refreshed> refreshed = refresh(*read, History{one.ds, one.y}, keep);
      ASSERT_TRUE(refreshed && refreshed->model);
      model = *refreshed->model;
    }
    const Result<FittedModel> cold = fit_held(*first, table);
    ASSERT_TRUE(cold);
    EXPECT_LT(forecast_difference(model, *cold, table), 1e-8);
    EXPECT_EQ(model.state().rows, cold->state().rows);
    EXPECT_EQ(model.state().history_date_count, 460);
    EXPECT_EQ(model.state().history != nullptr, keep == KeepHistory::kYes);
  }
}

TEST(Refresh, GoesOnAtOtherSpacingsAndLevels) {
  for (const double level : {-4000.0, 0.0, 1e6}) {
    for (const double noise : {0.01, 30.0}) {
      const Table table = make_table(900, hours(1), noise, level);
      const Result<FittedModel> first = fit_table(table.rows(0, 850), {});
      ASSERT_TRUE(first);
      const Result<Refreshed> refreshed = refresh_with(*first, table.rows(850, 900));
      ASSERT_TRUE(refreshed);
      ASSERT_TRUE(refreshed->model) << refreshed->reason;
      const Result<FittedModel> cold = fit_held(*first, table);
      EXPECT_LT(forecast_difference(*refreshed->model, *cold, table), 1e-8) << level << ", noise " << noise;
    }
  }
}

TEST(Refresh, TakesInValuesFarOutsideThoseSoFar) {
  Table table = make_table(420, hours(24), 2);
  for (std::size_t i = 410; i < 420; ++i) table.y[i] = i % 2 == 0 ? 5000 : -3000;
  for (const Scaling scaling : {Scaling::kAbsMax, Scaling::kMinMax}) {
    ProphetOptions options;
    options.scaling = scaling;
    const Result<FittedModel> first = fit_table(table.rows(0, 410), options);
    const Result<Refreshed> refreshed = refresh_with(*first, table.rows(410, 420));
    ASSERT_TRUE(refreshed && refreshed->model);
    const Result<FittedModel> cold = fit_held(*first, table);
    EXPECT_NEAR(refreshed->model->state().y_scale, cold->state().y_scale, 1e-9);
    EXPECT_LT(forecast_difference(*refreshed->model, *cold, table), 1e-8);
  }
}

TEST(Refresh, KeepsAConstantSeriesUntilItIsNone) {
  Table table = make_table(400, hours(24), 2);
  std::fill(table.y.begin(), table.y.begin() + 380, 7.5);
  const Result<FittedModel> first = fit_table(table.rows(0, 300), {});
  FitReport report;
  const Result<Refreshed> still = refresh_with(*first, table.rows(300, 340), &report);
  ASSERT_TRUE(still && still->model);
  EXPECT_TRUE(report.constant_series);
  EXPECT_FALSE(still->model->state().log_posterior);
  EXPECT_NEAR(still->model->predict(table.ds)->column("yhat").back(), 7.5, 1e-12);
  const Result<Refreshed> now = refresh_with(*still->model, table.rows(340, 400), &report);
  ASSERT_TRUE(now && now->model);
  EXPECT_LT(forecast_difference(*now->model, *fit_held(*first, table), table), 1e-8);
}

TEST(Refresh, SaysWhyTheHistoryHasToBeReadAgain) {
  const Table table = make_table(400, hours(24), 2);
  const auto reason = [](const Table& before, const Table& after, const ProphetOptions& options,
                         bool statistics = true) {
    const Result<FittedModel> model = fit_table(before, options, statistics);
    const Result<Refreshed> refreshed = refresh_with(*model, after);
    EXPECT_TRUE(refreshed);
    EXPECT_FALSE(refreshed->model);
    return refreshed->reason;
  };
  const Table before = table.rows(0, 380), after = table.rows(380, 400);
  EXPECT_EQ(reason(before, after, {}, false), "the model was stored without statistics");
  ProphetOptions shares;
  shares.seasonality_mode = Mode::kMultiplicative;
  EXPECT_EQ(reason(before, after, shares), "a model of this kind has no statistics");
  EXPECT_EQ(reason(table.rows(0, 20), table.rows(20, 22), {}), "there are no more rows than columns");
  Table exact = table;
  for (std::size_t i = 0; i < exact.y.size(); ++i) exact.y[i] = 3 + 0.25 * static_cast<double>(i);
  EXPECT_NE(reason(exact.rows(0, 380), exact.rows(380, 400), {}).find("noise"), std::string::npos);
}

TEST(Refresh, RefusesRowsThatAreNotNew) {
  const Table table = make_table(400, hours(24), 2);
  ProphetOptions options;
  options.regressors.push_back({"temp"});
  const Result<FittedModel> model = fit_table(table.rows(0, 399), options);
  Result<Refreshed> refreshed = refresh_with(*model, table.rows(398, 400));
  ASSERT_FALSE(refreshed);
  EXPECT_EQ(refreshed.error().message, "a row at 2021-02-02 is not after the model's last one, 2021-02-02");
  refreshed = refresh_with(*model, Table{});
  ASSERT_FALSE(refreshed);
  EXPECT_EQ(refreshed.error().message, "there are no new rows");
  const Table one = table.rows(399, 400);
  refreshed = refresh(*model, History{one.ds, one.y});
  ASSERT_FALSE(refreshed);
  EXPECT_EQ(refreshed.error().message, "Regressor 'temp' missing from dataframe");
}

TEST(Refresh, HistoryColumnsComeBackAsTheyWereGiven) {
  const Table table = make_table(100, hours(24), 2);
  ProphetOptions options;
  options.regressors.push_back({"temp"});
  const Result<FittedModel> model = fit_table(table, options);
  const std::vector<OwnedColumn> columns = given_columns(model->state());
  ASSERT_EQ(columns.size(), 1u);
  std::size_t at = 0;
  for (std::size_t i = 0; i < table.ds.size(); ++i) {
    if (std::isnan(table.y[i])) continue;
    EXPECT_NEAR(columns[0].values[at++], table.columns[0].values[i], 1e-12);
  }
}

// --- The stored form of statistics --------------------------------------------------------------------

std::string stored_text() {
  const Result<FittedModel> model = fit_table(make_table(200, hours(24), 2), {});
  return model_to_json(*model);
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(StoredStatistics, AreReadOnlyWhenAskedFor) {
  const std::string text = stored_text();
  EXPECT_EQ(model_from_json(text)->state().statistics, nullptr);
  EXPECT_NE(model_from_json(text, KeepHistory::kNo, KeepStatistics::kYes)->state().statistics, nullptr);
  // Of a version to come: none.
  const std::string later = with(text, R"("statistics": {"version": 1)", R"("statistics": {"version": 2)");
  EXPECT_EQ(model_from_json(later, KeepHistory::kNo, KeepStatistics::kYes)->state().statistics, nullptr);
}

TEST(StoredStatistics, ThatAreDamagedAreRefused) {
  const std::string text = stored_text();
  const auto message = [](const std::string& damaged) {
    const Result<FittedModel> model = model_from_json(damaged, KeepHistory::kYes, KeepStatistics::kYes);
    EXPECT_FALSE(model);
    return model ? std::string() : model.error().message;
  };
  const Result<FittedModel> model = model_from_json(text, KeepHistory::kYes, KeepStatistics::kYes);
  const auto columns = "\"columns\": " + std::to_string(model->state().statistics->columns());
  EXPECT_NE(message(with(text, columns, "\"columns\": 40000")).find("columns is out of range"), std::string::npos);
  EXPECT_NE(message(with(text, columns, "\"columns\": 12")).find("another size"), std::string::npos);
  EXPECT_NE(message(with(text, "\"gram\": \"", "\"gram\": \"AAAA")).find("another size"), std::string::npos);
  EXPECT_NE(message(with(text, "\"sum_of_squares\": ", "\"sum_of_squares\": -")).find("below 0"), std::string::npos);
  const auto changed = [&](std::size_t row, std::size_t column, double value) {
    FittedState state = model->state();
    SufficientStatistics statistics = *state.statistics;
    statistics.at(row, column) = value;
    std::string one = text;
    const std::size_t at = one.find("\"gram\": \"") + 9;
    const std::size_t end = one.find('"', at);
    return one.replace(
        at, end - at,
        base64({reinterpret_cast<const std::uint8_t*>(statistics.gram.data()), 8 * statistics.gram.size()}));
  };
  EXPECT_NE(message(changed(1, 1, 3)).find("products"), std::string::npos);
  EXPECT_NE(message(changed(0, 0, -1)).find("products"), std::string::npos);
  EXPECT_NE(message(changed(0, 0, kNan)).find("not finite"), std::string::npos);
  EXPECT_NE(message(changed(6, 5, 1e6)).find("products"), std::string::npos);
  const double rows = model->state().statistics->at(1, 1);
  EXPECT_NE(message(changed(1, 1, rows * 2)).find("another number of rows"), std::string::npos);
}

TEST(StoredStatistics, LastUpdateIsKept) {
  FittedState state = fit_table(make_table(200, hours(24), 2), {}, false)->state();
  state.last_update = LastUpdate{0x00c0ffee12345678, UpdateWay::kHistory};
  const Result<FittedModel> model = FittedModel::from_state(std::move(state));
  const std::string text = model_to_json(*model);
  const Result<FittedModel> read = model_from_json(text, KeepHistory::kNo);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->state().last_update, model->state().last_update);
  EXPECT_FALSE(model_from_json(with(text, "\"way\": \"history\"", "\"way\": \"other\"")));
  EXPECT_FALSE(model_from_json(with(text, "\"rows_hash\": \"00c0", "\"rows_hash\": \"zzzz")));
}

}  // namespace
}  // namespace chiliad::forecast
