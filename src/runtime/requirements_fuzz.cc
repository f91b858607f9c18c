// Any bytes as a requirements.txt: lines without blanks at their ends, which read again are the same.

#include <cstdint>
#include <cstdlib>

#include "runtime/requirements.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::runtime;
  const Requirements once = read_requirements({reinterpret_cast<const char*>(data), size});
  if (!once.self_contained) return 0;
  const Requirements twice = read_requirements(once.text);
  if (twice.text != once.text || !twice.self_contained) std::abort();
  return 0;
}
