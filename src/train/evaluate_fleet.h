// How well a fleet's models forecast rows they have not seen, series by series, beside the seasonal-naive forecast.
//
// Three ways to come by model and unseen rows:
//   kHoldout  fit all but the last N rows of each series, compare on these
//   kTest     fit all rows, compare on rows of another source, by the series' name
//   kStored   take the stored models, compare on the rows after the last of their history
//
// Thread safety: evaluate_fleet() uses threads of its own and calls the observer from this one, in order.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forecast/prophet.h"
#include "store/object_store.h"
#include "table/series_csv.h"
#include "train/fleet_options.h"
#include "train/series_report.h"
#include "train/series_source.h"

namespace chiliad::train {

struct EvaluatePlan {
  forecast::ProphetOptions prophet;
  // Null: these for all. Else general() is `prophet`, and some series may have options of their own.
  std::shared_ptr<const FleetOptions> fleet;
  table::SeriesColumns columns;          // further: what `prophet` needs; kStored: each model says itself.
  std::size_t holdout = 0;               // kHoldout: >= 1.
  const SeriesSource* test = nullptr;    // kTest.
  store::ObjectStore* models = nullptr;  // kStored.
  // Bounds from a calibration (diagnose/conformal.h): the stored models' own, or one over a horizon as long as the rows
  // compared with. A series without one fails.
  bool conformal = false;
  int threads = 1;
};

// A report a series, in order: kTrained where there are figures, else kFailed with the reason.
void evaluate_fleet(const SeriesSource& source, const EvaluatePlan& plan, const std::atomic<bool>& stop,
                    const std::function<bool(const SeriesReport&)>& on_series);

// Means over the series that have a figure, and how many have.
struct FleetAccuracy {
  struct Figure {
    double sum = 0;
    std::uint64_t series = 0;
    std::optional<double> mean() const;
    void add(const std::optional<double>& value);
  };
  Figure smape, mape, mae, rmse, mase, coverage;

  void add(const Accuracy& accuracy);
};

}  // namespace chiliad::train
