// CopyObject and UploadPartCopy: bytes that are in the store already.

#include "base/number.h"
#include "objects/conditions.h"
#include "objects/operations.h"
#include "objects/xml_body.h"

namespace chiliad::objects {
namespace {

constexpr std::string_view kSourceFields = "x-amz-copy-source-";

// The source, readable for the caller, with the conditions on it.
std::variant<store::CopySource, S3Error> read_source(const Context& context) {
  auto read = read_copy_source(context.http.field("x-amz-copy-source"));
  if (auto* error = std::get_if<S3Error>(&read)) return std::move(*error);
  store::CopySource source = std::get<store::CopySource>(std::move(read));
  const std::string_view owner = context.http.field("x-amz-source-expected-bucket-owner");
  if (!owner.empty() && owner != context.here.account) return s3_error(S3Code::kAccessDenied);
  if (Refused refused = allow(context, "s3:GetObject", source.bucket, source.key)) return std::move(*refused);
  source.condition = read_conditions(context.http, kSourceFields);
  return source;
}

// COPY (the default) is false, REPLACE true.
std::variant<bool, S3Error> is_replaced(const Context& context, std::string_view field) {
  const std::string_view directive = context.http.field(field);
  if (directive.empty() || directive == "COPY") return false;
  if (directive == "REPLACE") return true;
  return invalid_argument("Unknown directive: COPY or REPLACE is expected.", field, directive);
}

// What is missing is the source's, and who may not list its bucket does not learn that it is missing.
S3Error about_source(const Context& context, const store::CopySource& source, const store::Failure& failure) {
  if (failure.refusal == store::Refusal::kNoSuchKey) {
    if (Refused refused = allow(context, "s3:ListBucket", source.bucket)) return std::move(*refused);
    return from_failure(failure, source.bucket, source.key);
  }
  if (failure.refusal == store::Refusal::kEntityTooLarge) {
    return s3_error(
        S3Code::kInvalidRequest,
        "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
  }
  return from_failure(failure, context.request);
}

void write_result(const Context& context, std::string_view root, std::string_view etag, Instant modified,
                  const std::optional<store::StoredChecksum>& checksum, bool with_type) {
  aws::XmlWriter xml;
  xml.open(root, kS3Namespace).text("LastModified", iso_date(modified)).text("ETag", in_quotes(etag));
  write_checksum(xml, checksum, with_type);
  xml.close();
  answer_xml(context.response, std::move(xml).take());
}

}  // namespace

Refused copy_object(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:PutObject", request.bucket, request.key)) return refused;
  auto source = read_source(context);
  if (auto* error = std::get_if<S3Error>(&source)) return std::move(*error);
  const store::CopySource& from = std::get<store::CopySource>(source);
  if (Refused refused = check_write_fields(context.http)) return refused;
  const auto new_headers = is_replaced(context, "x-amz-metadata-directive");
  if (const auto* error = std::get_if<S3Error>(&new_headers)) return *error;
  const auto new_tags = is_replaced(context, "x-amz-tagging-directive");
  if (const auto* error = std::get_if<S3Error>(&new_tags)) return *error;
  const bool is_self = from.bucket == request.bucket && from.key == request.key;
  const bool changes_something = std::get<bool>(new_headers) || !context.http.field("x-amz-storage-class").empty() ||
                                 !context.http.field("x-amz-server-side-encryption").empty() ||
                                 !context.http.field("x-amz-website-redirect-location").empty() ||
                                 !context.http.field("x-amz-checksum-algorithm").empty();
  if (is_self && !changes_something) {
    return s3_error(
        S3Code::kInvalidRequest,
        "This copy request is illegal because it is trying to copy an object to itself without changing the "
        "object's metadata, storage class, website redirect location or encryption attributes.");
  }
  store::CopyOptions options;
  if (std::get<bool>(new_headers)) options.headers = read_headers(context.http);
  if (std::get<bool>(new_tags)) {
    auto tags = read_tagging_field(context.http.field("x-amz-tagging"));
    if (auto* error = std::get_if<S3Error>(&tags)) return std::move(*error);
    options.tags = std::get<Tags>(std::move(tags));
    if (Refused refused = allow(context, "s3:PutObjectTagging", request.bucket, request.key)) return refused;
  } else if (const auto tags = context.store().tags(from.bucket, from.key); tags && !tags->empty()) {
    if (Refused refused = allow(context, "s3:GetObjectTagging", from.bucket, from.key)) return refused;
    if (Refused refused = allow(context, "s3:PutObjectTagging", request.bucket, request.key)) return refused;
  }
  const auto choice = read_checksum_choice(context.http);
  if (const auto* error = std::get_if<S3Error>(&choice)) return *error;
  options.checksum_kind = std::get<ChecksumChoice>(choice).kind;
  auto condition = read_put_condition(context.http);
  if (auto* error = std::get_if<S3Error>(&condition)) return std::move(*error);
  options.condition = std::get<store::PutCondition>(std::move(condition));
  const auto copied = context.store().copy(from, request.bucket, request.key, options);
  if (!copied) return about_source(context, from, copied.failure());
  echo_encryption(context.http, context.response);
  write_result(context, "CopyObjectResult", copied->etag, copied->modified, copied->checksum, true);
  return std::nullopt;
}

Refused upload_part_copy(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:PutObject", request.bucket, request.key)) return refused;
  auto source = read_source(context);
  if (auto* error = std::get_if<S3Error>(&source)) return std::move(*error);
  const store::CopySource& from = std::get<store::CopySource>(source);
  if (Refused refused = check_write_fields(context.http)) return refused;
  const std::string_view text = context.query("partNumber");
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number || *number < 1 || *number > store::kMostParts)
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text);
  std::optional<store::PartRange> range;
  if (const std::string_view field = context.http.field("x-amz-copy-source-range"); !field.empty()) {
    const auto meta = context.store().head(from.bucket, from.key);
    if (!meta) return about_source(context, from, meta.failure());
    const auto span = read_copy_range(field, meta->size_bytes);
    if (const auto* error = std::get_if<S3Error>(&span)) return *error;
    range = store::PartRange{std::get<Span>(span).offset, std::get<Span>(span).length};
  }
  const auto copied = context.store().copy_part(from, range, request.bucket, request.key, context.query("uploadId"),
                                                static_cast<int>(*number));
  if (!copied) return about_source(context, from, copied.failure());
  write_result(context, "CopyPartResult", copied->etag, copied->modified, copied->checksum, false);
  return std::nullopt;
}

}  // namespace chiliad::objects
