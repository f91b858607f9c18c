#include "runtime/shipped_files.h"

#include <algorithm>

#include "base/check.h"

namespace chiliad::runtime {

std::string_view shipped_file(std::string_view name) {
  const std::span<const ShippedFile> files = shipped_files();
  const auto found = std::ranges::find(files, name, &ShippedFile::name);
  CHILIAD_CHECK(found != files.end());
  return found->text;
}

}  // namespace chiliad::runtime
