#include "job/location.h"

#include "store/key.h"

namespace chiliad::job {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr std::string_view kRoot = "/opt/ml/";
constexpr std::size_t kMaxUri = 1024;
constexpr std::size_t kMaxLocalPath = 256;
constexpr std::size_t kMaxPart = 255;  // Of Linux's file systems.
constexpr std::size_t kShown = 200;

Error about(std::string_view text, std::string_view what) {
  std::string message("'");
  message.append(shown(text)).append("': ").append(what);
  return {ErrorCode::kInvalid, std::move(message)};
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

Result<S3Location> parse_s3_uri(std::string_view uri) {
  const auto bad = [&](std::string_view what) { return about(uri, what); };
  if (uri.size() > kMaxUri) return bad("longer than 1024 bytes");
  if (!uri.starts_with(kScheme)) return bad("expected s3://bucket/prefix");
  if (!is_plain(uri)) return bad("holds control characters");
  const std::string_view rest = uri.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  S3Location location;
  location.bucket = rest.substr(0, slash);
  if (location.bucket.empty()) return bad("the bucket is missing");
  if (slash != std::string_view::npos) location.key = rest.substr(slash + 1);
  return location;
}

std::string join_key(std::string_view prefix, std::string_view name) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  while (name.starts_with('/')) name.remove_prefix(1);
  std::string key(prefix);
  if (!key.empty()) key.push_back('/');
  return key.append(name);
}

std::string s3_uri(std::string_view bucket, std::string_view key) {
  std::string uri(kScheme);
  uri.append(bucket).push_back('/');
  return uri.append(key);
}

Result<std::string> below_root(std::string_view local_path) {
  const auto bad = [&](std::string_view what) { return about(local_path, what); };
  if (local_path.size() > kMaxLocalPath) return bad("longer than 256 bytes");
  if (!is_plain(local_path)) return bad("holds control characters");
  if (!local_path.starts_with(kRoot)) return bad("expected a path below /opt/ml");
  std::string below;
  std::string_view rest = local_path.substr(kRoot.size());
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (part.empty()) continue;
    if (part == "." || part == "..") return bad("holds a part '.' or '..'");
    if (!below.empty()) below += '/';
    below += part;
  }
  if (below.empty()) return bad("expected a path below /opt/ml");
  return below;
}

std::string_view wrong_with_file_name(std::string_view name) {
  if (const std::string_view wrong = store::wrong_with_key(name); !wrong.empty()) return wrong;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (end - at > kMaxPart) return "a part of more than 255 bytes";
    at = end + 1;
  }
  return {};
}

std::string shown(std::string_view name) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : name.substr(0, kShown)) {
    if (c >= 0x20 && c < 0x7f) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text += "\\x";
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  if (name.size() > kShown) text += "...";
  return text;
}

}  // namespace chiliad::job
