#include "hosting/model_host.h"

#include <memory>
#include <utility>

#include "base/mutex.h"
#include "serve/model_name.h"

namespace chiliad::hosting {

void ModelHost::answer_stream(const HostCall&, Deadline, HostStream&, std::function<void(HostResult)> ended) {
  HostResult result;
  result.end = HostEnd::kInvalid;
  result.message = "this model does not stream its answers";
  ended(std::move(result));
}

void refuse(HostEnd end, std::string message, HostResult& result) {
  result.end = end;
  result.message = std::move(message);
}

bool check_target_model(bool multi_model, std::string_view model, HostResult& result) {
  if (!multi_model) {
    if (model.empty()) return true;
    refuse(HostEnd::kInvalid, "This endpoint is not a multi-model endpoint and does not support target model header.",
           result);
    return false;
  }
  if (model.empty()) {
    refuse(HostEnd::kInvalid,
           "This is a multi-model endpoint: name a model in the field X-Amzn-SageMaker-Target-Model.", result);
    return false;
  }
  Result<Done> name = serve::check_model_name(model);
  if (!name) refuse(HostEnd::kInvalid, std::move(name).error().message, result);
  return name ? true : false;
}

HostResult answer_and_wait(ModelHost& host, const HostCall& call, Deadline deadline, HostAnswer& answer) {
  HostResult result;
  if (host.answer_now(call, answer.body, answer.content_type, result)) return result;
  struct Meeting {
    Mutex mutex;
    Condition came;
    bool done CHILIAD_GUARDED_BY(mutex) = false;
    HostAnswer answer CHILIAD_GUARDED_BY(mutex);
    HostResult result CHILIAD_GUARDED_BY(mutex);
  };
  const auto meeting = std::make_shared<Meeting>();
  host.answer_later(call, deadline, [meeting](HostAnswer made, HostResult how) {
    const MutexLock lock(meeting->mutex);
    meeting->answer = std::move(made);
    meeting->result = std::move(how);
    meeting->done = true;
    meeting->came.notify_one();
  });
  const MutexLock lock(meeting->mutex);
  while (!meeting->done) meeting->came.wait(meeting->mutex);  // The host keeps the deadline.
  answer = std::move(meeting->answer);
  return std::move(meeting->result);
}

}  // namespace chiliad::hosting
