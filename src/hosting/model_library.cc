// A place is found by its number when the cache loads a model of it, and by its location when a key has changed: every
// prefix of the key that ends in '/' could be one, and the key itself.

#include "hosting/model_library.h"

#include <map>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/number.h"
#include "serve/freshness.h"

namespace chiliad::hosting {
namespace {

using std::chrono::steady_clock;

// Counts where it came from while it lives.
class PlacedModel final : public serve::Model {
 public:
  PlacedModel(std::unique_ptr<const serve::Model> model, std::shared_ptr<LoadTally> tally)
      : model_(std::move(model)), tally_(std::move(tally)) {
    tally_->models_in_memory.fetch_add(1, std::memory_order_relaxed);
  }
  PlacedModel(const PlacedModel&) = delete;
  PlacedModel& operator=(const PlacedModel&) = delete;
  ~PlacedModel() override {
    const steady_clock::time_point since = steady_clock::now();
    model_.reset();
    tally_->unloaded(steady_clock::now() - since);
    tally_->models_in_memory.fetch_sub(1, std::memory_order_relaxed);
  }

  Result<Done> answer(const serve::Invocation& invocation, std::string& out) const override {
    return model_->answer(invocation, out);
  }
  bool is_heavy(const serve::Invocation& invocation) const override { return model_->is_heavy(invocation); }
  std::uint64_t memory_bytes() const override { return model_->memory_bytes() + sizeof(*this) + 16; }

 private:
  std::unique_ptr<const serve::Model> model_;
  const std::shared_ptr<LoadTally> tally_;
};

}  // namespace

struct ModelLibrary::State final : public serve::ModelSource {
  State(store::BucketAccess& its_access, const Options& options)
      : access(its_access), limits(options.limits), is_local(options.local) {}

  // serve::ModelSource: names are "<id>/<model>".
  bool local() const override { return is_local; }
  Result<Stored> fetch(std::string_view name, const std::optional<std::filesystem::path>& keep_at,
                       Deadline deadline) override;
  Result<std::unique_ptr<const serve::Model>> load(std::string_view name, std::string_view bytes) override;

  std::shared_ptr<const ModelPlace> place_of(std::string_view name, std::string_view& model);
  Result<Stored> fetch_from(const ModelPlace& place, std::string_view model,
                            const std::optional<std::filesystem::path>& keep_at, Deadline deadline);
  std::vector<std::shared_ptr<const ModelPlace>> live_places();

  store::BucketAccess& access;
  const serve::ModelLimits limits;
  const bool is_local;

  Mutex mutex;
  std::uint64_t next_id CHILIAD_GUARDED_BY(mutex) = 1;
  std::map<std::uint64_t, std::weak_ptr<const ModelPlace>> by_id CHILIAD_GUARDED_BY(mutex);
  std::unordered_multimap<std::string, std::uint64_t> ids CHILIAD_GUARDED_BY(mutex);  // By uri; one for each role.

  std::unique_ptr<serve::ModelCache> cache;  // Last: its threads use the rest.
};

std::shared_ptr<const ModelPlace> ModelLibrary::State::place_of(std::string_view name, std::string_view& model) {
  const std::size_t slash = name.find('/');
  const std::optional<std::int64_t> id = parse_integer(name.substr(0, slash));
  if (slash == std::string_view::npos || !id) return nullptr;
  model = name.substr(slash + 1);
  const MutexLock lock(mutex);
  const auto found = by_id.find(static_cast<std::uint64_t>(*id));
  return found == by_id.end() ? nullptr : found->second.lock();
}

Result<serve::ModelSource::Stored> ModelLibrary::State::fetch_from(const ModelPlace& place, std::string_view model,
                                                                   const std::optional<std::filesystem::path>& keep_at,
                                                                   Deadline deadline) {
  const steady_clock::time_point since = steady_clock::now();
  Result<std::shared_ptr<store::ObjectStore>> store = place.buckets->open(place.location.bucket);
  if (!store) return std::move(store).error();
  serve::StoreSource source(**store, is_local, limits);
  Result<Stored> stored = source.fetch(place.key_of(model), keep_at, deadline);
  if (stored) place.tally->downloaded(steady_clock::now() - since);
  return stored;
}

Result<serve::ModelSource::Stored> ModelLibrary::State::fetch(std::string_view name,
                                                              const std::optional<std::filesystem::path>& keep_at,
                                                              Deadline deadline) {
  std::string_view model;
  const std::shared_ptr<const ModelPlace> place = place_of(name, model);
  if (place == nullptr) return Error{ErrorCode::kNotFound, "the endpoint of this model is gone"};
  return fetch_from(*place, model, keep_at, deadline);
}

Result<std::unique_ptr<const serve::Model>> ModelLibrary::State::load(std::string_view name, std::string_view bytes) {
  std::string_view model;
  const std::shared_ptr<const ModelPlace> place = place_of(name, model);
  if (place == nullptr) return Error{ErrorCode::kNotFound, "the endpoint of this model is gone"};
  const steady_clock::time_point since = steady_clock::now();
  Result<std::unique_ptr<const serve::Model>> loaded = serve::load_forecast_model(place->key_of(model), bytes, limits);
  if (!loaded) return loaded;
  place->tally->loaded(steady_clock::now() - since);
  return std::unique_ptr<const serve::Model>(std::make_unique<PlacedModel>(std::move(*loaded), place->tally));
}

std::vector<std::shared_ptr<const ModelPlace>> ModelLibrary::State::live_places() {
  std::vector<std::shared_ptr<const ModelPlace>> live;
  const MutexLock lock(mutex);
  for (const auto& [id, place] : by_id) {
    if (std::shared_ptr<const ModelPlace> alive = place.lock()) live.push_back(std::move(alive));
  }
  return live;
}

// ---------------------------------------------------------------------------------------------------
// ModelLibrary
// ---------------------------------------------------------------------------------------------------

ModelLibrary::ModelLibrary(std::unique_ptr<State> state) : state_(std::move(state)) {}

ModelLibrary::~ModelLibrary() = default;

Result<std::unique_ptr<ModelLibrary>> ModelLibrary::open(Options options, store::BucketAccess& access) {
  auto state = std::make_unique<State>(access, options);
  Result<std::unique_ptr<serve::ModelCache>> cache = serve::ModelCache::open(options.cache, *state);
  if (!cache) return std::move(cache).error();
  state->cache = std::move(*cache);
  return std::unique_ptr<ModelLibrary>(new ModelLibrary(std::move(state)));
}

serve::ModelCache& ModelLibrary::cache() { return *state_->cache; }

std::shared_ptr<const ModelPlace> ModelLibrary::place(S3Location location, bool single, std::string_view role) {
  if (!single) location = as_folder(std::move(location));
  const std::string uri = location.uri();
  const MutexLock lock(state_->mutex);
  if (!single) {
    const auto [first, end] = state_->ids.equal_range(uri);
    for (auto known = first; known != end; ++known) {
      // Null: its last variant has gone, and tidy() has not come by yet.
      std::shared_ptr<const ModelPlace> place = state_->by_id[known->second].lock();
      if (place && place->role == role) return place;
    }
  }
  const std::uint64_t id = state_->next_id++;
  if (!single) state_->ids.emplace(uri, id);
  auto place = std::make_shared<ModelPlace>();
  place->id = id;
  place->location = std::move(location);
  place->single = single;
  place->role = role;
  place->buckets = state_->access.of(role);
  place->cache_prefix = std::to_string(id) + "/";
  place->tally = std::make_shared<LoadTally>();
  state_->by_id[id] = place;
  return place;
}

Result<Done> ModelLibrary::check(const ModelPlace& place, Deadline deadline) {
  Result<std::shared_ptr<store::ObjectStore>> store = place.buckets->open(place.location.bucket);
  if (!store) return std::move(store).error().in(place.location.uri());
  store::ListRequest request;
  request.prefix = place.location.key;
  request.max_keys = 1;
  Result<store::ListPage> page = (*store)->list(request, deadline);
  if (!page) return std::move(page).error().in(place.location.uri());
  return Done{};
}

Result<std::unique_ptr<const serve::Model>> ModelLibrary::load_once(const ModelPlace& place, std::string_view model,
                                                                    Deadline deadline) {
  Result<serve::ModelSource::Stored> stored = state_->fetch_from(place, model, std::nullopt, deadline);
  if (!stored) return std::move(stored).error();
  const steady_clock::time_point since = steady_clock::now();
  Result<std::unique_ptr<const serve::Model>> loaded =
      serve::load_forecast_model(place.key_of(model), stored->bytes, state_->limits);
  if (loaded) place.tally->loaded(steady_clock::now() - since);
  return loaded;
}

void ModelLibrary::changed(std::string_view bucket, std::string_view key) {
  std::string uri = "s3://";
  uri.append(bucket).append("/").append(key);
  const std::size_t key_at = uri.size() - key.size();
  std::vector<std::string> names;
  {
    const MutexLock lock(state_->mutex);
    if (state_->ids.empty()) return;
    for (std::size_t end = key_at; end != std::string::npos && end < uri.size(); end = uri.find('/', end) + 1) {
      if (end == 0) break;  // There was no further '/'.
      const auto [first, last] = state_->ids.equal_range(uri.substr(0, end));
      for (auto found = first; found != last; ++found)
        names.push_back(std::to_string(found->second) + "/" + uri.substr(end));
    }
  }
  for (const std::string& name : names) state_->cache->invalidate(name);
}

void ModelLibrary::revalidate(Deadline deadline) {
  for (const std::shared_ptr<const ModelPlace>& place : state_->live_places()) {
    if (place->single || place->tally->models_in_memory.load(std::memory_order_relaxed) == 0) continue;
    Result<std::shared_ptr<store::ObjectStore>> store = place->buckets->open(place->location.bucket);
    if (!store) continue;  // What is in memory goes on answering.
    const Result<Done> done =
        serve::revalidate(**store, *state_->cache, place->cache_prefix, place->location.key, deadline);
    (void)done;  // The store is unreachable: the next round tries again.
  }
}

void ModelLibrary::tidy() {
  std::vector<std::string> gone;
  {
    const MutexLock lock(state_->mutex);
    std::erase_if(state_->by_id, [&](const auto& entry) {
      if (!entry.second.expired()) return false;
      gone.push_back(std::to_string(entry.first) + "/");
      return true;
    });
    if (gone.empty()) return;
    std::erase_if(state_->ids, [this](const auto& entry)
                                   CHILIAD_NO_THREAD_SAFETY_ANALYSIS { return !state_->by_id.contains(entry.second); });
  }
  for (const std::string& prefix : gone) {
    for (const serve::ModelCache::Loaded& model : state_->cache->loaded(prefix)) {
      if (!model.name.starts_with(prefix)) break;
      state_->cache->drop(model.name);
    }
  }
}

}  // namespace chiliad::hosting
