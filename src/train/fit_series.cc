#include "train/fit_series.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "diagnose/conformal.h"
#include "sample/sampled_fit.h"

namespace chiliad::train {
namespace {

template <class T>
void permute(std::vector<T>& values, const std::vector<std::size_t>& order) {
  std::vector<T> moved;
  moved.reserve(values.size());
  for (const std::size_t i : order) moved.push_back(values[i]);
  values = std::move(moved);
}

void sort_by_date(Rows& rows) {
  if (std::ranges::is_sorted(rows.ds)) return;
  std::vector<std::size_t> order(rows.ds.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return rows.ds[i]; });
  permute(rows.ds, order);
  permute(rows.y, order);
  for (forecast::OwnedColumn& column : rows.columns) permute(column.values, order);
}

template <class T>
std::vector<T> take_from(std::vector<T>& values, std::size_t first) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(first);
  std::vector<T> taken(at, values.end());
  values.erase(at, values.end());
  return taken;
}

// Rows that neither have a value to compare with nor all that a forecast needs.
Rows without_gaps(const Rows& rows) {
  Rows kept;
  for (const forecast::OwnedColumn& column : rows.columns) kept.columns.push_back({column.name, {}});
  for (std::size_t i = 0; i < rows.ds.size(); ++i) {
    const bool gap = std::isnan(rows.y[i]) && std::ranges::any_of(rows.columns, [&](const auto& column) {
                       return std::isnan(column.values[i]);
                     });
    if (gap) continue;
    kept.ds.push_back(rows.ds[i]);
    kept.y.push_back(rows.y[i]);
    for (std::size_t c = 0; c < rows.columns.size(); ++c) kept.columns[c].values.push_back(rows.columns[c].values[i]);
  }
  return kept;
}

Result<Accuracy> fit_errors(const forecast::FittedModel& model, const forecast::PreparedRows& rows,
                            std::optional<double> scale) {
  forecast::PredictOptions options;
  options.uncertainty = forecast::Uncertainty::kNone;
  const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
  Result<forecast::Forecast> fitted = model.predict(forecast::Frame{rows.ds, columns}, options);
  if (!fitted) return std::move(fitted).error().in("fitted values");
  return accuracy(rows.y, fitted->column("yhat"), {}, {}, scale);
}

// Gives the model its calibration, if there are rows enough for one, and takes its rows away unless they are to be
// kept.
Result<Done> calibrate(forecast::FittedModel& model, const diagnose::CrossValidationOptions& how,
                       forecast::KeepHistory keep, std::string& note) {
  forecast::FittedState state = model.state();
  Result<forecast::Conformal> conformal = diagnose::calibrate(model, how);
  if (conformal) {
    state.conformal = std::make_shared<const forecast::Conformal>(*std::move(conformal));
  } else {
    add_note(note, "not calibrated: " + conformal.error().message);
  }
  if (keep == forecast::KeepHistory::kNo) state.history = nullptr;
  Result<forecast::FittedModel> made = forecast::FittedModel::from_state(std::move(state));
  if (!made) return std::move(made).error();
  model = *std::move(made);
  return Done{};
}

}  // namespace

std::vector<table::FurtherColumn> further_columns(const std::vector<std::string>& needed) {
  std::vector<table::FurtherColumn> columns;
  for (const std::string& name : needed) columns.push_back({name, true});
  return columns;
}

Rows rows_of(table::Series& series, const std::vector<table::FurtherColumn>& columns) {
  Rows rows{std::move(series.ds), std::move(series.y), {}};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (series.further[i].size() != rows.ds.size() || rows.ds.empty()) continue;
    rows.columns.push_back({columns[i].name, std::move(series.further[i])});
  }
  return rows;
}

Rows hold_back(Rows& rows, std::size_t count) {
  sort_by_date(rows);
  const std::size_t kept = rows.ds.size() - std::min(count, rows.ds.size());
  Rows back{take_from(rows.ds, kept), take_from(rows.y, kept), {}};
  for (forecast::OwnedColumn& column : rows.columns)
    back.columns.push_back({column.name, take_from(column.values, kept)});
  return back;
}

Result<forecast::Forecast> forecast_rows(const forecast::FittedModel& model, Rows& rows,
                                         const forecast::PredictOptions& predict) {
  if (!rows.columns.empty()) rows = without_gaps(rows);
  if (rows.ds.empty()) return Error{ErrorCode::kInvalid, "no row with a value to compare with"};
  const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
  return model.predict(forecast::Frame{rows.ds, columns}, predict);
}

Result<HoldoutErrors> holdout_errors(const forecast::FittedModel& model, const forecast::PreparedRows& history,
                                     Rows test, const forecast::PredictOptions& predict) {
  Result<forecast::Forecast> forecast = forecast_rows(model, test, predict);
  if (!forecast) return std::move(forecast).error().in("hold-out rows");
  const Season season = infer_season(history.ds);
  const std::optional<double> scale = seasonal_naive_scale(history.ds, history.y, season);
  const std::vector<double> naive = seasonal_naive(history.ds, history.y, season, test.ds);
  return HoldoutErrors{
      accuracy(test.y, forecast->column("yhat"), forecast->column("yhat_lower"), forecast->column("yhat_upper"), scale),
      accuracy(test.y, naive, {}, {}, scale)};
}

Result<SeriesFit> fit_series(const Rows& rows, const Rows& test, CalendarCache& calendars,
                             const forecast::FitOptions& how, const diagnose::CrossValidationOptions* conformal,
                             const forecast::PredictOptions& predict, const OptionSet* set) {
  const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
  Result<forecast::PreparedRows> prepared = forecast::prepare_rows({rows.ds, rows.y, columns});
  if (!prepared) return std::move(prepared).error();
  Result<forecast::Calendar> calendar = calendars.get(*prepared, set);
  if (!calendar) return std::move(calendar).error();
  forecast::FitReport fit;
  forecast::FitOptions how_now = how;
  if (conformal != nullptr) how_now.keep = forecast::KeepHistory::kYes;
  const bool sampled = calendar->options().mcmc_samples > 0;
  Result<forecast::FittedModel> model = sampled ? sample::fit_by_sampling(*calendar, *prepared, how_now, &fit)
                                                : forecast::fit(*calendar, *prepared, how_now, &fit);
  if (!model) return std::move(model).error();

  SeriesReport report;
  report.rows = prepared->ds.size();
  report.holdout_rows = test.ds.size();
  report.iterations = static_cast<std::uint64_t>(std::max(fit.iterations, 0));
  report.note = fit.note;
  if (conformal != nullptr) {
    if (Result<Done> calibrated = calibrate(*model, *conformal, how.keep, report.note); !calibrated)
      return std::move(calibrated).error();
    if (predict.conformal && model->state().conformal == nullptr) return Error{ErrorCode::kInvalid, report.note};
  }
  if (!fit.constant_series) {
    report.log_posterior = fit.log_posterior;
    // At the floor of the noise there is no optimum to be near to.
    if (!fit.sigma_at_floor) report.optimality_residual = fit.optimality_residual;
  }
  const std::optional<double> scale = seasonal_naive_scale(prepared->ds, prepared->y, infer_season(prepared->ds));
  Result<Accuracy> fitted = fit_errors(*model, *prepared, scale);
  if (!fitted) return std::move(fitted).error();
  report.fit = *fitted;
  if (!test.ds.empty()) {
    Result<HoldoutErrors> errors = holdout_errors(*model, *prepared, test, predict);
    if (!errors) return std::move(errors).error();
    report.holdout = errors->model;
    report.naive = errors->naive;
  }
  return SeriesFit{*std::move(model), std::move(report)};
}

}  // namespace chiliad::train
