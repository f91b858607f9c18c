// Any bytes as a pip.conf: variables of pip alone, never a crash.

#include <cstdint>
#include <cstdlib>

#include "runtime/pip_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& [name, value] : chiliad::runtime::read_pip_config({reinterpret_cast<const char*>(data), size})) {
    if (!name.starts_with("PIP_")) std::abort();
  }
  return 0;
}
