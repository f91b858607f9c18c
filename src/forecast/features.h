// The columns of X: what they are made of, their values, and the components of a forecast that they add up to.
//
//   part         columns of X                                              values needed beside the dates
//   seasonality  2 * fourier_order, sin before cos                         its condition's, where it has one
//   holiday      1 for each day of its window: 1 on that day, else 0       none
//   regressor    1: (value - mu) / std                                     its own
//   none         1 of zeros, for a model without any part
//
// in this order, the columns of all holidays by name and day (holiday_columns.h). A component of the forecast is the
// sum over the columns of one part, or of a group of parts ("additive_terms", "extra_regressors_multiplicative", ...).
//
// Source: Prophet 1.5.0, forecaster.py: fourier_series, make_all_seasonality_features, regressor_column_matrix,
// initialize_scales.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/holiday_columns.h"
#include "forecast/kernels.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// The column of this name; null when it is not there.
const Column* find_column(std::span<const Column> columns, std::string_view name);

// What X is made of, in the order of its columns. Borrowed.
struct FeatureParts {
  std::span<const Seasonality> seasonalities;
  std::span<const Regressor> regressors = {};  // mu and std as fitted.
  const HolidayColumns* holidays = nullptr;    // Null: none.
  Mode holidays_mode = Mode::kAdditive;
};

// At least 1.
std::size_t feature_count(const FeatureParts& parts);

// Standard deviation of each column's prior.
std::vector<double> prior_scales(const FeatureParts& parts);

// The mode of each column; the column of zeros is additive.
std::vector<Mode> column_modes(const FeatureParts& parts);

// The values that parts need beside the dates. Borrowed.
struct FeatureInputs {
  std::vector<std::span<const double>> conditions;  // By seasonality; empty where it has none. All empty: no elements.
  std::vector<std::span<const double>> regressors;  // By regressor.
};

// Finds and checks them among the columns of the rows at `ds`. Errors: kInvalid, in Prophet's words: "Regressor 'x'
// missing from dataframe", "Found NaN in column 'x'", "Condition 'c' missing from dataframe", "Found non-boolean in
// column 'c'"; in ours for infinity, for a column of another length and for years whose holidays are not known.
Result<FeatureInputs> find_inputs(const FeatureParts& parts, std::span<const Column> columns,
                                  std::span<const Instant> ds);

// X at these moments, ascending. Requires: inputs of find_inputs() for these parts and moments.
FeatureMatrix make_features(const FeatureParts& parts, std::span<const Instant> ds, const FeatureInputs& inputs);

// Sets mu and std from the history's values (one a row with a y, all finite), as `standardize` says: to their mean and
// sample standard deviation, or to 0 and 1.
void set_standardization(Regressor& regressor, std::span<const double> values);

// One component of a forecast.
struct Component {
  enum class Kind : std::uint8_t {
    kSeasonality,
    kHoliday,
    kRegressor,
    kTerms,       // All parts of its mode.
    kHolidays,    // All holidays.
    kRegressors,  // All regressors of its mode.
  };
  Kind kind = Kind::kSeasonality;
  Mode mode = Mode::kAdditive;
  std::uint32_t first = 0;  // Of a part: its columns of X.
  std::uint32_t count = 0;

  bool is_part() const { return kind <= Kind::kRegressor; }
};

// Whether a component takes in the part's columns. Requires: part.is_part().
bool takes_in(const Component& component, const Component& part);

struct Components {
  std::vector<Component> list;       // The parts in the order of their columns, then the groups.
  std::vector<std::string> names;    // As many.
  std::vector<std::uint32_t> order;  // Places in `list` in the order of the forecast's columns: alphabetical, groups of
                                     // terms without a member last.
};
Components make_components(const FeatureParts& parts);

// Prophet's forecast columns after ds: trend, cap, floor, interval columns, components in pandas' order, yhat.
struct ForecastShape {
  bool cap = false;
  bool floor = false;
  bool intervals = true;
};
std::vector<std::string> forecast_columns(const Components& components, const ForecastShape& shape);

}  // namespace chiliad::forecast
