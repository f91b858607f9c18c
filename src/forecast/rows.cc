// prepare_rows(), prepare_new_rows(): the order and the omissions that Prophet's fit makes of a table.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "forecast/component_name.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

Result<PreparedRows> prepare_rows(const History& history) {
  Result<PreparedRows> rows = prepare_new_rows(history);
  if (rows && rows->ds.size() < 2) return Error{ErrorCode::kInvalid, "Dataframe has less than 2 non-NaN rows."};
  return rows;
}

Result<PreparedRows> prepare_new_rows(const History& history) {
  const auto invalid = [](std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; };
  const std::size_t n = history.ds.size();
  if (history.y.size() != n) {
    return invalid("ds has " + std::to_string(n) + " rows, y has " + std::to_string(history.y.size()));
  }
  for (const Column& column : history.columns) {
    if (column.values.size() == n) continue;
    return invalid("ds has " + std::to_string(n) + " rows, " + quoted_name(column.name) + " has " +
                   std::to_string(column.values.size()));
  }
  std::vector<std::size_t> order;
  order.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isinf(history.y[i])) return invalid("Found infinity in column y.");
    if (!std::isnan(history.y[i])) order.push_back(i);
  }

  PreparedRows rows;
  rows.history_dates.assign(history.ds.begin(), history.ds.end());
  if (!std::is_sorted(rows.history_dates.begin(), rows.history_dates.end())) {
    std::sort(rows.history_dates.begin(), rows.history_dates.end());
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return history.ds[a] < history.ds[b]; });
  }
  rows.history_dates.erase(std::unique(rows.history_dates.begin(), rows.history_dates.end()), rows.history_dates.end());
  rows.ds.reserve(order.size());
  rows.y.reserve(order.size());
  for (std::size_t i : order) {
    rows.ds.push_back(history.ds[i]);
    rows.y.push_back(history.y[i]);
  }
  for (const Column& column : history.columns) {
    OwnedColumn& kept = rows.columns.emplace_back(std::string(column.name), std::vector<double>());
    kept.values.reserve(order.size());
    for (std::size_t i : order) kept.values.push_back(column.values[i]);
  }
  return rows;
}

std::vector<Column> borrow(std::span<const OwnedColumn> columns) {
  std::vector<Column> borrowed;
  borrowed.reserve(columns.size());
  for (const OwnedColumn& column : columns) borrowed.push_back({column.name, column.values});
  return borrowed;
}

}  // namespace chiliad::forecast
