// AsyncRunner: answers the calls of an AsyncQueue and puts the answers into the store.
//
//   queue --take--> input from the store --variant's host--> s3://<S3OutputPath>/<id>.out
//                                                    failed: s3://<S3FailurePath>/<id>-error.out
//
// A few threads for all endpoints, which have their turns one after the other; of one endpoint at most
// MaxConcurrentInvocationsPerInstance calls run at a time. A call whose model is not ready, or whose server or store
// does not answer, waits without a thread and is tried again, after longer and longer pauses, until its time-out, which
// stands still while the call waits for its turn. One whose input or result the store refuses for the time being is
// tried until its time to live is over.
//
// A call under which the model's server broke off may be the reason. From then on it is tried by itself: it waits until
// no other call of the queue runs at its endpoint, and none begins before it has ended. When the server broke off three
// times while it ran by itself, it fails; this is counted across restarts. Calls of InvokeEndpoint are not held off.
//
// Calls of an endpoint that is not deployed wait; those of one that was removed fail, after a kill -9 too.
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
    std::uint64_t turn = 0;                        // Turns::begun when it began by itself; 0: others ran.
  };

  enum class Outcome : std::uint8_t {
    kEnded,   // The result or the failure is written.
    kLater,   // The call is tried again at Begun::again_at.
    kPaused,  // So it is, and nothing else of its endpoint begins for a while.
  };
  // What is known of a call that was tried and waits again.
  struct Begun {
    Deadline until;     // Its time-out.
    Deadline again_at;  // Not before.
    int tries = 0;
    bool suspect = false;  // As AsyncCall's, should the disk not have taken them.
    int broken = 0;
  };
  // The calls of an endpoint that run now.
  struct Turns {
    int running = 0;
    std::uint64_t begun = 0;  // Counts them.
    bool awaited = false;     // A suspect waits for their end.
    bool taken = false;       // A suspect runs.
  };

  void run();
  bool choose(std::string& endpoint, std::shared_ptr<const Deployment>& deployment);
  void work(const std::string& endpoint, std::shared_ptr<const Deployment> deployment);
  bool begin(Taken& taken, const Begun& begun);
  bool ran_alone(const Taken& taken);
  Outcome handle(Taken& taken, Begun& begun);
  Outcome answer(Taken& taken, Begun& begun);
  bool is_tried_again(const HostResult& result, AsyncCall& call, bool alone, Begun& begun);
  static HostResult invoke(const Taken& taken, const Variant& variant, std::string_view body, Deadline deadline,
                           HostAnswer& answer);
  Result<Done> write(const AsyncCall& call, const std::string& location, std::string_view bytes);
  Outcome fail(const Taken& taken, const Variant* variant, const HostResult& result);

  AsyncQueue& queue_;
  const EndpointTable& endpoints_;
  store::BucketAccess& access_;
  const Ended ended_;
  Mutex mutex_;
  Condition work_;
  bool stopping_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::uint64_t woken_ CHILIAD_GUARDED_BY(mutex_) = 0;  // Counts wake().
  std::string last_ CHILIAD_GUARDED_BY(mutex_);         // The endpoint that had its turn.
  std::map<std::string, Turns> turns_ CHILIAD_GUARDED_BY(mutex_);
  std::map<std::string, Deadline> paused_ CHILIAD_GUARDED_BY(mutex_);  // Until then nothing of it begins.
  std::map<std::int64_t, Begun> begun_ CHILIAD_GUARDED_BY(mutex_);     // By the call's row.
  std::vector<std::thread> threads_;
};

}  // namespace chiliad::hosting
