#include "store/upload_index.h"

#include "base/hash.h"
#include "base/random.h"
#include "store/folder_walk.h"
#include "store/pairs.h"

namespace chiliad::store {
namespace {

using std::chrono::nanoseconds;

constexpr sql::Query kInsert = {
    "begin a multipart upload",
    "INSERT INTO upload (bucket, key, id, started_ns, checksum_algorithm, checksum_type, headers, "
    "tags) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
constexpr sql::Query kFind = {
    "find a multipart upload",
    "SELECT key, id, started_ns, checksum_algorithm, checksum_type, headers, tags FROM upload WHERE "
    "bucket = ?1 AND key = ?2 AND id = ?3"};
constexpr sql::Query kList = {
    "list multipart uploads",
    "SELECT key, id, started_ns, checksum_algorithm, checksum_type FROM upload WHERE bucket = ?1 "
    "AND (key, id) > (?2, ?3) AND key >= ?4 ORDER BY key, id"};
constexpr sql::Query kDelete = {"end a multipart upload",
                                "DELETE FROM upload WHERE bucket = ?1 AND key = ?2 AND id = ?3"};
constexpr sql::Query kDeleteParts = {"end a multipart upload", "DELETE FROM part WHERE upload_id = ?1"};
constexpr sql::Query kReadParts = {"list parts",
                                   "SELECT number, size_bytes, modified_ns, etag, checksum, generation FROM part WHERE "
                                   "upload_id = ?1 AND number > ?2 ORDER BY number LIMIT ?3"};
constexpr sql::Query kWritePart = {"write a part",
                                   "INSERT OR REPLACE INTO part (upload_id, number, size_bytes, modified_ns, etag, "
                                   "checksum, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
constexpr sql::Query kHasPart = {"find a part", "SELECT 1 FROM part WHERE generation = ?1"};

// Above every upload id, which is hex.
constexpr std::string_view kAboveAllIds = "~";

UploadInfo info_of(const sql::Statement& row) {
  UploadInfo info;
  info.key = row.column_text(0);
  info.id = row.column_text(1);
  info.started = Instant(nanoseconds(row.column_int64(2)));
  info.checksum_kind = checksum_kind(row.column_text(3));
  info.checksum_type = row.column_int64(4) == 0 ? ChecksumType::kFullObject : ChecksumType::kComposite;
  return info;
}

std::optional<std::string> blob_of(const Pairs& pairs) {
  if (pairs.empty()) return std::nullopt;
  return pack_pairs(pairs);
}

}  // namespace

std::string new_upload_id(Instant now) {
  return hex(static_cast<std::uint64_t>(nanos_since_epoch(now))) + random_text("0123456789abcdef", 32);
}

Result<Done> insert_upload(sql::Database& index, std::int64_t bucket, const UploadRow& row) {
  const UploadInfo& info = row.info;
  std::optional<std::string_view> algorithm;
  if (info.checksum_kind) algorithm = checksum_name(*info.checksum_kind);
  return index.run(kInsert, bucket, info.key, info.id, nanos_since_epoch(info.started), algorithm,
                   static_cast<int>(info.checksum_type), blob_of(row.headers), blob_of(row.tags));
}

Result<std::optional<UploadRow>> find_upload(sql::Database& index, std::int64_t bucket, std::string_view key,
                                             std::string_view id) {
  const auto read = [&](const sql::Statement& row) -> Result<UploadRow> {
    std::optional<Pairs> headers = unpack_pairs(row.column_blob(5)), tags = unpack_pairs(row.column_blob(6));
    if (!headers || !tags)
      return Error{ErrorCode::kCorrupt, "the index's row of upload " + std::string(id) + " is damaged"};
    return UploadRow{info_of(row), *std::move(headers), *std::move(tags)};
  };
  return index.first(kFind, read, bucket, key, id);
}

Result<Done> delete_upload(sql::Database& index, std::int64_t bucket, std::string_view key, std::string_view id) {
  Result<Done> deleted = index.run(kDelete, bucket, key, id);
  if (!deleted) return deleted;
  return index.run(kDeleteParts, id);
}

Result<UploadPage> list_upload_rows(sql::Database& index, std::int64_t bucket, const UploadQuery& query) {
  UploadPage page;
  if (query.max_uploads <= 0) return page;
  Result<sql::Statement> list = index.prepare(kList);
  if (!list) return std::move(list).error();
  std::string key = query.key_marker;
  std::string id(query.upload_id_marker.empty() ? kAboveAllIds : std::string_view(query.upload_id_marker));
  if (key.empty()) id.clear();
  const auto group_of = [&](std::string_view text) {
    const std::size_t at =
        query.delimiter.empty() ? std::string_view::npos : text.find(query.delimiter, query.prefix.size());
    return at == std::string_view::npos ? std::string() : std::string(text.substr(0, at + query.delimiter.size()));
  };
  if (key.starts_with(query.prefix) && !key.empty() && group_of(key) == key) {
    key = after_all_with(key);
    if (key.empty()) return page;
    id.clear();
  }
  list->bind(1, bucket).bind(2, key).bind(3, id).bind(4, query.prefix);
  for (int count = 0;; ++count) {
    Result<bool> row = list->step();
    if (!row) return std::move(row).error();
    if (!*row || !list->column_text(0).starts_with(query.prefix)) return page;
    if (count == query.max_uploads) {
      page.truncated = true;
      return page;
    }
    std::string group = group_of(list->column_text(0));
    if (group.empty()) {
      page.uploads.push_back(info_of(*list));
      page.next_key_marker = page.uploads.back().key;
      page.next_upload_id_marker = page.uploads.back().id;
      continue;
    }
    page.next_key_marker = group;
    page.next_upload_id_marker.clear();
    key = after_all_with(group);
    page.groups.push_back(std::move(group));
    if (key.empty()) return page;
    list->reset().bind(2, key).bind(3, "");
  }
}

Result<std::vector<PartRow>> read_parts(sql::Database& index, const UploadInfo& upload, int after, int most) {
  const auto read = [&](const sql::Statement& found) {
    PartRow row;
    row.info.number = static_cast<int>(found.column_int64(0));
    row.info.size_bytes = static_cast<std::uint64_t>(found.column_int64(1));
    row.info.modified = Instant(nanoseconds(found.column_int64(2)));
    row.info.etag = found.column_text(3);
    if (upload.checksum_kind && !found.column_is_null(4))
      row.info.checksum =
          StoredChecksum{*upload.checksum_kind, ChecksumType::kFullObject, std::string(found.column_text(4))};
    row.generation = static_cast<std::uint64_t>(found.column_int64(5));
    return row;
  };
  return index.all(kReadParts, read, upload.id, after, most);
}

Result<std::optional<PartRow>> find_part(sql::Database& index, const UploadInfo& upload, int number) {
  Result<std::vector<PartRow>> found = read_parts(index, upload, number - 1, 1);
  if (!found) return std::move(found).error();
  if (found->empty() || found->front().info.number != number) return std::optional<PartRow>();
  return std::optional(std::move(found->front()));
}

Result<Done> write_part(sql::Database& index, std::string_view upload_id, const PartRow& row) {
  std::optional<std::string> checksum;
  if (row.info.checksum) checksum = row.info.checksum->text;
  return index.run(kWritePart, upload_id, row.info.number, row.info.size_bytes, nanos_since_epoch(row.info.modified),
                   row.info.etag, checksum, row.generation);
}

Result<bool> has_part_of_generation(sql::Database& index, std::uint64_t generation) {
  return index.has(kHasPart, generation);
}

}  // namespace chiliad::store
