#include "forecast/stored_form.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/file.h"

namespace chiliad::forecast {
namespace {

namespace fs = std::filesystem;

const fs::path kModels = CHILIAD_SOURCE_DIR "/test/golden/models";

std::string golden(std::string_view name) { return *read_file(kModels / (std::string(name) + ".json")); }

// The models that Prophet made and chiliad can predict from: those with a forecast beside them.
std::vector<std::string> supported_models() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kModels)) {
    const std::string file = entry.path().filename();
    const std::size_t end = file.find(".forecast.json");
    if (end != std::string::npos) names.push_back(file.substr(0, end));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// The raw text of each key of a JSON object.
std::map<std::string, std::string> tokens(const std::string& json) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::ondemand::document document = parser.iterate(padded);
  std::map<std::string, std::string> out;
  for (auto field : document.get_object()) {
    const std::string key{std::string_view(field.unescaped_key())};
    out[key] = simdjson::to_json_string(field.value()).value();
  }
  return out;
}

// --- Reading what Prophet wrote ---------------------------------------------------------------------

class GoldenModel : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(StoredForm, GoldenModel, ::testing::ValuesIn(supported_models()), [](const auto& model) {
  std::string name = model.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

TEST_P(GoldenModel, PredictsWhatProphetPredicts) {
  const Result<FittedModel> model = model_from_json(golden(GetParam()));
  ASSERT_TRUE(model) << model.error().message;
  simdjson::dom::parser parser;
  const std::string text = golden(GetParam() + ".forecast");
  const simdjson::dom::object expected = parser.parse(text).get_object();
  std::vector<Instant> ds;
  for (const std::string_view date : expected["ds"]) ds.push_back(*parse_instant(date));
  std::vector<OwnedColumn> given;
  if (expected["given"].error() == simdjson::SUCCESS) {
    for (const auto [name, values] : expected["given"].get_object()) {
      OwnedColumn& column = given.emplace_back(std::string(name), std::vector<double>());
      for (const double value : values) column.values.push_back(value);
    }
  }
  PredictOptions options;
  options.uncertainty = Uncertainty::kNone;
  const Result<Forecast> forecast = model->predict(Frame{ds, borrow(given)}, options);
  ASSERT_TRUE(forecast) << forecast.error().message;
  std::size_t columns = 0;
  for (const auto [name, values] : expected) {
    if (name == "ds" || name == "prophet" || name == "freq" || name == "given") continue;
    const std::span<const double> column = forecast->column(name);
    ASSERT_EQ(column.size(), ds.size()) << name;
    std::size_t row = 0;
    for (const double value : values) {
      EXPECT_NEAR(column[row], value, 1e-10 * model->state().y_scale) << name << " row " << row;
      ++row;
    }
    ++columns;
  }
  EXPECT_EQ(columns, forecast->names().size());
}

TEST_P(GoldenModel, WrittenAgainHasProphetsBytes) {
  if (GetParam().starts_with("prophet-")) GTEST_SKIP() << "an older Prophet's file gains the keys of 1.5.0";
  const std::string original = golden(GetParam());
  const Result<FittedModel> model = model_from_json(original);
  ASSERT_TRUE(model) << model.error().message;
  std::map<std::string, std::string> before = tokens(original), after = tokens(model_to_json(*model));
  // params.trend, which nothing reads, has 8 digits there and 10 decimals here.
  const auto without_trend = [](const std::string& params) { return params.substr(0, params.find(", \"trend\"")); };
  before["params"] = without_trend(before["params"]);
  after["params"] = without_trend(after["params"]);
  for (const auto& [key, token] : before) EXPECT_EQ(after[key], token) << key;
  EXPECT_EQ(before.size(), after.size());
}

TEST_P(GoldenModel, WritingTwiceGivesTheSameBytes) {
  const FittedModel model = *model_from_json(golden(GetParam()));
  const std::string once = model_to_json(model);
  EXPECT_EQ(model_to_json(*model_from_json(once)), once);
}

TEST_P(GoldenModel, WithoutHistoryKeepsAllThatAForecastNeeds) {
  const FittedModel full = *model_from_json(golden(GetParam()));
  const FittedModel small = *model_from_json(golden(GetParam()), KeepHistory::kNo);
  const FittedModel again = *model_from_json(model_to_json(small));
  for (const FittedModel* model : {&small, &again}) {
    const FittedState &a = full.state(), &b = model->state();
    EXPECT_EQ(b.history, nullptr);
    EXPECT_EQ(a.rows, b.rows);
    EXPECT_EQ(a.history_date_count, b.history_date_count);
    EXPECT_EQ(a.last_dates, b.last_dates);
    EXPECT_EQ(a.options.changepoints, b.options.changepoints);
    const std::vector<Instant> ds = {a.start, a.last_dates.back(), a.last_dates.back() + std::chrono::hours(71)};
    std::vector<OwnedColumn> columns;
    for (const std::string& name : needed_columns(a)) {
      columns.push_back({name, name == "cap" ? std::vector<double>{200, 201, 200} : std::vector<double>{1, 0, 1}});
    }
    const std::vector<Column> borrowed = borrow(columns);
    const Frame frame{ds, borrowed};
    const Forecast one = *full.predict(frame), two = *model->predict(frame);
    for (std::size_t i = 0; i < one.names().size(); ++i) {
      EXPECT_TRUE(std::ranges::equal(one.column(i), two.column(i))) << one.names()[i];
    }
  }
}

TEST_P(GoldenModel, BlanksInsideTheTablesDoNotMatter) {
  std::string spaced = golden(GetParam());
  for (std::size_t at = 0; (at = spaced.find(R"(\",\")", at)) != std::string::npos;)
    spaced.replace(at, 5, R"(\" , \")");
  spaced = replaced(spaced, R"(\"data\":[{)", R"(\"data\" : [ {)");
  for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
    const Result<FittedModel> model = model_from_json(spaced, keep);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model_to_json(*model), model_to_json(*model_from_json(golden(GetParam()), keep)));
  }
}

TEST_P(GoldenModel, EveryCutIsRefusedWithoutHarm) {
  const std::string text = golden(GetParam());
  for (std::size_t size = 0; size < text.size(); size += 1 + size / 40) {
    EXPECT_FALSE(model_from_json(std::string_view(text).substr(0, size))) << size;
    EXPECT_FALSE(model_from_json(std::string_view(text).substr(0, size), KeepHistory::kNo)) << size;
  }
}

TEST(StoredForm, OldFilesOfProphetLoad) {
  const char* folder = std::getenv("PROPHET_TESTS_DIR");  // <site-packages>/prophet/tests
  if (folder == nullptr || *folder == 0) GTEST_SKIP() << "PROPHET_TESTS_DIR is not set";
  for (const char* version : {"0.6.1.dev0", "0.7.1", "1.0.1"}) {
    const std::string text = *read_file(fs::path(folder) / ("serialized_model_v" + std::string(version) + ".json"));
    for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
      const Result<FittedModel> model = model_from_json(text, keep);
      ASSERT_TRUE(model) << version << ": " << model.error().message;
      EXPECT_EQ(model->state().rows, 20);
      EXPECT_EQ(model->state().history_date_count, 20);
      EXPECT_EQ(format_instant(model->state().last_dates.back()), "2020-01-20");
      const std::vector<Instant> next = {*parse_instant("2020-01-21")};
      EXPECT_NEAR(model->predict(next)->column("yhat")[0], 20, 0.5) << version;  // The series counts 0, 1, 2, ...
    }
  }
}

TEST(StoredForm, JsonInsideAJsonStringIsReadOnce) {
  const std::string text = golden("trend-only");
  std::string inside = "\"", twice = "\"";
  for (const char c : text) inside += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  inside += '"';
  for (const char c : inside) twice += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  twice += '"';
  ASSERT_TRUE(model_from_json(inside));
  EXPECT_EQ(model_to_json(*model_from_json(inside)), model_to_json(*model_from_json(text)));
  EXPECT_FALSE(model_from_json(twice));
}

TEST(StoredForm, DatesMayBeShortZonedOrNumbers) {
  const std::string text = golden("trend-only");
  const std::string last = R"(\"2022-01-30T00:00:00.000\"]})";
  for (const char* date : {R"(\"2022-01-30\"]})", R"(\"2022-01-30T00:00:00.000Z\"]})", "1643500800000]}"}) {
    for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
      const Result<FittedModel> model = model_from_json(replaced(text, last, date), keep);
      ASSERT_TRUE(model) << model.error().message;
      EXPECT_EQ(format_instant(model->state().last_dates.back()), "2022-01-30") << date;
      EXPECT_EQ(model->state().history_date_count, 30);
    }
  }
}

TEST(StoredForm, KeysThatProphetAcceptsAsNullOrUnknownDoNotMatter) {
  const std::string text = golden("trend-only");
  const FittedModel expected = *model_from_json(text);
  for (const char* key : {"n_changepoints", "specified_changepoints", "changepoint_range", "yearly_seasonality",
                          "seasonality_mode", "seasonality_prior_scale", "mcmc_samples", "interval_width",
                          "uncertainty_samples", "y_min", "changepoints", "scaling", "holidays_mode"}) {
    const std::string token = '"' + std::string(key) + "\": " + tokens(text)[key];
    const Result<FittedModel> null = model_from_json(replaced(text, token, '"' + std::string(key) + "\": null"));
    ASSERT_TRUE(null) << key << ": " << null.error().message;
    EXPECT_EQ(null->state().delta, expected.state().delta);
    const Result<FittedModel> renamed = model_from_json(replaced(text, '"' + std::string(key) + '"', "\"x\""));
    EXPECT_TRUE(renamed) << key << ": " << renamed.error().message;
  }
}

TEST(StoredForm, NanWhereNobodyLooksDoesNotMatter) {
  // json.dumps writes a bare NaN, which is not JSON.
  const std::string text = golden("trend-only");
  EXPECT_TRUE(model_from_json(replaced(text, "\"trend\": [[", "\"trend\": [[NaN, ")));
  const std::string lp = tokens(text)["params"].substr(0, 30);
  const std::string number = lp.substr(11, lp.find(']') - 11);
  const Result<FittedModel> unknown = model_from_json(replaced(text, number, "NaN"));
  ASSERT_TRUE(unknown) << unknown.error().message;
  EXPECT_EQ(unknown->state().log_posterior, std::nullopt);
}

// --- Refusals ---------------------------------------------------------------------------------------

TEST(StoredForm, SampledModelsAreReadWithTheirDrawsAndWrittenAgain) {
  for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
    const Result<FittedModel> model = model_from_json(golden("sampled"), keep);
    ASSERT_TRUE(model) << model.error().message;
    const FittedState& state = model->state();
    ASSERT_TRUE(state.draws);
    const ParameterDraws& draws = *state.draws;
    EXPECT_GT(draws.size(), 1u);
    EXPECT_EQ(draws.lp.size(), draws.size());
    EXPECT_EQ(draws.delta.size(), draws.size() * state.delta.size());
    EXPECT_EQ(draws.beta.size(), draws.size() * state.beta.size());
    EXPECT_GT(state.options.mcmc_samples, 0);
    double mean = 0;
    for (const double k : draws.k) mean += k / static_cast<double>(draws.size());
    EXPECT_NEAR(state.k, mean, 1e-12);
    const FittedModel again = *model_from_json(model_to_json(*model), keep);
    EXPECT_EQ(again.state().draws->k, draws.k);
    EXPECT_EQ(again.state().draws->delta, draws.delta);
    EXPECT_EQ(again.state().draws->beta, draws.beta);
    EXPECT_EQ(again.state().draws->sigma_obs, draws.sigma_obs);
    EXPECT_EQ(again.state().draws->lp, draws.lp);
    EXPECT_EQ(model_to_json(again), model_to_json(*model));
  }
}

TEST(StoredForm, DrawsThatDifferInNumberAreRefused) {
  const std::string text = golden("sampled");
  for (const char* name : {"\"k\": [", "\"m\": [", "\"sigma_obs\": ["}) {
    const Result<FittedModel> model = model_from_json(replaced(text, name, std::string(name) + "0.5, "));
    ASSERT_FALSE(model) << name;
    EXPECT_EQ(model.error().code, ErrorCode::kCorrupt) << model.error().message;
  }
  EXPECT_FALSE(model_from_json(replaced(text, "\"delta\": [[", "\"delta\": [[0.1, ")));
  EXPECT_FALSE(model_from_json(replaced(text, "\"beta\": [", "\"beta\": [0.1, ")));
}

TEST(StoredForm, MissingKeysAreNamed) {
  for (const char* key : {"growth", "y_scale", "history_dates", "start", "t_scale", "changepoints_t", "seasonalities",
                          "extra_regressors", "params"}) {
    const std::string quoted = '"' + std::string(key) + '"';
    const Result<FittedModel> model = model_from_json(replaced(golden("trend-only"), quoted, "\"x\""));
    ASSERT_FALSE(model) << key;
    EXPECT_EQ(model.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(model.error().message.find('\'' + std::string(key) + '\''), std::string::npos) << model.error().message;
  }
}

TEST(StoredForm, EveryKeyOfTheWrongKindIsNamed) {
  const std::string text = golden("weekly-and-custom");
  for (const auto& [key, token] : tokens(text)) {
    if (key == "component_modes" || key == "train_component_cols" || key == "fit_kwargs" ||
        key == "__prophet_version") {
      continue;  // Not read.
    }
    const std::string before = '"' + key + "\": " + token, after = '"' + key + "\": {\"a\": [1, {}]}";
    const Result<FittedModel> model = model_from_json(replaced(text, before, after));
    ASSERT_FALSE(model) << key;
    EXPECT_EQ(model.error().code, ErrorCode::kCorrupt) << key;
    EXPECT_NE(model.error().message.find(key), std::string::npos) << model.error().message;
  }
}

TEST(StoredForm, ArgumentsOfARegressorsOwnModelAreKept) {
  const std::string arguments = R"({"growth": "flat", "yearly_seasonality": 3, "holidays": null})";
  const std::string text =
      replaced(golden("regressor"), R"("predictor_spec": null)", R"("predictor_spec": )" + arguments);
  const Result<FittedModel> model = model_from_json(text);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->state().options.regressors[0].predictor_spec, arguments);
  EXPECT_EQ(model->state().options.regressors[1].predictor_spec, "");
  const std::string written = model_to_json(*model);
  EXPECT_NE(written.find(R"("predictor_spec": )" + arguments), std::string::npos);
  EXPECT_EQ(model_to_json(*model_from_json(written)), written);
  EXPECT_GT(model->memory_bytes(), model_from_json(golden("regressor"))->memory_bytes());
}

TEST(StoredForm, ArgumentsOfARegressorsOwnModelThatAreNoObjectAreNamed) {
  for (const char* arguments : {"true", "[]", "{\"a\": nought}", "{\"a\" 1}"}) {
    const Result<FittedModel> model = model_from_json(
        replaced(golden("regressor"), R"("predictor_spec": null)", std::string(R"("predictor_spec": )") + arguments));
    ASSERT_FALSE(model) << arguments;
    EXPECT_EQ(model.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(model.error().message.find("extra_regressors.x / y.predictor_spec"), std::string::npos)
        << model.error().message;
  }
}

// A short file that lists one name many times would otherwise fill the memory.
TEST(StoredForm, ANameThatIsListedTwiceIsRefused) {
  const Result<FittedModel> model =
      model_from_json(replaced(golden("regressor"), R"("extra_regressors": [[)", R"("extra_regressors": [["x / y", )"));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(model.error().message.find("listed twice"), std::string::npos) << model.error().message;
}

TEST(StoredForm, DamagedTablesAreNamed) {
  const std::string text = golden("trend-only");
  const std::map<std::string, std::pair<std::string, std::string>> damages = {
      {"month 13", {R"(2022-01-30T00:00:00.000\"]}", "train)", R"(2022-13-30T00:00:00.000\"]}", "train)"}},
      {"no data", {R"(\"data\":[\"2022-01-01T)", R"(\"date\":[\"2022-01-01T)"}},
      {"y is text", {R"(\"y\":)", R"(\"y\":\"a\",\"q\":)"}},
      {"y is missing", {R"(\"y\":)", R"(\"why\":)"}},
  };
  for (const auto& [what, change] : damages) {
    const Result<FittedModel> model = model_from_json(replaced(text, change.first, change.second));
    ASSERT_FALSE(model) << what;
    EXPECT_EQ(model.error().code, ErrorCode::kCorrupt) << what;
    EXPECT_NE(model.error().message.find("history"), std::string::npos) << model.error().message;
  }
}

TEST(StoredForm, NonsenseIsRefused) {
  for (const char* text : {"", " ", "null", "[]", "{}", "17", "\"", "\"\"", "\"{}\"", "{\"growth\":", "\xff\xfe"}) {
    const Result<FittedModel> model = model_from_json(text);
    ASSERT_FALSE(model) << text;
    EXPECT_EQ(model.error().code, ErrorCode::kCorrupt);
  }
}

// --- Writing ----------------------------------------------------------------------------------------

FittedState sub_millisecond_state() {
  FittedState state;
  state.start = *parse_instant("2022-01-01T00:00:00.123456789");
  state.t_scale_s = 86400.000000001;
  state.y_scale = 1e-7;
  state.changepoints_t = {0};
  state.options.n_changepoints = 0;
  state.k = 0.1 + 0.2;
  state.delta = {0};
  state.beta = {0};
  state.sigma_obs = 1e-9;
  state.rows = 7;
  state.history_date_count = 9;
  state.last_dates = {state.start, *parse_instant("2022-01-02T00:00:00.123456789")};
  return state;
}

TEST(StoredForm, WhatProphetsFormCutsIsKeptUnderOurOwnKey) {
  const FittedModel model = *FittedModel::from_state(sub_millisecond_state());
  const std::string text = model_to_json(model);
  EXPECT_NE(text.find(R"("chiliad": {"rows": 7, "history_date_count": 9, "start_ns": 1640995200123456789)"),
            std::string::npos)
      << text;
  const Result<FittedModel> again = model_from_json(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->state().start, model.state().start);
  EXPECT_EQ(again->state().last_dates, model.state().last_dates);
  EXPECT_EQ(again->state().rows, 7);
  EXPECT_EQ(again->state().history_date_count, 9);
  EXPECT_EQ(again->state().t_scale_s, model.state().t_scale_s);
  EXPECT_EQ(again->state().k, model.state().k);
  EXPECT_EQ(again->state().log_posterior, std::nullopt);
}

TEST(StoredForm, AModelThatLosesNothingHasNoKeyOfOurOwn) {
  EXPECT_EQ(model_to_json(*model_from_json(golden("trend-only"))).find("chiliad"), std::string::npos);
}

TEST(StoredForm, ChangepointsWithoutTheirDatesAreNotLost) {
  std::string text = replaced(golden("given-changepoints"), "\"specified_changepoints\": true", "\"x\": 1");
  text = replaced(text, "\"changepoints\":", "\"y\":");
  const Result<FittedModel> model = model_from_json(text);
  ASSERT_TRUE(model) << model.error().message;
  const std::string written = model_to_json(*model);
  EXPECT_NE(written.find(R"(\"data\":[\"2022-01-11T00:00:00.000\",\"2022-02-10T00:00:00.000\"])"), std::string::npos);
  const Result<FittedModel> again = model_from_json(written);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->state().changepoints_t, model->state().changepoints_t);
}

TEST(StoredForm, ChangepointsWithoutTheirDatesAreWrittenWithRowsThatThereAre) {
  std::string text = replaced(golden("trend-only"), "\"changepoints\":", "\"y\":");
  // As many changepoints as rows and more, between the rows and beyond them.
  const FittedModel whole = *model_from_json(text);
  FittedState state = whole.state();
  state.changepoints_t.clear();
  const std::int64_t rows = state.rows;
  for (std::int64_t i = 0; i < 2 * rows; ++i) {
    state.changepoints_t.push_back(-0.1 + 0.7 * static_cast<double>(i) / static_cast<double>(rows));
  }
  state.delta.assign(state.changepoints_t.size(), 0.001);
  const FittedModel model = *FittedModel::from_state(std::move(state));
  const Result<FittedModel> again = model_from_json(model_to_json(model));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->state().changepoints_t, model.state().changepoints_t);
  const std::vector<std::uint32_t>& written = again->state().history->changepoint_rows;
  ASSERT_EQ(written.size(), model.state().changepoints_t.size());
  EXPECT_TRUE(std::is_sorted(written.begin(), written.end()));
  EXPECT_EQ(written.front(), 0u);
  EXPECT_EQ(written.back(), rows - 1);
}

TEST(StoredForm, AModelWithoutAnyDateIsRefused) {
  std::string text = golden("trend-only");
  const std::size_t begin = text.find("\"history_dates\": \"") + 17, end = text.find("}\"", begin) + 2;
  text.replace(begin, end - begin, R"("{\"name\":\"ds\",\"index\":[],\"data\":[]}")");
  for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
    const Result<FittedModel> model = model_from_json(text, keep);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(model.error().message, "'history_dates': there is no date");
  }
}

TEST(StoredForm, DatesOutsideTheCalendarAreRefused) {
  const std::string text = golden("trend-only"), last = R"(\"2022-01-30T00:00:00.000\"]})";
  for (const char* date : {"9223372036854775807]}", "-9223372036854775808]}", R"(\"1600-01-01\"]})"}) {
    for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
      EXPECT_FALSE(model_from_json(replaced(text, last, date), keep)) << date;
    }
  }
}

TEST(StoredForm, HostileNamesSurvive) {
  const FittedModel plain = *model_from_json(golden("weekly-and-custom"));
  FittedState state = plain.state();
  state.seasonalities[0].name = "\\\" \n \xe2\x82\xac \x01 {}[],:";
  const std::string text = model_to_json(*FittedModel::from_state(std::move(state)));
  const Result<FittedModel> again = model_from_json(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->state().seasonalities[0].name, "\\\" \n \xe2\x82\xac \x01 {}[],:");
  EXPECT_EQ(again->state().options.seasonalities[0].name, "\\\" \n \xe2\x82\xac \x01 {}[],:");
}

TEST(StoredForm, OptionsSurvive) {
  const ProphetOptions options = model_from_json(golden("weekly-and-custom"))->state().options;
  EXPECT_EQ(options.n_changepoints, 7);
  EXPECT_EQ(options.changepoint_prior_scale, 0.5);
  EXPECT_EQ(options.seasonality_mode, Mode::kMultiplicative);
  EXPECT_EQ(options.interval_width, 0.95);
  EXPECT_EQ(options.uncertainty_samples, 300);
  EXPECT_EQ(options.weekly_seasonality.kind, SeasonalityChoice::Kind::kAuto);
  EXPECT_EQ(options.daily_seasonality.kind, SeasonalityChoice::Kind::kOff);
  ASSERT_EQ(options.seasonalities.size(), 1u);
  EXPECT_EQ(options.seasonalities[0].name, "month / 30.5 \"days\"");
  EXPECT_EQ(options.seasonalities[0].period_days, 30.5);
  const ProphetOptions given = model_from_json(golden("given-changepoints"))->state().options;
  ASSERT_TRUE(given.changepoints);
  EXPECT_EQ(format_instant(given.changepoints->front()), "2022-02-10");
  EXPECT_EQ(given.weekly_seasonality.fourier_order, 2);
  EXPECT_EQ(model_from_json(golden("minmax-missing"))->state().options.scaling, Scaling::kMinMax);
}

TEST(StoredForm, RowsCloserThanAMillisecondAreReadBack) {
  std::vector<Instant> ds;
  std::vector<double> y;
  for (int i = 0; i < 40; ++i) {
    ds.push_back(*parse_instant("2024-01-01") + std::chrono::microseconds(i));
    y.push_back(10 + i % 3);
  }
  const Result<FittedModel> model = fit(History{ds, y});
  ASSERT_TRUE(model) << model.error().message;
  for (const KeepHistory keep : {KeepHistory::kYes, KeepHistory::kNo}) {
    const Result<FittedModel> again = model_from_json(model_to_json(*model), keep);
    EXPECT_TRUE(again) << again.error().message;
  }
}

}  // namespace
}  // namespace chiliad::forecast
