// Any bytes as a request to an address presigned with version 2: what it claims is well-formed, and it never passes,
// because nobody knows the key.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/http_parser.h"
#include "net/sigv2.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::net;  // NOLINT
  HttpParser parser({});
  HttpRequest request;
  parser.begin(request);
  if (!parser.feed({reinterpret_cast<const char*>(data), size}).complete) return 0;
  const auto read = sigv2::read_presigned(request);
  if (const auto* refusal = std::get_if<sigv4::Refusal>(&read)) {
    CHILIAD_CHECK(refusal->status >= 400 && !refusal->code.empty() && !refusal->message.empty());
  }
  const auto* claim = std::get_if<sigv2::Claim>(&read);
  if (claim == nullptr) return 0;
  CHILIAD_CHECK(!claim->access_key_id.empty() && claim->access_key_id.size() <= 128);
  for (const std::string_view bucket : {"", "bucket"})
    CHILIAD_CHECK(sigv2::check_presigned(*claim, "unknown to the fuzzer", request, bucket, sigv4::Time()).has_value());
  return 0;
}
