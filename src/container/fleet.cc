#include "container/fleet.h"

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "process/tree.h"

namespace chiliad::container {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr int kMostDrops = 64;          // For one load; the next look goes on.
constexpr int kLooksBeforeRestart = 2;  // A moment's peak is no leak.

}  // namespace

struct Fleet::State {
  struct Entry {
    explicit Entry(Member its_member) : member(std::move(its_member)) {}
    const Member member;
    // Guarded by State::mutex.
    int in_use = 0;
    std::uint64_t resident = 0;  // As it was last seen,
    std::uint64_t empty = 0;     // without any model,
    std::uint64_t a_model = 0;   // and what each of them takes.
  };
  using Handle = std::shared_ptr<Entry>;

  State(Options its_options, std::unique_ptr<FolderTier> its_folders)
      : options(std::move(its_options)), folders(std::move(its_folders)) {}

  void watch();
  void look();
  std::uint64_t measure();
  bool drop_oldest();
  void make_room(std::uint64_t number);
  void restart_largest(std::uint64_t total);
  std::vector<Handle> borrow();
  void give_back(const std::vector<Handle>& borrowed);

  const Options options;
  const std::unique_ptr<FolderTier> folders;
  PortPool ports;
  std::atomic<std::uint64_t> next_run{1};
  int looks_over_budget = 0;  // The watch's.

  Mutex mutex;
  Condition changed;
  bool stopping CHILIAD_GUARDED_BY(mutex) = false;
  std::uint64_t next CHILIAD_GUARDED_BY(mutex) = 1;
  std::map<std::uint64_t, Handle> members CHILIAD_GUARDED_BY(mutex);

  std::thread thread;
};

// Members whose functions may be called until they are given back.
std::vector<Fleet::State::Handle> Fleet::State::borrow() {
  std::vector<Handle> all;
  const MutexLock lock(mutex);
  for (const auto& [number, entry] : members) {
    ++entry->in_use;
    all.push_back(entry);
  }
  return all;
}

void Fleet::State::give_back(const std::vector<Handle>& borrowed) {
  const MutexLock lock(mutex);
  for (const Handle& entry : borrowed) --entry->in_use;
  changed.notify_all();
}

std::uint64_t Fleet::State::measure() {
  const std::vector<Handle> all = borrow();
  std::uint64_t total = 0;
  for (const Handle& entry : all) {
    const std::uint64_t resident = entry->member.resident_bytes();
    const std::size_t loaded = entry->member.loaded();
    total += resident;
    const MutexLock lock(mutex);
    entry->resident = resident;
    if (loaded == 0) entry->empty = resident;
    if (loaded > 0 && resident > entry->empty) entry->a_model = (resident - entry->empty) / loaded;
  }
  give_back(all);
  return total;
}

bool Fleet::State::drop_oldest() {
  const std::vector<Handle> all = borrow();
  Handle victim;
  steady_clock::time_point oldest = steady_clock::time_point::max();
  for (const Handle& entry : all) {
    const std::optional<steady_clock::time_point> used = entry->member.oldest();
    if (!used || *used >= oldest) continue;
    oldest = *used;
    victim = entry;
  }
  const bool dropped = victim != nullptr && victim->member.drop_oldest();
  give_back(all);
  return dropped;
}

void Fleet::State::make_room(std::uint64_t number) {
  if (options.memory_bytes == 0) return;
  const Deadline until = steady_clock::now() + options.drops_limit;
  for (int i = 0; i < kMostDrops && steady_clock::now() < until; ++i) {
    const std::uint64_t total = measure();
    std::uint64_t one_more = 0;
    {
      const MutexLock lock(mutex);
      const auto found = members.find(number);
      if (found != members.end()) one_more = found->second->a_model;
    }
    if (total + one_more <= options.memory_bytes || !drop_oldest()) return;
  }
}

void Fleet::State::restart_largest(std::uint64_t total) {
  const std::vector<Handle> all = borrow();
  Handle largest;
  {
    const MutexLock lock(mutex);
    for (const Handle& entry : all) {
      if (largest == nullptr || entry->resident > largest->resident) largest = entry;
    }
  }
  if (largest != nullptr) {
    largest->member.restart("model servers hold " + std::to_string(total >> 20) + " MiB of memory, " +
                            std::to_string(options.memory_bytes >> 20) +
                            " MiB are allowed, and nothing more can be dropped");
  }
  give_back(all);
}

void Fleet::State::look() {
  const Deadline until = steady_clock::now() + options.drops_limit;
  for (int i = 0; i < kMostDrops && steady_clock::now() < until; ++i) {
    const std::uint64_t total = measure();
    if (total <= options.memory_bytes) {
      looks_over_budget = 0;
      return;
    }
    if (drop_oldest()) continue;
    if (++looks_over_budget < kLooksBeforeRestart) return;
    looks_over_budget = 0;
    return restart_largest(total);
  }
}

void Fleet::State::watch() {
  for (;;) {
    {
      const MutexLock lock(mutex);
      const Deadline until = steady_clock::now() + options.look;
      while (!stopping && steady_clock::now() < until) changed.wait_until(mutex, until);
      if (stopping) return;
    }
    look();
  }
}

// ---------------------------------------------------------------------------------------------------
// Fleet
// ---------------------------------------------------------------------------------------------------

Fleet::Fleet(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Fleet>> Fleet::open(Options options) {
  Result<std::unique_ptr<FolderTier>> folders = FolderTier::open(options.folder / "models", options.disk_bytes);
  if (!folders) return std::move(folders).error();
  // The tier's lock is held: what lies beside it is nobody's any more.
  const fs::path runs = options.folder / "runs";
  if (Result<Done> removed = process::remove_tree(runs); !removed) return std::move(removed).error();
  std::error_code error;
  fs::create_directory(runs, error);
  if (error) return system_error("make folder", runs, error.value());
  auto state = std::make_unique<State>(std::move(options), std::move(*folders));
  if (state->options.memory_bytes > 0) state->thread = std::thread([watched = state.get()] { watched->watch(); });
  return std::unique_ptr<Fleet>(new Fleet(std::move(state)));
}

Fleet::~Fleet() {
  {
    const MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
  }
  if (state_->thread.joinable()) state_->thread.join();
}

std::unique_ptr<Fleet::Membership> Fleet::add(Member member) {
  const MutexLock lock(state_->mutex);
  const std::uint64_t number = state_->next++;
  state_->members.emplace(number, std::make_shared<State::Entry>(std::move(member)));
  return std::make_unique<Membership>(*this, number);
}

void Fleet::Membership::leave() {
  State& state = *fleet_.state_;
  const MutexLock lock(state.mutex);
  const auto found = state.members.find(number_);
  if (found == state.members.end()) return;
  const State::Handle entry = found->second;
  state.members.erase(found);
  while (entry->in_use > 0) state.changed.wait(state.mutex);
}

void Fleet::Membership::make_room() { fleet_.state_->make_room(number_); }

Result<std::shared_ptr<const fs::path>> Fleet::run_folder() {
  const fs::path folder = state_->options.folder / "runs" / std::to_string(state_->next_run++);
  if (::mkdir(folder.c_str(), 0755) != 0) return system_error("make folder", folder, errno);
  return std::shared_ptr<const fs::path>(std::make_unique<const fs::path>(folder).release(), [](const fs::path* held) {
    const std::unique_ptr<const fs::path> owned(held);
    const Result<Done> removed = process::remove_tree(*owned);
    (void)removed;  // What stays behind is removed at the next start.
  });
}

bool Fleet::drop_oldest() { return state_->drop_oldest(); }
PortPool& Fleet::ports() { return state_->ports; }
FolderTier& Fleet::folders() { return *state_->folders; }
std::uint64_t Fleet::memory_bytes() const { return state_->options.memory_bytes; }

}  // namespace chiliad::container
