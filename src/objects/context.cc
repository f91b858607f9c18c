#include "objects/context.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/arn.h"
#include "base/number.h"

namespace chiliad::objects {
namespace {

// The table's code for what S3 has a name for.
std::optional<S3Code> code_of(store::Refusal refusal) {
  using enum store::Refusal;
  switch (refusal) {
    case kNone: return std::nullopt;
    case kNoSuchBucket: return S3Code::kNoSuchBucket;
    case kNoSuchKey: return S3Code::kNoSuchKey;
    case kNoSuchUpload: return S3Code::kNoSuchUpload;
    case kNoSuchDocument: return S3Code::kNoSuchConfiguration;
    case kBucketAlreadyOwnedByYou: return S3Code::kBucketAlreadyOwnedByYou;
    case kBucketNotEmpty: return S3Code::kBucketNotEmpty;
    case kInvalidBucketName: return S3Code::kInvalidBucketName;
    case kTooManyBuckets: return S3Code::kTooManyBuckets;
    case kInvalidArgument: return S3Code::kInvalidArgument;
    case kKeyTooLong: return S3Code::kKeyTooLong;
    case kMetadataTooLarge: return S3Code::kMetadataTooLarge;
    case kInvalidTag: return S3Code::kInvalidTag;
    case kEntityTooLarge: return S3Code::kEntityTooLarge;
    case kEntityTooSmall: return S3Code::kEntityTooSmall;
    case kBadDigest: return S3Code::kBadDigest;
    case kIncompleteBody: return S3Code::kIncompleteBody;
    case kInvalidPart: return S3Code::kInvalidPart;
    case kInvalidPartOrder: return S3Code::kInvalidPartOrder;
    case kInvalidRequest: return S3Code::kInvalidRequest;
    case kPreconditionFailed: return S3Code::kPreconditionFailed;
    case kNotModified: return S3Code::kNotModified;
  }
  return std::nullopt;
}

// What went wrong on our side: what the person who runs the server needs to know is in the message.
S3Error from_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNoSpace:
      return {507, "InsufficientStorage",
              "The server's disk is full: make room and send the request again. " + error.message};
    case ErrorCode::kUnavailable:
      return s3_error(S3Code::kSlowDown, "Please reduce your request rate. " + error.message);
    case ErrorCode::kDeadline: return s3_error(S3Code::kServiceUnavailable, error.message);
    case ErrorCode::kConflict: return s3_error(S3Code::kConditionalRequestConflict, error.message);
    case ErrorCode::kInvalid: return s3_error(S3Code::kInvalidRequest, error.message);
    default: return s3_error(S3Code::kInternalError, error.message);
  }
}

}  // namespace

Refused allow(const Context& context, std::string_view action, std::string_view bucket, std::string_view key,
              const aws::Conditions& conditions) {
  const std::string arn = bucket.empty() ? std::string("arn:aws:s3:::*") : aws::s3_arn(bucket, key);
  const aws::Decision decision = context.caller.decide(action, arn, conditions);
  if (decision == aws::Decision::kAllowed) return std::nullopt;
  // S3 says no more to strangers.
  if (context.caller.anonymous()) return s3_error(S3Code::kAccessDenied);
  return from_api_error(aws::access_denied(context.caller, action, arn, decision));
}

S3Error about_missing_key(const Context& context, const store::Failure& failure) {
  if (failure.refusal == store::Refusal::kNoSuchKey)
    if (Refused refused = allow(context, "s3:ListBucket", context.request.bucket)) return std::move(*refused);
  return from_failure(failure, context.request);
}

S3Error from_failure(const store::Failure& failure, std::string_view bucket, std::string_view key) {
  const std::optional<S3Code> code = code_of(failure.refusal);
  if (!code) return from_error(failure.error);
  switch (*code) {
    case S3Code::kNoSuchBucket:
    case S3Code::kBucketNotEmpty:
    case S3Code::kBucketAlreadyOwnedByYou:
    case S3Code::kInvalidBucketName: return s3_error(*code, "BucketName", std::string(bucket));
    case S3Code::kNoSuchKey: return s3_error(*code, "Key", std::string(key));
    // Which limit, which value: the store says it, S3 does not.
    case S3Code::kInvalidArgument:
    case S3Code::kInvalidRequest:
    case S3Code::kMetadataTooLarge:
    case S3Code::kInvalidTag:
    case S3Code::kBadDigest: return s3_error(*code, failure.error.message);
    default: return s3_error(*code);
  }
}

S3Error from_failure(const store::Failure& failure, const Request& request) {
  return from_failure(failure, request.bucket, request.key);
}

void answer_xml(net::HttpResponse& response, std::string xml) {
  response.content_type = "application/xml";
  response.body = std::move(xml);
}

void answer_nothing(net::HttpResponse& response) {
  response.status = 204;
  response.content_type = {};
}

std::string in_quotes(std::string_view etag) { return std::string("\"").append(etag).append("\""); }

std::variant<int, S3Error> read_count(std::string_view text, std::string_view name, int fallback, int most) {
  if (text.empty()) return fallback;
  const std::optional<std::int64_t> value = parse_integer(text);
  if (!value)
    return invalid_argument(fmt::format("Provided {} not an integer or within integer range", name), name, text);
  if (*value < 0 || *value > INT32_MAX)
    return invalid_argument(fmt::format("Argument {} must be an integer between 0 and 2147483647", name), name, text);
  return static_cast<int>(std::min<std::int64_t>(*value, most));
}

}  // namespace chiliad::objects
