// Conformal intervals: the model's own interval at a row, stretched or shrunk by what its forecasts missed by before.
//
//     score = |y - yhat| / half the model's own interval on that side      one a forecast of a cross-validation
//     [yhat - q (yhat - lower), yhat + q (upper - yhat)]                    q: the ceil((n + 1) width)-th smallest
//     score
//
// lower and upper are the model's own bounds at the calibration's width; scores are kept by horizon, since a model that
// is too sure of itself soon is often far too sure later. The guarantee and what it takes: doc/intervals.md.
//
// diagnose/conformal.h makes one; FittedState holds it; PredictOptions::conformal asks for it.
//
// Source: J. Lei, M. G'Sell, A. Rinaldo, R. Tibshirani, L. Wasserman, "Distribution-free predictive inference for
// regression", JASA 113 (2018): split conformal prediction, and locally weighted scores.
//
// Thread safety: values; pure functions.

#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace chiliad::forecast {

struct Conformal {
  static constexpr std::size_t kMaxGroups = 64;
  static constexpr std::size_t kMaxScores = 200;

  // The scores of the forecasts of some horizons.
  struct Group {
    std::chrono::nanoseconds up_to{0};  // The longest of them, from the last row that was fitted. > 0.
    std::int64_t count = 0;             // How many scores there were.
    // All of them, ascending, or kMaxScores: then the j-th (from 1) is the ceil(j count / kMaxScores)-th smallest.
    std::vector<double> scores;
  };

  double width = 0.8;         // Of the model's own interval that scores are measured in; in (0, 1).
  std::vector<Group> groups;  // Ascending in up_to; at least one.
};

// Scores in any order. Requires: at least one; none is negative or NaN.
Conformal::Group make_group(std::chrono::nanoseconds up_to, std::vector<double> scores);

// q for a row so far after the last one of the history, at an interval of this width. The last group serves longer
// horizons. With fewer than width / (1 - width) scores no score is large enough: then it is the largest. With thinned
// scores it is the next larger that is kept.
double conformal_factor(const Conformal& conformal, std::chrono::nanoseconds horizon, double width);

// Errors: kCorrupt: sizes, order or values that make_group() does not give.
Result<Done> check_conformal(const Conformal& conformal);

}  // namespace chiliad::forecast
