// EnvironmentFolder: built environments on the disk, shared by all processes that use the folder.
//
//     <folder>/base-<key>/env/           what is mounted
//                        /constraints.txt, /requirements.txt
//                        /about          lines "name value": entry, base, python, size_bytes
//                        /used           empty; its time is when the environment was used last
//     <folder>/layer-<key>/..., <folder>/package-<key>/...   the same
//     <folder>/building/<random>/        a build under way, or what is being removed; its owner holds a lock on it
//     <folder>/locks/<name>              shared by who uses an environment, exclusive for who builds or removes it
//     <folder>/pip-cache/                of builds of bases
//
// Rules the rest relies on:
//   1. An environment appears and goes by one rename.
//   2. It goes only while nobody shares its lock. Locks are flock(2): kill -9 gives them back.
//
// Thread safety: all methods may be called from any threads and processes at a time.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"

namespace chiliad::runtime {

// What is written beside an environment.
struct About {
  std::string entry;
  std::string base;    // Of a layer: its base's name.
  std::string python;  // "3.11.2"
  std::uint64_t size_bytes = 0;
};

// A shared lock: as long as it is there, so is the environment.
struct Held {
  std::string name;
  std::filesystem::path folder;  // <folder>/<name>
  About about;
  FileDescriptor lock;
};

// An exclusive lock and a folder to build in; what is not published goes with the object.
class BuildPlace {
 public:
  BuildPlace(std::string name, FileDescriptor lock, std::filesystem::path folder, FileDescriptor folder_lock);
  BuildPlace(BuildPlace&&) noexcept;
  BuildPlace& operator=(BuildPlace&&) = delete;
  ~BuildPlace();

  const std::string& name() const { return name_; }
  const std::filesystem::path& folder() const { return folder_; }        // Published as it is then.
  std::filesystem::path environment() const { return folder_ / "env"; }  // There, and empty.
  std::filesystem::path scratch() const { return folder_ / "scratch"; }  // Likewise; not published.

 private:
  friend class EnvironmentFolder;
  std::string name_;
  FileDescriptor lock_;
  std::filesystem::path folder_;
  FileDescriptor folder_lock_;
};

class EnvironmentFolder {
 public:
  // Makes it if missing and removes what dead processes left. Errors: as base/file.h.
  static Result<EnvironmentFolder> open(std::filesystem::path folder);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path pip_cache() const { return folder_ / "pip-cache"; }

  // The environment, used from now on; none: it is not there. Errors: as base/file.h; kCorrupt: its `about`.
  Result<std::optional<Held>> hold(std::string_view name) const;

  // A place to build it in; waits while another process builds it or removes it. None: it is there by now.
  // Errors: kDeadline: as well when `cancelled` is set; as base/file.h.
  Result<std::optional<BuildPlace>> begin(std::string_view name, Deadline deadline,
                                          const std::atomic<bool>& cancelled) const;
  // Measures what was built (About::size_bytes) and publishes it. Errors: as base/file.h.
  Result<Done> publish(BuildPlace place, About about) const;

  struct Stored {
    std::string name;
    About about;
    Instant last_used;
    bool in_use = false;
  };
  // The one used last first. Errors: as base/file.h.
  Result<std::vector<Stored>> list() const;

  // Errors: kNotFound; kConflict: in use, or a layer's base; as base/file.h.
  Result<Done> remove(std::string_view name) const;

  // Removes environments that nobody uses, least recently used first, layers before their base, and pip's cache before
  // all when it has over a quarter of the budget, until all together have at most `budget_bytes`. What fails is left.
  void make_room(std::uint64_t budget_bytes) const;

 private:
  explicit EnvironmentFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<FileDescriptor> lock_file(std::string_view name) const;
  Result<BuildPlace> make_place(std::string_view name, FileDescriptor lock) const;
  std::filesystem::path folder_;
};

}  // namespace chiliad::runtime
