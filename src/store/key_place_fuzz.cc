// A path from a folder that anybody may fill: it is some key's path or none, and the key leads back to it.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/key_place.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::store;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto found = key_of_path(text)) {
    CHILIAD_CHECK(wrong_with_s3_key(found->key).empty());
    CHILIAD_CHECK(path_of_key(found->key, found->place) == text);
  }
  if (wrong_with_s3_key(text).empty()) {
    const auto back = key_of_path(path_of_key(text, Place::kEscaped));
    CHILIAD_CHECK(back && back->key == text && back->place == Place::kEscaped);
  }
  return 0;
}
