// All models of a store -> one table of forecasts, in the order of the models' keys, whatever the number of threads.
//
// Thread safety: functions; forecast_fleet() uses threads of its own and calls the observer from this one.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "forecast/future.h"
#include "forecast/predictive_samples.h"
#include "forecast/prophet.h"
#include "store/object_store.h"
#include "train/future_rows.h"

namespace chiliad::train {

struct ForecastPlan {
  std::int64_t period = 0;                       // Rows after the history. 0 only with include_history or `future`.
  std::shared_ptr<const FutureRows> future;      // The rows asked for instead, with what models need of them.
  std::optional<forecast::Frequency> frequency;  // Unset: inferred from each model's last dates.
  bool include_history = false;                  // Also the dates of the history, before the others.
  forecast::PredictOptions predict;              // seed: of the fleet; each model draws from a stream of its own.
  std::vector<std::string> columns;              // Of the forecast; those that a model lacks stay empty.
  // Above 0: futures are drawn instead (forecast/predictive_samples.h), with predict.seed; columns: of trend and yhat.
  int samples = 0;
};

// The rows a model is asked for, with the columns that it needs as far as they are known: those of the history from the
// model, those of the future from plan.future. Of a history whose model needs columns, only the rows with a value.
// Errors: as Frequency and FutureRows::of(); kInvalid: the history is wanted but was stored without.
Result<FutureRows::Rows> forecast_rows(const forecast::FittedModel& model, std::string_view customer_id,
                                       const ForecastPlan& plan);

// The forecast itself. Errors: as forecast_rows() and FittedModel::predict().
Result<forecast::Forecast> forecast_model(const forecast::FittedModel& model, std::string_view customer_id,
                                          const ForecastPlan& plan);

// Joint draws for the same rows. Requires: plan.samples >= 1. Errors: as forecast_rows() and predictive_samples().
Result<forecast::PredictiveSamples> sample_model(const forecast::FittedModel& model, std::string_view customer_id,
                                                 const ForecastPlan& plan);

// Prophet's columns for any mix of models, in Prophet's order: with the built-in seasonalities and those of `example`.
std::vector<std::string> all_columns(const forecast::FittedModel& example, const ForecastPlan& plan);

// "customer_id,ds,<columns>"; with samples "customer_id,ds,sample,<columns>".
std::string forecast_csv_header(const ForecastPlan& plan);
// A line a row. ds is "2022-01-31T00:00:00", the same form in all rows; numbers read back to the same bits.
std::string forecast_csv_rows(std::string_view customer_id, const forecast::Forecast& forecast,
                              const ForecastPlan& plan);

// A line a row and future, futures from 0.
std::string sample_csv_rows(std::string_view customer_id, const forecast::PredictiveSamples& samples,
                            const ForecastPlan& plan);

// Called in the order of the names. Returning false ends the work.
struct ForecastObserver {
  std::function<bool(const std::string& csv_rows)> on_forecast;
  std::function<bool(const std::string& name, const Error& error)> on_failure;
};

void forecast_fleet(store::ObjectStore& models, const std::vector<std::string>& names, const ForecastPlan& plan,
                    int threads, const std::atomic<bool>& stop, const ForecastObserver& observer);

}  // namespace chiliad::train
