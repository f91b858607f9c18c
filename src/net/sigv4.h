// AWS Signature Version 4: what a client adds to a request, from the pieces that a server needs to check it.
//
//   canonical request -> its SHA-256 in the string to sign -> HMAC with a key made of secret, day, region and service
//
// Rule the rest relies on: canonical_request() gives the same text for a request before it is sent and as it arrives,
// however either side wrote the escapes of path and query; so a server signs what it received with the secret it knows
// and compares (net/sigv4_check.h).
//
// Source: AWS, "Signature Version 4 signing process"; its published test suite; S3's "Authenticating requests".
// Details and what is left out: doc/sigv4.md.
//
// Thread safety: pure functions.

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace chiliad::net {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct Credentials;
class HttpRequest;

namespace sigv4 {

using Time = std::chrono::sys_seconds;

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// How a service reads paths: S3 as they are, the others with "." and ".." resolved and escapes escaped again.
enum class PathRule { kS3, kOthers };

struct Scope {
  Time time;
  std::string region;
  std::string service;

  std::string timestamp() const;  // "20150830T123600Z"
  std::string text() const;       // "20150830/us-east-1/s3/aws4_request"
};

struct Request {
  std::string_view method;
  std::string_view path;   // As on the wire, from the '/'.
  std::string_view query;  // As on the wire, without the '?'.
  const HttpFields& fields;
};

// "UNSIGNED-PAYLOAD" as payload_hash leaves the body out: presigned requests to S3 do so.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Only the fields named in signed_fields ("host;x-amz-date": lower case, ascending) take part.
std::string canonical_request(const Request& request, std::string_view signed_fields, std::string_view payload_hash,
                              PathRule rule);
// The same of a request that arrived. `query` stands in for its own: a presigned one is signed without its signature.
std::string canonical_request(const HttpRequest& request, std::string_view query, std::string_view signed_fields,
                              std::string_view payload_hash, PathRule rule);
// The names of all fields that way.
std::string field_names(const HttpFields& fields);

std::string string_to_sign(const Scope& scope, std::string_view canonical_request);

// What signs for one secret, day, region and service. Worth keeping: making one costs four times as much as using it.
class SigningKey {
 public:
  // `day`: "20150830".
  SigningKey(std::string_view secret, std::string_view day, std::string_view region, std::string_view service);
  // 64 hex digits.
  std::string sign(std::string_view string_to_sign) const;

 private:
  Sha256Digest key_;
};

// 64 hex digits.
std::string signature(std::string_view secret, const Scope& scope, std::string_view string_to_sign);

// Adds X-Amz-Date, X-Amz-Content-Sha256 (S3 only), X-Amz-Security-Token (if there is one) and Authorization.
// Requires: fields hold Host, and all else that is to be signed; none of those four.
void sign(const Credentials& credentials, const Scope& scope, std::string_view method, std::string_view path,
          std::string_view query, std::string_view payload_hash, HttpFields& fields);

// The query with which anybody may send the request for `seconds` (1 to 604800) from scope.time, with no field but
// Host.
std::string presigned_query(const Credentials& credentials, const Scope& scope, std::string_view method,
                            std::string_view host, std::string_view path, std::string_view query,
                            std::chrono::seconds seconds);

}  // namespace sigv4
}  // namespace chiliad::net
