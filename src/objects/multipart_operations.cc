// Multipart uploads: begun, completed, given up. Their parts are put in write_operations.cc and copied in
// copy_operations.cc.

#include <fmt/format.h>

#include "base/number.h"
#include "objects/conditions.h"
#include "objects/operations.h"
#include "objects/xml_body.h"

namespace chiliad::objects {
namespace {

// x-amz-checksum-* of a completion: of the object's bytes, or "<base64>-<parts>".
std::variant<std::optional<std::string>, S3Error> read_expected(const net::HttpRequest& http) {
  std::optional<std::string> expected;
  for (const ChecksumKind kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme,
                                  ChecksumKind::kSha1, ChecksumKind::kSha256}) {
    const std::string_view text = http.field(checksum_field(kind));
    if (text.empty()) continue;
    if (expected) {
      return s3_error(S3Code::kInvalidRequest,
                      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    const std::string_view value = text.substr(0, text.find('-'));
    if (auto read = read_checksum(kind, value); auto* error = std::get_if<S3Error>(&read)) return std::move(*error);
    expected = std::string(text);
  }
  return expected;
}

}  // namespace

Refused create_multipart_upload(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:PutObject", request.bucket, request.key)) return refused;
  if (Refused refused = check_write_fields(context.http)) return refused;
  const auto choice = read_checksum_choice(context.http);
  if (const auto* error = std::get_if<S3Error>(&choice)) return *error;
  auto tags = read_tagging_field(context.http.field("x-amz-tagging"));
  if (auto* error = std::get_if<S3Error>(&tags)) return std::move(*error);
  if (!std::get<Tags>(tags).empty())
    if (Refused refused = allow(context, "s3:PutObjectTagging", request.bucket, request.key)) return refused;
  const ChecksumChoice& chosen = std::get<ChecksumChoice>(choice);
  const auto upload = context.store().create_upload(request.bucket, request.key,
                                                    {.headers = read_headers(context.http),
                                                     .tags = std::get<Tags>(std::move(tags)),
                                                     .checksum_kind = chosen.kind,
                                                     .checksum_type = chosen.type});
  if (!upload) return from_failure(upload.failure(), request);
  if (chosen.kind && upload->checksum_kind) {
    context.response.add_field("x-amz-checksum-algorithm", checksum_name(*upload->checksum_kind));
    context.response.add_field("x-amz-checksum-type", checksum_type_name(upload->checksum_type));
  }
  echo_encryption(context.http, context.response);
  aws::XmlWriter xml;
  xml.open("InitiateMultipartUploadResult", kS3Namespace).text("Bucket", request.bucket).text("Key", request.key);
  xml.text("UploadId", upload->id).close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

Refused complete_multipart_upload(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:PutObject", request.bucket, request.key)) return refused;
  const auto parts = read_complete(context.body);
  if (const auto* error = std::get_if<S3Error>(&parts)) return *error;
  store::CompleteOptions options;
  auto condition = read_put_condition(context.http);
  if (auto* error = std::get_if<S3Error>(&condition)) return std::move(*error);
  options.condition = std::get<store::PutCondition>(std::move(condition));
  auto expected = read_expected(context.http);
  if (auto* error = std::get_if<S3Error>(&expected)) return std::move(*error);
  options.expected_checksum = std::get<std::optional<std::string>>(std::move(expected));
  if (const std::string_view text = context.http.field("x-amz-mp-object-size"); !text.empty()) {
    const std::optional<std::int64_t> size = parse_integer(text);
    if (!size || *size < 0)
      return s3_error(S3Code::kInvalidRequest, "Value for x-amz-mp-object-size header is invalid.");
    options.expected_size = static_cast<std::uint64_t>(*size);
  }
  const auto made = context.store().complete(request.bucket, request.key, context.query("uploadId"),
                                             std::get<std::vector<store::CompletedPart>>(parts), options);
  if (!made) return from_failure(made.failure(), request);
  aws::XmlWriter xml;
  xml.open("CompleteMultipartUploadResult", kS3Namespace);
  xml.text("Location", fmt::format("http://{}/{}/{}", context.http.field("host"), request.bucket, request.key));
  xml.text("Bucket", request.bucket).text("Key", request.key).text("ETag", in_quotes(made->etag));
  write_checksum(xml, made->checksum, true);
  xml.close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

Refused abort_multipart_upload(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:AbortMultipartUpload", request.bucket, request.key)) return refused;
  const auto aborted = context.store().abort(request.bucket, request.key, context.query("uploadId"));
  if (!aborted) return from_failure(aborted.failure(), request);
  answer_nothing(context.response);
  return std::nullopt;
}

}  // namespace chiliad::objects
