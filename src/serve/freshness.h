// Freshness: models in memory follow what is stored, without a hit ever asking.
//
//   what changed                          seen by                        within
//   written through our own store         AnnouncingStore                at once
//   a file in the models' folder          inotify, folders below too     a second
//   the same, when watches run out        comparing versions             half a second a round
//   an object in S3                       comparing versions             --revalidate
//
// Comparing versions asks for the ETags of the models in memory alone: one HEAD each while they are few, else listing
// pages that hold them (1,000 keys a request), leaving out the stretches between them.
//
// New objects need nothing: they are found by the first call. Deleted ones are dropped from memory.
//
// Source: inotify(7).
//
// Thread safety: AnnouncingStore as its store. The two threads belong to their objects, which may be destroyed from any
// other thread.

#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "serve/metrics.h"
#include "serve/model_cache.h"
#include "store/object_store.h"

namespace chiliad::serve {

// Compares the models in memory with the store once; refreshes those that changed.
// Errors: as the store's; what was compared before the failure counts. Cost: see above.
Result<Done> revalidate(store::ObjectStore& store, ModelCache& cache, Deadline deadline);
// The same for a part of the cache: models named `name_prefix` + x, whose keys are `key_prefix` + x.
Result<Done> revalidate(store::ObjectStore& store, ModelCache& cache, std::string_view name_prefix,
                        std::string_view key_prefix, Deadline deadline);

// revalidate() again and again, with this pause between.
class Revalidator {
 public:
  Revalidator(store::ObjectStore& store, ModelCache& cache, Metrics& metrics, std::chrono::milliseconds pause);
  ~Revalidator();

 private:
  void run();

  store::ObjectStore& store_;
  ModelCache& cache_;
  Metrics& metrics_;
  const std::chrono::milliseconds pause_;
  Mutex mutex_;
  Condition stop_;
  bool stopping_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Watches a folder and all below it; a file that was written, renamed or deleted is invalidated in the cache.
class FolderWatch {
 public:
  // Errors: kUnavailable when the system has no watches left: then poll with a Revalidator. As system_error().
  static Result<std::unique_ptr<FolderWatch>> start(const std::filesystem::path& root, ModelCache& cache,
                                                    Metrics& metrics, std::function<void()> on_watches_run_out);
  ~FolderWatch();

 private:
  FolderWatch(std::filesystem::path root, ModelCache& cache, Metrics& metrics, std::function<void()> on_watches_run_out)
      : root_(std::move(root)), cache_(cache), metrics_(metrics), on_watches_run_out_(std::move(on_watches_run_out)) {}
  Result<Done> watch(const std::string& folder, bool announce);
  void run();
  void on_events(const char* begin, const char* end);
  void on_event(int watch, std::uint32_t mask, const std::string& name);
  void drop_below(const std::string& folder);

  const std::filesystem::path root_;
  ModelCache& cache_;
  Metrics& metrics_;
  const std::function<void()> on_watches_run_out_;
  FileDescriptor inotify_;
  FileDescriptor wake_;                           // An eventfd: the thread shall end.
  std::unordered_map<int, std::string> folders_;  // Watch to folder below the root, with its '/'; "" is the root.
  std::thread thread_;
};

// The store for whoever writes models in this process: a put or remove that returned has been seen by the cache.
class AnnouncingStore final : public store::ObjectStore {
 public:
  // Both must outlive this object.
  AnnouncingStore(store::ObjectStore& store, ModelCache& cache) : store_(store), cache_(cache) {}

  std::string location() const override { return store_.location(); }
  Result<std::string> get(std::string_view key, const store::ByteRange& range, Deadline deadline) override;
  Result<store::ObjectInfo> put(std::string_view key, std::string_view bytes, const store::PutCondition& condition,
                                Deadline deadline) override;
  Result<store::ObjectInfo> download(std::string_view key, const std::filesystem::path& to, Deadline deadline) override;
  Result<store::ObjectInfo> upload(const std::filesystem::path& from, std::string_view key, Deadline deadline) override;
  Result<store::ObjectInfo> head(std::string_view key, Deadline deadline) override;
  Result<Done> remove(std::string_view key, Deadline deadline) override;
  Result<store::ListPage> list(const store::ListRequest& request, Deadline deadline) override;
  Result<Done> sync() override;

 private:
  store::ObjectStore& store_;
  ModelCache& cache_;
};

}  // namespace chiliad::serve
