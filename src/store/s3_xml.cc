#include "store/s3_xml.h"

#include <algorithm>
#include <pugixml.hpp>
#include <string>

#include "base/number.h"
#include "net/uri.h"

namespace chiliad::store {
namespace {

Error unexpected(std::string_view what) { return {ErrorCode::kCorrupt, "S3's answer: " + std::string(what)}; }

// The root element if it is called `name`. Namespaces as prefixes are not expected: S3 sets its own as the default.
pugi::xml_node root_of(pugi::xml_document& document, std::string_view xml, const char* name) {
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8)) return {};
  return document.child(name);
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 300));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  return out;
}

// "2009-10-12T17:50:30.000Z"; the epoch if it is not one.
Instant time_of(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  const Result<Instant> time = parse_instant(text);
  return time ? *time : Instant();
}

}  // namespace

std::string without_quotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

S3Error parse_s3_error(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, xml, "Error");
  return {printable(root.child_value("Code")), printable(root.child_value("Message")),
          printable(root.child_value("Region"))};
}

Result<ListPage> parse_list(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, xml, "ListBucketResult");
  if (!root) return unexpected("expected a ListBucketResult");
  const bool escaped = std::string_view(root.child_value("EncodingType")) == "url";
  const auto text = [escaped](const char* value) {
    return escaped ? net::percent_decode(value, true) : std::string(value);
  };
  ListPage page;
  for (const pugi::xml_node object : root.children("Contents")) {
    ObjectInfo info;
    info.key = text(object.child_value("Key"));
    const std::optional<std::int64_t> size = parse_integer(object.child_value("Size"));
    if (info.key.empty() || !size || *size < 0) return unexpected("an object without key or size");
    info.size_bytes = static_cast<std::uint64_t>(*size);
    info.modified = time_of(object.child_value("LastModified"));
    info.etag = without_quotes(object.child_value("ETag"));
    page.objects.push_back(std::move(info));
  }
  for (const pugi::xml_node group : root.children("CommonPrefixes"))
    page.prefixes.push_back(text(group.child_value("Prefix")));
  if (std::string_view(root.child_value("IsTruncated")) == "true") {
    page.next_token = root.child_value("NextContinuationToken");
    if (page.next_token->empty()) return unexpected("a listing that goes on, but has no token");
  }
  return page;
}

Result<std::vector<BucketInfo>> parse_buckets(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, xml, "ListAllMyBucketsResult");
  if (!root) return unexpected("expected a ListAllMyBucketsResult");
  std::vector<BucketInfo> buckets;
  for (const pugi::xml_node bucket : root.child("Buckets").children("Bucket")) {
    BucketInfo info{bucket.child_value("Name"), time_of(bucket.child_value("CreationDate"))};
    if (info.name.empty()) return unexpected("a bucket without a name");
    buckets.push_back(std::move(info));
  }
  return buckets;
}

Result<std::string> parse_upload_id(std::string_view xml) {
  pugi::xml_document document;
  const std::string id = root_of(document, xml, "InitiateMultipartUploadResult").child_value("UploadId");
  if (id.empty() || id.size() > 4096) return unexpected("expected an UploadId");
  return id;
}

Result<std::string> parse_completed(std::string_view xml) {
  pugi::xml_document document;
  const std::string etag = without_quotes(root_of(document, xml, "CompleteMultipartUploadResult").child_value("ETag"));
  if (etag.empty()) return unexpected("expected the ETag of the completed upload");
  return etag;
}

std::string complete_xml(const std::vector<std::string>& etags) {
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    xml.append("<Part><PartNumber>").append(std::to_string(i + 1)).append("</PartNumber><ETag>");
    for (const char c : etags[i]) {  // A server's own text: it comes back as it was, but can end no element.
      if (c == '<')
        xml.append("&lt;");
      else if (c == '&')
        xml.append("&amp;");
      else
        xml.push_back(c);
    }
    xml.append("</ETag></Part>");
  }
  return xml.append("</CompleteMultipartUpload>");
}

}  // namespace chiliad::store
