// The part of JSONPath that DataProcessing's filters use: "$", ".name", "['name']", "[0]", "[-1]", "[1:]", "[0:3]".
//
// Source: Amazon SageMaker developer guide, "Associate prediction results with input records".
//
// Thread safety: pure functions; JsonPath is a value.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/json.h"
#include "base/result.h"

namespace chiliad::hosting {

class JsonPath {
 public:
  // Errors: kInvalid: anything else (wildcards, filters, "..", lists of indices), over 63 characters: the message
  // quotes it. An empty text is "$".
  static Result<JsonPath> parse(std::string_view text);

  // "$": everything.
  bool whole() const { return steps_.empty(); }

  // What the path leads to: a copy. Errors: kInvalid: there is no such member or element. A slice is never missing.
  Result<aws::Json> select(const aws::Json& value) const;

 private:
  struct Step {
    std::string name;      // A member, or
    bool element = false;  // the element at `begin`, or
    bool slice = false;    // those of [begin, end), as Python counts.
    std::int64_t begin = 0;
    std::optional<std::int64_t> end{};  // Unset: the end.
  };
  static Result<Step> bracket(std::string_view inside, std::string_view text);

  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace chiliad::hosting
