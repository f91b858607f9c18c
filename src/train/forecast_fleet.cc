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

constexpr std::size_t kQueueCapacity = 256;

}  // namespace

Result<std::vector<Instant>> forecast_dates(const forecast::FittedModel& model, const ForecastPlan& plan) {
  const forecast::FittedState& state = model.state();
  std::vector<Instant> dates;
  if (plan.include_history) {
    if (!state.history)
      return Error{ErrorCode::kInvalid, "the model was stored without its history, so only its future can be forecast"};
    dates = state.history->history_dates;
  }
  std::optional<forecast::Frequency> frequency = plan.frequency;
  if (!frequency) {
    Result<forecast::Frequency> inferred = forecast::Frequency::infer(state.last_dates);
    if (!inferred) return std::move(inferred).error();
    frequency = *inferred;
  }
  Result<std::vector<Instant>> future = frequency->after(state.last_dates.back(), plan.period);
  if (!future) return std::move(future).error();
  dates.insert(dates.end(), future->begin(), future->end());
  return dates;
}

Result<forecast::Forecast> forecast_model(const forecast::FittedModel& model, std::string_view customer_id,
                                          const ForecastPlan& plan) {
  Result<std::vector<Instant>> dates = forecast_dates(model, plan);
  if (!dates) return std::move(dates).error();
  forecast::PredictOptions predict = plan.predict;
  predict.seed = content_hash(customer_id, plan.predict.seed);
  return model.predict(*dates, predict);
}

std::vector<std::string> all_columns(const forecast::FittedModel& example, const ForecastPlan& plan) {
  std::set<std::string> components{"additive_terms", "daily", "multiplicative_terms", "weekly", "yearly"};
  for (const forecast::Seasonality& seasonality : example.state().seasonalities) components.insert(seasonality.name);
  std::vector<std::string> columns{"trend", "yhat_lower", "yhat_upper", "trend_lower", "trend_upper"};
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
  std::string line = "customer_id,ds";
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
    const Instant ds = forecast.ds()[i];
    const bool whole_seconds = ds == std::chrono::floor<std::chrono::seconds>(ds);
    rows += whole_seconds ? format_instant_fixed(ds, 0) : format_instant(ds);
    for (const std::span<const double> column : columns) {
      rows += ',';
      if (!column.empty()) append_repr(rows, column[i]);
    }
    rows += '\n';
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
    Result<forecast::Forecast> forecast = forecast_model(*model, customer_id, plan);
    if (!forecast) return {i, std::move(forecast).error().in(names[i] + std::string(kArchiveSuffix))};
    return {i, forecast_csv_rows(customer_id, *forecast, plan)};
  };
  work_in_order(names.size(), threads, kQueueCapacity, stop, make, [&](const Done& done) {
    return done.rows ? observer.on_forecast(*done.rows) : observer.on_failure(names[done.number], done.rows.error());
  });
}

}  // namespace chiliad::train
