#include "hosting/runtime.h"

#include <algorithm>

#include "aws/arn.h"
#include "aws/caller.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "base/uuid.h"
#include "hosting/capture.h"
#include "hosting/event_stream.h"
#include "hosting/hosting.h"
#include "hosting/s3_location.h"
#include "net/uri.h"

namespace chiliad::hosting {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr std::string_view kEndpoints = "/endpoints/";
constexpr auto kCallTime = seconds(60);
constexpr auto kStreamTime = seconds(480);
constexpr std::string_view kEventStream = "application/vnd.amazon.eventstream";
constexpr int kDefaultTtl = 21'600;
constexpr int kDefaultTimeout = 900;

// AWS writes the names in ARNs of endpoints in lower case.
std::string endpoint_arn(std::string_view region, std::string_view account, std::string_view name) {
  std::string resource = "endpoint/" + std::string(name);
  std::transform(resource.begin(), resource.end(), resource.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return aws::make_arn("sagemaker", region, account, resource);
}

// What a call took besides its model.
nanoseconds overhead_of(steady_clock::time_point received, const HostResult& result) {
  return steady_clock::now() - received - result.model_latency.value_or(nanoseconds(0));
}

void answer_refused(const aws::Call& call, std::string_view action, std::string_view arn, aws::Conditions conditions) {
  const aws::Decision decision = call.caller.decide(action, arn, conditions);
  const aws::ApiError error = aws::access_denied(call.caller, action, arn, decision);
  answer_error(403, "AccessDeniedException", error.message, call.response);
}

HostCall host_call_of(const net::HttpRequest& request, const RuntimeFields& fields) {
  HostCall call;
  call.target_model = fields.target_model;
  call.body = request.body();
  call.content_type = fields.content_type;
  call.accept = fields.accept;
  call.custom_attributes = fields.custom_attributes;
  call.inference_id = fields.inference_id;
  call.received = request.received_at();
  return call;
}

std::string too_long(std::size_t most) { return "HTTP content length exceeded " + std::to_string(most) + " bytes."; }

}  // namespace

void count_call(const std::string& endpoint, const Variant& variant, const HostResult& result, int status,
                nanoseconds overhead, EndpointLog& log) {
  CallFigures figures;
  figures.status = status;
  figures.model_error = result.end == HostEnd::kModelError;
  figures.model_latency = result.model_latency;
  figures.overhead_latency = overhead;
  figures.cache_hit = result.cache_hit;
  figures.loading_wait = result.loading_wait;
  variant.tally->count(figures);
  const bool at_fault =
      result.end == HostEnd::kUnavailable || (result.end == HostEnd::kModelError && result.original_status >= 500);
  if (at_fault)
    log.write_some(endpoint, variant.plan.name, "call answered " + std::to_string(status) + ": " + result.message);
}

// A call that goes on without its I/O thread. The request lives until it is answered.
struct Runtime::Deferred {
  net::HttpLater later;
  std::shared_ptr<const Deployment> deployment;
  Context context;
  std::string fields;  // Those that the answer had before.
};

// The limits are told as soon as the head announces the length.
net::HttpHandler::BodyPlan Runtime::begin(const aws::HeadCall& call) {
  std::string_view endpoint;
  Operation operation = Operation::kInvoke;
  net::HttpHandler::BodyPlan plan;
  read_target(call.request.path(), endpoint, operation);
  // An asynchronous call with an input location sends no body.
  plan.max_bytes = operation == Operation::kAsync ? Hosting::kMaxAsyncBody : Hosting::kMaxBody;
  const std::optional<std::int64_t> length = parse_integer(call.request.field("Content-Length"));
  if (length && *length > static_cast<std::int64_t>(plan.max_bytes)) {
    plan.refused = true;
    answer_error(413, "", too_long(plan.max_bytes), call.response);
  }
  return plan;
}

bool Runtime::read_target(std::string_view path, std::string_view& endpoint, Operation& operation) {
  if (!path.starts_with(kEndpoints)) return false;
  path.remove_prefix(kEndpoints.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return false;
  endpoint = path.substr(0, slash);
  const std::string_view call = path.substr(slash + 1);
  if (call == "invocations") {
    operation = Operation::kInvoke;
  } else if (call == "invocations-response-stream") {
    operation = Operation::kStream;
  } else if (call == "async-invocations") {
    operation = Operation::kAsync;
  } else if (call == "invocations-batch") {
    operation = Operation::kBatch;
  } else {
    return false;
  }
  return true;
}

bool Runtime::may(const aws::Call& call, Operation operation, std::string_view arn,
                  std::string_view target_model) const {
  const std::string_view action = operation == Operation::kStream  ? "sagemaker:InvokeEndpointWithResponseStream"
                                  : operation == Operation::kAsync ? "sagemaker:InvokeEndpointAsync"
                                                                   : "sagemaker:InvokeEndpoint";
  const aws::Condition condition{"sagemaker:TargetModel", target_model};
  const aws::Conditions conditions =
      target_model.empty() ? aws::Conditions() : aws::Conditions(std::span(&condition, 1));
  if (call.caller.may(action, arn, conditions)) return true;
  answer_refused(call, action, arn, conditions);
  return false;
}

void Runtime::handle(const aws::Call& call) {
  std::string_view endpoint;
  Context context;
  context.request = &call.request;
  if (!read_target(call.request.path(), endpoint, context.operation)) {
    return answer_error(404, "UnknownOperationException", "There is no such call of an endpoint.", call.response);
  }
  if (call.request.method() != "POST") {
    call.response.add_field("Allow", "POST");
    return answer_error(405, "UnknownOperationException", "Endpoints are called with POST.", call.response);
  }
  const std::shared_ptr<const EndpointTable::Map> table = endpoints_.now();
  const auto found = table->find(endpoint);
  const bool there = found != table->end();
  const std::string made_arn = there ? std::string() : endpoint_arn(region_, account_, endpoint);
  const std::string_view arn = there ? std::string_view(found->second->plan().arn) : made_arn;
  const Result<Done> read = read_runtime_fields(call.request, context.fields);
  // Each model of a batch is asked for on its own.
  if (context.operation != Operation::kBatch && !may(call, context.operation, arn, context.fields.target_model)) return;
  if (!there) {
    const std::string_view name = endpoint.substr(0, 63);
    return answer_error(400, "ValidationError",
                        "Endpoint " + std::string(name) + " of account " + account_ + " not found.", call.response);
  }
  const std::shared_ptr<const Deployment>& deployment = found->second;
  context.deployment = deployment.get();
  if (!read) return answer_error(400, "ValidationError", read.error().message, call.response);
  const std::string_view wanted = context.fields.target_variant;
  if (!wanted.empty() && deployment->find(wanted) == nullptr) {
    return answer_error(400, "ValidationError",
                        "Variant " + std::string(wanted) + " of endpoint " + deployment->plan().name + " not found.",
                        call.response);
  }
  if (context.operation == Operation::kAsync) return invoke_async(call, context);
  context.variant = wanted.empty() ? &deployment->choose() : deployment->find(wanted);
  if (context.operation == Operation::kBatch) return batch(call, deployment, context);
  invoke(call, deployment, context);
}

// ---------------------------------------------------------------------------------------------------
// InvokeEndpoint and InvokeEndpointWithResponseStream
// ---------------------------------------------------------------------------------------------------

void Runtime::invoke(const aws::Call& call, const std::shared_ptr<const Deployment>& deployment, Context& context) {
  if (call.request.body().size() > Hosting::kMaxBody) {
    return answer_error(413, "", too_long(Hosting::kMaxBody), call.response);
  }
  if (context.operation == Operation::kStream && context.variant->host->streams())
    return stream(call, deployment, context);
  const HostCall host_call = host_call_of(call.request, context.fields);
  HostAnswer answer;
  answer.body = std::move(call.response.body);  // Its memory is used again.
  answer.body.clear();
  HostResult result;
  if (context.variant->host->answer_now(host_call, answer.body, answer.content_type, result)) {
    return finish(context, std::move(answer), result, call.response);
  }
  const auto deferred =
      std::make_shared<Deferred>(Deferred{call.exchange.defer(), deployment, context, call.response.fields});
  context.variant->host->answer_later(host_call, host_call.received + kCallTime,
                                      [this, deferred](HostAnswer late, const HostResult& how) {
                                        net::HttpResponse response;
                                        response.fields = std::move(deferred->fields);
                                        finish(deferred->context, std::move(late), how, response);
                                        deferred->later.send(std::move(response));
                                      });
}

void Runtime::add_answer_fields(const Context& context, const HostAnswer& answer, net::HttpResponse& response) const {
  response.fields += context.variant->answer_field;
  const std::string_view attributes =
      answer.custom_attributes ? std::string_view(*answer.custom_attributes) : context.fields.custom_attributes;
  if (!attributes.empty()) response.add_field("X-Amzn-SageMaker-Custom-Attributes", attributes);
}

void Runtime::capture(const Context& context, std::string_view output, std::string_view type) const {
  CaptureStream* const capture = context.variant->capture.get();
  if (capture == nullptr || !capture->wanted()) return;
  const RuntimeFields& fields = context.fields;
  CaptureRecord record;
  record.input = context.request->body();
  record.input_type = fields.content_type;
  record.output = output;
  record.output_type = type;
  record.custom_attributes = fields.custom_attributes;
  record.inference_id = fields.inference_id;
  record.target_model = fields.target_model;
  record.time = system_clock::now();
  capture->offer(std::move(record));
}

void Runtime::finish(const Context& context, HostAnswer answer, const HostResult& result, net::HttpResponse& response) {
  add_answer_fields(context, answer, response);
  if (result.end != HostEnd::kAnswered) {
    answer_failure(result, context.deployment->log(), response);
  } else {
    capture(context, answer.body, answer.type());
    if (context.operation == Operation::kStream) {
      response.add_field("X-Amzn-SageMaker-Content-Type", answer.type());
      response.content_type = kEventStream;
      response.body = payload_parts(answer.body);
    } else {
      response.content_type = answer.own_type.empty() ? answer.content_type : std::string_view();
      if (!answer.own_type.empty()) response.add_field("Content-Type", answer.own_type);
      response.body = std::move(answer.body);
    }
    response.held = std::move(answer.held);
  }
  count_call(context.deployment->plan().name, *context.variant, result, response.status,
             overhead_of(context.request->received_at(), result), log_);
}

// An answer that leaves while its model still makes it.
class Runtime::Stream final : public HostStream {
 public:
  Stream(const Runtime& runtime, Deferred deferred) : runtime_(runtime), deferred_(std::move(deferred)) {}

  void begin(HostAnswer head) override {
    net::HttpResponse response;
    response.fields = std::move(deferred_.fields);
    runtime_.add_answer_fields(deferred_.context, head, response);
    response.add_field("X-Amzn-SageMaker-Content-Type", head.type());
    response.content_type = kEventStream;
    type_ = head.type();
    const CaptureStream* const capture = deferred_.context.variant->capture.get();
    captured_ = capture != nullptr;
    begun_ = true;
    deferred_.later.begin_stream(std::move(response));
  }

  bool write(std::string_view piece) override {
    if (captured_ && output_.size() + piece.size() <= Hosting::kMaxBody) output_ += piece;
    std::string parts;
    append_payload_parts(parts, piece);
    return deferred_.later.write(parts);
  }

  // The last word. The request goes with it: what is needed of it is taken before.
  void end(const HostResult& result) {
    const bool good = result.end == HostEnd::kAnswered;
    if (good && begun_) runtime_.capture(deferred_.context, output_, type_);
    count_call(deferred_.deployment->plan().name, *deferred_.context.variant, result, status_of(result),
               overhead_of(deferred_.context.request->received_at(), result), runtime_.log_);
    if (begun_) return end_stream(result);
    net::HttpResponse response;
    response.fields = std::move(deferred_.fields);
    runtime_.add_answer_fields(deferred_.context, {}, response);
    answer_failure(result, deferred_.deployment->log(), response);
    deferred_.later.send(std::move(response));
  }

 private:
  void end_stream(const HostResult& result) {
    if (result.end != HostEnd::kAnswered) {
      const bool late = result.end == HostEnd::kModelError && result.original_status == 0;
      std::string error;
      append_stream_error(error, late ? "ModelInvocationTimeExceeded" : "StreamBroken", result.message);
      deferred_.later.write(error);
    }
    deferred_.later.end_stream();
  }

  const Runtime& runtime_;
  Deferred deferred_;
  bool begun_ = false;
  bool captured_ = false;
  std::string type_;
  std::string output_;  // For the capture.
};

void Runtime::stream(const aws::Call& call, const std::shared_ptr<const Deployment>& deployment,
                     const Context& context) {
  const HostCall host_call = host_call_of(call.request, context.fields);
  const auto out =
      std::make_shared<Stream>(*this, Deferred{call.exchange.defer(), deployment, context, call.response.fields});
  context.variant->host->answer_stream(host_call, host_call.received + kStreamTime, *out,
                                       [out](const HostResult& result) { out->end(result); });
}

// ---------------------------------------------------------------------------------------------------
// InvokeEndpointAsync
// ---------------------------------------------------------------------------------------------------

void Runtime::invoke_async(const aws::Call& call, const Context& context) {
  const EndpointPlan& plan = context.deployment->plan();
  const RuntimeFields& fields = context.fields;
  const auto invalid = [&call](std::string_view message) {
    answer_error(400, "ValidationError", message, call.response);
  };
  if (!plan.async) return invalid("Endpoint " + plan.name + " has no AsyncInferenceConfig: call InvokeEndpoint.");
  const std::string& body = call.request.body();
  if (fields.input_location.empty() == body.empty()) {
    return invalid("Give either X-Amzn-SageMaker-InputLocation or a body.");
  }
  if (body.size() > Hosting::kMaxAsyncBody) {
    return answer_error(413, "", too_long(Hosting::kMaxAsyncBody), call.response);
  }
  if (!fields.input_location.empty()) {
    Result<S3Location> input = parse_s3_uri(fields.input_location);
    if (!input) return invalid("X-Amzn-SageMaker-InputLocation: " + input.error().message);
    const std::string arn = aws::s3_arn(input->bucket, input->key);
    if (!call.caller.may("s3:GetObject", arn)) return answer_refused(call, "s3:GetObject", arn, {});
  }
  AsyncCall accepted;
  accepted.endpoint = plan.name;
  accepted.inference_id = fields.inference_id.empty() ? make_uuid() : std::string(fields.inference_id);
  accepted.input_location = fields.input_location;
  accepted.body = body;
  accepted.content_type = fields.content_type;
  accepted.accept = fields.accept;
  accepted.custom_attributes = fields.custom_attributes;
  accepted.target_model = fields.target_model;
  accepted.target_variant = fields.target_variant;
  const std::string name = make_uuid();
  const auto below = [&name](const std::string& path, std::string_view end) {
    return path + (path.ends_with('/') ? "" : "/") + name + std::string(end);
  };
  accepted.output_location = below(plan.async->output_path, ".out");
  if (!plan.async->failure_path.empty()) accepted.failure_location = below(plan.async->failure_path, "-error.out");
  const Variant* const wanted =
      fields.target_variant.empty() ? nullptr : context.deployment->find(fields.target_variant);
  accepted.role = (wanted != nullptr ? *wanted : context.deployment->variants().front()).plan.model.role_arn;
  accepted.timeout_seconds = fields.invocation_timeout_seconds.value_or(kDefaultTimeout);
  accepted.expires = system_clock::now() + seconds(fields.request_ttl_seconds.value_or(kDefaultTtl));
  accept_async(std::move(accepted), call);
}

// Into the database, on a thread that may wait for the disk; then 202.
void Runtime::accept_async(AsyncCall accepted, const aws::Call& call) {
  net::HttpResponse response;
  response.fields = call.response.fields;
  net::HttpLater later = call.exchange.defer();
  const auto refuse = [](net::HttpLater to, net::HttpResponse with, std::string_view why) {
    answer_error(503, "ServiceUnavailable", why, with);
    to.send(std::move(with));
  };
  const bool waits = writers_.submit([this, accepted, later, response, refuse]() mutable {
    if (Result<Done> added = queue_.add(accepted); !added) return refuse(later, response, added.error().message);
    // Deleted meanwhile: its end must not wait for another endpoint of the name.
    if (endpoints_.find(accepted.endpoint) == nullptr) runner_.fail_all(accepted.endpoint);
    runner_.wake();
    response.status = 202;
    response.add_field("X-Amzn-SageMaker-OutputLocation", accepted.output_location);
    if (!accepted.failure_location.empty()) {
      response.add_field("X-Amzn-SageMaker-FailureLocation", accepted.failure_location);
    }
    JsonWriter json;
    json.begin_object().key("InferenceId").string(accepted.inference_id).end_object();
    response.body = std::move(json).take();
    later.send(std::move(response));
  });
  if (!waits) refuse(later, std::move(response), "too many calls are waiting: try again later");
}

// ---------------------------------------------------------------------------------------------------
// Batches
// ---------------------------------------------------------------------------------------------------

void Runtime::batch(const aws::Call& call, const std::shared_ptr<const Deployment>& deployment,
                    const Context& context) {
  const Variant* const variant = context.variant;
  std::optional<net::HttpLater> later;
  ModelHost::BatchCall batch;
  batch.body = call.request.body();
  batch.accept = context.fields.accept;
  batch.head.fields = call.response.fields + variant->answer_field;
  batch.may = [caller = call.caller, deployment](std::string_view model) {
    return caller.may("sagemaker:InvokeEndpoint", deployment->plan().arn, {{"sagemaker:TargetModel", model}});
  };
  batch.count = [this, deployment, variant](const HostResult& result) {
    count_call(deployment->plan().name, *variant, result, status_of(result), nanoseconds(0), log_);
  };
  batch.defer = [&call, &later] {
    later.emplace(call.exchange.defer());
    return *later;
  };
  Result<Done> done = variant->host->batch(std::move(batch));
  if (done) return;
  HostResult result;
  result.message = done.error().message;
  result.end = done.error().code == ErrorCode::kInvalid ? HostEnd::kModelError : HostEnd::kUnavailable;
  result.original_status = 400;
  net::HttpResponse refusal;
  refusal.fields = call.response.fields + variant->answer_field;
  answer_failure(result, deployment->log(), refusal);
  if (later) {
    later->send(std::move(refusal));
  } else {
    call.response = std::move(refusal);
  }
}

}  // namespace chiliad::hosting
