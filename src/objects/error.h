// S3's errors: a code that clients branch on, its status, and S3's own words; written as S3's XML.
//
//   <Error><Code>NoSuchKey</Code><Message>...</Message><Key>a/b</Key><Resource>/bucket/a/b</Resource>
//   <RequestId>...</RequestId></Error>
//
// The table in error.cc is the only place where a code has a status. Messages are S3's where S3 has one; a further
// sentence says which limit or which value, where S3 leaves that out.
//
// Source: Amazon S3 API reference, "Error responses". Thread safety: values, pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/api_error.h"
#include "net/http_message.h"
#include "net/sigv4_check.h"

namespace chiliad::objects {

enum class S3Code : std::uint8_t {
  kAccessDenied,
  kAclNotSupported,
  kBadDigest,
  kBucketAlreadyExists,
  kBucketAlreadyOwnedByYou,
  kBucketNotEmpty,
  kConditionalRequestConflict,
  kEntityTooLarge,
  kEntityTooSmall,
  kIllegalLocationConstraint,
  kIncompleteBody,
  kInternalError,
  kInvalidArgument,
  kInvalidBucketName,
  kInvalidDigest,
  kInvalidLocationConstraint,
  kInvalidPart,
  kInvalidPartNumber,
  kInvalidPartOrder,
  kInvalidRange,
  kInvalidRequest,
  kInvalidStorageClass,
  kInvalidTag,
  kInvalidUri,
  kKeyTooLong,
  kMalformedXml,
  kMetadataTooLarge,
  kMethodNotAllowed,
  kMissingContentLength,
  kNoSuchBucket,
  kNoSuchBucketPolicy,
  kNoSuchConfiguration,
  kNoSuchCors,
  kNoSuchKey,
  kNoSuchLifecycle,
  kNoSuchPublicAccessBlock,
  kNoSuchReplication,
  kNoSuchTagSet,
  kNoSuchUpload,
  kNoSuchVersion,
  kNoSuchWebsite,
  kNoEncryption,
  kNoObjectLock,
  kNotImplemented,
  kNotModified,
  kPreconditionFailed,
  kServiceUnavailable,
  kSlowDown,
  kContentSha256Mismatch,
  kTooManyBuckets,
};

struct S3Error {
  int status;
  std::string code;
  std::string message;
  // Elements between Message and Resource: {"BucketName", "b"}.
  std::vector<std::pair<std::string_view, std::string>> details = {};
};

// The table's error; `message` replaces S3's words unless it is empty.
S3Error s3_error(S3Code code, std::string message = {});
S3Error s3_error(S3Code code, std::string_view detail_name, std::string detail);
// InvalidArgument with the argument's name and value.
S3Error invalid_argument(std::string message, std::string_view name, std::string_view value);
S3Error from_api_error(const aws::ApiError& error);
S3Error from_refusal(const net::sigv4::Refusal& refusal);

// The document. `path`: the request's, still percent-encoded.
std::string error_xml(const S3Error& error, std::string_view path, std::string_view request_id);

// Fills the response with it. A HEAD's answer and a 304 have no body, so that the status says it all.
void answer_error(const S3Error& error, const net::HttpRequest& request, std::string_view request_id,
                  net::HttpResponse& response);

}  // namespace chiliad::objects
