#include "forecast/sufficient_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "forecast/features.h"
#include "forecast/kernels.h"
#include "forecast/multiversion.h"

namespace chiliad::forecast {
namespace {

Error corrupt_statistics(std::string message) {
  return Error{ErrorCode::kCorrupt, "statistics: " + std::move(message)};
}

// Of a lower triangle by rows: those of z z' to its elements, before that these times those of factor factor'.
CHILIAD_MULTIVERSION void scale_and_add(const double* factor, const double* z, std::size_t p, double* row) {
  for (std::size_t i = 0; i < p; row += ++i) {
    for (std::size_t j = 0; j <= i; ++j) row[j] = row[j] * (factor[i] * factor[j]) + z[i] * z[j];
  }
}

CHILIAD_MULTIVERSION void add_square(const double* z, std::size_t p, double* row) {
  for (std::size_t i = 0; i < p; row += ++i) {
    if (z[i] == 0) continue;
    for (std::size_t j = 0; j <= i; ++j) row[j] += z[i] * z[j];
  }
}

// But for the products.
void add_residual(SufficientStatistics& statistics, std::span<const double> z, double residual) {
  for (std::size_t i = 0; i < z.size(); ++i) statistics.gradient[i] += z[i] * residual;
  statistics.sum_of_squares += residual * residual;
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
  made->gradient.reserve(q + s);
  made->gradient.insert(made->gradient.end(), {gradient.k, gradient.m});
  made->gradient.insert(made->gradient.end(), gradient.beta.begin(),
                        gradient.beta.begin() + static_cast<std::ptrdiff_t>(q - 2));
  made->gradient.insert(made->gradient.end(), gradient.delta.begin(),
                        gradient.delta.begin() + static_cast<std::ptrdiff_t>(s));
  made->sum_of_squares = rows.sum_of_squares;
  const auto [low, high] = std::ranges::minmax_element(y);
  made->y_low = *low;
  made->y_high = *high;
  return made;
}

Result<Done> check_statistics(const SufficientStatistics& statistics, const FittedState& state) {
  const std::size_t p = statistics_columns(state);
  if (statistics.gradient.size() != p || statistics.gram.size() != p * (p + 1) / 2) {
    return corrupt_statistics("expected those of " + std::to_string(p) + " columns, found " +
                              std::to_string(statistics.gram.size()) + " and " +
                              std::to_string(statistics.gradient.size()) + " numbers");
  }
  if (!all_finite(statistics.gram) || !all_finite(statistics.gradient) || !std::isfinite(statistics.sum_of_squares) ||
      !std::isfinite(statistics.y_low) || !std::isfinite(statistics.y_high)) {
    return corrupt_statistics("a number is not finite");
  }
  if (statistics.sum_of_squares < 0) return corrupt_statistics("sum_of_squares is below 0");
  if (statistics.y_low > statistics.y_high) return corrupt_statistics("lowest is above highest");
  if (statistics.at(1, 1) != static_cast<double>(state.rows))
    return corrupt_statistics("they are of another number of rows than the model");
  for (std::size_t i = 0; i < p; ++i) {
    if (statistics.at(i, i) < 0) return corrupt_statistics("a square is below 0");
  }
  return Done{};
}

// No product is larger than its columns' lengths allow, and Cholesky's factor with a little more on the diagonal
// exists.
Result<Done> check_positive(const SufficientStatistics& statistics) {
  constexpr double kRidge = 1e-10, kSlack = 1 + 1e-9;
  const std::size_t p = statistics.columns();
  std::vector<double> lengths(p);  // Their products do not overflow where those of the squares would.
  for (std::size_t i = 0; i < p; ++i) {
    lengths[i] = std::sqrt(statistics.at(i, i));
    for (std::size_t j = 0; j < i; ++j) {
      if (std::fabs(statistics.at(i, j)) > lengths[i] * lengths[j] * kSlack)
        return corrupt_statistics("the products are not those of any columns");
    }
  }
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
    if (!(pivot > 0)) return corrupt_statistics("the products are not those of any columns");
    row[i] = std::sqrt(pivot);
  }
  return Done{};
}

void add_row(SufficientStatistics& statistics, const UnitChange& change, std::span<const double> z, double residual) {
  const std::size_t p = statistics.columns();
  // Columns that are proportional to time: the slope's and its changes'.
  std::vector<double> factor(p, 1 / change.time);
  std::fill_n(factor.begin() + 1, 1 + change.features, 1.0);
  scale_and_add(factor.data(), z.data(), p, statistics.gram.data());
  for (std::size_t i = 0; i < p; ++i) statistics.gradient[i] *= factor[i] * change.value;
  statistics.sum_of_squares *= change.value * change.value;
  add_residual(statistics, z, residual);
}

void add_row(SufficientStatistics& statistics, std::span<const double> z, double residual) {
  add_square(z.data(), z.size(), statistics.gram.data());
  add_residual(statistics, z, residual);
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

}  // namespace chiliad::forecast
