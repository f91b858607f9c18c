// One stored model and the new rows of its series -> the model of all rows, and how it was made.
//
//     new rows --not known yet?--> refresh() --from statistics--> model
//                                      '--the statistics do not do--> history + new rows --fit_series--> model
//
// A model is its own description: its options are taken from it, not from the run.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "forecast/prophet.h"
#include "train/fit_series.h"

namespace chiliad::train {

struct RefreshOptions {
  // False: changepoints, seasonalities and regressors' scales are held where the model's statistics allow it. True:
  // they are placed anew, from all rows.
  bool refit = false;
  // Rows at or before a model's last date are left out instead of an error.
  bool skip_known_rows = false;
};

struct RefreshedSeries {
  SeriesFit fit;
  forecast::UpdateWay way = forecast::UpdateWay::kStatistics;
};

// Nothing where all rows were known and left out. `n_changepoints`: how many a model gets whose own number was cut down
// to few rows. A model keeps a history and its calibration (which is not made anew) if it has them, statistics if it
// can. Errors: kInvalid: no rows; known rows; neither statistics that do nor a history (the message says why and what
// to do); else as forecast::refresh() and fit_series().
Result<std::optional<RefreshedSeries>> refresh_series(const forecast::FittedModel& model, Rows rows,
                                                      const RefreshOptions& options, forecast::KeepHistory keep,
                                                      int n_changepoints);

}  // namespace chiliad::train
