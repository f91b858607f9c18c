#include "job/object_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/time.h"

namespace chiliad::job {
namespace {

// Of one request: a program that is to end waits for it.
Deadline one_request() { return std::chrono::steady_clock::now() + std::chrono::minutes(2); }

}  // namespace

Result<Done> ObjectStream::begin() {
  if (begun_) return Done{};
  if (listed_bytes_ < kPiece) {
    Result<std::string> bytes = store_.get(key_, {0, kPiece}, one_request());
    if (!bytes) return std::move(bytes).error();
    // Else it has grown since it was listed.
    if (bytes->size() < kPiece) {
      begun_ = true;
      size_ = bytes->size();
      whole_ = *std::move(bytes);
      return Done{};
    }
  }
  Result<store::ObjectInfo> info = store_.head(key_, one_request());
  if (!info) return std::move(info).error();
  begun_ = true;
  size_ = info->size_bytes;
  etag_ = std::move(info->etag);
  return Done{};
}

Result<std::uint64_t> ObjectStream::size() {
  if (Result<Done> begun = begin(); !begun) return std::move(begun).error();
  return size_;
}

Result<std::string> ObjectStream::next() {
  if (Result<Done> begun = begin(); !begun) return std::move(begun).error();
  if (!whole_.empty()) {
    at_ = size_;
    return std::exchange(whole_, std::string());
  }
  const Error replaced{ErrorCode::kConflict, "was replaced while it was read"};
  if (at_ < size_) {
    const std::uint64_t length = std::min(kPiece, size_ - at_);
    Result<std::string> bytes = store_.get(key_, {at_, length}, one_request());
    // An offset past its end: it is another object by now.
    if (!bytes && bytes.error().code == ErrorCode::kInvalid && at_ > 0) return replaced;
    if (!bytes) return bytes;
    if (bytes->size() != length) return replaced;
    at_ += length;
    return bytes;
  }
  if (!etag_.empty()) {
    Result<store::ObjectInfo> info = store_.head(key_, one_request());
    if (!info && info.error().code != ErrorCode::kNotFound) return std::move(info).error();
    if (!info || info->etag != etag_) return replaced;
    etag_.clear();
  }
  return std::string();
}

}  // namespace chiliad::job
