#include "serve/batch.h"

#include <chrono>

#include "base/json_writer.h"
#include "serve/model_name.h"

namespace chiliad::serve {
namespace {

// Models whose load is asked for before their turn.
constexpr std::size_t kAhead = 8;

// Starts the load of a model that will be asked for soon. Whether it succeeds shows when its turn comes.
void load_ahead(const std::string& model, ModelCache& cache) {
  if (!check_model_name(model) || cache.contains(model)) return;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  if (!cache.acquire(model, deadline, [](const Result<ModelCache::Pin>&) {})) return;  // Then it is loaded in its turn.
}

void append_failure(JsonWriter& json, const Error& error, Stage stage, const std::string& model, const Face& face,
                    Metrics& metrics) {
  net::HttpResponse single;  // What a call for this model alone would be answered.
  face.fail(error, stage, model, single);
  metrics.count_invocation(single.status);
  metrics.failing.add(model.substr(0, 1024));
  json.key("status").integer(single.status).key("error").string(error_code_name(error.code));
  json.key("message").string(error.message);
}

}  // namespace

void run_batch(const BatchRequest& batch, net::HttpLater later, Invoker& invoker, ModelCache& cache, Metrics& metrics,
               const Face& face) {
  net::HttpResponse head;
  head.content_type = "application/x-ndjson";
  face.succeed(head);
  later.begin_stream(std::move(head));
  std::int64_t failed = 0;
  std::string forecast;
  for (std::size_t i = 0; i < batch.models.size(); ++i) {
    const std::size_t first = i == 0 ? 1 : i + kAhead - 1;
    for (std::size_t ahead = first; ahead < i + kAhead && ahead < batch.models.size(); ++ahead) {
      load_ahead(batch.models[ahead], cache);
    }
    const std::string& model = batch.models[i];
    forecast.clear();
    Stage stage = Stage::kRequest;
    const Result<Done> done = invoker.invoke_and_wait(model, batch.invocation, forecast, stage);
    metrics.batch_invocations.fetch_add(1, std::memory_order_relaxed);
    JsonWriter json;
    json.begin_object().key("model").string(model);
    if (done) {
      metrics.count_invocation(200);
      json.key("status").integer(200).key("forecast");
      if (batch.invocation.format == Invocation::Format::kCsv) {
        json.string(forecast);
      } else {
        json.raw(forecast);
      }
    } else {
      ++failed;
      append_failure(json, done.error(), stage, model, face, metrics);
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
