// ModelServer: the HTTP face of `chiliad serve`.
//
//   POST   /endpoints/{name}/invocations         one forecast, as SageMaker's runtime
//   POST   /endpoints/{name}/invocations-batch   forecasts of many models (batch.h)
//   GET    /ping                                 200 while it serves
//   GET    /models                               models in memory, paged
//   POST   /models                               loads one
//   GET    /models/{model}                       is it in memory
//   DELETE /models/{model}                       drops it
//   POST   /models/{model}/invoke                one forecast, as a multi-model container
//   GET    /metrics                              Prometheus
//
// As a container (Options::container) models are those that the platform registers through POST /models, none is
// dropped to make room, and a full memory is 507. Otherwise every object below the models' location is a model.
//
// By field and status: doc/serving.md.
//
// Thread safety: handle() is called from the HTTP server's threads.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/work_pool.h"
#include "net/http_server.h"
#include "serve/invoker.h"
#include "serve/metrics.h"
#include "serve/model_cache.h"
#include "serve/store_source.h"

namespace chiliad::serve {

class ModelServer final : public net::HttpHandler {
 public:
  struct Options {
    std::string endpoint = "chiliad";
    std::string location;  // Of the models, for messages and urls.
    bool container = false;
    std::chrono::milliseconds load_wait{10'000};
    int threads = 1;  // For heavy forecasts; batches have as many of their own.
    std::size_t max_waiting = 64;
    std::size_t max_waiting_batches = 16;
  };

  // `listed` is the source of the cache as a container, else null. All must outlive the server.
  ModelServer(ModelCache& cache, ListedSource* listed, Metrics& metrics, Options options);
  ~ModelServer() override;

  // The counters that /metrics shows of the server this handler belongs to.
  void show_http(std::function<net::HttpServer::Counters()> counters) { http_counters_ = std::move(counters); }

  // Ends what runs beside the HTTP server's threads. After that the cache may go, which still calls back those who wait
  // for a load, and then this object. Requires: the HTTP server is gone.
  void stop();

  void handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) override;
  void refuse(const net::HttpRequest& request, int status, std::string_view reason,
              net::HttpResponse& response) override;

 private:
  void handle_endpoint(std::string_view rest, const net::HttpRequest& request, net::HttpResponse& response,
                       net::HttpExchange& exchange);
  void handle_batch(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange);
  void handle_models(std::string_view rest, std::string_view query, const net::HttpRequest& request,
                     net::HttpResponse& response, net::HttpExchange& exchange);
  void list_models(std::string_view query, net::HttpResponse& response);
  void load_model(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange);
  void describe_model(const std::string& model, net::HttpResponse& response);
  void unload_model(const std::string& model, net::HttpResponse& response);
  std::string url_of(std::string_view model) const;

  ModelCache& cache_;
  ListedSource* const listed_;
  Metrics& metrics_;
  const Options options_;
  const RuntimeFace runtime_;
  const ContainerFace container_;
  std::function<net::HttpServer::Counters()> http_counters_;
  WorkPool pool_;
  WorkPool batches_;
  Invoker invoker_;
};

}  // namespace chiliad::serve
