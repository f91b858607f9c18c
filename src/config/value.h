// Value: a settings file as a tree, from TOML or JSON, that knows the line on which each part stands.
//
//     text --parse_toml() or parse_json()--> Value --whoever knows the keys--> settings
//
// What a key means, and which there are, is the reader's to say; with the line of each value its errors can point at
// the place: "runtimes.toml:12: ...".
//
// Source: TOML 1.0.0; RFC 8259. Thread safety: values; pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace chiliad::config {

class Value {
 public:
  struct Null {};  // JSON alone has it.
  // A date, a time or both, as ISO 8601 writes them: "2020-01-31", "2020-01-31T12:00:00", with "+01:00" where the file
  // names a zone. TOML alone has it.
  struct Date {
    std::string text;
  };
  using Array = std::vector<Value>;
  using Table = std::vector<std::pair<std::string, Value>>;  // Each key once.
  using Data = std::variant<Null, bool, std::int64_t, double, std::string, Date, Array, Table>;

  Value(Data data, std::uint32_t line) : data_(std::move(data)), line_(line) {}

  // Null where it is of another type.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  T* as() {
    return std::get_if<T>(&data_);
  }
  bool is_null() const { return as<Null>() != nullptr; }
  // Of a table; null where there is no such key, where its value is null, or where this is no table.
  const Value* find(std::string_view key) const;
  // The line, from 1, on which it begins.
  std::uint32_t line() const { return line_; }

 private:
  Data data_;
  std::uint32_t line_;
};

// "a table", "an array", "a string", "an integer", "a number", "a boolean", "a date or time", "null": for messages.
std::string_view kind_of(const Value& value);

// The root is a table. Errors: kInvalid: "name:12: what is wrong"; kTooLarge: over kMaxTextBytes.
Result<Value> parse_toml(std::string_view text, std::string_view name);
// Likewise; a member that comes twice is an error, as it is in TOML.
Result<Value> parse_json(std::string_view text, std::string_view name);
// JSON if the first character is '{', which begins no TOML; else TOML.
Result<Value> parse(std::string_view text, std::string_view name);

inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

}  // namespace chiliad::config
