// What a request claims about its signer, and whether the claim holds: the server's side of Signature Version 4.
//
//   request --read_signature()--> claim --(whose key is that?)--> SigningKey --check_signature()--> nothing, or a
//   Refusal
//
// No store of keys is here: the caller finds the secret by access_key_id (and checks session_token), compares region
// and service with its own, and may keep the SigningKey for the day.
//
// Rules the rest relies on:
//   1. What passes was signed with the secret for this method, path, query, host, all x-amz-* fields and this payload
//      hash, within 15 minutes of `now` or, presigned, before its expiry. The same request may pass again within that
//      time, as on AWS.
//   2. Other services sign the body itself: it is hashed here. S3 signs what x-amz-content-sha256 says, so whoever
//   takes
//      the body compares it with payload_hash: 64 hex digits, UNSIGNED-PAYLOAD, or STREAMING-... (net/aws_chunked.h).
//   3. Times of comparisons do not depend on the secret.
//
// Source: AWS, "Authenticating requests (AWS Signature Version 4)" of S3, by header and by query; S3's error codes.
//
// Thread safety: pure functions. Cost: about 3 us a check with a kept key.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "net/http_message.h"
#include "net/sigv4.h"

namespace chiliad::net::sigv4 {

// Why a request is not let in. Status, code and message are S3's; services with other words map the reason.
struct Refusal {
  enum class Reason : std::uint8_t {
    kMalformed,      // Authorization is not what it should be.                        400
    kNotSupported,   // Another scheme, an older version, or two schemes at a time.    400
    kNoDate,         // Neither X-Amz-Date nor Date, or not a date.                    403
    kNoPayloadHash,  // X-Amz-Content-Sha256 is missing or malformed.                  400
    kNotSigned,      // A field that must be signed is not.                            403
    kSkewed,         // Signed more than 15 minutes ago, or from now.                  403
    kExpired,        // Presigned, and its time is over.                               403
    kMismatch,       // The signature is another one.                                  403
    kBody,           // The body is not framed as announced, or ends early.            400
  };
  Reason reason;
  int status;
  std::string_view code;  // "SignatureDoesNotMatch"; a literal.
  std::string message;
};

struct SignatureClaim {
  std::string access_key_id;
  std::string session_token;  // Empty: long-term keys.
  Scope scope;                // Its time is the request's: the day of the credential has been compared.
  std::string signed_fields;  // "host;x-amz-date"
  std::string signature;      // 64 hex digits.
  std::string payload_hash;   // As claimed; empty where the service hashes the body itself.
  bool presigned = false;
  std::chrono::seconds expires{0};  // Presigned: 1 to 604800.

  std::string day() const { return scope.timestamp().substr(0, 8); }
};

// std::monostate: the request names no signer (anonymous).
using ReadSignature = std::variant<std::monostate, SignatureClaim, Refusal>;

// Reads Authorization or the query's X-Amz-*. Whether S3's payload hash is demanded follows from the claim's service.
// Does not look at the body, so it works on a head alone.
ReadSignature read_signature(const HttpRequest& request);

// None: the claim holds. Requires: `key` made from the claimed signer's secret for claim.day(), region and service.
// With PathRule::kOthers the body must be there.
std::optional<Refusal> check_signature(const SignatureClaim& claim, const SigningKey& key, const HttpRequest& request,
                                       PathRule rule, Time now);

}  // namespace chiliad::net::sigv4
