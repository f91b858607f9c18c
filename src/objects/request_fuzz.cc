// Any head as an S3 request: what is accepted names a bucket and a key that the rules of request.h hold for, and a copy
// source or a query made of the same bytes does too.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/http_parser.h"
#include "objects/conditions.h"
#include "objects/request.h"
#include "objects/write_fields.h"

namespace {

using namespace chiliad;           // NOLINT
using namespace chiliad::objects;  // NOLINT

void check_names(std::string_view bucket, std::string_view key) {
  CHILIAD_CHECK(store::wrong_with_bucket_name(bucket).empty());
  CHILIAD_CHECK(bucket.find('/') == std::string_view::npos && bucket != "." && bucket != "..");
  CHILIAD_CHECK(key.size() <= 1024 && key.find('\0') == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  net::HttpParser parser({});
  net::HttpRequest head;
  parser.begin(head);
  if (parser.feed(text).head_complete) {
    const auto request = read_request(head, {.hosts = {"localhost"}});
    if (const auto* read = std::get_if<Request>(&request)) {
      if (!read->bucket.empty()) check_names(read->bucket, read->key);
      if (read->bucket.empty()) CHILIAD_CHECK(read->key.empty());
    }
    static_cast<void>(check_write_fields(head));
    static_cast<void>(read_announced(head));
    static_cast<void>(read_put_condition(head));
    static_cast<void>(read_checksum_choice(head));
    for (const auto& [name, value] : read_headers(head)) CHILIAD_CHECK(!name.empty());
  }
  const auto source = read_copy_source(text);
  if (const auto* read = std::get_if<store::CopySource>(&source)) check_names(read->bucket, read->key);
  const auto range = read_range(text, 100);
  if (const auto* span = std::get_if<Span>(&range))
    CHILIAD_CHECK(span->length > 0 && span->offset + span->length <= 100);
  const auto copy_range = read_copy_range(text, 100);
  if (const auto* span = std::get_if<Span>(&copy_range))
    CHILIAD_CHECK(span->length > 0 && span->offset + span->length <= 100);
  return 0;
}
