// Any bytes as a request with a signature: whatever it claims is bounded and well-formed, and it never passes, because
// nobody knows the key.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/http_parser.h"
#include "net/sigv4_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::net;  // NOLINT
  HttpParser parser({});
  HttpRequest request;
  parser.begin(request);
  if (!parser.feed({reinterpret_cast<const char*>(data), size}).complete) return 0;
  const sigv4::ReadSignature read = sigv4::read_signature(request);
  if (const auto* refusal = std::get_if<sigv4::Refusal>(&read)) {
    CHILIAD_CHECK(refusal->status >= 400 && !refusal->code.empty() && !refusal->message.empty());
  }
  const auto* claim = std::get_if<sigv4::SignatureClaim>(&read);
  if (claim == nullptr) return 0;
  CHILIAD_CHECK(!claim->access_key_id.empty() && claim->signature.size() == 64 && claim->day().size() == 8);
  CHILIAD_CHECK(!claim->presigned || (claim->expires.count() >= 1 && claim->expires.count() <= 604'800));
  const sigv4::SigningKey key("unknown to the fuzzer", claim->day(), claim->scope.region, claim->scope.service);
  for (const auto rule : {sigv4::PathRule::kS3, sigv4::PathRule::kOthers}) {
    CHILIAD_CHECK(sigv4::check_signature(*claim, key, request, rule, claim->scope.time).has_value());
  }
  return 0;
}
