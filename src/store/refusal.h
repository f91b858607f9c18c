// Outcome<T>: a value, or a Failure: an Error and, where S3 has a name for it, which of S3's refusals it is.
//
// ErrorCode says what a caller can do next; S3's clients branch on finer names (NoSuchBucket or NoSuchKey are both
// kNotFound). Callers that need no S3 name take result().
//
// Thread safety: values.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"

namespace chiliad::store {

enum class Refusal : std::uint8_t {
  kNone,  // S3 has no name for it: Error::code says the kind (kNoSpace, kUnavailable, kCorrupt, kDeadline ...).
  kNoSuchBucket,
  kNoSuchKey,
  kNoSuchUpload,
  kNoSuchDocument,  // Bucket documents: the face knows S3's name (NoSuchTagSet ...).
  kBucketAlreadyOwnedByYou,
  kBucketNotEmpty,
  kInvalidBucketName,
  kTooManyBuckets,
  kInvalidArgument,
  kKeyTooLong,  // KeyTooLongError
  kMetadataTooLarge,
  kInvalidTag,
  kEntityTooLarge,
  kEntityTooSmall,  // A part below 5 MiB that is not the last.
  kBadDigest,       // Content-MD5 or a checksum does not fit the bytes.
  kIncompleteBody,  // Fewer bytes than announced.
  kInvalidPart,
  kInvalidPartOrder,
  kInvalidRequest,
  kPreconditionFailed,
  kNotModified,
};

// S3's <Code>: "NoSuchKey"; empty for kNone.
std::string_view refusal_name(Refusal refusal);

struct Failure {
  Refusal refusal = Refusal::kNone;
  Error error;
};

// A failure with the ErrorCode that goes with the refusal. Requires: not kNone.
Failure refuse(Refusal refusal, std::string message);

template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Outcome(Failure failure)
      : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT(google-explicit-constructor)
  Outcome(Error error)                                         // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<1>, Failure{Refusal::kNone, std::move(error)}) {}

  explicit operator bool() const { return state_.index() == 0; }

  // Requires: *this holds a value.
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  // Requires: *this holds a Failure.
  const Failure& failure() const& { return std::get<1>(state_); }
  Failure failure() && { return std::get<1>(std::move(state_)); }

  Result<T> result() && {
    if (*this) return std::get<0>(std::move(state_));
    return std::get<1>(std::move(state_)).error;
  }

 private:
  std::variant<T, Failure> state_;
};

}  // namespace chiliad::store
