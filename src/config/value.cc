#include "config/value.h"

#include <algorithm>

namespace chiliad::config {

const Value* Value::find(std::string_view key) const {
  const Table* table = as<Table>();
  if (table == nullptr) return nullptr;
  const auto found = std::ranges::find(*table, key, &Table::value_type::first);
  return found == table->end() || found->second.is_null() ? nullptr : &found->second;
}

std::string_view kind_of(const Value& value) {
  if (value.as<Value::Table>() != nullptr) return "a table";
  if (value.as<Value::Array>() != nullptr) return "an array";
  if (value.as<std::string>() != nullptr) return "a string";
  if (value.as<std::int64_t>() != nullptr) return "an integer";
  if (value.as<double>() != nullptr) return "a number";
  if (value.as<bool>() != nullptr) return "a boolean";
  return value.is_null() ? "null" : "a date or time";
}

Result<Value> parse(std::string_view text, std::string_view name) {
  const std::size_t mark =
      text.starts_with("\xef\xbb\xbf") ? 3 : 0;  // A byte order mark, which both parsers pass over.
  const std::size_t first = text.find_first_not_of(" \t\r\n", mark);
  return first != std::string_view::npos && text[first] == '{' ? parse_json(text, name) : parse_toml(text, name);
}

}  // namespace chiliad::config
