// The service model of SageMaker, as tables: which operations there are here, and the shapes that their inputs and
// answers reach.
//
// tool/make_shapes.py writes shapes_generated.cc from botocore's model; a test runs it again and compares. Patterns are
// those of the model turned into RE2's language: look-around, which RE2 does not have, becomes a second pattern that
// must not match (`forbidden`), and the model's own text is kept for the message.
//
// Rule the rest relies on: an index in a table is inside its table (the script sees to it, a test checks it).
//
// Source: botocore, data/sagemaker/2017-07-24/service-2.json; shapes_generated.cc names the version.
//
// Thread safety: constants. They need no work at the start of the program.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace chiliad::control {

using ShapeIndex = std::uint16_t;
inline constexpr ShapeIndex kNoShape = std::numeric_limits<ShapeIndex>::max();
inline constexpr std::uint16_t kNoPattern = std::numeric_limits<std::uint16_t>::max();

struct Shape {
  enum class Kind : std::uint8_t { kStructure, kString, kList, kMap, kInteger, kFloat, kBoolean, kTimestamp };

  Kind kind;
  std::uint16_t first;    // Structure: its first member. String: its first enumerator.
  std::uint16_t count;    // How many; 0 for a string that is no enumeration.
  ShapeIndex element;     // Of a list; of a map: its values.
  ShapeIndex key;         // Of a map.
  std::uint16_t pattern;  // Of a string, or kNoPattern.
  std::int64_t min;       // Characters, elements, entries or the number; INT64_MIN: no such bound.
  std::int64_t max;       // The same; INT64_MAX: no such bound.
};

struct Member {
  std::string_view name;
  ShapeIndex shape;
  bool required;
};

struct Pattern {
  std::string_view text;       // As the model says it.
  std::string_view re2;        // Must match the whole text.
  std::string_view forbidden;  // Must not match the whole text; empty: nothing is forbidden.
};

struct Operation {
  std::string_view name;
  ShapeIndex input;
  ShapeIndex output;  // kNoShape: an empty answer.
};

std::span<const Shape> shapes();
std::span<const Member> all_members();
std::span<const std::string_view> all_enumerators();
std::span<const Pattern> patterns();
// By name.
std::span<const Operation> operations();
// The names of the model's other operations, sorted: known, and not here.
std::span<const std::string_view> other_operations();

// Null when there is none of that name.
const Operation* find_operation(std::string_view name);
bool is_other_operation(std::string_view name);

// Requires: a structure.
std::span<const Member> members(const Shape& structure);
// Null when it has none of that name. Requires: a structure.
const Member* find_member(const Shape& structure, std::string_view name);
// Empty when the string may be anything. Requires: a string.
std::span<const std::string_view> enumerators(const Shape& string);

}  // namespace chiliad::control
