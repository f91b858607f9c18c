// StoreSource: forecasting models out of an object store; ListedSource: those that a platform names by path.
//
// A model's bytes are an archive (tar.gz, tar) that holds model.json, or that JSON itself. Rows of the history that a
// model was stored with are counted and dropped: a forecast does not need them.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "serve/model_source.h"
#include "store/object_store.h"

namespace chiliad::serve {

// What a stored model may be at most: the archive, and what it unpacks to.
struct ModelLimits {
  std::uint64_t archive_bytes = std::uint64_t{64} << 20;
  std::uint64_t unpacked_bytes = std::uint64_t{256} << 20;
};

// Errors: kCorrupt: no archive and no model; kTooLarge; kInvalid.
Result<std::unique_ptr<const Model>> load_forecast_model(std::string_view name, std::string_view bytes,
                                                         const ModelLimits& limits);

// The model's name is its key in the store.
class StoreSource final : public ModelSource {
 public:
  // `local`: the store is a folder of this machine. `store` must outlive the source.
  StoreSource(store::ObjectStore& store, bool local, const ModelLimits& limits)
      : store_(store), local_(local), limits_(limits) {}

  bool local() const override { return local_; }
  Result<Stored> fetch(std::string_view name, const std::optional<std::filesystem::path>& keep_at,
                       Deadline deadline) override;
  Result<std::unique_ptr<const Model>> load(std::string_view name, std::string_view bytes) override;

 private:
  store::ObjectStore& store_;
  const bool local_;
  const ModelLimits limits_;
};

// Models that SageMaker (or whoever runs the container) has put on this machine and registers with name and path: an
// archive, a model.json, or a folder that holds one of them. Only paths below one root are accepted, and no link leads
// out.
class ListedSource final : public ModelSource {
 public:
  ListedSource(std::filesystem::path root, const ModelLimits& limits) : root_(std::move(root)), limits_(limits) {}

  // Errors: kInvalid: not an absolute path below the root; kNotFound: nothing there; kConflict: the name is taken.
  Result<Done> add(std::string_view name, std::string_view url);
  // False when the name is not registered.
  bool remove(std::string_view name);
  // The path that the name was registered with; empty when it was not.
  std::string url(std::string_view name) const;

  bool local() const override { return true; }
  Result<Stored> fetch(std::string_view name, const std::optional<std::filesystem::path>& keep_at,
                       Deadline deadline) override;
  Result<std::unique_ptr<const Model>> load(std::string_view name, std::string_view bytes) override;

 private:
  const std::filesystem::path root_;
  const ModelLimits limits_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, std::string> urls_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::serve
