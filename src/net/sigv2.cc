#include "net/sigv2.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/number.h"
#include "net/uri.h"

namespace chiliad::net::sigv2 {
namespace {

using sigv4::Refusal;
using Reason = Refusal::Reason;

// Parameters that stand in the string to sign.
constexpr std::string_view kSigned[] = {"accelerate",
                                        "acl",
                                        "analytics",
                                        "cors",
                                        "delete",
                                        "inventory",
                                        "lifecycle",
                                        "location",
                                        "logging",
                                        "metrics",
                                        "notification",
                                        "object-lock",
                                        "partNumber",
                                        "policy",
                                        "replication",
                                        "requestPayment",
                                        "response-cache-control",
                                        "response-content-disposition",
                                        "response-content-encoding",
                                        "response-content-language",
                                        "response-content-type",
                                        "response-expires",
                                        "restore",
                                        "select",
                                        "select-type",
                                        "tagging",
                                        "torrent",
                                        "uploadId",
                                        "uploads",
                                        "versionId",
                                        "versioning",
                                        "versions",
                                        "website"};
constexpr std::string_view kClaim[] = {"AWSAccessKeyId", "Expires", "Signature"};

struct Parameter {
  std::string name;
  std::string value;
  bool has_value;
};

bool contains(const auto& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

std::vector<Parameter> read_query(std::string_view query) {
  std::vector<Parameter> read;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name = percent_decode(pair.substr(0, equals));
    // A '+' in what S3 reads is a blank to it; those of the claim are base64, and some clients leave them as they are.
    const bool plus_is_blank = contains(kSigned, name);
    read.push_back({std::move(name), percent_decode(pair.substr(std::min(equals + 1, pair.size())), plus_is_blank),
                    equals < pair.size()});
  }
  return read;
}

// Signed as if it were a field.
bool is_field(std::string_view lower_name) {
  return lower_name.starts_with("x-amz-") || lower_name == "content-md5" || lower_name == "content-type";
}

std::string string_to_sign(const Claim& claim, const HttpRequest& request, const std::vector<Parameter>& query,
                           std::string_view host_bucket) {
  std::map<std::string, std::string> fields;
  const auto add = [&](const std::string& name, std::string_view value) {
    const auto [at, is_new] = fields.emplace(name, value);
    if (!is_new) at->second.append(",").append(value);
  };
  for (std::size_t i = 0; i < request.field_count(); ++i)
    if (const std::string name = lower_case(request.field_name(i)); is_field(name)) add(name, request.field_value(i));
  std::vector<const Parameter*> resources;
  for (const Parameter& each : query) {
    if (const std::string name = lower_case(each.name); is_field(name)) add(name, each.value);
    if (contains(kSigned, each.name)) resources.push_back(&each);
  }
  std::sort(resources.begin(), resources.end(),
            [](const Parameter* a, const Parameter* b) { return a->name < b->name; });
  std::string text(request.method());
  text.append("\n").append(fields["content-md5"]).append("\n").append(fields["content-type"]).append("\n");
  text.append(std::to_string(claim.expires)).append("\n");
  for (const auto& [name, value] : fields)
    if (name.starts_with("x-amz-")) text.append(name).append(":").append(value).append("\n");
  if (!host_bucket.empty()) text.append("/").append(host_bucket);
  text.append(request.path());
  char separator = '?';
  for (const Parameter* each : resources) {
    text.append(1, separator).append(each->name);
    if (each->has_value) text.append("=").append(each->value);
    separator = '&';
  }
  return text;
}

std::string hmac_sha1(std::string_view key, std::string_view message) {
  std::array<std::uint8_t, 20> digest{};
  unsigned size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), digest.data(), &size);
  return base64(digest);
}

}  // namespace

std::variant<std::monostate, Claim, Refusal> read_presigned(const HttpRequest& request) {
  if (request.query().find("AWSAccessKeyId") == std::string_view::npos) return std::monostate();
  Claim claim;
  std::array<int, std::size(kClaim)> seen{};
  std::string expires;
  for (const Parameter& each : read_query(request.query())) {
    const auto* at = std::find(std::begin(kClaim), std::end(kClaim), each.name);
    if (at != std::end(kClaim)) ++seen[static_cast<std::size_t>(at - std::begin(kClaim))];
    if (each.name == "AWSAccessKeyId") claim.access_key_id = each.value;
    if (each.name == "Expires") expires = each.value;
    if (each.name == "Signature") claim.signature = each.value;
    const std::string name = lower_case(each.name);
    if (name == "x-amz-security-token") claim.session_token = each.value;
    if (name == "x-amz-algorithm" || name == "x-amz-credential" || name == "x-amz-signature") ++seen[0];
  }
  if (seen[0] == 0) return std::monostate();
  if (!request.field("authorization").empty()) ++seen[0];
  if (seen[0] > 1) {
    return Refusal{Reason::kNotSupported, 400, "InvalidArgument", "Only one auth mechanism allowed"};
  }
  const std::optional<std::int64_t> seconds = parse_integer(expires);
  if (seen[1] != 1 || seen[2] != 1 || !seconds || claim.access_key_id.empty() || claim.access_key_id.size() > 128) {
    return Refusal{Reason::kMalformed, 403, "AccessDenied",
                   "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"};
  }
  claim.expires = *seconds;
  return claim;
}

std::optional<Refusal> check_presigned(const Claim& claim, std::string_view secret, const HttpRequest& request,
                                       std::string_view host_bucket, sigv4::Time now) {
  if (claim.expires < now.time_since_epoch().count())
    return Refusal{Reason::kExpired, 403, "AccessDenied", "Request has expired"};
  const std::vector<Parameter> query = read_query(request.query());
  for (const Parameter& each : query) {
    if (contains(kClaim, each.name) || contains(kSigned, each.name) || is_field(lower_case(each.name))) continue;
    return Refusal{Reason::kNotSigned, 403, "AccessDenied",
                   "The query parameter " + each.name.substr(0, 100) +
                       " is none that signature version 2 signs: presign with version 4 (signature_version = s3v4)"};
  }
  const std::string expected = hmac_sha1(secret, string_to_sign(claim, request, query, host_bucket));
  if (equal_in_constant_time(expected, claim.signature)) return std::nullopt;
  return Refusal{Reason::kMismatch, 403, "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided. Check your key and "
                 "signing method."};
}

}  // namespace chiliad::net::sigv2
