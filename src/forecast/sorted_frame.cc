#include "forecast/sorted_frame.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "forecast/future_law.h"

namespace chiliad::forecast {
Result<SortedFrame> sort_frame(const Frame& frame, const FittedState& state, const FeatureParts& parts) {
  SortedFrame sorted;
  sorted.ds.assign(frame.ds.begin(), frame.ds.end());
  const bool is_sorted = std::is_sorted(sorted.ds.begin(), sorted.ds.end());
  if (!is_sorted && !frame.columns.empty()) {
    std::vector<std::size_t> order(sorted.ds.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return frame.ds[i]; });
    for (const std::string& name : needed_columns(state)) {
      const auto column = std::ranges::find(frame.columns, name, &Column::name);
      if (column == frame.columns.end()) continue;  // Said below, as is a wrong length.
      OwnedColumn& moved = sorted.moved.emplace_back(name, std::vector<double>());
      if (column->values.size() != order.size()) moved.values.resize(column->values.size());
      for (const std::size_t i : order) {
        if (column->values.size() == order.size()) moved.values.push_back(column->values[i]);
      }
    }
  }
  if (!is_sorted) std::stable_sort(sorted.ds.begin(), sorted.ds.end());
  const std::vector<Column> borrowed = borrow(sorted.moved);
  const std::span<const Column> columns = is_sorted ? frame.columns : borrowed;
  Result<FeatureInputs> inputs = find_inputs(parts, columns, sorted.ds);
  if (!inputs) return std::move(inputs).error();
  sorted.inputs = *std::move(inputs);
  Result<ScaledCap> cap = scale_cap(state, columns, sorted.ds.size());
  if (!cap) return std::move(cap).error();
  sorted.cap = *std::move(cap);
  for (const Instant moment : {sorted.ds.front(), sorted.ds.back()}) {
    if (!near_enough(moment, state.start)) {
      return invalid("ds " + format_instant(moment) + " is more than 290 years from the history, which begins " +
                     format_instant(state.start));
    }
  }
  return sorted;
}

Times scaled_times(const FittedState& state, std::span<const Instant> ds) {
  const TimeScale scale{state.start, std::llround(state.t_scale_s * 1e9)};
  Times times;
  times.t.reserve(ds.size());
  for (const Instant moment : ds) times.t.push_back(scale(moment));
  times.steps = future_steps(times.t);
  return times;
}

}  // namespace chiliad::forecast
