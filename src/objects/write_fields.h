// What the fields of a request say about an object that is written: headers to keep, tags, conditions, checksums.
//
// Rules:
//   1. What would change where or how an object may be read and is not done here (a customer's key, an object lock, a
//      grant to others) is refused, not passed over. What changes nothing is taken: x-amz-acl: private, storage classes
//      of S3, x-amz-server-side-encryption (echoed: how the disk is encrypted is up to who runs it).
//   2. "aws-chunked" is a frame, not an encoding: it is taken off Content-Encoding.
//
// Source: Amazon S3 API reference, PutObject; user guide, "Checking object integrity". Thread safety: pure functions.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/checksum.h"
#include "net/http_message.h"
#include "objects/error.h"
#include "store/bucket_store.h"

namespace chiliad::objects {

// Content-Type, Cache-Control, ..., x-amz-meta-*: names in lower case, equal ones joined by ','.
store::Pairs read_headers(const net::HttpRequest& request);

// Errors: NotImplemented, AccessControlListNotSupported, InvalidStorageClass, InvalidArgument.
std::optional<S3Error> check_write_fields(const net::HttpRequest& request);

// If-Match, If-None-Match: *. Errors: NotImplemented for others, as S3.
std::variant<store::PutCondition, S3Error> read_put_condition(const net::HttpRequest& request);

// How a body's bytes can be checked.
struct Announced {
  std::optional<ChecksumKind> kind;    // Of x-amz-checksum-<kind>, also when it comes in the trailer.
  std::optional<ChecksumValue> value;  // Unset: it comes in the trailer, or there is none.
  std::optional<ChecksumValue> md5;    // Content-MD5
};
// Errors: InvalidRequest: several, or not a value of that kind; InvalidDigest.
std::variant<Announced, S3Error> read_announced(const net::HttpRequest& request);
// The value of that kind out of a trailer's fields or a head's. Errors: InvalidRequest.
std::variant<std::optional<ChecksumValue>, S3Error> read_checksum(ChecksumKind kind, std::string_view text);

// x-amz-checksum-algorithm and x-amz-checksum-type, of CreateMultipartUpload and CopyObject.
struct ChecksumChoice {
  std::optional<ChecksumKind> kind;
  std::optional<store::ChecksumType> type;
};
std::variant<ChecksumChoice, S3Error> read_checksum_choice(const net::HttpRequest& request);

// "x-amz-checksum-crc32c".
std::string checksum_field(ChecksumKind kind);
// "FULL_OBJECT", "COMPOSITE".
std::string_view checksum_type_name(store::ChecksumType type);
// x-amz-checksum-* and x-amz-checksum-type of an object or part.
void add_checksum(net::HttpResponse& response, const std::optional<store::StoredChecksum>& checksum, bool with_type);
// x-amz-server-side-encryption and its key, as the request gave them.
void echo_encryption(const net::HttpRequest& request, net::HttpResponse& response);

}  // namespace chiliad::objects
