#include "container/listeners.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>

#include "base/file.h"

namespace chiliad::container {
namespace {

constexpr std::uint64_t kMaxTable = 256 << 20;  // Over a million connections.
constexpr std::string_view kListening = "0A";
constexpr std::string_view kSocket = "socket:[";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

// The next word of a line, without the blanks before it.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

template <class T>
T number_in(std::string_view text, int base) {
  T number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

// Takes away the inodes of sockets that the process has open.
void remove_own(pid_t pid, std::vector<std::uint64_t>& inodes) {
  const OpenFolder descriptors(::opendir(fmt::format("/proc/{}/fd", pid).c_str()));
  while (const dirent* entry = descriptors && !inodes.empty() ? ::readdir(descriptors.get()) : nullptr) {
    std::array<char, 64> target{};
    const ssize_t length = ::readlinkat(::dirfd(descriptors.get()), entry->d_name, target.data(), target.size());
    if (length <= 0) continue;
    std::string_view name(target.data(), static_cast<std::size_t>(length));
    if (!name.starts_with(kSocket)) continue;
    name.remove_prefix(kSocket.size());
    std::erase(inodes, number_in<std::uint64_t>(name, 10));
  }
}

}  // namespace

// "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 ..."
std::vector<std::uint64_t> listeners_in(std::string_view table, std::uint16_t port) {
  std::vector<std::uint64_t> inodes;
  while (!table.empty()) {
    std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(line.size() + 1, table.size()));
    std::array<std::string_view, 10> words;
    for (std::string_view& word : words) word = next_word(line);
    const std::size_t colon = words[1].rfind(':');
    if (words[3] != kListening || colon == std::string_view::npos) continue;
    if (number_in<std::uint16_t>(words[1].substr(colon + 1), 16) != port) continue;
    inodes.push_back(number_in<std::uint64_t>(words[9], 10));
  }
  return inodes;
}

Listeners listeners_at(std::uint16_t port, std::span<const pid_t> processes) {
  std::vector<std::uint64_t> inodes;
  for (const char* const table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const Result<std::string> text = read_file(table, kMaxTable);
    if (!text) continue;  // A host without IPv6 has one of them.
    const std::vector<std::uint64_t> found = listeners_in(*text, port);
    inodes.insert(inodes.end(), found.begin(), found.end());
  }
  if (inodes.empty()) return Listeners::kNone;
  for (const pid_t pid : processes) remove_own(pid, inodes);
  return inodes.empty() ? Listeners::kOwn : Listeners::kForeign;
}

}  // namespace chiliad::container
