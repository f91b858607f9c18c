// AsyncRunner: answers the calls of an AsyncQueue and puts the answers into the store.
//
//   queue --take--> input from the store --variant's host--> s3://<S3OutputPath>/<id>.out
//                                                    failed: s3://<S3FailurePath>/<id>-error.out
//
// A few threads for all endpoints, which have their turns one after the other; of one endpoint at most
// MaxConcurrentInvocationsPerInstance calls run at a time. A call whose model is not ready is tried again until its
// time-out; one whose input or result the store refuses for the time being, until its time to live is over.
//
// Calls of an endpoint that is not deployed wait; those of one that was removed fail.
//
// Source: Amazon SageMaker developer guide, "Asynchronous inference".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "hosting/async_queue.h"
#include "hosting/deployment.h"
#include "hosting/endpoint_table.h"
#include "store/bucket_access.h"

namespace chiliad::hosting {

class AsyncRunner {
 public:
  // Tells what becomes of a call: counts it, writes a log line.
  using Ended = std::function<void(const AsyncCall& call, const Deployment* deployment, const Variant* variant,
                                   const HostResult& result, std::chrono::nanoseconds overhead)>;

  // All must outlive the runner.
  AsyncRunner(int threads, AsyncQueue& queue, const EndpointTable& endpoints, store::BucketAccess& access, Ended ended);
  ~AsyncRunner();  // Finishes the calls that run.

  // Finishes the calls that run; no other begins.
  void stop();

  // There is something new to do: a call, an endpoint.
  void wake();

  // The calls of this endpoint that wait now fail.
  void fail_all(const std::string& endpoint);

 private:
  struct Taken {
    AsyncCall call;
    std::shared_ptr<const Deployment> deployment;  // Null: the endpoint has gone.
  };

  void run();
  bool choose(std::string& endpoint, std::shared_ptr<const Deployment>& deployment);
  void work(const std::string& endpoint, std::shared_ptr<const Deployment> deployment);
  bool answer(const Taken& taken);
  HostResult invoke(const Taken& taken, const Variant& variant, std::string_view body, HostAnswer& answer);
  Result<Done> write(const AsyncCall& call, const std::string& location, std::string_view bytes);
  bool fail(const Taken& taken, const Variant* variant, const HostResult& result);
  bool stopping();

  AsyncQueue& queue_;
  const EndpointTable& endpoints_;
  store::BucketAccess& access_;
  const Ended ended_;
  Mutex mutex_;
  Condition work_;
  bool stopping_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::uint64_t woken_ CHILIAD_GUARDED_BY(mutex_) = 0;  // Counts wake().
  std::string last_ CHILIAD_GUARDED_BY(mutex_);         // The endpoint that had its turn.
  std::map<std::string, int> running_ CHILIAD_GUARDED_BY(mutex_);
  std::map<std::string, Deadline> paused_ CHILIAD_GUARDED_BY(mutex_);      // Until then nothing of it begins.
  std::map<std::string, std::int64_t> doomed_ CHILIAD_GUARDED_BY(mutex_);  // Rows up to this one fail.
  std::vector<std::thread> threads_;
};

}  // namespace chiliad::hosting
