#include "forecast/design.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/component_name.h"
#include "forecast/features.h"

namespace chiliad::forecast {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

constexpr nanoseconds kDay = hours(24);

// The order that an option asks for, 0 for none.
int fourier_order(const SeasonalityChoice& choice, bool has_own, bool auto_disable, int default_order) {
  switch (choice.kind) {
    case SeasonalityChoice::Kind::kAuto: return has_own || auto_disable ? 0 : default_order;
    case SeasonalityChoice::Kind::kOff: return 0;
    case SeasonalityChoice::Kind::kOn: return default_order;
    case SeasonalityChoice::Kind::kOrder: return std::max(0, choice.fourier_order);
  }
  return 0;
}

// Adds, or replaces in its place, as an assignment to a Python dict does.
void put(std::vector<Seasonality>& seasonalities, Seasonality seasonality) {
  for (Seasonality& known : seasonalities) {
    if (known.name == seasonality.name) {
      known = std::move(seasonality);
      return;
    }
  }
  seasonalities.push_back(std::move(seasonality));
}

}  // namespace

bool near_enough(Instant a, Instant b) {
  using std::chrono::days;
  const days apart = std::chrono::floor<days>(a) - std::chrono::floor<days>(b);
  return std::chrono::abs(apart) < days(290 * 365);
}

// The stand-in is Prophet's: a single changepoint at 0, which a given one may be, too.
bool has_changepoints(const FittedState& state) {
  if (state.changepoints_t.size() != 1 || state.changepoints_t[0] != 0) return true;
  if (state.history) return !state.history->changepoints.empty();
  return state.options.changepoints && !state.options.changepoints->empty();
}

std::vector<Seasonality> resolve_seasonalities(const ProphetOptions& options, std::span<const Instant> ds) {
  std::vector<Seasonality> seasonalities;
  for (const Seasonality& own : options.seasonalities) put(seasonalities, own);
  const nanoseconds span = ds.back() - ds.front();
  nanoseconds min_step = nanoseconds::max();
  for (std::size_t i = 1; i < ds.size(); ++i) {
    if (ds[i] != ds[i - 1]) min_step = std::min(min_step, ds[i] - ds[i - 1]);
  }
  const auto built_in = [&](const char* name, const SeasonalityChoice& choice, bool auto_disable, double period_days,
                            int default_order) {
    const bool has_own = std::any_of(seasonalities.begin(), seasonalities.end(),
                                     [&](const Seasonality& known) { return known.name == name; });
    const int order = fourier_order(choice, has_own, auto_disable, default_order);
    if (order == 0) return;
    put(seasonalities,
        Seasonality{name, period_days, order, options.seasonality_prior_scale, options.seasonality_mode, ""});
  };
  built_in("yearly", options.yearly_seasonality, span < 730 * kDay, 365.25, 10);
  built_in("weekly", options.weekly_seasonality, span < 14 * kDay || min_step >= 7 * kDay, 7, 3);
  built_in("daily", options.daily_seasonality, span < 2 * kDay || min_step >= kDay, 1, 4);
  return seasonalities;
}

Result<Changepoints> place_changepoints(const ProphetOptions& options, std::span<const Instant> ds) {
  const TimeScale scale{ds.front(), (ds.back() - ds.front()).count()};
  Changepoints out;
  out.n_changepoints = options.n_changepoints;
  if (options.changepoints) {
    out.moments = *options.changepoints;
    out.n_changepoints = static_cast<int>(out.moments.size());
    for (Instant moment : out.moments) {
      if (moment < ds.front() || moment > ds.back()) {
        return invalid("Changepoints must fall within training data. " + format_instant(moment) + " is outside " +
                       format_instant(ds.front()) + " to " + format_instant(ds.back()));
      }
    }
  } else {
    const auto hist_size =
        static_cast<std::int64_t>(std::floor(static_cast<double>(ds.size()) * options.changepoint_range));
    if (options.n_changepoints + 1 > hist_size) out.n_changepoints = static_cast<int>(hist_size) - 1;
    if (out.n_changepoints > 0) {
      // np.linspace(0, hist_size - 1, n + 1).round().astype(int), without the first.
      const double last = static_cast<double>(hist_size - 1);
      const double step = last / out.n_changepoints;
      for (int i = 1; i <= out.n_changepoints; ++i) {
        const double at = i == out.n_changepoints ? last : i * step;
        const auto row = static_cast<std::uint32_t>(std::nearbyint(at));
        out.rows.push_back(row);
        out.moments.push_back(ds[row]);
      }
    }
  }
  for (Instant moment : out.moments) out.t.push_back(scale(moment));
  std::sort(out.t.begin(), out.t.end());
  if (out.t.empty()) out.t.push_back(0);
  return out;
}

namespace {

// The column, all finite. Errors: kInvalid: another length, missing or infinite values.
Result<std::span<const double>> finite_column(const Column& column, std::size_t rows) {
  if (column.values.size() != rows) {
    return invalid("column " + quoted_name(column.name) + " has " + std::to_string(column.values.size()) +
                   " values for " + std::to_string(rows) + " rows");
  }
  for (const double value : column.values) {
    if (std::isnan(value)) return invalid("Found NaN in column " + quoted_name(column.name));
    if (std::isinf(value)) return invalid("Found infinity in column " + quoted_name(column.name));
  }
  return column.values;
}

Result<std::span<const double>> find_cap(std::span<const Column> columns, std::size_t rows) {
  const Column* cap = find_column(columns, "cap");
  if (cap == nullptr) return invalid("Capacities must be supplied for logistic growth in column \"cap\"");
  return finite_column(*cap, rows);
}

Result<std::vector<double>> above_floor(std::span<const double> cap, std::span<const double> floor, double y_scale) {
  std::vector<double> scaled;
  scaled.reserve(cap.size());
  for (std::size_t i = 0; i < cap.size(); ++i) {
    if (!(cap[i] > floor[i])) return invalid("cap must be greater than floor (which defaults to 0).");
    scaled.push_back((cap[i] - floor[i]) / y_scale);
  }
  return scaled;
}

// y_min and y_scale of values without a floor of their own, whose floor is then 0 or y_min.
void set_plain_scale(Scaling scaling, std::span<const double> y, ScaledSeries& out) {
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  if (scaling == Scaling::kAbsMax) {
    out.y_scale = std::max(std::fabs(*low), std::fabs(*high));
  } else {
    out.y_min = *low;
    out.y_scale = *high - *low;
  }
}

// The same for a floor that is a column of the rows.
void set_floored_scale(Scaling scaling, std::span<const double> y, std::span<const double> floor,
                       std::span<const double> cap, ScaledSeries& out) {
  if (scaling == Scaling::kMinMax) {
    out.y_min = *std::ranges::min_element(floor);
    out.y_scale = *std::ranges::max_element(cap) - out.y_min;
    return;
  }
  out.y_min = HUGE_VAL;
  out.y_scale = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double above = std::fabs(y[i] - floor[i]);
    out.y_min = std::min(out.y_min, above);
    out.y_scale = std::max(out.y_scale, above);
  }
}

}  // namespace

Result<ScaledSeries> scale_series(const ProphetOptions& options, std::span<const double> y,
                                  std::span<const Column> columns) {
  CHILIAD_CHECK(!y.empty());
  ScaledSeries out;
  std::span<const double> cap, floor;
  if (options.growth == Growth::kLogistic) {
    const Result<std::span<const double>> found = find_cap(columns, y.size());
    if (!found) return found.error();
    cap = *found;
    if (const Column* column = find_column(columns, "floor"); column != nullptr) {
      const Result<std::span<const double>> values = finite_column(*column, y.size());
      if (!values) return values.error();
      floor = *values;
      out.logistic_floor = true;
    }
  }
  if (out.logistic_floor) {
    set_floored_scale(options.scaling, y, floor, cap, out);
  } else {
    set_plain_scale(options.scaling, y, out);
  }
  if (out.y_scale == 0) out.y_scale = 1;
  if (!std::isfinite(out.y_scale)) return invalid("y: the values are too far apart");
  std::vector<double> same_floor;
  if (!out.logistic_floor && !cap.empty()) {
    same_floor.assign(y.size(), options.scaling == Scaling::kMinMax ? out.y_min : 0);
    floor = same_floor;
  }
  const double plain_floor = options.scaling == Scaling::kMinMax ? out.y_min : 0;
  out.y.reserve(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    out.y.push_back((y[i] - (floor.empty() ? plain_floor : floor[i])) / out.y_scale);
  }
  if (cap.empty()) return out;
  Result<std::vector<double>> scaled = above_floor(cap, floor, out.y_scale);
  if (!scaled) return std::move(scaled).error();
  out.cap = *std::move(scaled);
  return out;
}

Result<ScaledCap> scale_cap(const FittedState& state, std::span<const Column> columns, std::size_t rows) {
  ScaledCap out;
  if (state.options.growth != Growth::kLogistic) return out;
  out.floor.assign(rows, state.options.scaling == Scaling::kMinMax ? state.y_min : 0);
  if (state.logistic_floor) {
    const Column* floor = find_column(columns, "floor");
    if (floor == nullptr) return invalid("Expected column \"floor\".");
    const Result<std::span<const double>> values = finite_column(*floor, rows);
    if (!values) return values.error();
    out.floor.assign(values->begin(), values->end());
  }
  const Result<std::span<const double>> cap = find_cap(columns, rows);
  if (!cap) return cap.error();
  Result<std::vector<double>> scaled = above_floor(*cap, out.floor, state.y_scale);
  if (!scaled) return std::move(scaled).error();
  out.given = *cap;
  out.cap = *std::move(scaled);
  return out;
}

}  // namespace chiliad::forecast
