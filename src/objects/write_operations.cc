// Objects and parts put, objects deleted and tagged.

#include "base/number.h"
#include "objects/conditions.h"
#include "objects/operations.h"
#include "objects/xml_body.h"

namespace chiliad::objects {
namespace {

bool is_part(const Request& request) { return request.operation == Operation::kUploadPart; }

// Who puts an object with tags must be allowed to tag it.
Refused may_put(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:PutObject", request.bucket, request.key)) return refused;
  if (!is_part(request) && !context.http.field("x-amz-tagging").empty())
    return allow(context, "s3:PutObjectTagging", request.bucket, request.key);
  return std::nullopt;
}

std::variant<int, S3Error> read_part_number(const Context& context) {
  const std::string_view text = context.query("partNumber");
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number || *number < 1 || *number > store::kMostParts)
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text);
  return static_cast<int>(*number);
}

}  // namespace

std::variant<std::unique_ptr<IncomingBody>, S3Error> begin_upload(const Context& context,
                                                                  const aws::Signature& signature) {
  const Request& request = context.request;
  if (Refused refused = may_put(context)) return std::move(*refused);
  if (Refused refused = check_write_fields(context.http)) return std::move(*refused);
  auto check = BodyCheck::read(context.http, signature);
  if (auto* error = std::get_if<S3Error>(&check)) return std::move(*error);
  auto announced = read_announced(context.http);
  if (auto* error = std::get_if<S3Error>(&announced)) return std::move(*error);
  store::UploadPlan plan{.size_bytes = std::get<BodyCheck>(check).size_bytes(),
                         .checksum_kind = std::get<Announced>(announced).kind};
  if (plan.size_bytes && *plan.size_bytes > store::kMostObjectBytes) {
    S3Error error = s3_error(S3Code::kEntityTooLarge, "ProposedSize", std::to_string(*plan.size_bytes));
    error.details.emplace_back("MaxSizeAllowed", std::to_string(store::kMostObjectBytes));
    return error;
  }
  auto upload = [&]() -> std::variant<store::Outcome<store::Upload>, S3Error> {
    if (is_part(request)) {
      const auto number = read_part_number(context);
      if (const auto* error = std::get_if<S3Error>(&number)) return *error;
      return context.store().begin_part(request.bucket, request.key, context.query("uploadId"), std::get<int>(number),
                                        plan);
    }
    // What is wrong with these is told before the body comes.
    if (auto condition = read_put_condition(context.http); auto* error = std::get_if<S3Error>(&condition))
      return std::move(*error);
    if (auto tags = read_tagging_field(context.http.field("x-amz-tagging")); auto* error = std::get_if<S3Error>(&tags))
      return std::move(*error);
    // S3 keeps a CRC-64 of what comes without a checksum.
    if (!plan.checksum_kind) plan.checksum_kind = ChecksumKind::kCrc64Nvme;
    return context.store().begin_put(request.bucket, request.key, plan);
  }();
  if (auto* error = std::get_if<S3Error>(&upload)) return std::move(*error);
  auto& begun = std::get<store::Outcome<store::Upload>>(upload);
  if (!begun) return from_failure(begun.failure(), request);
  return std::make_unique<IncomingBody>(std::get<BodyCheck>(std::move(check)), std::get<Announced>(announced),
                                        std::move(*begun));
}

std::variant<store::PutOptions, S3Error> upload_options(const Request& request, const net::HttpRequest& http,
                                                        const IncomingBody& body) {
  store::PutOptions options;
  options.expected_md5 = body.announced().md5;
  options.expected_checksum = body.announced().value;
  if (is_part(request)) return options;
  options.headers = read_headers(http);
  auto condition = read_put_condition(http);
  if (auto* error = std::get_if<S3Error>(&condition)) return std::move(*error);
  options.condition = std::get<store::PutCondition>(std::move(condition));
  auto tags = read_tagging_field(http.field("x-amz-tagging"));
  if (auto* error = std::get_if<S3Error>(&tags)) return std::move(*error);
  options.tags = std::get<store::Pairs>(std::move(tags));
  return options;
}

Refused answer_upload(const Request& request, const net::HttpRequest& http, bool had_checksum,
                      const store::Outcome<store::ObjectMeta>& outcome, net::HttpResponse& response) {
  if (!outcome) {
    S3Error error = from_failure(outcome.failure(), request);
    if (outcome.failure().refusal == store::Refusal::kPreconditionFailed)
      error.details.emplace_back("Condition", http.field("If-Match").empty() ? "If-None-Match" : "If-Match");
    return error;
  }
  response.content_type = {};
  response.add_field("ETag", in_quotes(outcome->etag));
  // A part's checksum is answered when the part came with one; an object's always, as S3 does.
  if (!is_part(request) || had_checksum) add_checksum(response, outcome->checksum, !is_part(request));
  echo_encryption(http, response);
  return std::nullopt;
}

Refused delete_object(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:DeleteObject", request.bucket, request.key)) return refused;
  const std::vector<std::string> match = read_etags(context.http.field("If-Match"));
  if (match.size() > 1) return s3_error(S3Code::kNotImplemented, "Header", "If-Match");
  const auto removed = context.store().remove(request.bucket, request.key,
                                              match.empty() ? std::nullopt : std::optional<std::string>(match[0]));
  if (!removed) return from_failure(removed.failure(), request);
  answer_nothing(context.response);
  return std::nullopt;
}

Refused put_object_tagging(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:PutObjectTagging", request.bucket, request.key)) return refused;
  const auto tags = read_tagging(context.body);
  if (const auto* error = std::get_if<S3Error>(&tags)) return *error;
  const auto put = context.store().put_tags(request.bucket, request.key, std::get<Tags>(tags));
  if (!put) return about_missing_key(context, put.failure());
  context.response.content_type = {};
  return std::nullopt;
}

Refused delete_object_tagging(const Context& context) {
  const Request& request = context.request;
  if (Refused refused = allow(context, "s3:DeleteObjectTagging", request.bucket, request.key)) return refused;
  const auto put = context.store().put_tags(request.bucket, request.key, {});
  if (!put) return about_missing_key(context, put.failure());
  answer_nothing(context.response);
  return std::nullopt;
}

}  // namespace chiliad::objects
