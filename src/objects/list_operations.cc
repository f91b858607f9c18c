// Pages of lists: objects, uploads, parts.
//
// With encoding-type=url every text that is part of a key is percent-encoded ('/' stays), so that keys with characters
// that XML cannot hold arrive. A continuation token is where the list goes on, in base64: it holds no secret, and a
// made up one only begins the list elsewhere.

#include <fmt/format.h>

#include "base/hash.h"
#include "base/number.h"
#include "net/uri.h"
#include "objects/conditions.h"
#include "objects/operations.h"

namespace chiliad::objects {
namespace {

constexpr int kMostInPage = 1000;

// How a list's texts are written.
class Encoding {
 public:
  static std::variant<Encoding, S3Error> read(const Context& context) {
    const std::string_view type = context.query("encoding-type");
    if (!type.empty() && type != "url")
      return invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", type);
    return Encoding(!type.empty());
  }
  std::string text(std::string_view value) const {
    return is_url_ ? net::percent_encode(value, true) : std::string(value);
  }
  void write(aws::XmlWriter& xml) const {
    if (is_url_) xml.text("EncodingType", "url");
  }

 private:
  explicit Encoding(bool is_url) : is_url_(is_url) {}
  bool is_url_;
};

// The conditions that policies on lists use, as far as the request has them.
Refused may_list(const Context& context) {
  std::vector<aws::Condition> conditions;
  if (const auto prefix = context.request.query.get("prefix")) conditions.push_back({"s3:prefix", *prefix});
  if (const auto delimiter = context.request.query.get("delimiter")) conditions.push_back({"s3:delimiter", *delimiter});
  if (const auto max_keys = context.request.query.get("max-keys")) conditions.push_back({"s3:max-keys", *max_keys});
  return allow(context, "s3:ListBucket", context.request.bucket, {}, std::span<const aws::Condition>(conditions));
}

void write_object(aws::XmlWriter& xml, const Context& context, const Encoding& encoding, const store::ObjectMeta& meta,
                  bool with_owner) {
  xml.open("Contents").text("Key", encoding.text(meta.key)).text("LastModified", iso_date(meta.modified));
  xml.text("ETag", in_quotes(meta.etag));
  if (meta.checksum) {
    xml.text("ChecksumAlgorithm", checksum_name(meta.checksum->kind));
    xml.text("ChecksumType", checksum_type_name(meta.checksum->type));
  }
  xml.integer("Size", static_cast<std::int64_t>(meta.size_bytes));
  if (with_owner) write_owner(xml, "Owner", context.here);
  xml.text("StorageClass", "STANDARD").close();
}

void write_groups(aws::XmlWriter& xml, const Encoding& encoding, const std::vector<std::string>& groups) {
  for (const std::string& group : groups) xml.open("CommonPrefixes").text("Prefix", encoding.text(group)).close();
}

struct ListCall {
  Encoding encoding;
  int max_keys;
  store::ObjectPage page;
};

// What both versions have in common; `after`: where this page begins.
std::variant<ListCall, S3Error> list(const Context& context, std::string after) {
  const auto max_keys = read_count(context.query("max-keys"), "max-keys", kMostInPage, kMostInPage);
  if (const auto* error = std::get_if<S3Error>(&max_keys)) return *error;
  auto encoding = Encoding::read(context);
  if (auto* error = std::get_if<S3Error>(&encoding)) return std::move(*error);
  if (Refused refused = may_list(context)) return std::move(*refused);
  auto page = context.store().list(context.request.bucket, {.prefix = std::string(context.query("prefix")),
                                                            .delimiter = std::string(context.query("delimiter")),
                                                            .after = std::move(after),
                                                            .max_keys = std::get<int>(max_keys)});
  if (!page) return from_failure(page.failure(), context.request);
  return ListCall{std::get<Encoding>(encoding), std::get<int>(max_keys), std::move(*page)};
}

std::string text_of(std::string_view bytes) {
  return base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

void write_part(aws::XmlWriter& xml, const store::PartInfo& part) {
  xml.open("Part").integer("PartNumber", part.number).text("LastModified", iso_date(part.modified));
  xml.text("ETag", in_quotes(part.etag)).integer("Size", static_cast<std::int64_t>(part.size_bytes));
  write_checksum(xml, part.checksum, false);
  xml.close();
}

}  // namespace

void write_checksum(aws::XmlWriter& xml, const std::optional<store::StoredChecksum>& checksum, bool with_type) {
  if (!checksum) return;
  switch (checksum->kind) {  // Names of elements are literals.
    case ChecksumKind::kCrc32: xml.text("ChecksumCRC32", checksum->text); break;
    case ChecksumKind::kCrc32c: xml.text("ChecksumCRC32C", checksum->text); break;
    case ChecksumKind::kCrc64Nvme: xml.text("ChecksumCRC64NVME", checksum->text); break;
    case ChecksumKind::kSha1: xml.text("ChecksumSHA1", checksum->text); break;
    case ChecksumKind::kSha256: xml.text("ChecksumSHA256", checksum->text); break;
    case ChecksumKind::kMd5: return;
  }
  if (with_type) xml.text("ChecksumType", checksum_type_name(checksum->type));
}

Refused list_objects(const Context& context) {
  auto listed = list(context, std::string(context.query("marker")));
  if (auto* error = std::get_if<S3Error>(&listed)) return std::move(*error);
  const auto& [encoding, max_keys, page] = std::get<ListCall>(listed);
  const std::string_view delimiter = context.query("delimiter");
  aws::XmlWriter xml;
  xml.open("ListBucketResult", kS3Namespace).text("Name", context.request.bucket);
  xml.text("Prefix", encoding.text(context.query("prefix"))).text("Marker", encoding.text(context.query("marker")));
  // Without a delimiter S3 leaves it to the client to go on from the last key.
  if (page.after && !delimiter.empty()) xml.text("NextMarker", encoding.text(*page.after));
  xml.integer("MaxKeys", max_keys);
  if (!delimiter.empty()) xml.text("Delimiter", encoding.text(delimiter));
  encoding.write(xml);
  xml.boolean("IsTruncated", page.after.has_value());
  for (const store::ObjectMeta& meta : page.objects) write_object(xml, context, encoding, meta, true);
  write_groups(xml, encoding, page.groups);
  xml.close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

Refused list_objects_v2(const Context& context) {
  std::string after(context.query("start-after"));
  const std::optional<std::string_view> token = context.request.query.get("continuation-token");
  if (token) {
    std::optional<std::string> decoded = unbase64(*token);
    if (!decoded || decoded->empty())
      return invalid_argument("The continuation token provided is incorrect", "continuation-token", *token);
    after = std::move(*decoded);
  }
  auto listed = list(context, std::move(after));
  if (auto* error = std::get_if<S3Error>(&listed)) return std::move(*error);
  const auto& [encoding, max_keys, page] = std::get<ListCall>(listed);
  aws::XmlWriter xml;
  xml.open("ListBucketResult", kS3Namespace).text("Name", context.request.bucket);
  xml.text("Prefix", encoding.text(context.query("prefix")));
  if (token) xml.text("ContinuationToken", *token);
  if (page.after) xml.text("NextContinuationToken", text_of(*page.after));
  if (const std::string_view start = context.query("start-after"); !start.empty())
    xml.text("StartAfter", encoding.text(start));
  xml.integer("KeyCount", static_cast<std::int64_t>(page.objects.size() + page.groups.size()));
  xml.integer("MaxKeys", max_keys);
  if (const std::string_view delimiter = context.query("delimiter"); !delimiter.empty())
    xml.text("Delimiter", encoding.text(delimiter));
  encoding.write(xml);
  xml.boolean("IsTruncated", page.after.has_value());
  const bool with_owner = context.query("fetch-owner") == "true";
  for (const store::ObjectMeta& meta : page.objects) write_object(xml, context, encoding, meta, with_owner);
  write_groups(xml, encoding, page.groups);
  xml.close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

Refused list_multipart_uploads(const Context& context) {
  const auto most = read_count(context.query("max-uploads"), "max-uploads", kMostInPage, kMostInPage);
  if (const auto* error = std::get_if<S3Error>(&most)) return *error;
  auto read = Encoding::read(context);
  if (auto* error = std::get_if<S3Error>(&read)) return std::move(*error);
  const Encoding encoding = std::get<Encoding>(read);
  if (Refused refused = allow(context, "s3:ListBucketMultipartUploads", context.request.bucket)) return refused;
  const std::string_view delimiter = context.query("delimiter");
  const auto page = context.store().list_uploads(context.request.bucket,
                                                 {.prefix = std::string(context.query("prefix")),
                                                  .delimiter = std::string(delimiter),
                                                  .key_marker = std::string(context.query("key-marker")),
                                                  .upload_id_marker = std::string(context.query("upload-id-marker")),
                                                  .max_uploads = std::get<int>(most)});
  if (!page) return from_failure(page.failure(), context.request);
  aws::XmlWriter xml;
  xml.open("ListMultipartUploadsResult", kS3Namespace).text("Bucket", context.request.bucket);
  xml.text("KeyMarker", encoding.text(context.query("key-marker")));
  xml.text("UploadIdMarker", context.query("upload-id-marker"));
  if (page->truncated) {
    xml.text("NextKeyMarker", encoding.text(page->next_key_marker));
    xml.text("NextUploadIdMarker", page->next_upload_id_marker);
  }
  if (!delimiter.empty()) xml.text("Delimiter", encoding.text(delimiter));
  xml.text("Prefix", encoding.text(context.query("prefix")));
  encoding.write(xml);
  xml.integer("MaxUploads", std::get<int>(most)).boolean("IsTruncated", page->truncated);
  for (const store::UploadInfo& upload : page->uploads) {
    xml.open("Upload").text("Key", encoding.text(upload.key)).text("UploadId", upload.id);
    write_owner(xml, "Initiator", context.here);
    write_owner(xml, "Owner", context.here);
    xml.text("StorageClass", "STANDARD").text("Initiated", iso_date(upload.started));
    if (upload.checksum_kind) {
      xml.text("ChecksumAlgorithm", checksum_name(*upload.checksum_kind));
      xml.text("ChecksumType", checksum_type_name(upload.checksum_type));
    }
    xml.close();
  }
  write_groups(xml, encoding, page->groups);
  xml.close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

Refused list_parts(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:ListMultipartUploadParts", request.bucket, request.key)) return refused;
  const auto most = read_count(context.query("max-parts"), "max-parts", kMostInPage, kMostInPage);
  if (const auto* error = std::get_if<S3Error>(&most)) return *error;
  const auto marker = read_count(context.query("part-number-marker"), "part-number-marker", 0, INT32_MAX);
  if (const auto* error = std::get_if<S3Error>(&marker)) return *error;
  const auto page = context.store().list_parts(request.bucket, request.key, context.query("uploadId"),
                                               std::get<int>(marker), std::get<int>(most));
  if (!page) return from_failure(page.failure(), request);
  aws::XmlWriter xml;
  xml.open("ListPartsResult", kS3Namespace).text("Bucket", request.bucket).text("Key", request.key);
  xml.text("UploadId", page->upload.id);
  write_owner(xml, "Initiator", context.here);
  write_owner(xml, "Owner", context.here);
  xml.text("StorageClass", "STANDARD").integer("PartNumberMarker", std::get<int>(marker));
  if (page->truncated && !page->parts.empty()) xml.integer("NextPartNumberMarker", page->parts.back().number);
  xml.integer("MaxParts", std::get<int>(most)).boolean("IsTruncated", page->truncated);
  if (page->upload.checksum_kind) {
    xml.text("ChecksumAlgorithm", checksum_name(*page->upload.checksum_kind));
    xml.text("ChecksumType", checksum_type_name(page->upload.checksum_type));
  }
  for (const store::PartInfo& part : page->parts) write_part(xml, part);
  xml.close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

}  // namespace chiliad::objects
