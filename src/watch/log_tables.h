// LogTables: groups, streams and blocks of lines in one SQLite file.
//
//   log_group   name, when made, how many days its lines are kept
//   log_stream  name in its group, times of first and last event, bytes, the number of the next event
//   log_block   lines of a stream from event number `first_event` on (watch/log_block.h)
//
// The events of a stream are numbered from 0 in the order in which they came, which is the order in which they are
// read; a number never changes and is never used again. What was removed is a first part of the numbers.
//
// Errors are those of sql::Database; kNotFound and kConflict where a function says so.
//
// Thread safety: one thread at a time. A second object on the same file may read while one writes.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/database.h"
#include "watch/log_sink.h"

namespace chiliad::watch {

struct LogGroup {
  std::int64_t id = 0;
  std::string name;
  Milliseconds created{};
  std::optional<int> retention_days;  // None: the installation's own.
  std::int64_t bytes = 0;             // Of its streams; only list_groups() adds them up.
};

struct LogStream {
  std::int64_t id = 0;
  std::int64_t group_id = 0;
  std::string name;
  Milliseconds created{};
  std::optional<Milliseconds> first_time;  // Of the events that are there.
  std::optional<Milliseconds> last_time;
  std::optional<Milliseconds> last_ingested;
  std::int64_t bytes = 0;
  std::int64_t next_event = 0;
  std::int64_t dropped_events = 0;  // For want of room; not by age.
  std::int64_t dropped_bytes = 0;
};

// Lines on their way to the disk.
struct LogBlock {
  std::int64_t first_event = 0;
  std::int64_t events = 0;
  Milliseconds first_time = Milliseconds::max();
  Milliseconds last_time = Milliseconds::min();
  std::string bytes;
};

struct LogEvent {
  std::int64_t number = 0;
  Milliseconds time{};
  Milliseconds ingested{};
  std::string text;
};

// Which events of a stream: start <= time < end.
struct LogWindow {
  Milliseconds start = Milliseconds::min();
  Milliseconds end = Milliseconds::max();
  std::size_t max_events = 10'000;
  std::size_t max_bytes =
      std::size_t{1} << 20;  // Of texts, 26 more for each event; one event is given whatever its size.
};

// Events in their order, and the numbers before and behind what was looked at.
struct LogPage {
  std::vector<LogEvent> events;
  std::int64_t first = 0;  // The first event looked at: go on backwards from here.
  std::int64_t next = 0;   // Go on forwards from here.
};

using LogTags = std::map<std::string, std::string>;

enum class StreamOrder : std::uint8_t { kName, kLastEvent };

// Where a listing goes on: behind this stream.
struct StreamPosition {
  std::string name;
  std::int64_t last_time = 0;  // For kLastEvent; then `id` breaks ties.
  std::int64_t id = 0;
};

class LogTables {
 public:
  static Result<LogTables> open(const std::filesystem::path& file, bool read_only);

  template <class Body>
  auto transaction(Body&& body) -> decltype(body()) {
    return database_.transaction(std::forward<Body>(body));
  }

  // Errors: kNotFound.
  Result<LogGroup> find_group(std::string_view name);
  // Errors: kConflict: it exists.
  Result<std::int64_t> add_group(std::string_view name, std::optional<int> retention_days, Milliseconds now);
  Result<Done> remove_group(std::int64_t id);
  Result<Done> set_retention(std::int64_t id, std::optional<int> days);
  Result<LogTags> tags(std::int64_t group_id);
  // Adds or replaces. Requires: a transaction, as does remove_tags().
  Result<Done> set_tags(std::int64_t group_id, const LogTags& tags);
  Result<Done> remove_tags(std::int64_t group_id, std::span<const std::string> names);
  // Sorted by name, those behind `after` whose names start with `prefix` and contain `pattern`.
  Result<std::vector<LogGroup>> list_groups(std::string_view prefix, std::string_view pattern, std::string_view after,
                                            std::size_t limit);
  Result<std::vector<LogGroup>> all_groups();

  // Errors: kNotFound.
  Result<LogStream> find_stream(std::int64_t group_id, std::string_view name);
  Result<LogStream> find_stream(std::int64_t id);
  // Errors: kConflict: it exists.
  Result<LogStream> add_stream(std::int64_t group_id, std::string_view name, Milliseconds now);
  Result<Done> remove_stream(std::int64_t id);
  Result<std::vector<LogStream>> list_streams(std::int64_t group_id, std::string_view prefix, StreamOrder order,
                                              bool descending, const std::optional<StreamPosition>& after,
                                              std::size_t limit);
  // Sorted by name, behind `after`: those that hold an event of the window, as far as their first and last tell.
  Result<std::vector<LogStream>> streams_of_window(std::int64_t group_id, std::string_view prefix,
                                                   std::string_view after, const LogWindow& window, std::size_t limit);

  // Adds blocks behind what the stream has (their first_event is set here); joins small ones. Requires: a transaction.
  Result<Done> add_blocks(LogStream& stream, std::vector<LogBlock>& blocks, Milliseconds now);
  // Removes oldest blocks until `stream` has at most `bytes`; `drop` counts them as dropped.
  Result<Done> shrink(LogStream& stream, std::int64_t bytes, bool drop);
  // Removes the blocks whose events are all older than `before`.
  Result<Done> expire(LogStream& stream, Milliseconds before);
  // Streams with events before that time, or empty and without news since.
  Result<std::vector<LogStream>> streams_before(std::int64_t group_id, Milliseconds before, std::size_t limit);
  // The streams whose last lines came the longest ago, of those that hold any.
  Result<std::vector<LogStream>> stalest_streams(std::size_t limit);

  struct Totals {
    std::int64_t bytes = 0;
    std::int64_t streams = 0;
  };
  Result<Totals> totals();

  // Events from number `from` on, as many as the window takes. A first event tells of those that were dropped.
  Result<LogPage> read_forward(const LogStream& stream, std::int64_t from, const LogWindow& window);
  // The last events before number `before`.
  Result<LogPage> read_backward(const LogStream& stream, std::int64_t before, const LogWindow& window);

 private:
  explicit LogTables(sql::Database database) : database_(std::move(database)) {}
  Result<Done> update(const LogStream& stream);
  Result<Done> remove_blocks_before(LogStream& stream, std::int64_t first_event);
  Result<bool> join_last_block(const LogStream& stream, const LogBlock& block);

  sql::Database database_;
};

// first <= name < prefix_end(first) holds for the names that start with it; empty: no such end.
std::string prefix_end(std::string_view prefix);

}  // namespace chiliad::watch
