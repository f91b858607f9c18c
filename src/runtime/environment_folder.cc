#include "runtime/environment_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "base/number.h"
#include "base/uuid.h"
#include "process/tree.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;
using process::remove_tree;
using std::chrono::steady_clock;

constexpr std::size_t kAboutBytes = 4096;
constexpr std::chrono::milliseconds kLockPause{100};
// A child shares every descriptor of its parent, and so the locks, from its fork to its exec: what is locked longer is
// in use.
constexpr std::chrono::seconds kForkTime{1};

Result<Done> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return system_error("make folder", folder, error.value());
  return Done{};
}

// False: another one has it.
Result<bool> try_lock(const FileDescriptor& file, int how, const fs::path& path) {
  while (::flock(file.get(), how | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return system_error("lock", path, errno);
  }
  return true;
}

// Whether a descriptor still is what stands at the path.
bool is_at(const FileDescriptor& file, const fs::path& path) {
  struct stat held {
  }, found{};
  return ::fstat(file.get(), &held) == 0 && ::lstat(path.c_str(), &found) == 0 && held.st_ino == found.st_ino &&
         held.st_dev == found.st_dev;
}

void touch(const fs::path& path) {
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT);
  if (file) ::futimens(file->get(), nullptr);
}

Instant time_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Instant{};
  return Instant{std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec)};
}

std::string text_of(const About& about) {
  return "entry " + about.entry + "\nbase " + about.base + "\npython " + about.python + "\nsize_bytes " +
         std::to_string(about.size_bytes) + "\n";
}

Result<About> read_about(const fs::path& path) {
  Result<std::string> text = read_file(path, kAboutBytes);
  if (!text) return std::move(text).error();
  About about;
  std::string_view rest = *text;
  bool sized = false;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view name = line.substr(0, blank), value = line.substr(std::min(blank + 1, line.size()));
    if (name == "entry") about.entry = value;
    if (name == "base") about.base = value;
    if (name == "python") about.python = value;
    if (name == "size_bytes") {
      const std::optional<std::int64_t> size = parse_integer(value);
      sized = size && *size >= 0;
      if (sized) about.size_bytes = static_cast<std::uint64_t>(*size);
    }
  }
  if (!sized || about.python.empty())
    return Error{ErrorCode::kCorrupt, path.string() + ": size_bytes or python is missing"};
  return about;
}

// At most 2^60, which sums of sizes stand: what is nested without end counts so.
std::uint64_t size_of(const fs::path& folder) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
  return std::min(kMost, process::folder_bytes({&folder, 1}, kMost, [] { return true; }));
}

bool is_environment_name(std::string_view name) {
  if (!name.starts_with("base-") && !name.starts_with("layer-") && !name.starts_with("package-")) return false;
  return std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

// ---------------------------------------------------------------------------------------------------
// A place to build in
// ---------------------------------------------------------------------------------------------------

BuildPlace::BuildPlace(std::string name, FileDescriptor lock, fs::path folder, FileDescriptor folder_lock)
    : name_(std::move(name)),
      lock_(std::move(lock)),
      folder_(std::move(folder)),
      folder_lock_(std::move(folder_lock)) {}

BuildPlace::BuildPlace(BuildPlace&& other) noexcept
    : name_(std::move(other.name_)),
      lock_(std::move(other.lock_)),
      folder_(std::exchange(other.folder_, {})),
      folder_lock_(std::move(other.folder_lock_)) {}

BuildPlace::~BuildPlace() {
  if (!folder_.empty()) static_cast<void>(static_cast<bool>(remove_tree(folder_)));
}

Result<BuildPlace> EnvironmentFolder::make_place(std::string_view name, FileDescriptor lock) const {
  for (;;) {
    const fs::path folder = folder_ / "building" / make_uuid();
    if (Result<Done> made = make_folder(folder); !made) return std::move(made).error();
    Result<FileDescriptor> opened = open_file(folder, O_RDONLY | O_DIRECTORY);
    if (!opened) {
      // Somebody who cleans up came before the lock.
      if (opened.error().code == ErrorCode::kNotFound) continue;
      return std::move(opened).error();
    }
    Result<bool> locked = try_lock(*opened, LOCK_EX, folder);
    if (!locked) return std::move(locked).error();
    if (!*locked || !is_at(*opened, folder)) continue;
    BuildPlace place(std::string(name), std::move(lock), folder, *std::move(opened));
    for (const fs::path& part : {place.environment(), place.scratch()}) {
      if (Result<Done> made = make_folder(part); !made) return std::move(made).error();
    }
    // Whatever the umask: boxes run as another user where the server is root.
    std::error_code ignored;
    for (const fs::path& part : {place.folder_, place.environment()}) fs::permissions(part, fs::perms(0755), ignored);
    return place;
  }
}

// ---------------------------------------------------------------------------------------------------
// The folder
// ---------------------------------------------------------------------------------------------------

Result<EnvironmentFolder> EnvironmentFolder::open(fs::path folder) {
  EnvironmentFolder opened(std::move(folder));
  for (const char* part : {"", "building", "locks", "pip-cache"}) {
    if (Result<Done> made = make_folder(opened.folder_ / part); !made) return std::move(made).error();
  }
  std::error_code error;
  for (const fs::directory_entry& left : fs::directory_iterator(opened.folder_ / "building", error)) {
    Result<FileDescriptor> file = open_file(left.path(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!file) continue;
    Result<bool> dead = try_lock(*file, LOCK_EX, left.path());
    if (!dead || !*dead || !is_at(*file, left.path())) continue;
    if (Result<Done> removed = remove_tree(left.path()); !removed) return std::move(removed).error();
  }
  return opened;
}

Result<FileDescriptor> EnvironmentFolder::lock_file(std::string_view name) const {
  return open_file(folder_ / "locks" / name, O_RDWR | O_CREAT);
}

Result<std::optional<Held>> EnvironmentFolder::hold(std::string_view name) const {
  const fs::path folder = folder_ / name;
  std::error_code error;
  if (!fs::exists(folder, error)) return std::optional<Held>();
  Result<FileDescriptor> lock = lock_file(name);
  if (!lock) return std::move(lock).error();
  // Exclusive locks over what is published are short: those of a removal.
  Result<bool> locked = try_lock(*lock, LOCK_SH, folder);
  while (locked && !*locked) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!fs::exists(folder, error)) return std::optional<Held>();
    locked = try_lock(*lock, LOCK_SH, folder);
  }
  if (!locked) return std::move(locked).error();
  if (!fs::exists(folder, error)) return std::optional<Held>();
  Result<About> about = read_about(folder / "about");
  if (!about) return std::move(about).error();
  touch(folder / "used");
  if (!about->base.empty()) touch(folder_ / about->base / "used");
  return std::optional<Held>(Held{std::string(name), folder, *std::move(about), *std::move(lock)});
}

Result<std::optional<BuildPlace>> EnvironmentFolder::begin(std::string_view name, Deadline deadline,
                                                           const std::atomic<bool>& cancelled) const {
  Result<FileDescriptor> lock = lock_file(name);
  if (!lock) return std::move(lock).error();
  std::error_code error;
  for (;;) {
    Result<bool> locked = try_lock(*lock, LOCK_EX, folder_ / name);
    if (!locked) return std::move(locked).error();
    if (fs::exists(folder_ / name, error)) return std::optional<BuildPlace>();
    if (*locked) break;
    if (cancelled.load() || steady_clock::now() >= deadline) {
      return Error{ErrorCode::kDeadline, "another process is building " + std::string(name)};
    }
    std::this_thread::sleep_for(kLockPause);
  }
  Result<BuildPlace> place = make_place(name, *std::move(lock));
  if (!place) return std::move(place).error();
  return std::optional<BuildPlace>(*std::move(place));
}

Result<Done> EnvironmentFolder::publish(BuildPlace place, About about) const {
  if (Result<Done> removed = remove_tree(place.scratch()); !removed) return removed;
  about.size_bytes = size_of(place.environment());
  Result<Done> written = write_file_atomically(place.folder_ / "about", text_of(about), Durability::kNone);
  if (!written) return written;
  touch(place.folder_ / "used");
  // A power cut must not leave an environment whose files are empty: nothing would ever build it again.
  if (Result<Done> synced = sync_file_system(place.folder_); !synced) return synced;
  std::error_code error;
  fs::rename(place.folder_, folder_ / place.name_, error);
  if (error) return system_error("publish", folder_ / place.name_, error.value());
  place.folder_.clear();
  return Done{};
}

Result<std::vector<EnvironmentFolder::Stored>> EnvironmentFolder::list() const {
  std::vector<Stored> all;
  std::error_code error;
  fs::directory_iterator entries(folder_, error);
  if (error) return system_error("list", folder_, error.value());
  for (const fs::directory_entry& entry : entries) {
    Stored stored;
    stored.name = entry.path().filename().string();
    if (!is_environment_name(stored.name)) continue;
    Result<About> about = read_about(entry.path() / "about");
    if (!about) continue;  // It went meanwhile.
    stored.about = *std::move(about);
    stored.last_used = time_of(entry.path() / "used");
    Result<FileDescriptor> lock = lock_file(stored.name);
    Result<bool> free = lock ? try_lock(*lock, LOCK_EX, entry.path()) : Result<bool>(std::move(lock).error());
    stored.in_use = !free || !*free;
    all.push_back(std::move(stored));
  }
  std::ranges::sort(all, [](const Stored& a, const Stored& b) {
    return std::pair(b.last_used, std::string_view(a.name)) < std::pair(a.last_used, std::string_view(b.name));
  });
  return all;
}

Result<Done> EnvironmentFolder::remove(std::string_view name) const {
  std::error_code error;
  if (!is_environment_name(name) || !fs::exists(folder_ / name, error)) {
    return Error{ErrorCode::kNotFound, "no environment '" + std::string(name) + "'"};
  }
  Result<std::vector<Stored>> all = list();
  if (!all) return std::move(all).error();
  for (const Stored& stored : *all) {
    if (stored.about.base == name) {
      return Error{ErrorCode::kConflict, std::string(name) + ": " + stored.name + " stands on it"};
    }
  }
  Result<FileDescriptor> lock = lock_file(name);
  if (!lock) return std::move(lock).error();
  const Deadline in_use_by = steady_clock::now() + kForkTime;
  Result<bool> locked = try_lock(*lock, LOCK_EX, folder_ / name);
  while (locked && !*locked && steady_clock::now() < in_use_by) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    locked = try_lock(*lock, LOCK_EX, folder_ / name);
  }
  if (!locked) return std::move(locked).error();
  if (!*locked) return Error{ErrorCode::kConflict, std::string(name) + ": a program runs in it"};
  const fs::path aside = folder_ / "building" / make_uuid();
  fs::rename(folder_ / name, aside, error);
  if (error) return system_error("remove", folder_ / name, error.value());
  return remove_tree(aside);
}

void EnvironmentFolder::make_room(std::uint64_t budget_bytes) const {
  Result<std::vector<Stored>> all = list();
  if (!all) return;
  std::uint64_t cache = size_of(pip_cache()), used = cache;
  for (const Stored& stored : *all) used += stored.about.size_bytes;
  if (cache > budget_bytes / 4) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(pip_cache(), error)) {
      if (!remove_tree(entry.path())) return;
    }
    used -= cache;
  }
  // The last of the list first. A base was used at least as late as its layers; at the same time its name decides.
  for (auto stored = all->rbegin(); stored != all->rend() && used > budget_bytes; ++stored) {
    if (!stored->in_use && remove(stored->name)) used -= stored->about.size_bytes;
  }
}

}  // namespace chiliad::runtime
