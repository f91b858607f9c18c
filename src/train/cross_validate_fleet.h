// Cross-validation of a fleet: each series is fitted, validated at its cut-offs, and compared with the seasonal-naive
// forecast from the same rows.
//
// A series' table is made, written as text and forgotten before many others are begun, so that memory does not grow
// with the fleet. A series that cannot be fitted or has too few rows is set aside with the reason.
//
// Thread safety: cross_validate_fleet() uses threads of its own and calls the observer from this one, in order.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "diagnose/cross_validation.h"
#include "diagnose/metrics.h"
#include "forecast/prophet.h"
#include "table/series_csv.h"
#include "train/fleet_options.h"
#include "train/series_report.h"
#include "train/series_source.h"

namespace chiliad::train {

struct CrossValidatePlan {
  forecast::ProphetOptions prophet;
  // Null: these for all. Else general() is `prophet` but for the scales, and some series may have options of their own.
  std::shared_ptr<const FleetOptions> fleet;
  // In the place of every series' own, as they are in `prophet`.
  std::optional<double> changepoint_prior_scale, seasonality_prior_scale;
  table::SeriesColumns columns;           // further: what `prophet` needs.
  diagnose::CrossValidationOptions call;  // `threads` and `stop` are set here.
  diagnose::MetricsOptions metrics;
  bool rows = false;     // Whether the tables,
  bool figures = false;  // and the metrics are asked for.
  int threads = 1;
};

// What a series gave.
struct CrossValidated {
  SeriesReport report;  // holdout and naive: errors over all rows of the table; holdout_rows: how many.
  std::size_t cutoffs = 0;
  std::string rows;     // CSV lines under cross_validation_header(),
  std::string figures;  // and under metrics_header(), as far as asked for.
};

// "customer_id,ds,yhat,yhat_lower,yhat_upper,<extra columns>,y,cutoff,naive", without bounds where there are none.
std::string cross_validation_header(const CrossValidatePlan& plan);

// "customer_id,horizon,<metrics>": horizon as "5 days", or a number of months; a metric that a series lacks is empty.
std::string metrics_header(const CrossValidatePlan& plan);

// One series. Errors: as prepare_rows(), fit(), cross_validation() and performance_metrics(). `calendars`: of
// plan.prophet; `set`: the series' options in their place.
class CalendarCache;
struct Rows;
Result<CrossValidated> cross_validate_series(const std::string& customer_id, const Rows& rows,
                                             const CrossValidatePlan& plan, CalendarCache& calendars,
                                             const OptionSet* set = nullptr);

// All series; when there are fewer than threads, cut-offs share the rest. The results do not depend on the number of
// threads. Ends early when `stop` is set or the observer returns false.
void cross_validate_fleet(const SeriesSource& source, const CrossValidatePlan& plan, const std::atomic<bool>& stop,
                          const std::function<bool(const CrossValidated&)>& on_series);

}  // namespace chiliad::train
