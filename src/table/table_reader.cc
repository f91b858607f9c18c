#include "table/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/time.h"
#include "table/field.h"

namespace chiliad::table {
namespace {

constexpr std::size_t kShown = 64;

// The text in quotes, cut, with bytes that would upset a terminal replaced.
std::string quoted(std::string_view text) {
  std::string shown(text.substr(0, kShown));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return fmt::format("'{}'{}", shown, text.size() > kShown ? "..." : "");
}

bool has_blanks_around(std::string_view text) {
  return !text.empty() && (text.front() == ' ' || text.front() == '\t' || text.back() == ' ' || text.back() == '\t');
}

}  // namespace

Result<TableReader> TableReader::open(CsvReader csv, const Layout& layout) {
  TableReader reader(std::move(csv), layout.roles);
  switch (reader.csv_.next()) {
    case Step::kRow: break;
    case Step::kEnd: reader.empty_ = true; return reader;
    // A bad first row is never skipped: nobody could say what the columns are.
    case Step::kBad:
    case Step::kError: return reader.csv_.error();
  }
  if (Result<Done> decided = reader.decide(layout); !decided) return std::move(decided).error();
  return reader;
}

Result<Done> TableReader::decide(const Layout& layout) {
  const std::span<const std::string_view> first = csv_.fields();
  const bool by_name = std::any_of(layout.choices.begin(), layout.choices.end(),
                                   [](const ColumnChoice& choice) { return !choice.name.empty() && !choice.optional; });
  if (by_name && layout.header == Header::kNo) {
    return csv_.bad_row("a column was chosen by name, but the table was said to have no header");
  }
  header_was_asked_for_ = by_name || layout.header != Header::kAuto;
  has_header_ = by_name || layout.header == Header::kYes;
  // A position that no row has must not pass for an empty field.
  for (std::size_t role = 0; role < layout.choices.size(); ++role) {
    if (const std::size_t position = layout.choices[role].position; position > first.size()) {
      return csv_.bad_row(fmt::format("the {} column: there is no column {}, the table has {}", layout.roles[role].role,
                                      position, first.size()));
    }
  }
  if (!header_was_asked_for_) {
    Result<bool> is_header = first_row_is_header(layout);
    if (!is_header) return std::move(is_header).error();
    has_header_ = *is_header;
  }
  if (has_header_) header_.assign(first.begin(), first.end());
  first_row_is_data_ = !has_header_;
  Result<std::vector<std::size_t>> columns = resolve_columns(layout.roles, layout.choices, header_, first.size());
  if (!columns) return csv_.bad_row(columns.error().message);
  columns_ = *std::move(columns);
  return Done{};
}

// The rule of Header::kAuto, applied at the columns' positions: names do not count before it is known that there are
// any.
Result<bool> TableReader::first_row_is_header(const Layout& layout) const {
  const std::span<const std::string_view> first = csv_.fields();
  const auto text_at = [&](std::size_t role) -> std::string_view {
    const std::size_t chosen = layout.choices[role].position;
    const std::size_t position = chosen != 0 ? chosen : layout.roles[role].position;
    return position <= first.size() ? first[position - 1] : std::string_view();
  };
  const std::string_view timestamp = text_at(layout.timestamp);
  const std::string_view value = text_at(layout.value);
  const Result<Instant> instant = parse_instant(timestamp);
  if (instant) return false;
  if (!timestamp.empty() && !is_value(value)) return true;
  const std::string why = timestamp.empty() ? "" : fmt::format(" ({})", instant.error().message);
  return csv_.bad_row(fmt::format(
      "cannot tell whether this is a header: expected a date, or a header's text, as {}, and found {} with {} as {}; "
      "say header yes or no{}",
      layout.roles[layout.timestamp].role, quoted(timestamp), quoted(value), layout.roles[layout.value].role, why));
}

std::string TableReader::where(std::size_t role) const {
  const std::size_t column = columns_[role];
  return fmt::format("column {} ({})", column + 1, has_header_ ? std::string_view(header_[column]) : roles_[role].role);
}

Error TableReader::bad_field(std::size_t role, std::string_view expected) const {
  const std::string_view text = field(role);
  return csv_.bad_row(fmt::format("{}: expected {}, found {}{}", where(role), expected,
                                  text.empty() ? "an empty field" : quoted(text),
                                  has_blanks_around(text) ? " (blanks are part of a field)" : ""));
}

Error TableReader::bad_timestamp(std::size_t role) const {
  const std::string_view text = field(role);
  if (text.empty() || has_blanks_around(text)) return bad_field(role, "a date");
  const Result<Instant> instant = parse_instant(text);
  return csv_.bad_row(fmt::format("{}: {}", where(role), instant ? "" : instant.error().message));
}

std::string TableReader::describe() const {
  if (empty_) return "no rows";
  std::string text = has_header_ ? "line 1 is a header" : "no header";
  if (!header_was_asked_for_) text += has_header_ ? " (its timestamp is no date)" : " (line 1 has a date)";
  for (std::size_t role = 0; role < columns_.size(); ++role) {
    if (!has_column(role)) continue;
    text += fmt::format("{} {} = column {}", role == 0 ? ";" : ",", roles_[role].role, columns_[role] + 1);
    if (has_header_) text += fmt::format(" {}", table::quoted(header_[columns_[role]]));
  }
  return text;
}

}  // namespace chiliad::table
