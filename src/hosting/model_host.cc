#include "hosting/model_host.h"

#include <memory>

#include "base/mutex.h"

namespace chiliad::hosting {

void ModelHost::answer_stream(const HostCall&, Deadline, HostStream&, std::function<void(HostResult)> ended) {
  HostResult result;
  result.end = HostEnd::kInvalid;
  result.message = "this model does not stream its answers";
  ended(std::move(result));
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
