// Container: an algorithm's side of the /opt/ml contract: where its folders are, which of several instances it is, what
// it says and why it failed.
//
// Source: doc/jobs.md. Thread safety: immutable after open(); say() from one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::algorithm {

// Of one of the contract's files.
inline constexpr std::uint64_t kMaxConfigBytes = std::uint64_t{4} << 20;

class Container {
 public:
  // Reads resourceconfig.json, and inputdataconfig.json or processingjobconfig.json. Without them it is a single
  // instance. Errors: kInvalid: not as the contract has them; as base/file.h.
  static Result<Container> open(std::filesystem::path root, bool training);

  const std::filesystem::path& root() const { return root_; }
  const std::string& host() const { return host_; }
  // Of this instance, from 0; of how many.
  std::size_t index() const { return index_; }
  std::size_t count() const { return count_; }

  // Training: the channel's folder; the first that is there of several names. Errors: kNotFound, with the channels that
  // there are.
  struct Channel {
    std::string name;
    std::filesystem::path folder;
    std::string distribution;  // S3DistributionType or S3DataDistributionType; "FullyReplicated" where unknown.
    bool by_column = false;    // ShardedByRecord with AttributeNames: the rows of one value are on one instance.
  };
  Result<Channel> channel(const std::vector<std::string>& names) const;

  // Processing: the inputs and outputs by their names. A LocalPath is taken below the root.
  const std::vector<Channel>& inputs() const { return channels_; }
  const Channel* input(std::string_view name) const;
  // The folder of the first output, or root/processing/output.
  std::filesystem::path output() const;

  // /opt/ml/x below the root; other paths as they are. Errors: kInvalid: "..".
  Result<std::filesystem::path> place(std::string_view path) const;

 private:
  std::filesystem::path root_;
  std::string host_ = "algo-1";
  std::size_t index_ = 0;
  std::size_t count_ = 1;
  std::vector<Channel> channels_;
  std::vector<std::filesystem::path> outputs_;
};

// `text` with paths below `root` as the contract calls them, /opt/ml/...: where the root really lies says nothing to
// who reads the job's log, report or failure, and nobody else's business is told.
std::string in_contract(const std::filesystem::path& root, std::string text);

// A line on standard output: the job's log.
void say(std::string_view text);

// Writes output/failure and says it, in the contract's paths; returns exit code 1.
int fail(const std::filesystem::path& root, const Error& error);

}  // namespace chiliad::algorithm
