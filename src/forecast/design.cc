// Fourier columns: one sine and one cosine a row and period, of the phase reduced to [0, 1) before it is multiplied by
// 2 pi; higher orders by the addition theorem. That is both faster and nearer to the true value than Prophet's sin(n *
// 2 pi t / p) with arguments of thousands of radians; the two differ by about 1e-12.

#include "forecast/design.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "base/number.h"
#include "forecast/seasonality_name.h"

namespace chiliad::forecast {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

constexpr nanoseconds kDay = hours(24);

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Result<Done> check_seasonality(const Seasonality& seasonality) {
  if (Result<Done> named = check_seasonality_name(seasonality.name); !named) return named;
  const std::string where = "seasonality '" + seasonality.name + "': ";
  if (!(seasonality.period_days > 0) || !std::isfinite(seasonality.period_days))
    return invalid(where + "Period must be > 0");
  if (seasonality.fourier_order < 1) return invalid(where + "Fourier Order must be > 0");
  if (seasonality.fourier_order > 10'000) return invalid(where + "Fourier Order must be at most 10000");
  if (!(seasonality.prior_scale > 0) || !std::isfinite(seasonality.prior_scale))
    return invalid(where + "Prior scale must be > 0");
  return Done{};
}

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

Result<Done> check_options(const ProphetOptions& options) {
  if (options.growth == Growth::kLogistic) {
    return invalid("growth 'logistic' is not supported yet: use 'linear' or 'flat'");
  }
  if (!(options.changepoint_range >= 0 && options.changepoint_range <= 1)) {
    return invalid("Parameter \"changepoint_range\" must be in [0, 1]");
  }
  if (!(options.changepoint_prior_scale > 0) || !std::isfinite(options.changepoint_prior_scale)) {
    return invalid("Parameter \"changepoint_prior_scale\" must be > 0");
  }
  if (!(options.seasonality_prior_scale > 0) || !std::isfinite(options.seasonality_prior_scale)) {
    return invalid("Parameter \"seasonality_prior_scale\" must be > 0");
  }
  if (!(options.interval_width > 0 && (1 - options.interval_width) / 2 > 0 && (1 + options.interval_width) / 2 < 1)) {
    return invalid("Parameter \"interval_width\" must be in (0, 1)");
  }
  if (options.uncertainty_samples < 0) return invalid("Parameter \"uncertainty_samples\" must be >= 0");
  if (options.n_changepoints > 10'000) return invalid("Parameter \"n_changepoints\" must be at most 10000");
  for (const Seasonality& seasonality : options.seasonalities) {
    if (Result<Done> checked = check_seasonality(seasonality); !checked) return checked;
  }
  for (const SeasonalityChoice* choice :
       {&options.yearly_seasonality, &options.weekly_seasonality, &options.daily_seasonality}) {
    if (choice->kind == SeasonalityChoice::Kind::kOrder && choice->fourier_order > 10'000) {
      return invalid("a seasonality's Fourier order must be at most 10000");
    }
  }
  return Done{};
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
        Seasonality{name, period_days, order, options.seasonality_prior_scale, options.seasonality_mode});
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

std::size_t feature_count(std::span<const Seasonality> seasonalities) {
  std::size_t count = 0;
  for (const Seasonality& seasonality : seasonalities) count += 2 * static_cast<std::size_t>(seasonality.fourier_order);
  return std::max<std::size_t>(count, 1);
}

FeatureMatrix make_features(std::span<const Seasonality> seasonalities, std::span<const Instant> ds) {
  FeatureMatrix x(ds.size(), feature_count(seasonalities));
  for (std::size_t r = 0; r < ds.size(); ++r) {
    const double days = days_since_epoch(ds[r]);
    double* row = x.row(r);
    for (const Seasonality& seasonality : seasonalities) {
      const double cycles = days / seasonality.period_days;
      const double angle = 2 * std::numbers::pi * (cycles - std::floor(cycles));
      const double s = std::sin(angle);
      const double c = std::cos(angle);
      double sn = s;
      double cn = c;
      for (int n = 0; n < seasonality.fourier_order; ++n) {
        row[0] = sn;
        row[1] = cn;
        row += 2;
        const double next = sn * c + cn * s;
        cn = cn * c - sn * s;
        sn = next;
      }
    }
  }
  return x;
}

std::vector<double> prior_scales(std::span<const Seasonality> seasonalities) {
  std::vector<double> scales;
  for (const Seasonality& seasonality : seasonalities) {
    scales.insert(scales.end(), 2 * static_cast<std::size_t>(seasonality.fourier_order), seasonality.prior_scale);
  }
  if (scales.empty()) scales.push_back(1);
  return scales;
}

std::vector<std::string> component_names(std::span<const Seasonality> seasonalities) {
  std::vector<std::string> names;
  bool has[2] = {false, false};
  for (const Seasonality& seasonality : seasonalities) {
    names.push_back(seasonality.name);
    has[seasonality.mode == Mode::kMultiplicative ? 1 : 0] = true;
  }
  if (has[0]) names.emplace_back("additive_terms");
  if (has[1]) names.emplace_back("multiplicative_terms");
  std::sort(names.begin(), names.end());
  if (!has[0]) names.emplace_back("additive_terms");
  if (!has[1]) names.emplace_back("multiplicative_terms");
  return names;
}

std::vector<std::string> forecast_columns(std::span<const Seasonality> seasonalities, bool with_intervals) {
  std::vector<std::string> columns = {"trend"};
  if (with_intervals) {
    for (const char* name : {"yhat_lower", "yhat_upper", "trend_lower", "trend_upper"}) columns.emplace_back(name);
  }
  for (const std::string& name : component_names(seasonalities)) {
    columns.push_back(name);
    if (!with_intervals) continue;
    columns.push_back(name + "_lower");
    columns.push_back(name + "_upper");
  }
  columns.emplace_back("yhat");
  return columns;
}

}  // namespace chiliad::forecast
