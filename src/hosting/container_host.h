// ContainerHost: one foreign model server as a host of calls.
//
//   MultiModel:   Target-Model --container::Models--> pinned --POST /models/{name}/invoke--> answer
//   SingleModel:                                            POST /invocations            --> answer, or a stream
//
//   the server answers                           the caller gets
//   200 to 299                                   the body, its type, its Custom-Attributes
//   404 to a call of a model that it has lost    the model is loaded again, and the call made once more
//   anything else                                kModelError with that status and the body
//   nothing, in its time                         kModelError with status 0
//   it is down, dies meanwhile, starts           kUnavailable, or kNotReady once load_wait is over
//
// Calls of one server run on threads of its own, so many at a time, and so many more wait: a slow server is nobody
// else's trouble.
//
// Source: Amazon SageMaker developer guide, "Use your own inference code with hosting services", "Build your own
// container for multi-model endpoints".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <memory>

#include "hosting/container_hosts.h"
#include "hosting/model_host.h"

namespace chiliad::hosting {

class ContainerHost final : public ModelHost {
 public:
  // The server, its models and its threads; container_host.cc. Ends on a thread of ContainerHosts.
  struct Machine;

  explicit ContainerHost(std::shared_ptr<Machine> machine);
  ~ContainerHost() override;

  bool answer_now(const HostCall& call, std::string& body, std::string_view& content_type, HostResult& result) override;
  void answer_later(const HostCall& call, Deadline deadline, Answered answered) override;
  bool streams() const override;
  void answer_stream(const HostCall& call, Deadline deadline, HostStream& stream,
                     std::function<void(HostResult)> ended) override;
  // kInvalid: batches are the native server's.
  Result<Done> batch(BatchCall call) override;

  std::shared_ptr<LoadTally> loads() const override;

 private:
  const std::shared_ptr<Machine> machine_;
};

}  // namespace chiliad::hosting
