// Texts of /proc, into which programs write names of their choice.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "process/process_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(chiliad::process::parent_in_stat(text));
  // Whatever stands in front: a line is a line.
  const std::uint64_t alone = chiliad::process::unnamed_bytes_in_maps(text);
  const std::uint64_t twice = chiliad::process::unnamed_bytes_in_maps(std::string(text).append("\n").append(text));
  CHILIAD_CHECK(alone == twice);
  return 0;
}
