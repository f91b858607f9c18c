#include "hosting/transform_source.h"

#include <algorithm>
#include <cstring>

#include "table/gunzip.h"

namespace chiliad::hosting {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::uint64_t kMaxRecord = std::uint64_t{100} << 20;
constexpr auto kStoreTime = std::chrono::seconds(300);
// A record's bytes here, as what is sent, and where our own server reads it (up to 6 MiB at 15 bytes each).
constexpr std::uint64_t kCopies = 16;

// The object's bytes, asked for by pieces however small the buffers are that they go to.
class Pieces {
 public:
  explicit Pieces(const TransformObject& object) : store_(object.store), key_(object.key) {}

  Result<std::size_t> pull(std::span<char> into) {
    if (at_ == piece_.size()) {
      if (Result<Done> got = get(); !got) return std::move(got).error();
    }
    const std::size_t count = std::min(into.size(), piece_.size() - at_);
    std::memcpy(into.data(), piece_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  Result<Done> get() {
    const Deadline deadline = std::chrono::steady_clock::now() + kStoreTime;
    if (!size_) {
      Result<store::ObjectInfo> info = store_->head(key_, deadline);
      if (!info) return std::move(info).error();
      size_ = info->size_bytes;
    }
    at_ = 0;
    piece_.clear();
    if (offset_ >= *size_) return Done{};
    Result<std::string> piece = store_->get(key_, {offset_, kPiece}, deadline);
    if (!piece) return std::move(piece).error();
    if (piece->empty()) return Error{ErrorCode::kConflict, "the object was replaced while it was read"};
    piece_ = *std::move(piece);
    offset_ += piece_.size();
    return Done{};
  }

  const std::shared_ptr<store::ObjectStore> store_;
  const std::string key_;
  std::optional<std::uint64_t> size_;
  std::uint64_t offset_ = 0;
  std::string piece_;
  std::size_t at_ = 0;
};

}  // namespace

std::uint64_t max_record_bytes(const TransformPlan& plan) {
  return plan.max_payload_mb <= 0 ? kMaxRecord : static_cast<std::uint64_t>(plan.max_payload_mb) << 20;
}

std::optional<std::string_view> TransformSource::Group::next_record() {
  if (!lines_) return std::exchange(ended_, true) ? std::nullopt : std::optional<std::string_view>(text_);
  while (at_ < text_.size()) {
    std::string_view line = std::string_view(text_).substr(at_);
    line = line.substr(0, line.find('\n'));
    at_ += line.size() + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return line;
  }
  return std::nullopt;
}

TransformSource::TransformSource(const TransformPlan& plan, const TransformObject& object, TransformBudget& budget,
                                 const std::atomic<bool>& ending)
    : lines_(plan.split == TransformPlan::Split::kLine),
      max_record_(max_record_bytes(plan)),
      budget_(budget),
      ending_(ending),
      bytes_([pieces = std::make_shared<Pieces>(object)](std::span<char> into) { return pieces->pull(into); }) {
  if (plan.gzip) bytes_ = table::gunzip_if_gzip(std::move(bytes_), object.key);
}

Result<Done> TransformSource::read_more() {
  if (rest_.size() > max_record_) {
    return Error{ErrorCode::kTooLarge, "record " + std::to_string(records_ + 1) + ": larger than MaxPayloadInMB, " +
                                           std::to_string(max_record_ >> 20) + " MB"};
  }
  if (rest_.size() > kPiece && !share_) {
    share_ = budget_.take(kCopies * max_record_, ending_);
    if (!share_) return Error{ErrorCode::kUnavailable, "the job is being stopped"};
    rest_.reserve(max_record_ + 2 * kPiece);
  }
  std::size_t filled = rest_.size();
  const std::size_t most = filled + kPiece;
  rest_.resize(most);
  while (filled < most) {
    Result<std::size_t> got = bytes_({rest_.data() + filled, most - filled});
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    filled += *got;
  }
  at_end_ = filled < most;
  rest_.resize(filled);
  return Done{};
}

Result<bool> TransformSource::next(Group& group) {
  std::size_t end = std::string::npos, searched = 0;
  while (true) {
    if (lines_ && rest_.size() >= kPiece) {
      end = rest_.rfind('\n', kPiece);
      if (end == std::string::npos) end = rest_.find('\n', std::max(kPiece, searched));  // One long line.
      searched = rest_.size();
    }
    if (end != std::string::npos || at_end_) break;
    if (Result<Done> read = read_more(); !read) return std::move(read).error();
  }
  const bool last = end == std::string::npos;
  group.text_ = take(last ? rest_.size() : end + 1);
  group.share_ = std::exchange(share_, std::nullopt);
  group.lines_ = lines_;
  group.first_ = records_;
  while (group.next_record()) ++group.count_;
  group.at_ = 0;
  group.ended_ = false;
  records_ += group.count_;
  return !last;
}

// What stays is less than two pieces, in a string of that size.
std::string TransformSource::take(std::size_t end) {
  std::string after = rest_.substr(end);
  rest_.resize(end);
  return std::exchange(rest_, std::move(after));
}

}  // namespace chiliad::hosting
