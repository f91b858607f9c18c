// Groups and streams; log_events.cc has the blocks.

#include "watch/log_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace chiliad::watch {
namespace {

using sql::Query;
using sql::Statement;

constexpr std::string_view kMigrations[] = {R"(
CREATE TABLE log_group (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  retention_days INTEGER
) STRICT;
CREATE TABLE log_stream (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  created INTEGER NOT NULL,
  first_time INTEGER,
  last_time INTEGER,
  last_ingested INTEGER,
  bytes INTEGER NOT NULL DEFAULT 0,
  next_event INTEGER NOT NULL DEFAULT 0,
  dropped_events INTEGER NOT NULL DEFAULT 0,
  dropped_bytes INTEGER NOT NULL DEFAULT 0,
  UNIQUE (group_id, name)
) STRICT;
CREATE INDEX log_stream_by_last_event ON log_stream (group_id, ifnull(last_time, 0), id);
CREATE INDEX log_stream_by_first_event ON log_stream (group_id, ifnull(first_time, ifnull(last_ingested, created)));
CREATE INDEX log_stream_by_news ON log_stream (last_ingested) WHERE bytes > 0;
CREATE TABLE log_block (
  id INTEGER PRIMARY KEY,
  stream_id INTEGER NOT NULL,
  first_event INTEGER NOT NULL,
  events INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  lines BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_block_by_event ON log_block (stream_id, first_event, events, first_time, last_time, bytes);
)",
                                            R"(
CREATE TABLE log_tag (
  group_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (group_id, name)
) STRICT, WITHOUT ROWID;
)"};

// Adding up a group's streams takes a look at each of them: only for listings that show it.
#define CHILIAD_LOG_GROUP "SELECT id, name, created, retention_days, 0 FROM log_group "
#define CHILIAD_LOG_GROUP_BYTES                                                                               \
  "SELECT id, name, created, retention_days, (SELECT ifnull(sum(bytes), 0) FROM log_stream WHERE group_id = " \
  "log_group.id) FROM log_group "
#define CHILIAD_LOG_STREAM                                                                                        \
  "SELECT id, group_id, name, created, first_time, last_time, last_ingested, bytes, next_event, dropped_events, " \
  "dropped_bytes FROM log_stream "

constexpr Query kFindGroup = {"find a log group", CHILIAD_LOG_GROUP "WHERE name = ?1"};
constexpr Query kAddGroup = {"add a log group",
                             "INSERT INTO log_group (name, created, retention_days) VALUES (?1, ?2, ?3)"};
constexpr Query kRemoveGroup = {"remove a log group", "DELETE FROM log_group WHERE id = ?1"};
constexpr Query kRemoveStreamsOfGroup = {"remove a group's streams", "DELETE FROM log_stream WHERE group_id = ?1"};
constexpr Query kRemoveBlocksOfGroup = {
    "remove a group's lines",
    "DELETE FROM log_block WHERE stream_id IN (SELECT id FROM log_stream WHERE group_id = ?1)"};
constexpr Query kSetRetention = {"set a log group's retention",
                                 "UPDATE log_group SET retention_days = ?2 WHERE id = ?1"};
constexpr Query kTags = {"read a log group's tags",
                         "SELECT name, value FROM log_tag WHERE group_id = ?1 ORDER BY name"};
constexpr Query kSetTag = {"tag a log group",
                           "INSERT OR REPLACE INTO log_tag (group_id, name, value) VALUES (?1, ?2, ?3)"};
constexpr Query kRemoveTag = {"untag a log group", "DELETE FROM log_tag WHERE group_id = ?1 AND name = ?2"};
constexpr Query kRemoveTags = {"untag a log group", "DELETE FROM log_tag WHERE group_id = ?1"};
// Ranges of names have one bound at each end, so that the index is all that is read: see NameRange.
constexpr Query kListGroups = {"list log groups", CHILIAD_LOG_GROUP_BYTES
                               "WHERE name >= ?1 AND name < ?2 AND (?3 = '' OR instr(lower(name), lower(?3)) > 0) "
                               "ORDER BY name LIMIT ?4"};
constexpr Query kAllGroups = {"list log groups", CHILIAD_LOG_GROUP "ORDER BY name"};

constexpr Query kFindStream = {"find a log stream", CHILIAD_LOG_STREAM "WHERE group_id = ?1 AND name = ?2"};
constexpr Query kFindStreamById = {"find a log stream", CHILIAD_LOG_STREAM "WHERE id = ?1"};
constexpr Query kAddStream = {"add a log stream",
                              "INSERT INTO log_stream (group_id, name, created) VALUES (?1, ?2, ?3)"};
constexpr Query kRemoveStream = {"remove a log stream", "DELETE FROM log_stream WHERE id = ?1"};
constexpr Query kRemoveBlocks = {"remove a stream's lines", "DELETE FROM log_block WHERE stream_id = ?1"};

constexpr Query kStreamsByName = {
    "list log streams", CHILIAD_LOG_STREAM "WHERE group_id = ?1 AND name >= ?2 AND name < ?3 ORDER BY name LIMIT ?4"};
constexpr Query kStreamsByNameDown = {"list log streams", CHILIAD_LOG_STREAM
                                      "WHERE group_id = ?1 AND name >= ?2 AND name < ?3 ORDER BY name DESC LIMIT ?4"};
constexpr Query kStreamsByTime = {"list log streams", CHILIAD_LOG_STREAM
                                  "WHERE group_id = ?1 AND (ifnull(last_time, 0), id) > (?2, ?3) ORDER BY "
                                  "ifnull(last_time, 0), id LIMIT ?4"};
constexpr Query kStreamsByTimeDown = {"list log streams", CHILIAD_LOG_STREAM
                                      "WHERE group_id = ?1 AND (ifnull(last_time, 0), id) < (?2, ?3) ORDER BY "
                                      "ifnull(last_time, 0) DESC, id DESC LIMIT ?4"};
constexpr Query kStreamsOfWindow = {"list log streams", CHILIAD_LOG_STREAM
                                    "WHERE group_id = ?1 AND name >= ?2 AND name < ?3 AND last_time >= ?4 AND "
                                    "first_time < ?5 ORDER BY name LIMIT ?6"};
constexpr Query kStreamsBefore = {"find streams to expire", CHILIAD_LOG_STREAM
                                  "WHERE group_id = ?1 AND ifnull(first_time, ifnull(last_ingested, created)) < ?2 "
                                  "LIMIT ?3"};
constexpr Query kStalestStreams = {"find the stalest streams",
                                   CHILIAD_LOG_STREAM "WHERE bytes > 0 ORDER BY last_ingested LIMIT ?1"};
constexpr Query kTotals = {"count log streams", "SELECT ifnull(sum(bytes), 0), count(*) FROM log_stream"};
constexpr Query kUpdateStream = {
    "update a log stream",
    "UPDATE log_stream SET first_time = ?2, last_time = ?3, last_ingested = ?4, bytes = ?5, next_event = ?6, "
    "dropped_events = ?7, dropped_bytes = ?8 WHERE id = ?1"};

#undef CHILIAD_LOG_GROUP
#undef CHILIAD_LOG_GROUP_BYTES
#undef CHILIAD_LOG_STREAM

Milliseconds time_column(const Statement& row, int column) {
  return Milliseconds(std::chrono::milliseconds(row.column_int64(column)));
}
std::optional<Milliseconds> optional_time(const Statement& row, int column) {
  if (row.column_is_null(column)) return std::nullopt;
  return time_column(row, column);
}
std::int64_t number(Milliseconds time) { return time.time_since_epoch().count(); }
std::optional<std::int64_t> number(const std::optional<Milliseconds>& time) {
  return time ? std::optional(number(*time)) : std::nullopt;
}

// first <= name < end: the names that start with `prefix`, those behind `after` or, downwards, before it.
struct NameRange {
  NameRange(std::string_view prefix, std::string_view after, bool descending) : first(prefix), end(prefix_end(prefix)) {
    if (end.empty()) end.assign(8, '\xFF');  // Behind every text.
    if (after.empty()) return;
    if (descending) {
      end = std::min(end, std::string(after));
    } else {
      first = std::max(first, std::string(after) + '\0');  // The first text behind it.
    }
  }
  std::string first;
  std::string end;
};

LogGroup group_of(const Statement& row) {
  LogGroup group{row.column_int64(0), std::string(row.column_text(1)), time_column(row, 2), std::nullopt,
                 row.column_int64(4)};
  if (!row.column_is_null(3)) group.retention_days = static_cast<int>(row.column_int64(3));
  return group;
}

LogStream stream_of(const Statement& row) {
  return {row.column_int64(0),   row.column_int64(1),   std::string(row.column_text(2)),
          time_column(row, 3),   optional_time(row, 4), optional_time(row, 5),
          optional_time(row, 6), row.column_int64(7),   row.column_int64(8),
          row.column_int64(9),   row.column_int64(10)};
}

template <class T>
Result<T> there(Result<std::optional<T>> found, std::string_view what) {
  if (!found) return std::move(found).error();
  if (!*found) return Error{ErrorCode::kNotFound, fmt::format("The specified log {} does not exist.", what)};
  return **std::move(found);
}

}  // namespace

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

Result<LogTables> LogTables::open(const std::filesystem::path& file, bool read_only) {
  Result<sql::Database> database = sql::Database::open(file, kMigrations, {.read_only = read_only});
  if (!database) return std::move(database).error();
  return LogTables(std::move(database).operator*());
}

Result<LogGroup> LogTables::find_group(std::string_view name) {
  return there(database_.first(kFindGroup, group_of, name), "group");
}

Result<std::int64_t> LogTables::add_group(std::string_view name, std::optional<int> retention_days, Milliseconds now) {
  Result<Done> added = database_.run(kAddGroup, name, number(now), retention_days);
  if (!added) return std::move(added).error();
  return database_.last_insert_id();
}

Result<Done> LogTables::remove_group(std::int64_t id) {
  for (const Query& query : {kRemoveBlocksOfGroup, kRemoveStreamsOfGroup, kRemoveTags, kRemoveGroup}) {
    Result<Done> removed = database_.run(query, id);
    if (!removed) return removed;
  }
  return Done{};
}

Result<Done> LogTables::set_retention(std::int64_t id, std::optional<int> days) {
  return database_.run(kSetRetention, id, days);
}

Result<LogTags> LogTables::tags(std::int64_t group_id) {
  LogTags tags;
  Result<Done> read = database_.each(
      kTags, [&](const Statement& row) { tags.emplace(row.column_text(0), row.column_text(1)); }, group_id);
  if (!read) return std::move(read).error();
  return tags;
}

Result<Done> LogTables::set_tags(std::int64_t group_id, const LogTags& tags) {
  for (const auto& [name, value] : tags) {
    Result<Done> set = database_.run(kSetTag, group_id, name, value);
    if (!set) return set;
  }
  return Done{};
}

Result<Done> LogTables::remove_tags(std::int64_t group_id, std::span<const std::string> names) {
  for (const std::string& name : names) {
    Result<Done> removed = database_.run(kRemoveTag, group_id, name);
    if (!removed) return removed;
  }
  return Done{};
}

Result<std::vector<LogGroup>> LogTables::list_groups(std::string_view prefix, std::string_view pattern,
                                                     std::string_view after, std::size_t limit) {
  const NameRange range(prefix, after, false);
  return database_.all(kListGroups, group_of, range.first, range.end, pattern, limit);
}

Result<std::vector<LogGroup>> LogTables::all_groups() { return database_.all(kAllGroups, group_of); }

Result<LogStream> LogTables::find_stream(std::int64_t group_id, std::string_view name) {
  return there(database_.first(kFindStream, stream_of, group_id, name), "stream");
}

Result<LogStream> LogTables::find_stream(std::int64_t id) {
  return there(database_.first(kFindStreamById, stream_of, id), "stream");
}

Result<LogStream> LogTables::add_stream(std::int64_t group_id, std::string_view name, Milliseconds now) {
  Result<Done> added = database_.run(kAddStream, group_id, name, number(now));
  if (!added) return std::move(added).error();
  LogStream stream;
  stream.id = database_.last_insert_id();
  stream.group_id = group_id;
  stream.name = name;
  stream.created = now;
  return stream;
}

Result<Done> LogTables::remove_stream(std::int64_t id) {
  Result<Done> removed = database_.run(kRemoveBlocks, id);
  return removed ? database_.run(kRemoveStream, id) : removed;
}

Result<std::vector<LogStream>> LogTables::list_streams(std::int64_t group_id, std::string_view prefix,
                                                       StreamOrder order, bool descending,
                                                       const std::optional<StreamPosition>& after, std::size_t limit) {
  if (order == StreamOrder::kLastEvent) {
    const std::int64_t edge = descending ? INT64_MAX : INT64_MIN;
    return database_.all(descending ? kStreamsByTimeDown : kStreamsByTime, stream_of, group_id,
                         after ? after->last_time : edge, after ? after->id : edge, limit);
  }
  const NameRange range(prefix, after ? std::string_view(after->name) : std::string_view(), descending);
  return database_.all(descending ? kStreamsByNameDown : kStreamsByName, stream_of, group_id, range.first, range.end,
                       limit);
}

Result<std::vector<LogStream>> LogTables::streams_of_window(std::int64_t group_id, std::string_view prefix,
                                                            std::string_view after, const LogWindow& window,
                                                            std::size_t limit) {
  const NameRange range(prefix, after, false);
  return database_.all(kStreamsOfWindow, stream_of, group_id, range.first, range.end, number(window.start),
                       number(window.end), limit);
}

Result<std::vector<LogStream>> LogTables::streams_before(std::int64_t group_id, Milliseconds before,
                                                         std::size_t limit) {
  return database_.all(kStreamsBefore, stream_of, group_id, number(before), limit);
}

Result<std::vector<LogStream>> LogTables::stalest_streams(std::size_t limit) {
  return database_.all(kStalestStreams, stream_of, limit);
}

Result<LogTables::Totals> LogTables::totals() {
  const auto read = [](const Statement& row) { return Totals{row.column_int64(0), row.column_int64(1)}; };
  Result<std::optional<Totals>> count = database_.first(kTotals, read);
  if (!count) return std::move(count).error();
  return count->value_or(Totals{});
}

Result<Done> LogTables::update(const LogStream& stream) {
  return database_.run(kUpdateStream, stream.id, number(stream.first_time), number(stream.last_time),
                       number(stream.last_ingested), stream.bytes, stream.next_event, stream.dropped_events,
                       stream.dropped_bytes);
}

}  // namespace chiliad::watch
