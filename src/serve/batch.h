// Batch: one request for the forecasts of many models, answered line by line as they are made.
//
//   POST /endpoints/{name}/invocations-batch
//   {"models": ["8.tar.gz", "735.tar.gz", ...], "period": 7}
//
// The answer is JSON lines, one a model in the order asked for, then one with the totals:
//
//   {"model":"8.tar.gz","status":200,"forecast":{"ds":{...},...}}
//   {"model":"none.tar.gz","status":400,"error":"not_found","message":"..."}
//   {"done":true,"succeeded":1,"failed":1}
//
// An answer without the last line is cut short. Memory does not grow with the number of models: lines wait for the
// client to read, and kAhead models at most are being loaded ahead of the line that is written.
//
// Thread safety: run() may be called from several threads at a time.

#pragma once

#include <string>
#include <vector>

#include "net/http_server.h"
#include "serve/face.h"
#include "serve/invocation.h"
#include "serve/invoker.h"
#include "serve/metrics.h"
#include "serve/model_cache.h"

namespace chiliad::serve {

struct BatchRequest {
  Invocation invocation;
  std::vector<std::string> models;
};

// What a batch needs of whoever has the models.
class BatchModels {
 public:
  virtual ~BatchModels() = default;
  // Starts the load of a model that will be asked for soon. Whether it succeeds shows when its turn comes.
  virtual void load_ahead(const std::string& model) = 0;
  // One forecast, waited for, appended to `out`; the stage of a failure is told.
  virtual Result<Done> forecast(const std::string& model, const Invocation& invocation, std::string& out,
                                Stage& stage) = 0;
  // The status that a call for this model alone would have been answered with. Called once a model.
  virtual int count(const std::string& model, const Error* error, Stage stage) = 0;
};

// Answers the whole request; returns when the last line was handed over or the client has gone. `head` holds the
// answer's fields.
void run_batch(const BatchRequest& batch, net::HttpResponse head, net::HttpLater later, BatchModels& models);

// The same over an invoker and its cache.
void run_batch(const BatchRequest& batch, net::HttpLater later, Invoker& invoker, ModelCache& cache, Metrics& metrics,
               const Face& face);

}  // namespace chiliad::serve
