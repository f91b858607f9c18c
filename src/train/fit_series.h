// One series' rows -> its model and what a report says of it: the step that training and evaluation share.
//
//     rows --hold back--> fit rows --prepare_rows, CalendarCache, fit--> model --predict the rows kept back--> errors
//
// Thread safety: pure but for the CalendarCache, which is safe from any thread.

#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/prophet.h"
#include "train/calendar_cache.h"
#include "train/series_report.h"

namespace chiliad::train {

struct Rows {
  std::vector<Instant> ds;
  std::vector<double> y;  // NaN: missing.
};

// Sorts by date (stable) and takes the last `count` rows away, missing values counted, which are returned. All of them
// when there are not more.
Rows hold_back(Rows& rows, std::size_t count);

// Errors of a model on rows it has not seen beside the seasonal-naive forecast from `history` (rows with a value, in
// ascending ds). Errors: as FittedModel::predict(). Requires: test.ds ascending.
struct HoldoutErrors {
  Accuracy model;
  Accuracy naive;
};
Result<HoldoutErrors> holdout_errors(const forecast::FittedModel& model, const forecast::PreparedRows& history,
                                     const Rows& test);

struct SeriesFit {
  forecast::FittedModel model;
  SeriesReport report;  // rows, figures and note; identity, status, time and archive are the caller's.
};

// Fits `rows` (in any order) and measures the model on `test` (ascending, may be empty).
// Errors: as prepare_rows(), Calendar::make(), fit(), predict().
Result<SeriesFit> fit_series(const Rows& rows, const Rows& test, CalendarCache& calendars, forecast::KeepHistory keep);

}  // namespace chiliad::train
