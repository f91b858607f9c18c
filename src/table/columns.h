// Which columns of a table are meant, whether it has a header, and what becomes of rows that cannot be read: the
// choices that every reader of rows shares. doc/csv.md has the rules in the user's words.
//
// Thread safety: values and pure functions.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::table {

// kAuto decides by the first row: data if its timestamp field is a date; header if that is neither a date nor empty
// and its value field is neither a number nor missing. Anything else is an error that asks for yes or no.
// A column chosen by name makes the first row a header.
enum class Header : std::uint8_t { kAuto, kYes, kNo };

// "auto", "yes", "no". Errors: kInvalid.
Result<Header> parse_header(std::string_view text);

// A column by name, by position, or left to the default of the column's role.
struct ColumnChoice {
  std::string name = {};     // Not empty: the header field equal to it, byte by byte.
  std::size_t position = 0;  // From 1; 0 with an empty name: the default.
  bool optional = false;     // With a name: the header may lack it.

  bool by_default() const { return name.empty() && position == 0; }
};

// As a command line writes it: digits are a position from 1, anything else is a name; "name:2022" chooses the column
// called "2022". Errors: kInvalid: empty, position 0 or above 100,000.
Result<ColumnChoice> parse_column(std::string_view text);

// What one role ("timestamp") takes where the user chose nothing: the first of these names that the header has, else
// this position.
struct ColumnRole {
  std::string_view role;
  std::span<const std::string_view> names;
  std::size_t position;  // From 1.
};

// The names by which tables and series are told what their columns are, ours and Prophet's.
inline constexpr std::array<std::string_view, 2> kTimestampNames = {"timestamp", "ds"};
inline constexpr std::array<std::string_view, 3> kValueNames = {"value", "consumption", "y"};

inline constexpr std::size_t kNoColumn = SIZE_MAX;

// A column of a table beside those that its reader knows by role, by the name that the header has for it.
struct FurtherColumn {
  std::string name;
  bool optional = false;  // The header may lack it.
};

// The roles' columns, from 0, in the order of `roles`; kNoColumn for an optional one that is not there. `header` is
// empty for a table without one.
// Errors: kInvalid: no such name or position, a name that stands in the header twice, two roles on one column, or a
// table with more columns than roles where a role would fall back to its position (the choice would be a guess).
Result<std::vector<std::size_t>> resolve_columns(std::span<const ColumnRole> roles,
                                                 std::span<const ColumnChoice> choices,
                                                 std::span<const std::string> header, std::size_t column_count);

// Rows left out under skip_bad_rows: how many, and what the first of them were.
struct BadRows {
  static constexpr std::size_t kKept = 20;

  std::uint64_t count = 0;
  std::vector<std::string> messages;  // At most kKept, complete ("f.csv:17: column 3 (y): expected ...").

  void add(std::string message) {
    if (messages.size() < kKept) messages.push_back(std::move(message));
    ++count;
  }
};

}  // namespace chiliad::table
