// Any bytes as an aws-chunked body, in a form that the first byte chooses, in pieces that the second one sizes: the
// outcome is the same as for the whole, no more payload comes out than was announced, and no trailer that was not.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/aws_chunked.h"
#include "net/http_parser.h"

namespace {

using namespace chiliad::net;  // NOLINT

constexpr std::string_view kForms[] = {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                       "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                                       "STREAMING-UNSIGNED-PAYLOAD-TRAILER"};
constexpr std::uint64_t kAnnounced = 6;

// `is_checked`: with a key; else signatures are read past, and the fuzzer comes further.
AwsChunkedDecoder decoder_of(std::string_view form, bool is_checked) {
  static const sigv4::SigningKey key("secret", "20130524", "us-east-1", "s3");
  std::string text = "PUT / HTTP/1.1\r\nHost: h\r\nX-Amz-Trailer: x-amz-checksum-crc32\r\nX-Amz-Content-Sha256: ";
  text.append(form).append("\r\nX-Amz-Decoded-Content-Length: 6\r\n\r\n");
  HttpParser parser({});
  HttpRequest request;
  parser.begin(request);
  CHILIAD_CHECK(parser.feed(text).complete);
  sigv4::SignatureClaim claim;
  claim.payload_hash = form;
  claim.signature = std::string(64, 'e');
  claim.scope.region = "us-east-1";
  claim.scope.service = "s3";
  return std::get<AwsChunkedDecoder>(AwsChunkedDecoder::begin(request, is_checked ? &claim : nullptr, &key));
}

std::string outcome_of(AwsChunkedDecoder decoder, std::string_view body, std::size_t step) {
  std::string outcome;
  while (!body.empty() && decoder.refusal() == nullptr) {
    const std::string copy(body.substr(0, step));  // On the heap and no longer than its bytes.
    std::string_view piece = copy;
    body.remove_prefix(piece.size());
    while (!piece.empty() && decoder.refusal() == nullptr) outcome += decoder.take(piece);
  }
  CHILIAD_CHECK(outcome.size() <= kAnnounced);
  if (const auto* refusal = decoder.finish()) return outcome.append(refusal->code);
  CHILIAD_CHECK(outcome.size() == kAnnounced);
  for (const auto& [name, value] : decoder.trailer()) {
    CHILIAD_CHECK(name == "x-amz-checksum-crc32");
    outcome.append(value);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view form = kForms[data[0] % 3];
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  for (const bool is_checked : {false, true}) {
    const std::string pieces = outcome_of(decoder_of(form, is_checked), body, std::size_t{1} + data[1]);
    CHILIAD_CHECK(pieces == outcome_of(decoder_of(form, is_checked), body, body.size()));
  }
  return 0;
}
