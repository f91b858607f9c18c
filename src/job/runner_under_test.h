// What the tests of a Runner stand on: buckets that are folders, sinks that remember, an observer to wait on, and a
// runtime whose programs are shell scripts. For tests only.
//
// Thread safety: as the interfaces they implement.

#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "job/job.h"
#include "job/runtime.h"
#include "store/bucket_access.h"
#include "watch/log_sink.h"
#include "watch/metric_sink.h"

namespace chiliad::job {

// Each bucket a folder below `root`, opened by open_folder(); there when its folder is.
class FolderBuckets final : public store::Buckets {
 public:
  explicit FolderBuckets(std::filesystem::path root) : root_(std::move(root)) {}

  Result<std::shared_ptr<store::ObjectStore>> open(std::string_view bucket) override {
    const std::filesystem::path folder = root_ / bucket;
    if (!std::filesystem::is_directory(folder))
      return Error{ErrorCode::kNotFound, "bucket " + std::string(bucket) + ": no such bucket"};
    Result<std::unique_ptr<store::ObjectStore>> store = store::open_folder(folder);
    if (!store) return std::move(store).error();
    return std::shared_ptr<store::ObjectStore>(*std::move(store));
  }
  Result<std::vector<store::BucketInfo>> list(Deadline /*deadline*/) override {
    return std::vector<store::BucketInfo>();
  }
  store::Subscription subscribe(store::BucketListener /*listener*/) override { return {}; }

 private:
  const std::filesystem::path root_;
};

// Refuses every bucket to every role; "gone" is no role.
class NoAccess final : public store::BucketAccess {
 public:
  Result<Done> check(std::string_view role) override {
    if (role == "gone") return Error{ErrorCode::kForbidden, "Could not assume role gone."};
    return Done{};
  }
  std::shared_ptr<store::Buckets> of(std::string_view role) override { return std::make_shared<Refusing>(role); }

 private:
  class Refusing final : public store::Buckets {
   public:
    explicit Refusing(std::string_view role) : role_(role) {}
    Result<std::shared_ptr<store::ObjectStore>> open(std::string_view bucket) override {
      return Error{ErrorCode::kForbidden, role_ + " is not authorized to open " + std::string(bucket)};
    }
    Result<std::vector<store::BucketInfo>> list(Deadline /*deadline*/) override {
      return std::vector<store::BucketInfo>();
    }
    store::Subscription subscribe(store::BucketListener /*listener*/) override { return {}; }

   private:
    const std::string role_;
  };
};

class KeptLines final : public watch::LogSink {
 public:
  void append(std::string_view group, std::string_view stream, std::span<const watch::LogLine> lines) override {
    const MutexLock lock(mutex_);
    for (const watch::LogLine& line : lines) {
      ++count_;
      bytes_ += line.text.size();
      std::vector<std::string>& kept = lines_[std::string(group) + " " + std::string(stream)];
      if (kept.size() < 10'000) kept.emplace_back(line.text);
    }
  }
  // By "group stream".
  std::map<std::string, std::vector<std::string>> lines() const {
    const MutexLock lock(mutex_);
    return lines_;
  }
  // Of all streams, in order of their names.
  std::string text() const {
    std::string out;
    for (const auto& [stream, kept] : lines()) {
      for (const std::string& line : kept) out += line + "\n";
    }
    return out;
  }
  std::uint64_t count() const {
    const MutexLock lock(mutex_);
    return count_;
  }
  std::uint64_t bytes() const {
    const MutexLock lock(mutex_);
    return bytes_;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::vector<std::string>> lines_ CHILIAD_GUARDED_BY(mutex_);
  std::uint64_t count_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::uint64_t bytes_ CHILIAD_GUARDED_BY(mutex_) = 0;
};

class KeptMetrics final : public watch::MetricSink {
 public:
  void put(const watch::MetricDatum& datum) override {
    const MutexLock lock(mutex_);
    values_[std::string(datum.name)].push_back(datum.value);
  }
  std::map<std::string, std::vector<double>> values() const {
    const MutexLock lock(mutex_);
    return values_;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::vector<double>> values_ CHILIAD_GUARDED_BY(mutex_);
};

class KeptChanges final : public Observer {
 public:
  void changed(const Change& change) override {
    const MutexLock lock(mutex_);
    changes_[change.job_name].push_back(change);
    heard_.notify_all();
  }
  // Waits until the job came into this phase, or into an end; false after a minute.
  bool wait_for(const std::string& job, Phase phase) {
    const MutexLock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (true) {
      for (const Change& change : changes_[job]) {
        if (change.phase == phase || is_end(change.phase)) return true;
      }
      if (!heard_.wait_until(mutex_, deadline) && std::chrono::steady_clock::now() > deadline) return false;
    }
  }
  // The last change of a job that has ended; its message is "no end" after a minute.
  Change end_of(const std::string& job) {
    const MutexLock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (changes_[job].empty() || !is_end(changes_[job].back().phase)) {
      if (!heard_.wait_until(mutex_, deadline) && std::chrono::steady_clock::now() > deadline) {
        Change none;
        none.message = "no end";
        return none;
      }
    }
    return changes_[job].back();
  }
  std::string phases_of(const std::string& job) const {
    const MutexLock lock(mutex_);
    std::string out;
    const auto known = changes_.find(job);
    if (known == changes_.end()) return out;
    for (const Change& change : known->second) out.append(out.empty() ? "" : " ").append(phase_name(change.phase));
    return out;
  }

 private:
  mutable Mutex mutex_;
  Condition heard_;
  std::map<std::string, std::vector<Change>> changes_ CHILIAD_GUARDED_BY(mutex_);
};

// The image "sh" is a shell that runs the job's arguments as a script, with the Spec's environment, in its folder; the
// image "gang" is the same for instances that start together.
class ShellRuntime final : public Runtime {
 public:
  Result<Done> claims(std::string_view image) const override {
    if (image == "sh" || image == "gang") return Done{};
    return Error{ErrorCode::kInvalid, "image '" + std::string(image) + "': the shell runs the images sh and gang"};
  }
  Result<Done> check(const Spec& /*spec*/) const override { return Done{}; }
  std::string seen_root(const std::filesystem::path& root) const override { return root.string(); }
  Result<Prepared> prepare(const Preparation& preparation) const override {
    return Prepared{preparation.spec.image == "gang", nullptr};
  }
  Result<Started> start(const Spec& spec, const Prepared& /*prepared*/, const Start& start) const override {
    std::string script;
    for (const std::string& line : spec.arguments) script += line + "\n";
    process::Process::Start plain{"/bin/sh", {"-c", script}, start.contract, start.root};
    for (const auto& [name, value] : spec.environment) plain.environment.push_back(name + "=" + value);
    Result<std::unique_ptr<process::BoxedProcess>> process = start_plain(plain);
    if (!process) return std::move(process).error();
    return Started{*std::move(process), nullptr};
  }
};

}  // namespace chiliad::job
