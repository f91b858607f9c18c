// Any bytes as a table of holidays: read or refused, and every row has a name.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "train/holiday_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<forecast::HolidayTable> table = train::read_holiday_file(text, "f");
  if (!table) return 0;
  for (const forecast::HolidayTable::Row& row : table->rows) CHILIAD_CHECK(row.name < table->names.size());
  return 0;
}
