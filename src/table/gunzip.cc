#include "table/gunzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"

namespace chiliad::table {
namespace {

constexpr std::size_t kInputBytes = std::size_t{64} << 10;
constexpr int kGzipOnly = 15 + 16;  // zlib's code for a 32 kB window and a gzip header.

class GunzipStream {
 public:
  GunzipStream(PullBytes source, std::string name) : source_(std::move(source)), name_(std::move(name)) {}
  GunzipStream(const GunzipStream&) = delete;
  GunzipStream& operator=(const GunzipStream&) = delete;
  ~GunzipStream() {
    if (mode_ == Mode::kInflate) ::inflateEnd(&zlib_);
  }

  Result<std::size_t> pull(std::span<char> into) {
    if (mode_ == Mode::kUnknown) {
      if (Result<Done> begun = begin(); !begun) return std::move(begun).error();
    }
    return mode_ == Mode::kPlain ? pull_plain(into) : inflate_into(into);
  }

 private:
  enum class Mode { kUnknown, kPlain, kInflate };

  Result<Done> begin() {
    input_.resize(kInputBytes);
    while (!ended_ && end_ < 2) {
      if (Result<Done> filled = fill(); !filled) return filled;
    }
    if (!starts_like_gzip({input_.data(), end_})) {
      mode_ = Mode::kPlain;
      return Done{};
    }
    CHILIAD_CHECK(::inflateInit2(&zlib_, kGzipOnly) == Z_OK);  // Fails only without memory.
    mode_ = Mode::kInflate;
    return Done{};
  }

  // Appends to what is unread; at most once a call.
  Result<Done> fill() {
    if (at_ == end_) at_ = end_ = 0;
    Result<std::size_t> got = source_({input_.data() + end_, input_.size() - end_});
    if (!got) return std::move(got).error();
    if (*got == 0) ended_ = true;
    end_ += *got;
    return Done{};
  }

  Result<std::size_t> pull_plain(std::span<char> into) {
    if (at_ == end_) return ended_ ? Result<std::size_t>(std::size_t{0}) : source_(into);
    const std::size_t count = std::min(into.size(), end_ - at_);
    std::memcpy(into.data(), input_.data() + at_, count);
    at_ += count;
    return count;
  }

  Result<std::size_t> inflate_into(std::span<char> into) {
    while (true) {
      if (at_ == end_ && !ended_) {
        if (Result<Done> filled = fill(); !filled) return std::move(filled).error();
        continue;
      }
      if (between_members_) {
        if (at_ == end_) return std::size_t{0};
        if (Result<Done> next = next_member(); !next) return std::move(next).error();
        continue;
      }
      if (at_ == end_) return damaged("cut off: the file ends inside the compressed data");
      zlib_.next_in = reinterpret_cast<Bytef*>(input_.data() + at_);
      zlib_.avail_in = static_cast<uInt>(end_ - at_);
      zlib_.next_out = reinterpret_cast<Bytef*>(into.data());
      zlib_.avail_out = static_cast<uInt>(std::min<std::size_t>(into.size(), std::size_t{1} << 30));
      const std::size_t room = zlib_.avail_out;
      const int status = ::inflate(&zlib_, Z_NO_FLUSH);
      at_ = end_ - zlib_.avail_in;
      if (status == Z_STREAM_END) {
        between_members_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return damaged(zlib_.msg != nullptr ? zlib_.msg : "no valid deflate data");
      }
      if (const std::size_t made = room - zlib_.avail_out; made > 0) return made;
    }
  }

  // Behind a member: zeros are passed over, another member is begun. Requires: unread bytes.
  Result<Done> next_member() {
    while (at_ < end_ && input_[at_] == 0) ++at_, padded_ = true;
    if (at_ == end_) return Done{};
    if (padded_ || static_cast<unsigned char>(input_[at_]) != 0x1f) {
      return damaged("bytes that are no gzip follow the compressed data");
    }
    ::inflateReset2(&zlib_, kGzipOnly);
    between_members_ = false;
    return Done{};
  }

  Error damaged(std::string_view reason) const {
    return Error{ErrorCode::kCorrupt, fmt::format("{}: damaged gzip: {}", name_, reason)};
  }

  PullBytes source_;
  std::string name_;
  Mode mode_ = Mode::kUnknown;
  std::vector<char> input_;  // Unread: [at_, end_).
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
  bool between_members_ = false;
  bool padded_ = false;
  z_stream zlib_{};
};

}  // namespace

bool starts_like_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

PullBytes gunzip_if_gzip(PullBytes source, std::string name) {
  auto stream = std::make_shared<GunzipStream>(std::move(source), std::move(name));
  return [stream](std::span<char> into) { return stream->pull(into); };
}

Result<std::string> gunzip(std::string_view bytes, std::string_view name, std::uint64_t max_bytes) {
  GunzipStream stream(
      [&bytes](std::span<char> into) -> Result<std::size_t> {
        const std::size_t count = std::min(into.size(), bytes.size());
        std::memcpy(into.data(), bytes.data(), count);
        bytes.remove_prefix(count);
        return count;
      },
      std::string(name));
  std::string text;
  std::size_t size = 0;
  text.resize(std::min<std::uint64_t>(max_bytes, std::max<std::size_t>(bytes.size() * 4, 1024)) + 1);
  while (true) {
    Result<std::size_t> got = stream.pull({text.data() + size, text.size() - size});
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    size += *got;
    if (size > max_bytes) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("{}: decompresses to more than the limit of {} bytes", name, max_bytes)};
    }
    if (size == text.size()) text.resize(size * 2);
  }
  text.resize(size);
  return text;
}

}  // namespace chiliad::table
