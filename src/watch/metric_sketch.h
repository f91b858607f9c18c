// MinuteStatistics: what is kept of the values of one minute: their count, sum, least, greatest, and a sketch of how
// they are distributed, from which percentiles are read.
//
// The sketch counts values in cells whose bounds grow by 2 %: cell i holds gamma^(i-1) < value <= gamma^i with gamma =
// 1.01/0.99, so a percentile is off by 1 % of its value at most; negative values mirror, zero has a cell of its own.
// Statistics of several minutes (or several machines) are added by adding the counts; the result does not depend on the
// order.
//
// Bounded: kMaxCells cells; beyond, the two cells of the smallest values become one.
//
// Source: Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB
// 2019. Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "watch/metric_sink.h"

namespace chiliad::watch {

class MinuteStatistics {
 public:
  static constexpr std::size_t kMaxCells = 1'024;

  // Requires: value and count are finite, count > 0.
  void add(double value, double count);
  // Values of which only this is known: percentiles then need them to be one value.
  void add(const StatisticSet& set);
  void add(const MinuteStatistics& other);

  double count() const { return count_; }
  double sum() const { return sum_; }
  double min() const { return min_; }
  double max() const { return max_; }
  bool empty() const { return count_ == 0; }

  // 0 <= percent <= 100. None: empty, or a part is known by its StatisticSet alone.
  std::optional<double> percentile(double percent) const;

  // The sketch as bytes, and back. Errors: kCorrupt: not such bytes, or counts that are not those of `known`.
  std::string cells() const;
  static Result<MinuteStatistics> read(const StatisticSet& known, std::string_view cells);

 private:
  struct Cell {
    std::int32_t index;
    double count;
  };
  void add_cell(std::int32_t index, double count);

  double count_ = 0;
  double sum_ = 0;
  double min_ = 0;
  double max_ = 0;
  bool distribution_known_ = true;
  std::vector<Cell> cells_;  // Sorted by index, which sorts by value.
};

}  // namespace chiliad::watch
