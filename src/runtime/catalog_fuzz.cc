// Any bytes as a runtimes.toml: an error or a catalog that finds what it claims, never a crash.

#include <cstdint>
#include <cstdlib>

#include "runtime/catalog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::runtime;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  chiliad::Result<Catalog> catalog = Catalog::parse(text, "runtimes.toml");
  if (!catalog) return 0;
  for (const Entry& entry : catalog->entries()) {
    if (catalog->named(entry.name) != &entry) std::abort();
    // An image that looks like a pattern matches something.
    for (const std::string& pattern : entry.images) {
      if (image_matches(pattern, pattern) && !catalog->find(pattern)) std::abort();
    }
  }
  return 0;
}
