// Any bytes as a file of options: read or refused with the file's name. Its files of holidays are never opened.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "train/options_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto refuse = [](const std::string&) -> Result<std::filesystem::path> { return invalid("no files here"); };
  Result<train::OptionsFile> file = train::parse_options_file(text, "f", refuse);
  if (!file) {
    CHILIAD_CHECK(file.error().message.starts_with("f:"));
    return 0;
  }
  train::ProphetFlags flags;
  if (!train::put_behind(*file, flags)) return 0;
  static_cast<void>(train::read_prophet_flags(flags));
  for (const train::SeriesEntry& entry : file->series) {
    train::ProphetFlags own = flags;
    if (train::put_before(entry.changes, flags, own)) static_cast<void>(train::read_prophet_flags(own));
  }
  return 0;
}
