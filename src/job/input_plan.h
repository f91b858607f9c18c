// Which objects an input of a job stands for, and which of them each instance gets.
//
//     S3Prefix      all keys that begin with the URI's key, in the order of their bytes
//     ManifestFile  the names of the manifest (job/manifest.h), in its order
//     AugmentedManifestFile  the object itself, whose lines job/pipe_feed.h reads
//
// The name of an object's file is its key without the prefix: without "data/" for the prefix "data/" or "data" where
// the key is "data/8.csv"; a prefix that ends within a part ("da") loses just the parts before it. The object that the
// URI names itself keeps its last part. Keys that end in '/' (folders of consoles) are left out.
//
// FullyReplicated: every instance gets all. ShardedByS3Key: object i goes to instance i mod n, keys sorted by their
// bytes: what `chiliad train --shard` does. ShardedByRecord: see record_deal.h.
//
// Source: SageMaker API reference, S3DataSource. Thread safety: values; plan_input() may be called from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "job/job.h"
#include "store/object_store.h"

namespace chiliad::job {

struct PlannedObject {
  static constexpr std::uint64_t kUnknown = UINT64_MAX;

  std::string key;
  std::uint32_t name_at = 0;  // The file's name is key from here.
  std::uint64_t size_bytes = kUnknown;

  std::string_view name() const { return std::string_view(key).substr(name_at); }
};

struct PlannedInput {
  std::string name;
  std::string folder;  // Below the instance's root: "input/data/training".
  Distribution distribution = Distribution::kFullyReplicated;
  bool gzip = false;
  InputMode mode = InputMode::kFile;
  bool record_io = false;                          // Pipe: each object is wrapped in a record.
  std::vector<std::string> attributes = {};        // Of an AugmentedManifestFile, which is then the one object.
  std::optional<std::uint64_t> shuffle_seed = {};  // Pipe, not of an AugmentedManifestFile.
  std::string bucket;
  std::shared_ptr<store::ObjectStore> store;
  std::vector<PlannedObject> objects;

  // Whether instance `index` of `count` gets object i. Not for ShardedByRecord, whose lines are dealt.
  bool goes_to(std::size_t i, int index, int count) const {
    return distribution == Distribution::kFullyReplicated ||
           i % static_cast<std::size_t>(count) == static_cast<std::size_t>(index);
  }
};

// Where the input's folder lies below the root. Errors: kInvalid, as below_root(); a channel's name that is no
// folder's.
Result<std::string> input_folder(Kind kind, const Input& input);

// Lists the input. Errors: kInvalid: no object there, a key that cannot be a file's name (it is shown), a manifest that
// is none; kTooLarge: more than max_keys; kNotFound: no such bucket; those of the store; kUnavailable: *cancel was set.
Result<PlannedInput> plan_input(Kind kind, const Input& input, store::Buckets& buckets, std::uint64_t max_keys,
                                const std::atomic<bool>& cancel, Deadline deadline);

}  // namespace chiliad::job
