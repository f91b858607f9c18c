// ModelPlace: where the models of one or several variants lie, a prefix of keys or one archive, and what loading them
// took.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "hosting/distribution.h"
#include "hosting/s3_location.h"
#include "store/buckets.h"

namespace chiliad::hosting {

// What CloudWatch is told of loads, in microseconds.
struct LoadFigures {
  Distribution downloading;
  Distribution loading;
  Distribution unloading;
};

// Outlives the place while models of it are in memory.
class LoadTally {
 public:
  void downloaded(std::chrono::nanoseconds time);
  void loaded(std::chrono::nanoseconds time);
  void unloaded(std::chrono::nanoseconds time);
  LoadFigures take();  // All since the last take().

  std::atomic<std::int64_t> models_in_memory{0};

 private:
  Mutex mutex_;
  LoadFigures figures_ CHILIAD_GUARDED_BY(mutex_);
};

// Immutable but for its tally.
struct ModelPlace {
  std::uint64_t id = 0;                     // Never used again in this process.
  S3Location location;                      // A prefix that is empty or ends in '/', or an archive's key.
  bool single = false;                      // An archive.
  std::string role;                         // Who reads them: places of different roles share no model.
  std::shared_ptr<store::Buckets> buckets;  // As that role may use them.
  std::string cache_prefix;                 // "<id>/": what the names of its models start with in the cache.
  std::shared_ptr<LoadTally> tally;

  // The key of the model that a call names. With `single`, the archive's.
  std::string key_of(std::string_view model) const { return single ? location.key : location.key + std::string(model); }
};

}  // namespace chiliad::hosting
