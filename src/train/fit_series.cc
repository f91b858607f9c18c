#include "train/fit_series.h"

#include <algorithm>
#include <numeric>

namespace chiliad::train {
namespace {

void sort_by_date(Rows& rows) {
  if (std::ranges::is_sorted(rows.ds)) return;
  std::vector<std::size_t> order(rows.ds.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return rows.ds[i]; });
  Rows sorted;
  for (const std::size_t i : order) {
    sorted.ds.push_back(rows.ds[i]);
    sorted.y.push_back(rows.y[i]);
  }
  rows = std::move(sorted);
}

Result<Accuracy> fit_errors(const forecast::FittedModel& model, const forecast::PreparedRows& rows,
                            std::optional<double> scale) {
  forecast::PredictOptions options;
  options.uncertainty = forecast::Uncertainty::kNone;
  Result<forecast::Forecast> fitted = model.predict(rows.ds, options);
  if (!fitted) return std::move(fitted).error().in("fitted values");
  return accuracy(rows.y, fitted->column("yhat"), {}, {}, scale);
}

}  // namespace

Rows hold_back(Rows& rows, std::size_t count) {
  sort_by_date(rows);
  const auto kept = static_cast<std::ptrdiff_t>(rows.ds.size() - std::min(count, rows.ds.size()));
  Rows back{{rows.ds.begin() + kept, rows.ds.end()}, {rows.y.begin() + kept, rows.y.end()}};
  rows.ds.resize(static_cast<std::size_t>(kept));
  rows.y.resize(static_cast<std::size_t>(kept));
  return back;
}

Result<HoldoutErrors> holdout_errors(const forecast::FittedModel& model, const forecast::PreparedRows& history,
                                     const Rows& test) {
  Result<forecast::Forecast> forecast = model.predict(test.ds);
  if (!forecast) return std::move(forecast).error().in("hold-out rows");
  const Season season = infer_season(history.ds);
  const std::optional<double> scale = seasonal_naive_scale(history.ds, history.y, season);
  const std::vector<double> naive = seasonal_naive(history.ds, history.y, season, test.ds);
  return HoldoutErrors{
      accuracy(test.y, forecast->column("yhat"), forecast->column("yhat_lower"), forecast->column("yhat_upper"), scale),
      accuracy(test.y, naive, {}, {}, scale)};
}

Result<SeriesFit> fit_series(const Rows& rows, const Rows& test, CalendarCache& calendars, forecast::KeepHistory keep) {
  Result<forecast::PreparedRows> prepared = forecast::prepare_rows({rows.ds, rows.y});
  if (!prepared) return std::move(prepared).error();
  Result<forecast::Calendar> calendar = calendars.get(prepared->ds);
  if (!calendar) return std::move(calendar).error();
  forecast::FitReport fit;
  Result<forecast::FittedModel> model = forecast::fit(*calendar, *prepared, keep, &fit);
  if (!model) return std::move(model).error();

  SeriesReport report;
  report.rows = prepared->ds.size();
  report.holdout_rows = test.ds.size();
  report.iterations = static_cast<std::uint64_t>(std::max(fit.iterations, 0));
  report.note = fit.note;
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
    Result<HoldoutErrors> errors = holdout_errors(*model, *prepared, test);
    if (!errors) return std::move(errors).error();
    report.holdout = errors->model;
    report.naive = errors->naive;
  }
  return SeriesFit{*std::move(model), std::move(report)};
}

}  // namespace chiliad::train
