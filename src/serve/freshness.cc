#include "serve/freshness.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "serve/model_name.h"

namespace chiliad::serve {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// Up to so many models are asked for one by one.
constexpr std::size_t kFewModels = 32;
constexpr std::chrono::seconds kRoundTimeout{60};

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR;

// A model in memory and where it is stored.
struct Compared {
  std::string key;
  std::string name;
  std::uint64_t version = 0;
};

Result<Done> revalidate_one_by_one(store::ObjectStore& store, ModelCache& cache, const std::vector<Compared>& models,
                                   Deadline deadline) {
  for (const Compared& model : models) {
    Result<store::ObjectInfo> info = store.head(model.key, deadline);
    if (!info && info.error().code != ErrorCode::kNotFound) return std::move(info).error();
    if (!info) {
      cache.invalidate(model.name);
    } else if (ModelCache::version_number(info->etag) != model.version) {
      cache.refresh(model.name);
    }
  }
  return Done{};
}

// `models` ascending. Each request lists from just before the next model that has not been compared.
Result<Done> revalidate_by_listing(store::ObjectStore& store, ModelCache& cache, std::string_view key_prefix,
                                   const std::vector<Compared>& models, Deadline deadline) {
  std::size_t next = 0;
  while (next < models.size()) {
    store::ListRequest request;
    request.prefix = key_prefix;
    request.start_after = models[next].key;
    request.start_after.pop_back();  // A proper prefix comes before; little else lies between.
    Result<store::ListPage> page = store.list(request, deadline);
    if (!page) return std::move(page).error();
    for (const store::ObjectInfo& object : page->objects) {
      for (; next < models.size() && models[next].key < object.key; ++next) cache.invalidate(models[next].name);
      if (next == models.size()) break;
      if (models[next].key != object.key) continue;
      if (ModelCache::version_number(object.etag) != models[next].version) cache.refresh(models[next].name);
      ++next;
    }
    if (!page->next_token) {
      for (; next < models.size(); ++next) cache.invalidate(models[next].name);
    } else if (page->objects.empty()) {
      return Error{ErrorCode::kUnavailable, store.location() + ": a page of the listing is empty"};
    }
  }
  return Done{};
}

}  // namespace

Result<Done> revalidate(store::ObjectStore& store, ModelCache& cache, Deadline deadline) {
  return revalidate(store, cache, "", "", deadline);
}

Result<Done> revalidate(store::ObjectStore& store, ModelCache& cache, std::string_view name_prefix,
                        std::string_view key_prefix, Deadline deadline) {
  std::vector<Compared> models;
  for (ModelCache::Loaded& model : cache.loaded(name_prefix)) {
    if (!model.name.starts_with(name_prefix)) break;
    std::string key(key_prefix);
    key.append(model.name, name_prefix.size());
    models.push_back(Compared{std::move(key), std::move(model.name), model.version});
  }
  return models.size() <= kFewModels ? revalidate_one_by_one(store, cache, models, deadline)
                                     : revalidate_by_listing(store, cache, key_prefix, models, deadline);
}

// ---------------------------------------------------------------------------------------------------
// Revalidator
// ---------------------------------------------------------------------------------------------------

Revalidator::Revalidator(store::ObjectStore& store, ModelCache& cache, Metrics& metrics,
                         std::chrono::milliseconds pause)
    : store_(store), cache_(cache), metrics_(metrics), pause_(pause), thread_([this] { run(); }) {}

Revalidator::~Revalidator() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    stop_.notify_all();
  }
  thread_.join();
}

void Revalidator::run() {
  for (;;) {
    {
      const steady_clock::time_point until = steady_clock::now() + pause_;
      const MutexLock lock(mutex_);
      while (!stopping_ && steady_clock::now() < until) stop_.wait_until(mutex_, until);
      if (stopping_) return;
    }
    const steady_clock::time_point begin = steady_clock::now();
    const Result<Done> done = revalidate(store_, cache_, begin + kRoundTimeout);
    (void)done;  // The store is unreachable: what is in memory goes on answering, the next round tries again.
    metrics_.revalidations.fetch_add(1, std::memory_order_relaxed);
    metrics_.revalidation_us.fetch_add(
        static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin).count()),
        std::memory_order_relaxed);
  }
}

// ---------------------------------------------------------------------------------------------------
// FolderWatch
// ---------------------------------------------------------------------------------------------------

Result<std::unique_ptr<FolderWatch>> FolderWatch::start(const fs::path& root, ModelCache& cache, Metrics& metrics,
                                                        std::function<void()> on_watches_run_out) {
  std::unique_ptr<FolderWatch> watch(new FolderWatch(root, cache, metrics, std::move(on_watches_run_out)));
  watch->inotify_ = FileDescriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  watch->wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC));
  if (!watch->inotify_ || !watch->wake_) {
    return Error{ErrorCode::kUnavailable, "watch " + root.string() + ": " + std::generic_category().message(errno)};
  }
  if (Result<Done> done = watch->watch("", false); !done) return std::move(done).error();
  watch->thread_ = std::thread([self = watch.get()] { self->run(); });
  return watch;
}

FolderWatch::~FolderWatch() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
}

// Watches `folder` ("" or ending in '/') and those below it. With `announce`, files that are in it already are
// invalidated: they may have come before the watch did.
Result<Done> FolderWatch::watch(const std::string& folder, bool announce) {
  const fs::path path = root_ / folder;
  const int added = ::inotify_add_watch(inotify_.get(), path.c_str(), kEvents);
  if (added < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Done{};  // Gone again.
    const ErrorCode code =
        errno == ENOSPC || errno == ENOMEM ? ErrorCode::kUnavailable : system_error("watch", path, errno).code;
    return Error{code, "watch " + path.string() + ": " + std::generic_category().message(errno)};
  }
  folders_[added] = folder;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const std::string name = folder + entry.path().filename().string();
    if (entry.is_symlink(error)) continue;
    if (entry.is_directory(error)) {
      if (Result<Done> done = watch(name + "/", announce); !done) return done;
    } else if (announce && check_model_name(name)) {
      cache_.invalidate(name);
    }
  }
  return Done{};
}

void FolderWatch::run() {
  alignas(inotify_event) std::array<char, 64 * 1024> buffer{};
  for (;;) {
    std::array<pollfd, 2> waits = {pollfd{inotify_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if ((waits[1].revents & POLLIN) != 0) return;
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got > 0) on_events(buffer.data(), buffer.data() + got);
  }
}

void FolderWatch::on_events(const char* begin, const char* end) {
  while (begin < end) {
    inotify_event event{};
    std::memcpy(&event, begin, sizeof event);
    const char* name = begin + sizeof event;
    on_event(event.wd, event.mask, event.len > 0 ? std::string(name, ::strnlen(name, event.len)) : std::string());
    begin = name + event.len;
  }
}

void FolderWatch::on_event(int watch_number, std::uint32_t mask, const std::string& name) {
  metrics_.watch_events.fetch_add(1, std::memory_order_relaxed);
  if ((mask & IN_Q_OVERFLOW) != 0) {
    drop_below("");  // Events were lost: anything may have changed.
    return;
  }
  if ((mask & IN_IGNORED) != 0) {
    folders_.erase(watch_number);
    return;
  }
  const auto folder = folders_.find(watch_number);
  if (folder == folders_.end() || name.empty()) return;
  const std::string path = folder->second + name;
  if ((mask & IN_ISDIR) == 0) {
    // IN_CREATE alone says nothing of the bytes: IN_CLOSE_WRITE follows. But a hard link has no other event.
    if (check_model_name(path)) cache_.invalidate(path);
    return;
  }
  if ((mask & (IN_MOVED_FROM | IN_DELETE)) != 0) drop_below(path + "/");
  if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0 && !watch(path + "/", true)) {
    drop_below("");
    if (on_watches_run_out_) on_watches_run_out_();
  }
}

void FolderWatch::drop_below(const std::string& folder) {
  for (const ModelCache::Loaded& model : cache_.loaded()) {
    if (model.name.starts_with(folder)) cache_.invalidate(model.name);
  }
}

// ---------------------------------------------------------------------------------------------------
// AnnouncingStore
// ---------------------------------------------------------------------------------------------------

Result<std::string> AnnouncingStore::get(std::string_view key, const store::ByteRange& range, Deadline deadline) {
  return store_.get(key, range, deadline);
}

// A write that failed may have happened all the same (the answer was lost): the cache is told in either case.
Result<store::ObjectInfo> AnnouncingStore::put(std::string_view key, std::string_view bytes,
                                               const store::PutCondition& condition, Deadline deadline) {
  Result<store::ObjectInfo> info = store_.put(key, bytes, condition, deadline);
  cache_.invalidate(key);
  return info;
}

Result<store::ObjectInfo> AnnouncingStore::download(std::string_view key, const fs::path& to, Deadline deadline) {
  return store_.download(key, to, deadline);
}

Result<store::ObjectInfo> AnnouncingStore::upload(const fs::path& from, std::string_view key, Deadline deadline) {
  Result<store::ObjectInfo> info = store_.upload(from, key, deadline);
  cache_.invalidate(key);
  return info;
}

Result<store::ObjectInfo> AnnouncingStore::head(std::string_view key, Deadline deadline) {
  return store_.head(key, deadline);
}

Result<Done> AnnouncingStore::remove(std::string_view key, Deadline deadline) {
  Result<Done> done = store_.remove(key, deadline);
  cache_.invalidate(key);
  return done;
}

Result<store::ListPage> AnnouncingStore::list(const store::ListRequest& request, Deadline deadline) {
  return store_.list(request, deadline);
}

Result<Done> AnnouncingStore::sync() { return store_.sync(); }

}  // namespace chiliad::serve
