#include "aws/content_coding.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>

namespace chiliad::aws {
namespace {

bool plain(std::string_view coding) { return coding.empty() || net::same_ignoring_case(coding, "identity"); }

// Ends zlib's state however the function ends.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

bool has_coded_body(const net::HttpRequest& request) { return !plain(request.field("content-encoding")); }

Result<std::string> decoded_body(std::string_view coding, std::string_view body, std::uint64_t max_bytes) {
  if (plain(coding)) return std::string(body);
  if (!net::same_ignoring_case(coding, "gzip")) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("Content-Encoding '{}': only gzip is understood", coding.substr(0, 50))};
  }
  if (body.size() > UINT32_MAX) return Error{ErrorCode::kTooLarge, "gzip: a body over 4 GiB"};
  Inflater inflater;
  if (!inflater.ready()) return Error{ErrorCode::kNoSpace, "gzip: no memory"};
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  std::array<char, 16'384> piece;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
    if (out.size() > max_bytes) {
      return Error{ErrorCode::kTooLarge, fmt::format("gzip: more than {} bytes when decoded", max_bytes)};
    }
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return Error{ErrorCode::kInvalid, "gzip: damaged"};
    } else if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return Error{ErrorCode::kInvalid, "gzip: damaged or cut off"};
    }
  }
}

}  // namespace chiliad::aws
