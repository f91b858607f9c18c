// Any bytes as a manifest: an error or names that are files below a folder, never a crash.

#include <cstdint>

#include "base/check.h"
#include "job/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::job;
  const chiliad::Result<Manifest> manifest = parse_manifest({reinterpret_cast<const char*>(data), size}, 1000);
  if (!manifest) return 0;
  for (const std::string& name : manifest->names) CHILIAD_CHECK(wrong_with_file_name(name).empty());
  return 0;
}
