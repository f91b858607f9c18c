#include "fit.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "forecast/sufficient_statistics.h"
#include "forecast/trend.h"

namespace nb = nanobind;

namespace chiliad::python {
namespace {

// An array of this shape that owns a vector's memory.
template <class T>
nb::object array_of(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto kept = std::make_unique<std::vector<T>>(std::move(values));
  T* data = kept->data();
  nb::capsule owner(kept.release(), [](void* vector) noexcept { delete static_cast<std::vector<T>*>(vector); });
  return nb::cast(nb::ndarray<nb::numpy, T>(data, shape, owner));
}

template <class T>
nb::object array_of(std::vector<T> values) {
  const std::size_t size = values.size();
  return array_of(std::move(values), {size});
}

nb::object array_of_instants(std::span<const Instant> instants) {
  std::vector<std::int64_t> nanoseconds(instants.size());
  for (std::size_t i = 0; i < instants.size(); ++i) nanoseconds[i] = nanos_since_epoch(instants[i]);
  return array_of(std::move(nanoseconds));
}

nb::object scalar_of(double value) { return array_of(std::vector<double>{value}); }

void add_history(const forecast::KeptHistory& history, nb::dict& out) {
  out["history_ds"] = array_of_instants(history.ds);
  out["history_y"] = array_of(history.y);
  nb::dict columns;
  for (const forecast::OwnedColumn& column : history.columns) columns[column.name.c_str()] = array_of(column.values);
  out["history_columns"] = columns;
  out["history_dates"] = array_of_instants(history.history_dates);
  out["changepoints"] = array_of_instants(history.changepoints);
  std::vector<std::int64_t> rows(history.changepoint_rows.begin(), history.changepoint_rows.end());
  out["changepoint_rows"] = array_of(std::move(rows));
}

// The trend of each row in units of y_scale: Prophet's params['trend'].
std::vector<double> scaled_trend(const forecast::FittedState& state) {
  const forecast::KeptHistory& history = *state.history;
  std::vector<double> t(history.ds.size());
  for (std::size_t i = 0; i < t.size(); ++i) {
    const auto since = static_cast<double>(nanos_since_epoch(history.ds[i]) - nanos_since_epoch(state.start));
    t[i] = since / 1e9 / state.t_scale_s;
  }
  std::vector<double> cap;
  const auto column = [&history](std::string_view name) {
    const auto found = std::ranges::find(history.columns, name, &forecast::OwnedColumn::name);
    return found == history.columns.end() ? nullptr : &found->values;
  };
  if (state.options.growth == forecast::Growth::kLogistic) {
    const std::vector<double>* given = column("cap");
    const std::vector<double>* floor = state.logistic_floor ? column("floor") : nullptr;
    if (given == nullptr || (state.logistic_floor && floor == nullptr)) return {};
    const double base = state.options.scaling == forecast::Scaling::kMinMax ? state.y_min : 0;
    for (std::size_t i = 0; i < t.size(); ++i)
      cap.push_back(((*given)[i] - (floor != nullptr ? (*floor)[i] : base)) / state.y_scale);
  }
  std::vector<double> trend(t.size());
  const forecast::TrendParameters parameters{state.k, state.m, state.delta, state.changepoints_t};
  forecast::evaluate_trend(state.options.growth, parameters, t, cap, trend);
  return trend;
}

}  // namespace

nb::dict to_dict(const forecast::FitReport& report) {
  nb::dict out;
  out["iterations"] = report.iterations;
  out["log_posterior"] = report.log_posterior;
  out["optimality_residual"] = report.optimality_residual;
  out["converged"] = report.converged;
  out["constant_series"] = report.constant_series;
  out["sigma_at_floor"] = report.sigma_at_floor;
  out["warm_started"] = report.warm_started;
  out["starts"] = report.starts;
  out["gain_over_first"] = report.gain_over_first;
  out["note"] = report.note;
  return out;
}

nb::dict Fit::to_dict() const {
  const forecast::FittedState& state = model_.state();
  nb::dict out;
  nb::list seasonalities;
  for (const forecast::Seasonality& one : state.seasonalities) {
    seasonalities.append(nb::make_tuple(
        one.name, one.period_days, one.fourier_order, one.prior_scale, std::string(forecast::mode_name(one.mode)),
        one.condition_name.empty() ? nb::none() : nb::object(nb::cast(one.condition_name))));
  }
  out["seasonalities"] = seasonalities;
  nb::list regressors;
  for (const forecast::Regressor& one : state.options.regressors)
    regressors.append(nb::make_tuple(one.name, one.mu, one.std));
  out["regressors"] = regressors;
  out["n_changepoints"] = state.options.n_changepoints;
  out["train_holiday_names"] = state.train_holiday_names;
  out["start"] = nanos_since_epoch(state.start);
  out["t_scale"] = state.history ? nanos_since_epoch(state.history->ds.back()) - nanos_since_epoch(state.start)
                                 : std::llround(state.t_scale_s * 1e9);
  out["y_min"] = state.y_min;
  out["y_scale"] = state.y_scale;
  out["logistic_floor"] = state.logistic_floor;
  out["changepoints_t"] = array_of(state.changepoints_t);
  out["k"] = scalar_of(state.k);
  out["m"] = scalar_of(state.m);
  out["delta"] = array_of(state.delta);
  out["beta"] = array_of(state.beta);
  out["sigma_obs"] = scalar_of(state.sigma_obs);
  out["log_posterior"] = state.log_posterior ? scalar_of(*state.log_posterior) : nb::none();
  out["rows"] = state.rows;
  out["last_dates"] = array_of_instants(state.last_dates);
  out["history_date_count"] = state.history_date_count;
  if (state.statistics) {
    nb::dict statistics;
    statistics["gram"] = array_of(state.statistics->gram);
    statistics["gradient"] = array_of(state.statistics->gradient);
    statistics["sum_of_squares"] = state.statistics->sum_of_squares;
    statistics["lowest"] = state.statistics->y_low;
    statistics["highest"] = state.statistics->y_high;
    out["statistics"] = statistics;
  }
  if (state.history) {
    add_history(*state.history, out);
    out["trend"] = array_of(scaled_trend(state));
  }
  out["report"] = python::to_dict(report_);
  if (draws_) out["draws"] = python::to_dict(*draws_);
  return out;
}

nb::object Fit::history_dates() const {
  const auto& history = model_.state().history;
  return history ? array_of_instants(history->history_dates) : array_of_instants(std::span<const Instant>());
}

nb::dict to_dict(sample::PosteriorDraws draws) {
  const std::size_t size = draws.size();
  nb::dict out;
  out["chains"] = draws.chains;
  out["largest_rhat"] = draws.largest_rhat;
  out["least_ess"] = draws.least_ess;
  out["divergent"] = draws.divergent;
  out["gradients"] = draws.gradients;
  out["delta"] = array_of(std::move(draws.delta), {size, draws.changes});
  out["beta"] = array_of(std::move(draws.beta), {size, draws.features});
  out["k"] = array_of(std::move(draws.k));
  out["m"] = array_of(std::move(draws.m));
  out["sigma_obs"] = array_of(std::move(draws.sigma_obs));
  out["lp__"] = array_of(std::move(draws.lp));
  return out;
}

nb::dict to_dict(forecast::Parameters parameters, const forecast::FitReport& report) {
  nb::dict out;
  out["k"] = scalar_of(parameters.k);
  out["m"] = scalar_of(parameters.m);
  out["delta"] = array_of(std::move(parameters.delta));
  out["beta"] = array_of(std::move(parameters.beta));
  out["sigma_obs"] = scalar_of(parameters.sigma_obs);
  out["report"] = to_dict(report);
  return out;
}

std::pair<nb::object, nb::dict> to_arrays(forecast::Forecast forecast) {
  auto kept = std::make_unique<forecast::Forecast>(std::move(forecast));
  forecast::Forecast& values = *kept;
  nb::capsule owner(kept.release(), [](void* object) noexcept { delete static_cast<forecast::Forecast*>(object); });
  nb::dict columns;
  for (std::size_t i = 0; i < values.names().size(); ++i) {
    const std::span<double> column = values.column(i);
    columns[values.names()[i].c_str()] =
        nb::cast(nb::ndarray<nb::numpy, double, nb::ndim<1>>(column.data(), {column.size()}, owner));
  }
  return {array_of_instants(values.ds()), columns};
}

}  // namespace chiliad::python
