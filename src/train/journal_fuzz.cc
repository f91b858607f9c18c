// Any bytes as a line of a journal: read or refused, and what was read is written back to the same record.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/crc.h"
#include "base/hash.h"
#include "train/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const std::string_view rest(reinterpret_cast<const char*>(data), size);
  static_cast<void>(train::parse_journal_line(rest));
  // Past the checksum, which a fuzzer would not guess.
  const std::string line = hex(std::uint64_t{crc32c(rest)}).substr(8) + '\t' + std::string(rest);
  const Result<train::JournalRecord> record = train::parse_journal_line(line);
  if (!record) return 0;
  const Result<train::JournalRecord> again = train::parse_journal_line(train::journal_line(*record));
  CHILIAD_CHECK(again && again->etag == record->etag && again->stamp == record->stamp);
  CHILIAD_CHECK(again->report.archive == record->report.archive && again->report.rows == record->report.rows);
  return 0;
}
