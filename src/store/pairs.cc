#include "store/pairs.h"

#include <algorithm>
#include <unordered_set>

#include "base/utf8.h"
#include "store/bucket_store.h"
#include "store/key.h"

namespace chiliad::store {
namespace {

constexpr std::string_view kUserMetadata = "x-amz-meta-";
constexpr std::size_t kMostHeaderBytes = 8192;
constexpr std::size_t kMostTags = 10;
constexpr std::size_t kMostTagKey = 128;
constexpr std::size_t kMostTagValue = 256;

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7F'; });
}

// Characters of UTF-8.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string pack_pairs(const Pairs& pairs) {
  std::string bytes;
  for (const auto& [name, value] : pairs) bytes.append(name).append(1, '\0').append(value).append(1, '\0');
  return bytes;
}

std::optional<Pairs> unpack_pairs(std::string_view bytes) {
  Pairs pairs;
  while (!bytes.empty()) {
    const std::size_t middle = bytes.find('\0');
    if (middle == std::string_view::npos) return std::nullopt;
    const std::size_t end = bytes.find('\0', middle + 1);
    if (end == std::string_view::npos) return std::nullopt;
    pairs.emplace_back(bytes.substr(0, middle), bytes.substr(middle + 1, end - middle - 1));
    bytes.remove_prefix(end + 1);
  }
  return pairs;
}

Outcome<Done> check_headers(const Pairs& headers) {
  std::unordered_set<std::string_view> seen;
  std::size_t user_bytes = 0;
  std::size_t content_bytes = 0;
  for (const auto& [name, value] : headers) {
    const bool user = name.starts_with(kUserMetadata) && name.size() > kUserMetadata.size();
    if (!user && std::ranges::find(kContentHeaders, name) == kContentHeaders.end())
      return refuse(Refusal::kInvalidArgument, "header '" + name + "' is none that is kept with an object");
    if (has_control(name) || has_control(value))
      return refuse(Refusal::kInvalidArgument, "header '" + name.substr(0, 64) + "': a control character");
    if (!seen.insert(name).second) return refuse(Refusal::kInvalidArgument, "header '" + name + "' is there twice");
    (user ? user_bytes : content_bytes) += name.size() - (user ? kUserMetadata.size() : 0) + value.size();
  }
  if (user_bytes > kMostUserMetadataBytes)
    return refuse(Refusal::kMetadataTooLarge,
                  "user metadata of " + std::to_string(user_bytes) + " bytes; at most 2048 are kept with an object");
  if (content_bytes > kMostHeaderBytes) return refuse(Refusal::kInvalidArgument, "content headers of over 8192 bytes");
  return Done{};
}

Outcome<Done> check_tags(const Pairs& tags) {
  if (tags.size() > kMostTags) return refuse(Refusal::kInvalidTag, "more than 10 tags");
  std::unordered_set<std::string_view> seen;
  for (const auto& [key, value] : tags) {
    if (!is_utf8(key) || !is_utf8(value) || has_control(key) || has_control(value))
      return refuse(Refusal::kInvalidTag, "a tag with control characters, or not UTF-8");
    if (key.empty() || length_of(key) > kMostTagKey)
      return refuse(Refusal::kInvalidTag, "a tag's key has to have 1 to 128 characters");
    if (length_of(value) > kMostTagValue)
      return refuse(Refusal::kInvalidTag, "tag '" + key + "': its value has more than 256 characters");
    if (!seen.insert(key).second) return refuse(Refusal::kInvalidTag, "tag '" + key + "' is there twice");
  }
  return Done{};
}

}  // namespace chiliad::store
