#include "objects/write_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "objects/conditions.h"
#include "objects/request.h"
#include "store/pairs.h"

namespace chiliad::objects {
namespace {

constexpr std::string_view kHarmlessAcls[] = {"private", "bucket-owner-full-control", "bucket-owner-read"};
constexpr std::string_view kAcls[] = {"public-read", "public-read-write", "authenticated-read", "aws-exec-read",
                                      "log-delivery-write"};
constexpr std::string_view kStorageClasses[] = {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
    "GLACIER",  "DEEP_ARCHIVE",       "GLACIER_IR",  "SNOW",       "EXPRESS_ONEZONE",
    "OUTPOSTS"};
constexpr std::string_view kEncryptions[] = {"AES256", "aws:kms", "aws:kms:dsse"};
constexpr ChecksumKind kKinds[] = {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme,
                                   ChecksumKind::kSha1, ChecksumKind::kSha256};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "aws-chunked, gzip" -> "gzip".
std::string without_frame(std::string_view encodings) {
  std::string out;
  while (!encodings.empty()) {
    const std::size_t comma = std::min(encodings.find(','), encodings.size());
    const std::string_view one = trimmed(encodings.substr(0, comma));
    encodings.remove_prefix(std::min(comma + 1, encodings.size()));
    if (one.empty() || net::same_ignoring_case(one, "aws-chunked")) continue;
    out.append(out.empty() ? "" : ",").append(one);
  }
  return out;
}

S3Error not_implemented(std::string_view field) {
  return s3_error(S3Code::kNotImplemented, "Header", std::string(field));
}

// What x-amz-trailer announces, if it is a checksum.
std::optional<ChecksumKind> kind_in_trailer(const net::HttpRequest& request) {
  const std::string trailer = lower_case(trimmed(request.field("x-amz-trailer")));
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  if (!std::string_view(trailer).starts_with(kPrefix)) return std::nullopt;
  const std::optional<ChecksumKind> kind = checksum_kind(trailer.substr(kPrefix.size()));
  return kind && *kind != ChecksumKind::kMd5 ? kind : std::nullopt;
}

}  // namespace

store::Pairs read_headers(const net::HttpRequest& request) {
  store::Pairs headers;
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    std::string name = lower_case(request.field_name(i));
    if (!contains(store::kContentHeaders, name) && !name.starts_with("x-amz-meta-")) continue;
    std::string value(request.field_value(i));
    if (name == "content-encoding") value = without_frame(value);
    if (value.empty() && !name.starts_with("x-amz-meta-")) continue;
    const auto same =
        std::find_if(headers.begin(), headers.end(), [&](const auto& pair) { return pair.first == name; });
    if (same == headers.end())
      headers.emplace_back(std::move(name), std::move(value));
    else
      same->second.append(",").append(value);
  }
  return headers;
}

std::optional<S3Error> check_write_fields(const net::HttpRequest& request) {
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    const std::string name = lower_case(request.field_name(i));
    if (!name.starts_with("x-amz-")) continue;
    if (name.starts_with("x-amz-server-side-encryption-customer-") || name.starts_with("x-amz-object-lock-") ||
        name.starts_with("x-amz-copy-source-server-side-encryption-customer-") || name == "x-amz-write-offset-bytes")
      return not_implemented(name);
    if (name.starts_with("x-amz-grant-")) return s3_error(S3Code::kAclNotSupported);
  }
  if (const std::string_view acl = request.field("x-amz-acl"); !acl.empty() && !contains(kHarmlessAcls, acl)) {
    return contains(kAcls, acl) ? s3_error(S3Code::kAclNotSupported)
                                : invalid_argument("The canned ACL is not valid", "x-amz-acl", acl);
  }
  if (const std::string_view given = request.field("x-amz-storage-class");
      !given.empty() && !contains(kStorageClasses, given))
    return s3_error(S3Code::kInvalidStorageClass, "StorageClassRequested", std::string(given));
  if (const std::string_view given = request.field("x-amz-server-side-encryption");
      !given.empty() && !contains(kEncryptions, given)) {
    return invalid_argument("The encryption method specified is not supported", "x-amz-server-side-encryption", given);
  }
  return std::nullopt;
}

std::variant<store::PutCondition, S3Error> read_put_condition(const net::HttpRequest& request) {
  for (const std::string_view name : {"If-Modified-Since", "If-Unmodified-Since"})
    if (!request.field(name).empty()) return not_implemented(name);
  store::PutCondition condition;
  const std::vector<std::string> match = read_etags(request.field("If-Match"));
  const std::vector<std::string> none_match = read_etags(request.field("If-None-Match"));
  if (match.size() + none_match.size() > 1) return not_implemented("If-Match, If-None-Match");
  if (!none_match.empty()) {
    if (none_match[0] != "*") return not_implemented("If-None-Match");
    condition.only_if_absent = true;
  }
  if (!match.empty()) condition.only_if_etag = match[0];
  return condition;
}

std::variant<std::optional<ChecksumValue>, S3Error> read_checksum(ChecksumKind kind, std::string_view text) {
  std::optional<ChecksumValue> value = ChecksumValue::read(kind, text);
  if (!value)
    return s3_error(S3Code::kInvalidRequest, fmt::format("Value for {} header is invalid.", checksum_field(kind)));
  return value;
}

std::variant<Announced, S3Error> read_announced(const net::HttpRequest& request) {
  Announced announced;
  for (const ChecksumKind kind : kKinds) {
    const std::string_view text = request.field(checksum_field(kind));
    if (text.empty()) continue;
    if (announced.kind) {
      return s3_error(S3Code::kInvalidRequest,
                      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    auto value = read_checksum(kind, text);
    if (auto* error = std::get_if<S3Error>(&value)) return std::move(*error);
    announced.kind = kind;
    announced.value = std::get<0>(value);
  }
  if (const std::optional<ChecksumKind> kind = kind_in_trailer(request)) {
    if (announced.kind) {
      return s3_error(S3Code::kInvalidRequest,
                      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    announced.kind = kind;
  }
  if (const std::string_view text = request.field("x-amz-sdk-checksum-algorithm"); !text.empty()) {
    const std::optional<ChecksumKind> kind = checksum_kind(text);
    if (!kind) {
      return s3_error(S3Code::kInvalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.");
    }
    if (!announced.kind && request.field("Content-MD5").empty()) {
      return s3_error(S3Code::kInvalidRequest,
                      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                      "headers were found.");
    }
  }
  if (const std::string_view text = request.field("Content-MD5"); !text.empty()) {
    announced.md5 = ChecksumValue::read(ChecksumKind::kMd5, text);
    if (!announced.md5) return s3_error(S3Code::kInvalidDigest, "Content-MD5", std::string(text.substr(0, 100)));
  }
  return announced;
}

std::variant<ChecksumChoice, S3Error> read_checksum_choice(const net::HttpRequest& request) {
  ChecksumChoice choice;
  if (const std::string_view text = request.field("x-amz-checksum-algorithm"); !text.empty()) {
    choice.kind = checksum_kind(text);
    if (!choice.kind || *choice.kind == ChecksumKind::kMd5) {
      return s3_error(S3Code::kInvalidRequest,
                      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
                      "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    }
  }
  if (const std::string_view text = request.field("x-amz-checksum-type"); !text.empty()) {
    if (text == "FULL_OBJECT")
      choice.type = store::ChecksumType::kFullObject;
    else if (text == "COMPOSITE")
      choice.type = store::ChecksumType::kComposite;
    else
      return s3_error(S3Code::kInvalidRequest, "Value for x-amz-checksum-type header is invalid.");
    if (!choice.kind) {
      return s3_error(S3Code::kInvalidRequest,
                      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    }
  }
  return choice;
}

std::string checksum_field(ChecksumKind kind) { return "x-amz-checksum-" + lower_case(checksum_name(kind)); }

std::string_view checksum_type_name(store::ChecksumType type) {
  return type == store::ChecksumType::kFullObject ? "FULL_OBJECT" : "COMPOSITE";
}

void add_checksum(net::HttpResponse& response, const std::optional<store::StoredChecksum>& checksum, bool with_type) {
  if (!checksum) return;
  response.add_field(checksum_field(checksum->kind), checksum->text);
  if (with_type) response.add_field("x-amz-checksum-type", checksum_type_name(checksum->type));
}

void echo_encryption(const net::HttpRequest& request, net::HttpResponse& response) {
  for (const std::string_view name : {"x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
                                      "x-amz-server-side-encryption-bucket-key-enabled"})
    if (const std::string_view value = request.field(name); !value.empty()) response.add_field(name, value);
}

}  // namespace chiliad::objects
