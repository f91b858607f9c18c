// Any bytes as a table. The first two choose delimiter, limits and pieces; the rest is read in memory and as a stream,
// which must agree; then as gzip, as a series file and as a long table, none of which may do more than refuse.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "table/csv_reader.h"
#include "table/customer_rows.h"
#include "table/gunzip.h"
#include "table/series_csv.h"

namespace {

using namespace chiliad;
using table::CsvReader;

table::PullBytes pieces(std::string_view text, std::size_t most) {
  return [text, most](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({into.size(), text.size(), most});
    if (count > 0) std::memcpy(into.data(), text.data(), count);
    text.remove_prefix(count);
    return count;
  };
}

// Everything that a reader says, as one text.
std::string transcript(CsvReader reader) {
  std::string all;
  while (true) {
    const CsvReader::Step step = reader.next();
    all += std::to_string(static_cast<int>(step)) + "@" + std::to_string(reader.line());
    if (step == CsvReader::Step::kEnd) return all;
    if (step == CsvReader::Step::kRow) {
      for (const std::string_view field : reader.fields()) all.append("|").append(field);
    } else {
      all.append(reader.error().message);
    }
    if (step == CsvReader::Step::kError) return all;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  table::CsvFormat format;
  format.delimiter = ",;\t|"[data[0] % 4];
  format.max_row_bytes = data[0] % 8 < 4 ? 16 : std::size_t{1} << 20;
  const std::size_t most = std::size_t{data[1]} + 1;
  CHILIAD_CHECK(transcript(CsvReader(text, "f", format)) == transcript(CsvReader(pieces(text, most), "f", format)));

  const Result<std::string> unzipped = table::gunzip(text, "f", 1 << 20);
  (void)unzipped;
  const Result<table::Series> series =
      table::read_series_csv(text, "f", {.delimiter = format.delimiter, .skip_bad_rows = true, .max_bytes = 1 << 20});
  if (series) CHILIAD_CHECK(series->ds.size() == series->y.size());
  table::CustomerColumns columns;
  columns.delimiter = format.delimiter;
  columns.skip_bad_rows = data[1] % 2 == 0;
  // 64 kB are enough of a stream that decompresses to gigabytes.
  if (Result<table::CustomerRows> rows = table::CustomerRows::open(pieces(text, most), "f", columns)) {
    for (Result<bool> more = rows->next(); more && *more && rows->bytes_read() < 65'536; more = rows->next()) {
      CHILIAD_CHECK(!rows->id().empty());
    }
  }
  return 0;
}
