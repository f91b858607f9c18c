#include "container/last_lines.h"

#include <algorithm>
#include <vector>

namespace chiliad::container {
namespace {

constexpr std::size_t kKept = 16 << 10;

std::string readable(std::string_view line) {
  std::string text(line);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// The last `most` bytes, from the beginning of a UTF-8 character on.
std::string_view end_of(std::string_view text, std::size_t most) {
  if (text.size() > most) text.remove_prefix(text.size() - most);
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80) text.remove_prefix(1);
  return text;
}

}  // namespace

void LastLines::add(std::string_view bytes) {
  if (bytes.size() >= kKept) {
    kept_.assign(bytes.substr(bytes.size() - kKept));
    return;
  }
  kept_ += bytes;
  if (kept_.size() > 2 * kKept) kept_.erase(0, kept_.size() - kKept);
}

std::string LastLines::text() const {
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  std::string_view rest = kept_;
  while (!rest.empty()) {
    const std::size_t end = rest.rfind('\n');
    std::string line = readable(end == std::string_view::npos ? rest : rest.substr(end + 1));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
    if (line.empty()) continue;
    if (bytes + line.size() + 3 > kMaxBytes) {
      if (lines.empty()) lines.emplace_back(end_of(line, kMaxBytes));
      break;
    }
    bytes += line.size() + 3;
    lines.push_back(std::move(line));
  }
  std::string text;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) text.append(text.empty() ? "" : " | ").append(*line);
  return text;
}

}  // namespace chiliad::container
