#include "aws/arn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace chiliad::aws {

std::string_view Arn::resource_type() const {
  const std::size_t end = resource.find_first_of("/:");
  return end == std::string_view::npos ? std::string_view() : resource.substr(0, end);
}

std::string_view Arn::resource_id() const {
  const std::size_t end = resource.find_first_of("/:");
  return end == std::string_view::npos ? resource : resource.substr(end + 1);
}

std::string make_arn(std::string_view service, std::string_view region, std::string_view account,
                     std::string_view resource) {
  return fmt::format("arn:aws:{}:{}:{}:{}", service, region, account, resource);
}

std::string s3_arn(std::string_view bucket, std::string_view key) {
  return key.empty() ? fmt::format("arn:aws:s3:::{}", bucket) : fmt::format("arn:aws:s3:::{}/{}", bucket, key);
}

Result<Arn> parse_arn(std::string_view text) {
  constexpr std::size_t kMaxBytes = 2048;
  const auto bad = [text](std::string_view why) {
    return Error{ErrorCode::kInvalid, fmt::format("'{}' is no ARN: {}", text.substr(0, 200), why)};
  };
  if (text.size() > kMaxBytes) return bad("longer than 2048 bytes");
  std::array<std::string_view, 6> parts;
  std::string_view rest = text;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return bad("expected arn:partition:service:region:account:resource");
    parts[i] = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  parts[5] = rest;
  if (parts[0] != "arn") return bad("it does not start with 'arn:'");
  if (parts[1].empty() || parts[2].empty() || rest.empty()) return bad("partition, service or resource is missing");
  return Arn{parts[1], parts[2], parts[3], parts[4], parts[5]};
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace chiliad::aws
