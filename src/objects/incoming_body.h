// IncomingBody: a request's body on its way in: out of its aws-chunked frame, hashed, and into an object or a text.
//
//   bytes --AwsChunkedDecoder--> payload --SHA-256 as signed--> store::Upload, or a text of bounded size
//
// Rules the rest relies on:
//   1. After end() said yes: the frame was whole, the signatures of its chunks right, x-amz-content-sha256 fits, and
//   for
//      a text also Content-MD5 and checksum. Of an upload the store compares the latter two in finish().
//   2. Nothing of an upload becomes visible before finish(); an IncomingBody that goes away takes its bytes back.
//   3. Texts of all requests together are bounded by their TextBudget.
//
// Thread safety: one thread at a time; a TextBudget is shared among threads.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "aws/service.h"
#include "base/hash.h"
#include "net/aws_chunked.h"
#include "net/http_message.h"
#include "objects/error.h"
#include "objects/write_fields.h"
#include "store/bucket_store.h"

namespace chiliad::objects {

class TextBudget {
 public:
  explicit TextBudget(std::size_t most_bytes) : most_bytes_(most_bytes) {}
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes); }

 private:
  const std::size_t most_bytes_;
  std::atomic<std::size_t> taken_ = 0;
};

// How a body is framed and what it must hash to, by its head.
class BodyCheck {
 public:
  // Errors: those of AwsChunkedDecoder::begin().
  static std::variant<BodyCheck, S3Error> read(const net::HttpRequest& head, const aws::Signature& signature);

  // Bytes of payload, as announced; none: not announced.
  std::optional<std::uint64_t> size_bytes() const { return size_bytes_; }

 private:
  friend class IncomingBody;
  std::optional<net::AwsChunkedDecoder> decoder_;
  std::optional<Sha256Stream> sha256_;
  std::string expected_sha256_;
  std::optional<std::uint64_t> size_bytes_;
};

class IncomingBody final : public net::HttpBody {
 public:
  IncomingBody(BodyCheck check, Announced announced, store::Upload upload);
  // A text of at most max_bytes.
  IncomingBody(BodyCheck check, Announced announced, std::size_t max_bytes, TextBudget& budget);
  ~IncomingBody() override;

  bool take(std::string_view bytes) override;

  // After the last byte, or when take() said no. Call once.
  std::optional<S3Error> end();

  // Requires: made with an upload; end() said yes. With trailer's values.
  store::Upload take_upload();
  const Announced& announced() const { return announced_; }
  // Requires: made for a text; end() said yes.
  std::string_view text() const { return text_; }

 private:
  bool put(std::string_view payload);

  BodyCheck check_;
  Announced announced_;
  std::optional<store::Upload> upload_;
  std::string text_;
  std::size_t max_bytes_ = 0;
  TextBudget* budget_ = nullptr;
  std::size_t budgeted_ = 0;
  std::optional<S3Error> error_;
};

}  // namespace chiliad::objects
