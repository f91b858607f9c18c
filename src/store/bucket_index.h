// The index of a bucket store: the rows of state/objects.db, read and written. doc/bucket_store.md has the schema.
//
// Functions take the connection they work on: a reader's, or the writer's within its transaction.
//
// Thread safety: as the connection's.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/database.h"
#include "store/bucket_files.h"
#include "store/buckets.h"
#include "store/key_place.h"
#include "store/stored_object.h"

namespace chiliad::store {

std::span<const std::string_view> index_migrations();

// An object as the index has it.
struct ObjectRow {
  ObjectMeta meta;  // Of a list: without headers.
  std::uint64_t generation = 0;
  Place place = Place::kPlain;
  Pairs tags = {};
  std::string upload_id = {};        // Of the upload that made it.
  std::vector<PartInfo> parts = {};  // Written with part_count > 0; read by read_object_parts().
  FileStamp stamp() const { return {meta.size_bytes, nanos_since_epoch(meta.modified)}; }
};

// ---- Buckets
Result<std::optional<std::int64_t>> find_bucket(sql::Database& index, std::string_view bucket);
Result<std::optional<BucketInfo>> read_bucket(sql::Database& index, std::string_view bucket);
Result<std::vector<BucketInfo>> read_buckets(sql::Database& index, std::string_view prefix, std::string_view after,
                                             int most);
Result<std::int64_t> count_buckets(sql::Database& index);
Result<Done> insert_bucket(sql::Database& index, const BucketInfo& bucket);
// Those of the names that are no buckets yet.
Result<Done> insert_missing_buckets(sql::Database& index, std::span<const std::string> names);
// With its uploads, their parts and its documents. Requires: no objects.
Result<Done> delete_bucket_row(sql::Database& index, std::int64_t bucket);
Result<bool> has_objects(sql::Database& index, std::int64_t bucket);
Result<std::vector<std::uint64_t>> part_generations_of_bucket(sql::Database& index, std::int64_t bucket);

Result<std::optional<std::string>> read_document(sql::Database& index, std::int64_t bucket, std::string_view name);
Result<std::int64_t> count_documents(sql::Database& index, std::int64_t bucket);
Result<Done> write_document(sql::Database& index, std::int64_t bucket, std::string_view name, std::string_view text);
Result<Done> delete_document(sql::Database& index, std::int64_t bucket, std::string_view name);

// ---- Objects
Result<std::optional<ObjectRow>> find_object(sql::Database& index, std::int64_t bucket, std::string_view key);
Result<std::vector<PartInfo>> read_object_parts(sql::Database& index, std::int64_t bucket, const ObjectRow& row);
// In place of `before`, the row that find_object() gave for its key in this transaction.
Result<Done> write_object(sql::Database& index, std::int64_t bucket, const ObjectRow& row,
                          const std::optional<ObjectRow>& before);
Result<Done> delete_object(sql::Database& index, std::int64_t bucket, const ObjectRow& row);
Result<Done> write_object_tags(sql::Database& index, std::int64_t bucket, std::string_view key, const Pairs& tags);
Result<Done> write_object_place(sql::Database& index, std::int64_t bucket, std::string_view key, Place place);
// Of at most `most` keys after `after`: where their files are.
Result<std::vector<KeyAndPlace>> list_places(sql::Database& index, std::int64_t bucket, std::string_view after,
                                             int most);
Result<ObjectPage> list_objects(sql::Database& index, std::int64_t bucket, const ObjectQuery& query);

// ---- Intents: what the writer is about to do to the folder (doc/bucket_store.md, "Order of writes").
struct Intent {
  std::int64_t id = 0;
  std::string bucket;
  std::string key;
  Place place = Place::kPlain;
  std::uint64_t generation = 0;  // Of the file that comes or goes.
  std::int64_t modified_ns = 0;  // Its modification time.
};
Result<std::int64_t> insert_intent(sql::Database& index, const Intent& intent);
Result<std::vector<Intent>> read_intents(sql::Database& index);
Result<bool> is_going(sql::Database& index, std::string_view bucket, std::string_view key, std::int64_t modified_ns);
Result<Done> delete_intent(sql::Database& index, std::int64_t id);
Result<Done> delete_all_intents(sql::Database& index);

}  // namespace chiliad::store
