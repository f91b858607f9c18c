// Hosting: the endpoints of this process, and the runtime API that calls them.
//
//   EndpointPlan --deploy()--> variants, each with a host --+
//                                                           |  one swap: calls see the old set or the new one, whole
//   POST /endpoints/{name}/...  --handle()--> endpoint --> variant by weight --> its host --> answer
//
//   /endpoints/{name}/invocations                  InvokeEndpoint
//   /endpoints/{name}/invocations-response-stream  InvokeEndpointWithResponseStream
//   /endpoints/{name}/async-invocations            InvokeEndpointAsync
//   /endpoints/{name}/invocations-batch            forecasts of many models (serve/batch.h)
//
// Which host answers is the catalog's to say, by the image: the native one, in this process, or a foreign server
// (container_host.h), which has a process, threads and memory of its own.
//
// What all native endpoints share, so that one which nobody calls costs a few kilobytes and no thread: one model cache
// with one memory and one disk budget (the model used least recently goes first, whosever it is; endpoints over the
// same prefix share its models), load threads, threads for heavy calls, the queue of asynchronous calls, the writer of
// captures.
//
// Promises:
//   1. A call is answered by the set of variants that was in service when it arrived, to its end; deploy() over a
//      running endpoint and set_weights() refuse and lose no call.
//   2. A deploy that fails leaves what was in service in service.
//   3. An object put through Buckets is what the next call is answered from (ModelCache's rule 6); in a real S3 a
//      changed object is seen within Options::revalidate.
//   4. An accepted asynchronous call (202) survives kill -9: its result or failure is written by this process or by
//      the next one of the same state folder, once its endpoint is deployed again.
//   5. Captures, metrics and log lines never hold up a call; what does not fit is dropped and counted.
//
// Permissions asked for: sagemaker:InvokeEndpoint on the endpoint's ARN with sagemaker:TargetModel (each model of a
// batch), sagemaker:InvokeEndpointAsync, sagemaker:InvokeEndpointWithResponseStream.
//
// By field, status and difference from AWS: doc/hosting.md.
//
// Thread safety: all methods may be called from any threads at a time. Callbacks come from threads of the object, hold
// no lock of it, and may call it.

#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aws/arn.h"
#include "aws/service.h"
#include "base/result.h"
#include "hosting/endpoint_plan.h"
#include "hosting/transform_plan.h"

namespace chiliad::store {
class BucketAccess;
class Buckets;
}  // namespace chiliad::store
namespace chiliad::process {
class BoxRunner;
}  // namespace chiliad::process
namespace chiliad::runtime {
class Catalog;
class PythonEnvironments;
}  // namespace chiliad::runtime
namespace chiliad::store {
class ProgramCredentials;
}  // namespace chiliad::store
namespace chiliad::watch {
class LogSink;
class MetricSink;
}  // namespace chiliad::watch

namespace chiliad::hosting {

struct HostingOptions {
  std::filesystem::path state_folder;  // hosting.db lies in it. Must exist.
  std::filesystem::path cache_folder;  // Owned by this object alone; used when the buckets are not on this machine.
  bool local = true;                   // The buckets lie on this machine's disk, and tell of every change.
  std::uint64_t memory_budget_bytes = std::uint64_t{1} << 30;
  std::uint64_t disk_budget_bytes = std::uint64_t{10} << 30;
  int load_threads = 0;  // 0: as many as `threads` when local, else 16.
  int threads = 2;       // For heavy forecasts; batches have as many of their own, and asynchronous calls.
  std::chrono::milliseconds load_wait{10'000};  // How long a call waits for its model; then ModelNotReadyException.
  std::chrono::milliseconds revalidate{5'000};  // Pause between comparisons of models in memory with a real S3.
  std::string account{aws::kDefaultAccount};
  std::string region{aws::kDefaultRegion};
  // What images stand for. Null: those whose name ends in chiliad-prophet are native, others are refused.
  const runtime::Catalog* catalog = nullptr;
  // What foreign servers need (container_hosts.h); without `boxes` there are none.
  process::BoxRunner* boxes = nullptr;
  process::BoxRunner* podman = nullptr;
  runtime::PythonEnvironments* environments = nullptr;
  store::ProgramCredentials* credentials = nullptr;
  std::filesystem::path container_folder = {};                      // Owned by this object alone.
  std::uint64_t container_disk_bytes = std::uint64_t{10} << 30;     // Of their unpacked models.
  std::uint64_t container_memory_bytes = 0;                         // Of their processes; 0: half of the machine's.
  std::chrono::milliseconds container_load_wait{30'000};            // As load_wait, for their models.
  std::uint64_t container_answer_bytes = std::uint64_t{512} << 20;  // Of their answers on the way to clients.
  // In whose name models are read and results and captures written: ModelPlan::role_arn's. Null: endpoints may use all
  // buckets.
  store::BucketAccess* access = nullptr;
};

class Hosting final : public aws::HttpService {
 public:
  // InvokeEndpoint's limits on a body.
  static constexpr std::size_t kMaxBody = 6'291'456;
  static constexpr std::size_t kMaxAsyncBody = 128'000;

  // Called once. An Error's message is the FailureReason.
  using Deployed = std::function<void(Result<Done>)>;

  // `buckets`, `logs`, `metrics` and what HostingOptions points to must outlive the object.
  // Errors: as ModelCache::open() and sql::Database::open().
  static Result<std::unique_ptr<Hosting>> open(HostingOptions options, store::Buckets& buckets, watch::LogSink& logs,
                                               watch::MetricSink& metrics);

  // Ends in order: takes no calls, finishes those that run, writes captures and metrics. Queued asynchronous calls stay
  // in the state folder, running transform jobs end without a word to their observers. Requires: no call in progress.
  ~Hosting() override;

  struct CaptureCounters {
    std::uint64_t written = 0;  // Records of data capture since the start,
    std::uint64_t dropped = 0;  // those that were dropped: no room, or a store that will never take them,
    std::uint64_t failed = 0;   // and files that the store refused.
  };
  CaptureCounters capture_counters() const;

  // Whether the image stands for something that serves here. Errors: kInvalid: what to add to runtimes.toml.
  Result<Done> check(const ModelPlan& plan) const;

  // Checks the plan (images, buckets and prefixes, archives), then puts it in service in place of what had its name.
  // deploy() and remove() of one name take effect in the order of their calls. `resume`: the endpoint was in service
  // before this process started: nothing is checked but the plan's own sense, so that an unreachable store does not
  // take an endpoint away.
  void deploy(EndpointPlan plan, bool resume, Deployed done);

  // Out of service, for new calls, when it returns; calls that run are answered. Its queued asynchronous calls fail.
  // A deploy() of the name that still runs is abandoned: kConflict. No such endpoint: nothing happens.
  void remove(std::string_view name);

  // Unset when it is not in service.
  std::optional<EndpointState> describe(std::string_view name) const;

  // All of the changes or none. Errors: kNotFound: no such endpoint, or variant (the message says which); kInvalid:
  // a weight below 0 or not finite.
  Result<Done> set_weights(std::string_view name, std::span<const VariantChange> changes);

  // Runs a transform job; jobs beyond those that fit wait in their order. The observer is called from one thread at a
  // time, last with a phase that is an end.
  // Errors: kConflict: a job of this name runs; kInvalid: what is not supported, naming the member.
  Result<Done> start_transform(TransformPlan plan, TransformObserver observer);

  // The job ends as kStopped soon. No such job: nothing happens.
  void stop_transform(std::string_view name);

  // POST /endpoints/...
  net::HttpHandler::BodyPlan begin(const aws::HeadCall& call) override;
  void handle(const aws::Call& call) override;

 private:
  struct State;
  explicit Hosting(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::hosting
