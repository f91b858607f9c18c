// What a fitted model has to keep of its rows to take in new ones without the old.
//
// A model with linear or flat growth and additive parts alone is linear in its parameters: with a row's columns
//
//     z = (t, 1, X, (t - c_1)+, ..., (t - c_S)+)        of (k, m, beta, delta)
//
// the posterior depends on the rows through Z'Z, Z'y, y'y and T alone. Kept are those of the residual r = y - Z theta
// at the model's own parameters, Z'r and r'r: the same information, without the digits that Z'y - Z'Z theta would lose.
// All are in the model's units (scaled time, scaled y). Other units are a diagonal matrix away (rescale()), so a
// refresh may move t_scale and y_scale as Prophet would.
//
// Multiplicative parts and logistic growth have none. With trend * (1 + X beta) the products of both bases would do,
// but 27 columns of the trend and 26 of the features make 265,000 different sums where a year of daily rows has 358
// values; logistic growth has no finite set.
//
// Thread safety: pure functions.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "forecast/calendar_state.h"
#include "forecast/objective.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct SufficientStatistics {
  // P = 2 + K + S columns in the order above; those of S only where the growth is linear.
  std::vector<double> gram;      // Z'Z by rows, the lower triangle: P (P + 1) / 2.
  std::vector<double> gradient;  // Z'r: P.
  double sum_of_squares = 0;     // r'r
  double y_low = 0, y_high = 0;  // Least and largest y of the rows, in the unit of y.

  std::size_t columns() const { return gradient.size(); }
  double& at(std::size_t row, std::size_t column) { return gram[row * (row + 1) / 2 + column]; }
  double at(std::size_t row, std::size_t column) const { return gram[row * (row + 1) / 2 + column]; }
};

// Whether the rows of such a model can be replaced by statistics: linear or flat growth, additive parts, one point of
// the posterior (not draws).
bool has_statistics(const FittedModel& model);
bool has_statistics(const Calendar::State& calendar);

// P of a model that has_statistics().
std::size_t statistics_columns(const FittedState& state);

// Those of the rows at the state's parameters. `y`: in the unit of y. Requires: has_statistics(calendar); the state is
// the calendar's, in its units.
std::shared_ptr<const SufficientStatistics> make_statistics(const Calendar::State& calendar, const SeriesValues& values,
                                                            std::span<const double> y, const FittedState& state);

// Sizes, finite numbers, the signs and the count that every such matrix has: what makes them safe to compute with.
// Errors: kCorrupt.
Result<Done> check_statistics(const SufficientStatistics& statistics, const FittedState& state);
// Further, that Z'Z is one: symmetric by its form, and positive semidefinite to 1e-10 of its diagonal. Errors:
// kCorrupt. Cost: O(P^3 / 6).
Result<Done> check_positive(const SufficientStatistics& statistics);

// New t = t / time, new y = y * value + constant, at the same line: the parameters changed along. `features`: K.
struct UnitChange {
  std::size_t features = 0;
  double time = 1;
  double value = 1;
};

// Takes in a row with columns z and residual r, both in the statistics' units; or in other ones, into which it brings
// the statistics.
void add_row(SufficientStatistics& statistics, std::span<const double> z, double residual);
void add_row(SufficientStatistics& statistics, const UnitChange& change, std::span<const double> z, double residual);

// Z'Z as a fit wants it. `features`: K.
GramBlocks blocks_of(const SufficientStatistics& statistics, std::size_t features);

}  // namespace chiliad::forecast
