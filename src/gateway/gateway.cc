#include "gateway/gateway.h"

#include <atomic>

#include "aws/content_coding.h"
#include "aws/json.h"
#include "base/number.h"
#include "base/uuid.h"
#include "base/work_pool.h"
#include "gateway/authentication.h"
#include "gateway/wording.h"

namespace chiliad::gateway {
namespace {

using net::HttpBody;
using net::HttpExchange;
using net::HttpLater;
using net::HttpRequest;
using net::HttpResponse;
using Clock = std::chrono::steady_clock;
using Kind = Route::Kind;

constexpr std::string_view kJson10 = "application/x-amz-json-1.0";
constexpr std::string_view kJson11 = "application/x-amz-json-1.1";

// Of a request to S3 whose body is on its way: who sent it, and where the service puts the body.
class StreamedBody final : public HttpBody {
 public:
  StreamedBody(Authenticated its_caller, std::string its_request_id)
      : caller(std::move(its_caller)), request_id(std::move(its_request_id)) {}
  bool take(std::string_view bytes) override { return inner->take(bytes); }

  Authenticated caller;
  std::string request_id;
  std::unique_ptr<HttpBody> inner;  // Goes first: it may look at the caller.
};

// The content types of JSON services differ in their version alone; the answer has the request's.
std::string_view json_content_type(const HttpRequest& request) {
  return request.field("content-type").starts_with(kJson10) ? kJson10 : kJson11;
}

}  // namespace

struct Gateway::State {
  State(identity::Directory& directory, Services its_services, GatewayOptions its_options)
      : services(std::move(its_services)),
        options(std::move(its_options)),
        authenticator(directory, options.region, options.no_auth),
        pool(options.threads, options.max_waiting) {}

  // A request that waits for a thread.
  struct Waiting {
    HttpLater later;
    Route route;
    std::string request_id;
    Clock::time_point until;
  };

  std::chrono::system_clock::time_point now() const {
    return options.clock ? options.clock() : std::chrono::system_clock::now();
  }
  void fail(const Failure& failure, const Route& route, const HttpRequest& request, std::string_view request_id,
            HttpResponse& response) {
    failed.fetch_add(1, std::memory_order_relaxed);
    answer_failure(failure, route, request, request_id, response);
  }
  void call_rest(aws::HttpService& service, const Route& route, const HttpRequest& request, HttpResponse& response,
                 HttpExchange& exchange);
  void defer(const Route& route, const HttpRequest& request, HttpResponse& response, HttpExchange& exchange);
  void run(const Waiting& waiting);
  void call_json(const Route& route, const aws::Call& call);
  void answer_metrics(const HttpRequest& request, HttpResponse& response);

  const Services services;
  const GatewayOptions options;
  const Authenticator authenticator;
  std::atomic<std::uint64_t> json_calls{0};
  std::atomic<std::uint64_t> query_calls{0};
  std::atomic<std::uint64_t> runtime_calls{0};
  std::atomic<std::uint64_t> object_calls{0};
  std::atomic<std::uint64_t> failed{0};     // Answered by the gateway itself,
  std::atomic<std::uint64_t> throttled{0};  // and of these because too many waited.
  WorkPool pool;                            // Ends first: what it runs uses the rest.
};

Gateway::Gateway(identity::Directory& directory, Services services, GatewayOptions options)
    : state_(std::make_unique<State>(directory, std::move(services), std::move(options))) {}

Gateway::~Gateway() = default;

// ---------------------------------------------------------------------------------------------------
// Heads
// ---------------------------------------------------------------------------------------------------

net::HttpHandler::BodyPlan Gateway::begin(const HttpRequest& head, HttpResponse& response) {
  State& state = *state_;
  const Route route = route_of(head, state.services);
  BodyPlan plan;
  switch (route.kind) {
    case Kind::kJson: plan.max_bytes = state.options.max_json_bytes; return plan;
    case Kind::kQuery:
    case Kind::kForm: plan.max_bytes = state.options.max_form_bytes; return plan;
    case Kind::kRuntime: plan.max_bytes = state.options.max_invocation_bytes; return plan;
    case Kind::kObjects: break;
    default: plan.max_bytes = state.options.max_form_bytes; return plan;  // handle() says what is wrong.
  }
  std::string request_id = make_uuid();
  if (const std::string_view wrong = wrong_with_head(head, route); !wrong.empty()) {
    state.fail(malformed(route.protocol, wrong), route, head, request_id, response);
    plan.refused = true;
    return plan;
  }
  auto who = state.authenticator.authenticate(head, route, state.now());
  if (const auto* failure = std::get_if<Failure>(&who)) {
    state.fail(*failure, route, head, request_id, response);
    plan.refused = true;
    return plan;
  }
  auto body = std::make_unique<StreamedBody>(std::move(std::get<Authenticated>(who)), std::move(request_id));
  name_request(route.protocol, body->request_id, response);
  const Authenticated& caller = body->caller;
  plan = state.services.objects->begin(
      {caller.caller, caller.region, head, response, body->request_id, caller.signature()});
  if (plan.refused) state.object_calls.fetch_add(1, std::memory_order_relaxed);
  if (plan.sink) {
    body->inner = std::move(plan.sink);
    plan.sink = std::move(body);
  }
  return plan;
}

// ---------------------------------------------------------------------------------------------------
// Requests
// ---------------------------------------------------------------------------------------------------

void Gateway::handle(const HttpRequest& request, HttpResponse& response, HttpExchange& exchange) {
  State& state = *state_;
  if (auto* body = static_cast<StreamedBody*>(exchange.body())) {  // begin() has seen to everything.
    state.object_calls.fetch_add(1, std::memory_order_relaxed);
    name_request(Protocol::kS3, body->request_id, response);
    exchange.show_body(body->inner.get());
    state.services.objects->handle({body->caller.caller, body->caller.region, request, response, exchange,
                                    body->request_id, body->caller.signature()});
    return;
  }
  const Route route = route_of(request, state.services);
  switch (route.kind) {
    case Kind::kPing: response.content_type = ""; return;
    case Kind::kMetrics: state.answer_metrics(request, response); return;
    case Kind::kRuntime: state.call_rest(*state.services.runtime, route, request, response, exchange); return;
    case Kind::kObjects: state.call_rest(*state.services.objects, route, request, response, exchange); return;
    case Kind::kJson:
    case Kind::kQuery:
    case Kind::kForm: state.defer(route, request, response, exchange); return;
    case Kind::kUnknown: break;
  }
  const std::string_view target = request.field("x-amz-target");
  state.fail(unknown_operation(route.protocol, target.empty() ? request.path() : target), route, request, make_uuid(),
             response);
}

void Gateway::State::call_rest(aws::HttpService& service, const Route& route, const HttpRequest& request,
                               HttpResponse& response, HttpExchange& exchange) {
  const std::string request_id = make_uuid();
  if (const std::string_view wrong = wrong_with_head(request, route); !wrong.empty()) {
    return fail(malformed(route.protocol, wrong), route, request, request_id, response);
  }
  const auto who = authenticator.authenticate(request, route, now());
  if (const auto* failure = std::get_if<Failure>(&who)) return fail(*failure, route, request, request_id, response);
  (route.kind == Kind::kRuntime ? runtime_calls : object_calls).fetch_add(1, std::memory_order_relaxed);
  name_request(route.protocol, request_id, response);
  const Authenticated& caller = std::get<Authenticated>(who);
  service.handle({caller.caller, caller.region, request, response, exchange, request_id, caller.signature()});
}

void Gateway::State::defer(const Route& route, const HttpRequest& request, HttpResponse& response,
                           HttpExchange& exchange) {
  std::string request_id = make_uuid();
  if (const std::string_view wrong = wrong_with_head(request, route); !wrong.empty()) {
    return fail(malformed(route.protocol, wrong), route, request, request_id, response);
  }
  auto waiting = std::make_shared<Waiting>(
      Waiting{exchange.defer(), route, std::move(request_id), Clock::now() + options.max_wait});
  if (pool.submit([this, waiting] { run(*waiting); })) return;
  throttled.fetch_add(1, std::memory_order_relaxed);
  HttpResponse answer;
  fail(gateway::throttled(route.protocol), route, request, waiting->request_id, answer);
  waiting->later.send(std::move(answer));
}

// On a thread of the pool.
void Gateway::State::run(const Waiting& waiting) {
  const HttpRequest& request = waiting.later.request();
  HttpLater later = waiting.later;
  HttpResponse response;
  HttpExchange exchange(later, nullptr);
  Route route = waiting.route;
  if (route.kind == Kind::kForm) {
    route.query = query_service(request.body(), services);
    if (route.query != nullptr) route.signing_name = route.query->signing_name;
  }
  const auto finish = [&](const Failure& failure) {
    fail(failure, route, request, waiting.request_id, response);
    later.send(std::move(response));
  };
  if (Clock::now() > waiting.until) {
    throttled.fetch_add(1, std::memory_order_relaxed);
    return finish(gateway::throttled(route.protocol));
  }
  const auto who = authenticator.authenticate(request, route, now());
  if (const auto* failure = std::get_if<Failure>(&who)) return finish(*failure);
  const Authenticated& caller = std::get<Authenticated>(who);
  name_request(route.protocol, waiting.request_id, response);
  const aws::Call call{caller.caller, caller.region,      request,           response,
                       exchange,      waiting.request_id, caller.signature()};
  if (route.kind == Kind::kJson) {
    call_json(route, call);
  } else if (route.query != nullptr) {
    query_calls.fetch_add(1, std::memory_order_relaxed);
    route.query->service->handle(call);
  } else {
    return finish(unknown_operation(route.protocol, "the form's Version"));
  }
  if (!exchange.deferred()) later.send(std::move(response));
}

void Gateway::State::call_json(const Route& route, const aws::Call& call) {
  json_calls.fetch_add(1, std::memory_order_relaxed);
  const Result<std::string> decoded =
      aws::has_coded_body(call.request)
          ? aws::decoded_body(call.request.field("content-encoding"), call.request.body(), options.max_json_bytes)
          : Result<std::string>(std::string());
  if (!decoded) {
    return fail(malformed(route.protocol, decoded.error().message), route, call.request, call.request_id,
                call.response);
  }
  const std::string& body = aws::has_coded_body(call.request) ? *decoded : call.request.body();
  const Result<aws::Json> input = body.empty() ? Result<aws::Json>(aws::Json::object()) : aws::parse_json(body);
  if (!input || !input->is_object()) {
    const std::string why = input ? "The body must be a JSON object" : input.error().message;
    return fail(malformed(route.protocol, why), route, call.request, call.request_id, call.response);
  }
  const aws::JsonAnswer answer = route.json->service->call(route.operation, *input, call);
  if (const auto* error = std::get_if<aws::ApiError>(&answer)) {
    answer_failure({*error, {}}, route, call.request, call.request_id, call.response);
  } else {
    const aws::Json& value = std::get<aws::Json>(answer);
    if (!value.is_null()) call.response.body = aws::json_text(value);
  }
  call.response.content_type = json_content_type(call.request);
}

void Gateway::refuse(const HttpRequest& request, int status, std::string_view reason, HttpResponse& response) {
  Route route;
  if (!request.method().empty()) route = route_of(request, state_->services);
  if (route.kind == Kind::kPing || route.kind == Kind::kMetrics) route.protocol = Protocol::kPlain;
  state_->fail(refused_by_server(route.protocol, status, reason), route, request, make_uuid(), response);
}

void Gateway::State::answer_metrics(const HttpRequest& request, HttpResponse& response) {
  if (!options.metrics_for_all && !is_loopback(request.peer())) {
    Route plain;
    return fail({{403, "AccessDenied", "Metrics are shown on the machine itself"}, {}}, plain, request, make_uuid(),
                response);
  }
  response.content_type = "text/plain; version=0.0.4";
  const auto line = [&](std::string_view name, std::uint64_t value) {
    response.body.append(name).append(" ");
    append_integer(response.body, static_cast<std::int64_t>(value));
    response.body += '\n';
  };
  response.body += "# HELP chiliad_gateway_calls_total Calls handed to a service.\n";
  response.body += "# TYPE chiliad_gateway_calls_total counter\n";
  line("chiliad_gateway_calls_total{protocol=\"json\"}", json_calls.load(std::memory_order_relaxed));
  line("chiliad_gateway_calls_total{protocol=\"query\"}", query_calls.load(std::memory_order_relaxed));
  line("chiliad_gateway_calls_total{protocol=\"runtime\"}", runtime_calls.load(std::memory_order_relaxed));
  line("chiliad_gateway_calls_total{protocol=\"s3\"}", object_calls.load(std::memory_order_relaxed));
  response.body += "# HELP chiliad_gateway_refused_total Requests that no service saw.\n";
  response.body += "# TYPE chiliad_gateway_refused_total counter\n";
  line("chiliad_gateway_refused_total", failed.load(std::memory_order_relaxed));
  response.body += "# HELP chiliad_gateway_throttled_total Of these, those for which no thread was free.\n";
  response.body += "# TYPE chiliad_gateway_throttled_total counter\n";
  line("chiliad_gateway_throttled_total", throttled.load(std::memory_order_relaxed));
  if (options.metrics) options.metrics(response.body);
}

// ---------------------------------------------------------------------------------------------------

Result<Done> may_listen_without_auth(std::string_view address) {
  if (is_loopback(address)) return Done{};
  return Error{ErrorCode::kForbidden, "--no-auth lets everybody who reaches the port do everything, and '" +
                                          std::string(address) +
                                          "' may be reached from other machines: listen on 127.0.0.1 or ::1, or leave "
                                          "--no-auth out"};
}

net::HttpServerOptions server_options(std::string address, std::uint16_t port, int threads) {
  net::HttpServerOptions options;
  options.address = std::move(address);
  options.port = port;
  options.threads = threads;
  options.limits.max_head_bytes = 32 * 1024;  // Session tokens, presigned addresses, 2 KiB of an object's metadata.
  options.limits.max_fields = 200;
  return options;
}

}  // namespace chiliad::gateway
