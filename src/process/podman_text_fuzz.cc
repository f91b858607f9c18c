// What reaches podman's command line from a request, what podman says of its storage, and whose the subordinate users
// are.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "process/image_store.h"
#include "process/podman_command.h"
#include "process/user_namespace.h"

namespace {

using chiliad::process::Box;
using chiliad::process::ImageStore;
using chiliad::process::PodmanPlaces;

// A name that passes is one word, no option, no place of the file system, and podman gets it as it is.
void check_name(std::string_view text) {
  if (!chiliad::process::check_image_name(text)) return;
  CHILIAD_CHECK(!text.empty() && text.front() != '-' && text.front() != '/' && text.front() != '.');
  CHILIAD_CHECK(text.find("//") == text.npos);
  for (const char c : text) CHILIAD_CHECK(c > ' ' && c < 0x7F);
  Box box;
  box.command = {"train"};
  box.image_entry_point = true;
  box.image = text;
  const PodmanPlaces places{"/own", "/images", "overlay", {}, {}, {"runc", false}};
  const chiliad::Result<std::vector<std::string>> words = chiliad::process::podman_words(box, places);
  CHILIAD_CHECK(words && words->size() > 2 && (*words)[words->size() - 2] == text && words->back() == "train");
}

void check_storage(std::string_view text) {
  const chiliad::Result<ImageStore> store = chiliad::process::parse_storage(text);
  if (!store) {
    CHILIAD_CHECK(store.error().message.find('\n') == std::string::npos);
    return;
  }
  CHILIAD_CHECK(store->folder.is_absolute() && !store->driver.empty());
  CHILIAD_CHECK(store->driver.find_first_of(" \n") == std::string::npos);
  CHILIAD_CHECK(store->folder.native().find('\n') == std::string::npos);
}

// Ranges that newuidmap can be told: of numbers that users can have, outside and, one behind the other from 1 on,
// inside.
void check_subordinates(std::string_view text) {
  std::uint64_t inside = 1;
  for (const auto& [first, count] : chiliad::process::parse_subordinates(text, "anna", 1000)) {
    inside += count;
    CHILIAD_CHECK(count > 0 && std::uint64_t{first} + count <= 0xFFFF'FFFFU && inside <= 0xFFFF'FFFFU);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_name(text);
  check_storage(text);
  check_subordinates(text);
  return 0;
}
