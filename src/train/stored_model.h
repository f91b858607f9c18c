// Stored models by name: the archives of a fleet in a store, or one file.
//
// Thread safety: pure functions but for the store.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "base/result.h"
#include "base/time.h"
#include "forecast/prophet.h"
#include "store/object_store.h"

namespace chiliad::train {

inline constexpr std::string_view kArchiveSuffix = ".tar.gz";
// A stored model's most bytes: some ten million rows of history.
inline constexpr std::uint64_t kMostStored = std::uint64_t{512} << 20;

// The archives' keys without their suffix, ascending by the bytes of the key, parts with '/' included.
// Errors: as ObjectStore::list().
Result<std::vector<std::string>> list_models(store::ObjectStore& models);

// The customer's id of an archive's name (prepare/customer_file.h); the name itself where it is nobody's encoding.
std::string customer_of(std::string_view name);

// The model in an archive's bytes (its member model.json) or in those of a model.json. Errors: kCorrupt, kInvalid,
// kTooLarge as read_member() (over 1 GiB unpacked, or over 64 MiB and more than 200 times the bytes) and
// model_from_json(); kNotFound: an archive without model.json.
Result<forecast::FittedModel> read_stored_model(std::string_view bytes, forecast::KeepHistory keep);

// An archive taken apart: its model with statistics, and what else lies in it.
struct StoredArchive {
  forecast::FittedModel model;
  std::vector<archive::Member> others;
};
// Errors: as read_stored_model().
Result<StoredArchive> read_stored_archive(std::string_view bytes, forecast::KeepHistory keep);

// The columns that the fleet's models need besides ds and y, as its first readable model has them; empty when there is
// none. For tables of which only these columns are kept: a model that needs others says so itself.
std::vector<std::string> columns_of_models(store::ObjectStore& models, Deadline deadline);

// The bytes of an archive or model.json. Errors: as ObjectStore::get(); kTooLarge: over kMostStored.
Result<std::string> get_stored(store::ObjectStore& models, const std::string& key, Deadline deadline);

// The model stored under this name. Errors: as ObjectStore::get() and read_stored_model().
Result<forecast::FittedModel> load_model(store::ObjectStore& models, const std::string& name,
                                         forecast::KeepHistory keep, Deadline deadline);

}  // namespace chiliad::train
