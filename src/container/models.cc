// A model is in `models` from the first call that misses until it is dropped: first being loaded, with those who wait,
// then loaded, with a count of its pins. What is dropped leaves the map first and is told to the server then; calls
// that come meanwhile begin a load of their own, under another name.

#include "container/models.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/mutex.h"
#include "container/answer_text.h"

namespace chiliad::container {
namespace {

using std::chrono::steady_clock;

// How often a load starts again because the model was overwritten while it ran; then its callers are told to try later.
constexpr int kMaxAttempts = 5;
constexpr std::uint64_t kMaxAnswer = 1 << 20;  // Of what is not an inference.

struct Waiter {
  Models::Callback done;  // Empty: it has been answered.
  std::optional<std::multimap<Deadline, std::shared_ptr<Waiter>>::iterator> place;
};

// Whoever's turn it is, told outside of all locks.
void tell(const std::function<void(std::chrono::nanoseconds)>& call, steady_clock::time_point since) {
  if (call) call(steady_clock::now() - since);
}

// One load of a model: what there is to be told to the server when it goes.
struct Placed {
  std::string key;
  std::string name;  // In the server.
  std::string version;
  Run run;
  FolderTier::Hold folder;
};

}  // namespace

struct Models::Model {
  explicit Model(std::string_view its_key) : key(its_key) {}

  const std::string key;
  std::atomic<steady_clock::time_point> last_answer{steady_clock::time_point::min()};
  Placed placed;  // The one thread's that loads it; constant once it is loaded.
  // Guarded by State::mutex.
  bool loading = true;
  bool stale = false;     // The stored bytes changed while it was being loaded.
  bool detached = false;  // No longer in the map.
  int pins = 0;
  steady_clock::time_point last_used{};
  std::vector<std::shared_ptr<Waiter>> waiters;
};

struct Models::State {
  using Handle = std::shared_ptr<Model>;

  State(Options its_options, Place its_place, std::shared_ptr<FolderTier::Shelf> its_shelf, Upstream& its_upstream,
        Calls its_calls)
      : options(std::move(its_options)),
        place(std::move(its_place)),
        shelf(std::move(its_shelf)),
        upstream(its_upstream),
        calls(std::move(its_calls)) {}

  void run_tasks();
  void run_deadlines();

  void load(const Handle& model);
  std::optional<Refusal> try_load(Placed& placed);
  Result<FolderTier::Hold> fetch(Placed& placed);
  std::optional<Refusal> post(const Placed& placed);
  Result<net::ClientResponse> post_once(const Placed& placed, Deadline deadline);
  bool make_room(std::uint64_t seen, Deadline until);
  void unload(const Placed& placed);
  bool unload_next();
  bool finish(const Handle& model, const std::optional<Refusal>& refusal, bool although_stale);
  void unpin(const Handle& model);
  bool drop_oldest();

  void notice(const std::optional<Run>& run) CHILIAD_REQUIRES(mutex);
  Handle loaded_now(std::string_view key, const std::optional<Run>& run) CHILIAD_REQUIRES(mutex);
  void detach(const Handle& model) CHILIAD_REQUIRES(mutex);
  void unload_soon(const Placed& placed) CHILIAD_REQUIRES(mutex);
  void tell_of_room() CHILIAD_REQUIRES(mutex);
  bool is_alone() const CHILIAD_REQUIRES(mutex);
  Handle next_victim() const CHILIAD_REQUIRES(mutex);
  void note(const std::string& line) const {
    if (calls.note) calls.note(line);
  }

  const Options options;
  const Place place;
  const std::shared_ptr<FolderTier::Shelf> shelf;
  Upstream& upstream;
  const Calls calls;

  mutable Mutex mutex;
  Condition task_waits;
  Condition deadlines_change;
  Condition room_changes;
  bool stopping CHILIAD_GUARDED_BY(mutex) = false;
  std::uint64_t seen_run CHILIAD_GUARDED_BY(mutex) = 0;
  std::uint64_t next_name CHILIAD_GUARDED_BY(mutex) = 1;
  std::map<std::string, Handle, std::less<>> models CHILIAD_GUARDED_BY(mutex);
  std::deque<Handle> loads CHILIAD_GUARDED_BY(mutex);
  std::deque<Placed> unloads CHILIAD_GUARDED_BY(mutex);
  int loading CHILIAD_GUARDED_BY(mutex) = 0;         // Being worked on.
  int unloading CHILIAD_GUARDED_BY(mutex) = 0;       // Being told to the server.
  std::uint64_t room CHILIAD_GUARDED_BY(mutex) = 0;  // Counts what may have made room in the server.
  std::multimap<Deadline, std::shared_ptr<Waiter>> deadlines CHILIAD_GUARDED_BY(mutex);

  std::vector<std::thread> threads;
};

// ---------------------------------------------------------------------------------------------------
// What is loaded
// ---------------------------------------------------------------------------------------------------

// A new run has nothing of what the older ones had.
void Models::State::notice(const std::optional<Run>& run) {
  if (!run || run->number <= seen_run) return;
  seen_run = run->number;
  std::erase_if(models, [&](const auto& entry) CHILIAD_NO_THREAD_SAFETY_ANALYSIS {
    Model& model = *entry.second;
    const bool gone = !model.loading && model.placed.run.number < seen_run;
    model.detached = model.detached || gone;
    return gone;
  });
}

Models::State::Handle Models::State::loaded_now(std::string_view key, const std::optional<Run>& run) {
  notice(run);
  if (!run) return nullptr;
  const auto found = models.find(key);
  if (found == models.end() || found->second->loading || found->second->placed.run.number != run->number)
    return nullptr;
  return found->second;
}

// Whether a load under way is all that the server can have.
bool Models::State::is_alone() const {
  const auto is_loaded = [](const auto& entry) { return !entry.second->loading; };
  return loading <= 1 && unloading == 0 && unloads.empty() && std::none_of(models.begin(), models.end(), is_loaded);
}

void Models::State::unload_soon(const Placed& placed) {
  unloads.push_back(placed);
  task_waits.notify_one();
  room_changes.notify_all();
}

void Models::State::tell_of_room() {
  ++room;
  room_changes.notify_all();
}

void Models::State::detach(const Handle& model) {
  models.erase(model->key);
  model->detached = true;
  if (model->pins == 0) unload_soon(model->placed);
}

Models::State::Handle Models::State::next_victim() const {
  Handle victim;
  for (const auto& [key, model] : models) {
    if (model->loading || model->pins > 0) continue;
    if (victim == nullptr || model->last_used < victim->last_used) victim = model;
  }
  return victim;
}

bool Models::State::drop_oldest() {
  const std::optional<Run> run = upstream.now();
  Handle victim;
  {
    const MutexLock lock(mutex);
    notice(run);
    victim = next_victim();
    if (victim == nullptr) return false;
    models.erase(victim->key);
    victim->detached = true;
    ++unloading;
  }
  unload(victim->placed);
  return true;
}

// Requires: counted in `unloading`.
void Models::State::unload(const Placed& placed) {
  const auto tell_server = [&] {
    const std::optional<Run> run = upstream.now();
    if (!run || run->number != placed.run.number) return;  // It went with its run.
    const steady_clock::time_point since = steady_clock::now();
    net::ClientRequest request;
    request.method = "DELETE";
    request.url = "/models/" + placed.name;
    request.max_body_bytes = kMaxAnswer;
    const Result<net::ClientResponse> answer =
        upstream.send(placed.run, std::move(request), since + options.unload_limit);
    const std::string stays = "model " + placed.key + " may still be in the server's memory: ";
    if (!answer) return note(stays + answer.error().message);
    if ((answer->status < 200 || answer->status >= 300) && answer->status != 404)
      return note(stays + "DELETE was answered " + std::to_string(answer->status) + ": " + answer_text(answer->body));
    tell(calls.unloaded, since);
  };
  tell_server();
  const MutexLock lock(mutex);
  --unloading;
  tell_of_room();
}

// False: nothing waits to be unloaded.
bool Models::State::unload_next() {
  std::optional<Placed> placed;
  {
    const MutexLock lock(mutex);
    if (unloads.empty()) return false;
    placed = std::move(unloads.front());
    unloads.pop_front();
    ++unloading;
  }
  unload(*placed);
  return true;
}

void Models::State::unpin(const Handle& model) {
  const MutexLock lock(mutex);
  model->last_used = steady_clock::now();
  if (--model->pins > 0) return;
  tell_of_room();
  if (model->detached) {
    unload_soon(model->placed);
  } else if (!options.keep) {
    detach(model);
  }
}

// ---------------------------------------------------------------------------------------------------
// One load
// ---------------------------------------------------------------------------------------------------

// The version is read before the bytes: an object replaced in between looks older than it is and is fetched once more.
Result<FolderTier::Hold> Models::State::fetch(Placed& placed) {
  const steady_clock::time_point since = steady_clock::now();
  const Deadline deadline = since + options.fetch_limit;
  const std::string key = place.prefix + placed.key;
  Result<std::shared_ptr<store::ObjectStore>> store = place.buckets->open(place.bucket);
  if (!store) return std::move(store).error();
  Result<store::ObjectInfo> info = (*store)->head(key, deadline);
  if (!info) return std::move(info).error();
  placed.version = info->etag;
  if (FolderTier::Hold kept = shelf->find(placed.key, info->etag)) return kept;
  if (info->size_bytes > options.archive_bytes) {
    return Error{ErrorCode::kTooLarge, key + ": " + std::to_string(info->size_bytes) +
                                           " bytes are more than the limit of " +
                                           std::to_string(options.archive_bytes) + " for a model's archive"};
  }
  Result<std::string> bytes = (*store)->get(key, {}, deadline);
  if (!bytes) return std::move(bytes).error();
  tell(calls.downloaded, since);
  for (;;) {
    Result<FolderTier::Hold> kept = shelf->unpack(placed.key, info->etag, *bytes, options.limits);
    if (kept) return kept;
    const bool full = kept.error().code == ErrorCode::kNoSpace && calls.free_disk && steady_clock::now() < deadline;
    if (!full || !calls.free_disk()) return std::move(kept).error().in(placed.key);
  }
}

Result<net::ClientResponse> Models::State::post_once(const Placed& placed, Deadline deadline) {
  JsonWriter json(JsonWriter::Look::kPython);
  json.begin_object();
  json.key("model_name").string(placed.name);
  json.key("url").string(options.seen_at + "/" + placed.folder->inside);
  json.end_object();
  const std::string body = std::move(json).take();
  net::ClientRequest request;
  request.method = "POST";
  request.url = "/models";
  request.fields = {{"Content-Type", "application/json"}, {"X-Amzn-SageMaker-Target-Model", placed.key}};
  request.body = body;
  request.max_body_bytes = kMaxAnswer;
  return upstream.send(placed.run, std::move(request), deadline);
}

// The server is full. True: ask it again. What waits to be unloaded is unloaded here: all threads that would do it may
// be waiting for room.
bool Models::State::make_room(std::uint64_t seen, Deadline until) {
  for (;;) {
    if (unload_next() || drop_oldest()) return true;
    const MutexLock lock(mutex);
    if (stopping) return false;
    if (room != seen) return true;
    if (unloads.empty() && !room_changes.wait_until(mutex, until)) return false;
  }
}

// POST /models until the server has it. Nothing: it has.
std::optional<Refusal> Models::State::post(const Placed& placed) {
  const steady_clock::time_point since = steady_clock::now();
  std::optional<Deadline> room_until;
  for (;;) {
    std::uint64_t seen = 0;
    {
      const MutexLock lock(mutex);
      seen = room;
    }
    const Result<net::ClientResponse> answer = post_once(placed, since + options.load_limit);
    const int status = answer ? answer->status : 0;
    if ((status >= 200 && status < 300) || status == 409) {
      tell(calls.loaded, since);
      return std::nullopt;
    }
    const std::string words =
        "load model " + placed.key + ": " + (answer ? answer_text(answer->body) : answer.error().message);
    bool alone = false;
    {
      const MutexLock lock(mutex);
      if (status != 507) unload_soon(placed);  // Whatever the server made of it.
      alone = is_alone();
    }
    if (!answer) return Refusal{{ErrorCode::kUnavailable, words}, 0};
    if (status != 507) return Refusal{{ErrorCode::kInvalid, words}, status};
    if (alone) return Refusal{{ErrorCode::kTooLarge, words}, status};
    if (!room_until) room_until = steady_clock::now() + options.room_limit;
    if (!make_room(seen, *room_until)) return Refusal{{ErrorCode::kNoSpace, words}, status};
  }
}

std::optional<Refusal> Models::State::try_load(Placed& placed) {
  Result<Run> run = upstream.ready(steady_clock::now() + options.load_limit);
  if (!run) return Refusal{std::move(run).error(), 0};
  placed.run = std::move(*run);
  Result<FolderTier::Hold> folder = fetch(placed);
  if (!folder) return Refusal{std::move(folder).error(), 0};
  placed.folder = std::move(*folder);
  {
    const MutexLock lock(mutex);
    placed.name = hex(sha256(placed.key)).substr(0, 24) + "-" + std::to_string(next_name++);
  }
  if (calls.make_room) calls.make_room();
  return post(placed);
}

void Models::State::load(const Handle& model) {
  model->placed.key = model->key;
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    const std::optional<Refusal> refusal = try_load(model->placed);
    if (finish(model, refusal, false)) return;
    const MutexLock lock(mutex);
    if (!refusal) unload_soon(model->placed);
  }
  const std::string words = model->key + ": is being overwritten again and again: try later";
  finish(model, Refusal{{ErrorCode::kUnavailable, words}, 0}, true);
}

// All that wait are told, after all locks are gone. Each has its pin before anybody can drop the model. False: the load
// has to be done again.
bool Models::State::finish(const Handle& model, const std::optional<Refusal>& refusal, bool although_stale) {
  std::vector<Callback> ready;
  {
    const MutexLock lock(mutex);
    if (std::exchange(model->stale, false) && !although_stale) return false;
    model->loading = false;
    model->last_used = steady_clock::now();
    for (const std::shared_ptr<Waiter>& waiter : model->waiters) {
      if (waiter->place) deadlines.erase(*waiter->place);
      waiter->place.reset();
      if (!waiter->done) continue;  // Its deadline came first.
      ready.push_back(std::move(waiter->done));
      waiter->done = nullptr;
    }
    model->waiters.clear();
    if (refusal) {
      models.erase(model->key);
    } else {
      model->pins += static_cast<int>(ready.size());
      if (ready.empty() && !options.keep) detach(model);
    }
    tell_of_room();
  }
  for (const Callback& done : ready) {
    if (refusal) {
      done(*refusal);
    } else {
      done(Pin(model, *this));
    }
  }
  return true;
}

// ---------------------------------------------------------------------------------------------------
// The threads
// ---------------------------------------------------------------------------------------------------

void Models::State::run_tasks() {
  for (;;) {
    if (unload_next()) continue;
    Handle model;
    {
      const MutexLock lock(mutex);
      while (loads.empty() && unloads.empty() && !stopping) task_waits.wait(mutex);
      if (stopping) return;
      if (!unloads.empty()) continue;
      model = std::move(loads.front());
      loads.pop_front();
      ++loading;
    }
    load(model);
    const MutexLock lock(mutex);
    --loading;
  }
}

void Models::State::run_deadlines() {
  for (;;) {
    Callback done;
    {
      const MutexLock lock(mutex);
      while (!done) {
        if (stopping) return;
        if (deadlines.empty()) {
          deadlines_change.wait(mutex);
        } else if (deadlines.begin()->first > steady_clock::now()) {
          const Deadline first = deadlines.begin()->first;
          deadlines_change.wait_until(mutex, first);
        } else {
          const std::shared_ptr<Waiter> waiter = deadlines.begin()->second;
          deadlines.erase(deadlines.begin());
          waiter->place.reset();
          done = std::move(waiter->done);
          waiter->done = nullptr;
        }
      }
    }
    done(Refusal{{ErrorCode::kDeadline, "the model is still being loaded"}, 0});
  }
}

// ---------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------

void Models::Pin::answered() const { model_->last_answer.store(steady_clock::now(), std::memory_order_relaxed); }

Models::Pin::~Pin() {
  if (model_ != nullptr) owner_->unpin(model_);
}
const std::string& Models::Pin::name() const { return model_->placed.name; }
const Run& Models::Pin::run() const { return model_->placed.run; }

Models::Models(Options options, Place place, std::shared_ptr<FolderTier::Shelf> shelf, Upstream& upstream, Calls calls)
    : state_(
          std::make_unique<State>(std::move(options), std::move(place), std::move(shelf), upstream, std::move(calls))) {
  for (int i = 0; i < state_->options.load_threads; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->run_tasks(); });
  state_->threads.emplace_back([state = state_.get()] { state->run_deadlines(); });
}

Models::~Models() {
  {
    const MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->task_waits.notify_all();
    state_->deadlines_change.notify_all();
    state_->room_changes.notify_all();
  }
  for (std::thread& thread : state_->threads) thread.join();
  std::vector<State::Handle> waiting;
  {
    const MutexLock lock(state_->mutex);
    for (const auto& [key, model] : state_->models) {
      if (model->loading) waiting.push_back(model);
    }
  }
  const Refusal stopping{{ErrorCode::kUnavailable, "the server is stopping"}, 0};
  for (const State::Handle& model : waiting) state_->finish(model, stopping, true);
}

std::optional<Models::Pin> Models::find(std::string_view model) {
  const std::optional<Run> run = state_->upstream.now();
  const MutexLock lock(state_->mutex);
  State::Handle found = state_->loaded_now(model, run);
  if (found == nullptr) return std::nullopt;
  ++found->pins;
  return Pin(std::move(found), *state_);
}

bool Models::acquire(std::string_view model, Deadline deadline, Callback done) {
  const std::optional<Run> run = state_->upstream.now();
  State::Handle found;
  {
    const MutexLock lock(state_->mutex);
    found = state_->loaded_now(model, run);
    if (found != nullptr) {
      ++found->pins;
    } else {
      const auto known = state_->models.find(model);
      State::Handle load = known != state_->models.end() && known->second->loading ? known->second : nullptr;
      if (load == nullptr) {
        if (state_->stopping || state_->loads.size() >= state_->options.max_waiting_loads) return false;
        if (known != state_->models.end()) known->second->detached = true;  // Of a run that is over.
        load = std::make_shared<Model>(model);
        state_->models.insert_or_assign(load->key, load);
        state_->loads.push_back(load);
        state_->task_waits.notify_one();
      }
      auto waiter = std::make_shared<Waiter>();
      waiter->done = std::move(done);
      waiter->place = state_->deadlines.emplace(deadline, waiter);
      if (waiter->place == state_->deadlines.begin()) state_->deadlines_change.notify_one();
      load->waiters.push_back(std::move(waiter));
    }
  }
  if (found != nullptr) done(Pin(std::move(found), *state_));
  return true;
}

void Models::forget(const Pin& pin) {
  const MutexLock lock(state_->mutex);
  const auto found = state_->models.find(pin.model_->key);
  if (found == state_->models.end() || found->second != pin.model_) return;
  state_->models.erase(found);
  pin.model_->detached = true;
}

void Models::renew(const Pin& pin, steady_clock::time_point since) {
  if (pin.model_->last_answer.load(std::memory_order_relaxed) >= since) return;
  const MutexLock lock(state_->mutex);
  const auto found = state_->models.find(pin.model_->key);
  if (found != state_->models.end() && found->second == pin.model_) state_->detach(pin.model_);
}

void Models::changed(std::string_view model) {
  {
    const MutexLock lock(state_->mutex);
    const auto found = state_->models.find(model);
    if (found != state_->models.end()) {
      const State::Handle known = found->second;
      if (known->loading) {
        known->stale = true;
      } else {
        state_->detach(known);
      }
    }
  }
  state_->shelf->drop(model);
}

Result<Done> Models::revalidate(Deadline deadline) {
  std::vector<std::pair<std::string, std::string>> known;
  {
    const MutexLock lock(state_->mutex);
    for (const auto& [key, model] : state_->models) {
      if (!model->loading) known.emplace_back(key, model->placed.version);
    }
  }
  if (known.empty()) return Done{};
  Result<std::shared_ptr<store::ObjectStore>> store = state_->place.buckets->open(state_->place.bucket);
  if (!store) return std::move(store).error();
  for (const auto& [key, version] : known) {
    Result<store::ObjectInfo> info = (*store)->head(state_->place.prefix + key, deadline);
    if (!info && info.error().code != ErrorCode::kNotFound) return std::move(info).error();
    if (!info || info->etag != version) changed(key);
  }
  return Done{};
}

std::optional<steady_clock::time_point> Models::oldest() const {
  const MutexLock lock(state_->mutex);
  const State::Handle victim = state_->next_victim();
  if (victim == nullptr) return std::nullopt;
  return victim->last_used;
}

bool Models::drop_oldest() { return state_->drop_oldest(); }

std::size_t Models::loaded() const {
  const MutexLock lock(state_->mutex);
  return static_cast<std::size_t>(std::count_if(state_->models.begin(), state_->models.end(),
                                                [](const auto& entry) { return !entry.second->loading; }));
}

}  // namespace chiliad::container
