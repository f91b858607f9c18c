// Any bytes as a stored sketch: what is read gives percentiles between least and greatest, and is written the same.

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "watch/metric_sketch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::watch;  // NOLINT
  StatisticSet known{10, 50, -1'000, 1'000};
  if (size >= sizeof(known) && data[0] == 'n') {
    std::memcpy(&known, data, sizeof(known));
    data += sizeof(known);
    size -= sizeof(known);
  }
  const std::string_view cells(reinterpret_cast<const char*>(data), size);
  auto read = MinuteStatistics::read(known, cells);
  if (!read) return 0;
  CHILIAD_CHECK(cells[0] == '\0' || read->cells() == cells);
  for (const double percent : {0.0, 50.0, 99.9, 100.0}) {
    if (const auto value = read->percentile(percent)) CHILIAD_CHECK(*value >= known.min && *value <= known.max);
  }
  MinuteStatistics sum = *read;
  sum.add(*read);
  CHILIAD_CHECK(sum.count() == 2 * known.count);
  return 0;
}
