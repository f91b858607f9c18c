// AwsChunkedDecoder: S3's aws-chunked bodies taken out of their frame while they arrive, their signatures checked.
//
//   STREAMING-AWS4-HMAC-SHA256-PAYLOAD          400;chunk-signature=<64 hex> CRLF <0x400 bytes> CRLF ...
//                                               0;chunk-signature=<64 hex> CRLF CRLF
//   STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER  ... 0;chunk-signature=<64 hex> CRLF x-amz-checksum-crc32c:sOO8/Q== CRLF
//                                               x-amz-trailer-signature:<64 hex> CRLF CRLF
//   STREAMING-UNSIGNED-PAYLOAD-TRAILER          400 CRLF <0x400 bytes> CRLF ... 0 CRLF x-amz-checksum-crc32:... CRLF
//   CRLF
//
//   while (!bytes.empty()) {
//     const std::string_view payload = decoder.take(bytes);
//     if (decoder.refusal()) ...
//     write(payload);
//   }
//   if (const Refusal* refusal = decoder.finish()) ...
//
// Rules the rest relies on:
//   1. Each signature signs the one before it, the first that of the head: no chunk can be left out, repeated or moved.
//   2. A chunk's payload is handed out before its signature has been seen. Nothing may be made visible before finish()
//      is content.
//   3. x-amz-decoded-content-length is kept to the byte, and the trailer's fields are those that x-amz-trailer
//   announces.
//   4. The outcome does not depend on how the bytes were cut. Memory: a line (256 bytes) and the trailer (4 KiB).
//
// This frame stands inside of HTTP's own (Content-Length or chunked). The service takes "aws-chunked" off
// Content-Encoding.
//
// Source: AWS, "Signature calculations: transferring payload in multiple chunks", and the same "with trailing headers".
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/sigv4_check.h"

namespace chiliad::net {

class AwsChunkedDecoder {
 public:
  using Refusal = sigv4::Refusal;
  // std::monostate: the request's body is not in such a frame.
  using Begun = std::variant<std::monostate, AwsChunkedDecoder, Refusal>;

  // By what a request's head says. `claim` and `key`: those that check_signature() was content with; null: signatures
  // are read past and not checked (a server that asks for none).
  static Begun begin(const HttpRequest& head, const sigv4::SignatureClaim* claim, const sigv4::SigningKey* key);

  // Takes bytes off the front of `bytes` until it has a piece of payload (a view into them) or they are used up.
  // Takes nothing once refusal() is set.
  std::string_view take(std::string_view& bytes);

  // Why the body is refused; null as long as it is not.
  const Refusal* refusal() const { return refusal_ ? &*refusal_ : nullptr; }
  // After the last byte: as refusal(), and a body that ends early is one.
  const Refusal* finish();

  // Requires: finish() was content. Names in lower case, without the signature.
  const HttpFields& trailer() const { return trailer_; }
  // x-amz-decoded-content-length.
  std::uint64_t decoded_bytes() const { return decoded_bytes_; }

 private:
  enum class Expect : std::uint8_t { kChunkHead, kPayload, kPayloadEnd, kTrailer, kLastLine, kNothing };
  struct Signing {
    sigv4::SigningKey key;
    std::string scope;   // Time and scope as the strings to sign have them: two lines.
    std::string before;  // The signature that the next one signs.
  };

  AwsChunkedDecoder() = default;
  void refuse(int status, std::string_view code, std::string message);
  bool take_line(std::string_view& bytes);
  void on_chunk_head();
  void on_payload_end();
  void on_trailer_line();
  void on_trailer_signature(std::string_view signature);
  void end_trailer();
  void check(std::string_view algorithm, const std::string& hashes, std::string_view signature);

  bool is_signed_ = false;    // Chunks bear signatures,
  bool has_trailer_ = false;  // and a trailer ends them.
  std::uint64_t decoded_bytes_ = 0;
  std::vector<std::string> announced_;  // Names of the trailer's fields.
  std::optional<Signing> signing_;

  Expect expect_ = Expect::kChunkHead;
  std::string line_;
  std::uint64_t left_in_chunk_ = 0;
  std::uint64_t taken_ = 0;
  std::string chunk_signature_;
  std::optional<Sha256Stream> chunk_hash_;
  std::size_t trailer_bytes_ = 0;
  bool trailer_signed_ = false;
  HttpFields trailer_;
  std::optional<Refusal> refusal_;
};

}  // namespace chiliad::net
