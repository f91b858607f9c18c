// Invoker: one call for a forecast, from the request's body to the answer's, the same behind both faces.
//
//   body --InvocationReader--> Invocation --ModelCache--> Model --answer()--> body
//
// A model in memory answers on the I/O thread. What has to wait for a load goes on on the cache's thread, and what is
// much work (Model::is_heavy) on a WorkPool's.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/work_pool.h"
#include "net/http_server.h"
#include "serve/face.h"
#include "serve/invocation.h"
#include "serve/metrics.h"
#include "serve/model_cache.h"

namespace chiliad::serve {

class Invoker {
 public:
  struct Options {
    std::chrono::milliseconds load_wait{10'000};  // How long a request waits for its model.
    bool load = true;                             // false: a model that is not in memory is kNotFound.
  };

  // Everything given must outlive the calls that are running.
  Invoker(ModelCache& cache, Metrics& metrics, WorkPool& pool, const Options& options)
      : cache_(cache), metrics_(metrics), pool_(pool), options_(options) {}

  void invoke(std::string_view model, const net::HttpRequest& request, net::HttpResponse& response,
              net::HttpExchange& exchange, const Face& face);

  // One forecast of a batch, waited for. `out` gets the body; the stage of a failure is told.
  Result<Done> invoke_and_wait(const std::string& model, const Invocation& invocation, std::string& out, Stage& stage);

 private:
  struct Call;
  void answer(const ModelCache::Pin& pin, const Invocation& invocation, std::string_view model,
              std::chrono::steady_clock::time_point received, net::HttpResponse& response, const Face& face);
  void fail(const Error& error, Stage stage, std::string_view model, net::HttpResponse& response, const Face& face);
  void finish(const std::shared_ptr<Call>& call, Result<ModelCache::Pin> pin);
  void answer_later(const std::shared_ptr<Call>& call, ModelCache::Pin pin);

  ModelCache& cache_;
  Metrics& metrics_;
  WorkPool& pool_;
  const Options options_;
};

}  // namespace chiliad::serve
