// A page of a list: the index's rows in the order of their keys, from the first that may be on it. With a delimiter, a
// group's other keys are not read: the next row is looked for behind the last string that starts with the group.

#include <algorithm>

#include "store/bucket_index.h"
#include "store/folder_walk.h"

namespace chiliad::store {
namespace {

constexpr sql::Query kList = {"list objects",
                              "SELECT key, size_bytes, modified_ns, etag, checksum_algorithm, checksum_type, "
                              "part_count FROM object WHERE bucket = ?1 "
                              "AND key >= ?2 ORDER BY key"};

constexpr sql::Query kPlaces = {"list the places of objects",
                                "SELECT key, place FROM object WHERE bucket = ?1 AND key > ?2 ORDER BY key LIMIT ?3"};

ObjectMeta meta_of(const sql::Statement& row) {
  ObjectMeta meta;
  meta.key = row.column_text(0);
  meta.size_bytes = static_cast<std::uint64_t>(row.column_int64(1));
  meta.modified = Instant(std::chrono::nanoseconds(row.column_int64(2)));
  meta.etag = row.column_text(3);
  if (const std::optional<ChecksumKind> kind = checksum_kind(row.column_text(4)))
    meta.checksum =
        StoredChecksum{*kind, row.column_int64(5) == 0 ? ChecksumType::kFullObject : ChecksumType::kComposite, ""};
  meta.part_count = static_cast<int>(row.column_int64(6));
  return meta;
}

// The end of the group that `key` belongs to; npos if to none.
std::size_t group_end(std::string_view key, const ObjectQuery& query) {
  if (query.delimiter.empty() || key.size() < query.prefix.size()) return std::string_view::npos;
  const std::size_t at = key.find(query.delimiter, query.prefix.size());
  return at == std::string_view::npos ? at : at + query.delimiter.size();
}

// The least key that may be on the page; empty with *none set if there can be none.
std::string first_key(const ObjectQuery& query, bool* none) {
  if (query.after.empty() || query.after < query.prefix) return query.prefix;
  // `after` names a whole group: all its keys are done with.
  if (query.after.starts_with(query.prefix) && group_end(query.after, query) == query.after.size()) {
    std::string bound = after_all_with(query.after);
    *none = bound.empty();
    return bound;
  }
  return query.after + '\0';
}

}  // namespace

Result<std::vector<KeyAndPlace>> list_places(sql::Database& index, std::int64_t bucket, std::string_view after,
                                             int most) {
  const auto read = [](const sql::Statement& row) {
    return KeyAndPlace{std::string(row.column_text(0)), row.column_int64(1) == 0 ? Place::kPlain : Place::kEscaped};
  };
  return index.all(kPlaces, read, bucket, after, most);
}

Result<ObjectPage> list_objects(sql::Database& index, std::int64_t bucket, const ObjectQuery& query) {
  ObjectPage page;
  bool none = query.max_keys <= 0;
  std::string bound = first_key(query, &none);
  if (none) return page;
  Result<sql::Statement> list = index.prepare(kList);
  if (!list) return std::move(list).error();
  list->bind(1, bucket).bind(2, bound);
  std::string last;
  for (int count = 0;; ++count) {
    Result<bool> row = list->step();
    if (!row) return std::move(row).error();
    if (!*row || !list->column_text(0).starts_with(query.prefix)) return page;
    if (count == query.max_keys) {
      page.after = std::move(last);
      return page;
    }
    const std::string_view key = list->column_text(0);
    const std::size_t end = group_end(key, query);
    if (end == std::string_view::npos) {
      last = key;
      page.objects.push_back(meta_of(*list));
      continue;
    }
    std::string group(key.substr(0, end));
    bound = after_all_with(group);
    last = group;
    page.groups.push_back(std::move(group));
    if (bound.empty()) return page;
    list->reset().bind(2, bound);
  }
}

}  // namespace chiliad::store
