#include "serve/disk_tier.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <vector>

namespace chiliad::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLock = ".chiliad-disk-tier";
constexpr std::string_view kSuffix = ".model";

bool is_ours(const std::string& name) {
  if (name == kLock) return true;
  if (!name.ends_with(kSuffix)) return name.starts_with(".chiliad-tmp-");
  const std::string_view digits = std::string_view(name).substr(0, name.size() - kSuffix.size());
  return !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Deletes what earlier processes left. A folder with anything else in it is somebody's by mistake: nothing is deleted.
Result<Done> empty(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (!is_ours(entry.path().filename().string())) {
      return Error{ErrorCode::kInvalid, "disk folder " + folder.string() + " holds '" +
                                            entry.path().filename().string() +
                                            "', which this program did not make: give it a folder of its own"};
    }
    if (entry.path().filename() != kLock) found.push_back(entry.path());
  }
  if (error) return system_error("read folder", folder, error.value());
  for (const fs::path& path : found) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("delete", path, errno);
  }
  return Done{};
}

}  // namespace

Result<std::unique_ptr<DiskTier>> DiskTier::open(const fs::path& folder, std::uint64_t budget_bytes) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return system_error("make folder", folder, error.value());
  struct stat info {};
  if (::lstat(folder.c_str(), &info) != 0) return system_error("find", folder, errno);
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid()) {
    return Error{ErrorCode::kForbidden, "disk folder " + folder.string() + " belongs to somebody else or is a link"};
  }
  Result<FileDescriptor> lock = open_file(folder / kLock, O_RDWR | O_CREAT);
  if (!lock) return std::move(lock).error();
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kConflict, "disk folder " + folder.string() + " is in use by another server"};
  }
  if (Result<Done> done = empty(folder); !done) return std::move(done).error();
  return std::unique_ptr<DiskTier>(new DiskTier(folder, budget_bytes, std::move(*lock)));
}

DiskTier::~DiskTier() {
  const MutexLock lock(mutex_);
  while (!order_.empty()) remove(order_.begin());
}

fs::path DiskTier::path_of(std::uint64_t number) const {
  return folder_ / (std::to_string(number) + std::string(kSuffix));
}

fs::path DiskTier::next_path() { return path_of(next_.fetch_add(1, std::memory_order_relaxed)); }

void DiskTier::remove(Order::iterator file) {
  ::unlink(path_of(file->number).c_str());
  bytes_.fetch_sub(file->bytes, std::memory_order_relaxed);
  files_.erase(file->name);
  order_.erase(file);
}

void DiskTier::keep(std::string_view name, const fs::path& path, std::uint64_t bytes, std::string version) {
  const MutexLock lock(mutex_);
  if (const auto old = files_.find(name); old != files_.end()) remove(old->second);
  if (bytes > budget_) {
    ::unlink(path.c_str());
    return;
  }
  while (bytes_.load(std::memory_order_relaxed) + bytes > budget_) remove(std::prev(order_.end()));
  std::uint64_t number = 0;
  const std::string stem = path.stem().string();
  std::from_chars(stem.data(), stem.data() + stem.size(), number);
  order_.push_front(File{std::string(name), number, bytes, std::move(version)});
  files_.emplace(order_.front().name, order_.begin());
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

std::optional<DiskTier::Kept> DiskTier::find(std::string_view name) {
  const MutexLock lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return std::nullopt;
  order_.splice(order_.begin(), order_, found->second);
  return Kept{path_of(found->second->number), found->second->version};
}

bool DiskTier::drop(std::string_view name) {
  const MutexLock lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return false;
  remove(found->second);
  return true;
}

std::size_t DiskTier::count() const {
  const MutexLock lock(mutex_);
  return files_.size();
}

}  // namespace chiliad::serve
