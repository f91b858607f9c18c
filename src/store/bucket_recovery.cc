// What open() repairs. The intents that the last transaction left name every key whose file may not be where the index
// says; all else in `.chiliad/new` was never committed, and a part without a row was never acknowledged.

#include <map>
#include <set>

#include "store/bucket_store_state.h"

namespace chiliad::store {
namespace {

// What intents of one key say: the times of all files that were to come or go, and the places.
struct KeyIntents {
  std::vector<Intent> intents;
  bool names(std::int64_t modified_ns) const {
    for (const Intent& intent : intents)
      if (intent.modified_ns == modified_ns) return true;
    return false;
  }
};

Result<std::optional<ObjectRow>> find_row(sql::Database& index, const std::string& bucket, const std::string& key) {
  Result<std::optional<std::int64_t>> id = find_bucket(index, bucket);
  if (!id) return std::move(id).error();
  if (!*id) return std::optional<ObjectRow>();
  return find_object(index, **id, key);
}

// The row's bytes to their place; an escaped one when the plain one is taken by a folder.
Result<Done> finish_move(sql::Database& index, const BucketFiles& files, const std::string& bucket,
                         const ObjectRow& row) {
  Result<Done> moved = files.move_into_place(row.generation, bucket, row.meta.key, row.place);
  if (moved || moved.error().code != ErrorCode::kInvalid || row.place == Place::kEscaped) return moved;
  Result<std::optional<std::int64_t>> id = find_bucket(index, bucket);
  if (!id) return std::move(id).error();
  if (!*id) return Done{};
  Result<Done> written =
      index.transaction([&] { return write_object_place(index, **id, row.meta.key, Place::kEscaped); });
  if (!written) return written;
  return files.move_into_place(row.generation, bucket, row.meta.key, Place::kEscaped);
}

// Errors: the key's intents have to stay.
Result<Done> repair(sql::Database& index, const BucketFiles& files, const std::string& bucket, const std::string& key,
                    const KeyIntents& known) {
  Result<std::optional<ObjectRow>> row = find_row(index, bucket, key);
  if (!row) return std::move(row).error();
  for (const Intent& intent : known.intents) {
    if (*row && (*row)->place == intent.place) continue;
    if (intent.place == Place::kPlain && !has_plain_path(key)) continue;
    Result<FileStamp> stamp = files.stat_object(bucket, key, intent.place);
    // A file with another time was put there by hand since.
    if (!stamp || !known.names(stamp->modified_ns)) continue;
    Result<Done> removed = files.remove(bucket, key, intent.place);
    if (!removed) return removed;
  }
  if (!*row || !files.has_new((*row)->generation)) return Done{};
  return finish_move(index, files, bucket, **row);
}

}  // namespace

Result<bool> BucketStoreState::recover(sql::Database& index) {
  Result<std::vector<Intent>> intents = read_intents(index);
  if (!intents) return std::move(intents).error();
  std::map<std::pair<std::string, std::string>, KeyIntents> keys;
  for (Intent& intent : *intents) {
    // A damaged index may not lead out of the store's folder.
    if (!wrong_with_bucket_name(intent.bucket).empty() || !wrong_with_s3_key(intent.key).empty()) continue;
    keys[{intent.bucket, intent.key}].intents.push_back(intent);
  }
  std::set<std::uint64_t> staying;
  std::vector<std::int64_t> done;
  for (const auto& [name, known] : keys) {
    const Result<Done> repaired = repair(index, files, name.first, name.second, known);
    for (const Intent& intent : known.intents) {
      if (repaired) {
        done.push_back(intent.id);
      } else {
        staying.insert(intent.generation);
      }
    }
  }
  Result<Done> taken_back = index.transaction([&]() -> Result<Done> {
    for (const std::int64_t id : done) {
      Result<Done> deleted = delete_intent(index, id);
      if (!deleted) return deleted;
    }
    return Done{};
  });
  if (!taken_back) return std::move(taken_back).error();
  Result<std::vector<std::uint64_t>> fresh = files.list_new();
  if (!fresh) return std::move(fresh).error();
  for (const std::uint64_t generation : *fresh)
    if (!staying.contains(generation)) files.remove_new(generation);
  Result<std::vector<std::uint64_t>> parts = files.list_parts();
  if (!parts) return std::move(parts).error();
  for (const std::uint64_t generation : *parts) {
    Result<bool> known = has_part_of_generation(index, generation);
    if (!known) return std::move(known).error();
    if (!*known) files.remove_part(generation);
  }
  return !staying.empty();
}

}  // namespace chiliad::store
