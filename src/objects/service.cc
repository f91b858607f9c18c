#include "objects/service.h"

#include "base/hash.h"
#include "base/work_pool.h"
#include "objects/incoming_body.h"
#include "objects/long_answer.h"
#include "objects/operations.h"
#include "objects/xml_body.h"

namespace chiliad::objects {
namespace {

constexpr std::uint64_t kMostUnusedBody = 64 * 1024;

// Where an operation runs.
enum class Place : std::uint8_t { kHere, kWorker, kLong };

struct Row {
  Operation operation;
  Refused (*run)(const Context&);
  Place place;
  bool has_text = false;  // Its body is XML.
};

using enum Operation;

constexpr Row kRows[] = {
    {kListBuckets, list_buckets, Place::kWorker},
    {kCreateBucket, create_bucket, Place::kWorker, true},
    {kHeadBucket, head_bucket, Place::kHere},
    {kDeleteBucket, delete_bucket, Place::kWorker},
    {kGetBucketConfiguration, get_bucket_configuration, Place::kHere},
    {kPutBucketConfiguration, put_bucket_configuration, Place::kWorker, true},
    {kDeleteBucketConfiguration, delete_bucket_configuration, Place::kWorker},
    {kPutBucketAcl, put_acl, Place::kWorker, true},
    {kListObjects, list_objects, Place::kWorker},
    {kListObjectsV2, list_objects_v2, Place::kWorker},
    {kListMultipartUploads, list_multipart_uploads, Place::kWorker},
    {kDeleteObjects, delete_objects, Place::kWorker, true},
    {kGetObject, get_object, Place::kHere},
    {kHeadObject, get_object, Place::kHere},
    {kCopyObject, copy_object, Place::kLong},
    {kDeleteObject, delete_object, Place::kWorker},
    {kGetObjectAttributes, get_object_attributes, Place::kWorker},
    {kGetObjectAcl, get_object_acl, Place::kHere},
    {kPutObjectAcl, put_acl, Place::kWorker, true},
    {kGetObjectTagging, get_object_tagging, Place::kHere},
    {kPutObjectTagging, put_object_tagging, Place::kWorker, true},
    {kDeleteObjectTagging, delete_object_tagging, Place::kWorker},
    {kCreateMultipartUpload, create_multipart_upload, Place::kWorker},
    {kUploadPartCopy, upload_part_copy, Place::kLong},
    {kCompleteMultipartUpload, complete_multipart_upload, Place::kLong, true},
    {kAbortMultipartUpload, abort_multipart_upload, Place::kWorker},
    {kListParts, list_parts, Place::kWorker},
};

// Null for uploads, whose way is another one, and for what check_common() refuses.
const Row* row_of(Operation operation) {
  for (const Row& row : kRows)
    if (row.operation == operation) return &row;
  return nullptr;
}

bool is_upload(Operation operation) { return operation == kPutObject || operation == kUploadPart; }

// What holds for every operation.
Refused check_common(const Request& request, const net::HttpRequest& http, const Installation& here) {
  switch (request.operation) {
    case kNotImplemented: {
      S3Error error = s3_error(S3Code::kNotImplemented);
      if (!request.sub_resource.empty()) error.details.emplace_back("ResourceType", std::string(request.sub_resource));
      return error;
    }
    case kMethodNotAllowed: {
      S3Error error = s3_error(S3Code::kMethodNotAllowed, "Method", std::string(http.method()));
      error.details.emplace_back("ResourceType", request.bucket.empty() ? "SERVICE"
                                                 : request.key.empty()  ? "BUCKET"
                                                                        : "OBJECT");
      return error;
    }
    case kPreflight: return S3Error{403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."};
    default: break;
  }
  const std::string_view owner = http.field("x-amz-expected-bucket-owner");
  if (!owner.empty() && owner != here.account) return s3_error(S3Code::kAccessDenied);
  const std::optional<std::string_view> version = request.query.get("versionId");
  if (version && *version != "null") return invalid_argument("Invalid version id specified", "versionId", *version);
  for (const std::string_view name :
       {"x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-customer-key"})
    if (!http.field(name).empty()) return s3_error(S3Code::kNotImplemented, "Header", std::string(name));
  return std::nullopt;
}

// What a deferred request needs of its call.
struct Deferred {
  net::HttpLater later;
  aws::Caller caller;
  Request request;
  std::string request_id;
  IncomingBody* body = nullptr;                 // Lives until the request is answered:
  std::unique_ptr<IncomingBody> own_body = {};  // with the exchange, or, where no bytes came, here.
};

}  // namespace

struct S3Service::State {
  Installation here;
  Addressing addressing;
  TextBudget texts;
  LongAnswers long_answers;
  WorkPool workers;  // Last: ends first.

  State(std::shared_ptr<store::BucketStore> store, S3ServiceOptions options)
      : here{std::move(store), options.region, options.account, hex(sha256("canonical user of " + options.account))},
        addressing(std::move(options.addressing)),
        texts(options.most_text_bytes),
        long_answers(options.patience),
        workers(options.threads, options.most_waiting) {}

  // The request, if nothing speaks against it before its operation looks.
  std::variant<Request, S3Error> read(const net::HttpRequest& http) const {
    auto request = read_request(http, addressing);
    if (const auto* read = std::get_if<Request>(&request))
      if (Refused refused = check_common(*read, http, here)) return std::move(*refused);
    return request;
  }

  // The sink of the body of such a request; none: its body has no use and is kept small.
  std::variant<std::unique_ptr<IncomingBody>, S3Error> sink(const Request& request, const aws::HeadCall& call) {
    if (is_upload(request.operation)) {
      const Context context{.here = here,
                            .caller = call.caller,
                            .http = call.request,
                            .request = request,
                            .body = {},
                            .response = call.response};
      return begin_upload(context, call.signature);
    }
    const Row* row = row_of(request.operation);
    if (row == nullptr || !row->has_text) return std::unique_ptr<IncomingBody>();
    if (call.caller.anonymous()) return s3_error(S3Code::kAccessDenied);  // Nobody may, and it would cost memory.
    auto check = BodyCheck::read(call.request, call.signature);
    if (auto* error = std::get_if<S3Error>(&check)) return std::move(*error);
    auto announced = read_announced(call.request);
    // The checksum of a completion is the object's, not the body's.
    if (request.operation == kCompleteMultipartUpload) announced = Announced();
    if (auto* error = std::get_if<S3Error>(&announced)) return std::move(*error);
    return std::make_unique<IncomingBody>(std::get<BodyCheck>(std::move(check)), std::get<Announced>(announced),
                                          kMostXmlBytes, texts);
  }

  void run(const Row& row, const Deferred& deferred, net::HttpResponse& response) const {
    const net::HttpRequest& http = deferred.later.request();
    const bool is_checked = deferred.body != nullptr && deferred.body->announced().kind.has_value();
    const Context context{
        .here = here,
        .caller = deferred.caller,
        .http = http,
        .request = deferred.request,
        .body = deferred.body != nullptr ? deferred.body->text() : std::string_view(),
        .body_is_checked = is_checked || (deferred.body != nullptr && deferred.body->announced().md5.has_value()),
        .response = response};
    if (const Refused refused = row.run(context)) answer_error(*refused, http, deferred.request_id, response);
  }

  void defer(const Row& row, std::shared_ptr<Deferred> deferred) {
    net::HttpResponse head;
    aws::add_s3_request_id(head, deferred->request_id);
    std::shared_ptr<LongAnswer> answer;
    if (row.place == Place::kLong) answer = long_answers.begin(deferred->later, head);
    const bool is_taken = workers.submit([this, &row, deferred, head, answer] {
      net::HttpResponse response = head;
      run(row, *deferred, response);
      if (answer != nullptr)
        answer->end(std::move(response));
      else
        deferred->later.send(std::move(response));
    });
    if (is_taken) return;
    net::HttpResponse response = head;
    answer_error(s3_error(S3Code::kSlowDown), deferred->later.request(), deferred->request_id, response);
    if (answer != nullptr)
      answer->end(std::move(response));
    else
      deferred->later.send(std::move(response));
  }

  void finish_upload(const aws::Call& call, Request request, IncomingBody& body) {
    auto options = upload_options(request, call.request, body);
    if (const auto* error = std::get_if<S3Error>(&options))
      return answer_error(*error, call.request, call.request_id, call.response);
    store::Upload upload = body.take_upload();
    const bool had_checksum = body.announced().kind.has_value();
    const auto deferred = std::make_shared<Deferred>(
        Deferred{call.exchange.defer(), {}, std::move(request), std::string(call.request_id)});
    upload.finish(std::get<store::PutOptions>(std::move(options)),
                  [deferred, had_checksum](const store::Outcome<store::ObjectMeta>& outcome) {
                    net::HttpResponse response;
                    aws::add_s3_request_id(response, deferred->request_id);
                    const net::HttpRequest& http = deferred->later.request();
                    if (const Refused refused = answer_upload(deferred->request, http, had_checksum, outcome, response))
                      answer_error(*refused, http, deferred->request_id, response);
                    deferred->later.send(std::move(response));
                  });
  }
};

S3Service::S3Service(std::shared_ptr<store::BucketStore> store, S3ServiceOptions options)
    : state_(std::make_unique<State>(std::move(store), std::move(options))) {}

S3Service::~S3Service() = default;

net::HttpHandler::BodyPlan S3Service::begin(const aws::HeadCall& call) {
  net::HttpHandler::BodyPlan plan;
  auto request = state_->read(call.request);
  std::variant<std::unique_ptr<IncomingBody>, S3Error> sink;
  if (auto* error = std::get_if<S3Error>(&request))
    sink = std::move(*error);
  else
    sink = state_->sink(std::get<Request>(request), call);
  if (const auto* error = std::get_if<S3Error>(&sink)) {
    answer_error(*error, call.request, call.request_id, call.response);
    plan.refused = true;
    return plan;
  }
  plan.sink = std::get<std::unique_ptr<IncomingBody>>(std::move(sink));
  plan.max_bytes = kMostUnusedBody;
  return plan;
}

void S3Service::handle(const aws::Call& call) {
  const auto refuse = [&](const S3Error& error) { answer_error(error, call.request, call.request_id, call.response); };
  auto read = state_->read(call.request);
  if (const auto* error = std::get_if<S3Error>(&read)) return refuse(*error);
  Request& request = std::get<Request>(read);

  const Row* row = row_of(request.operation);
  const bool has_body = is_upload(request.operation) || row->has_text;
  auto* body = dynamic_cast<IncomingBody*>(call.exchange.body());
  // Without a body there was no begin(): that none was meant is checked all the same, and nothing is a body to put.
  std::unique_ptr<IncomingBody> own_body;
  if (body == nullptr && has_body) {
    if (is_upload(request.operation) && call.request.field("content-length").empty())
      return refuse(s3_error(S3Code::kMissingContentLength));
    auto made =
        state_->sink(request, {call.caller, call.region, call.request, call.response, call.request_id, call.signature});
    if (const auto* error = std::get_if<S3Error>(&made)) return refuse(*error);
    own_body = std::get<std::unique_ptr<IncomingBody>>(std::move(made));
    body = own_body.get();
  }
  if (body != nullptr)
    if (const Refused refused = body->end()) return refuse(*refused);
  if (is_upload(request.operation)) return state_->finish_upload(call, std::move(request), *body);
  if (row->place == Place::kHere) {
    const Context context{.here = state_->here,
                          .caller = call.caller,
                          .http = call.request,
                          .request = request,
                          .body = {},
                          .response = call.response};
    if (const Refused refused = row->run(context)) refuse(*refused);
    return;
  }
  state_->defer(*row, std::make_shared<Deferred>(Deferred{call.exchange.defer(), call.caller, std::move(request),
                                                          std::string(call.request_id), body, std::move(own_body)}));
}

void ElsewhereService::handle(const aws::Call& call) {
  answer_error({400, "InvalidRequest",
                "Objects of this installation are kept in " + address_ +
                    ": send S3 requests there (AWS_ENDPOINT_URL_S3=" + address_ + ")"},
               call.request, call.request_id, call.response);
}

}  // namespace chiliad::objects
