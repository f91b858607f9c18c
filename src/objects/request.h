// What an S3 request asks for: bucket, key, query and the operation that these and the method name.
//
//   GET /bucket/a%20b?tagging                      kGetObjectTagging   bucket "bucket", key "a b"
//   GET /?list-type=2&prefix=x  Host: b.localhost  kListObjectsV2      bucket "b"
//
// Rules the rest relies on:
//   1. Escapes are decoded once and exactly: "%2F" in a path is a '/' of the key, '+' a plus, "." and ".." are parts of
//      the key like others. A '%' that begins no escape is refused: whoever asks about permissions and whoever opens
//      the object see the same key.
//   2. Bucket names pass store::wrong_with_bucket_name() before anybody uses them; keys have 1 to 1024 bytes of UTF-8.
//   3. A sub-resource that S3 has and this server has not is kNotImplemented, never the operation without it: a
//      "PUT /b/k?legal-hold" must not replace the object.
//
// Source: Amazon S3 API reference, "Actions"; user guide, "Virtual hosting of buckets", "Bucket naming rules".
//
// Thread safety: values, pure functions.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/http_message.h"
#include "objects/error.h"
#include "store/bucket_store.h"

namespace chiliad::objects {

bool contains(const auto& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

enum class Operation : std::uint8_t {
  kListBuckets,
  kCreateBucket,
  kHeadBucket,
  kDeleteBucket,
  kGetBucketConfiguration,  // Request::sub_resource says which.
  kPutBucketConfiguration,  // The same.
  kDeleteBucketConfiguration,
  kPutBucketAcl,
  kListObjects,
  kListObjectsV2,
  kListMultipartUploads,
  kDeleteObjects,
  kGetObject,
  kHeadObject,
  kPutObject,
  kCopyObject,
  kDeleteObject,
  kGetObjectAttributes,
  kGetObjectAcl,
  kPutObjectAcl,
  kGetObjectTagging,
  kPutObjectTagging,
  kDeleteObjectTagging,
  kCreateMultipartUpload,
  kUploadPart,
  kUploadPartCopy,
  kCompleteMultipartUpload,
  kAbortMultipartUpload,
  kListParts,
  kPreflight,  // A browser's OPTIONS.
  kNotImplemented,
  kMethodNotAllowed,
};

// The decoded parameters of a query, in the order sent.
class Query {
 public:
  // Errors: InvalidURI: a malformed escape, more than 100 parameters.
  static std::variant<Query, S3Error> read(std::string_view query);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  // The first value; none when the parameter is missing. "?acl" and "?acl=" have the empty value.
  std::optional<std::string_view> get(std::string_view name) const;
  // The same, empty when missing.
  std::string_view text(std::string_view name) const { return get(name).value_or(std::string_view()); }

 private:
  const std::pair<std::string, std::string>* find(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> list_;
};

struct Request {
  Operation operation = Operation::kMethodNotAllowed;
  std::string bucket;             // Empty: the service itself.
  std::string key;                // Empty: the bucket itself.
  std::string_view sub_resource;  // "acl", "uploads", ... (a literal); empty: none.
  Query query;
};

// Where buckets stand before the host: "b.localhost" is bucket b if "localhost" is in the list.
struct Addressing {
  std::vector<std::string> hosts = {"localhost"};
};

// Errors: InvalidURI, InvalidBucketName, KeyTooLongError.
std::variant<Request, S3Error> read_request(const net::HttpRequest& head, const Addressing& addressing);

// x-amz-copy-source: "bucket/key" or "/bucket/key", percent-encoded, perhaps with "?versionId=null".
// Errors: InvalidArgument, NoSuchVersion.
std::variant<store::CopySource, S3Error> read_copy_source(std::string_view value);

// Every escape decoded; none when there is a malformed one.
std::optional<std::string> decode_exactly(std::string_view text, bool plus_is_blank);

}  // namespace chiliad::objects
