// Any bytes as a length of time: an error that is a line of text, or a length within the bounds that reads back from
// its own form, to the rounding of doubles that large.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "diagnose/timedelta.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using chiliad::Result;
  using std::chrono::nanoseconds;
  constexpr std::int64_t kLongest = std::int64_t{290} * 8766 * 3600 * 1'000'000'000;  // 290 years of 365.25 days.
  const Result<nanoseconds> length = chiliad::diagnose::parse_timedelta({reinterpret_cast<const char*>(data), size});
  if (!length) {
    if (length.error().code != chiliad::ErrorCode::kInvalid || length.error().message.empty()) std::abort();
    return 0;
  }
  if (length->count() < 1 || length->count() > kLongest) std::abort();
  if (length->count() > kLongest - 100'000) return 0;  // Its form may round to more than is read.
  const Result<nanoseconds> again = chiliad::diagnose::parse_timedelta(chiliad::diagnose::format_timedelta(*length));
  if (!again || std::llabs((*again - *length).count()) > 4096) std::abort();
  return 0;
}
