// DiskTier: stored models that were fetched from afar, kept as files within a budget of bytes.
//
// A model dropped from memory is loaded again from here in a fraction of a millisecond instead of being fetched again.
// Files are named by a running number; what they hold is known to this object alone, so nothing found in the folder is
// ever trusted: it is emptied at the start, whatever the last process left.
//
// The budget counts the files that are kept. Files that are still being fetched are not counted: one for each load
// thread at most.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/file.h"
#include "base/mutex.h"
#include "base/result.h"

namespace chiliad::serve {

class DiskTier {
 public:
  struct Kept {
    std::filesystem::path path;
    std::string version;
  };

  // Makes the folder if it is missing, locks it for this process and empties it.
  // Errors: kConflict when another process owns it; kInvalid when it holds what no DiskTier made; as system_error().
  static Result<std::unique_ptr<DiskTier>> open(const std::filesystem::path& folder, std::uint64_t budget_bytes);
  ~DiskTier();

  // A path in the folder for a new file, for keep() or the caller's own removal.
  std::filesystem::path next_path();

  // Takes the file over, in place of an older one of that model; makes room by deleting those used least recently. A
  // file above the whole budget is deleted.
  void keep(std::string_view name, const std::filesystem::path& path, std::uint64_t bytes, std::string version);

  // The model's file, which becomes the most recently used. It may be deleted at any time after: then read it afresh.
  std::optional<Kept> find(std::string_view name);

  // False when there was no such model.
  bool drop(std::string_view name);

  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t budget_bytes() const { return budget_; }
  std::size_t count() const;

 private:
  struct File {
    std::string name;
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    std::string version;
  };
  using Order = std::list<File>;  // Most recently used first.

  DiskTier(std::filesystem::path folder, std::uint64_t budget, FileDescriptor lock)
      : folder_(std::move(folder)), budget_(budget), lock_(std::move(lock)) {}
  std::filesystem::path path_of(std::uint64_t number) const;
  void remove(Order::iterator file) CHILIAD_REQUIRES(mutex_);

  const std::filesystem::path folder_;
  const std::uint64_t budget_;
  FileDescriptor lock_;
  std::atomic<std::uint64_t> next_{1};
  std::atomic<std::uint64_t> bytes_{0};
  mutable Mutex mutex_;
  Order order_ CHILIAD_GUARDED_BY(mutex_);
  std::unordered_map<std::string_view, Order::iterator> files_ CHILIAD_GUARDED_BY(mutex_);  // Keys: names in order_.
};

}  // namespace chiliad::serve
