#include "objects/xml_body.h"

#include <algorithm>
#include <pugixml.hpp>

#include "aws/xml.h"
#include "base/number.h"
#include "base/utf8.h"
#include "objects/context.h"
#include "objects/request.h"

namespace chiliad::objects {
namespace {

constexpr std::size_t kLongestTagKey = 128;
constexpr std::size_t kLongestTagValue = 256;

S3Error malformed() { return s3_error(S3Code::kMalformedXml); }

// "ns:Key" -> "Key".
std::string_view local_name(const pugi::xml_node& node) {
  std::string_view name = node.name();
  if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
  return name;
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node node : parent.children())
    if (node.type() == pugi::node_element && local_name(node) == name) return node;
  return {};
}

// All character data of the element.
std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node piece : node.children())
    if (piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata) text += piece.value();
  return text;
}

std::string child_text(const pugi::xml_node& parent, std::string_view name) { return text_of(child(parent, name)); }

pugi::xml_node load(pugi::xml_document& document, std::string_view xml, std::string_view root) {
  if (xml.size() > kMostXmlBytes || xml.find('\0') != std::string_view::npos || !is_utf8(xml)) return {};
  // Blank text between elements is dropped, but a text that is all blanks is a key's or tag's text.
  constexpr unsigned kOptions = pugi::parse_default | pugi::parse_ws_pcdata_single;
  if (!document.load_buffer(xml.data(), xml.size(), kOptions, pugi::encoding_utf8)) return {};
  return child(document, root);
}

std::size_t count_elements(const pugi::xml_node& parent) {
  const auto all = parent.children();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const pugi::xml_node& node) { return node.type() == pugi::node_element; }));
}

// UTF-16 code units are what AWS counts; characters are close enough above ASCII, bytes never too few.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::optional<S3Error> check_tags(const Tags& tags, std::size_t most = kMostTags) {
  if (tags.size() > most) {
    return S3Error{400, "BadRequest",
                   (most == kMostTags ? "Object" : "Bucket") + std::string(" tags cannot be greater than ") +
                       std::to_string(most)};
  }
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const auto& [key, value] = tags[i];
    if (key.empty() || characters(key) > kLongestTagKey)
      return s3_error(S3Code::kInvalidTag, "The TagKey you have provided is invalid");
    if (characters(value) > kLongestTagValue)
      return s3_error(S3Code::kInvalidTag, "The TagValue you have provided is invalid");
    if (key.starts_with("aws:"))
      return s3_error(S3Code::kInvalidTag, "System tags cannot be added/updated by requester");
    for (std::size_t j = 0; j < i; ++j)
      if (tags[j].first == key) return s3_error(S3Code::kInvalidTag, "Cannot provide multiple Tags with the same key");
  }
  return std::nullopt;
}

// As XML Schema has it; boto3 writes "true", others "TRUE".
std::optional<bool> boolean(std::string_view text) {
  if (text == "true" || text == "TRUE" || text == "True" || text == "1") return true;
  if (text == "false" || text == "FALSE" || text == "False" || text == "0") return false;
  return std::nullopt;
}

}  // namespace

std::string_view unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return etag;
}

std::variant<DeleteBody, S3Error> read_delete(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = load(document, xml, "Delete");
  if (!root) return malformed();
  DeleteBody body;
  for (const pugi::xml_node node : root.children()) {
    const std::string_view name = local_name(node);
    if (name == "Quiet") body.quiet = text_of(node) == "true";
    if (name != "Object") continue;
    if (body.objects.size() == store::kMostKeysInBatch) return malformed();
    DeleteEntry entry{child_text(node, "Key"), child_text(node, "VersionId"), std::nullopt};
    if (entry.key.empty()) return malformed();
    if (const pugi::xml_node etag = child(node, "ETag")) entry.etag = std::string(unquoted(text_of(etag)));
    body.objects.push_back(std::move(entry));
  }
  if (body.objects.empty()) return malformed();
  return body;
}

std::variant<std::vector<store::CompletedPart>, S3Error> read_complete(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = load(document, xml, "CompleteMultipartUpload");
  if (!root) return malformed();
  std::vector<store::CompletedPart> parts;
  for (const pugi::xml_node node : root.children()) {
    if (local_name(node) != "Part") continue;
    const std::optional<std::int64_t> number = parse_integer(child_text(node, "PartNumber"));
    if (!number) return malformed();
    if (*number < 1 || *number > store::kMostParts)
      return invalid_argument("PartNumber must be >= 1 and <= 10000", "PartNumber", std::to_string(*number));
    store::CompletedPart part{static_cast<int>(*number), std::string(unquoted(child_text(node, "ETag")))};
    if (part.etag.empty()) return malformed();
    if (!parts.empty() && parts.back().number >= part.number) return s3_error(S3Code::kInvalidPartOrder);
    for (const ChecksumKind kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme,
                                    ChecksumKind::kSha1, ChecksumKind::kSha256}) {
      const pugi::xml_node given = child(node, "Checksum" + std::string(checksum_name(kind)));
      if (!given) continue;
      const std::optional<ChecksumValue> value = ChecksumValue::read(kind, text_of(given));
      if (!value) return s3_error(S3Code::kInvalidPart);
      part.checksum = *value;
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return malformed();
  return parts;
}

std::variant<std::string, S3Error> read_location_constraint(std::string_view xml) {
  if (xml.empty()) return std::string();
  pugi::xml_document document;
  const pugi::xml_node root = load(document, xml, "CreateBucketConfiguration");
  if (!root) return malformed();
  return child_text(root, "LocationConstraint");
}

std::variant<Tags, S3Error> read_tagging(std::string_view xml, std::size_t most) {
  pugi::xml_document document;
  const pugi::xml_node set = child(load(document, xml, "Tagging"), "TagSet");
  if (!set || count_elements(set) > 1000) return malformed();
  Tags tags;
  for (const pugi::xml_node node : set.children()) {
    if (node.type() != pugi::node_element) continue;
    if (local_name(node) != "Tag" || !child(node, "Key") || !child(node, "Value")) return malformed();
    tags.emplace_back(child_text(node, "Key"), child_text(node, "Value"));
  }
  if (std::optional<S3Error> error = check_tags(tags, most)) return std::move(*error);
  return tags;
}

std::variant<std::string, S3Error> rewrite_bucket_tagging(std::string_view xml) {
  const auto read = read_tagging(xml, kMostBucketTags);
  if (const auto* error = std::get_if<S3Error>(&read)) return *error;
  aws::XmlWriter out;
  out.open("Tagging", kS3Namespace).open("TagSet");
  for (const auto& [key, value] : std::get<Tags>(read)) out.open("Tag").text("Key", key).text("Value", value).close();
  out.close().close();
  return std::move(out).take();
}

std::variant<std::string, S3Error> rewrite_bucket_encryption(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = load(document, xml, "ServerSideEncryptionConfiguration");
  const pugi::xml_node rule = child(root, "Rule");
  const pugi::xml_node by_default = child(rule, "ApplyServerSideEncryptionByDefault");
  const std::string algorithm = child_text(by_default, "SSEAlgorithm"), key = child_text(by_default, "KMSMasterKeyID");
  const std::string with_bucket_key = child_text(rule, "BucketKeyEnabled");
  const bool is_kms = algorithm == "aws:kms" || algorithm == "aws:kms:dsse";
  if (count_elements(root) != 1 || (algorithm != "AES256" && !is_kms) || (!key.empty() && !is_kms)) return malformed();
  if (!with_bucket_key.empty() && !boolean(with_bucket_key)) return malformed();
  aws::XmlWriter out;
  out.open("ServerSideEncryptionConfiguration", kS3Namespace).open("Rule").open("ApplyServerSideEncryptionByDefault");
  out.text("SSEAlgorithm", algorithm);
  if (!key.empty()) out.text("KMSMasterKeyID", key);
  out.close().boolean("BucketKeyEnabled", boolean(with_bucket_key).value_or(false)).close().close();
  return std::move(out).take();
}

std::variant<std::string, S3Error> rewrite_public_access_block(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = load(document, xml, "PublicAccessBlockConfiguration");
  if (!root) return malformed();
  aws::XmlWriter out;
  out.open("PublicAccessBlockConfiguration", kS3Namespace);
  for (const std::string_view name :
       {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}) {
    const std::string given = child_text(root, name);
    const std::optional<bool> value = given.empty() ? false : boolean(given);
    if (!value) return malformed();
    out.boolean(name, *value);
  }
  out.close();
  return std::move(out).take();
}

std::variant<Tags, S3Error> read_tagging_field(std::string_view field) {
  Tags tags;
  while (!field.empty()) {
    const std::size_t end = std::min(field.find('&'), field.size());
    const std::string_view piece = field.substr(0, end);
    field.remove_prefix(std::min(end + 1, field.size()));
    if (piece.empty()) continue;
    if (tags.size() > kMostTags) break;
    const std::size_t equals = std::min(piece.find('='), piece.size());
    std::optional<std::string> key = decode_exactly(piece.substr(0, equals), true);
    std::optional<std::string> value = decode_exactly(piece.substr(std::min(equals + 1, piece.size())), true);
    if (!key || !value)
      return invalid_argument(
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
          "without tag name duplicates.",
          "x-amz-tagging", piece);
    tags.emplace_back(std::move(*key), std::move(*value));
  }
  if (std::optional<S3Error> error = check_tags(tags)) return std::move(*error);
  return tags;
}

}  // namespace chiliad::objects
