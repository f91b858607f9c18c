#include "forecast/features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "forecast/component_name.h"
#include "forecast/fourier.h"

namespace chiliad::forecast {
namespace {

std::size_t columns_of(const Seasonality& seasonality) {
  return 2 * static_cast<std::size_t>(seasonality.fourier_order);
}

Result<Done> check_length(const Column& column, std::size_t rows) {
  if (column.values.size() == rows) return Done{};
  return invalid("column " + quoted_name(column.name) + " has " + std::to_string(column.values.size()) +
                 " values for " + std::to_string(rows) + " rows");
}

Result<std::span<const double>> find_regressor(const Regressor& regressor, std::span<const Column> columns,
                                               std::size_t rows) {
  const std::string& name = regressor.name;
  const Column* column = find_column(columns, name);
  if (column == nullptr) {
    return invalid("Regressor " + quoted_name(name) + " missing from dataframe" +
                   (regressor.predictor_spec.empty()
                        ? ""
                        : ": the model that forecasts it is not part of Prophet's stored form, so its values are "
                          "needed, for instance from a model that is trained on it"));
  }
  if (Result<Done> checked = check_length(*column, rows); !checked) return std::move(checked).error();
  for (const double value : column->values) {
    if (std::isnan(value)) return invalid("Found NaN in column " + quoted_name(name));
    if (std::isinf(value)) return invalid("Found infinity in column " + quoted_name(name));
  }
  return column->values;
}

Result<std::span<const double>> find_condition(std::string_view name, std::span<const Column> columns,
                                               std::size_t rows) {
  const Column* column = find_column(columns, name);
  if (column == nullptr) return invalid("Condition " + quoted_name(name) + " missing from dataframe");
  if (Result<Done> checked = check_length(*column, rows); !checked) return std::move(checked).error();
  if (!std::ranges::all_of(column->values, [](double value) { return value == 0 || value == 1; })) {
    return invalid("Found non-boolean in column " + quoted_name(name));
  }
  return column->values;
}

std::span<const HolidayColumns::Run> runs_of(const FeatureParts& parts) {
  if (parts.holidays == nullptr) return {};
  return parts.holidays->runs();
}

}  // namespace

const Column* find_column(std::span<const Column> columns, std::string_view name) {
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

std::size_t feature_count(const FeatureParts& parts) {
  std::size_t count = parts.regressors.size() + (parts.holidays != nullptr ? parts.holidays->size() : 0);
  for (const Seasonality& seasonality : parts.seasonalities) count += columns_of(seasonality);
  return std::max<std::size_t>(count, 1);
}

std::vector<double> prior_scales(const FeatureParts& parts) {
  std::vector<double> scales;
  scales.reserve(feature_count(parts));
  for (const Seasonality& seasonality : parts.seasonalities) {
    scales.insert(scales.end(), columns_of(seasonality), seasonality.prior_scale);
  }
  for (const HolidayColumns::Run& run : runs_of(parts)) scales.insert(scales.end(), run.count, run.prior_scale);
  for (const Regressor& regressor : parts.regressors) scales.push_back(regressor.prior_scale);
  if (scales.empty()) scales.push_back(1);
  return scales;
}

std::vector<Mode> column_modes(const FeatureParts& parts) {
  std::vector<Mode> modes;
  modes.reserve(feature_count(parts));
  for (const Seasonality& seasonality : parts.seasonalities) {
    modes.insert(modes.end(), columns_of(seasonality), seasonality.mode);
  }
  for (const HolidayColumns::Run& run : runs_of(parts)) modes.insert(modes.end(), run.count, parts.holidays_mode);
  for (const Regressor& regressor : parts.regressors) modes.push_back(regressor.mode);
  if (modes.empty()) modes.push_back(Mode::kAdditive);
  return modes;
}

Result<FeatureInputs> find_inputs(const FeatureParts& parts, std::span<const Column> columns,
                                  std::span<const Instant> ds) {
  const std::size_t rows = ds.size();
  if (parts.holidays != nullptr) {
    if (Result<Done> known = parts.holidays->check(ds); !known) return std::move(known).error();
  }
  FeatureInputs inputs;
  for (const Regressor& regressor : parts.regressors) {
    Result<std::span<const double>> values = find_regressor(regressor, columns, rows);
    if (!values) return std::move(values).error();
    inputs.regressors.push_back(*values);
  }
  for (std::size_t i = 0; i < parts.seasonalities.size(); ++i) {
    const std::string& condition = parts.seasonalities[i].condition_name;
    if (condition.empty()) continue;
    Result<std::span<const double>> values = find_condition(condition, columns, rows);
    if (!values) return std::move(values).error();
    inputs.conditions.resize(parts.seasonalities.size());
    inputs.conditions[i] = *values;
  }
  return inputs;
}

FeatureMatrix make_features(const FeatureParts& parts, std::span<const Instant> ds, const FeatureInputs& inputs) {
  CHILIAD_CHECK(inputs.regressors.size() == parts.regressors.size());
  FeatureMatrix x(ds.size(), feature_count(parts));
  fill_fourier(parts.seasonalities, ds, x);
  std::size_t column = 0;
  for (std::size_t i = 0; i < parts.seasonalities.size(); ++i) {
    const std::size_t count = columns_of(parts.seasonalities[i]);
    if (!inputs.conditions.empty() && !inputs.conditions[i].empty()) {
      for (std::size_t r = 0; r < x.rows; ++r) {
        if (inputs.conditions[i][r] == 0) std::fill_n(x.row(r) + column, count, 0.0);
      }
    }
    column += count;
  }
  if (parts.holidays != nullptr) {
    parts.holidays->fill(ds, column, x);
    column += parts.holidays->size();
  }
  for (std::size_t i = 0; i < parts.regressors.size(); ++i, ++column) {
    const Regressor& regressor = parts.regressors[i];
    for (std::size_t r = 0; r < x.rows; ++r)
      x.row(r)[column] = (inputs.regressors[i][r] - regressor.mu) / regressor.std;
  }
  return x;
}

void set_standardization(Regressor& regressor, std::span<const double> values) {
  regressor.mu = 0;
  regressor.std = 1;
  const bool several = std::ranges::any_of(values, [&](double value) { return value != values.front(); });
  if (!several || regressor.standardize == Standardize::kNo) return;
  if (regressor.standardize == Standardize::kAuto &&
      std::ranges::all_of(values, [](double value) { return value == 0 || value == 1; })) {
    return;
  }
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  regressor.mu = mean;
  regressor.std = std::sqrt(squares / (n - 1));
}

bool takes_in(const Component& component, const Component& part) {
  switch (component.kind) {
    case Component::Kind::kTerms: return part.mode == component.mode;
    case Component::Kind::kHolidays: return part.kind == Component::Kind::kHoliday;
    case Component::Kind::kRegressors: return part.kind == Component::Kind::kRegressor && part.mode == component.mode;
    default: return component.first == part.first && component.count == part.count;
  }
}

Components make_components(const FeatureParts& parts) {
  using Kind = Component::Kind;
  Components all;
  std::uint32_t column = 0;
  const auto add = [&](std::string name, Kind kind, Mode mode, std::size_t count) {
    all.list.push_back({kind, mode, column, static_cast<std::uint32_t>(count)});
    all.names.push_back(std::move(name));
    column += static_cast<std::uint32_t>(count);
  };
  for (const Seasonality& seasonality : parts.seasonalities) {
    add(seasonality.name, Kind::kSeasonality, seasonality.mode, columns_of(seasonality));
  }
  for (const HolidayColumns::Run& run : runs_of(parts)) add(run.name, Kind::kHoliday, parts.holidays_mode, run.count);
  for (const Regressor& regressor : parts.regressors) add(regressor.name, Kind::kRegressor, regressor.mode, 1);
  const std::size_t part_count = all.list.size();
  std::vector<char> has_member;  // Of the groups.
  const auto add_group = [&](std::string name, Kind kind, Mode mode) {
    const Component group{kind, mode};
    const bool any = std::any_of(all.list.begin(), all.list.begin() + static_cast<std::ptrdiff_t>(part_count),
                                 [&](const Component& part) { return takes_in(group, part); });
    if (!any && kind != Kind::kTerms) return;
    all.list.push_back(group);
    all.names.push_back(std::move(name));
    has_member.push_back(any);
  };
  add_group("holidays", Kind::kHolidays, parts.holidays_mode);
  for (const Mode mode : {Mode::kAdditive, Mode::kMultiplicative}) {
    const std::string name(mode_name(mode));
    add_group(name + "_terms", Kind::kTerms, mode);
    add_group("extra_regressors_" + name, Kind::kRegressors, mode);
  }
  all.order.resize(all.list.size());
  std::iota(all.order.begin(), all.order.end(), 0U);
  const auto is_last = [&](std::uint32_t place) { return place >= part_count && !has_member[place - part_count]; };
  std::ranges::sort(all.order, {},
                    [&](std::uint32_t place) { return std::pair(is_last(place), std::string_view(all.names[place])); });
  return all;
}

std::vector<std::string> forecast_columns(const Components& components, const ForecastShape& shape) {
  std::vector<std::string> columns = {"trend"};
  columns.reserve(4 + (shape.intervals ? 4 + 3 * components.list.size() : components.list.size()));
  if (shape.cap) columns.emplace_back("cap");
  if (shape.floor) columns.emplace_back("floor");
  if (shape.intervals) {
    for (const char* name : {"yhat_lower", "yhat_upper", "trend_lower", "trend_upper"}) columns.emplace_back(name);
  }
  for (const std::uint32_t place : components.order) {
    const std::string& name = components.names[place];
    columns.push_back(name);
    if (!shape.intervals) continue;
    columns.push_back(name + "_lower");
    columns.push_back(name + "_upper");
  }
  columns.emplace_back("yhat");
  return columns;
}

}  // namespace chiliad::forecast
