#include "store/refusal.h"

namespace chiliad::store {

std::string_view refusal_name(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone: return {};
    case Refusal::kNoSuchBucket: return "NoSuchBucket";
    case Refusal::kNoSuchKey: return "NoSuchKey";
    case Refusal::kNoSuchUpload: return "NoSuchUpload";
    case Refusal::kNoSuchDocument: return "NoSuchConfiguration";
    case Refusal::kBucketAlreadyOwnedByYou: return "BucketAlreadyOwnedByYou";
    case Refusal::kBucketNotEmpty: return "BucketNotEmpty";
    case Refusal::kInvalidBucketName: return "InvalidBucketName";
    case Refusal::kTooManyBuckets: return "TooManyBuckets";
    case Refusal::kInvalidArgument: return "InvalidArgument";
    case Refusal::kKeyTooLong: return "KeyTooLongError";
    case Refusal::kMetadataTooLarge: return "MetadataTooLarge";
    case Refusal::kInvalidTag: return "InvalidTag";
    case Refusal::kEntityTooLarge: return "EntityTooLarge";
    case Refusal::kEntityTooSmall: return "EntityTooSmall";
    case Refusal::kBadDigest: return "BadDigest";
    case Refusal::kIncompleteBody: return "IncompleteBody";
    case Refusal::kInvalidPart: return "InvalidPart";
    case Refusal::kInvalidPartOrder: return "InvalidPartOrder";
    case Refusal::kInvalidRequest: return "InvalidRequest";
    case Refusal::kPreconditionFailed: return "PreconditionFailed";
    case Refusal::kNotModified: return "NotModified";
  }
  return {};
}

namespace {

ErrorCode code_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNoSuchBucket:
    case Refusal::kNoSuchKey:
    case Refusal::kNoSuchUpload:
    case Refusal::kNoSuchDocument: return ErrorCode::kNotFound;
    case Refusal::kBucketAlreadyOwnedByYou:
    case Refusal::kBucketNotEmpty:
    case Refusal::kPreconditionFailed:
    case Refusal::kNotModified: return ErrorCode::kConflict;
    case Refusal::kMetadataTooLarge:
    case Refusal::kEntityTooLarge: return ErrorCode::kTooLarge;
    default: return ErrorCode::kInvalid;
  }
}

}  // namespace

Failure refuse(Refusal refusal, std::string message) { return {refusal, {code_of(refusal), std::move(message)}}; }

}  // namespace chiliad::store
