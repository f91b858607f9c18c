// The XML of a hostile client: nothing crashes, and what is accepted is within S3's limits.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "objects/xml_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;           // NOLINT
  using namespace chiliad::objects;  // NOLINT
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const auto body = read_delete(xml);
  if (const auto* read = std::get_if<DeleteBody>(&body)) {
    CHILIAD_CHECK(!read->objects.empty() && read->objects.size() <= store::kMostKeysInBatch);
    for (const DeleteEntry& entry : read->objects) CHILIAD_CHECK(!entry.key.empty());
  }
  const auto parts = read_complete(xml);
  if (const auto* read = std::get_if<std::vector<store::CompletedPart>>(&parts)) {
    int before = 0;
    for (const store::CompletedPart& part : *read) {
      CHILIAD_CHECK(part.number > before && part.number <= store::kMostParts && !part.etag.empty());
      before = part.number;
    }
  }
  for (const auto& tags : {read_tagging(xml), read_tagging_field(xml)}) {
    if (const auto* read = std::get_if<Tags>(&tags)) {
      CHILIAD_CHECK(read->size() <= kMostTags);
      for (const auto& [key, value] : *read) CHILIAD_CHECK(!key.empty());
    }
  }
  for (const auto rewrite : {rewrite_bucket_tagging, rewrite_bucket_encryption, rewrite_public_access_block}) {
    const auto once = rewrite(xml);
    if (const auto* text = std::get_if<std::string>(&once))
      CHILIAD_CHECK(std::get<std::string>(rewrite(*text)) == *text);
  }
  static_cast<void>(read_location_constraint(xml));
  return 0;
}
