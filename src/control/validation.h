// Validator: whether a request is what the service model says, and if not, in AWS's words.
//
//   2 validation errors detected: Value 'a_b' at 'trainingJobName' failed to satisfy constraint: Member must satisfy
//   regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; Value null at 'roleArn' failed to satisfy constraint:
//   Member must not be null
//
// A value of another type than the model's is a SerializationException and ends the check. A member that is null counts
// as missing. Members that the model does not know are not looked at: known_members() leaves them out.
//
// Beyond the model: the character U+0000 is refused everywhere, because values become environment variables and file
// names.
//
// Cost: a few microseconds a request; linear in its size. Each pattern is compiled once, when it is first needed.
//
// Thread safety: safe from any thread.

#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "aws/api_error.h"
#include "aws/json.h"
#include "control/shapes.h"

namespace chiliad::control {

class Validator {
 public:
  Validator();
  ~Validator();

  // Unset: `input` is a valid `shape`. Requires: a structure's index.
  std::optional<aws::ApiError> check(ShapeIndex shape, const aws::Json& input) const;

  // Whether `text` as a whole matches patterns()[index].
  bool matches(std::uint16_t index, std::string_view text) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled[]> compiled_;
};

// `value` without the members that `shape` does not know, at any depth, and without those that are null. What is of
// another type than the shape says becomes null. An answer is made so from what a request said.
aws::Json known_members(ShapeIndex shape, const aws::Json& value);

}  // namespace chiliad::control
