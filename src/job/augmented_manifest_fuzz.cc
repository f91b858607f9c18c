// A line of an augmented manifest: any bytes give the attributes asked for or an error.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "job/augmented_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> attributes = {"source-ref", "class"};
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto values = chiliad::job::parse_augmented_line(line, attributes);
  if (!values) return 0;
  CHILIAD_CHECK(values->size() == 2);
  CHILIAD_CHECK((*values)[0].is_object && !(*values)[0].object.bucket.empty());
  CHILIAD_CHECK(!(*values)[1].is_object);
  return 0;
}
