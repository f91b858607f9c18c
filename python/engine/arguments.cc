#include "arguments.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>

#include "forecast/kernels.h"

namespace nb = nanobind;

namespace chiliad::python {
namespace {

nb::handle item(const nb::dict& dict, const char* key) {
  PyObject* found = PyDict_GetItemString(dict.ptr(), key);  // Borrowed.
  if (found == nullptr) throw nb::key_error(key);
  return found;
}

template <class T>
T value_of(const nb::handle& handle, const char* what) {
  T value{};
  if (!nb::try_cast<T>(handle, value))
    throw nb::type_error((std::string(what) + ": not of the type, or too large, for the engine").c_str());
  return value;
}

template <class T>
T get(const nb::dict& dict, const char* key) {
  return value_of<T>(item(dict, key), key);
}

template <class T>
T at(const nb::handle& sequence, std::size_t place) {
  return value_of<T>(nb::object(sequence[place]), "a value");
}

Instant instant(std::int64_t nanoseconds) { return Instant(std::chrono::nanoseconds(nanoseconds)); }

std::vector<double> doubles(const nb::dict& dict, const char* key) {
  const DoubleArray array = get<DoubleArray>(dict, key);
  return {array.data(), array.data() + array.size()};
}

std::vector<Instant> instants(const nb::handle& value) {
  const Int64Array array = nb::cast<Int64Array>(value);
  const std::span<const Instant> span = as_instants(array);
  return {span.begin(), span.end()};
}

std::vector<std::string> texts(const nb::handle& sequence) {
  std::vector<std::string> values;
  for (const nb::handle value : sequence) values.push_back(nb::cast<std::string>(value));
  return values;
}

forecast::Mode mode(const std::string& name) {
  return name == "multiplicative" ? forecast::Mode::kMultiplicative : forecast::Mode::kAdditive;
}

forecast::Growth growth(const std::string& name) {
  if (name == "logistic") return forecast::Growth::kLogistic;
  return name == "flat" ? forecast::Growth::kFlat : forecast::Growth::kLinear;
}

// "auto", True, False or a number of Fourier terms.
forecast::SeasonalityChoice choice(const nb::handle& value) {
  using Kind = forecast::SeasonalityChoice::Kind;
  if (nb::isinstance<nb::str>(value)) return {Kind::kAuto, 0};
  if (nb::isinstance<nb::bool_>(value)) return {nb::cast<bool>(value) ? Kind::kOn : Kind::kOff, 0};
  return {Kind::kOrder, value_of<int>(value, "a Fourier order")};
}

// (name, period, fourier_order, prior_scale, mode, condition_name or None)
forecast::Seasonality seasonality(const nb::handle& values) {
  forecast::Seasonality result;
  result.name = at<std::string>(values, 0);
  result.period_days = at<double>(values, 1);
  result.fourier_order = at<int>(values, 2);
  result.prior_scale = at<double>(values, 3);
  result.mode = mode(at<std::string>(values, 4));
  if (const nb::object condition = values[5]; !condition.is_none())
    result.condition_name = nb::cast<std::string>(condition);
  return result;
}

// (name, prior_scale, standardize, mode, mu, std)
forecast::Regressor regressor(const nb::handle& values) {
  forecast::Regressor result;
  result.name = at<std::string>(values, 0);
  result.prior_scale = at<double>(values, 1);
  const nb::object standardize = values[2];
  if (nb::isinstance<nb::str>(standardize)) {
    result.standardize = forecast::Standardize::kAuto;
  } else {
    result.standardize = nb::cast<bool>(standardize) ? forecast::Standardize::kYes : forecast::Standardize::kNo;
  }
  result.mode = mode(at<std::string>(values, 3));
  result.mu = at<double>(values, 4);
  result.std = at<double>(values, 5);
  return result;
}

template <class T, class Read>
std::vector<T> list_of(const nb::dict& dict, const char* key, Read read) {
  std::vector<T> values;
  for (const nb::handle value : item(dict, key)) values.push_back(read(value));
  return values;
}

// None, or (names, name of each row, day, lower_window, upper_window, prior_scale): a name's place, days since
// 1970-01-01, days, days, NaN for the default.
std::shared_ptr<const forecast::HolidayTable> holidays(const nb::handle& value) {
  if (value.is_none()) return nullptr;
  auto table = std::make_shared<forecast::HolidayTable>();
  table->names = texts(value[0]);
  const auto names = at<Int64Array>(value, 1), days = at<Int64Array>(value, 2), lower = at<Int64Array>(value, 3),
             upper = at<Int64Array>(value, 4);
  const auto priors = at<DoubleArray>(value, 5);
  const std::size_t rows = names.size();
  if (days.size() != rows || lower.size() != rows || upper.size() != rows || priors.size() != rows)
    throw nb::value_error("holidays: columns of different lengths");
  const auto narrow = [](std::int64_t number) {
    if (number < std::numeric_limits<std::int32_t>::min() || number > std::numeric_limits<std::int32_t>::max())
      throw nb::value_error("holidays: a day or window out of range");
    return static_cast<std::int32_t>(number);
  };
  for (std::size_t i = 0; i < rows; ++i) {
    table->rows.push_back({static_cast<std::uint32_t>(narrow(names.data()[i])), narrow(days.data()[i]),
                           narrow(lower.data()[i]), narrow(upper.data()[i]), priors.data()[i]});
  }
  return table;
}

std::shared_ptr<const forecast::KeptHistory> history(const nb::dict& from) {
  auto kept = std::make_shared<forecast::KeptHistory>();
  kept->ds = instants(item(from, "history_ds"));
  kept->y = doubles(from, "history_y");
  const auto columns = nb::cast<nb::dict>(item(from, "history_columns"));
  for (const auto [name, values] : columns) {
    const auto array = nb::cast<DoubleArray>(values);
    kept->columns.push_back({nb::cast<std::string>(name), {array.data(), array.data() + array.size()}});
  }
  kept->history_dates = instants(item(from, "history_dates"));
  kept->changepoints = instants(item(from, "changepoints"));
  const auto rows = get<Int64Array>(from, "changepoint_rows");
  for (std::size_t i = 0; i < rows.size(); ++i)
    kept->changepoint_rows.push_back(static_cast<std::uint32_t>(rows.data()[i]));
  const bool whole =
      std::ranges::all_of(kept->columns, [&](const auto& c) { return c.values.size() == kept->ds.size(); });
  if (kept->ds.empty() || kept->y.size() != kept->ds.size() || !whole)
    throw nb::value_error("the history's columns are of different lengths");
  return kept;
}

// What a fit is told and a fitted model still knows.
forecast::ProphetOptions read_kept_options(const nb::dict& from) {
  forecast::ProphetOptions options;
  options.growth = growth(get<std::string>(from, "growth"));
  options.seasonality_mode = mode(get<std::string>(from, "seasonality_mode"));
  options.holidays_mode = mode(get<std::string>(from, "holidays_mode"));
  options.holidays_prior_scale = get<double>(from, "holidays_prior_scale");
  options.scaling =
      get<std::string>(from, "scaling") == "minmax" ? forecast::Scaling::kMinMax : forecast::Scaling::kAbsMax;
  options.regressors = list_of<forecast::Regressor>(from, "regressors", regressor);
  options.holidays = holidays(item(from, "holidays"));
  return options;
}

}  // namespace

ColumnArguments::ColumnArguments(const nb::dict& columns) {
  names_.reserve(columns.size());  // Views of the names are kept.
  for (const auto [name, values] : columns) {
    names_.push_back(nb::cast<std::string>(name));
    arrays_.push_back(nb::cast<DoubleArray>(values));
    columns_.push_back({names_.back(), as_span(arrays_.back())});
  }
}

std::vector<forecast::Column> ColumnArguments::rows(std::size_t first, std::size_t count) const {
  std::vector<forecast::Column> part;
  for (const forecast::Column& column : columns_) part.push_back({column.name, column.values.subspan(first, count)});
  return part;
}

StanArguments::StanArguments(const nb::dict& data) : x_(get<DoubleMatrix>(data, "X")) {
  const auto values = [&](const char* key) {
    arrays_.push_back(get<DoubleArray>(data, key));
    return as_span(arrays_.back());
  };
  data_.growth = growth(get<std::string>(data, "growth"));
  data_.tau = get<double>(data, "tau");
  data_.y = values("y");
  data_.t = values("t");
  data_.cap = values("cap");
  data_.t_change = values("t_change");
  data_.x = {x_.data(), x_.size()};
  data_.sigmas = values("sigmas");
  data_.s_a = values("s_a");
  data_.s_m = values("s_m");
  if (x_.shape(1) != data_.sigmas.size()) throw nb::value_error("'X': expected a column for each of sigmas");
}

forecast::ProphetOptions read_options(const nb::dict& from) {
  forecast::ProphetOptions options = read_kept_options(from);
  if (const nb::handle changepoints = item(from, "changepoints"); !changepoints.is_none())
    options.changepoints = instants(changepoints);
  options.n_changepoints = get<int>(from, "n_changepoints");
  options.changepoint_range = get<double>(from, "changepoint_range");
  options.yearly_seasonality = choice(item(from, "yearly_seasonality"));
  options.weekly_seasonality = choice(item(from, "weekly_seasonality"));
  options.daily_seasonality = choice(item(from, "daily_seasonality"));
  options.seasonalities = list_of<forecast::Seasonality>(from, "seasonalities", seasonality);
  options.seasonality_prior_scale = get<double>(from, "seasonality_prior_scale");
  options.changepoint_prior_scale = get<double>(from, "changepoint_prior_scale");
  return options;
}

forecast::FittedState read_state(const nb::dict& from) {
  forecast::FittedState state;
  state.options = read_kept_options(from);
  state.seasonalities = list_of<forecast::Seasonality>(from, "seasonalities", seasonality);
  state.train_holiday_names = texts(item(from, "train_holiday_names"));
  state.start = instant(get<std::int64_t>(from, "start"));
  state.t_scale_s = get<double>(from, "t_scale");
  state.y_min = get<double>(from, "y_min");
  state.y_scale = get<double>(from, "y_scale");
  state.logistic_floor = get<bool>(from, "logistic_floor");
  state.changepoints_t = doubles(from, "changepoints_t");
  state.k = get<double>(from, "k");
  state.m = get<double>(from, "m");
  state.delta = doubles(from, "delta");
  state.beta = doubles(from, "beta");
  state.sigma_obs = get<double>(from, "sigma_obs");
  state.rows = get<std::int64_t>(from, "rows");
  state.last_dates = instants(item(from, "last_dates"));
  state.history_date_count = get<std::int64_t>(from, "history_date_count");
  if (from.contains("n_changepoints")) state.options.n_changepoints = get<int>(from, "n_changepoints");
  if (from.contains("changepoint_prior_scale"))
    state.options.changepoint_prior_scale = get<double>(from, "changepoint_prior_scale");
  if (from.contains("given_changepoints") && !item(from, "given_changepoints").is_none())
    state.options.changepoints = instants(item(from, "given_changepoints"));
  if (from.contains("statistics")) state.statistics = read_statistics(nb::cast<nb::dict>(item(from, "statistics")));
  if (from.contains("history_ds")) state.history = history(from);
  return state;
}

std::shared_ptr<const forecast::SufficientStatistics> read_statistics(const nb::dict& from) {
  auto statistics = std::make_shared<forecast::SufficientStatistics>();
  statistics->gram = doubles(from, "gram");
  statistics->gradient = doubles(from, "gradient");
  statistics->sum_of_squares = get<double>(from, "sum_of_squares");
  statistics->y_low = get<double>(from, "lowest");
  statistics->y_high = get<double>(from, "highest");
  const std::size_t p = statistics->columns();
  if (statistics->gram.size() != p * (p + 1) / 2) throw nb::value_error("statistics: gram is not that of the gradient");
  if (!forecast::all_finite(statistics->gram)) throw nb::value_error("statistics: a number is not finite");
  value_or_raise(forecast::check_positive(*statistics));
  return statistics;
}

forecast::WarmStart read_warm_start(const nb::dict& from) {
  forecast::WarmStart start;
  if (from.contains("k")) start.k = get<double>(from, "k");
  if (from.contains("m")) start.m = get<double>(from, "m");
  if (from.contains("sigma_obs")) start.sigma_obs = get<double>(from, "sigma_obs");
  if (from.contains("delta")) start.delta = doubles(from, "delta");
  if (from.contains("beta")) start.beta = doubles(from, "beta");
  return start;
}

sample::NutsOptions read_nuts_options(const nb::dict& from) {
  sample::NutsOptions options;
  options.chains = get<int>(from, "chains");
  options.warmup = get<int>(from, "warmup");
  options.draws = get<int>(from, "draws");
  options.acceptance = get<double>(from, "acceptance");
  options.max_tree_depth = get<int>(from, "max_tree_depth");
  options.seed = get<std::uint64_t>(from, "seed");
  options.threads = get<int>(from, "threads");
  return options;
}

forecast::PredictOptions read_predict_options(const nb::dict& from) {
  forecast::PredictOptions options;
  const std::string uncertainty = get<std::string>(from, "uncertainty");
  options.uncertainty = uncertainty == "exact"       ? forecast::Uncertainty::kExact
                        : uncertainty == "simulated" ? forecast::Uncertainty::kSimulated
                                                     : forecast::Uncertainty::kNone;
  options.interval_width = get<double>(from, "interval_width");
  options.uncertainty_samples = get<int>(from, "uncertainty_samples");
  options.seed = get<std::uint64_t>(from, "seed");
  options.quantiles = doubles(from, "quantiles");
  return options;
}

void raise(const Error& error) {
  if (error.code == ErrorCode::kInvalid || error.code == ErrorCode::kCorrupt)
    throw nb::value_error(error.message.c_str());
  throw std::runtime_error(error.message);
}

}  // namespace chiliad::python
