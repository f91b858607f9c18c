// Any bytes as a table of future rows: read or refused, and every customer that was read has as many values as rows.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "train/future_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<train::FutureRows> rows = train::FutureRows::parse(text, "f");
  if (!rows) return 0;
  for (const char* customer : {"8", ""}) {
    const Result<train::FutureRows::Rows> some = rows->of(customer, {"temp", "on"});
    if (!some) continue;
    CHILIAD_CHECK(!some->ds.empty());
    for (const forecast::OwnedColumn& column : some->columns) CHILIAD_CHECK(column.values.size() == some->ds.size());
  }
  return 0;
}
