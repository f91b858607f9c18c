#include "forecast/prophet.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/component_name.h"
#include "forecast/conformal.h"
#include "forecast/features.h"
#include "forecast/kernels.h"
#include "forecast/layout.h"
#include "forecast/sufficient_statistics.h"

namespace chiliad::forecast {

std::string_view growth_name(Growth growth) {
  switch (growth) {
    case Growth::kLinear: return "linear";
    case Growth::kLogistic: return "logistic";
    case Growth::kFlat: return "flat";
  }
  return "linear";
}

std::string_view mode_name(Mode mode) { return mode == Mode::kAdditive ? "additive" : "multiplicative"; }
std::string_view scaling_name(Scaling scaling) { return scaling == Scaling::kAbsMax ? "absmax" : "minmax"; }

Forecast::Forecast(std::vector<Instant> ds, std::shared_ptr<const std::vector<std::string>> names)
    : ds_(std::move(ds)), names_(std::move(names)), values_(ds_.size() * names_->size()) {}

std::span<const double> Forecast::column(std::string_view name) const {
  for (std::size_t i = 0; i < names_->size(); ++i) {
    if ((*names_)[i] == name) return column(i);
  }
  return {};
}

namespace {

Result<Done> check_draws(const FittedState& state) {
  const ParameterDraws& draws = *state.draws;
  const std::size_t n = draws.size();
  if (n == 0 || draws.m.size() != n || draws.sigma_obs.size() != n || (!draws.lp.empty() && draws.lp.size() != n) ||
      draws.delta.size() != n * state.delta.size() || draws.beta.size() != n * state.beta.size())
    return corrupt("params: the parameters differ in the number of their draws");
  for (const std::vector<double>* values : {&draws.k, &draws.m, &draws.sigma_obs, &draws.delta, &draws.beta}) {
    if (!all_finite(*values)) return corrupt("params: a draw is not finite");
  }
  if (std::ranges::any_of(draws.sigma_obs, [](double sigma) { return sigma < 0; }))
    return corrupt("params: sigma_obs must be >= 0");
  return Done{};
}

Result<Done> check_state(const FittedState& state) {
  constexpr double kMaxSeconds = 9e9;  // The range of Instant is 584 years.
  if (!(state.y_scale > 0) || !std::isfinite(state.y_scale)) return corrupt("y_scale: expected a number > 0");
  if (!std::isfinite(state.y_min)) return corrupt("y_min: expected a finite number");
  if (!(state.t_scale_s >= 1e-9 && state.t_scale_s < 2 * kMaxSeconds)) {
    return corrupt("t_scale: expected seconds, at least 1e-9");
  }
  if (!std::isfinite(state.k) || !std::isfinite(state.m)) return corrupt("params: k and m must be finite");
  if (!(state.sigma_obs >= 0) || !std::isfinite(state.sigma_obs)) return corrupt("params: sigma_obs must be >= 0");
  if (state.changepoints_t.empty()) return corrupt("changepoints_t: expected at least one");
  if (state.delta.size() != state.changepoints_t.size()) {
    return corrupt("params: delta has " + std::to_string(state.delta.size()) + " values for " +
                   std::to_string(state.changepoints_t.size()) + " changepoints");
  }
  if (!all_finite(state.changepoints_t) || !all_finite(state.delta) || !all_finite(state.beta)) {
    return corrupt("params: delta, beta and changepoints_t must be finite");
  }
  if (!std::is_sorted(state.changepoints_t.begin(), state.changepoints_t.end()))
    return corrupt("changepoints_t: must ascend");
  for (const Seasonality& seasonality : state.seasonalities) {
    if (!(seasonality.period_days > 0) || !std::isfinite(seasonality.period_days) || seasonality.fourier_order < 1 ||
        seasonality.fourier_order > 10'000) {
      return corrupt("seasonalities: '" + seasonality.name +
                     "' needs a period > 0 and a fourier_order from 1 to 10000");
    }
  }
  for (const Regressor& regressor : state.options.regressors) {
    if (!std::isfinite(regressor.mu) || !(regressor.std != 0) || !std::isfinite(regressor.std)) {
      return corrupt("extra_regressors: " + quoted_name(regressor.name) + " needs a finite mu and a std that is not 0");
    }
  }
  if (state.rows < 0 || state.history_date_count < 0) return corrupt("history: negative number of rows");
  if (state.draws) return check_draws(state);
  return Done{};
}

// What the allocator takes for a block of this many bytes.
std::uint64_t block(std::uint64_t bytes) { return bytes == 0 ? 0 : (bytes + 8 + 15) / 16 * 16 + 16; }

template <class T>
std::uint64_t block(const std::vector<T>& values) {
  return block(values.capacity() * sizeof(T));
}

std::uint64_t text(const std::string& value) { return value.capacity() > 15 ? block(value.capacity() + 1) : 0; }

std::uint64_t texts(const std::vector<std::string>& values) {
  std::uint64_t sum = block(values);
  for (const std::string& value : values) sum += text(value);
  return sum;
}

std::uint64_t names_of(const std::vector<Seasonality>& seasonalities) {
  std::uint64_t sum = block(seasonalities);
  for (const Seasonality& seasonality : seasonalities) sum += text(seasonality.name) + text(seasonality.condition_name);
  return sum;
}

std::uint64_t names_of(const std::vector<Regressor>& regressors) {
  std::uint64_t sum = block(regressors);
  for (const Regressor& regressor : regressors) sum += text(regressor.name);
  return sum;
}

std::uint64_t columns_of(const KeptHistory& history) {
  std::uint64_t sum = block(history.columns);
  for (const OwnedColumn& column : history.columns) sum += text(column.name) + block(column.values);
  return sum;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::vector<std::string> columns_needed(std::span<const Seasonality> seasonalities,
                                        std::span<const Regressor> regressors) {
  std::vector<std::string> names;
  for (const Seasonality& seasonality : seasonalities) add_once(names, seasonality.condition_name);
  for (const Regressor& regressor : regressors) add_once(names, regressor.name);
  return names;
}

}  // namespace

Result<FittedModel> FittedModel::from_state(FittedState state, std::shared_ptr<const Layout> layout) {
  if (Result<Done> checked = check_state(state); !checked) return std::move(checked).error();
  if (state.conformal) {
    if (Result<Done> checked = check_conformal(*state.conformal); !checked) return std::move(checked).error();
  }
  state.logistic_floor = state.logistic_floor && state.options.growth == Growth::kLogistic;
  if (!layout) {
    Result<std::shared_ptr<const Layout>> made =
        Layout::make(state.options, state.seasonalities, state.train_holiday_names, state.logistic_floor);
    if (!made) return std::move(made).error();
    layout = *std::move(made);
  }
  const std::size_t columns = feature_count(layout->parts(state.seasonalities, state.options));
  if (state.beta.size() != columns) {
    return corrupt("params: beta has " + std::to_string(state.beta.size()) + " values for " + std::to_string(columns) +
                   " columns");
  }
  if (state.statistics) {
    if (Result<Done> checked = check_statistics(*state.statistics, state); !checked) return std::move(checked).error();
  }
  return FittedModel(std::move(state), std::move(layout));
}

Result<FittedModel> FittedModel::with_conformal(std::shared_ptr<const Conformal> conformal) const {
  FittedState state = state_;
  state.conformal = std::move(conformal);
  return from_state(std::move(state), layout_);
}

FittedModel FittedModel::with_last_update(const LastUpdate& update) const {
  FittedState state = state_;
  state.last_update = update;
  return FittedModel(std::move(state), layout_);
}

FittedModel::FittedModel(FittedState state, std::shared_ptr<const Layout> layout)
    : state_(std::move(state)), layout_(std::move(layout)) {}

Result<std::shared_ptr<const FittedModel::Layout>> FittedModel::Layout::make(
    const ProphetOptions& options, std::span<const Seasonality> seasonalities,
    std::span<const std::string> train_holiday_names, bool logistic_floor) {
  auto layout = std::make_shared<Layout>();
  if (!train_holiday_names.empty()) {
    Result<HolidayColumns> holidays = HolidayColumns::make(options, train_holiday_names);
    if (!holidays) return std::move(holidays).error();
    layout->holidays = *std::move(holidays);
  }
  Components made = make_components(layout->parts(seasonalities, options));
  const bool cap = options.growth == Growth::kLogistic;
  const ForecastShape shape{.cap = cap, .floor = cap && logistic_floor, .intervals = true};
  const ForecastShape plain_shape{.cap = cap, .floor = cap && logistic_floor, .intervals = false};
  layout->names = std::make_shared<const std::vector<std::string>>(forecast_columns(made, shape));
  layout->plain_names = std::make_shared<const std::vector<std::string>>(forecast_columns(made, plain_shape));
  layout->components = std::move(made.list);
  layout->order = std::move(made.order);
  return std::shared_ptr<const Layout>(std::move(layout));
}

FeatureParts FittedModel::parts() const { return layout_->parts(state_.seasonalities, state_.options); }

std::vector<std::string> FittedModel::component_names() const {
  const std::vector<std::string>& columns = *layout_->plain_names;  // trend, cap, floor, the components, yhat.
  return {columns.end() - 1 - static_cast<std::ptrdiff_t>(layout_->order.size()), columns.end() - 1};
}

std::vector<std::string> needed_columns(const ProphetOptions& options) {
  std::vector<std::string> names = columns_needed(options.seasonalities, options.regressors);
  if (options.growth == Growth::kLogistic) names.insert(names.end(), {"cap", "floor"});
  return names;
}

std::vector<std::string> needed_columns(const FittedState& state) {
  std::vector<std::string> names = columns_needed(state.seasonalities, state.options.regressors);
  if (state.options.growth == Growth::kLogistic) names.emplace_back("cap");
  if (state.options.growth == Growth::kLogistic && state.logistic_floor) names.emplace_back("floor");
  return names;
}

std::uint64_t FittedModel::memory_bytes() const {
  const FittedState& s = state_;
  std::uint64_t sum = block(sizeof(FittedModel)) + names_of(s.options.seasonalities) + names_of(s.seasonalities);
  sum += block(s.changepoints_t) + block(s.delta) + block(s.beta) + block(s.last_dates);
  for (const Regressor& regressor : s.options.regressors) sum += text(regressor.predictor_spec);
  sum += names_of(s.options.regressors) + texts(s.train_holiday_names) + text(s.options.country_holidays);
  if (s.options.holidays) {
    sum += block(sizeof(HolidayTable) + 16) + texts(s.options.holidays->names) + block(s.options.holidays->rows);
  }
  sum += block(sizeof(Layout) + 16) + block(layout_->components) + block(layout_->order) + texts(*layout_->names) +
         texts(*layout_->plain_names) + 2 * block(sizeof(std::vector<std::string>) + 16);
  constexpr std::uint64_t kBlockOverhead = 32;
  sum += layout_->holidays.heap_bytes() + kBlockOverhead * (3 + layout_->holidays.runs().size());
  if (s.options.changepoints) sum += block(*s.options.changepoints);
  if (s.conformal) {
    sum += block(sizeof(Conformal) + 16) + block(s.conformal->groups);
    for (const Conformal::Group& group : s.conformal->groups) sum += block(group.scores);
  }
  if (s.statistics) {
    sum += block(sizeof(SufficientStatistics) + 16) + block(s.statistics->gram) + block(s.statistics->gradient);
  }
  if (s.draws) {
    sum += block(sizeof(ParameterDraws) + 16) + block(s.draws->lp) + block(s.draws->k) + block(s.draws->m) +
           block(s.draws->sigma_obs) + block(s.draws->delta) + block(s.draws->beta);
  }
  if (s.history) {
    sum += block(sizeof(KeptHistory) + 16) + block(s.history->ds) + block(s.history->y) + columns_of(*s.history) +
           block(s.history->history_dates) + block(s.history->changepoints) + block(s.history->changepoint_rows);
  }
  return sum;
}

}  // namespace chiliad::forecast
