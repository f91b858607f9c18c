// Handing work over and writing down what becomes of it. What begins a job or a deployment here is called as an action
// of the transaction that asked for it (Transaction::after), so that the order is that of the answers.
//
// What cannot be written down because the disk is full is tried again until it can be or the server ends; the job that
// it is about waits meanwhile. Whatever is lost by the end is found as unfinished at the next start.
//
// Thread safety: safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "control/context.h"

namespace chiliad::control {

// Of all three kinds. Fails the job with the reason when it cannot be started.
void launch_job(Context& context, const Resource& job, bool resume);
void halt_job(Context& context, ResourceKind kind, const std::string& name);

// What job::Observer is told.
void record_change(Context& context, const job::Change& change);

// Puts an endpoint's pending deployment in service; when there is none pending, or with `resume`, the current one.
// `on_done` is called when that has been written down.
void launch_endpoint(Context& context, std::int64_t id, bool resume, std::function<void()> on_done = {});
// Its weights and counts alone.
void launch_weights(Context& context, std::int64_t id);
// Takes it out of service and then off the list.
void launch_deletion(Context& context, std::int64_t id, const std::string& name);

// Begins everything that had not ended when the last process did; see SageMaker::resume().
Result<Done> take_up(Context& context);

}  // namespace chiliad::control
