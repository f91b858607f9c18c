// Prophet's posterior from the data block of its Stan program: rows already scaled, columns of X already made.
//
//     StanData --StanModel::make()--> StanModel --fit()--> Parameters
//
// Prophet's own Python makes these numbers and hands them to Stan. Here they meet the same optimiser as a fit from
// rows, so that Prophet's class can run on it with only Stan replaced (python/chiliad/backend.py).
//
// Source: Prophet 1.5.0, prophet.stan; models.py: ModelInputData, ModelParams.
//
// Thread safety: immutable.

#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "forecast/calendar_state.h"
#include "forecast/objective.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// The names are Stan's; T rows, S changes, K columns. Borrowed for the length of a call.
struct StanData {
  Growth growth = Growth::kLinear;   // trend_indicator
  double tau = 0.05;                 // > 0. Prophet's changepoint_prior_scale.
  std::span<const double> y;         // T
  std::span<const double> t;         // T >= 2, ascending within [0, 1], not all equal.
  std::span<const double> cap;       // T, > 0; read for logistic growth alone.
  std::span<const double> t_change;  // S >= 1, ascending.
  std::span<const double> x;         // T x K, K >= 1; row-major.
  std::span<const double> sigmas;    // K, > 0
  std::span<const double> s_a, s_m;  // K ones and zeros: additive, multiplicative; a column of neither has no effect.
};

class StanModel {
 public:
  // Errors: kInvalid, naming the member at fault: sizes that do not fit together, numbers that are not finite or out of
  // range, a column that is both additive and multiplicative.
  static Result<StanModel> make(const StanData& data);

  const Calendar::State& calendar() const { return *calendar_; }
  SeriesValues values() const { return {y_, cap_}; }

  // The parameters to begin at: those of `init` that fit in number, Prophet's own elsewhere.
  Parameters start(const WarmStart& init) const;

  // The mode reached from start(init), or with `only_start` unset the best of a few. beta has K elements. The dummy
  // change of a model without changepoints is one of its parameters, as for Stan. Errors: kNotConverged.
  Result<Parameters> fit(const WarmStart& init, bool only_start, FitReport& report) const;

 private:
  StanModel() = default;
  std::shared_ptr<const Calendar::State> calendar_;
  std::vector<double> y_, cap_;
};

}  // namespace chiliad::forecast
