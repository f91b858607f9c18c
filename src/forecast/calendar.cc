// The design matrix of one set of dates, and the curvature it gives.
//
// The S hinge columns (t - c_j)+ are never formed: a product with one is a pair of sums over the rows from its knot on,
// sum w t - c_j sum w, and these sums for all knots are suffixes of one pass over the rows.

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/calendar_state.h"
#include "forecast/component_name.h"
#include "forecast/objective.h"
#include "forecast/option_rules.h"

namespace chiliad::forecast {
namespace {

// For knot -1 (all rows) and each changepoint j: the sums over its rows of w, w t, w t^2, kept as [0], [1], [2].
struct KnotSums {
  std::vector<std::array<double, 3>> at;
};

KnotSums knot_sums(const Calendar::State& calendar, std::span<const double> weight) {
  const std::size_t s = calendar.changes();
  KnotSums sums;
  sums.at.assign(s + 1, {0, 0, 0});
  for (std::size_t e = 0; e <= s; ++e) {
    const std::size_t first = e == 0 ? 0 : calendar.knots[e - 1];
    const std::size_t last = e == s ? calendar.rows() : calendar.knots[e];
    for (std::size_t i = first; i < last; ++i) {
      const double w = weight[i];
      const double wt = w * calendar.t[i];
      sums.at[e][0] += w;
      sums.at[e][1] += wt;
      sums.at[e][2] += wt * calendar.t[i];
    }
  }
  for (std::size_t e = s; e-- > 0;) {
    for (int power = 0; power < 3; ++power)
      sums.at[e][static_cast<std::size_t>(power)] += sums.at[e + 1][static_cast<std::size_t>(power)];
  }
  return sums;
}

// Suffix sums, from each knot on, of the line's weight times the feature columns z, and of the same times t.
struct FeatureSums {
  std::vector<double> sums;     // (changes + 1) x stride: row 0 over all rows.
  std::vector<double> moments;  // Likewise.
};

FeatureSums feature_sums(const Calendar::State& calendar, const Linearised& at) {
  const std::size_t stride = calendar.x.stride;
  const std::size_t s = calendar.changes();
  FeatureSums out;
  out.sums.resize((s + 1) * stride);
  out.moments.resize((s + 1) * stride);
  std::vector<double> extra(stride);
  std::vector<double> extra_moment(stride);
  for (std::size_t e = 0; e <= s; ++e) {
    const std::size_t first = e == 0 ? 0 : calendar.knots[e - 1];
    const std::size_t last = e == s ? calendar.rows() : calendar.knots[e];
    const std::span<double> sum(out.sums.data() + e * stride, stride);
    const std::span<double> moment(out.moments.data() + e * stride, stride);
    weighted_column_sums(*at.features, first, last, at.line, calendar.t, sum, moment);
    if (at.coupling.empty()) continue;
    weighted_column_sums(calendar.x, first, last, at.coupling, calendar.t, extra, extra_moment);
    for (std::size_t j = 0; j < stride; ++j) {
      sum[j] -= calendar.is_multiplicative[j] * extra[j];
      moment[j] -= calendar.is_multiplicative[j] * extra_moment[j];
    }
  }
  for (std::size_t e = s * stride; e-- > 0;) {
    out.sums[e] += out.sums[e + stride];
    out.moments[e] += out.moments[e + stride];
  }
  return out;
}

// The derivatives of the line in k and m: combinations of t and 1.
struct LineColumns {
  double k_t, k_1;  // d line / d k = k_t * t + k_1
  double m_1;       // d line / d m = m_1

  static LineColumns of(const Calendar::State& calendar, const Linearised& at) {
    switch (calendar.options.growth) {
      case Growth::kLinear: return {1, 0, 1};
      case Growth::kFlat: return {0, 0, 1};
      case Growth::kLogistic: return {1, -at.m, -at.k};
    }
    return {1, 0, 1};
  }
};

// `unit`: of the line's columns; `prior`: of each feature.
GramBlocks products_at(const Calendar::State& calendar, const Linearised& at, double unit,
                       std::span<const double> prior) {
  const std::size_t k = calendar.x.columns;
  const std::size_t stride = calendar.x.stride;
  const std::size_t q = calendar.smooth();
  const std::size_t s = calendar.changes();
  const std::vector<double>& c = calendar.changepoints.t;

  std::vector<double> own_gram;
  if (calendar.feature_gram.empty()) {
    own_gram.resize(stride * stride);
    gram(*at.features, own_gram);
  }
  const std::vector<double>& feature_gram = calendar.feature_gram.empty() ? own_gram : calendar.feature_gram;
  const FeatureSums feature = feature_sums(calendar, at);
  const KnotSums line = knot_sums(calendar, at.line_square);
  const LineColumns columns = LineColumns::of(calendar, at);
  // Products of d line / d k and d line / d m with sums over rows of 1, t, t^2.
  const auto k_with = [&](double sum_1, double sum_t) { return columns.k_t * sum_t + columns.k_1 * sum_1; };
  const auto& [all_1, all_t, all_tt] = line.at[0];

  std::vector<double> smooth(q * q, 0.0);
  smooth[0] = unit * unit * k_with(k_with(all_1, all_t), k_with(all_t, all_tt));
  smooth[q] = unit * unit * (columns.m_1 * k_with(all_1, all_t) + at.turn);
  smooth[q + 1] = unit * unit * columns.m_1 * columns.m_1 * all_1;
  for (std::size_t i = 0; i < k; ++i) {
    double* row = smooth.data() + (2 + i) * q;
    row[0] = unit * prior[i] * k_with(feature.sums[i], feature.moments[i]);
    row[1] = unit * prior[i] * columns.m_1 * feature.sums[i];
    for (std::size_t j = 0; j <= i; ++j) row[2 + j] = prior[i] * prior[j] * feature_gram[i * stride + j];
  }
  std::vector<double> cross(s * q);
  std::vector<double> changes(s * s);
  for (std::size_t j = 0; j < s; ++j) {
    const auto& from = line.at[j + 1];
    const double hinge_1 = from[1] - c[j] * from[0];  // The hinge's products with 1 and t.
    const double hinge_t = from[2] - c[j] * from[1];
    double* row = cross.data() + j * q;
    row[0] = unit * k_with(hinge_1, hinge_t);
    row[1] = unit * columns.m_1 * hinge_1;
    const double* sum = feature.sums.data() + (j + 1) * stride;
    const double* moment = feature.moments.data() + (j + 1) * stride;
    for (std::size_t i = 0; i < k; ++i) row[2 + i] = prior[i] * (moment[i] - c[j] * sum[i]);
    for (std::size_t i = 0; i <= j; ++i) {
      changes[j * s + i] = changes[i * s + j] = from[2] - (c[i] + c[j]) * from[1] + c[i] * c[j] * from[0];
    }
    if (at.convex) changes[j * s + j] = std::max(changes[j * s + j], 0.0);
  }
  return {std::move(smooth), std::move(cross), std::move(changes)};
}

}  // namespace

GramBlocks curvature_at(const Calendar::State& calendar, const Linearised& at) {
  return products_at(calendar, at, kLinePrior, calendar.prior);
}

PenalizedQuadratic in_prior_units(GramBlocks products, std::span<const double> prior) {
  const std::size_t q = 2 + prior.size();
  const std::size_t s = products.cross.size() / q;
  std::vector<double> unit(q, kLinePrior);
  std::ranges::copy(prior, unit.begin() + 2);
  for (std::size_t i = 0; i < q; ++i) {
    for (std::size_t j = 0; j <= i; ++j) products.smooth[i * q + j] *= unit[i] * unit[j];
  }
  for (std::size_t j = 0; j < s; ++j) {
    for (std::size_t i = 0; i < q; ++i) products.cross[j * q + i] *= unit[i];
  }
  return PenalizedQuadratic(q, s, std::move(products.smooth), products.cross, products.changes);
}

void take_curvature(Calendar::State& state) {
  for (double c : state.changepoints.t) {
    if (!state.has_slope()) break;  // The slope and its changes are in the priors alone: zero at the mode.
    state.knots.push_back(
        static_cast<std::size_t>(std::lower_bound(state.t.begin(), state.t.end(), c) - state.t.begin()));
  }
  if (state.is_linear()) {
    const std::vector<double> ones(state.rows(), 1.0), natural(state.x.columns, 1.0);
    state.products = products_at(state, {&state.x, ones, ones}, 1, natural);
    state.curvature = std::make_unique<const PenalizedQuadratic>(
        in_prior_units(state.products, std::span(state.prior).first(state.x.columns)));
  } else if (!state.any_multiplicative) {
    state.feature_gram.resize(state.x.stride * state.x.stride);
    gram(state.x, state.feature_gram);
  }
}

namespace {

// Conditions are read by the seasonalities that were given, also by one that a built-in seasonality replaces.
std::vector<OwnedColumn> keep_needed(const ProphetOptions& options, std::span<const Column> columns) {
  std::vector<OwnedColumn> kept;
  for (const std::string& name : needed_columns(options)) {
    if (name == "cap" || name == "floor") continue;  // A series' own, as its values are.
    const auto found = std::ranges::find(columns, name, &Column::name);
    if (found != columns.end()) kept.push_back({name, {found->values.begin(), found->values.end()}});
  }
  return kept;
}

Result<Done> check_dates(std::span<const Instant> ds) {
  if (ds.size() < 2) return invalid("Dataframe has less than 2 non-NaN rows.");
  if (!std::is_sorted(ds.begin(), ds.end())) return invalid("dates must ascend");
  if (ds.front() == ds.back()) return invalid("all rows with a value have the same ds, " + format_instant(ds.front()));
  if (!near_enough(ds.front(), ds.back())) {
    return invalid("the history spans more than 290 years: " + format_instant(ds.front()) + " to " +
                   format_instant(ds.back()));
  }
  if (ds.size() > 100'000'000) return invalid("more than 100000000 rows");
  return Done{};
}

// X and the products of its columns are kept in memory.
Result<Done> check_size(std::size_t rows, std::size_t columns) {
  constexpr std::size_t kMost = std::size_t{1} << 30;  // Doubles: 8 GiB.
  if (columns <= kMost / std::max(rows, columns)) return Done{};
  return invalid(std::to_string(rows) + " rows of " + std::to_string(columns) +
                 " columns are more than the fit can hold: take fewer Fourier terms, holidays or rows");
}

// X and what is known of its columns. Errors: those of find_inputs().
Result<Done> make_columns(Calendar::State& state) {
  const std::vector<Column> columns = borrow(state.columns);
  const FeatureParts given{state.options.seasonalities, state.options.regressors};
  if (Result<FeatureInputs> checked = find_inputs(given, columns, state.ds); !checked)
    return std::move(checked).error();
  const Result<FeatureInputs> inputs = find_inputs(state.parts(), columns, state.ds);
  if (!inputs) return inputs.error();
  for (std::size_t i = 0; i < inputs->regressors.size(); ++i) {
    Regressor& regressor = state.options.regressors[i];
    set_standardization(regressor, inputs->regressors[i]);
    if (!(regressor.std > 0) || !std::isfinite(regressor.mu / regressor.std)) {
      return invalid("regressor " + quoted_name(regressor.name) + ": its values are too large to be standardized");
    }
  }
  if (Result<Done> checked = check_size(state.ds.size(), feature_count(state.parts())); !checked) return checked;
  state.x = make_features(state.parts(), state.ds, *inputs);
  state.prior = prior_scales(state.parts());
  state.prior.resize(state.x.stride, 0.0);
  state.is_multiplicative.assign(state.x.stride, 0.0);
  const std::vector<Mode> modes = column_modes(state.parts());
  for (std::size_t j = 0; j < modes.size(); ++j) {
    if (modes[j] == Mode::kMultiplicative) state.is_multiplicative[j] = 1;
  }
  state.any_multiplicative = std::ranges::find(modes, Mode::kMultiplicative) != modes.end();
  return Done{};
}

}  // namespace

Result<Calendar> Calendar::make(std::span<const Instant> ds, const ProphetOptions& options,
                                std::span<const Column> columns) {
  if (Result<Done> checked = check_options(options); !checked) return std::move(checked).error();
  if (Result<Done> checked = check_dates(ds); !checked) return std::move(checked).error();
  Result<Changepoints> changepoints = place_changepoints(options, ds);
  if (!changepoints) return std::move(changepoints).error();

  auto state = std::make_shared<State>();
  state->ds.assign(ds.begin(), ds.end());
  state->options = options;
  state->options.n_changepoints = changepoints->n_changepoints;
  state->seasonalities = resolve_seasonalities(options, ds);
  state->columns = keep_needed(options, columns);
  Result<std::vector<std::string>> holidays = holidays_seen(options, ds);
  if (!holidays) return std::move(holidays).error();
  state->train_holiday_names = *std::move(holidays);
  for (const bool floor : {false, true}) {
    if (floor && options.growth != Growth::kLogistic) break;
    Result<std::shared_ptr<const FittedModel::Layout>> layout =
        FittedModel::Layout::make(options, state->seasonalities, state->train_holiday_names, floor);
    if (!layout) return std::move(layout).error();
    (floor ? state->floored_layout : state->layout) = *std::move(layout);
  }
  state->changepoints = *std::move(changepoints);
  state->time_scale = TimeScale{ds.front(), (ds.back() - ds.front()).count()};
  state->t.reserve(ds.size());
  for (Instant moment : ds) state->t.push_back(state->time_scale(moment));
  if (Result<Done> made = make_columns(*state); !made) return std::move(made).error();
  take_curvature(*state);
  return Calendar(std::move(state));
}

std::span<const Instant> Calendar::ds() const { return state_->ds; }
const ProphetOptions& Calendar::options() const { return state_->options; }

bool Calendar::is_of(std::span<const Instant> ds, std::span<const Column> columns) const {
  if (!std::ranges::equal(ds, state_->ds)) return false;
  return std::ranges::all_of(state_->columns, [&](const OwnedColumn& kept) {
    const auto found = std::ranges::find(columns, kept.name, &Column::name);
    return found != columns.end() && std::ranges::equal(found->values, kept.values);
  });
}

std::uint64_t Calendar::memory_bytes() const {
  const State& s = *state_;
  std::uint64_t columns = 0;
  for (const OwnedColumn& column : s.columns) columns += sizeof column + column.values.capacity() * sizeof(double);
  return sizeof(State) + s.ds.capacity() * sizeof(Instant) + (s.t.capacity() + s.x.values.capacity()) * sizeof(double) +
         columns + s.feature_gram.capacity() * sizeof(double) + s.knots.capacity() * sizeof(std::size_t) +
         (s.curvature ? s.curvature->memory_bytes() : 0) +
         (s.products.smooth.capacity() + s.products.cross.capacity() + s.products.changes.capacity()) * sizeof(double);
}

}  // namespace chiliad::forecast
