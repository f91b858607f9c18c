// A model is first unpacked into <root>/unpacking/<n>, then charged, then renamed into its shelf: a server sees whole
// folders alone. What is removed leaves the books under the lock and the disk after it.

#include "container/folder_tier.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/mutex.h"
#include "process/tree.h"

namespace chiliad::container {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLock = ".chiliad-folder-tier";
constexpr std::string_view kUnpacking = "unpacking";
constexpr std::uint64_t kFileCost = 4096;  // What a folder costs besides its files' bytes, about.

Result<Done> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return system_error("make folder", folder, errno);
  // Whatever the umask says.
  if (::chmod(folder.c_str(), 0755) != 0) return system_error("set the mode of", folder, errno);
  return Done{};
}

// Everything below is readable for everybody. It is fresh from archive::unpack(): files and folders alone.
Result<Done> open_up(const fs::path& root) {
  std::error_code error;
  if (Result<Done> made = make_folder(root); !made) return made;
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    const fs::perms mode = entry->is_directory(error) ? fs::perms(0755) : fs::perms(0644);
    fs::permissions(entry->path(), mode, error);
  }
  if (error) return system_error("set the modes below", root, error.value());
  return Done{};
}

Result<Done> empty(const fs::path& root) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
    if (entry.path().filename() == kLock) continue;
    if (Result<Done> removed = process::remove_tree(entry.path()); !removed) return removed;
  }
  if (error) return system_error("read folder", root, error.value());
  return Done{};
}

}  // namespace

struct FolderTier::State {
  struct Entry {
    std::uint64_t shelf = 0;
    std::string model;
    std::string version;
    std::shared_ptr<const Kept> kept;
    bool dropped = false;  // No longer found; it goes when nobody holds it.
  };
  using Order = std::list<Entry>;  // Most recently used first.

  State(fs::path its_root, std::uint64_t its_budget, FileDescriptor its_lock)
      : root(std::move(its_root)), budget(its_budget), lock(std::move(its_lock)) {}

  static bool is_held(const Entry& entry) { return entry.kept.use_count() > 1; }
  Order::iterator position(std::uint64_t shelf, std::string_view model) CHILIAD_REQUIRES(mutex);
  // Takes dropped entries out, and others until `wanted` more bytes fit; false when what is held is in the way.
  bool make_room(std::uint64_t wanted, Order& gone) CHILIAD_REQUIRES(mutex);
  void take_out(Order::iterator entry, Order& gone) CHILIAD_REQUIRES(mutex);
  static void remove(const Order& gone);

  const fs::path root;
  const std::uint64_t budget;
  const FileDescriptor lock;
  mutable Mutex mutex;
  std::uint64_t next CHILIAD_GUARDED_BY(mutex) = 1;
  std::uint64_t bytes CHILIAD_GUARDED_BY(mutex) = 0;
  Order order CHILIAD_GUARDED_BY(mutex);
  std::map<std::pair<std::uint64_t, std::string>, Order::iterator, std::less<>> places CHILIAD_GUARDED_BY(mutex);
};

FolderTier::State::Order::iterator FolderTier::State::position(std::uint64_t shelf, std::string_view model) {
  const auto found = places.find(std::pair<std::uint64_t, std::string>(shelf, model));
  return found == places.end() ? order.end() : found->second;
}

void FolderTier::State::take_out(Order::iterator entry, Order& gone) {
  bytes -= entry->kept->bytes;
  if (!entry->dropped) places.erase({entry->shelf, entry->model});
  gone.splice(gone.end(), order, entry);
}

bool FolderTier::State::make_room(std::uint64_t wanted, Order& gone) {
  for (auto entry = order.end(); entry != order.begin();) {
    --entry;
    if (is_held(*entry) || (!entry->dropped && bytes + wanted <= budget)) continue;
    const auto victim = entry++;
    take_out(victim, gone);
  }
  return bytes + wanted <= budget;
}

void FolderTier::State::remove(const Order& gone) {
  for (const Entry& entry : gone) {
    const Result<Done> removed = process::remove_tree(entry.kept->folder.parent_path());
    (void)removed;  // What stays behind is removed at the next start.
  }
}

// ---------------------------------------------------------------------------------------------------
// FolderTier
// ---------------------------------------------------------------------------------------------------

FolderTier::FolderTier(std::shared_ptr<State> state) : state_(std::move(state)) {}
FolderTier::~FolderTier() = default;

Result<std::unique_ptr<FolderTier>> FolderTier::open(const fs::path& root, std::uint64_t budget_bytes) {
  std::error_code error;
  fs::create_directories(root, error);
  if (error) return system_error("make folder", root, error.value());
  Result<FileDescriptor> lock = open_file(root / kLock, O_RDWR | O_CREAT);
  if (!lock) return std::move(lock).error();
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::kConflict, "folder " + root.string() + " is in use by another server"};
  if (Result<Done> done = empty(root); !done) return std::move(done).error();
  if (Result<Done> made = make_folder(root / kUnpacking); !made) return std::move(made).error();
  return std::unique_ptr<FolderTier>(new FolderTier(std::make_shared<State>(root, budget_bytes, std::move(*lock))));
}

std::uint64_t FolderTier::bytes() const {
  const MutexLock lock(state_->mutex);
  return state_->bytes;
}

std::uint64_t FolderTier::budget_bytes() const { return state_->budget; }

Result<std::shared_ptr<FolderTier::Shelf>> FolderTier::shelf() {
  std::uint64_t number = 0;
  {
    const MutexLock lock(state_->mutex);
    number = state_->next++;
  }
  fs::path folder = state_->root / std::to_string(number);
  if (Result<Done> made = make_folder(folder); !made) return std::move(made).error();
  return std::shared_ptr<Shelf>(new Shelf(state_, number, std::move(folder)));
}

// ---------------------------------------------------------------------------------------------------
// Shelf
// ---------------------------------------------------------------------------------------------------

FolderTier::Shelf::Shelf(std::shared_ptr<State> state, std::uint64_t number, fs::path folder)
    : state_(std::move(state)), number_(number), folder_(std::move(folder)) {}

FolderTier::Shelf::~Shelf() {
  State::Order gone;
  {
    const MutexLock lock(state_->mutex);
    for (auto entry = state_->order.begin(); entry != state_->order.end();) {
      const auto next = std::next(entry);
      if (entry->shelf == number_) state_->take_out(entry, gone);
      entry = next;
    }
  }
  const Result<Done> removed = process::remove_tree(folder_);
  (void)removed;  // What stays behind is removed at the next start.
}

FolderTier::Hold FolderTier::Shelf::find(std::string_view model, std::string_view version) {
  const MutexLock lock(state_->mutex);
  const auto entry = state_->position(number_, model);
  if (entry == state_->order.end() || entry->version != version) return nullptr;
  state_->order.splice(state_->order.begin(), state_->order, entry);
  return entry->kept;
}

void FolderTier::Shelf::drop(std::string_view model) {
  const MutexLock lock(state_->mutex);
  const auto entry = state_->position(number_, model);
  if (entry == state_->order.end()) return;
  state_->places.erase({number_, std::string(model)});
  entry->dropped = true;
  // Behind all others: the first to go.
  state_->order.splice(state_->order.end(), state_->order, entry);
}

Result<FolderTier::Hold> FolderTier::Shelf::unpack(std::string_view model, std::string_view version,
                                                   std::string_view archive, const archive::ReadLimits& limits) {
  std::uint64_t number = 0;
  {
    const MutexLock lock(state_->mutex);
    number = state_->next++;
  }
  const fs::path fresh = state_->root / kUnpacking / std::to_string(number);
  const auto fail = [&fresh](Error error) {
    const Result<Done> removed = process::remove_tree(fresh);
    (void)removed;
    return error;
  };
  if (Result<Done> made = make_folder(fresh); !made) return std::move(made).error();
  if (Result<Done> made = make_folder(fresh / "model"); !made) return fail(std::move(made).error());
  Result<std::uint64_t> unpacked = archive::unpack(archive, fresh / "model", limits);
  if (!unpacked) return fail(std::move(unpacked).error());
  if (Result<Done> opened = open_up(fresh / "model"); !opened) return fail(std::move(opened).error());

  auto kept = std::make_shared<Kept>();
  // A name that tells the model in the server's words and that no other folder has.
  const std::string name = hex(sha256(model)).substr(0, 24) + "-" + std::to_string(number);
  kept->folder = folder_ / name / "model";
  kept->inside = name + "/model";
  kept->bytes = *unpacked + kFileCost;
  if (kept->bytes > state_->budget) {
    return fail(Error{ErrorCode::kTooLarge, "unpacked, it has " + std::to_string(*unpacked) +
                                                " bytes, more than the disk budget for models of " +
                                                std::to_string(state_->budget)});
  }
  drop(model);
  State::Order gone;
  bool fits = false;
  {
    const MutexLock lock(state_->mutex);
    fits = state_->make_room(kept->bytes, gone);
    if (fits) state_->bytes += kept->bytes;
  }
  State::remove(gone);
  if (!fits) return fail(Error{ErrorCode::kNoSpace, "the disk budget for models is full of models in use"});
  if (::rename(fresh.c_str(), (folder_ / name).c_str()) != 0) {
    const int reason = errno;
    const MutexLock lock(state_->mutex);
    state_->bytes -= kept->bytes;
    return fail(system_error("rename", fresh, reason));
  }
  const MutexLock lock(state_->mutex);
  state_->order.push_front({number_, std::string(model), std::string(version), kept, false});
  state_->places[{number_, std::string(model)}] = state_->order.begin();
  return Hold(std::move(kept));
}

}  // namespace chiliad::container
