#include "forecast/stan_data.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "forecast/best_mode.h"
#include "forecast/kernels.h"
#include "forecast/starts.h"

namespace chiliad::forecast {
namespace {

Error wrong_member(const std::string& member, const std::string& expected) {
  return Error{ErrorCode::kInvalid, "'" + member + "': expected " + expected};
}

bool all_positive(std::span<const double> values) {
  return all_finite(values) && std::ranges::all_of(values, [](double value) { return value > 0; });
}

Result<Done> check_rows(const StanData& data) {
  const std::size_t rows = data.t.size();
  if (rows < 2 || !all_finite(data.t) || !std::ranges::is_sorted(data.t) || data.t.front() < 0 || data.t.back() > 1)
    return wrong_member("t", "at least two numbers in [0, 1], ascending");
  if (data.t.front() == data.t.back()) return wrong_member("t", "numbers that are not all equal");
  if (data.y.size() != rows || !all_finite(data.y)) return wrong_member("y", "a finite number for each of t");
  if (data.growth == Growth::kLogistic && (data.cap.size() != rows || !all_positive(data.cap)))
    return wrong_member("cap", "a number above 0 for each of t");
  return Done{};
}

Result<Done> check_columns(const StanData& data) {
  const std::size_t columns = data.sigmas.size();
  if (columns == 0 || !all_positive(data.sigmas)) return wrong_member("sigmas", "numbers above 0, at least one");
  if (data.x.size() / columns != data.t.size() || data.x.size() % columns != 0 || !all_finite(data.x))
    return wrong_member("X", "a row of finite numbers for each of t, as many as sigmas");
  for (const auto& [name, marks] : {std::pair{"s_a", data.s_a}, std::pair{"s_m", data.s_m}}) {
    if (marks.size() != columns || !std::ranges::all_of(marks, [](double mark) { return mark == 0 || mark == 1; }))
      return wrong_member(name, "0 or 1 for each of sigmas");
  }
  for (std::size_t j = 0; j < columns; ++j) {
    if (data.s_a[j] == 1 && data.s_m[j] == 1) return wrong_member("s_m", "0 where s_a is 1");
  }
  return Done{};
}

Result<Done> check(const StanData& data) {
  if (Result<Done> checked = check_rows(data); !checked) return checked;
  if (Result<Done> checked = check_columns(data); !checked) return checked;
  if (!(data.tau > 0) || !std::isfinite(data.tau)) return wrong_member("tau", "a number above 0");
  if (data.t_change.empty() || !all_finite(data.t_change) || !std::ranges::is_sorted(data.t_change))
    return wrong_member("t_change", "at least one finite number, ascending");
  return Done{};
}

}  // namespace

Result<StanModel> StanModel::make(const StanData& data) {
  if (Result<Done> checked = check(data); !checked) return std::move(checked).error();
  auto state = std::make_shared<Calendar::State>();
  state->options.growth = data.growth;
  state->options.changepoint_prior_scale = data.tau;
  state->changepoints.t.assign(data.t_change.begin(), data.t_change.end());
  state->t.assign(data.t.begin(), data.t.end());
  // The starts ask which rows are the first and the last: moments that are equal where the times are.
  constexpr double kTicks = 9007199254740992.0;  // 2^53
  for (const double t : data.t) state->ds.push_back(Instant(std::chrono::nanoseconds(std::llround(t * kTicks))));
  state->x = FeatureMatrix(data.t.size(), data.sigmas.size());
  for (std::size_t i = 0; i < state->x.rows; ++i) {
    for (std::size_t j = 0; j < state->x.columns; ++j) {
      if (data.s_a[j] + data.s_m[j] == 1) state->x.row(i)[j] = data.x[i * state->x.columns + j];
    }
  }
  state->prior.assign(data.sigmas.begin(), data.sigmas.end());
  state->prior.resize(state->x.stride, 0.0);
  state->is_multiplicative.assign(data.s_m.begin(), data.s_m.end());
  state->is_multiplicative.resize(state->x.stride, 0.0);
  state->any_multiplicative = std::ranges::find(data.s_m, 1.0) != data.s_m.end();
  take_curvature(*state);

  StanModel model;
  model.calendar_ = std::move(state);
  model.y_.assign(data.y.begin(), data.y.end());
  if (data.growth == Growth::kLogistic) model.cap_.assign(data.cap.begin(), data.cap.end());
  return model;
}

Parameters StanModel::start(const WarmStart& init) const { return warm_start(*calendar_, values(), init); }

Result<Parameters> StanModel::fit(const WarmStart& init, bool only_start, FitReport& report) const {
  report = FitReport{};
  // Where the columns can interpolate the rows, which point is kept depends on the way from a large noise.
  const bool warm = only_start && calendar_->rows() > calendar_->smooth() + calendar_->changes();
  const Starts starts = warm ? Starts::kOne : Starts::kSeveral;
  Result<Parameters> found =
      find_best_mode(*calendar_, values(), warm || !only_start ? start(init) : start({}), starts, report);
  if (!found) return found;
  report.warm_started = warm;
  found->beta.resize(calendar_->x.columns);
  return found;
}

}  // namespace chiliad::forecast
