// TransformRunner: transform jobs (batch inference): objects in, <key>.out objects out.
//
//   objects --transform_source.h--> groups of records --several at a time--> answers, in the records' order --> a file
//   --> store
//
// Two jobs run at a time, the others wait. A job's calls are records of a group, up to MaxConcurrentTransforms groups
// at a time (16 at most). Memory: 4 MiB and an answer for each group, and for records above 2 MiB, of all jobs
// together, 512 MiB: who finds them taken waits. Output grows in files. An object's output appears whole; a job that is
// run again writes the same objects again.
//
// A model answers each record on its own, whatever BatchStrategy says: SplitType Line makes records of lines, None
// takes the object as one. A failing record fails the job, after the retries that ModelClientConfig allows for what may
// pass.
//
// Source: Amazon SageMaker developer guide, "Batch transform".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/work_pool.h"
#include "hosting/model_host.h"
#include "hosting/transform_budget.h"
#include "hosting/transform_plan.h"
#include "store/bucket_access.h"
#include "watch/log_sink.h"

namespace chiliad::hosting {

class TransformRunner {
 public:
  // `stopped`: the job is to end; a host that is slow to open gives up then.
  using OpenHost = std::function<Result<std::shared_ptr<ModelHost>>(const ModelPlan& plan, const std::string& job,
                                                                    const std::function<bool()>& stopped)>;

  // `access`, `logs` and what `open` needs must outlive the runner. Lines go to the group
  // /aws/sagemaker/TransformJobs.
  TransformRunner(store::BucketAccess& access, watch::LogSink& logs, OpenHost open);
  ~TransformRunner();  // Running jobs end without a word.

  // As Hosting::start_transform().
  Result<Done> start(TransformPlan plan, TransformObserver observer);
  void stop(std::string_view name);

 private:
  struct Job;
  void run(const std::shared_ptr<Job>& job);
  void log(const Job& job, std::string_view text);

  store::BucketAccess& access_;
  watch::LogSink& logs_;
  const OpenHost open_;
  TransformBudget budget_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Job>, std::less<>> jobs_ CHILIAD_GUARDED_BY(mutex_);
  WorkPool pool_;
};

}  // namespace chiliad::hosting
