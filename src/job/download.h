// Objects of the store -> files of an instance's folder.
//
// Promises: a file that stands already is not replaced (two inputs that meet in one place are an error that names the
// key); the disk keeps `free_bytes` free; gzip is unpacked as it comes, its file's name loses ".gz". What a failure
// left is in the instance's folder and goes with it.
//
// Thread safety: functions that use threads of their own.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "job/input_plan.h"

namespace chiliad::job {

struct TransferLimits {
  int threads = 8;
  std::uint64_t free_bytes = 0;
  Deadline deadline;
};

// Errors: kNoSpace when fewer than wanted + free_bytes are free where `folder` lies.
Result<Done> check_free_disk(const std::filesystem::path& folder, std::uint64_t wanted, std::uint64_t free_bytes);

// The instance's share of a planned input that is not dealt by records. One that is to be read alone (FastFile) is lent
// (ObjectStore::lend()): nobody may write below `root` then. Errors: kNoSpace; kConflict: a file of that
// name stands there, or a name is a file and a folder at once; kCorrupt: damaged gzip; kUnavailable: *cancel was set;
// those of the store and base/file.h. Each names the key.
Result<Done> download_share(const PlannedInput& input, int index, int count, const std::filesystem::path& root,
                            const TransferLimits& limits, const std::atomic<bool>& cancel);

// One object to a file, unpacked if it is gzip. Errors: as above.
Result<Done> download_unpacked(store::ObjectStore& store, std::string_view key, const std::filesystem::path& to,
                               std::uint64_t free_bytes, Deadline deadline);

}  // namespace chiliad::job
