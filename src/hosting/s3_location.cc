#include "hosting/s3_location.h"

#include <algorithm>

namespace chiliad::hosting {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr std::size_t kMaxBytes = 1024;

Error wrong_uri(std::string_view uri, std::string_view reason) {
  std::string message("'");
  message.append(uri.substr(0, kMaxBytes)).append("': ").append(reason);
  return Error{ErrorCode::kInvalid, std::move(message)};
}

bool leaves_folder(std::string_view key) {
  while (!key.empty()) {
    const std::string_view part = key.substr(0, key.find('/'));
    if (part == "." || part == "..") return true;
    key.remove_prefix(std::min(key.size(), part.size() + 1));
  }
  return false;
}

}  // namespace

std::string S3Location::uri() const {
  std::string text(kScheme);
  return text.append(bucket).append("/").append(key);
}

Result<S3Location> parse_s3_uri(std::string_view uri) {
  if (uri.size() > kMaxBytes) return wrong_uri(uri, "longer than 1024 bytes");
  if (!uri.starts_with(kScheme)) return wrong_uri(uri, "expected s3://bucket/key");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(uri.begin(), uri.end(), is_control)) return wrong_uri(uri, "holds a control character");
  const std::string_view rest = uri.substr(kScheme.size());
  const std::string_view bucket = rest.substr(0, rest.find('/'));
  if (bucket.empty()) return wrong_uri(uri, "names no bucket");
  const std::string_view key = rest.substr(std::min(rest.size(), bucket.size() + 1));
  if (leaves_folder(key)) return wrong_uri(uri, "has a part '.' or '..'");
  return S3Location{std::string(bucket), std::string(key)};
}

S3Location as_folder(S3Location location) {
  if (!location.key.empty() && location.key.back() != '/') location.key += '/';
  return location;
}

}  // namespace chiliad::hosting
