// NumPy's argsort(kind="quicksort") for 64-bit times: quick sort with the median of three as its pivot, the smaller
// part first, insertion below kSmall. The place of equal keys is a matter of each comparison and swap, so these are
// NumPy's. Parts that would be split too often are sorted stably here, by heap there: among equal keys the order may
// then differ.
//
// Source: NumPy 2.x, npysort/quicksort.cpp, the template without vector instructions, which timedelta64 uses.

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "diagnose/metrics.h"

namespace chiliad::diagnose {
namespace {

constexpr std::ptrdiff_t kSmall = 16;

class Order {
 public:
  Order(std::span<const std::int64_t> keys, std::vector<std::uint32_t>& rows) : keys_(keys), rows_(rows) {}

  // Sorts the places first .. last.
  void sort(std::ptrdiff_t first, std::ptrdiff_t last, int splits_left) {
    for (; last - first >= kSmall; --splits_left) {
      if (splits_left < 0) return sort_stably(first, last);
      const std::ptrdiff_t pivot = split(first, last);
      // NumPy goes on with the smaller part and keeps the larger for later; parts do not touch each other.
      if (pivot - first < last - pivot) {
        sort(first, pivot - 1, splits_left - 1);
        first = pivot + 1;
      } else {
        sort(pivot + 1, last, splits_left - 1);
        last = pivot - 1;
      }
    }
    insert(first, last);
  }

 private:
  std::uint32_t& row(std::ptrdiff_t place) { return rows_[static_cast<std::size_t>(place)]; }
  std::int64_t key(std::ptrdiff_t place) { return keys_[row(place)]; }
  void swap(std::ptrdiff_t a, std::ptrdiff_t b) { std::swap(row(a), row(b)); }

  // Where the pivot ended.
  std::ptrdiff_t split(std::ptrdiff_t first, std::ptrdiff_t last) {
    const std::ptrdiff_t middle = first + (last - first) / 2;
    if (key(middle) < key(first)) swap(middle, first);
    if (key(last) < key(middle)) swap(last, middle);
    if (key(middle) < key(first)) swap(middle, first);
    const std::int64_t pivot = key(middle);
    std::ptrdiff_t low = first;
    std::ptrdiff_t high = last - 1;
    swap(middle, high);
    while (true) {
      do ++low;
      while (key(low) < pivot);
      do --high;
      while (pivot < key(high));
      if (low >= high) break;
      swap(low, high);
    }
    swap(low, last - 1);
    return low;
  }

  void insert(std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t i = first + 1; i <= last; ++i) {
      const std::uint32_t moving = row(i);
      std::ptrdiff_t to = i;
      for (; to > first && keys_[moving] < key(to - 1); --to) row(to) = row(to - 1);
      row(to) = moving;
    }
  }

  void sort_stably(std::ptrdiff_t first, std::ptrdiff_t last) {
    std::stable_sort(rows_.begin() + first, rows_.begin() + last + 1,
                     [&](std::uint32_t a, std::uint32_t b) { return keys_[a] < keys_[b]; });
  }

  std::span<const std::int64_t> keys_;
  std::vector<std::uint32_t>& rows_;
};

}  // namespace

std::vector<std::uint32_t> horizon_order(std::span<const std::int64_t> horizon) {
  std::vector<std::uint32_t> rows(horizon.size());
  std::iota(rows.begin(), rows.end(), 0U);
  if (rows.size() < 2) return rows;
  const int splits = 2 * (static_cast<int>(std::bit_width(horizon.size())) - 1);
  Order(horizon, rows).sort(0, static_cast<std::ptrdiff_t>(rows.size()) - 1, splits);
  return rows;
}

}  // namespace chiliad::diagnose
