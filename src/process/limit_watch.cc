#include "process/limit_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "process/process_tree.h"
#include "process/tree.h"

namespace chiliad::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What a processor fills at most in a millisecond: pages of memory have to be cleared first.
constexpr std::uint64_t kBytesPerMillisecond = 4'000'000;
constexpr milliseconds kShortestPause{20}, kLongestPause{1000};
// Times the length of the look itself.
constexpr int kPausePerLook = 10, kPausePerWalk = 3;
constexpr milliseconds kRoutineWalk{30'000};

std::uint64_t rest(std::uint64_t used, std::uint64_t allowed) { return used < allowed ? allowed - used : 0; }

milliseconds time_to_fill(std::uint64_t bytes) {
  const std::uint64_t rate = kBytesPerMillisecond * std::max(std::thread::hardware_concurrency(), 1U);
  const auto longest = static_cast<std::uint64_t>(kLongestPause.count());
  return std::clamp(milliseconds(std::min(bytes / rate, longest)), kShortestPause, kLongestPause);
}

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  struct statvfs info {};
  return ::statvfs(folder.c_str(), &info) == 0 ? info.f_bfree * info.f_frsize : 0;
}

// One folder of each file system.
std::vector<std::filesystem::path> on_different_file_systems(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::filesystem::path> out;
  std::set<dev_t> seen;
  for (const std::filesystem::path& folder : folders) {
    struct stat info {};
    if (::stat(folder.c_str(), &info) == 0 && seen.insert(info.st_dev).second) out.push_back(folder);
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<LimitWatch>> LimitWatch::start(Watched watched) {
  FileDescriptor stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return system_error("make a descriptor for", "a box's limits", errno);
  return std::unique_ptr<LimitWatch>(new LimitWatch(std::move(watched), std::move(stop)));
}

LimitWatch::LimitWatch(Watched watched, FileDescriptor stop) : watched_(std::move(watched)), stop_(std::move(stop)) {
  for (std::filesystem::path& folder : on_different_file_systems(watched_.folders))
    file_systems_.push_back({std::move(folder)});
  thread_ = std::thread([this] { run(); });
}

LimitWatch::~LimitWatch() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  thread_.join();
}

std::optional<Exceeded> LimitWatch::exceeded() const {
  const MutexLock lock(mutex_);
  return exceeded_;
}

void LimitWatch::end_for(Exceeded::Limit limit, std::uint64_t used, std::uint64_t allowed) {
  {
    const MutexLock lock(mutex_);
    exceeded_ = Exceeded{limit, used, allowed};
  }
  watched_.end();
}

// Ended, or no longer to be watched.
bool LimitWatch::is_over() const {
  ::pollfd polled[] = {{watched_.ended, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
  return ::poll(polled, 2, 0) > 0;
}

void LimitWatch::run() {
  while (look_at_memory() && look_at_disk()) {
    const auto until = watched_.limits.disk_bytes > 0 ? std::min(next_memory_, next_disk_) : next_memory_;
    const auto pause = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    ::pollfd polled[] = {{watched_.ended, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    const int ready = ::poll(polled, 2, static_cast<int>(std::max<std::int64_t>(pause.count(), 0)));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return;
  }
}

// False: over a limit, and ended.
bool LimitWatch::look_at_memory() {
  const auto begin = steady_clock::now();
  if (begin < next_memory_) return true;
  processes_ = descendants(watched_.root);
  const int allowed = watched_.limits.processes;
  const int threads = allowed > 0 ? thread_count(processes_) : 0;
  if (threads > allowed) {
    end_for(Exceeded::Limit::kProcesses, static_cast<std::uint64_t>(threads), static_cast<std::uint64_t>(allowed));
    return false;
  }
  if (watched_.limits.memory_bytes > 0 && !is_within_memory()) return false;
  const auto end = steady_clock::now();
  const auto pause =
      watched_.limits.memory_bytes > 0 ? time_to_fill(rest(memory_used_, watched_.limits.memory_bytes)) : kLongestPause;
  next_memory_ = end + std::max<steady_clock::duration>(pause, kPausePerLook * (end - begin));
  return true;
}

bool LimitWatch::is_within_memory() {
  const std::uint64_t allowed = watched_.limits.memory_bytes;
  const std::uint64_t hidden = unnamed_files(processes_).memory_bytes;
  memory_used_ = memory_upper_bound(processes_) + hidden;
  if (memory_used_ <= allowed) return true;
  const Memory memory = proportional_memory(processes_);
  // What is both in a file in memory and mapped is in both figures.
  memory_used_ = memory.bytes + rest(memory.of_shared_files, hidden);
  if (memory_used_ <= allowed) return true;
  end_for(Exceeded::Limit::kMemory, memory_used_, allowed);
  return false;
}

bool LimitWatch::look_at_disk() {
  const std::uint64_t allowed = watched_.limits.disk_bytes;
  const auto now = steady_clock::now();
  if (allowed == 0 || now < next_disk_) return true;
  const std::uint64_t left = rest(disk_used_, allowed);
  const std::uint64_t lost = now < next_routine_walk_ ? lost_since_walk() : left;
  if (lost >= left) {
    if (now >= next_walk_ && !walk_folders()) return false;
    next_disk_ = std::max(next_walk_, steady_clock::now() + time_to_fill(rest(disk_used_, allowed)));
  } else {
    next_disk_ = now + time_to_fill(left - lost);
  }
  return true;
}

// What the box can have written since the last walk. Others write and remove on the same file systems: what they remove
// hides what the box writes, until the next routine walk.
std::uint64_t LimitWatch::lost_since_walk() const {
  std::uint64_t lost = 0;
  for (const FileSystem& one : file_systems_) lost += rest(free_bytes(one.folder), one.free_at_walk);
  return lost;
}

bool LimitWatch::walk_folders() {
  const auto begin = steady_clock::now();
  for (FileSystem& one : file_systems_) one.free_at_walk = free_bytes(one.folder);
  const std::uint64_t allowed = watched_.limits.disk_bytes;
  bool within_memory = true;
  disk_used_ = folder_bytes(watched_.folders, allowed, [&] {
    // Memory is looked at on the way: a walk of millions of files must not be a time in which nobody looks.
    within_memory = look_at_memory();
    return within_memory && !is_over();
  });
  if (!within_memory) return false;
  // The larger: a file that is open and mapped is in both.
  if (disk_used_ <= allowed)
    disk_used_ += std::max(unnamed_files(processes_).disk_bytes, unnamed_mapped_files(processes_));
  const auto end = steady_clock::now();
  next_walk_ = end + kPausePerWalk * (end - begin);
  next_routine_walk_ = std::max<Time>(next_walk_, end + kRoutineWalk);
  if (disk_used_ <= allowed) return true;
  end_for(Exceeded::Limit::kDisk, disk_used_, allowed);
  return false;
}

}  // namespace chiliad::process
