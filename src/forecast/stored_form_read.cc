// Walks the outer object once with simdjson's on-demand parser, which validates what it visits and skips the rest at
// memory speed (so a bare NaN, which Python's json writes, hurts only where the number is needed). The tables are JSON
// inside strings; they stay raw text until all of the outer object was seen, and stored_table.h reads of them what is
// asked for: without KeepHistory::kYes two counts and the last dates.

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "forecast/conformal.h"
#include "forecast/stored_date.h"
#include "forecast/stored_form.h"
#include "forecast/stored_statistics.h"
#include "forecast/stored_table.h"

namespace chiliad::forecast {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr int kMaxFourierOrder = 100'000;
constexpr std::int64_t kMaxCount = std::int64_t{1} << 40;

Error corrupt_member(std::string_view key, std::string_view reason) {
  return Error{ErrorCode::kCorrupt, "'" + std::string(key) + "': " + std::string(reason)};
}

std::string_view type_name(od::value& value) {
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return "something that is not JSON";
  switch (type) {
    case od::json_type::array: return "a list";
    case od::json_type::object: return "an object";
    case od::json_type::number: return "a number out of range";
    case od::json_type::string: return "a string";
    case od::json_type::boolean: return "true or false";
    case od::json_type::null: return "null";
  }
  return "something else";
}

Error expected(std::string_view key, std::string_view what, od::value& value) {
  return corrupt_member(key, "expected " + std::string(what) + ", found " + std::string(type_name(value)));
}

// Everything the outer object says, before it is put together. Views point into the document.
struct Parts {
  FittedState state;
  bool specified_changepoints = false;
  std::optional<Mode> holidays_mode;
  // Raw, escaped, without their quotes; empty when null.
  std::string_view changepoints, history_dates, history, train_holiday_names, holidays;
  bool seen_growth = false, seen_start = false, seen_history_dates = false, seen_params = false, seen_y_scale = false;
  bool seen_t_scale = false, seen_changepoints_t = false, seen_seasonalities = false, seen_extra_regressors = false;
  std::optional<std::int64_t> rows, history_date_count;  // From our own key.
  std::optional<std::int64_t> start_ns;
  std::vector<Instant> exact_last_dates;
  bool wants_statistics = false;
};

using Read = Result<Done> (*)(Parts&, std::string_view key, od::value value);

bool is_null(od::value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

Result<Done> read_number(std::string_view key, od::value value, double& out) {
  if (value.get_double().get(out) != simdjson::SUCCESS || !std::isfinite(out)) return expected(key, "a number", value);
  return Done{};
}

Result<Done> read_integer(std::string_view key, od::value value, std::int64_t low, std::int64_t high,
                          std::int64_t& out) {
  double number = 0;  // A whole number may be written 25.0.
  if (value.get_int64().get(out) != simdjson::SUCCESS) {
    if (value.get_double().get(number) != simdjson::SUCCESS) return expected(key, "a whole number", value);
    if (!(std::fabs(number) < 1e15) || number != std::floor(number))
      return corrupt_member(key, "expected a whole number");
    out = static_cast<std::int64_t>(number);
  }
  if (out < low || out > high) return corrupt_member(key, std::to_string(out) + " is out of range");
  return Done{};
}

Result<Done> read_text(std::string_view key, od::value value, std::string_view& out) {
  if (value.get_string().get(out) != simdjson::SUCCESS) return expected(key, "a string", value);
  return Done{};
}

// The text between the quotes of a string, still escaped.
Result<Done> read_raw_text(std::string_view key, od::value value, std::string_view& out) {
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS || type != od::json_type::string) {
    return expected(key, "a string", value);
  }
  std::string_view token = value.raw_json_token();
  const std::size_t last = token.find_last_of('"');
  if (last == 0 || last == std::string_view::npos) return corrupt_member(key, "the string has no end");
  out = token.substr(1, last - 1);
  return Done{};
}

Result<Done> read_mode(std::string_view key, od::value value, Mode& out) {
  std::string_view text;
  if (const Result<Done> read = read_text(key, value, text); !read) return read.error();
  if (text != "additive" && text != "multiplicative") {
    return corrupt_member(key,
                          "expected 'additive' or 'multiplicative', found '" + std::string(text.substr(0, 40)) + "'");
  }
  out = text == "additive" ? Mode::kAdditive : Mode::kMultiplicative;
  return Done{};
}

// Hands each member of an object, its name and value, to `take`.
template <class Take>
Result<Done> read_members(std::string_view key, od::value value, Take take, const char* what = "an object") {
  od::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return expected(key, what, value);
  for (auto item : object) {
    std::string_view name;
    od::value field;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS || item.value().get(field) != simdjson::SUCCESS)
      return corrupt_member(key, "the object is damaged");
    if (Result<Done> read = take(name, field); !read) return read;
  }
  return Done{};
}

Result<Done> read_numbers(std::string_view key, od::value value, std::vector<double>& out) {
  od::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return expected(key, "a list of numbers", value);
  for (auto item : array) {
    od::value number;
    if (item.get(number) != simdjson::SUCCESS) return corrupt_member(key, "the list is damaged");
    double parsed = 0;
    if (const Result<Done> read = read_number(key, number, parsed); !read) return read.error();
    out.push_back(parsed);
  }
  return Done{};
}

// --- One function a kind of attribute ---------------------------------------------------------------

Result<Done> read_growth(Parts& parts, std::string_view key, od::value value) {
  std::string_view text;
  if (const Result<Done> read = read_text(key, value, text); !read) return read.error();
  parts.seen_growth = true;
  if (text == "logistic") {
    parts.state.options.growth = Growth::kLogistic;
  } else if (text == "flat") {
    parts.state.options.growth = Growth::kFlat;
  } else if (text != "linear") {
    return corrupt_member(key,
                          "expected 'linear', 'logistic' or 'flat', found '" + std::string(text.substr(0, 40)) + "'");
  }
  return Done{};
}

SeasonalityChoice& choice_of(ProphetOptions& options, std::string_view key) {
  return key[0] == 'y' ? options.yearly_seasonality
                       : (key[0] == 'w' ? options.weekly_seasonality : options.daily_seasonality);
}

Result<Done> read_choice(Parts& parts, std::string_view key, od::value value) {
  using Kind = SeasonalityChoice::Kind;
  SeasonalityChoice& choice = choice_of(parts.state.options, key);
  bool on = false;
  std::string_view text;
  if (value.get_bool().get(on) == simdjson::SUCCESS) {
    choice.kind = on ? Kind::kOn : Kind::kOff;
    return Done{};
  }
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    if (text != "auto") return corrupt_member(key, "expected 'auto', true, false or a number");
    choice.kind = Kind::kAuto;
    return Done{};
  }
  std::int64_t order = 0;
  const Result<Done> read = read_integer(key, value, -kMaxFourierOrder, kMaxFourierOrder, order);
  if (!read) return read.error();
  choice = {order > 0 ? Kind::kOrder : Kind::kOff, static_cast<int>(order)};
  return Done{};
}

template <double ProphetOptions::*Member>
Result<Done> read_option(Parts& parts, std::string_view key, od::value value) {
  return read_number(key, value, parts.state.options.*Member);
}

template <int ProphetOptions::*Member>
Result<Done> read_count(Parts& parts, std::string_view key, od::value value) {
  std::int64_t count = 0;
  const Result<Done> read = read_integer(key, value, -1'000'000'000, 1'000'000'000, count);
  if (read) parts.state.options.*Member = static_cast<int>(count);
  return read;
}

Result<Done> read_y_scale(Parts& parts, std::string_view key, od::value value) {
  parts.seen_y_scale = true;
  return read_number(key, value, parts.state.y_scale);
}

Result<Done> read_t_scale(Parts& parts, std::string_view key, od::value value) {
  parts.seen_t_scale = true;
  return read_number(key, value, parts.state.t_scale_s);
}

Result<Done> read_start(Parts& parts, std::string_view key, od::value value) {
  double seconds = 0;
  if (const Result<Done> read = read_number(key, value, seconds); !read) return read.error();
  if (!(std::fabs(seconds) < 9.2e9)) return corrupt_member(key, "the date is outside the years 1678 to 2261");
  // Prophet keeps microseconds: Timestamp.fromtimestamp.
  parts.state.start = Instant{std::chrono::microseconds{std::llrint(seconds * 1e6)}};
  parts.seen_start = true;
  return Done{};
}

Result<Done> read_scaling(Parts& parts, std::string_view key, od::value value) {
  std::string_view text;
  if (const Result<Done> read = read_text(key, value, text); !read) return read.error();
  if (text != "absmax" && text != "minmax") return corrupt_member(key, "expected 'absmax' or 'minmax'");
  parts.state.options.scaling = text == "absmax" ? Scaling::kAbsMax : Scaling::kMinMax;
  return Done{};
}

Result<Done> read_specified(Parts& parts, std::string_view key, od::value value) {
  if (value.get_bool().get(parts.specified_changepoints) != simdjson::SUCCESS) {
    return expected(key, "true or false", value);
  }
  return Done{};
}

Result<Done> read_mcmc_samples(Parts& parts, std::string_view key, od::value value) {
  std::int64_t samples = 0;
  const Result<Done> read = read_integer(key, value, 0, kMaxCount, samples);
  parts.state.options.mcmc_samples = static_cast<int>(samples);
  return read;
}

Result<Done> read_logistic_floor(Parts& parts, std::string_view key, od::value value) {
  if (value.get_bool().get(parts.state.logistic_floor) != simdjson::SUCCESS) {
    return expected(key, "true or false", value);
  }
  return Done{};
}

Result<Done> read_country_holidays(Parts& parts, std::string_view key, od::value value) {
  std::string_view country;
  const Result<Done> read = read_text(key, value, country);
  if (read) parts.state.options.country_holidays = country;
  return read;
}

Result<Done> read_seasonality_mode(Parts& parts, std::string_view key, od::value value) {
  return read_mode(key, value, parts.state.options.seasonality_mode);
}

Result<Done> read_holidays_mode(Parts& parts, std::string_view key, od::value value) {
  return read_mode(key, value, parts.holidays_mode.emplace());
}

template <std::string_view Parts::*Member>
Result<Done> read_table_text(Parts& parts, std::string_view key, od::value value) {
  return read_raw_text(key, value, parts.*Member);
}

Result<Done> read_history_dates(Parts& parts, std::string_view key, od::value value) {
  parts.seen_history_dates = true;
  return read_raw_text(key, value, parts.history_dates);
}

Result<Done> read_changepoints_t(Parts& parts, std::string_view key, od::value value) {
  parts.seen_changepoints_t = true;
  return read_numbers(key, value, parts.state.changepoints_t);
}

Result<Done> read_y_min(Parts& parts, std::string_view key, od::value value) {
  return read_number(key, value, parts.state.y_min);
}

// --- Seasonalities: [[names in order], {name: {period, fourier_order, prior_scale, mode, condition_name}}] -----------

Result<Done> read_seasonality(std::string_view name, od::object properties, Seasonality& seasonality) {
  const std::string key = "seasonalities." + std::string(name.substr(0, 80));
  bool period = false, order = false, mode = false;
  for (auto item : properties) {
    std::string_view field;
    od::value value;
    if (item.unescaped_key().get(field) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS) {
      return corrupt_member(key, "the object is damaged");
    }
    Result<Done> read = Done{};
    if (field == "period") {
      read = read_number(key + ".period", value, seasonality.period_days);
      period = true;
    } else if (field == "fourier_order") {
      std::int64_t number = 0;
      read = read_integer(key + ".fourier_order", value, 1, kMaxFourierOrder, number);
      seasonality.fourier_order = static_cast<int>(number);
      order = true;
    } else if (field == "prior_scale") {
      read = read_number(key + ".prior_scale", value, seasonality.prior_scale);
    } else if (field == "mode") {
      read = read_mode(key + ".mode", value, seasonality.mode);
      mode = true;
    } else if (field == "condition_name" && !is_null(value)) {
      std::string_view condition;
      read = read_text(key + ".condition_name", value, condition);
      seasonality.condition_name = condition;
    }
    if (!read) return read.error();
  }
  if (!period || !order || !mode) return corrupt_member(key, "period, fourier_order or mode is missing");
  return Done{};
}

Result<Done> read_names(std::string_view key, od::value value, std::vector<std::string>& names) {
  od::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return expected(key, "a list of names", value);
  for (auto item : array) {
    std::string_view name;
    if (item.get_string().get(name) != simdjson::SUCCESS) return corrupt_member(key, "expected a list of names");
    names.emplace_back(name);
  }
  return Done{};
}

// Prophet's ordered dictionaries: a list of names, then an object by name, handed to `each`.
template <class Each>
Result<Done> read_ordered(std::string_view key, od::value value, std::vector<std::string>& names, const Each& each) {
  od::array pair;
  if (value.get_array().get(pair) != simdjson::SUCCESS) return expected(key, "a list of names and an object", value);
  int position = 0;
  for (auto item : pair) {
    od::value half;
    if (item.get(half) != simdjson::SUCCESS) return corrupt_member(key, "the list is damaged");
    if (position == 0) {
      if (const Result<Done> read = read_names(key, half, names); !read) return read.error();
    } else if (position == 1) {
      od::object object;
      if (half.get_object().get(object) != simdjson::SUCCESS) return expected(key, "an object by name", half);
      for (auto field : object) {
        std::string_view name;
        od::object properties;
        if (field.unescaped_key().get(name) != simdjson::SUCCESS ||
            field.value().get_object().get(properties) != simdjson::SUCCESS) {
          return corrupt_member(key, "expected an object of objects");
        }
        if (const Result<Done> read = each(name, properties); !read) return read.error();
      }
    }
    ++position;
  }
  if (position != 2) return corrupt_member(key, "expected a list of names and an object");
  return Done{};
}

// The same as a list of T, each with its name: what is listed has to be described.
template <class T, class ReadOne>
Result<Done> read_ordered_parts(std::string_view key, od::value value, std::vector<T>& out, bool& seen,
                                const ReadOne& read_one) {
  std::vector<std::string> names;
  std::map<std::string, T, std::less<>> by_name;
  const Result<Done> read = read_ordered(key, value, names, [&](std::string_view name, od::object properties) {
    T& part = by_name[std::string(name)];
    part.name = name;
    return read_one(name, properties, part);
  });
  if (!read) return read.error();
  seen = true;
  out.clear();
  for (const std::string& name : names) {
    // Moved, not copied: a name that a short file lists many times would fill the memory with what it describes once.
    auto found = by_name.extract(name);
    if (found.empty())
      return corrupt_member(key, "'" + name.substr(0, 80) + "' is listed twice, or listed but not described");
    out.push_back(std::move(found.mapped()));
  }
  return Done{};
}

Result<Done> read_seasonalities(Parts& parts, std::string_view key, od::value value) {
  return read_ordered_parts(key, value, parts.state.seasonalities, parts.seen_seasonalities,
                            [](std::string_view name, od::object properties, Seasonality& seasonality) {
                              return read_seasonality(name, properties, seasonality);
                            });
}

// --- Extra regressors: [[names in order], {name: {prior_scale, standardize, mu, std, mode, predictor_spec, ...}}]
// -----

Result<Done> read_standardize(std::string_view key, od::value value, Standardize& out) {
  bool yes = false;
  std::string_view text;
  if (value.get_bool().get(yes) == simdjson::SUCCESS) {
    out = yes ? Standardize::kYes : Standardize::kNo;
    return Done{};
  }
  if (value.get_string().get(text) != simdjson::SUCCESS || text != "auto") {
    return corrupt_member(key, "expected 'auto', true or false");
  }
  out = Standardize::kAuto;
  return Done{};
}

// Kept as it stands; parsed as well, for it is written again.
Result<Done> read_predictor_spec(const std::string& key, od::value value, std::string& out) {
  od::object object;
  std::string_view text;
  if (value.get_object().get(object) != simdjson::SUCCESS || object.raw_json().get(text) != simdjson::SUCCESS) {
    return corrupt_member(key, "expected an object or null");
  }
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(text.data(), text.size()).get(element) != simdjson::SUCCESS)
    return corrupt_member(key, "not JSON, which has no NaN and no Infinity");
  out = text;
  return Done{};
}

Result<Done> read_regressor(std::string_view name, od::object properties, Regressor& regressor) {
  const std::string key = "extra_regressors." + std::string(name.substr(0, 80));
  bool mu = false, std = false, mode = false;
  for (auto item : properties) {
    std::string_view field;
    od::value value;
    if (item.unescaped_key().get(field) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS) {
      return corrupt_member(key, "the object is damaged");
    }
    Result<Done> read = Done{};
    if (field == "prior_scale") {
      read = read_number(key + ".prior_scale", value, regressor.prior_scale);
    } else if (field == "standardize") {
      read = read_standardize(key + ".standardize", value, regressor.standardize);
    } else if (field == "mu") {
      read = read_number(key + ".mu", value, regressor.mu);
      mu = true;
    } else if (field == "std") {
      read = read_number(key + ".std", value, regressor.std);
      std = true;
    } else if (field == "mode") {
      read = read_mode(key + ".mode", value, regressor.mode);
      mode = true;
    } else if (field == "predictor_spec" && !is_null(value)) {
      read = read_predictor_spec(key + ".predictor_spec", value, regressor.predictor_spec);
    }
    if (!read) return read.error();
  }
  if (!mu || !std || !mode) return corrupt_member(key, "mu, std or mode is missing");
  return Done{};
}

Result<Done> read_extra_regressors(Parts& parts, std::string_view key, od::value value) {
  std::vector<Regressor>& regressors = parts.state.options.regressors;
  return read_ordered_parts(key, value, regressors, parts.seen_extra_regressors,
                            [&](std::string_view name, od::object properties, Regressor& regressor) {
                              return read_regressor(name, properties, regressor);
                            });
}

// --- Parameters: {name: [[one row]]}, of a sampled model {name: [a value a draw]} or {name: [a list a draw]} ------

// A parameter's values, the lists one after the other.
struct ParameterValues {
  std::vector<double> values;
  std::size_t lists = 0;  // 0: [1, 2], which some older files have for [[1, 2]].
};

Result<Done> read_parameter(std::string_view key, od::value value, ParameterValues& out) {
  od::array rows;
  if (value.get_array().get(rows) != simdjson::SUCCESS) return expected(key, "a list of lists", value);
  std::size_t width = 0;
  for (auto item : rows) {
    od::value row;
    if (item.get(row) != simdjson::SUCCESS) return corrupt_member(key, "the list is damaged");
    double number = 0;
    if (out.lists == 0 && row.get_double().get(number) == simdjson::SUCCESS && std::isfinite(number)) {
      out.values.push_back(number);
      continue;
    }
    if (out.lists == 0 && !out.values.empty()) return corrupt_member(key, "numbers and lists are mixed");
    const std::size_t before = out.values.size();
    if (const Result<Done> read = read_numbers(key, row, out.values); !read) return read.error();
    if (out.lists++ > 0 && out.values.size() - before != width)
      return corrupt_member(key, "the draws differ in length");
    width = out.values.size() - before;
  }
  return Done{};
}

struct StoredParameters {
  ParameterValues k, m, sigma_obs, delta, beta;
  std::optional<ParameterValues> lp;
};

// One value of each scalar: the mode. Several: draws.
Result<Done> take_parameters(StoredParameters& stored, FittedState& state) {
  constexpr std::string_view kKey = "params";
  const std::size_t n = stored.k.values.size();
  if (n == 0 || stored.m.values.empty() || stored.sigma_obs.values.empty())
    return corrupt_member(kKey, "expected a number, found none");
  if (stored.m.values.size() != n || stored.sigma_obs.values.size() != n)
    return corrupt_member(kKey, "k, m and sigma_obs differ in the number of their draws");
  for (const ParameterValues* lists : {&stored.delta, &stored.beta}) {
    const bool fits = n == 1 ? lists->lists <= 1 : lists->values.empty() || lists->lists == n || lists->lists == 0;
    if (!fits || lists->values.size() % n != 0)
      return corrupt_member(kKey, "delta or beta has another number of draws than k");
  }
  if (n == 1) {
    state.k = stored.k.values[0];
    state.m = stored.m.values[0];
    state.sigma_obs = stored.sigma_obs.values[0];
    state.delta = std::move(stored.delta.values);
    state.beta = std::move(stored.beta.values);
    // For reports only: what is no single number is taken as absent.
    if (stored.lp && stored.lp->values.size() == 1) state.log_posterior = stored.lp->values[0];
    return Done{};
  }
  ParameterDraws draws{{},
                       std::move(stored.k.values),
                       std::move(stored.m.values),
                       std::move(stored.sigma_obs.values),
                       std::move(stored.delta.values),
                       std::move(stored.beta.values)};
  if (stored.lp && stored.lp->values.size() == n) draws.lp = std::move(stored.lp->values);
  set_draws(state, std::move(draws));
  return Done{};
}

Result<Done> read_params(Parts& parts, std::string_view key, od::value value) {
  StoredParameters stored;
  int seen = 0;
  const auto take = [&](std::string_view name, od::value row) -> Result<Done> {
    const std::string path = "params." + std::string(name.substr(0, 40));
    if (name == "lp__") {
      ParameterValues lp;
      if (read_parameter(path, row, lp)) stored.lp = std::move(lp);
      return Done{};
    }
    ParameterValues* into = name == "k"           ? &stored.k
                            : name == "m"         ? &stored.m
                            : name == "sigma_obs" ? &stored.sigma_obs
                            : name == "delta"     ? &stored.delta
                            : name == "beta"      ? &stored.beta
                                                  : nullptr;
    if (into == nullptr) return Done{};
    *into = {};
    ++seen;
    return read_parameter(path, row, *into);
  };
  if (Result<Done> read = read_members(key, value, take); !read) return read;
  if (seen < 5) return corrupt_member(key, "one of k, m, delta, sigma_obs and beta is missing");
  if (Result<Done> taken = take_parameters(stored, parts.state); !taken) return taken;
  parts.seen_params = true;
  return Done{};
}

// --- Our own key: what Prophet's cannot hold --------------------------------------------------------

Result<Done> read_conformal_group(od::value value, Conformal::Group& group) {
  constexpr std::string_view kKey = "chiliad.conformal.groups";
  const auto take = [&](std::string_view name, od::value field) -> Result<Done> {
    if (name == "up_to_ns") {
      std::int64_t up_to = 0;
      Result<Done> read = read_integer(kKey, field, 1, INT64_MAX, up_to);
      group.up_to = std::chrono::nanoseconds(up_to);
      return read;
    }
    if (name == "count") return read_integer(kKey, field, 1, INT64_MAX, group.count);
    if (name == "scores") return read_numbers(kKey, field, group.scores);
    return Done{};
  };
  return read_members(kKey, value, take, "a list of objects");
}

Result<Done> read_conformal_groups(std::string_view key, od::value value, Conformal& conformal) {
  od::array groups;
  if (value.get_array().get(groups) != simdjson::SUCCESS) return expected(key, "a list of groups", value);
  for (auto group : groups) {
    od::value one;
    if (group.get(one) != simdjson::SUCCESS) return corrupt_member(key, "the list is damaged");
    if (conformal.groups.size() == Conformal::kMaxGroups) return corrupt_member(key, "too many groups");
    if (Result<Done> read = read_conformal_group(one, conformal.groups.emplace_back()); !read) return read;
  }
  return Done{};
}

Result<Done> read_conformal(Parts& parts, od::value value) {
  constexpr std::string_view kKey = "chiliad.conformal";
  Conformal conformal;
  const auto take = [&](std::string_view name, od::value field) -> Result<Done> {
    if (name == "width") return read_number(kKey, field, conformal.width);
    if (name == "groups") return read_conformal_groups(kKey, field, conformal);
    return Done{};
  };
  if (Result<Done> read = read_members(kKey, value, take); !read) return read;
  parts.state.conformal = std::make_shared<const Conformal>(std::move(conformal));
  return Done{};
}

Result<Done> read_last_update(Parts& parts, od::value value) {
  constexpr std::string_view kKey = "chiliad.last_update";
  LastUpdate& update = parts.state.last_update.emplace();
  bool hash = false, way = false;
  const auto take = [&](std::string_view name, od::value field) -> Result<Done> {
    if (name != "rows_hash" && name != "way") return Done{};
    std::string_view text;
    if (Result<Done> read = read_text(kKey, field, text); !read) return read;
    bool& seen = name == "way" ? way : hash;
    seen = name == "way" ? read_update_way(text, update.way) : read_hash(text, update.rows_hash);
    if (!seen) return corrupt_member(kKey, std::string(name) + " is none that is known");
    return Done{};
  };
  if (Result<Done> read = read_members(kKey, value, take); !read) return read;
  if (!hash || !way) return corrupt_member(kKey, "rows_hash or way is missing");
  return Done{};
}

Result<Done> read_statistics(Parts& parts, od::value value) {
  constexpr std::string_view kKey = "chiliad.statistics";
  StoredStatistics stored;
  const auto take = [&](std::string_view name, od::value field) -> Result<Done> {
    if (name == "version") return read_integer(kKey, field, 0, kMaxCount, stored.version);
    if (name == "columns") return read_integer(kKey, field, 0, kMaxCount, stored.columns);
    if (name == "lowest") return read_number(kKey, field, stored.lowest);
    if (name == "highest") return read_number(kKey, field, stored.highest);
    if (name == "sum_of_squares") return read_number(kKey, field, stored.sum_of_squares);
    if (name == "gradient") return read_text(kKey, field, stored.gradient);
    if (name == "gram") return read_text(kKey, field, stored.gram);
    return Done{};
  };
  if (Result<Done> read = read_members(kKey, value, take); !read) return read;
  // Statistics of a later version are none: the history is read again.
  if (stored.version != kStatisticsVersion) return Done{};
  Result<std::shared_ptr<const SufficientStatistics>> made = make_statistics(stored);
  if (!made) return std::move(made).error().in("'chiliad.statistics'");
  parts.state.statistics = *std::move(made);
  return Done{};
}

Result<Done> read_last_dates(Parts& parts, od::value value) {
  constexpr std::string_view kKey = "chiliad.last_dates_ns";
  od::array dates;
  if (value.get_array().get(dates) != simdjson::SUCCESS) return expected(kKey, "a list", value);
  for (auto date : dates) {
    std::int64_t number = 0;
    if (date.get_int64().get(number) != simdjson::SUCCESS || number == INT64_MIN)
      return corrupt_member(kKey, "expected whole numbers");
    parts.exact_last_dates.push_back(Instant{std::chrono::nanoseconds{number}});
  }
  return Done{};
}

Result<Done> read_own_key(Parts& parts, std::string_view key, od::value value) {
  return read_members(key, value, [&](std::string_view name, od::value field) -> Result<Done> {
    if (name == "rows") return read_integer("chiliad.rows", field, 0, kMaxCount, parts.rows.emplace());
    if (name == "history_date_count")
      return read_integer("chiliad.history_date_count", field, 0, kMaxCount, parts.history_date_count.emplace());
    if (name == "start_ns")
      return read_integer("chiliad.start_ns", field, -INT64_MAX, INT64_MAX, parts.start_ns.emplace());
    if (name == "last_dates_ns") return read_last_dates(parts, field);
    if (name == "conformal") return read_conformal(parts, field);
    if (name == "last_update") return read_last_update(parts, field);
    if (name == "statistics" && parts.wants_statistics) return read_statistics(parts, field);
    return Done{};
  });
}

// --- The outer object -------------------------------------------------------------------------------

struct Attribute {
  std::string_view key;
  Read read;
  bool may_be_null;
};

// In the order of Prophet's writer. Keys that are not here are skipped.
constexpr std::array kAttributes = {
    Attribute{"growth", read_growth, false},
    Attribute{"n_changepoints", read_count<&ProphetOptions::n_changepoints>, true},
    Attribute{"specified_changepoints", read_specified, true},
    Attribute{"changepoint_range", read_option<&ProphetOptions::changepoint_range>, true},
    Attribute{"yearly_seasonality", read_choice, true},
    Attribute{"weekly_seasonality", read_choice, true},
    Attribute{"daily_seasonality", read_choice, true},
    Attribute{"seasonality_mode", read_seasonality_mode, true},
    Attribute{"seasonality_prior_scale", read_option<&ProphetOptions::seasonality_prior_scale>, true},
    Attribute{"changepoint_prior_scale", read_option<&ProphetOptions::changepoint_prior_scale>, true},
    Attribute{"holidays_prior_scale", read_option<&ProphetOptions::holidays_prior_scale>, true},
    Attribute{"mcmc_samples", read_mcmc_samples, true},
    Attribute{"interval_width", read_option<&ProphetOptions::interval_width>, true},
    Attribute{"uncertainty_samples", read_count<&ProphetOptions::uncertainty_samples>, true},
    Attribute{"y_scale", read_y_scale, false},
    Attribute{"y_min", read_y_min, true},
    Attribute{"scaling", read_scaling, true},
    Attribute{"logistic_floor", read_logistic_floor, true},
    Attribute{"country_holidays", read_country_holidays, true},
    Attribute{"holidays_mode", read_holidays_mode, true},
    Attribute{"changepoints", read_table_text<&Parts::changepoints>, true},
    Attribute{"history_dates", read_history_dates, false},
    Attribute{"train_holiday_names", read_table_text<&Parts::train_holiday_names>, true},
    Attribute{"start", read_start, false},
    Attribute{"t_scale", read_t_scale, false},
    Attribute{"holidays", read_table_text<&Parts::holidays>, true},
    Attribute{"history", read_table_text<&Parts::history>, true},
    Attribute{"changepoints_t", read_changepoints_t, false},
    Attribute{"seasonalities", read_seasonalities, false},
    Attribute{"extra_regressors", read_extra_regressors, false},
    Attribute{"params", read_params, false},
    Attribute{"chiliad", read_own_key, true},
};

Result<Done> read_attributes(od::object object, Parts& parts) {
  for (auto item : object) {
    std::string_view key;
    od::value value;
    if (item.unescaped_key().get(key) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS) {
      return Error{ErrorCode::kCorrupt, "the JSON text is damaged or cut short"};
    }
    const auto attribute =
        std::find_if(kAttributes.begin(), kAttributes.end(), [&](const Attribute& one) { return one.key == key; });
    if (attribute == kAttributes.end()) continue;
    if (attribute->may_be_null && is_null(value)) continue;
    if (const Result<Done> read = attribute->read(parts, attribute->key, value); !read) return read.error();
  }
  const auto missing = [](std::string_view key) { return corrupt_member(key, "missing"); };
  if (!parts.seen_growth) return missing("growth");
  if (!parts.seen_y_scale) return missing("y_scale");
  if (!parts.seen_history_dates) return missing("history_dates");
  if (!parts.seen_start) return missing("start");
  if (!parts.seen_t_scale) return missing("t_scale");
  if (!parts.seen_changepoints_t) return missing("changepoints_t");
  if (!parts.seen_seasonalities) return missing("seasonalities");
  if (!parts.seen_extra_regressors) return missing("extra_regressors");
  if (!parts.seen_params) return missing("params");
  return Done{};
}

// --- The tables -------------------------------------------------------------------------------------

Result<Done> take_dates(Parts& parts, KeepHistory keep, KeptHistory& kept) {
  FittedState& state = parts.state;
  if (keep == KeepHistory::kYes) {
    Result<DateSeries> dates = read_date_series(parts.history_dates);
    if (!dates) return std::move(dates).error().in("'history_dates'");
    kept.history_dates = std::move(dates->dates);
    state.history_date_count = static_cast<std::int64_t>(kept.history_dates.size());
    const std::size_t last = std::min<std::size_t>(5, kept.history_dates.size());
    state.last_dates.assign(kept.history_dates.end() - static_cast<std::ptrdiff_t>(last), kept.history_dates.end());
  } else {
    Result<DateSummary> dates = summarize_date_series(parts.history_dates, 5);
    if (!dates) return std::move(dates).error().in("'history_dates'");
    state.history_date_count = dates->count;
    state.last_dates = std::move(dates->last);
  }
  if (state.last_dates.empty()) return corrupt_member("history_dates", "there is no date");
  // Equal ones are no error: the stored form keeps milliseconds, and rows may be closer than that.
  if (!std::is_sorted(state.last_dates.begin(), state.last_dates.end())) {
    return corrupt_member("history_dates", "the dates do not ascend");
  }
  if (parts.history_date_count) state.history_date_count = *parts.history_date_count;
  if (!parts.exact_last_dates.empty()) {
    const auto same_millisecond = [](Instant a, Instant b) { return millis_since_epoch(a) == millis_since_epoch(b); };
    if (!std::equal(parts.exact_last_dates.begin(), parts.exact_last_dates.end(), state.last_dates.begin(),
                    state.last_dates.end(), same_millisecond)) {
      return corrupt_member("chiliad.last_dates_ns", "the dates do not match history_dates");
    }
    state.last_dates = std::move(parts.exact_last_dates);
  }
  if (state.history_date_count < static_cast<std::int64_t>(state.last_dates.size())) {
    return corrupt_member("chiliad.history_date_count", "less than the dates that are there");
  }
  return Done{};
}

Result<Done> take_rows(Parts& parts, KeepHistory keep, KeptHistory& kept) {
  FittedState& state = parts.state;
  if (parts.history.empty()) {
    state.rows = 0;
  } else if (keep == KeepHistory::kYes) {
    const std::vector<std::string> needed = needed_columns(state);
    Result<HistoryTable> table = read_history_table(parts.history, needed);
    if (!table) return std::move(table).error().in("'history'");
    kept.ds = std::move(table->ds);
    kept.y = std::move(table->y);
    kept.columns = std::move(table->columns);
    state.rows = static_cast<std::int64_t>(kept.ds.size());
  } else {
    const Result<std::int64_t> rows = count_history_rows(parts.history);
    if (!rows) return Result<Done>(rows.error());
    state.rows = *rows;
  }
  if (state.rows == 0) {
    // Left out by the writer. Without our own key the number of dates is the best guess.
    state.rows = parts.rows.value_or(state.history_date_count);
  }
  return Done{};
}

Result<Done> take_changepoints(Parts& parts, KeepHistory keep, KeptHistory& kept) {
  const bool for_history = keep == KeepHistory::kYes && !kept.ds.empty();
  if (parts.changepoints.empty() || (!for_history && !parts.specified_changepoints)) return Done{};
  Result<DateSeries> series = read_date_series(parts.changepoints);
  if (!series) return std::move(series).error().in("'changepoints'");
  if (parts.specified_changepoints) parts.state.options.changepoints = series->dates;
  kept.changepoints = std::move(series->dates);
  if (parts.specified_changepoints) return Done{};
  for (const std::int64_t row : series->index) {
    if (row < 0 || row >= parts.state.rows) return corrupt_member("changepoints", "an index is no row of the history");
    kept.changepoint_rows.push_back(static_cast<std::uint32_t>(row));
  }
  return Done{};
}

Result<Done> take_holidays(Parts& parts) {
  if (!parts.train_holiday_names.empty()) {
    Result<std::vector<std::string>> names = read_name_series(parts.train_holiday_names);
    if (!names) return std::move(names).error().in("'train_holiday_names'");
    parts.state.train_holiday_names = *std::move(names);
  }
  if (!parts.holidays.empty()) {
    Result<HolidayTable> table = read_holiday_table(parts.holidays);
    if (!table) return std::move(table).error().in("'holidays'");
    parts.state.options.holidays = std::make_shared<const HolidayTable>(*std::move(table));
  }
  return Done{};
}

// Seasonalities that add_seasonality() must have made: those that the options alone do not explain.
void find_added_seasonalities(FittedState& state) {
  ProphetOptions& options = state.options;
  for (const Seasonality& seasonality : state.seasonalities) {
    const bool is_year = seasonality.name == "yearly", is_week = seasonality.name == "weekly";
    bool built_in = is_year || is_week || seasonality.name == "daily";
    if (built_in && choice_of(options, seasonality.name).kind == SeasonalityChoice::Kind::kAuto) {
      built_in = seasonality.period_days == (is_year ? 365.25 : (is_week ? 7 : 1)) &&
                 seasonality.fourier_order == (is_year ? 10 : (is_week ? 3 : 4)) &&
                 seasonality.prior_scale == options.seasonality_prior_scale &&
                 seasonality.mode == options.seasonality_mode && seasonality.condition_name.empty();
    }
    if (!built_in) options.seasonalities.push_back(seasonality);
  }
}

Result<FittedModel> assemble(Parts& parts, KeepHistory keep) {
  FittedState& state = parts.state;
  // Prophet before 1.1.5 had no holidays_mode.
  if (parts.holidays_mode && *parts.holidays_mode != state.options.seasonality_mode) {
    state.options.holidays_mode = parts.holidays_mode;
  }
  if (parts.start_ns) {
    const Instant exact{std::chrono::nanoseconds{*parts.start_ns}};
    if (std::chrono::abs(exact - state.start) > std::chrono::milliseconds{1}) {
      return corrupt_member("chiliad.start_ns", "does not match start");
    }
    state.start = exact;
  }
  if (state.beta.empty() && !state.draws) state.beta.push_back(0);
  KeptHistory kept;
  if (const Result<Done> read = take_dates(parts, keep, kept); !read) return read.error();
  if (const Result<Done> read = take_rows(parts, keep, kept); !read) return read.error();
  if (const Result<Done> read = take_changepoints(parts, keep, kept); !read) return read.error();
  if (const Result<Done> read = take_holidays(parts); !read) return read.error();
  if (!kept.ds.empty()) state.history = std::make_shared<const KeptHistory>(std::move(kept));
  find_added_seasonalities(state);
  return FittedModel::from_state(std::move(state));
}

// A document that is one string holds the model's JSON once more inside: files of Prophet before 1.1 that were written
// with json.dump(model_to_json(model), file).
Result<FittedModel> read_document(std::string_view json, KeepHistory keep, KeepStatistics statistics,
                                  bool may_be_string) {
  const Error damaged{ErrorCode::kCorrupt, "not the JSON text of a model: it is damaged, cut short or something else"};
  const simdjson::padded_string padded(json);
  od::parser parser;
  od::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return damaged;
  od::json_type type{};
  if (document.type().get(type) != simdjson::SUCCESS) return damaged;
  if (type == od::json_type::string && may_be_string) {
    std::string_view inner;
    if (document.get_string().get(inner) != simdjson::SUCCESS) return damaged;
    return read_document(inner, keep, statistics, false);
  }
  od::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return damaged;
  Parts parts;
  parts.wants_statistics = statistics == KeepStatistics::kYes;
  if (const Result<Done> read = read_attributes(object, parts); !read) return read.error();
  return assemble(parts, keep);
}

}  // namespace

Result<FittedModel> model_from_json(std::string_view json, KeepHistory keep, KeepStatistics statistics) {
  if (json.size() > kMaxBytes) {
    return Error{ErrorCode::kCorrupt, "the model's text has " + std::to_string(json.size()) +
                                          " bytes, more than the limit of " + std::to_string(kMaxBytes)};
  }
  return read_document(json, keep, statistics, true);
}

}  // namespace chiliad::forecast
