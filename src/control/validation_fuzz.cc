// A request's JSON against every operation's shape: the check must not depend on luck, and what known_members() keeps
// of a valid request must be valid.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "control/validation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  if (size == 0) return 0;
  static const control::Validator validator;
  const auto all = control::operations();
  const control::Operation& operation = all[data[0] % all.size()];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const Result<aws::Json> json = aws::parse_json(text, {.max_bytes = 1 << 16, .max_values = 10'000});
  if (!json || !json->is_object()) return 0;
  const bool valid = !validator.check(operation.input, *json);
  const aws::Json known = control::known_members(operation.input, *json);
  CHILIAD_CHECK(known.is_object());
  if (valid) CHILIAD_CHECK(!validator.check(operation.input, known));
  CHILIAD_CHECK(control::known_members(operation.input, known) == known);
  return 0;
}
