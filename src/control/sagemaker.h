// SageMaker: the control plane of the SageMaker API. Jobs, models, endpoint configurations, endpoints and tags as
// resources with a name, an ARN and a state, kept in SQLite; what they ask for is done by job/ and hosting/.
//
//   {"TrainingJobName": "t", ...} --validate--> control.db --commit--> answer
//                                                   |                      |
//                                                   |<-- phases --- job::Runner, hosting::Hosting
//
// Rules the rest relies on:
//   1. What was answered is kept: an operation answers after its transaction has been committed, and kill -9 at any
//      later moment loses nothing of it. resume() takes the rest up again: jobs that had not ended are started again,
//      those that were stopping end as Stopped, endpoints are deployed again from what their last update resolved (so
//      also when the configuration or the model has been deleted since), deletions are finished.
//   2. Every input is checked against the service model (shapes.h) before anything else reads it. What control/ keeps
//      of a request is what the model knows of it; other members are dropped, as AWS drops them.
//   3. A name is one resource: creating it twice is refused in AWS's words, whoever is quicker.
//   4. Each operation asks Caller::may for its action and each resource that it touches before it tells whether that
//      resource exists; passing a role asks iam:PassRole.
//   5. Phases that a runner reports late, after the resource has been deleted or deployed anew, change nothing.
//
// Errors are AWS's: ValidationException (also for a model, configuration or endpoint that does not exist: the waiters
// of the SDKs need it), ResourceNotFound for jobs, ResourceInUse, ResourceLimitExceeded, AccessDeniedException,
// SerializationException, UnknownOperationException. doc/sagemaker_api.md lists the operations and the differences.
//
// Source: Amazon SageMaker API Reference, version 2017-07-24.
//
// Thread safety: safe from any thread. Reads use connections of their own and wait for no write.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/arn.h"
#include "aws/service.h"
#include "base/result.h"
#include "base/time.h"
#include "control/limits.h"

namespace chiliad::job {
class Observer;
}

namespace chiliad::control {

struct SageMakerOptions {
  std::filesystem::path state;  // An existing folder; control.db is made in it.
  std::string account{aws::kDefaultAccount};
  std::string region{aws::kDefaultRegion};
  bool sync = false;  // Answers survive a power cut too, at the price of an fsync an operation.
  int readers = 4;    // Connections that read side by side.
  Limits limits;
  // What became of a job or an endpoint could not be written down, for a reason that waiting does not cure. It is taken
  // up again at the next start. From any thread.
  std::function<void(const Error&)> on_failure;
};

class Work;

// Wiring, in the order in which the objects need one another:
//
//   sagemaker = SageMaker::open(options);
//   jobs = job::Runner::open(..., sagemaker->job_observer());
//   LocalWork work(*jobs, *hosting);
//   sagemaker->resume(work);
//   ... calls ...
//   sagemaker->shutdown();   // then jobs, hosting, work and at last sagemaker may go
class SageMaker final : public aws::JsonService {
 public:
  // Opens or makes the database. Nothing runs before resume(): until then calls are answered 503.
  // Errors: as sql::Database::open().
  static Result<std::unique_ptr<SageMaker>> open(SageMakerOptions options);
  ~SageMaker() override;

  // Where phases of jobs are written down. Lives as long as this object.
  job::Observer& job_observer();

  // Takes up what had not ended when the last process did, and answers calls from then on. Once. Endpoints that were in
  // service are waited for, five seconds at most; nothing else is. A job or endpoint that cannot be taken up becomes
  // Failed with the reason. `work` must stay until shutdown() has returned.
  // Errors: as sql::Database.
  Result<Done> resume(Work& work);

  // No further phase is recorded and no further call is answered (503): what runs is left as it is, for resume() of the
  // next process. Requires: no call() in progress.
  void shutdown();

  aws::JsonAnswer call(std::string_view operation, const aws::Json& input, const aws::Call& call) override;
  // The same without HTTP around it: of a call, only who calls matters. Requires: `input` is an object.
  aws::JsonAnswer answer(std::string_view operation, const aws::Json& input, const aws::Caller& caller);

  // Returns when job/ and hosting/ have been asked for all that was answered so far, or false at the deadline.
  bool wait_for_handover(Deadline deadline);

 private:
  struct State;
  explicit SageMaker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::control
