// Any bytes as a block of a log: what is read, written again, reads the same.

#include <cstdint>
#include <string>

#include "base/check.h"
#include "watch/log_block.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::watch;  // NOLINT
  const auto events = read_log_block({reinterpret_cast<const char*>(data), size});
  if (!events) return 0;
  std::string again;
  for (const StoredEvent& event : *events) append_log_event(again, event);
  const auto reread = read_log_block(again);
  CHILIAD_CHECK(reread && reread->size() == events->size());
  for (std::size_t i = 0; i < events->size(); ++i) {
    CHILIAD_CHECK((*reread)[i].time == (*events)[i].time && (*reread)[i].text == (*events)[i].text);
  }
  return 0;
}
