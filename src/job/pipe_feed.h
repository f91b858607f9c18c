// Pipe mode: the data of an input as named pipes, so that a program begins before all of it is there and no disk is
// needed for it.
//
//     /opt/ml/input/data/<channel>_0   first epoch: the bytes of the objects, one after the other
//     /opt/ml/input/data/<channel>_1   the next one, there as soon as the one before was opened
//
// With RecordWrapperType RecordIO each object, or each value of an augmented manifest, is one record
// (job/pipe_epoch.h).
//
// With a ShuffleConfig the objects of each epoch come in an order of its own, the same for the same seed, and are dealt
// (ShardedByS3Key) in that order.
//
// An epoch is written when its pipe is opened for reading, however late or never; one whose reader closes it early is
// over. Everything ends with the program.
//
// Promises: what the program makes of its folder meanwhile (links, other files in the pipes' places) is not followed; a
// program that does not read keeps a thread waiting and nothing else; an object that is replaced while it is read fails
// the job, so that no epoch mixes two. Memory: 8 MiB an input and 24 bytes an object, 17 MiB of an augmented manifest.
//
// Source: SageMaker developer guide, "Use your own training algorithms", "Pipe mode".
//
// Thread safety: one thread at a time; it has threads of its own between open() and stop().

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "job/input_plan.h"
#include "job/job_run.h"
#include "store/buckets.h"

namespace chiliad::job {

class PipeFeeds {
 public:
  // `free_bytes`: disk that stays free where a gzip is unpacked to become a record. `failed`: told once an input, from
  // another thread, why it cannot be read, before its reader meets the pipe's end; the feed of that input ends.
  PipeFeeds(const JobRun& job, int index, std::uint64_t free_bytes, std::function<void(std::string)> failed);
  ~PipeFeeds();

  // Makes the first pipes and waits for readers. Errors: as base/file.h.
  Result<Done> open();
  void stop();

 private:
  // What one input's thread works with.
  struct Feed;

  Result<FileDescriptor> wait_for_reader(const Feed& feed, int epoch);
  void run(const Feed& feed);
  bool pause();

  const JobRun& job_;
  const int index_;
  const std::uint64_t free_bytes_;
  const std::function<void(std::string)> failed_;
  std::atomic<bool> stopped_{false};
  Mutex mutex_;
  Condition changed_;
  std::vector<std::unique_ptr<Feed>> feeds_;
  std::vector<std::thread> threads_;
};

}  // namespace chiliad::job
