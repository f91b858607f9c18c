#include "store/bucket_index.h"

#include <charconv>

#include "base/number.h"
#include "store/folder_walk.h"
#include "store/pairs.h"

namespace chiliad::store {
namespace {

using std::chrono::nanoseconds;

// Objects, uploads and parts stand without row ids: the rows lie in the order of the lists.
constexpr std::string_view kMigrations[] = {
    R"(CREATE TABLE bucket (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, created_ns INTEGER NOT NULL);
CREATE TABLE document (bucket INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE TABLE object (bucket INTEGER NOT NULL, key TEXT NOT NULL, generation INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL, etag TEXT NOT NULL, place INTEGER NOT NULL,
  checksum_algorithm TEXT, checksum_type INTEGER, checksum TEXT, part_count INTEGER NOT NULL, headers BLOB, tags BLOB,
  upload_id TEXT, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE object_part (bucket INTEGER NOT NULL, key TEXT NOT NULL, parts TEXT NOT NULL,
  PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE upload (bucket INTEGER NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, started_ns INTEGER NOT NULL,
  checksum_algorithm TEXT, checksum_type INTEGER NOT NULL, headers BLOB, tags BLOB,
  PRIMARY KEY (bucket, key, id)) WITHOUT ROWID;
CREATE TABLE part (upload_id TEXT NOT NULL, number INTEGER NOT NULL, generation INTEGER NOT NULL UNIQUE,
  size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL, etag TEXT NOT NULL, checksum TEXT,
  PRIMARY KEY (upload_id, number)) WITHOUT ROWID;
CREATE TABLE intent (id INTEGER PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL,
  generation INTEGER NOT NULL, modified_ns INTEGER NOT NULL))"};

constexpr sql::Query kFindBucket = {"find a bucket", "SELECT id, created_ns FROM bucket WHERE name = ?1"};
constexpr sql::Query kReadBuckets = {"list buckets",
                                     "SELECT name, created_ns FROM bucket WHERE name > ?1 AND name >= ?2 ORDER BY name "
                                     "LIMIT ?3"};
constexpr sql::Query kCountBuckets = {"count buckets", "SELECT count(*) FROM bucket"};
constexpr sql::Query kInsertBucket = {"create a bucket", "INSERT INTO bucket (name, created_ns) VALUES (?1, ?2)"};
constexpr sql::Query kDeleteParts = {"delete a bucket",
                                     "DELETE FROM part WHERE upload_id IN (SELECT id FROM upload WHERE bucket = ?1)"};
constexpr sql::Query kDeleteUploads = {"delete a bucket", "DELETE FROM upload WHERE bucket = ?1"};
constexpr sql::Query kDeleteDocuments = {"delete a bucket", "DELETE FROM document WHERE bucket = ?1"};
constexpr sql::Query kDeleteBucket = {"delete a bucket", "DELETE FROM bucket WHERE id = ?1"};
constexpr sql::Query kAnyObject = {"look into a bucket", "SELECT 1 FROM object WHERE bucket = ?1 LIMIT 1"};
constexpr sql::Query kPartsOfBucket = {"delete a bucket",
                                       "SELECT generation FROM part WHERE upload_id IN (SELECT id FROM upload WHERE "
                                       "bucket = ?1)"};
constexpr sql::Query kReadDocument = {"read a bucket's document",
                                      "SELECT text FROM document WHERE bucket = ?1 AND name = ?2"};
constexpr sql::Query kCountDocuments = {"count a bucket's documents",
                                        "SELECT count(*) FROM document WHERE bucket = ?1"};
constexpr sql::Query kWriteDocument = {"write a bucket's document",
                                       "INSERT OR REPLACE INTO document (bucket, name, text) VALUES (?1, ?2, ?3)"};
constexpr sql::Query kDeleteDocument = {"delete a bucket's document",
                                        "DELETE FROM document WHERE bucket = ?1 AND name = ?2"};
constexpr sql::Query kFindObject = {"find an object",
                                    "SELECT key, size_bytes, modified_ns, etag, checksum_algorithm, checksum_type, "
                                    "checksum, part_count, generation, place, "
                                    "headers, tags, upload_id FROM object WHERE bucket = ?1 AND key = ?2"};
constexpr sql::Query kWriteObject = {
    "write an object",
    "INSERT OR REPLACE INTO object (bucket, key, size_bytes, modified_ns, etag, checksum_algorithm, checksum_type, "
    "checksum, "
    "part_count, generation, place, headers, tags, upload_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
    "?12, ?13, ?14)"};
constexpr sql::Query kDeleteObject = {"delete an object", "DELETE FROM object WHERE bucket = ?1 AND key = ?2"};
constexpr sql::Query kWriteTags = {"tag an object", "UPDATE object SET tags = ?3 WHERE bucket = ?1 AND key = ?2"};
constexpr sql::Query kWritePlace = {"move an object", "UPDATE object SET place = ?3 WHERE bucket = ?1 AND key = ?2"};
constexpr sql::Query kReadObjectParts = {"read an object's parts",
                                         "SELECT parts FROM object_part WHERE bucket = ?1 AND key = ?2"};
constexpr sql::Query kWriteObjectParts = {
    "write an object's parts", "INSERT OR REPLACE INTO object_part (bucket, key, parts) VALUES (?1, ?2, ?3)"};
constexpr sql::Query kDeleteObjectParts = {"delete an object's parts",
                                           "DELETE FROM object_part WHERE bucket = ?1 AND key = ?2"};
constexpr sql::Query kInsertIntent = {
    "note an intent", "INSERT INTO intent (bucket, key, place, generation, modified_ns) VALUES (?1, ?2, ?3, ?4, ?5)"};
constexpr sql::Query kReadIntents = {"read the intents",
                                     "SELECT id, bucket, key, place, generation, modified_ns FROM intent ORDER BY id"};
constexpr sql::Query kIsGoing = {"look for an intent",
                                 "SELECT 1 FROM intent WHERE bucket = ?1 AND key = ?2 AND modified_ns = ?3"};
constexpr sql::Query kDeleteIntent = {"take back an intent", "DELETE FROM intent WHERE id = ?1"};
constexpr sql::Query kDeleteIntents = {"take back all intents", "DELETE FROM intent"};

Instant instant_of(std::int64_t nanos) { return Instant(nanoseconds(nanos)); }

// Columns checksum_algorithm, checksum_type, checksum. An algorithm that we do not know is none.
std::optional<StoredChecksum> checksum_of_columns(const sql::Statement& row, int first) {
  const std::optional<ChecksumKind> kind = checksum_kind(row.column_text(first));
  if (!kind) return std::nullopt;
  return StoredChecksum{*kind, row.column_int64(first + 1) == 0 ? ChecksumType::kFullObject : ChecksumType::kComposite,
                        std::string(row.column_text(first + 2))};
}

// Columns 0 to 7 of kFindObject and of lists.
ObjectMeta meta_of(const sql::Statement& row) {
  ObjectMeta meta;
  meta.key = row.column_text(0);
  meta.size_bytes = static_cast<std::uint64_t>(row.column_int64(1));
  meta.modified = instant_of(row.column_int64(2));
  meta.etag = row.column_text(3);
  meta.checksum = checksum_of_columns(row, 4);
  meta.part_count = static_cast<int>(row.column_int64(7));
  return meta;
}

Result<Pairs> pairs_of(const sql::Statement& row, int column, std::string_view key) {
  std::optional<Pairs> pairs = unpack_pairs(row.column_blob(column));
  if (!pairs) return Error{ErrorCode::kCorrupt, "the index's row of key '" + std::string(key) + "' is damaged"};
  return std::move(*pairs);
}

std::optional<std::string> blob_of(const Pairs& pairs) {
  if (pairs.empty()) return std::nullopt;
  return pack_pairs(pairs);
}

// "<number> <size> [<checksum>]", a line each.
std::string text_of_parts(const std::vector<PartInfo>& parts) {
  std::string text;
  for (const PartInfo& part : parts) {
    text += std::to_string(part.number) + " " + std::to_string(part.size_bytes);
    if (part.checksum) text += " " + part.checksum->text;
    text += '\n';
  }
  return text;
}

std::optional<std::vector<PartInfo>> parts_of_text(std::string_view text, const ObjectMeta& meta) {
  std::vector<PartInfo> parts;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::size_t first = line.find(' ');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = std::min(line.find(' ', first + 1), line.size());
    const auto number = parse_integer(line.substr(0, first));
    const auto size = parse_integer(line.substr(first + 1, second - first - 1));
    if (!number || !size || *number < 1 || *number > 10'000 || *size < 0) return std::nullopt;
    PartInfo part;
    part.number = static_cast<int>(*number);
    part.size_bytes = static_cast<std::uint64_t>(*size);
    part.modified = meta.modified;
    if (second < line.size() && meta.checksum)
      part.checksum =
          StoredChecksum{meta.checksum->kind, ChecksumType::kFullObject, std::string(line.substr(second + 1))};
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<ObjectRow> object_row(const sql::Statement& found) {
  ObjectRow row;
  row.meta = meta_of(found);
  row.generation = static_cast<std::uint64_t>(found.column_int64(8));
  row.place = found.column_int64(9) == 0 ? Place::kPlain : Place::kEscaped;
  Result<Pairs> headers = pairs_of(found, 10, row.meta.key);
  Result<Pairs> tags = pairs_of(found, 11, row.meta.key);
  if (!headers) return std::move(headers).error();
  if (!tags) return std::move(tags).error();
  row.meta.headers = std::move(*headers);
  row.tags = std::move(*tags);
  row.meta.tag_count = static_cast<int>(row.tags.size());
  row.upload_id = found.column_text(12);
  // A damaged index may not send us out of the bucket's folder.
  if (row.place == Place::kPlain && !has_plain_path(row.meta.key))
    return Error{ErrorCode::kCorrupt, "the index's row of key '" + row.meta.key + "' has a place that it cannot have"};
  return row;
}

const auto kNumber = [](const sql::Statement& row) { return row.column_int64(0); };
const auto kText = [](const sql::Statement& row) { return std::string(row.column_text(0)); };

}  // namespace

std::span<const std::string_view> index_migrations() { return kMigrations; }

Result<std::optional<std::int64_t>> find_bucket(sql::Database& index, std::string_view bucket) {
  return index.first(kFindBucket, kNumber, bucket);
}

Result<std::optional<BucketInfo>> read_bucket(sql::Database& index, std::string_view bucket) {
  const auto read = [&](const sql::Statement& row) {
    return BucketInfo{std::string(bucket), instant_of(row.column_int64(1))};
  };
  return index.first(kFindBucket, read, bucket);
}

Result<std::vector<BucketInfo>> read_buckets(sql::Database& index, std::string_view prefix, std::string_view after,
                                             int most) {
  std::vector<BucketInfo> buckets;
  Result<Done> read = index.each(
      kReadBuckets,
      [&](const sql::Statement& row) {
        if (!row.column_text(0).starts_with(prefix)) return false;
        buckets.push_back({std::string(row.column_text(0)), instant_of(row.column_int64(1))});
        return true;
      },
      after, prefix, most);
  if (!read) return std::move(read).error();
  return buckets;
}

Result<std::int64_t> count_buckets(sql::Database& index) { return index.number(kCountBuckets); }

Result<Done> insert_bucket(sql::Database& index, const BucketInfo& bucket) {
  return index.run(kInsertBucket, bucket.name, nanos_since_epoch(bucket.created));
}

Result<Done> insert_missing_buckets(sql::Database& index, std::span<const std::string> names) {
  for (const std::string& name : names) {
    Result<std::optional<std::int64_t>> found = find_bucket(index, name);
    if (!found) return std::move(found).error();
    if (*found) continue;
    Result<Done> inserted = insert_bucket(index, {name, std::chrono::system_clock::now()});
    if (!inserted) return inserted;
  }
  return Done{};
}

Result<Done> delete_bucket_row(sql::Database& index, std::int64_t bucket) {
  for (const sql::Query& query : {kDeleteParts, kDeleteUploads, kDeleteDocuments, kDeleteBucket}) {
    Result<Done> deleted = index.run(query, bucket);
    if (!deleted) return deleted;
  }
  return Done{};
}

Result<bool> has_objects(sql::Database& index, std::int64_t bucket) { return index.has(kAnyObject, bucket); }

Result<std::vector<std::uint64_t>> part_generations_of_bucket(sql::Database& index, std::int64_t bucket) {
  const auto read = [](const sql::Statement& row) { return static_cast<std::uint64_t>(row.column_int64(0)); };
  return index.all(kPartsOfBucket, read, bucket);
}

Result<std::optional<std::string>> read_document(sql::Database& index, std::int64_t bucket, std::string_view name) {
  return index.first(kReadDocument, kText, bucket, name);
}

Result<std::int64_t> count_documents(sql::Database& index, std::int64_t bucket) {
  return index.number(kCountDocuments, bucket);
}

Result<Done> write_document(sql::Database& index, std::int64_t bucket, std::string_view name, std::string_view text) {
  return index.run(kWriteDocument, bucket, name, text);
}

Result<Done> delete_document(sql::Database& index, std::int64_t bucket, std::string_view name) {
  return index.run(kDeleteDocument, bucket, name);
}

Result<std::optional<ObjectRow>> find_object(sql::Database& index, std::int64_t bucket, std::string_view key) {
  return index.first(kFindObject, object_row, bucket, key);
}

Result<std::vector<PartInfo>> read_object_parts(sql::Database& index, std::int64_t bucket, const ObjectRow& row) {
  if (row.meta.part_count == 0) return std::vector<PartInfo>();
  Result<std::optional<std::string>> text = index.first(kReadObjectParts, kText, bucket, row.meta.key);
  if (!text) return std::move(text).error();
  if (!*text) return std::vector<PartInfo>();
  std::optional<std::vector<PartInfo>> parts = parts_of_text(**text, row.meta);
  if (!parts) return Error{ErrorCode::kCorrupt, "the index's parts of key '" + row.meta.key + "' are damaged"};
  return *std::move(parts);
}

Result<Done> write_object(sql::Database& index, std::int64_t bucket, const ObjectRow& row,
                          const std::optional<ObjectRow>& before) {
  const ObjectMeta& meta = row.meta;
  std::optional<std::string_view> algorithm;
  std::optional<int> type;
  std::optional<std::string> checksum;
  if (meta.checksum) {
    algorithm = checksum_name(meta.checksum->kind);
    type = static_cast<int>(meta.checksum->type);
    checksum = meta.checksum->text;
  }
  const std::optional<std::string> upload_id = row.upload_id.empty() ? std::nullopt : std::optional(row.upload_id);
  Result<Done> written = index.run(kWriteObject, bucket, meta.key, meta.size_bytes, nanos_since_epoch(meta.modified),
                                   meta.etag, algorithm, type, checksum, meta.part_count, row.generation,
                                   static_cast<int>(row.place), blob_of(meta.headers), blob_of(row.tags), upload_id);
  if (!written) return written;
  if (meta.part_count > 0) return index.run(kWriteObjectParts, bucket, meta.key, text_of_parts(row.parts));
  if (before && before->meta.part_count > 0) return index.run(kDeleteObjectParts, bucket, meta.key);
  return Done{};
}

Result<Done> delete_object(sql::Database& index, std::int64_t bucket, const ObjectRow& row) {
  Result<Done> deleted = index.run(kDeleteObject, bucket, row.meta.key);
  if (!deleted || row.meta.part_count == 0) return deleted;
  return index.run(kDeleteObjectParts, bucket, row.meta.key);
}

Result<Done> write_object_tags(sql::Database& index, std::int64_t bucket, std::string_view key, const Pairs& tags) {
  return index.run(kWriteTags, bucket, key, blob_of(tags));
}

Result<Done> write_object_place(sql::Database& index, std::int64_t bucket, std::string_view key, Place place) {
  return index.run(kWritePlace, bucket, key, static_cast<int>(place));
}

Result<std::int64_t> insert_intent(sql::Database& index, const Intent& intent) {
  Result<Done> inserted = index.run(kInsertIntent, intent.bucket, intent.key, static_cast<int>(intent.place),
                                    intent.generation, intent.modified_ns);
  if (!inserted) return std::move(inserted).error();
  return index.last_insert_id();
}

Result<std::vector<Intent>> read_intents(sql::Database& index) {
  return index.all(kReadIntents, [](const sql::Statement& row) {
    return Intent{row.column_int64(0),
                  std::string(row.column_text(1)),
                  std::string(row.column_text(2)),
                  row.column_int64(3) == 0 ? Place::kPlain : Place::kEscaped,
                  static_cast<std::uint64_t>(row.column_int64(4)),
                  row.column_int64(5)};
  });
}

Result<bool> is_going(sql::Database& index, std::string_view bucket, std::string_view key, std::int64_t modified_ns) {
  return index.has(kIsGoing, bucket, key, modified_ns);
}

Result<Done> delete_intent(sql::Database& index, std::int64_t id) { return index.run(kDeleteIntent, id); }

Result<Done> delete_all_intents(sql::Database& index) { return index.run(kDeleteIntents); }

}  // namespace chiliad::store
