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
#include "diagnose/cross_validation.h"
#include "forecast/prophet.h"
#include "table/series_csv.h"
#include "train/calendar_cache.h"
#include "train/series_report.h"

namespace chiliad::train {

struct Rows {
  std::vector<Instant> ds;
  std::vector<double> y;                       // NaN: missing.
  std::vector<forecast::OwnedColumn> columns;  // What the model needs beside them, a value a row.
};

// The columns that a reader of series files has to look for. Errors: none; those that a file lacks are the fit's to
// name.
std::vector<table::FurtherColumn> further_columns(const std::vector<std::string>& needed);

// A series' rows as read with these columns. Takes the vectors out of `series`.
Rows rows_of(table::Series& series, const std::vector<table::FurtherColumn>& columns);

// Sorts by date (stable) and takes the last `count` rows away, missing values counted, which are returned. All of them
// when there are not more.
Rows hold_back(Rows& rows, std::size_t count);

// The model's forecast for these rows, of which those are dropped that have neither a value nor all that the model
// needs. Errors: as FittedModel::predict(); kInvalid: none is left.
Result<forecast::Forecast> forecast_rows(const forecast::FittedModel& model, Rows& rows,
                                         const forecast::PredictOptions& predict = {});

// Errors of a model on rows it has not seen beside the seasonal-naive forecast from `history` (rows with a value, in
// ascending ds). Errors: as FittedModel::predict(). Requires: test.ds ascending.
struct HoldoutErrors {
  Accuracy model;
  Accuracy naive;
};
Result<HoldoutErrors> holdout_errors(const forecast::FittedModel& model, const forecast::PreparedRows& history,
                                     Rows test, const forecast::PredictOptions& predict = {});

struct SeriesFit {
  forecast::FittedModel model;
  SeriesReport report;  // rows, figures and note; identity, status, time and archive are the caller's.
};

// Fits `rows` (in any order) and measures the model on `test` (ascending, may be empty).
// Errors: as prepare_rows(), Calendar::make(), fit(), predict().
// `how`: what of the model is kept, and the parameters to begin with.
// `conformal`: how the model is cross-validated to calibrate conformal intervals; a series that is too short for that
// gets a model without, and a note. Null: not. `predict`: how `test` is forecast; where that asks for conformal bounds
// and there is no calibration the note is the error (kInvalid). `set`: the series' options in the place of the
// calendars' own.
Result<SeriesFit> fit_series(const Rows& rows, const Rows& test, CalendarCache& calendars,
                             const forecast::FitOptions& how,
                             const diagnose::CrossValidationOptions* conformal = nullptr,
                             const forecast::PredictOptions& predict = {}, const OptionSet* set = nullptr);

}  // namespace chiliad::train
