// Archives from anywhere: nothing crashes, what is accepted holds the promises of archive.h, and limits hold.

#include <cstdint>
#include <string>
#include <string_view>

#include "archive/archive.h"
#include "archive/gzip.h"
#include "archive/member_name.h"
#include "base/check.h"

namespace {

using namespace chiliad::archive;  // NOLINT

void try_reading(std::string_view bytes) {
  const ReadLimits limits{.max_total_bytes = 1 << 20, .max_members = 100};
  const auto members = read_archive(bytes, limits);
  if (!members) return;
  std::uint64_t total = 0;
  for (const Member& member : *members) {
    CHILIAD_CHECK(wrong_with_name(member.name).empty());
    total += member.bytes.size();
  }
  CHILIAD_CHECK(total <= limits.max_total_bytes && members->size() <= limits.max_members);
  // What was read can be written, unless a name is too long for ustar, and is read back the same.
  const auto written = write_tar_gz(*members);
  if (!written) return;
  const auto again = read_archive(*written, limits);
  CHILIAD_CHECK(static_cast<bool>(again) && again->size() == members->size());
  for (std::size_t i = 0; i < members->size(); ++i)
    CHILIAD_CHECK((*again)[i].name == (*members)[i].name && (*again)[i].bytes == (*members)[i].bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_reading(bytes);
  // A mutated tar rarely has a right checksum around it: so also with a gzip of our own.
  try_reading(gzip(bytes));
  return 0;
}
