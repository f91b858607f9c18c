#include "train/evaluate_fleet.h"

#include <algorithm>
#include <cmath>

#include "train/calendar_cache.h"
#include "train/fit_series.h"
#include "train/ordered_work.h"
#include "train/stored_model.h"

namespace chiliad::train {
namespace {

constexpr std::size_t kSeriesWaiting = 1024;

Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::minutes(5); }

Result<Rows> read_rows(const SeriesSource& source, const std::string& name, const table::SeriesColumns& columns) {
  Result<std::string> bytes = source.read(name, soon());
  if (!bytes) return std::move(bytes).error();
  Result<table::Series> series = table::read_series_csv(*bytes, source.path(name), columns);
  if (!series) return std::move(series).error();
  return rows_of(*series, columns.further);
}

forecast::PredictOptions predict_options(const EvaluatePlan& plan) {
  forecast::PredictOptions options;
  options.conformal = plan.conformal;
  return options;
}

// Over as long a horizon as the test rows have. Requires: both ascending, not empty.
diagnose::CrossValidationOptions calibration(const Rows& rows, const Rows& test) {
  diagnose::CrossValidationOptions options;
  options.horizon = test.ds.back() - rows.ds.back();
  return options;
}

// Who brings only the rows that came since learns the model's errors; the naive forecast and MASE need rows before.
Result<HoldoutErrors> stored_errors(const forecast::FittedModel& model, const Rows& before, Rows test,
                                    const forecast::PredictOptions& predict) {
  const auto known = std::ranges::count_if(before.y, [](double y) { return !std::isnan(y); });
  if (known < 2) {
    Result<forecast::Forecast> forecast = forecast_rows(model, test, predict);
    if (!forecast) return std::move(forecast).error();
    return HoldoutErrors{accuracy(test.y, forecast->column("yhat"), forecast->column("yhat_lower"),
                                  forecast->column("yhat_upper"), std::nullopt),
                         {}};
  }
  Result<forecast::PreparedRows> history = forecast::prepare_rows({before.ds, before.y});
  if (!history) return std::move(history).error();
  return holdout_errors(model, *history, std::move(test), predict);
}

Result<SeriesReport> evaluate_stored(const SeriesSource& source, const std::string& name, const EvaluatePlan& plan) {
  Result<forecast::FittedModel> model = load_model(*plan.models, name, forecast::KeepHistory::kNo, soon());
  if (!model) return std::move(model).error();
  table::SeriesColumns columns = plan.columns;
  columns.further = further_columns(forecast::needed_columns(model->state()));
  Result<Rows> read = read_rows(source, name, columns);
  if (!read) return std::move(read).error();
  Rows rows = *std::move(read);
  hold_back(rows, 0);  // Sorts.
  const Instant last = model->state().last_dates.back();
  const auto unseen = static_cast<std::size_t>(rows.ds.end() - std::ranges::upper_bound(rows.ds, last));
  const Rows test = hold_back(rows, unseen);
  if (test.ds.empty())
    return Error{ErrorCode::kInvalid, "no rows after the model's history, which ends " + format_instant(last)};
  Result<HoldoutErrors> errors = stored_errors(*model, rows, test, predict_options(plan));
  if (!errors) return std::move(errors).error();
  SeriesReport report;
  report.rows = static_cast<std::uint64_t>(model->state().rows);
  report.holdout_rows = test.ds.size();
  report.log_posterior = model->state().log_posterior;
  report.archive = name + std::string(kArchiveSuffix);
  report.holdout = errors->model;
  report.naive = errors->naive;
  return report;
}

Result<SeriesReport> evaluate_series(const SeriesSource& source, std::size_t i, const EvaluatePlan& plan,
                                     CalendarCache& calendars) {
  const std::string name = source.name(i);
  if (plan.models != nullptr) return evaluate_stored(source, name, plan);
  Result<std::shared_ptr<const OptionSet>> set = std::shared_ptr<const OptionSet>();
  if (plan.fleet) set = plan.fleet->of(source.customer_id(i));
  if (!set) return std::move(set).error();
  table::SeriesColumns columns = plan.columns;
  if (*set) columns.further = (*set)->further;
  Result<Rows> rows = read_rows(source, name, columns);
  if (!rows) return std::move(rows).error();
  Rows test;
  if (plan.test != nullptr) {
    Result<Rows> unseen = read_rows(*plan.test, name, columns);
    if (!unseen) return std::move(unseen).error().in("test rows");
    test = hold_back(*unseen, unseen->ds.size());
    hold_back(*rows, 0);  // Sorts.
  } else {
    test = hold_back(*rows, plan.holdout);
  }
  diagnose::CrossValidationOptions conformal;
  const bool calibrated = plan.conformal && !rows->ds.empty() && !test.ds.empty();
  if (calibrated) conformal = calibration(*rows, test);
  Result<SeriesFit> fit = fit_series(*rows, test, calendars, forecast::KeepHistory::kNo,
                                     calibrated ? &conformal : nullptr, predict_options(plan), set->get());
  if (!fit && plan.test == nullptr && !test.ds.empty())
    return std::move(fit).error().in("without the " + std::to_string(test.ds.size()) + " rows held back");
  if (!fit) return std::move(fit).error();
  if (fit->report.holdout.rows == 0) return Error{ErrorCode::kInvalid, "no row with a value to compare with"};
  return std::move(fit->report);
}

}  // namespace

void evaluate_fleet(const SeriesSource& source, const EvaluatePlan& plan, const std::atomic<bool>& stop,
                    const std::function<bool(const SeriesReport&)>& on_series) {
  CalendarCache calendars(plan.prophet);
  const auto make = [&](std::size_t i) -> SeriesReport {
    const auto start = std::chrono::steady_clock::now();
    Result<SeriesReport> evaluated = evaluate_series(source, i, plan, calendars);
    SeriesReport report;
    if (evaluated) {
      report = *std::move(evaluated);
    } else {
      report.status = SeriesStatus::kFailed;
      report.reason = source.reason(i, evaluated.error());
    }
    report.customer_id = source.customer_id(i);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
  };
  work_in_order(source.size(), plan.threads, kSeriesWaiting, stop, make, on_series);
}

std::optional<double> FleetAccuracy::Figure::mean() const {
  if (series == 0) return std::nullopt;
  return sum / static_cast<double>(series);
}

void FleetAccuracy::Figure::add(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return;
  sum += *value;
  ++series;
}

void FleetAccuracy::add(const Accuracy& accuracy) {
  smape.add(accuracy.smape);
  mape.add(accuracy.mape);
  mae.add(accuracy.mae);
  rmse.add(accuracy.rmse);
  mase.add(accuracy.mase);
  coverage.add(accuracy.coverage);
}

}  // namespace chiliad::train
