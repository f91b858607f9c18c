// simdjson's throwing interface keeps this reader short; nothing leaves the functions at the end.

#include "parity/reference_case.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "diagnose/timedelta.h"

namespace chiliad::parity {
namespace {

using forecast::Mode;
using forecast::SeasonalityChoice;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

struct Refusal {
  Error error;
};

[[noreturn]] void refuse(std::string message) { throw Refusal{Error{ErrorCode::kCorrupt, std::move(message)}}; }

Instant date(element value) {
  const Result<Instant> instant = parse_instant(value.get_string());
  if (!instant) throw Refusal{instant.error()};
  return *instant;
}

double number(element value) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  return value.is_bool() ? double(bool(value)) : double(value);
}

std::vector<double> numbers(element value) {
  std::vector<double> out;
  for (const element one : value.get_array()) out.push_back(number(one));
  return out;
}

std::vector<Instant> dates(element value) {
  std::vector<Instant> out;
  for (const element one : value.get_array()) out.push_back(date(one));
  return out;
}

bool has(object where, std::string_view key) { return where[key].error() == simdjson::SUCCESS; }

// Whether there is such a key with a value.
bool given(object where, std::string_view key) { return has(where, key) && !where[key].is_null(); }

// The columns of a table besides those named.
std::vector<forecast::OwnedColumn> further_columns(object table) {
  std::vector<forecast::OwnedColumn> out;
  for (const auto [name, values] : table) {
    if (name != "ds" && name != "y") out.push_back({std::string(name), numbers(values)});
  }
  return out;
}

Mode mode(element value) {
  return std::string_view(value) == "multiplicative" ? Mode::kMultiplicative : Mode::kAdditive;
}

SeasonalityChoice choice(element value) {
  if (value.is_string()) return {};
  if (value.is_bool()) return {bool(value) ? SeasonalityChoice::Kind::kOn : SeasonalityChoice::Kind::kOff, 0};
  const auto order = static_cast<int>(std::int64_t(value));
  return {order > 0 ? SeasonalityChoice::Kind::kOrder : SeasonalityChoice::Kind::kOff, order};
}

forecast::Seasonality seasonality(std::string_view name, object properties, const forecast::ProphetOptions& options) {
  forecast::Seasonality out;
  out.name = name;
  out.period_days = number(properties["period"]);
  out.fourier_order = static_cast<int>(std::int64_t(properties["fourier_order"]));
  out.prior_scale = options.seasonality_prior_scale;
  out.mode = options.seasonality_mode;
  if (given(properties, "prior_scale")) out.prior_scale = number(properties["prior_scale"]);
  if (given(properties, "mode")) out.mode = mode(properties["mode"]);
  if (given(properties, "condition_name")) out.condition_name = std::string_view(properties["condition_name"]);
  return out;
}

forecast::Regressor regressor(std::string_view name, object properties, const forecast::ProphetOptions& options) {
  forecast::Regressor out;
  out.name = name;
  out.prior_scale = options.holidays_prior_scale;
  out.mode = options.seasonality_mode;
  if (given(properties, "prior_scale")) out.prior_scale = number(properties["prior_scale"]);
  if (given(properties, "mode")) out.mode = mode(properties["mode"]);
  if (given(properties, "standardize") && properties["standardize"].is_bool()) {
    out.standardize = bool(properties["standardize"]) ? forecast::Standardize::kYes : forecast::Standardize::kNo;
  }
  if (given(properties, "mu")) out.mu = number(properties["mu"]);
  if (given(properties, "std")) out.std = number(properties["std"]);
  return out;
}

// A row is {"holiday": ..., "ds": ..., "lower_window": ..., "upper_window": ..., "prior_scale": ...}; of the last three
// any may be missing or null.
forecast::HolidayTable holidays(element value) {
  forecast::HolidayTable table;
  for (const element one : value.get_array()) {
    const object row = one;
    const std::string_view name = row["holiday"];
    auto place = std::ranges::find(table.names, name);
    if (place == table.names.end()) place = table.names.insert(place, std::string(name));
    forecast::HolidayTable::Row& out = table.rows.emplace_back();
    out.name = static_cast<std::uint32_t>(place - table.names.begin());
    out.day =
        static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(date(row["ds"])).time_since_epoch().count());
    if (given(row, "lower_window") && given(row, "upper_window")) {
      out.lower_window = static_cast<std::int32_t>(number(row["lower_window"]));
      out.upper_window = static_cast<std::int32_t>(number(row["upper_window"]));
    }
    if (given(row, "prior_scale")) out.prior_scale = number(row["prior_scale"]);
  }
  return table;
}

// One constructor argument; what is not known or not there yet goes to `unsupported`.
void read_option(std::string_view name, element value, ReferenceCase& out) {
  forecast::ProphetOptions& options = out.options;
  if (name == "growth") {
    const std::string_view growth = value;
    if (growth == "flat") options.growth = forecast::Growth::kFlat;
    if (growth == "logistic") options.growth = forecast::Growth::kLogistic;
  } else if (name == "changepoints") {
    if (!value.is_null()) options.changepoints = dates(value);
  } else if (name == "n_changepoints") {
    options.n_changepoints = static_cast<int>(std::int64_t(value));
  } else if (name == "changepoint_range") {
    options.changepoint_range = number(value);
  } else if (name == "yearly_seasonality") {
    options.yearly_seasonality = choice(value);
  } else if (name == "weekly_seasonality") {
    options.weekly_seasonality = choice(value);
  } else if (name == "daily_seasonality") {
    options.daily_seasonality = choice(value);
  } else if (name == "seasonality_mode") {
    options.seasonality_mode = mode(value);
  } else if (name == "holidays_mode") {
    if (!value.is_null()) options.holidays_mode = mode(value);
  } else if (name == "seasonality_prior_scale") {
    options.seasonality_prior_scale = number(value);
  } else if (name == "holidays_prior_scale") {
    options.holidays_prior_scale = number(value);
  } else if (name == "changepoint_prior_scale") {
    options.changepoint_prior_scale = number(value);
  } else if (name == "interval_width") {
    options.interval_width = number(value);
  } else if (name == "uncertainty_samples") {
    options.uncertainty_samples = static_cast<int>(std::int64_t(value));
  } else if (name == "scaling") {
    options.scaling = std::string_view(value) == "minmax" ? forecast::Scaling::kMinMax : forecast::Scaling::kAbsMax;
  } else if (name == "holidays") {
    if (!value.is_null()) options.holidays = std::make_shared<const forecast::HolidayTable>(holidays(value));
  } else {
    out.unsupported.push_back("option " + std::string(name));
  }
}

void read_options(object json, ReferenceCase& out) {
  for (const auto [name, value] : json["constructor"].get_object()) read_option(name, value, out);
  if (has(json, "add_seasonality")) {
    for (const element one : json["add_seasonality"].get_array()) {
      const object call = one;
      out.options.seasonalities.push_back(seasonality(std::string_view(call["name"]), call, out.options));
    }
  }
  if (has(json, "add_regressor")) {
    for (const element one : json["add_regressor"].get_array()) {
      const object call = one;
      out.options.regressors.push_back(regressor(std::string_view(call["name"]), call, out.options));
    }
  }
  if (given(json, "add_country_holidays")) {
    out.options.country_holidays = std::string_view(json["add_country_holidays"]);
  }
  const auto end = std::unique(out.unsupported.begin(), out.unsupported.end());
  out.unsupported.erase(end, out.unsupported.end());
}

void read_scales(object json, ReferenceCase& out) {
  out.start = date(json["start"]);
  out.t_scale_s = number(json["t_scale_seconds"]);
  out.y_scale = number(json["y_scale"]);
  out.y_min = number(json["y_min"]);
  out.logistic_floor = given(json, "logistic_floor") && bool(json["logistic_floor"]);
  out.n_changepoints = static_cast<int>(std::int64_t(json["n_changepoints_used"]));
  out.changepoints = dates(json["changepoints"]);
  out.changepoints_t = numbers(json["changepoints_t"]);
  out.last_history_date = date(json["last_history_date"]);
  out.history_date_count = std::int64_t(json["n_history_dates"]);
  for (const auto [name, properties] : json["seasonalities"].get_object()) {
    out.seasonalities.push_back(seasonality(name, properties.get_object(), out.options));
  }
  if (given(json, "train_holiday_names")) {
    for (const std::string_view name : json["train_holiday_names"].get_array())
      out.train_holiday_names.emplace_back(name);
  }
  if (!has(json, "extra_regressors")) return;
  for (const auto [name, properties] : json["extra_regressors"].get_object()) {
    out.regressors.push_back(regressor(name, properties.get_object(), out.options));
  }
}

void read_stan_data(object json, ReferenceCase& out) {
  out.y_scaled = numbers(json["y"]);
  out.t = numbers(json["t"]);
  if (out.options.growth == forecast::Growth::kLogistic) out.cap = numbers(json["cap"]);
  out.sigmas = numbers(json["sigmas"]);
  out.s_a = numbers(json["s_a"]);
  out.s_m = numbers(json["s_m"]);
  out.x_colsum = numbers(json["X_colsum"]);
  out.x_colsumsq = numbers(json["X_colsumsq"]);
  for (const element row : json["X_rows"].get_array()) out.x_rows.push_back(std::size_t(std::uint64_t(row)));
  for (const element row : json["X"].get_array()) out.x.push_back(numbers(row));
  if (out.x.size() != out.x_rows.size() || out.t.size() != out.y_scaled.size()) refuse("stan_data: sizes differ");
  for (const std::size_t row : out.x_rows) {
    if (row >= out.t.size()) refuse("stan_data.X_rows: no such row");
  }
  for (const std::vector<double>& row : out.x) {
    if (row.size() != out.sigmas.size()) refuse("stan_data.X: a row has the wrong size");
  }
}

StoredParameters parameters(object json) {
  return {number(json["k"]), number(json["m"]), numbers(json["delta"]), numbers(json["beta"]),
          number(json["sigma_obs"])};
}

void read_optimum(object root, ReferenceCase& out) {
  const object json = root["optimum"];
  const object prophet = json["prophet_default"];
  out.prophet.parameters = parameters(prophet["params"]);
  if (has(prophet, "lp_numpy")) out.prophet.log_posterior = number(prophet["lp_numpy"]);
  if (!has(json, "true") || !has(root, "forecast_true_optimum")) return;
  const element true_forecast = root["forecast_true_optimum"];
  const object best = json["true"];
  StoredTrueOptimum& optimum = out.optimum.emplace();
  optimum.parameters = parameters(best["params"]);
  optimum.log_posterior = number(best["lp_numpy"]);
  optimum.degenerate = bool(best["degenerate"]);
  optimum.from_init = number(best["lp_from_init"]);
  optimum.from_stan = number(best["lp_from_stan"]);
  optimum.yhat = numbers(true_forecast["yhat"]);
  optimum.trend = numbers(true_forecast["trend"]);
}

void read_forecast(object json, ReferenceCase& out) {
  out.frame = dates(json["future"]["frame"]["ds"]);
  out.frame_columns = further_columns(json["future"]["frame"]);
  for (const std::string_view name : json["forecast"]["columns"].get_array()) {
    out.columns.emplace_back(name);
    if (name == "ds") continue;
    std::vector<double>& column = out.forecast[std::string(name)];
    column = numbers(json["forecast"]["data"][name]);
    if (column.size() != out.frame.size()) refuse("forecast: a column has the wrong size");
  }
  if (out.optimum && out.optimum->yhat.size() != out.frame.size()) refuse("forecast_true_optimum: wrong size");
}

void read_intervals(object json, ReferenceCase& out) {
  StoredIntervals& intervals = out.intervals.emplace();
  intervals.width = number(json["interval_width"]);
  intervals.samples = static_cast<int>(std::int64_t(json["uncertainty_samples"]));
  intervals.seeds = static_cast<int>(std::int64_t(json["seeds"]));
  for (const std::string_view name : json["columns_full"].get_array()) intervals.columns.emplace_back(name);
  for (const element row : json["rows"].get_array()) {
    intervals.rows.push_back(std::size_t(std::uint64_t(row)));
    if (intervals.rows.back() >= out.frame.size()) refuse("intervals.rows: no such row");
  }
  for (const std::string_view name : {"yhat_lower", "yhat_upper", "trend_lower", "trend_upper"}) {
    std::vector<double>& mean = intervals.mean[std::string(name)] = numbers(json["mean"][name]);
    std::vector<double>& sd = intervals.sd[std::string(name)] = numbers(json["sd"][name]);
    if (mean.size() != intervals.rows.size() || sd.size() != mean.size()) refuse("intervals: sizes differ");
  }
}

ReferenceCase read(object json) {
  ReferenceCase out;
  out.id = std::string_view(json["id"]);
  read_options(json["options"], out);
  if (!out.unsupported.empty()) return out;
  out.ds = dates(json["history_input"]["ds"]);
  out.y = numbers(json["history_input"]["y"]);
  out.history_columns = further_columns(json["history_input"]);
  if (out.ds.size() != out.y.size()) refuse("history_input: sizes differ");
  read_scales(json["scales"], out);
  read_stan_data(json["stan_data"], out);
  out.init_k = number(json["init"]["k"]);
  out.init_m = number(json["init"]["m"]);
  out.init_log_posterior = number(json["init"]["lp"]);
  read_optimum(json, out);
  const object last = json["params_final"];
  const auto values = [&](std::string_view name) { return numbers(last[name]["values"]); };
  out.final_parameters = {values("k").at(0), values("m").at(0), values("delta"), values("beta"),
                          values("sigma_obs").at(0)};
  read_forecast(json, out);
  if (has(json, "intervals") && !json["intervals"].is_null()) read_intervals(json["intervals"], out);
  return out;
}

std::chrono::nanoseconds length_of_time(element value) {
  const Result<std::chrono::nanoseconds> length = diagnose::parse_timedelta(std::string_view(value));
  if (!length) throw Refusal{length.error()};
  return *length;
}

diagnose::CrossValidationOptions read_call(object json) {
  diagnose::CrossValidationOptions call;
  call.horizon = length_of_time(json["horizon"]);
  const object args = json["args"];
  if (given(args, "period")) call.period = length_of_time(args["period"]);
  if (given(args, "initial")) call.initial = length_of_time(args["initial"]);
  if (given(args, "cutoffs")) call.cutoffs = dates(args["cutoffs"]);
  if (given(args, "extra_output_columns")) {
    for (const std::string_view name : args["extra_output_columns"].get_array())
      call.extra_output_columns.emplace_back(name);
  }
  return call;
}

diagnose::CrossValidation read_frame(object json) {
  diagnose::CrossValidation frame;
  frame.cutoffs = dates(json["cutoffs"]);
  const object table = json["cv"];
  frame.ds = dates(table["ds"]);
  frame.y = numbers(table["y"]);
  frame.cutoff = dates(table["cutoff"]);
  for (const auto [name, values] : table) {
    if (name == "ds" || name == "y" || name == "cutoff") continue;
    frame.columns.push_back({std::string(name), numbers(values)});
    if (frame.columns.back().values.size() != frame.rows()) refuse("cv: sizes differ");
  }
  if (frame.y.size() != frame.rows() || frame.cutoff.size() != frame.rows()) refuse("cv: sizes differ");
  if (frame.column("yhat").size() != frame.rows()) refuse("cv: no yhat");
  return frame;
}

StoredMetrics read_metrics(std::string_view name, object table) {
  constexpr std::string_view kMonthly = "_monthly";
  StoredMetrics out;
  out.name = name;
  out.monthly = name.ends_with(kMonthly);
  if (out.monthly) name.remove_suffix(kMonthly.size());
  const std::optional<double> window = parse_double(name);
  if (!window) refuse("performance_metrics: a window is no number");
  out.rolling_window = *window;
  for (const auto [column, values] : table) {
    if (column == "horizon") {
      out.horizon = numbers(values);
      continue;
    }
    out.names.emplace_back(column);
    out.values[out.names.back()] = numbers(values);
  }
  for (const auto& [column, values] : out.values) {
    if (values.size() != out.horizon.size()) refuse("performance_metrics: sizes differ");
  }
  return out;
}

CrossValidationCase read_cross_validation(object json) {
  CrossValidationCase out;
  out.id = std::string_view(json["id"]);
  ReferenceCase part;
  read_options(json, part);
  out.options = std::move(part.options);
  out.unsupported = std::move(part.unsupported);
  out.ds = dates(json["history_input"]["ds"]);
  out.y = numbers(json["history_input"]["y"]);
  out.history_columns = further_columns(json["history_input"]);
  if (out.ds.size() != out.y.size()) refuse("history_input: sizes differ");
  out.call = read_call(json);
  out.true_optimum = given(json, "optimiser") && std::string_view(json["optimiser"]) == "true optimum";
  out.frame = read_frame(json);
  for (const auto [name, table] : json["performance_metrics"].get_object())
    out.metrics.push_back(read_metrics(name, table.get_object()));
  return out;
}

std::vector<DatesCase> read_dates(array json) {
  std::vector<DatesCase> out;
  for (const element one : json) {
    DatesCase& line = out.emplace_back();
    line.history = std::string_view(one["history"]);
    line.last = date(one["last"]);
    if (!one["freq"].is_null()) line.freq = std::string(std::string_view(one["freq"]));
    line.periods = std::int64_t(one["periods"]);
    line.result = dates(one["result"]);
  }
  return out;
}

// Runs `read` on the parsed text; what it throws becomes an Error.
template <class T, class Read>
Result<T> guarded(std::string_view json, const Read& read_it) {
  try {
    simdjson::dom::parser parser;
    const element root = parser.parse(json.data(), json.size());
    return read_it(root);
  } catch (const Refusal& refusal) {
    return refusal.error;
  } catch (const std::exception& error) {  // simdjson_error; out_of_range of a missing parameter.
    return Error{ErrorCode::kCorrupt, std::string("not a reference case: ") + error.what()};
  }
}

}  // namespace

Result<std::string> file_format(std::string_view json) {
  return guarded<std::string>(json, [](element root) {
    std::string_view format;
    if (!root.is_object() || root["format"].get(format) != simdjson::SUCCESS) format = "";
    return std::string(format);
  });
}

Result<ReferenceCase> read_reference_case(std::string_view json) {
  return guarded<ReferenceCase>(json, [](element root) { return read(root); });
}

Result<CrossValidationCase> read_cross_validation_case(std::string_view json) {
  return guarded<CrossValidationCase>(json, [](element root) { return read_cross_validation(root); });
}

Result<std::vector<DatesCase>> read_dates_cases(std::string_view json) {
  return guarded<std::vector<DatesCase>>(json, [](element root) { return read_dates(root); });
}

}  // namespace chiliad::parity
