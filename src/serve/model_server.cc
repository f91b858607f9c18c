#include "serve/model_server.h"

#include <optional>

#include "base/json_writer.h"
#include "base/number.h"
#include "serve/batch.h"
#include "serve/load_request.h"
#include "serve/model_name.h"

namespace chiliad::serve {
namespace {

constexpr std::string_view kTargetModel = "X-Amzn-SageMaker-Target-Model";
constexpr std::string_view kEndpoints = "/endpoints/";
constexpr std::string_view kModels = "/models";
constexpr std::size_t kPageOfModels = 100;
constexpr std::size_t kLargestPage = 1'000;

// The value of `name` in "a=1&b=2", decoded; empty when it is not there or malformed.
std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    Result<std::string> value = percent_decode(pair.substr(equals + 1));
    return value ? std::move(*value) : std::string();
  }
  return {};
}

bool is_given_twice(const net::HttpRequest& request, std::string_view name) {
  int times = 0;
  for (std::size_t i = 0; i < request.field_count(); ++i) times += net::same_ignoring_case(request.field_name(i), name);
  return times > 1;
}

bool allow(std::string_view method, const net::HttpRequest& request, net::HttpResponse& response) {
  if (request.method() == method || (method == "GET" && request.method() == "HEAD")) return true;
  response.status = 405;
  response.add_field("Allow", method);
  response.body = R"({"message":"This address answers )" + std::string(method) + R"( alone"})";
  return false;
}

void answer_not_found(net::HttpResponse& response) {
  response.status = 404;
  response.body = R"({"message":"There is nothing at this address"})";
}

}  // namespace

ModelServer::ModelServer(ModelCache& cache, ListedSource* listed, Metrics& metrics, Options options)
    : cache_(cache),
      listed_(listed),
      metrics_(metrics),
      options_(std::move(options)),
      runtime_(options_.location),
      http_counters_([] { return net::HttpServer::Counters(); }),
      pool_(options_.threads, options_.max_waiting),
      batches_(options_.threads, options_.max_waiting_batches),
      invoker_(cache, metrics, pool_, Invoker::Options{options_.load_wait, !options_.container}) {}

ModelServer::~ModelServer() = default;

void ModelServer::stop() {
  batches_.stop();
  pool_.stop();
}

void ModelServer::handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) {
  const std::string_view target = request.target();
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  if (path.starts_with(kEndpoints)) {
    handle_endpoint(path.substr(kEndpoints.size()), request, response, exchange);
  } else if (path == "/ping") {
    if (allow("GET", request, response)) response.body = R"({"status":"Healthy"})";
  } else if (path == "/metrics") {
    if (!allow("GET", request, response)) return;
    response.content_type = "text/plain; version=0.0.4";
    response.body = metrics_.text(cache_, http_counters_());
  } else if (path == kModels || path.starts_with("/models/")) {
    handle_models(path.substr(kModels.size()), query, request, response, exchange);
  } else {
    answer_not_found(response);
  }
}

void ModelServer::refuse(const net::HttpRequest& request, int status, std::string_view reason,
                         net::HttpResponse& response) {
  if (request.target().starts_with(kEndpoints)) {
    const std::string_view type = status == 503 ? "ServiceUnavailable" : "ValidationError";
    RuntimeFace::answer(status, type, reason, response);
    if (request.target().find("/invocations") != std::string_view::npos) metrics_.count_invocation(status);
  } else {
    HttpHandler::refuse(request, status, reason, response);
  }
}

// ---------------------------------------------------------------------------------------------------
// /endpoints
// ---------------------------------------------------------------------------------------------------

void ModelServer::handle_endpoint(std::string_view rest, const net::HttpRequest& request, net::HttpResponse& response,
                                  net::HttpExchange& exchange) {
  const std::size_t slash = rest.find('/');
  const std::string_view name = rest.substr(0, slash);
  const std::string_view call = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  if (call != "invocations" && call != "invocations-batch") return answer_not_found(response);
  if (!allow("POST", request, response)) return;
  if (name != options_.endpoint) {
    metrics_.count_invocation(400);
    return RuntimeFace::answer(400, "ValidationError",
                               "Endpoint " + std::string(name) + " of account 000000000000 not found.", response);
  }
  if (call == "invocations-batch") return handle_batch(request, response, exchange);
  const std::string_view model = request.field(kTargetModel);
  if (model.empty()) {
    metrics_.count_invocation(400);
    return RuntimeFace::answer(400, "ValidationError",
                               "This endpoint holds many models: name one in the field " + std::string(kTargetModel),
                               response);
  }
  if (is_given_twice(request, kTargetModel)) {
    // Whoever stands between client and server may have looked at the other one.
    metrics_.count_invocation(400);
    return RuntimeFace::answer(400, "ValidationError",
                               "The field " + std::string(kTargetModel) + " is given twice: name one model", response);
  }
  invoker_.invoke(model, request, response, exchange, runtime_);
}

void ModelServer::handle_batch(const net::HttpRequest& request, net::HttpResponse& response,
                               net::HttpExchange& exchange) {
  metrics_.batch_requests.fetch_add(1, std::memory_order_relaxed);
  auto batch = std::make_shared<BatchRequest>();
  InvocationReader reader;
  Result<Done> read = reader.read_batch(request.body(), batch->invocation, batch->models);
  Result<Invocation::Format> format = format_accepted(request.field("Accept"));
  if (read && !format) read = std::move(format).error();
  if (!read) return runtime_.fail(read.error(), Stage::kRequest, "", response);
  batch->invocation.format = *format;
  batch->invocation.doubly_encoded = false;  // The answer is lines of JSON either way.

  net::HttpLater later = exchange.defer();
  const bool waits =
      batches_.submit([this, batch, later] { run_batch(*batch, later, invoker_, cache_, metrics_, runtime_); });
  if (!waits) {
    net::HttpResponse refusal;
    RuntimeFace::answer(503, "ServiceUnavailable", "Too many batches are waiting: try again later", refusal);
    later.send(std::move(refusal));
  }
}

// ---------------------------------------------------------------------------------------------------
// /models
// ---------------------------------------------------------------------------------------------------

void ModelServer::handle_models(std::string_view rest, std::string_view query, const net::HttpRequest& request,
                                net::HttpResponse& response, net::HttpExchange& exchange) {
  if (rest.empty()) {
    if (request.method() == "POST") return load_model(request, response, exchange);
    if (allow("GET", request, response)) list_models(query, response);
    return;
  }
  rest.remove_prefix(1);
  constexpr std::string_view kInvoke = "/invoke";
  const bool invoke = request.method() == "POST" && rest.ends_with(kInvoke);
  if (invoke) rest.remove_suffix(kInvoke.size());
  Result<std::string> model = percent_decode(rest);
  Result<Done> checked = model ? check_model_name(*model) : Result<Done>(model.error());
  if (!checked) return container_.fail(checked.error(), Stage::kAddress, rest, response);
  if (invoke) return invoker_.invoke(*model, request, response, exchange, container_);
  if (request.method() == "DELETE") return unload_model(*model, response);
  if (allow("GET", request, response)) describe_model(*model, response);
}

std::string ModelServer::url_of(std::string_view model) const {
  return listed_ != nullptr ? listed_->url(model) : options_.location + "/" + std::string(model);
}

void ModelServer::list_models(std::string_view query, net::HttpResponse& response) {
  const std::string given = query_value(query, "limit");
  const std::optional<std::int64_t> asked = given.empty() ? kPageOfModels : parse_integer(given);
  if (!asked || *asked < 1) {
    return container_.fail(Error{ErrorCode::kInvalid, "limit: expected a whole number, 1 or above"}, Stage::kRequest,
                           "", response);
  }
  const std::size_t limit = std::min(static_cast<std::size_t>(*asked), kLargestPage);
  std::vector<ModelCache::Loaded> models = cache_.loaded(query_value(query, "next_page_token"), limit + 1);
  const bool more = models.size() > limit;
  if (more) models.pop_back();
  JsonWriter json;
  json.begin_object().key("models").begin_array();
  for (const ModelCache::Loaded& model : models) {
    json.begin_object().key("modelName").string(model.name).key("modelUrl").string(url_of(model.name)).end_object();
  }
  json.end_array();
  if (more) json.key("nextPageToken").string(models.back().name);
  json.end_object();
  response.body = std::move(json).take();
}

void ModelServer::load_model(const net::HttpRequest& request, net::HttpResponse& response,
                             net::HttpExchange& exchange) {
  Result<LoadRequest> load = read_load_request(request.body());
  if (!load) return container_.fail(load.error(), Stage::kRequest, "", response);
  const std::string name = load->model_name;
  if (cache_.contains(name)) {
    return container_.fail(Error{ErrorCode::kConflict, "model " + name + " is loaded already"}, Stage::kModel, name,
                           response);
  }
  if (listed_ != nullptr) {
    if (Result<Done> added = listed_->add(name, load->url); !added) {
      return container_.fail(added.error(), Stage::kModel, name, response);
    }
  } else if (load->url != name && load->url != url_of(name)) {
    return container_.fail(Error{ErrorCode::kInvalid, "url: expected the model's key '" + name + "' or " +
                                                          url_of(name) + "; nothing is fetched from elsewhere"},
                           Stage::kRequest, name, response);
  }
  net::HttpLater later = exchange.defer();
  const auto answer = [this, name, later](const Result<ModelCache::Pin>& pin) mutable {
    net::HttpResponse done;
    if (pin) {
      done.body = R"({"status":"Model loaded"})";
    } else {
      if (listed_ != nullptr) listed_->remove(name);
      container_.fail(pin.error(), Stage::kModel, name, done);
    }
    later.send(std::move(done));
  };
  if (!cache_.acquire(name, std::chrono::steady_clock::now() + options_.load_wait, answer)) {
    auto refused = answer;
    refused(Error{ErrorCode::kUnavailable, "too many models are waiting to be loaded: try again later"});
  }
}

void ModelServer::describe_model(const std::string& model, net::HttpResponse& response) {
  if (!cache_.contains(model)) {
    return container_.fail(Error{ErrorCode::kNotFound, "model " + model + " is not loaded"}, Stage::kModel, model,
                           response);
  }
  JsonWriter json;
  json.begin_object().key("modelName").string(model).key("modelUrl").string(url_of(model)).end_object();
  response.body = std::move(json).take();
}

void ModelServer::unload_model(const std::string& model, net::HttpResponse& response) {
  const bool listed = listed_ != nullptr && listed_->remove(model);
  if (!cache_.drop(model) && !listed) {
    return container_.fail(Error{ErrorCode::kNotFound, "model " + model + " is not loaded"}, Stage::kModel, model,
                           response);
  }
  response.body = R"({"status":"Model unloaded"})";
}

}  // namespace chiliad::serve
