// The bytes of a sketch: one byte, 1 if the distribution is known and 0 if not; then for each cell its index (4 bytes)
// and its count (8 bytes), little-endian, in rising order.

#include "watch/metric_sketch.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace chiliad::watch {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr double kLogGamma = 0.020000666706669443;  // log(1.01 / 0.99)
// Above that of the smallest positive double: indices of positive values are positive.
constexpr std::int32_t kOffset = 40'000;
constexpr std::size_t kCellBytes = 12;

std::int32_t cell_of(double value) {
  if (value == 0) return 0;
  const auto index = static_cast<std::int32_t>(std::ceil(std::log(std::abs(value)) / kLogGamma)) + kOffset;
  return value < 0 ? -index : index;
}

// The value whose greatest relative distance to those of the cell is the least.
double value_of(std::int32_t index) {
  if (index == 0) return 0;
  const double magnitude = std::exp((std::abs(index) - kOffset) * kLogGamma) * 0.99;
  return index < 0 ? -magnitude : magnitude;
}

}  // namespace

void MinuteStatistics::add_cell(std::int32_t index, double count) {
  const auto at = std::ranges::lower_bound(cells_, index, {}, &Cell::index);
  if (at != cells_.end() && at->index == index) {
    at->count += count;
    return;
  }
  cells_.insert(at, {index, count});
  if (cells_.size() > kMaxCells) {
    cells_[1].count += cells_[0].count;
    cells_.erase(cells_.begin());
  }
}

void MinuteStatistics::add(double value, double count) {
  min_ = empty() ? value : std::min(min_, value);
  max_ = empty() ? value : std::max(max_, value);
  count_ += count;
  sum_ += value * count;
  add_cell(cell_of(value), count);
}

void MinuteStatistics::add(const StatisticSet& set) {
  if (set.min == set.max) {
    add(set.min, set.count);
    return;
  }
  min_ = empty() ? set.min : std::min(min_, set.min);
  max_ = empty() ? set.max : std::max(max_, set.max);
  count_ += set.count;
  sum_ += set.sum;
  distribution_known_ = false;
}

void MinuteStatistics::add(const MinuteStatistics& other) {
  if (other.empty()) return;
  min_ = empty() ? other.min_ : std::min(min_, other.min_);
  max_ = empty() ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
  distribution_known_ = distribution_known_ && other.distribution_known_;
  for (const Cell& cell : other.cells_) add_cell(cell.index, cell.count);
}

std::optional<double> MinuteStatistics::percentile(double percent) const {
  if (empty() || !distribution_known_) return std::nullopt;
  const double rank = percent / 100 * count_;
  double seen = 0;
  for (const Cell& cell : cells_) {
    seen += cell.count;
    if (seen >= rank) return std::clamp(value_of(cell.index), min_, max_);
  }
  return max_;
}

std::string MinuteStatistics::cells() const {
  std::string out(1, distribution_known_ ? '\1' : '\0');
  if (!distribution_known_) return out;
  out.resize(1 + cells_.size() * kCellBytes);
  char* at = out.data() + 1;
  for (const Cell& cell : cells_) {
    std::memcpy(at, &cell.index, sizeof(cell.index));
    std::memcpy(at + sizeof(cell.index), &cell.count, sizeof(cell.count));
    at += kCellBytes;
  }
  return out;
}

Result<MinuteStatistics> MinuteStatistics::read(const StatisticSet& known, std::string_view cells) {
  const auto damaged = [](std::string_view why) {
    return Error{ErrorCode::kCorrupt, fmt::format("statistics of a minute: {}", why)};
  };
  if (!std::isfinite(known.count) || !std::isfinite(known.sum) || !std::isfinite(known.min) ||
      !std::isfinite(known.max) || known.count <= 0 || known.min > known.max) {
    return damaged("impossible numbers");
  }
  if (cells.empty() || static_cast<unsigned char>(cells[0]) > 1) return damaged("no sketch");
  MinuteStatistics out;
  out.count_ = known.count;
  out.sum_ = known.sum;
  out.min_ = known.min;
  out.max_ = known.max;
  out.distribution_known_ = cells[0] == '\1';
  cells.remove_prefix(1);
  if (cells.size() % kCellBytes != 0 || cells.size() / kCellBytes > kMaxCells) return damaged("a sketch of odd size");
  std::int64_t before = std::numeric_limits<std::int64_t>::min();
  for (; !cells.empty(); cells.remove_prefix(kCellBytes)) {
    Cell cell{};
    std::memcpy(&cell.index, cells.data(), sizeof(cell.index));
    std::memcpy(&cell.count, cells.data() + sizeof(cell.index), sizeof(cell.count));
    if (cell.index <= before || cell.index < -2 * kOffset || cell.index > 2 * kOffset)
      return damaged("cells in disorder");
    if (!std::isfinite(cell.count) || cell.count <= 0) return damaged("an impossible count");
    before = cell.index;
    out.cells_.push_back(cell);
  }
  return out;
}

}  // namespace chiliad::watch
