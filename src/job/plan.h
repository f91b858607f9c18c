// What is done once for a job before its first instance: checking the Spec, making its folder, opening the store's
// buckets, listing and dealing its inputs.
//
// Thread safety: functions; all but check_spec() and metric_patterns() are called by the thread that begins the job.

#pragma once

#include "base/result.h"
#include "job/job.h"
#include "job/job_run.h"

namespace chiliad::store {
class Buckets;
}

namespace chiliad::job {

// All that can be told from the Spec alone, but for the image. Errors: kInvalid, naming the member.
Result<Done> check_spec(const Spec& spec);
// Errors: as watch::MetricPatterns::make().
Result<watch::MetricPatterns> metric_patterns(const Spec& spec);

// A new folder and what wakes its instances. Errors: as base/file.h.
Result<Done> prepare_run(JobRun& job);

// The buckets that it writes to. Errors: kNotFound: no such bucket; kForbidden; the message names the member.
Result<Done> open_targets(JobRun& job, store::Buckets& buckets);

// Lists of objects, records dealt. Errors: as plan_input() and deal_records().
Result<Done> plan_inputs(JobRun& job, store::Buckets& buckets, const RunnerOptions& options, Deadline deadline);

}  // namespace chiliad::job
