// Presigned addresses of S3's older Signature Version 2, checked: what the AWS CLI 1 and boto3 make for an endpoint of
// one's own unless they are told otherwise. Nothing else of version 2 is taken.
//
//   /bucket/key?AWSAccessKeyId=AKIA...&Expires=1175139620&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D
//
//   GET LF content-md5 LF content-type LF expires LF x-amz-*:value LF ... /bucket/key?acl...   --HMAC-SHA-1-->
//   Signature
//
// Rules the rest relies on:
//   1. What passes was signed with the secret for this method, path, Content-MD5, Content-Type, all x-amz-* fields and
//      parameters, before its expiry.
//   2. Version 2 signs some parameters by name and leaves the others out. A request with a parameter that it leaves out
//      is refused: nobody can make another request of somebody's address. So lists (prefix, marker, ...) cannot be
//      presigned with it.
//   3. Times of comparisons do not depend on the secret.
//
// Source: AWS, "Signing and authenticating REST requests" of S3 (version 2), "Query string request authentication
// alternative", whose example is in the tests. Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "net/sigv4_check.h"

namespace chiliad::net::sigv2 {

struct Claim {
  std::string access_key_id;
  std::string session_token;  // Empty: long-term keys.
  std::int64_t expires = 0;   // Seconds since 1970.
  std::string signature;      // Base64.
};

// std::monostate: the request is not one (then it may be of version 4). A refusal: it is one, and malformed, or names
// two schemes.
std::variant<std::monostate, Claim, sigv4::Refusal> read_presigned(const HttpRequest& request);

// None: the claim holds. `host_bucket`: the bucket that stands before the host; empty: it stands in the path.
std::optional<sigv4::Refusal> check_presigned(const Claim& claim, std::string_view secret, const HttpRequest& request,
                                              std::string_view host_bucket, sigv4::Time now);

}  // namespace chiliad::net::sigv2
