// Any bytes as the head of a call to the runtime. Checks that what is accepted keeps the limits, and that what goes
// back to the client cannot start a field of its own.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "hosting/runtime_fields.h"
#include "hosting/s3_location.h"
#include "net/http_parser.h"

namespace {

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  chiliad::net::HttpParser parser({});
  chiliad::net::HttpRequest request;
  parser.begin(request);
  if (!parser.feed(bytes).complete) return 0;
  chiliad::hosting::RuntimeFields fields;
  if (!chiliad::hosting::read_runtime_fields(request, fields)) return 0;
  CHILIAD_CHECK(fields.target_model.size() <= 1024 && fields.target_variant.size() <= 63);
  CHILIAD_CHECK(fields.custom_attributes.size() <= 1024 && printable(fields.custom_attributes));
  CHILIAD_CHECK(fields.inference_id.size() <= 64 && printable(fields.inference_id));
  if (fields.request_ttl_seconds)
    CHILIAD_CHECK(*fields.request_ttl_seconds >= 60 && *fields.request_ttl_seconds <= 21'600);
  const auto input = chiliad::hosting::parse_s3_uri(fields.input_location);
  if (input) CHILIAD_CHECK(input->uri().starts_with("s3://") && !input->bucket.empty());
  return 0;
}
