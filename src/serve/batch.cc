#include "serve/batch.h"

#include <chrono>

#include "base/json_writer.h"
#include "serve/model_name.h"

namespace chiliad::serve {
namespace {

// Models whose load is asked for before their turn.
constexpr std::size_t kAhead = 8;

// One server's own cache and counters.
class CachedModels final : public BatchModels {
 public:
  CachedModels(Invoker& invoker, ModelCache& cache, Metrics& metrics, const Face& face)
      : invoker_(invoker), cache_(cache), metrics_(metrics), face_(face) {}

  void load_ahead(const std::string& model) override {
    if (!check_model_name(model) || cache_.contains(model)) return;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    const bool waits = cache_.acquire(model, deadline, [](const Result<ModelCache::Pin>&) {});
    (void)waits;  // Too many do: then it is loaded in its turn.
  }

  Result<Done> forecast(const std::string& model, const Invocation& invocation, std::string& out,
                        Stage& stage) override {
    metrics_.batch_invocations.fetch_add(1, std::memory_order_relaxed);
    return invoker_.invoke_and_wait(model, invocation, out, stage);
  }

  int count(const std::string& model, const Error* error, Stage stage) override {
    net::HttpResponse single;
    if (error != nullptr) {
      face_.fail(*error, stage, model, single);
      metrics_.failing.add(model.substr(0, 1024));
    }
    metrics_.count_invocation(single.status);
    return single.status;
  }

 private:
  Invoker& invoker_;
  ModelCache& cache_;
  Metrics& metrics_;
  const Face& face_;
};

}  // namespace

void run_batch(const BatchRequest& batch, net::HttpLater later, Invoker& invoker, ModelCache& cache, Metrics& metrics,
               const Face& face) {
  net::HttpResponse head;
  face.succeed(head);
  CachedModels models(invoker, cache, metrics, face);
  run_batch(batch, std::move(head), std::move(later), models);
}

void run_batch(const BatchRequest& batch, net::HttpResponse head, net::HttpLater later, BatchModels& models) {
  head.content_type = "application/x-ndjson";
  later.begin_stream(std::move(head));
  std::int64_t failed = 0;
  std::string forecast;
  for (std::size_t i = 0; i < batch.models.size(); ++i) {
    const std::size_t first = i == 0 ? 1 : i + kAhead - 1;
    for (std::size_t ahead = first; ahead < i + kAhead && ahead < batch.models.size(); ++ahead) {
      models.load_ahead(batch.models[ahead]);
    }
    const std::string& model = batch.models[i];
    forecast.clear();
    Stage stage = Stage::kRequest;
    const Result<Done> done = models.forecast(model, batch.invocation, forecast, stage);
    JsonWriter json;
    json.begin_object().key("model").string(model);
    json.key("status").integer(models.count(model, done ? nullptr : &done.error(), stage));
    if (!done) {
      ++failed;
      json.key("error").string(error_code_name(done.error().code)).key("message").string(done.error().message);
    } else if (batch.invocation.format == Invocation::Format::kCsv) {
      json.key("forecast").string(forecast);
    } else {
      json.key("forecast").raw(forecast);
    }
    json.end_object();
    std::string line = std::move(json).take();
    line += '\n';
    if (!later.write(line)) return;
  }
  JsonWriter json;
  json.begin_object().key("done").boolean(true);
  json.key("succeeded").integer(static_cast<std::int64_t>(batch.models.size()) - failed);
  json.key("failed").integer(failed).end_object();
  std::string line = std::move(json).take();
  line += '\n';
  if (later.write(line)) later.end_stream();
}

}  // namespace chiliad::serve
