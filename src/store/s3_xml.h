// The few XML answers of S3 that the client reads. The bytes are hostile: sizes and counts are checked, entities other
// than XML's own five and document types mean nothing to the parser (pugixml), so nothing expands.
//
// Source: Amazon S3 API reference: ListBuckets, ListObjectsV2, CreateMultipartUpload, CompleteMultipartUpload, "Error
// responses".
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/buckets.h"
#include "store/object_store.h"

namespace chiliad::store {

struct S3Error {
  std::string code;     // "NoSuchKey"; empty when the body is no <Error>.
  std::string message;  // Control characters as blanks, at most 300 bytes.
  std::string region;   // Where the bucket is, if the answer says so.
};
S3Error parse_s3_error(std::string_view xml);

// Keys and groups as they stand, unescaped if the answer says that they are escaped.
// Errors: kCorrupt: no such document, an object without key or size, a page that goes on without a token.
Result<ListPage> parse_list(std::string_view xml);

// The buckets of a ListBuckets answer. Errors: kCorrupt: no such document, a bucket without a name.
Result<std::vector<BucketInfo>> parse_buckets(std::string_view xml);

// The <UploadId>. Errors: kCorrupt.
Result<std::string> parse_upload_id(std::string_view xml);

// The <ETag> of a completed upload, without quotes. Errors: kCorrupt.
Result<std::string> parse_completed(std::string_view xml);

// <CompleteMultipartUpload> with these ETags as parts 1, 2, ...
std::string complete_xml(const std::vector<std::string>& etags);

std::string without_quotes(std::string_view etag);

}  // namespace chiliad::store
