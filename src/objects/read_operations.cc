// Objects read: whole, in ranges and parts, their head, attributes, tags.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/number.h"
#include "objects/conditions.h"
#include "objects/operations.h"

namespace chiliad::objects {
namespace {

// Up to here an answer's body is read into memory and leaves with its head in one system call.
constexpr std::uint64_t kSmall = 64 * 1024;

// The parameters that stand in for an answer's fields, and whose.
constexpr std::pair<std::string_view, std::string_view> kOverrides[] = {
    {"response-content-type", "content-type"},
    {"response-content-language", "content-language"},
    {"response-expires", "expires"},
    {"response-cache-control", "cache-control"},
    {"response-content-disposition", "content-disposition"},
    {"response-content-encoding", "content-encoding"}};

// As the field's name is usually written.
std::string_view usual_name(std::string_view lower) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"content-type", "Content-Type"},         {"content-encoding", "Content-Encoding"},
      {"content-language", "Content-Language"}, {"content-disposition", "Content-Disposition"},
      {"cache-control", "Cache-Control"},       {"expires", "Expires"}};
  const auto* found =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& each) { return each.first == lower; });
  return found == std::end(kNames) ? lower : found->second;
}

void add_headers(const Context& context, const store::ObjectMeta& meta) {
  net::HttpResponse& response = context.response;
  response.content_type = {};  // Added below: the object's own is no literal.
  bool has_type = false;
  const auto add = [&](std::string_view name, std::string_view value) {
    has_type |= name == "content-type";
    response.add_field(usual_name(name), value);
  };
  for (const auto& [name, value] : meta.headers) {
    const auto* override = std::find_if(std::begin(kOverrides), std::end(kOverrides),
                                        [&](const auto& each) { return each.second == name; });
    if (override != std::end(kOverrides) && context.request.query.has(override->first)) continue;
    add(name, value);
  }
  for (const auto& [parameter, name] : kOverrides)
    if (const auto value = context.request.query.get(parameter)) add(name, *value);
  if (!has_type) response.add_field("Content-Type", "binary/octet-stream");
}

bool has_override(const Context& context) {
  return std::any_of(std::begin(kOverrides), std::end(kOverrides),
                     [&](const auto& each) { return context.request.query.has(each.first); });
}

// What of the object is asked for.
struct Piece {
  Span span;
  bool is_partial = false;  // 206
  bool is_whole = true;     // The object's checksum is that of the piece.
  int part_count = 0;       // With partNumber: how many there are.
  std::optional<store::StoredChecksum> checksum = {};
};

std::variant<Piece, S3Error> piece_of_part(const Context& context, const store::ObjectMeta& meta) {
  const std::string_view text = context.query("partNumber");
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number || *number < 1 || *number > store::kMostParts)
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text);
  if (!context.http.field("range").empty())
    return s3_error(S3Code::kInvalidRequest, "Cannot specify both Range header and partNumber query parameter");
  Piece piece{.span = {0, meta.size_bytes}, .is_partial = meta.size_bytes > 0};
  if (meta.part_count == 0) {  // An object that was put whole is its own first part.
    if (*number != 1) return s3_error(S3Code::kInvalidPartNumber);
    piece.checksum = meta.checksum;
    return piece;
  }
  const auto parts = context.store().object_parts(context.request.bucket, context.request.key);
  if (!parts) return from_failure(parts.failure(), context.request);
  std::uint64_t offset = 0;
  for (const store::PartInfo& part : *parts) {
    if (part.number == *number) {
      piece.span = {offset, part.size_bytes};
      piece.part_count = meta.part_count;
      piece.is_whole = false;
      piece.checksum = part.checksum;
      if (offset + part.size_bytes > meta.size_bytes) break;  // Replaced between the two questions.
      return piece;
    }
    offset += part.size_bytes;
  }
  return s3_error(S3Code::kInvalidPartNumber);
}

std::variant<Piece, S3Error> piece_of(const Context& context, const store::ObjectMeta& meta) {
  if (context.request.query.has("partNumber")) return piece_of_part(context, meta);
  const auto range = read_range(context.http.field("range"), meta.size_bytes);
  if (const auto* error = std::get_if<S3Error>(&range)) return *error;
  if (const auto* span = std::get_if<Span>(&range))
    return Piece{.span = *span, .is_partial = true, .is_whole = span->length == meta.size_bytes};
  return Piece{.span = {0, meta.size_bytes}, .checksum = meta.checksum};
}

void describe(const Context& context, const store::ObjectMeta& meta, const Piece& piece) {
  net::HttpResponse& response = context.response;
  response.add_field("Last-Modified", http_date(meta.modified));
  response.add_field("ETag", in_quotes(meta.etag));
  response.add_field("Accept-Ranges", "bytes");
  if (meta.tag_count > 0) response.add_field("x-amz-tagging-count", std::to_string(meta.tag_count));
  if (piece.part_count > 0) response.add_field("x-amz-mp-parts-count", std::to_string(piece.part_count));
  if (net::same_ignoring_case(context.http.field("x-amz-checksum-mode"), "ENABLED"))
    add_checksum(response, piece.checksum, true);
  if (piece.is_partial) {
    response.status = 206;
    response.add_field("Content-Range", fmt::format("bytes {}-{}/{}", piece.span.offset,
                                                    piece.span.offset + piece.span.length - 1, meta.size_bytes));
  }
}

Refused read_small(const Context& context, const FileDescriptor& file, const Span& span) {
  std::string& body = context.response.body;
  body.resize(static_cast<std::size_t>(span.length));
  for (std::size_t done = 0; done < body.size();) {
    const ssize_t got =
        ::pread(file.get(), body.data() + done, body.size() - done, static_cast<off_t>(span.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return s3_error(S3Code::kInternalError,
                      fmt::format("The file of object '{}' is shorter than its {} bytes, or cannot be read: was it "
                                  "changed by hand? `chiliad store scan` takes such changes in.",
                                  context.request.key, span.offset + span.length));
    }
    done += static_cast<std::size_t>(got);
  }
  return std::nullopt;
}

// "ETag,Checksum": the names, without blanks.
std::vector<std::string_view> names_of(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

Refused write_parts(const Context& context, const store::ObjectMeta& meta, aws::XmlWriter& xml) {
  if (meta.part_count == 0) return std::nullopt;
  const auto most = read_count(context.http.field("x-amz-max-parts"), "max-parts", 1000, 1000);
  if (const auto* error = std::get_if<S3Error>(&most)) return *error;
  const auto marker = read_count(context.http.field("x-amz-part-number-marker"), "part-number-marker", 0, INT32_MAX);
  if (const auto* error = std::get_if<S3Error>(&marker)) return *error;
  const auto parts = context.store().object_parts(context.request.bucket, context.request.key);
  if (!parts) return from_failure(parts.failure(), context.request);
  auto at = std::find_if(parts->begin(), parts->end(),
                         [&](const store::PartInfo& part) { return part.number > std::get<int>(marker); });
  const auto end = at + std::min<std::ptrdiff_t>(std::get<int>(most), parts->end() - at);
  xml.open("ObjectParts").integer("PartsCount", meta.part_count).integer("PartNumberMarker", std::get<int>(marker));
  if (end != parts->end() && end != at) xml.integer("NextPartNumberMarker", (end - 1)->number);
  xml.integer("MaxParts", std::get<int>(most)).boolean("IsTruncated", end != parts->end());
  for (; at != end; ++at) {
    if (!at->checksum) continue;  // As S3: parts without a checksum of their own are counted, not shown.
    xml.open("Part").integer("PartNumber", at->number).integer("Size", static_cast<std::int64_t>(at->size_bytes));
    write_checksum(xml, at->checksum, false);
    xml.close();
  }
  xml.close();
  return std::nullopt;
}

}  // namespace

Refused get_object(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:GetObject", request.bucket, request.key)) return refused;
  if (context.caller.anonymous() && has_override(context)) {
    return s3_error(S3Code::kInvalidRequest,
                    "Request specific response headers cannot be used for anonymous GET requests.");
  }
  const bool is_head = request.operation == Operation::kHeadObject;
  store::OpenObject object;
  if (is_head) {
    store::Outcome<store::ObjectMeta> found = context.store().head(request.bucket, request.key);
    if (!found) return about_missing_key(context, found.failure());
    object.meta = std::move(*found);
  } else {
    store::Outcome<store::OpenObject> found = context.store().get(request.bucket, request.key);
    if (!found) return about_missing_key(context, found.failure());
    object = std::move(*found);
  }
  const store::ObjectMeta& meta = object.meta;
  if (Refused refused = check_conditions(read_conditions(context.http), meta)) {
    if (refused->status == 304) {  // RFC 9110: with what a cache keeps.
      context.response.add_field("ETag", in_quotes(meta.etag));
      context.response.add_field("Last-Modified", http_date(meta.modified));
    }
    return refused;
  }
  auto found = piece_of(context, meta);
  if (auto* error = std::get_if<S3Error>(&found)) return std::move(*error);
  const Piece& piece = std::get<Piece>(found);
  if (is_head) {
    context.response.head_content_length = piece.span.length;
  } else if (piece.span.length <= kSmall) {
    if (Refused refused = read_small(context, object.file, piece.span)) return refused;
  } else {
    context.response.file = std::make_shared<const net::HttpFile>(
        net::HttpFile{std::move(object.file), piece.span.offset, piece.span.length});
  }
  add_headers(context, meta);
  describe(context, meta, piece);
  return std::nullopt;
}

Refused get_object_attributes(const Context& context) {
  const Request& request = context.request;
  for (const std::string_view action : {"s3:GetObject", "s3:GetObjectAttributes"})
    if (Refused refused = allow(context, action, request.bucket, request.key)) return refused;
  const std::vector<std::string_view> wanted = names_of(context.http.field("x-amz-object-attributes"));
  for (const std::string_view name : wanted)
    if (name != "ETag" && name != "Checksum" && name != "ObjectParts" && name != "StorageClass" && name != "ObjectSize")
      return invalid_argument("Invalid attribute name specified.", "x-amz-object-attributes", name);
  if (wanted.empty())
    return invalid_argument(
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either "
        "missing or empty",
        "x-amz-object-attributes", {});
  const auto found = context.store().head(request.bucket, request.key);
  if (!found) return about_missing_key(context, found.failure());
  const auto wants = [&](std::string_view name) {
    return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  aws::XmlWriter xml;
  xml.open("GetObjectAttributesResponse", kS3Namespace);
  if (wants("ETag")) xml.text("ETag", found->etag);
  if (wants("Checksum") && found->checksum) {
    xml.open("Checksum");
    write_checksum(xml, found->checksum, true);
    xml.close();
  }
  if (wants("ObjectParts"))
    if (Refused refused = write_parts(context, *found, xml)) return refused;
  if (wants("StorageClass")) xml.text("StorageClass", "STANDARD");
  if (wants("ObjectSize")) xml.integer("ObjectSize", static_cast<std::int64_t>(found->size_bytes));
  xml.close();
  context.response.add_field("Last-Modified", http_date(found->modified));
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

Refused get_object_acl(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:GetObjectAcl", request.bucket, request.key)) return refused;
  const auto found = context.store().head(request.bucket, request.key);
  if (!found) return about_missing_key(context, found.failure());
  answer_xml(context.response, acl_xml(context.here));
  return std::nullopt;
}

Refused get_object_tagging(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:GetObjectTagging", request.bucket, request.key)) return refused;
  const auto tags = context.store().tags(request.bucket, request.key);
  if (!tags) return about_missing_key(context, tags.failure());
  aws::XmlWriter xml;
  xml.open("Tagging", kS3Namespace).open("TagSet");
  for (const auto& [key, value] : *tags) xml.open("Tag").text("Key", key).text("Value", value).close();
  xml.close().close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

}  // namespace chiliad::objects
