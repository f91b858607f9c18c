// What a job's phases do to its resource. Pure functions of the resource and the change; sagemaker.cc writes it down.
//
// Thread safety: pure functions.

#pragma once

#include <string_view>

#include "control/resource.h"
#include "hosting/transform_plan.h"
#include "job/job.h"

namespace chiliad::control {

// The state of a training or processing job that was just asked for.
void begin_job(Resource& resource);
// StopTrainingJob and its like. Requires: the job has not ended.
void begin_stopping(Resource& resource, Milliseconds now);
// The server was restarted while the job ran.
void begin_restart(Resource& resource, Milliseconds now);
// Requires: the job has not ended.
void apply_change(Resource& resource, const job::Change& change, Milliseconds now);
// False: nothing to write down.
bool apply_progress(Resource& resource, const hosting::TransformProgress& progress, Milliseconds now);
// The job ends without having run (again). `reason` is cut to what FailureReason holds.
void fail_job(Resource& resource, std::string_view reason, Milliseconds now);
void end_stopped(Resource& resource, Milliseconds now);

// At most 1,024 characters, cut between characters: FailureReason, ExitMessage.
std::string cut_reason(std::string_view text);

}  // namespace chiliad::control
