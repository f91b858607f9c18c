#include "store/key_place.h"

#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "store/key.h"

namespace chiliad::store {
namespace {

constexpr std::size_t kLongestName = 255;  // NAME_MAX of the file systems that we know.
constexpr std::size_t kChunk = 240;

std::string escape(std::string_view key) {
  std::string out;
  out.reserve(key.size() + 16);
  for (const char c : key) {
    if (c == '/') {
      out += "%2F";
    } else if (c == '%') {
      out += "%25";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const std::string_view code = text.substr(i, 3);
    if (code != "%2F" && code != "%25") return std::nullopt;
    out.push_back(code == "%2F" ? '/' : '%');
    i += 2;
  }
  return out;
}

// The names "." and ".." are no files: their first point is escaped. unescape() knows nothing of it, so that it is
// undone here.
constexpr std::string_view kPoint = "%2E";

std::string escaped_path(std::string_view key) {
  std::string text = escape(key);
  // The text of a file's or folder's name may not be "." or ".."; a chunk can only be that when it is the last.
  std::string path(kEscapedFolder);
  std::string_view rest = text;
  while (rest.size() > kChunk) {
    path.append(1, '/').append(rest.substr(0, kChunk)).append(1, '%');
    rest.remove_prefix(kChunk);
  }
  path.append(1, '/');
  if (rest == "." || rest == "..") {
    path.append(kPoint);
    rest.remove_prefix(1);
  }
  return path.append(rest);
}

std::optional<std::string> key_of_escaped(std::string_view path) {
  std::string text;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    const std::string_view name = path.substr(0, slash);
    if (name.size() != kChunk + 1 || name.back() != '%') return std::nullopt;
    text.append(name.substr(0, kChunk));
    path.remove_prefix(slash + 1);
  }
  if (path.empty() || path.size() > kChunk) return std::nullopt;
  if (path == "%2E" || path == "%2E.") {
    text.append(path == "%2E" ? "." : "..");
  } else {
    text.append(path);
  }
  return unescape(text);
}

}  // namespace

std::string_view wrong_with_s3_key(std::string_view key) {
  if (key.empty()) return "empty";
  if (key.size() > kLongestKey) return "longer than 1024 bytes";
  if (key.find('\0') != std::string_view::npos) return "a NUL in it";
  if (!is_utf8(key)) return "not UTF-8";
  return {};
}

bool has_plain_path(std::string_view key) {
  if (!wrong_with_key(key).empty()) return false;
  for (std::size_t start = 0; start <= key.size();) {
    const std::size_t end = std::min(key.find('/', start), key.size());
    if (end - start > kLongestName) return false;
    start = end + 1;
  }
  return true;
}

std::string path_of_key(std::string_view key, Place place) {
  if (place == Place::kEscaped) return escaped_path(key);
  CHILIAD_CHECK(has_plain_path(key));
  return std::string(key);
}

std::optional<KeyAndPlace> key_of_path(std::string_view path) {
  const std::string_view start = kEscapedFolder;
  if (path.size() > start.size() && path.starts_with(start) && path[start.size()] == '/') {
    std::optional<std::string> key = key_of_escaped(path.substr(start.size() + 1));
    // The one way to write it: what escape() would not have written is no object's file.
    if (!key || !wrong_with_s3_key(*key).empty() || escaped_path(*key) != path) return std::nullopt;
    return KeyAndPlace{std::move(*key), Place::kEscaped};
  }
  if (!wrong_with_s3_key(path).empty() || !has_plain_path(path)) return std::nullopt;
  return KeyAndPlace{std::string(path), Place::kPlain};
}

}  // namespace chiliad::store
