#include "serve/invoker.h"

#include <memory>

#include "serve/model_name.h"

namespace chiliad::serve {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kTooBusy = "too many requests are waiting: try again later";

}  // namespace

// A call that went on without its I/O thread.
struct Invoker::Call {
  net::HttpLater later;
  std::string model;
  Invocation invocation;
  const Face& face;
};

void Invoker::fail(const Error& error, Stage stage, std::string_view model, net::HttpResponse& response,
                   const Face& face) {
  face.fail(error, stage, model, response);
  metrics_.count_invocation(response.status);
  metrics_.failing.add(model.substr(0, 1024));
}

void Invoker::answer(const ModelCache::Pin& pin, const Invocation& invocation, std::string_view model,
                     steady_clock::time_point received, net::HttpResponse& response, const Face& face) {
  const steady_clock::time_point begin = steady_clock::now();
  Result<Done> done = pin->answer(invocation, response.body);
  const steady_clock::time_point end = steady_clock::now();
  metrics_.model_latency.add(end - begin);
  metrics_.overhead_latency.add(begin - received);
  if (!done) return fail(done.error(), Stage::kRequest, model, response, face);
  if (invocation.format == Invocation::Format::kCsv && !invocation.doubly_encoded) response.content_type = "text/csv";
  face.succeed(response);
  metrics_.count_invocation(200);
}

void Invoker::invoke(std::string_view model, const net::HttpRequest& request, net::HttpResponse& response,
                     net::HttpExchange& exchange, const Face& face) {
  if (Result<Done> name = check_model_name(model); !name) {
    return fail(name.error(), Stage::kAddress, model, response, face);
  }
  thread_local InvocationReader reader;
  thread_local Invocation invocation;
  if (Result<Done> read = reader.read(request.body(), invocation); !read) {
    return fail(read.error(), Stage::kRequest, model, response, face);
  }
  Result<Invocation::Format> format = format_accepted(request.field("Accept"));
  if (!format) return fail(format.error(), Stage::kRequest, model, response, face);
  invocation.format = *format;

  std::optional<ModelCache::Pin> pin = cache_.find(model, request.received_at());
  if (pin && !(*pin)->is_heavy(invocation)) {
    return answer(*pin, invocation, model, request.received_at(), response, face);
  }
  if (!pin && !options_.load) {
    return fail(Error{ErrorCode::kNotFound, "model " + std::string(model) + " is not loaded"}, Stage::kModel, model,
                response, face);
  }
  auto call = std::make_shared<Call>(Call{exchange.defer(), std::string(model), invocation, face});
  if (pin) {
    answer_later(call, std::move(*pin));
    return;
  }
  const bool waits = cache_.acquire(model, steady_clock::now() + options_.load_wait,
                                    [this, call](Result<ModelCache::Pin> loaded) { finish(call, std::move(loaded)); });
  if (!waits) {
    net::HttpResponse refusal;
    fail(Error{ErrorCode::kUnavailable, "Model " + call->model + " is not ready: too many models are being loaded"},
         Stage::kBusy, call->model, refusal, face);
    call->later.send(std::move(refusal));
  }
}

void Invoker::finish(const std::shared_ptr<Call>& call, Result<ModelCache::Pin> pin) {
  if (pin && (*pin)->is_heavy(call->invocation)) {
    answer_later(call, std::move(*pin));
    return;
  }
  net::HttpResponse response;
  if (pin) {
    answer(*pin, call->invocation, call->model, call->later.request().received_at(), response, call->face);
  } else {
    fail(pin.error(), Stage::kModel, call->model, response, call->face);
  }
  call->later.send(std::move(response));
}

void Invoker::answer_later(const std::shared_ptr<Call>& call, ModelCache::Pin pin) {
  const bool waits = pool_.submit([this, call, pin = std::move(pin)] {
    net::HttpResponse response;
    answer(pin, call->invocation, call->model, call->later.request().received_at(), response, call->face);
    call->later.send(std::move(response));
  });
  if (!waits) {
    net::HttpResponse refusal;
    fail(Error{ErrorCode::kUnavailable, std::string(kTooBusy)}, Stage::kBusy, call->model, refusal, call->face);
    call->later.send(std::move(refusal));
  }
}

Result<Done> Invoker::invoke_and_wait(const std::string& model, const Invocation& invocation, std::string& out,
                                      Stage& stage) {
  stage = Stage::kAddress;
  if (Result<Done> name = check_model_name(model); !name) return name;
  stage = Stage::kModel;
  const steady_clock::time_point received = steady_clock::now();
  Result<ModelCache::Pin> pin = cache_.acquire(model, received + options_.load_wait);
  if (!pin) return std::move(pin).error();
  stage = Stage::kRequest;
  const steady_clock::time_point begin = steady_clock::now();
  Result<Done> done = (*pin)->answer(invocation, out);
  metrics_.model_latency.add(steady_clock::now() - begin);
  metrics_.overhead_latency.add(begin - received);
  return done;
}

}  // namespace chiliad::serve
