// XML bodies of S3 requests, read within limits: nothing is believed that S3's schema does not say.
//
// Element names are taken with or without S3's namespace, in any order; unknown elements are passed over, as S3 does.
// Entities beyond XML's own five and characters by number, DTDs and anything too large are refused.
//
// Source: Amazon S3 API reference, the request syntax of each operation. Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "objects/error.h"
#include "store/bucket_store.h"

namespace chiliad::objects {

// The largest body that is read as XML.
inline constexpr std::size_t kMostXmlBytes = std::size_t{8} << 20;
inline constexpr std::size_t kMostTags = 10;
inline constexpr std::size_t kMostBucketTags = 50;

struct DeleteEntry {
  std::string key;
  std::string version_id;           // Empty: not given.
  std::optional<std::string> etag;  // Delete only this one.
};
struct DeleteBody {
  std::vector<DeleteEntry> objects;
  bool quiet = false;
};
// Errors: MalformedXML: no Delete, none or more than 1000 objects, an object without key.
std::variant<DeleteBody, S3Error> read_delete(std::string_view xml);

// Errors: MalformedXML; InvalidPartOrder: numbers do not ascend; InvalidArgument: a number outside 1 to 10,000.
std::variant<std::vector<store::CompletedPart>, S3Error> read_complete(std::string_view xml);

// CreateBucketConfiguration's LocationConstraint; empty when there is none or no body.
std::variant<std::string, S3Error> read_location_constraint(std::string_view xml);

using Tags = store::Pairs;
// Errors: MalformedXML; InvalidTag: a key twice, too long or empty; BadRequest: more than `most`.
std::variant<Tags, S3Error> read_tagging(std::string_view xml, std::size_t most = kMostTags);
// The same of x-amz-tagging: "a=1&b=2", as in a query.
std::variant<Tags, S3Error> read_tagging_field(std::string_view field);

// What PutBucketTagging, PutBucketEncryption and PutPublicAccessBlock send, written anew: with what S3's schema has and
// nothing else. Errors: as read_tagging() with kMostBucketTags; MalformedXML: no such document, an unknown algorithm, a
// key where the algorithm has none, not one rule.
std::variant<std::string, S3Error> rewrite_bucket_tagging(std::string_view xml);
std::variant<std::string, S3Error> rewrite_bucket_encryption(std::string_view xml);
std::variant<std::string, S3Error> rewrite_public_access_block(std::string_view xml);

// "\"x\"" and "x" are x.
std::string_view unquoted(std::string_view etag);

}  // namespace chiliad::objects
