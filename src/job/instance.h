// One instance of a job from its empty folder to the end of its process, on one thread.
//
//     folder, configuration -> inputs, checkpoints <- store -> [a place on the machine] -> process -> last checkpoints
//
// What goes wrong becomes the job's cause (JobRun::end_because()), so that the other instances end too; an instance of
// a job that has a cause already begins nothing more.
//
// Thread safety: a function; one call an instance, of several at a time.

#pragma once

#include "job/job.h"
#include "job/job_run.h"
#include "job/places.h"
#include "watch/log_sink.h"
#include "watch/metric_sink.h"

namespace chiliad::job {

struct Surroundings {
  const RunnerOptions& options;
  Places& places;
  watch::LogSink& logs;
  watch::MetricSink& metrics;
  Observer& observer;
};

// Requires: the job is planned. `gang`: the instances that it starts together with; null: it waits for nobody.
void run_instance(JobRun& job, int index, const Surroundings& around, Places::Gang* gang = nullptr);

// The log stream of an instance: "<job>/algo-1-<seconds since 1970>", and its group.
std::string log_stream(const JobRun& job, int index);
std::string_view log_group(Kind kind);

}  // namespace chiliad::job
