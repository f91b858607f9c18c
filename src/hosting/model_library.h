// ModelLibrary: every model that this process serves, in one cache with one budget, whichever endpoint asks.
//
//   Buckets --PlacedSource--> ModelCache, names "<place>/<model>" --> pinned by a call
//      |                          ^
//      +-- a key has changed -----+
//
// Variants over one prefix share a place and thus the models in memory. A place that no variant uses any more is
// forgotten, and its models dropped, at the next tidy().
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "hosting/model_place.h"
#include "serve/model_cache.h"
#include "serve/store_source.h"
#include "store/bucket_access.h"

namespace chiliad::hosting {

class ModelLibrary {
 public:
  struct Options {
    serve::ModelCache::Options cache;
    serve::ModelLimits limits;
    bool local = true;  // The buckets lie on this machine's disk.
  };

  // `access` must outlive the library. Errors: as ModelCache::open().
  static Result<std::unique_ptr<ModelLibrary>> open(Options options, store::BucketAccess& access);

  // Waiters for loads are called back with kUnavailable.
  ~ModelLibrary();

  // The place of these models as this role reads them, new or in use already. `single`: the location is an archive's
  // key, and the place is a new one each time, which does not follow what becomes of the object.
  std::shared_ptr<const ModelPlace> place(S3Location location, bool single, std::string_view role);

  // Whether the bucket answers, and can be listed there. Errors: as the store's, naming the location.
  Result<Done> check(const ModelPlace& place, Deadline deadline);

  serve::ModelCache& cache();

  // A model that is not kept: fetched and loaded for this call. Errors: as serve::ModelSource's.
  Result<std::unique_ptr<const serve::Model>> load_once(const ModelPlace& place, std::string_view model,
                                                        Deadline deadline);

  // The bytes under this key have changed or are gone: the next call sees it.
  void changed(std::string_view bucket, std::string_view key);

  // Compares models in memory with the store, all places in turn; those that changed are refreshed.
  void revalidate(Deadline deadline);

  // Drops models of places that nobody uses any more.
  void tidy();

 private:
  struct State;
  explicit ModelLibrary(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::hosting
