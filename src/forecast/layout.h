// What a fitted model knows of its parts beside their parameters: the holidays' columns and days, the components and
// names of its forecasts. Models with the same parts may share one.
//
// Thread safety: immutable.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "forecast/features.h"
#include "forecast/holiday_columns.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct FittedModel::Layout {
  // Errors: as HolidayColumns::make().
  static Result<std::shared_ptr<const Layout>> make(const ProphetOptions& options,
                                                    std::span<const Seasonality> seasonalities,
                                                    std::span<const std::string> train_holiday_names,
                                                    bool logistic_floor);

  FeatureParts parts(std::span<const Seasonality> seasonalities, const ProphetOptions& options) const {
    return {seasonalities, options.regressors, &holidays, options.holidays_mode.value_or(options.seasonality_mode)};
  }

  HolidayColumns holidays;
  std::vector<Component> components;                            // Components::list,
  std::vector<std::uint32_t> order;                             // and Components::order.
  std::shared_ptr<const std::vector<std::string>> names;        // Forecast columns with intervals,
  std::shared_ptr<const std::vector<std::string>> plain_names;  // and without.
};

}  // namespace chiliad::forecast
