#include "table/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/number.h"

namespace chiliad::table {
namespace {

constexpr std::int64_t kMaxPosition = 100'000;
constexpr std::string_view kNamePrefix = "name:";
constexpr std::size_t kNamesShown = 20;

// "'a', 'b', 'c'", cut after some.
std::string list_names(std::span<const std::string> names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
    list += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i].substr(0, 40));
  }
  return names.size() > kNamesShown ? list + ", ..." : list;
}

Result<std::size_t> find_name(std::string_view role, std::string_view name, std::span<const std::string> header) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) {
    return Error{ErrorCode::kInvalid, fmt::format("the {} column: no column is called '{}'; the header has {}", role,
                                                  name, list_names(header))};
  }
  if (std::find(found + 1, header.end(), name) != header.end()) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("the {} column: several columns are called '{}'; choose one by position", role, name)};
  }
  return static_cast<std::size_t>(found - header.begin());
}

Result<std::size_t> at_position(std::string_view role, std::size_t position, std::size_t column_count) {
  if (position <= column_count) return position - 1;
  return Error{ErrorCode::kInvalid,
               fmt::format("the {} column: there is no column {}, the table has {}", role, position, column_count)};
}

Result<std::size_t> default_column(const ColumnRole& role, std::span<const std::string> header,
                                   std::size_t column_count, std::size_t role_count) {
  for (const std::string_view name : role.names) {
    if (std::find(header.begin(), header.end(), name) != header.end()) return find_name(role.role, name, header);
  }
  if (column_count > role_count) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("the {} column: choose one of the table's {} columns by position{}", role.role,
                             column_count, header.empty() ? "" : " or name: " + list_names(header))};
  }
  return at_position(role.role, role.position, column_count);
}

}  // namespace

Result<Header> parse_header(std::string_view text) {
  if (text == "auto") return Header::kAuto;
  if (text == "yes") return Header::kYes;
  if (text == "no") return Header::kNo;
  return Error{ErrorCode::kInvalid, fmt::format("'{}': expected auto, yes or no", text)};
}

Result<ColumnChoice> parse_column(std::string_view text) {
  if (text.starts_with(kNamePrefix) && text.size() > kNamePrefix.size()) {
    return ColumnChoice{std::string(text.substr(kNamePrefix.size())), 0};
  }
  if (!text.empty() && text.find_first_not_of("0123456789") != std::string_view::npos) {
    return ColumnChoice{std::string(text), 0};
  }
  const std::optional<std::int64_t> position = parse_integer(text);
  if (position && *position >= 1 && *position <= kMaxPosition) {
    return ColumnChoice{"", static_cast<std::size_t>(*position)};
  }
  return Error{ErrorCode::kInvalid,
               fmt::format("'{}' is not a column: expected a name, or a position from 1 to {}", text, kMaxPosition)};
}

Result<std::vector<std::size_t>> resolve_columns(std::span<const ColumnRole> roles,
                                                 std::span<const ColumnChoice> choices,
                                                 std::span<const std::string> header, std::size_t column_count) {
  CHILIAD_CHECK(roles.size() == choices.size());
  const auto is_absent = [&](const ColumnChoice& choice) {
    return choice.optional && std::find(header.begin(), header.end(), choice.name) == header.end();
  };
  const auto absent = static_cast<std::size_t>(std::count_if(choices.begin(), choices.end(), is_absent));
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const ColumnChoice& choice = choices[i];
    if (is_absent(choice)) {
      columns.push_back(kNoColumn);
      continue;
    }
    Result<std::size_t> column = !choice.name.empty() ? find_name(roles[i].role, choice.name, header)
                                 : choice.position != 0
                                     ? at_position(roles[i].role, choice.position, column_count)
                                     : default_column(roles[i], header, column_count, roles.size() - absent);
    if (!column) return std::move(column).error();
    const auto taken = std::find(columns.begin(), columns.end(), *column);
    if (taken != columns.end()) {
      return Error{
          ErrorCode::kInvalid,
          fmt::format("column {} cannot be both the {} and the {} column: choose them by name or position", *column + 1,
                      roles[static_cast<std::size_t>(taken - columns.begin())].role, roles[i].role)};
    }
    columns.push_back(*column);
  }
  return columns;
}

}  // namespace chiliad::table
