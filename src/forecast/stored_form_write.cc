// Writes one string from left to right. The tables of Prophet's form are JSON inside JSON strings; their quotes are
// written escaped (\") at once, so that nothing is copied or escaped twice. Dates and numbers of a row go through
// DateText and append_rounded.

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "forecast/conformal.h"
#include "forecast/design.h"
#include "forecast/features.h"
#include "forecast/stored_date.h"
#include "forecast/stored_form.h"
#include "forecast/stored_statistics.h"
#include "forecast/sufficient_statistics.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

constexpr int kDecimals = 10;  // Of pandas' to_json.
constexpr std::string_view kProphetVersion = "1.5.0";

// Whether the form, which keeps start to the microsecond and dates to the millisecond, loses something.
bool is_whole(Instant moment, std::int64_t nanos) { return nanos_since_epoch(moment) % nanos == 0; }

void put(JsonWriter& json, const SeasonalityChoice& choice) {
  switch (choice.kind) {
    case SeasonalityChoice::Kind::kAuto: json.string("auto"); break;
    case SeasonalityChoice::Kind::kOff: json.boolean(false); break;
    case SeasonalityChoice::Kind::kOn: json.boolean(true); break;
    case SeasonalityChoice::Kind::kOrder: json.integer(choice.fourier_order); break;
  }
}

Mode holidays_mode(const ProphetOptions& options) { return options.holidays_mode.value_or(options.seasonality_mode); }

// Microseconds are what Prophet keeps of `start`.
double seconds_since_epoch(Instant moment) {
  return static_cast<double>(std::chrono::floor<std::chrono::microseconds>(moment).time_since_epoch().count()) / 1e6;
}

// {"additive": [names, groups], "multiplicative": [...]}: the groups are there whether or not they have members.
void put_component_modes(JsonWriter& json, const FittedState& state) {
  json.begin_object();
  for (const Mode mode : {Mode::kAdditive, Mode::kMultiplicative}) {
    json.key(mode_name(mode)).begin_array();
    for (const Seasonality& seasonality : state.seasonalities) {
      if (seasonality.mode == mode) json.string(seasonality.name);
    }
    if (holidays_mode(state.options) == mode) {
      for (const std::string& name : state.train_holiday_names) json.string(name);
    }
    for (const Regressor& regressor : state.options.regressors) {
      if (regressor.mode == mode) json.string(regressor.name);
    }
    json.string(std::string(mode_name(mode)) + "_terms");
    json.string("extra_regressors_" + std::string(mode_name(mode)));
    if (holidays_mode(state.options) == mode) json.string("holidays");
    json.end_array();
  }
  json.end_object();
}

void put_simple_attributes(JsonWriter& json, const FittedState& state) {
  const ProphetOptions& options = state.options;
  json.key("growth").string(growth_name(options.growth));
  json.key("n_changepoints").integer(options.n_changepoints);
  json.key("specified_changepoints").boolean(options.changepoints.has_value());
  json.key("changepoint_range").number(options.changepoint_range);
  put(json.key("yearly_seasonality"), options.yearly_seasonality);
  put(json.key("weekly_seasonality"), options.weekly_seasonality);
  put(json.key("daily_seasonality"), options.daily_seasonality);
  json.key("seasonality_mode").string(mode_name(options.seasonality_mode));
  json.key("seasonality_prior_scale").number(options.seasonality_prior_scale);
  json.key("changepoint_prior_scale").number(options.changepoint_prior_scale);
  json.key("holidays_prior_scale").number(options.holidays_prior_scale);
  json.key("mcmc_samples").integer(options.mcmc_samples);
  json.key("interval_width").number(options.interval_width);
  json.key("uncertainty_samples").integer(options.uncertainty_samples);
  json.key("y_scale").number(state.y_scale);
  json.key("y_min").number(state.y_min);
  json.key("scaling").string(scaling_name(options.scaling));
  json.key("logistic_floor").boolean(state.logistic_floor);
  json.key("country_holidays");
  options.country_holidays.empty() ? json.null() : json.string(options.country_holidays);
  put_component_modes(json.key("component_modes"), state);
  json.key("holidays_mode").string(mode_name(holidays_mode(options)));
}

// A series of dates: "{\"name\":\"ds\",\"index\":[0,1],\"data\":[\"2022-01-01T00:00:00.000\",...]}". Without
// `index`, 0, 1, 2, ...
void put_date_series(JsonWriter& json, std::span<const Instant> dates, std::span<const std::uint32_t> index = {}) {
  json.separate();
  std::string& out = json.out();
  out += R"("{\"name\":\"ds\",\"index\":[)";
  for (std::size_t i = 0; i < dates.size(); ++i) {
    if (i != 0) out += ',';
    append_integer(out, index.empty() ? static_cast<std::int64_t>(i) : index[i]);
  }
  out += R"(],\"data\":[)";
  DateText text;
  for (std::size_t i = 0; i < dates.size(); ++i) {
    out += i == 0 ? R"(\")" : R"(,\")";
    out += text.of(dates[i]);
    out += R"(\")";
  }
  out += R"(]}")";
}

// The changepoints' dates of a model that has only their t, back in calendar time.
std::vector<Instant> changepoints_from_t(const FittedState& state) {
  constexpr double kFirst = -9'214'560'000'000.0, kLast = 9'214'646'399'999.0;  // Years 1678 to 2261, in milliseconds.
  std::vector<Instant> dates;
  if (!has_changepoints(state)) return dates;
  const auto start = static_cast<double>(millis_since_epoch(state.start));
  for (const double t : state.changepoints_t) {
    const double millis = std::clamp(std::round(start + t * state.t_scale_s * 1e3), kFirst, kLast);
    dates.push_back(Instant{std::chrono::milliseconds{static_cast<std::int64_t>(millis)}});
  }
  return dates;
}

// The row that is nearest to each date. Requires: `rows` ascends and is not empty.
std::vector<std::uint32_t> nearest_rows(std::span<const Instant> rows, std::span<const Instant> dates) {
  std::vector<std::uint32_t> nearest;
  for (const Instant date : dates) {
    auto row = std::lower_bound(rows.begin(), rows.end(), date);
    const bool before = row == rows.end() || (row != rows.begin() && date - *(row - 1) < *row - date);
    nearest.push_back(static_cast<std::uint32_t>(row - rows.begin()) - (before ? 1 : 0));
  }
  return nearest;
}

// JSON within JSON: the text of `inner` as a string, with \/ for a slash as pandas writes it.
void put_table_text(JsonWriter& json, JsonWriter inner) {
  std::string text = std::move(inner).take();
  for (std::size_t at = 0; (at = text.find('/', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  json.string(text);
}

// "{\"name\":null,\"index\":[0,1],\"data\":[\"a\",\"b\"]}"
void put_names(JsonWriter& json, const std::vector<std::string>& names) {
  if (names.empty()) {
    json.null();
    return;
  }
  JsonWriter series;
  series.begin_object().key("name").null().key("index").begin_array();
  for (std::size_t i = 0; i < names.size(); ++i) series.integer(static_cast<std::int64_t>(i));
  series.end_array().key("data").begin_array();
  for (const std::string& name : names) series.string(name);
  series.end_array().end_object();
  put_table_text(json, std::move(series));
}

void put_field(JsonWriter& table, std::string_view name, std::string_view type) {
  table.begin_object().key("name").string(name).key("type").string(type).end_object();
}

void put_holidays(JsonWriter& json, const HolidayTable* holidays) {
  if (holidays == nullptr) {
    json.null();
    return;
  }
  JsonWriter table;
  table.begin_object().key("schema").begin_object().key("fields").begin_array();
  put_field(table, "holiday", "string");
  put_field(table, "ds", "datetime");
  if (holidays->has_windows) {
    put_field(table, "lower_window", "integer");
    put_field(table, "upper_window", "integer");
  }
  if (holidays->has_prior_scales) put_field(table, "prior_scale", "number");
  table.end_array().key("pandas_version").string("1.4.0").end_object().key("data").begin_array();
  DateText text;
  for (const HolidayTable::Row& row : holidays->rows) {
    table.begin_object().key("holiday").string(holidays->names[row.name]);
    table.key("ds").string(text.of(Instant(std::chrono::days(row.day))));
    if (holidays->has_windows) {
      table.key("lower_window").integer(row.lower_window).key("upper_window").integer(row.upper_window);
    }
    if (holidays->has_prior_scales) table.key("prior_scale").rounded(row.prior_scale, kDecimals);
    table.end_object();
  }
  table.end_array().end_object();
  put_table_text(json, std::move(table));
}

void put_dates(JsonWriter& json, const FittedState& state) {
  json.key("changepoints");
  if (state.history && (!state.history->changepoints.empty() || !has_changepoints(state))) {
    put_date_series(json, state.history->changepoints, state.history->changepoint_rows);
  } else if (state.options.changepoints) {
    put_date_series(json, *state.options.changepoints);
  } else {
    const std::vector<Instant> dates = changepoints_from_t(state);
    put_date_series(json, dates, state.history ? nearest_rows(state.history->ds, dates) : std::vector<std::uint32_t>());
  }
  json.key("history_dates");
  put_date_series(json, state.history ? state.history->history_dates : state.last_dates);
  put_names(json.key("train_holiday_names"), state.train_holiday_names);
  json.key("start").number(seconds_since_epoch(state.start));
  json.key("t_scale").number(state.t_scale_s);
  put_holidays(json.key("holidays"), state.options.holidays.get());
}

// Text that stands in JSON within JSON: its quotes and escapes are escaped once more, as the outer string wants them.
std::string twice_escaped(std::string_view text) {
  std::string once, twice;
  append_json_string(once, text, true);
  for (std::size_t at = 0; (at = once.find('/', at)) != std::string::npos; at += 2) once.insert(at, 1, '\\');
  append_json_string(twice, once, true);
  return twice.substr(1, twice.size() - 2);
}

// A column of the rows' table as it stands before each of its values, ",\"name\":", and whether those are true or
// false: a condition's, unless a regressor reads the same column.
struct TableColumn {
  const OwnedColumn* column;
  std::string before;
  bool is_condition;
};

std::vector<TableColumn> table_columns(const FittedState& state) {
  std::vector<TableColumn> columns;
  if (!state.history) return columns;
  for (const OwnedColumn& column : state.history->columns) {
    const bool is_regressor =
        std::ranges::find(state.options.regressors, column.name, &Regressor::name) != state.options.regressors.end();
    const bool is_bound = column.name == "cap" || column.name == "floor";  // Of logistic growth; reserved names.
    columns.push_back({&column, ',' + twice_escaped(column.name) + ':', !is_regressor && !is_bound});
  }
  return columns;
}

// Null: none.
const OwnedColumn* history_column(const FittedState& state, std::string_view name) {
  if (!state.history || state.options.growth != Growth::kLogistic) return nullptr;
  const auto column = std::ranges::find(state.history->columns, name, &OwnedColumn::name);
  return column == state.history->columns.end() ? nullptr : &*column;
}

struct ComputedColumns {
  bool floor = true;  // Where it is not one of the rows'.
  bool cap_scaled = false;
};

void put_schema(std::string& out, std::span<const TableColumn> columns, ComputedColumns computed) {
  const auto field = [&](std::string_view name, std::string_view type) {
    out.append(R"({\"name\":)").append(name).append(R"(,\"type\":\")").append(type).append(R"(\"},)");
  };
  out += R"({\"schema\":{\"fields\":[)";
  field(R"(\"ds\")", "datetime");
  field(R"(\"y\")", "number");
  for (const TableColumn& one : columns) {
    field(std::string_view(one.before).substr(1, one.before.size() - 2), one.is_condition ? "boolean" : "number");
  }
  if (computed.floor) field(R"(\"floor\")", "number");
  if (computed.cap_scaled) field(R"(\"cap_scaled\")", "number");
  for (const std::string_view name : {R"(\"t\")", R"(\"y_scaled\")"}) field(name, "number");
  out.back() = ']';
  out += R"(,\"pandas_version\":\"1.4.0\"},)";
}

void put_value(std::string& out, const TableColumn& column, std::size_t row) {
  out += column.before;
  if (column.is_condition) {
    out += column.column->values[row] != 0 ? "true" : "false";
  } else {
    append_rounded(out, column.column->values[row], kDecimals);
  }
}

// The rows' table. Without a floor of the rows' own it is y_min when y was scaled to [0, 1], else 0.
void put_history(JsonWriter& json, const FittedState& state) {
  json.key("history").separate();
  std::string& out = json.out();
  out += '"';
  const std::vector<TableColumn> columns = table_columns(state);
  const OwnedColumn* cap = history_column(state, "cap");
  const OwnedColumn* floors = history_column(state, "floor");
  put_schema(out, columns, {floors == nullptr, cap != nullptr});
  out += R"(\"data\":[)";
  if (state.history) {
    const KeptHistory& history = *state.history;
    const double plain_floor = state.options.scaling == Scaling::kMinMax ? state.y_min : 0.0;
    std::string after_columns;
    if (floors == nullptr) {
      after_columns = R"(,\"floor\":)";
      append_rounded(after_columns, plain_floor, kDecimals);
    }
    const double t_scale_ns = state.t_scale_s * 1e9;
    DateText text;
    for (std::size_t i = 0; i < history.ds.size(); ++i) {
      const double floor = floors == nullptr ? plain_floor : floors->values[i];
      out += i == 0 ? R"({\"ds\":\")" : R"(},{\"ds\":\")";
      out += text.of(history.ds[i]);
      out += R"(\",\"y\":)";
      append_rounded(out, history.y[i], kDecimals);
      for (const TableColumn& one : columns) put_value(out, one, i);
      out += after_columns;
      if (cap != nullptr) {
        out += R"(,\"cap_scaled\":)";
        append_rounded(out, (cap->values[i] - floor) / state.y_scale, kDecimals);
      }
      out += R"(,\"t\":)";
      append_rounded(out, static_cast<double>((history.ds[i] - state.start).count()) / t_scale_ns, kDecimals);
      out += R"(,\"y_scaled\":)";
      append_rounded(out, (history.y[i] - floor) / state.y_scale, kDecimals);
    }
    if (!history.ds.empty()) out += '}';
  }
  out += R"(]}")";
}

// pandas' crosstab: a row for each column of X, a column for each component, 1 where it takes the former in.
void put_train_component_cols(JsonWriter& json, const FeatureParts& parts) {
  const Components components = make_components(parts);
  JsonWriter table;
  table.begin_object().key("schema").begin_object().key("fields").begin_array();
  for (const std::uint32_t place : components.order) {
    put_field(table, components.names[place], "integer");
  }
  table.end_array().key("pandas_version").string("1.4.0").end_object();
  table.key("data").begin_array();
  const auto put_row = [&](const Component* part) {
    table.begin_object();
    for (const std::uint32_t place : components.order) {
      const bool member = part != nullptr && takes_in(components.list[place], *part);
      table.key(components.names[place]).integer(member ? 1 : 0);
    }
    table.end_object();
  };
  std::size_t rows = 0;
  for (const Component& part : components.list) {
    if (!part.is_part()) break;
    for (std::uint32_t i = 0; i < part.count; ++i, ++rows) put_row(&part);
  }
  if (rows == 0) put_row(nullptr);  // The column of zeros.
  table.end_array().end_object();
  put_table_text(json.key("train_component_cols"), std::move(table));
}

void put_seasonalities(JsonWriter& json, const FittedState& state) {
  json.key("seasonalities").begin_array().begin_array();
  for (const Seasonality& seasonality : state.seasonalities) json.string(seasonality.name);
  json.end_array().begin_object();
  for (const Seasonality& seasonality : state.seasonalities) {
    json.key(seasonality.name).begin_object().key("period");
    const double period = seasonality.period_days;
    if (period == std::floor(period) && period < 1e15) {
      json.integer(static_cast<std::int64_t>(period));  // Prophet's own week and day are the integers 7 and 1.
    } else {
      json.number(period);
    }
    json.key("fourier_order").integer(seasonality.fourier_order);
    json.key("prior_scale").number(seasonality.prior_scale);
    json.key("mode").string(mode_name(seasonality.mode));
    json.key("condition_name");
    if (seasonality.condition_name.empty()) {
      json.null();
    } else {
      json.string(seasonality.condition_name);
    }
    json.end_object();
  }
  json.end_object().end_array();
}

void put_extra_regressors(JsonWriter& json, const FittedState& state) {
  json.key("extra_regressors").begin_array().begin_array();
  for (const Regressor& regressor : state.options.regressors) json.string(regressor.name);
  json.end_array().begin_object();
  for (const Regressor& regressor : state.options.regressors) {
    json.key(regressor.name).begin_object().key("prior_scale").number(regressor.prior_scale).key("standardize");
    if (regressor.standardize == Standardize::kAuto) {
      json.string("auto");
    } else {
      json.boolean(regressor.standardize == Standardize::kYes);
    }
    json.key("mu").number(regressor.mu).key("std").number(regressor.std).key("mode").string(mode_name(regressor.mode));
    json.key("predictor_spec").raw(regressor.predictor_spec.empty() ? "null" : regressor.predictor_spec);
    json.key("predictor").null().end_object();
  }
  json.end_object().end_array();
}

void put_parameter(JsonWriter& json, std::string_view name, std::span<const double> values) {
  json.key(name).begin_array().begin_array();
  for (const double value : values) json.number(value);
  json.end_array().end_array();
}

// Stan's generated quantity: the scaled trend of each row. Prophet keeps 8 significant digits of it and reads it
// nowhere; 10 decimals here, since the shortest exact digits would take twice the room.
void put_trend(JsonWriter& json, const FittedState& state) {
  const KeptHistory& history = *state.history;
  const double t_scale_ns = state.t_scale_s * 1e9;
  const double plain_floor = state.options.scaling == Scaling::kMinMax ? state.y_min : 0.0;
  const OwnedColumn* cap = history_column(state, "cap");
  const OwnedColumn* floor = history_column(state, "floor");
  if (state.options.growth == Growth::kLogistic && cap == nullptr) return;
  std::vector<double> t, cap_scaled, trend(history.ds.size());
  for (std::size_t i = 0; i < history.ds.size(); ++i) {
    t.push_back(static_cast<double>((history.ds[i] - state.start).count()) / t_scale_ns);
    if (cap == nullptr) continue;
    cap_scaled.push_back((cap->values[i] - (floor == nullptr ? plain_floor : floor->values[i])) / state.y_scale);
  }
  evaluate_trend(state.options.growth, {state.k, state.m, state.delta, state.changepoints_t}, t, cap_scaled, trend);
  json.key("trend").begin_array().begin_array();
  for (const double value : trend) {
    json.separate();
    append_rounded(json.out(), value, kDecimals);
  }
  json.end_array().end_array();
}

// One value a draw, or one list a draw. Prophet adds Stan's own columns and the trend of each row and draw, which it
// reads nowhere.
void put_draws(JsonWriter& json, const ParameterDraws& draws) {
  const auto put_values = [&](std::string_view name, std::span<const double> values) {
    json.key(name).begin_array();
    for (const double value : values) json.number(value);
    json.end_array();
  };
  const auto put_lists = [&](std::string_view name, std::span<const double> values) {
    const std::size_t width = values.size() / draws.size();
    json.key(name).begin_array();
    for (std::size_t i = 0; i < draws.size(); ++i) {
      json.begin_array();
      for (const double value : values.subspan(i * width, width)) json.number(value);
      json.end_array();
    }
    json.end_array();
  };
  if (!draws.lp.empty()) put_values("lp__", draws.lp);
  put_values("k", draws.k);
  put_values("m", draws.m);
  put_lists("delta", draws.delta);
  put_values("sigma_obs", draws.sigma_obs);
  put_lists("beta", draws.beta);
}

void put_params(JsonWriter& json, const FittedState& state) {
  json.key("params").begin_object();
  if (state.draws) {
    put_draws(json, *state.draws);
    json.end_object();
    return;
  }
  if (state.log_posterior) put_parameter(json, "lp__", {&*state.log_posterior, 1});
  put_parameter(json, "k", {&state.k, 1});
  put_parameter(json, "m", {&state.m, 1});
  put_parameter(json, "delta", state.delta);
  const bool optimised = state.log_posterior.has_value();  // Prophet's order differs for a constant series.
  if (optimised) put_parameter(json, "sigma_obs", {&state.sigma_obs, 1});
  put_parameter(json, "beta", state.beta);
  if (!optimised) put_parameter(json, "sigma_obs", {&state.sigma_obs, 1});
  if (state.log_posterior && state.history) put_trend(json, state);
  json.end_object();
}

void put_conformal(JsonWriter& json, const Conformal& conformal) {
  json.key("conformal").begin_object().key("width").number(conformal.width).key("groups").begin_array();
  for (const Conformal::Group& group : conformal.groups) {
    json.begin_object().key("up_to_ns").integer(group.up_to.count()).key("count").integer(group.count);
    json.key("scores").begin_array();
    for (const double score : group.scores) json.number(score);
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

// Doubles as their bytes: thousands of numbers that nobody reads by eye, in a third of the time and half the room.
std::string number_bytes(std::span<const double> values) {
  static_assert(std::endian::native == std::endian::little);
  return base64({reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
}

void put_statistics(JsonWriter& json, const SufficientStatistics& statistics) {
  json.key("statistics").begin_object().key("version").integer(kStatisticsVersion);
  json.key("columns").integer(static_cast<std::int64_t>(statistics.columns()));
  json.key("lowest").number(statistics.y_low).key("highest").number(statistics.y_high);
  json.key("sum_of_squares").number(statistics.sum_of_squares);
  json.key("gradient").string(number_bytes(statistics.gradient));
  json.key("gram").string(number_bytes(statistics.gram)).end_object();
}

// What Prophet's keys cannot hold; absent when there is nothing of the kind.
void put_own_key(JsonWriter& json, const FittedState& state) {
  const bool exact_start = is_whole(state.start, 1'000);
  const bool exact_dates = std::all_of(state.last_dates.begin(), state.last_dates.end(),
                                       [](Instant date) { return is_whole(date, 1'000'000); });
  if (state.history && exact_start && exact_dates && !state.conformal && !state.statistics && !state.last_update)
    return;
  json.key("chiliad").begin_object();
  if (!state.history) {
    json.key("rows").integer(state.rows);
    json.key("history_date_count").integer(state.history_date_count);
  }
  if (!exact_start) json.key("start_ns").integer(nanos_since_epoch(state.start));
  if (!exact_dates) {
    json.key("last_dates_ns").begin_array();
    for (const Instant date : state.last_dates) json.integer(nanos_since_epoch(date));
    json.end_array();
  }
  if (state.conformal) put_conformal(json, *state.conformal);
  if (state.last_update) {
    json.key("last_update").begin_object().key("rows_hash").string(hex(state.last_update->rows_hash));
    json.key("way").string(update_way_name(state.last_update->way)).end_object();
  }
  if (state.statistics) put_statistics(json, *state.statistics);
  json.end_object();
}

std::size_t expected_bytes(const FittedState& state) {
  const std::size_t rows = state.history ? state.history->ds.size() : 0;
  const std::size_t dates = state.history ? state.history->history_dates.size() : 5;
  const std::size_t columns = state.history ? state.history->columns.size() : 0;
  const std::size_t components = state.seasonalities.size() + state.options.regressors.size();
  return 4096 + rows * (160 + columns * 32) + dates * 36 + state.delta.size() * 80 + state.beta.size() * 40 +
         state.beta.size() * components * 32 + (state.statistics ? state.statistics->gram.size() * 11 : 0);
}

}  // namespace

std::string model_to_json(const FittedModel& model) {
  const FittedState& state = model.state();
  JsonWriter json(JsonWriter::Look::kPython);
  json.out().reserve(expected_bytes(state));
  json.begin_object();
  put_simple_attributes(json, state);
  put_dates(json, state);
  put_history(json, state);
  put_train_component_cols(json, model.parts());
  json.key("changepoints_t").begin_array();
  if (has_changepoints(state)) {
    for (const double t : state.changepoints_t) json.number(t);
  } else {
    json.integer(0);  // Prophet's dummy, an integer there too.
  }
  json.end_array();
  put_seasonalities(json, state);
  put_extra_regressors(json, state);
  json.key("fit_kwargs").begin_object().end_object();
  put_params(json, state);
  json.key("__prophet_version").string(kProphetVersion);
  put_own_key(json, state);
  json.end_object();
  return std::move(json).take();
}

}  // namespace chiliad::forecast
