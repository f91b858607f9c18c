// Any text as a form of the Query protocol: what is read is an object that can be written.

#include <cstdint>

#include "base/check.h"
#include "watch/metric_service.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;  // NOLINT
  const auto input = watch::metric_input_of_form({reinterpret_cast<const char*>(data), size});
  if (!input) return 0;
  CHILIAD_CHECK(input->is_object());
  (void)aws::json_text(*input);
  (void)watch::read_dimensions({reinterpret_cast<const char*>(data), size});
  return 0;
}
