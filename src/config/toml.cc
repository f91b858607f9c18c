// toml++ without exceptions, compiled into this one file: its headers cost seconds.

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>

#include "config/value.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// It asserts (and, in release builds by clang, assumes) what it checks and reports right behind: "[=" would end the
// process. The checks answer.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

namespace chiliad::config {
namespace {

std::string text_of(const toml::date& date) {
  return fmt::format("{:04}-{:02}-{:02}", int{date.year}, int{date.month}, int{date.day});
}

std::string text_of(const toml::time& time) {
  std::string text = fmt::format("{:02}:{:02}:{:02}", int{time.hour}, int{time.minute}, int{time.second});
  if (time.nanosecond > 0) text += fmt::format(".{:09}", time.nanosecond);
  return text;
}

std::string text_of(const toml::date_time& moment) {
  std::string text = text_of(moment.date) + "T" + text_of(moment.time);
  if (!moment.offset) return text;
  const int minutes = int{moment.offset->minutes};
  const int apart = std::abs(minutes);
  return text + fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', apart / 60, apart % 60);
}

// toml++ bounds how deep a text nests.
Value value_of(const toml::node& node) {
  const auto line = static_cast<std::uint32_t>(node.source().begin.line);
  if (const toml::table* table = node.as_table()) {
    Value::Table members;
    for (const auto& [key, value] : *table) members.emplace_back(std::string(key.str()), value_of(value));
    return {std::move(members), line};
  }
  if (const toml::array* array = node.as_array()) {
    Value::Array items;
    for (const toml::node& item : *array) items.push_back(value_of(item));
    return {std::move(items), line};
  }
  if (const auto* text = node.as_string()) return {text->get(), line};
  if (const auto* number = node.as_integer()) return {number->get(), line};
  if (const auto* number = node.as_floating_point()) return {number->get(), line};
  if (const auto* truth = node.as_boolean()) return {truth->get(), line};
  if (const auto* date = node.as_date()) return {Value::Date{text_of(date->get())}, line};
  if (const auto* time = node.as_time()) return {Value::Date{text_of(time->get())}, line};
  if (const auto* moment = node.as_date_time()) return {Value::Date{text_of(moment->get())}, line};
  return {Value::Null{}, line};
}

// The place behind a string that begins at `at`; a string without an end is left to the parser.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string_view three = quote == '"' ? R"(""")" : "'''";
  const bool many_lines = text.substr(at, 3) == three;
  for (at += many_lines ? 3 : 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (many_lines ? text.substr(at, 3) == three : text[at] == quote || text[at] == '\n') {
      return at + (many_lines ? 3 : 1);
    }
  }
  return at;
}

// The line, from 1, of the first character that is not ASCII outside of strings and comments, where TOML has none.
// toml++ 3.3 does not always refuse it: its search for whitespace beyond ASCII has places that it takes for
// unreachable.
std::optional<std::ptrdiff_t> line_of_foreign_character(std::string_view text) {
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) >= 0x80) return 1 + std::ranges::count(text.substr(0, at), '\n');
    if (text[at] == '"' || text[at] == '\'') {
      at = skip_string(text, at);
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Value> parse_toml(std::string_view text, std::string_view name) {
  if (text.size() > kMaxTextBytes) return Error{ErrorCode::kTooLarge, fmt::format("{}: over 64 MiB", name)};
  if (const auto line = line_of_foreign_character(text)) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format("{}:{}: a character that is not ASCII: it can stand in strings and comments alone", name, *line)};
  }
  const toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Error{ErrorCode::kInvalid, fmt::format("{}:{}: {}", name, error.source().begin.line, error.description())};
  }
  return value_of(parsed.table());
}

}  // namespace chiliad::config
