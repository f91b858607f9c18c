// The XML of a hostile server: nothing crashes, and what is accepted is whole.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/s3_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::store;  // NOLINT
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const auto page = parse_list(xml);
  if (page) {
    for (const ObjectInfo& object : page->objects) CHILIAD_CHECK(!object.key.empty());
    CHILIAD_CHECK(!page->next_token || !page->next_token->empty());
  }
  const S3Error error = parse_s3_error(xml);
  CHILIAD_CHECK(error.message.size() <= 300);
  static_cast<void>(parse_upload_id(xml));
  static_cast<void>(parse_completed(xml));
  if (const auto buckets = parse_buckets(xml))
    for (const BucketInfo& bucket : *buckets) CHILIAD_CHECK(!bucket.name.empty());
  return 0;
}
