#include "forecast/sufficient_statistics.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/check.h"
#include "forecast/features.h"
#include "forecast/kernels.h"

namespace chiliad::forecast {
namespace {

Error corrupt(std::string message) { return Error{ErrorCode::kCorrupt, "statistics: " + std::move(message)}; }

bool all_finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

}  // namespace

bool has_statistics(const Calendar::State& calendar) {
  return calendar.is_linear() && calendar.options.mcmc_samples == 0;
}

bool has_statistics(const FittedModel& model) {
  const FittedState& state = model.state();
  if (state.options.growth == Growth::kLogistic || state.draws || state.options.mcmc_samples > 0) return false;
  const std::vector<Mode> modes = column_modes(model.parts());
  return std::ranges::find(modes, Mode::kMultiplicative) == modes.end();
}

std::size_t statistics_columns(const FittedState& state) {
  return 2 + state.beta.size() + (state.options.growth == Growth::kFlat ? 0 : state.changepoints_t.size());
}

std::shared_ptr<const SufficientStatistics> make_statistics(const Calendar::State& calendar, const SeriesValues& values,
                                                            std::span<const double> y, const FittedState& state) {
  CHILIAD_CHECK(has_statistics(calendar));
  const std::size_t q = calendar.smooth();
  const std::size_t s = calendar.changes();
  auto made = std::make_shared<SufficientStatistics>();
  made->gram.reserve((q + s) * (q + s + 1) / 2);
  const GramBlocks& products = calendar.products;
  for (std::size_t i = 0; i < q; ++i) {
    const double* row = products.smooth.data() + i * q;
    made->gram.insert(made->gram.end(), row, row + i + 1);
  }
  for (std::size_t j = 0; j < s; ++j) {
    const double* cross = products.cross.data() + j * q;
    const double* row = products.changes.data() + j * s;
    made->gram.insert(made->gram.end(), cross, cross + q);
    made->gram.insert(made->gram.end(), row, row + j + 1);
  }
  Parameters at{state.k, state.m, state.delta, state.beta, state.sigma_obs};
  at.beta.resize(calendar.x.stride, 0.0);
  const Rows rows = evaluate_rows(calendar, at, values);
  const Gradient gradient = residual_gradient(calendar, rows);
  made->gradient = column_order(gradient.k, gradient.m, gradient.beta, gradient.delta, calendar.x.columns, q + s);
  made->sum_of_squares = rows.sum_of_squares;
  const auto [low, high] = std::ranges::minmax_element(y);
  made->y_low = *low;
  made->y_high = *high;
  return made;
}

Result<Done> check_statistics(const SufficientStatistics& statistics, const FittedState& state) {
  const std::size_t p = statistics_columns(state);
  if (statistics.gradient.size() != p || statistics.gram.size() != p * (p + 1) / 2) {
    return corrupt("expected those of " + std::to_string(p) + " columns, found " +
                   std::to_string(statistics.gram.size()) + " and " + std::to_string(statistics.gradient.size()) +
                   " numbers");
  }
  if (!all_finite(statistics.gram) || !all_finite(statistics.gradient) || !std::isfinite(statistics.sum_of_squares) ||
      !std::isfinite(statistics.y_low) || !std::isfinite(statistics.y_high)) {
    return corrupt("a number is not finite");
  }
  if (statistics.sum_of_squares < 0) return corrupt("sum_of_squares is below 0");
  if (statistics.y_low > statistics.y_high) return corrupt("lowest is above highest");
  if (statistics.at(1, 1) != static_cast<double>(state.rows))
    return corrupt("they are of another number of rows than the model");
  constexpr double kSlack = 1 + 1e-9;
  std::vector<double> lengths(p);  // Their products do not overflow where those of the squares would.
  for (std::size_t i = 0; i < p; ++i) {
    if (statistics.at(i, i) < 0) return corrupt("a square is below 0");
    lengths[i] = std::sqrt(statistics.at(i, i));
    for (std::size_t j = 0; j < i; ++j) {
      if (std::fabs(statistics.at(i, j)) > lengths[i] * lengths[j] * kSlack)
        return corrupt("a product is larger than its columns allow");
    }
  }
  return Done{};
}

// Cholesky's factor with a little more on the diagonal exists.
Result<Done> check_positive(const SufficientStatistics& statistics) {
  constexpr double kRidge = 1e-10;
  const std::size_t p = statistics.columns();
  std::vector<double> factor = statistics.gram;
  for (std::size_t i = 0; i < p; ++i) {
    double* row = factor.data() + i * (i + 1) / 2;
    for (std::size_t j = 0; j < i; ++j) {
      const double* other = factor.data() + j * (j + 1) / 2;
      row[j] = other[j] == 0 ? 0 : (row[j] - dot({row, j}, {other, j})) / other[j];
    }
    const double own = statistics.at(i, i);
    if (own == 0) continue;
    const double pivot = own * (1 + kRidge) - dot({row, i}, {row, i});
    if (!(pivot > 0)) return corrupt("the products are not those of any columns");
    row[i] = std::sqrt(pivot);
  }
  return Done{};
}

void rescale(SufficientStatistics& statistics, std::size_t features, double time, double value) {
  const std::size_t p = statistics.columns();
  // Columns that are proportional to time: the slope's and its changes'.
  const auto factor = [&](std::size_t column) { return column == 0 || column >= 2 + features ? 1 / time : 1.0; };
  if (time != 1) {
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = 0; j <= i; ++j) statistics.at(i, j) *= factor(i) * factor(j);
    }
  }
  for (std::size_t i = 0; i < p; ++i) statistics.gradient[i] *= factor(i) * value;
  statistics.sum_of_squares *= value * value;
}

void add_row(SufficientStatistics& statistics, std::span<const double> z, double residual) {
  double* row = statistics.gram.data();
  for (std::size_t i = 0; i < z.size(); row += ++i) {
    if (z[i] == 0) continue;
    for (std::size_t j = 0; j <= i; ++j) row[j] += z[i] * z[j];
    statistics.gradient[i] += z[i] * residual;
  }
  statistics.sum_of_squares += residual * residual;
}

std::vector<double> gram_product(const SufficientStatistics& statistics, std::span<const double> vector) {
  const std::size_t p = statistics.columns();
  std::vector<double> out(p, 0.0);
  const double* row = statistics.gram.data();
  for (std::size_t i = 0; i < p; row += ++i) {
    double sum = row[i] * vector[i];
    for (std::size_t j = 0; j < i; ++j) {
      sum += row[j] * vector[j];
      out[j] += row[j] * vector[i];
    }
    out[i] += sum;
  }
  return out;
}

GramBlocks blocks_of(const SufficientStatistics& statistics, std::size_t features) {
  const std::size_t q = 2 + features;
  const std::size_t s = statistics.columns() - q;
  GramBlocks blocks{std::vector<double>(q * q), std::vector<double>(s * q), std::vector<double>(s * s)};
  const double* row = statistics.gram.data();
  for (std::size_t i = 0; i < q; row += ++i) std::copy_n(row, i + 1, blocks.smooth.data() + i * q);
  for (std::size_t j = 0; j < s; row += q + ++j) {
    std::copy_n(row, q, blocks.cross.data() + j * q);
    for (std::size_t i = 0; i <= j; ++i) blocks.changes[j * s + i] = blocks.changes[i * s + j] = row[q + i];
  }
  return blocks;
}

std::vector<double> column_order(double k, double m, std::span<const double> beta, std::span<const double> delta,
                                 std::size_t features, std::size_t columns) {
  std::vector<double> vector = {k, m};
  vector.reserve(columns);
  vector.insert(vector.end(), beta.begin(), beta.begin() + static_cast<std::ptrdiff_t>(features));
  const std::size_t changes = columns - vector.size();
  vector.insert(vector.end(), delta.begin(), delta.begin() + static_cast<std::ptrdiff_t>(changes));
  return vector;
}

Gradient as_gradient(std::span<const double> vector, std::size_t features, std::size_t changes) {
  const auto beta = vector.subspan(2, features);
  const auto delta = vector.subspan(2 + features);
  Gradient gradient{vector[0], vector[1], {delta.begin(), delta.end()}, {beta.begin(), beta.end()}};
  gradient.delta.resize(changes, 0.0);
  return gradient;
}

}  // namespace chiliad::forecast
