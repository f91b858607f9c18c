#include "train/forecast_fleet.h"

#include <algorithm>
#include <set>

#include "base/csv_field.h"
#include "base/hash.h"
#include "base/number.h"
#include "train/ordered_work.h"
#include "train/stored_model.h"

namespace chiliad::train {
namespace {

constexpr std::size_t kFramesWaiting = 256;

// The history's rows with a value, one a date, and their columns as they were before they were standardized.
FutureRows::Rows history_rows(const forecast::FittedState& state) {
  const forecast::KeptHistory& history = *state.history;
  FutureRows::Rows rows;
  for (const forecast::OwnedColumn& column : history.columns) rows.columns.push_back({column.name, {}});
  for (std::size_t i = 0; i < history.ds.size(); ++i) {
    if (i > 0 && history.ds[i] == history.ds[i - 1]) continue;
    rows.ds.push_back(history.ds[i]);
    for (std::size_t c = 0; c < rows.columns.size(); ++c) {
      const auto& regressors = state.options.regressors;
      const auto regressor = std::ranges::find(regressors, rows.columns[c].name, &forecast::Regressor::name);
      const double value = history.columns[c].values[i];
      rows.columns[c].values.push_back(regressor == regressors.end() ? value : value * regressor->std + regressor->mu);
    }
  }
  return rows;
}

void append_moment(std::string& text, Instant ds) {
  const bool whole_seconds = ds == std::chrono::floor<std::chrono::seconds>(ds);
  text += whole_seconds ? format_instant_fixed(ds, 0) : format_instant(ds);
}

Result<FutureRows::Rows> future_rows(const forecast::FittedState& state, std::string_view customer_id,
                                     const std::vector<std::string>& needed, const ForecastPlan& plan) {
  if (plan.future) return plan.future->of(customer_id, needed);
  std::optional<forecast::Frequency> frequency = plan.frequency;
  if (!frequency) {
    Result<forecast::Frequency> inferred = forecast::Frequency::infer(state.last_dates);
    if (!inferred) return std::move(inferred).error();
    frequency = *inferred;
  }
  Result<std::vector<Instant>> future = frequency->after(state.last_dates.back(), plan.period);
  if (!future) return std::move(future).error();
  return FutureRows::Rows{*std::move(future), {}};
}

// What a forecast of dates alone lacks, with where it comes from.
Error with_remedy(Error error, const forecast::FittedState& state, const ForecastPlan& plan) {
  const bool dates_alone = !plan.future && plan.period > 0 && !forecast::needed_columns(state).empty();
  const auto says = [&](std::string_view words) { return error.message.find(words) != std::string::npos; };
  if (dates_alone && (says(" missing from dataframe") || says("Capacities must be supplied")))
    error.message += "; --future FILE gives the rows of the future with what the model needs of them";
  return error;
}

}  // namespace

Result<FutureRows::Rows> forecast_rows(const forecast::FittedModel& model, std::string_view customer_id,
                                       const ForecastPlan& plan) {
  const forecast::FittedState& state = model.state();
  const std::vector<std::string> needed = forecast::needed_columns(state);
  Result<FutureRows::Rows> future = future_rows(state, customer_id, needed, plan);
  if (!future || !plan.include_history) return future;
  if (!state.history)
    return Error{ErrorCode::kInvalid, "the model was stored without its history, so only its future can be forecast"};
  FutureRows::Rows rows = needed.empty() ? FutureRows::Rows{state.history->history_dates, {}} : history_rows(state);
  rows.ds.insert(rows.ds.end(), future->ds.begin(), future->ds.end());
  if (future->ds.empty()) return rows;
  // A column that the future lacks is missing from the whole.
  std::erase_if(rows.columns, [&](forecast::OwnedColumn& column) {
    const auto more = std::ranges::find(future->columns, column.name, &forecast::OwnedColumn::name);
    if (more == future->columns.end()) return true;
    column.values.insert(column.values.end(), more->values.begin(), more->values.end());
    return false;
  });
  return rows;
}

Result<forecast::Forecast> forecast_model(const forecast::FittedModel& model, std::string_view customer_id,
                                          const ForecastPlan& plan) {
  Result<FutureRows::Rows> rows = forecast_rows(model, customer_id, plan);
  if (!rows) return std::move(rows).error();
  const std::vector<forecast::Column> columns = forecast::borrow(rows->columns);
  forecast::PredictOptions predict = plan.predict;
  predict.seed = content_hash(customer_id, plan.predict.seed);
  Result<forecast::Forecast> forecast = model.predict(forecast::Frame{rows->ds, columns}, predict);
  if (!forecast) return with_remedy(std::move(forecast).error(), model.state(), plan);
  return forecast;
}

Result<forecast::PredictiveSamples> sample_model(const forecast::FittedModel& model, std::string_view customer_id,
                                                 const ForecastPlan& plan) {
  Result<FutureRows::Rows> rows = forecast_rows(model, customer_id, plan);
  if (!rows) return std::move(rows).error();
  const std::vector<forecast::Column> columns = forecast::borrow(rows->columns);
  Result<forecast::PredictiveSamples> samples = forecast::predictive_samples(
      model, forecast::Frame{rows->ds, columns}, plan.samples, content_hash(customer_id, plan.predict.seed));
  if (!samples) return with_remedy(std::move(samples).error(), model.state(), plan);
  return samples;
}

std::vector<std::string> all_columns(const forecast::FittedModel& example, const ForecastPlan& plan) {
  std::set<std::string> components{"additive_terms", "daily", "multiplicative_terms", "weekly", "yearly"};
  for (const std::string& name : example.component_names()) components.insert(name);
  std::vector<std::string> columns{"trend"};
  for (const std::string& name : forecast::needed_columns(example.state())) {
    if (name == "cap" || name == "floor") columns.push_back(name);
  }
  columns.insert(columns.end(), {"yhat_lower", "yhat_upper", "trend_lower", "trend_upper"});
  for (const std::string& component : components) {
    for (const char* suffix : {"", "_lower", "_upper"}) columns.push_back(component + suffix);
  }
  columns.push_back("yhat");
  for (const double quantile : plan.predict.quantiles) {
    columns.push_back("yhat_q");
    append_repr(columns.back(), quantile);
  }
  return columns;
}

std::string forecast_csv_header(const ForecastPlan& plan) {
  std::string line = plan.samples > 0 ? "customer_id,ds,sample" : "customer_id,ds";
  for (const std::string& column : plan.columns) {
    line += ',';
    append_csv_field(line, column);
  }
  return line + '\n';
}

std::string forecast_csv_rows(std::string_view customer_id, const forecast::Forecast& forecast,
                              const ForecastPlan& plan) {
  std::string id;
  append_csv_field(id, customer_id);
  std::vector<std::span<const double>> columns;
  for (const std::string& name : plan.columns) columns.push_back(forecast.column(name));
  std::string rows;
  for (std::size_t i = 0; i < forecast.rows(); ++i) {
    rows += id;
    rows += ',';
    append_moment(rows, forecast.ds()[i]);
    for (const std::span<const double> column : columns) {
      rows += ',';
      if (!column.empty()) append_repr(rows, column[i]);
    }
    rows += '\n';
  }
  return rows;
}

std::string sample_csv_rows(std::string_view customer_id, const forecast::PredictiveSamples& samples,
                            const ForecastPlan& plan) {
  std::string id;
  append_csv_field(id, customer_id);
  std::vector<const std::vector<double>*> columns;
  for (const std::string& name : plan.columns) columns.push_back(name == "trend" ? &samples.trend : &samples.yhat);
  std::string rows;
  for (std::size_t r = 0; r < samples.rows(); ++r) {
    std::string begin = id + ",";
    append_moment(begin, samples.ds[r]);
    for (std::size_t i = 0; i < samples.samples; ++i) {
      rows += begin;
      rows += ',';
      append_integer(rows, static_cast<std::int64_t>(i));
      for (const std::vector<double>* column : columns) {
        rows += ',';
        append_repr(rows, (*column)[r * samples.samples + i]);
      }
      rows += '\n';
    }
  }
  return rows;
}

void forecast_fleet(store::ObjectStore& models, const std::vector<std::string>& names, const ForecastPlan& plan,
                    int threads, const std::atomic<bool>& stop, const ForecastObserver& observer) {
  struct Done {
    std::size_t number;
    Result<std::string> rows;
  };
  const auto keep = plan.include_history ? forecast::KeepHistory::kYes : forecast::KeepHistory::kNo;
  const auto make = [&](std::size_t i) -> Done {
    Result<forecast::FittedModel> model =
        load_model(models, names[i], keep, std::chrono::steady_clock::now() + std::chrono::minutes(5));
    if (!model) return {i, std::move(model).error()};
    const std::string customer_id = customer_of(names[i]);
    if (plan.samples > 0) {
      const Result<forecast::PredictiveSamples> samples = sample_model(*model, customer_id, plan);
      if (!samples) return {i, Error(samples.error()).in(names[i] + std::string(kArchiveSuffix))};
      return {i, sample_csv_rows(customer_id, *samples, plan)};
    }
    Result<forecast::Forecast> forecast = forecast_model(*model, customer_id, plan);
    if (!forecast) return {i, std::move(forecast).error().in(names[i] + std::string(kArchiveSuffix))};
    return {i, forecast_csv_rows(customer_id, *forecast, plan)};
  };
  work_in_order(names.size(), threads, kFramesWaiting, stop, make, [&](const Done& done) {
    return done.rows ? observer.on_forecast(*done.rows) : observer.on_failure(names[done.number], done.rows.error());
  });
}

}  // namespace chiliad::train
