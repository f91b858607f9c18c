// Panels of a model and its forecast: history with forecast and interval, and each component by itself.
//
// Thread safety: pure functions.

#pragma once

#include <vector>

#include "app/chart.h"
#include "forecast/prophet.h"

namespace chiliad::app {

// History as dots, yhat and its interval, changepoints that change the slope, the end of the history.
// `forecast` in ascending ds.
Panel forecast_panel(const forecast::FittedModel& model, const forecast::Forecast& forecast);

// The trend over the forecast's dates, then a panel a seasonality over one of its periods (days of the week, months of
// the year, hours of the day, else days). Errors: as FittedModel::predict().
Result<std::vector<Panel>> component_panels(const forecast::FittedModel& model, const forecast::Forecast& forecast);

}  // namespace chiliad::app
