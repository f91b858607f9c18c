// Any bytes as settings: a tree or an error with the name, never a crash.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto parse : {config::parse_toml, config::parse_json}) {
    const Result<config::Value> value = parse(text, "f");
    CHILIAD_CHECK(value ? value->as<config::Value::Table>() != nullptr : value.error().message.starts_with("f:"));
  }
  return 0;
}
