// Any bytes as a captured line: an error or a forecast whose columns agree, never a crash.

#include <cstdint>

#include "algorithm/captured.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::algorithm;
  const chiliad::Result<CapturedForecast> read = parse_captured({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  CHILIAD_CHECK(read->ds.size() == read->yhat.size());
  CHILIAD_CHECK(read->lower.size() == read->upper.size());
  CHILIAD_CHECK(read->lower.empty() || read->lower.size() == read->ds.size());
  return 0;
}
