#include "forecast/design.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace chiliad::forecast {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

constexpr nanoseconds kDay = hours(24);

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

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

ValueScale value_scale(std::span<const double> y, Scaling scaling) {
  CHILIAD_CHECK(!y.empty());
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  ValueScale scale;
  if (scaling == Scaling::kAbsMax) {
    scale.y_scale = std::max(std::fabs(*low), std::fabs(*high));
  } else {
    scale.y_min = scale.offset = *low;
    scale.y_scale = *high - *low;
  }
  if (scale.y_scale == 0) scale.y_scale = 1;
  return scale;
}

}  // namespace chiliad::forecast
