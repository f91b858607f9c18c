// The blocks of a stream: added, joined, removed, read.

#include <fmt/format.h>

#include <algorithm>

#include "watch/log_block.h"
#include "watch/log_store.h"
#include "watch/log_tables.h"

namespace chiliad::watch {
namespace {

using sql::Query;
using sql::Statement;

// A last block below this size takes further lines in: each of a stream's rare lines then rewrites 4 KiB on the
// average, and a stream of rare lines has 8 KiB blocks.
constexpr std::int64_t kJoinedBytes = 8 << 10;

constexpr Query kAddBlock = {"add lines",
                             "INSERT INTO log_block (stream_id, first_event, events, first_time, last_time, bytes, "
                             "lines) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
constexpr Query kLastBlock = {"find the last lines",
                              "SELECT id, bytes FROM log_block WHERE stream_id = ?1 ORDER BY first_event DESC LIMIT 1"};
constexpr Query kJoinBlock = {
    "add lines",
    "UPDATE log_block SET events = events + ?2, first_time = min(first_time, ?3), last_time = max(last_time, ?4), "
    "bytes = bytes + ?5, lines = CAST(lines || ?6 AS BLOB) WHERE id = ?1"};
constexpr Query kBlocks = {"read a stream's blocks",
                           "SELECT first_event, events, bytes, last_time FROM log_block WHERE stream_id = ?1 ORDER BY "
                           "first_event"};
constexpr Query kRemoveBefore = {"remove old lines", "DELETE FROM log_block WHERE stream_id = ?1 AND first_event < ?2"};
constexpr Query kSumBlocks = {"add up a stream",
                              "SELECT ifnull(sum(bytes), 0), min(first_time), max(last_time) FROM log_block WHERE "
                              "stream_id = ?1"};
constexpr Query kFirstBlock = {"find the first lines",
                               "SELECT first_event, first_time FROM log_block WHERE stream_id = ?1 ORDER BY "
                               "first_event LIMIT 1"};
constexpr Query kForward = {
    "read lines",
    "SELECT b.first_event, b.events, b.first_time, b.lines FROM log_block AS b WHERE b.stream_id = ?1 AND "
    "b.first_event >= ifnull((SELECT first_event FROM log_block WHERE stream_id = ?1 AND first_event <= ?2 ORDER BY "
    "first_event DESC LIMIT 1), 0) AND b.last_time >= ?3 AND b.first_time < ?4 ORDER BY b.first_event"};
constexpr Query kBackward = {
    "read lines",
    "SELECT first_event, events, first_time, lines FROM log_block WHERE stream_id = ?1 AND first_event < ?2 AND "
    "last_time >= ?3 AND first_time < ?4 ORDER BY first_event DESC"};

std::int64_t number(Milliseconds time) { return time.time_since_epoch().count(); }
Milliseconds time_column(const Statement& row, int column) {
  return Milliseconds(std::chrono::milliseconds(row.column_int64(column)));
}

// The events of a row; of a damaged one a single event that says so.
std::vector<LogEvent> events_of(const Statement& row) {
  const std::int64_t first = row.column_int64(0);
  std::vector<LogEvent> events;
  const Result<std::vector<StoredEvent>> stored = read_log_block(row.column_blob(3));
  if (!stored || static_cast<std::int64_t>(stored->size()) != row.column_int64(1)) {
    const Milliseconds when = time_column(row, 2);
    events.push_back({first, when, when,
                      fmt::format("[chiliad] {} lines are missing here: their block is damaged ({})",
                                  row.column_int64(1), stored ? "its count is wrong" : stored.error().message)});
    return events;
  }
  events.reserve(stored->size());
  for (const StoredEvent& event : *stored) {
    events.push_back(
        {first + static_cast<std::int64_t>(events.size()), event.time, event.ingested, std::string(event.text)});
  }
  return events;
}

// Collects events until the window is full.
class Collector {
 public:
  Collector(LogPage& page, const LogWindow& window) : page_(page), window_(window) {}

  bool wanted(Milliseconds time) const { return time >= window_.start && time < window_.end; }
  // False: it does not fit any more.
  bool add(LogEvent&& event) {
    const std::size_t cost = event.text.size() + kEventOverhead;
    if (page_.events.size() >= window_.max_events) return false;
    if (!page_.events.empty() && bytes_ + cost > window_.max_bytes) return false;
    bytes_ += cost;
    page_.events.push_back(std::move(event));
    return true;
  }

 private:
  LogPage& page_;
  const LogWindow& window_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<bool> LogTables::join_last_block(const LogStream& stream, const LogBlock& block) {
  if (static_cast<std::int64_t>(block.bytes.size()) >= kJoinedBytes || stream.bytes == 0) return false;
  using IdAndBytes = std::pair<std::int64_t, std::int64_t>;
  const auto read = [](const Statement& row) { return IdAndBytes{row.column_int64(0), row.column_int64(1)}; };
  const Result<std::optional<IdAndBytes>> last = database_.first(kLastBlock, read, stream.id);
  if (!last) return last.error();
  if (!*last || (*last)->second + static_cast<std::int64_t>(block.bytes.size()) > kJoinedBytes) return false;
  Result<Done> joined = database_.run(kJoinBlock, (*last)->first, block.events, number(block.first_time),
                                      number(block.last_time), block.bytes.size(), sql::Blob{block.bytes});
  if (!joined) return std::move(joined).error();
  return true;
}

Result<Done> LogTables::add_blocks(LogStream& stream, std::vector<LogBlock>& blocks, Milliseconds now) {
  bool first = true;
  for (LogBlock& block : blocks) {
    block.first_event = stream.next_event;
    Result<bool> joined = first ? join_last_block(stream, block) : false;
    if (!joined) return std::move(joined).error();
    first = false;
    if (!*joined) {
      Result<Done> added =
          database_.run(kAddBlock, stream.id, block.first_event, block.events, number(block.first_time),
                        number(block.last_time), block.bytes.size(), sql::Blob{block.bytes});
      if (!added) return added;
    }
    stream.next_event += block.events;
    stream.bytes += static_cast<std::int64_t>(block.bytes.size());
    stream.first_time = std::min(stream.first_time.value_or(block.first_time), block.first_time);
    stream.last_time = std::max(stream.last_time.value_or(block.last_time), block.last_time);
  }
  stream.last_ingested = now;
  return update(stream);
}

Result<Done> LogTables::remove_blocks_before(LogStream& stream, std::int64_t first_event) {
  Result<Done> removed = database_.run(kRemoveBefore, stream.id, first_event);
  if (!removed) return removed;
  Result<Done> summed = database_.each(
      kSumBlocks,
      [&](const Statement& sum) {
        stream.bytes = sum.column_int64(0);
        stream.first_time.reset();
        if (!sum.column_is_null(1)) stream.first_time = time_column(sum, 1);
      },
      stream.id);
  return summed ? update(stream) : summed;
}

Result<Done> LogTables::shrink(LogStream& stream, std::int64_t bytes, bool drop) {
  std::int64_t left = stream.bytes;
  std::int64_t keep_from = -1;
  Result<Done> looked = database_.each(
      kBlocks,
      [&](const Statement& block) {
        if (left <= bytes) return false;
        left -= block.column_int64(2);
        keep_from = block.column_int64(0) + block.column_int64(1);
        if (drop) {
          stream.dropped_events += block.column_int64(1);
          stream.dropped_bytes += block.column_int64(2);
        }
        return true;
      },
      stream.id);
  return !looked || keep_from < 0 ? looked : remove_blocks_before(stream, keep_from);
}

Result<Done> LogTables::expire(LogStream& stream, Milliseconds before) {
  std::int64_t keep_from = -1;
  Result<Done> looked = database_.each(
      kBlocks,
      [&](const Statement& block) {
        if (time_column(block, 3) >= before) return false;
        keep_from = block.column_int64(0) + block.column_int64(1);
        return true;
      },
      stream.id);
  return !looked || keep_from < 0 ? looked : remove_blocks_before(stream, keep_from);
}

Result<LogPage> LogTables::read_forward(const LogStream& stream, std::int64_t from, const LogWindow& window) {
  LogPage page;
  page.first = std::max<std::int64_t>(from, 0);
  page.next = std::max(page.first, stream.next_event);
  Collector collector(page, window);
  if (stream.dropped_events > 0) {
    Result<Done> looked = database_.each(
        kFirstBlock,
        [&](const Statement& first) {
          if (page.first >= first.column_int64(0)) return;
          const Milliseconds when = time_column(first, 1);
          page.first = first.column_int64(0) - 1;
          if (!collector.wanted(when)) return;
          collector.add({page.first, when, when,
                         fmt::format("[chiliad] {} earlier lines ({} bytes) of this stream were dropped to make room",
                                     stream.dropped_events, stream.dropped_bytes)});
        },
        stream.id);
    if (!looked) return std::move(looked).error();
  }
  Result<Done> read = database_.each(
      kForward,
      [&](const Statement& block) {
        for (LogEvent& event : events_of(block)) {
          if (event.number < page.first) continue;
          const std::int64_t this_one = event.number;
          if (collector.wanted(event.time) && !collector.add(std::move(event))) {
            page.next = this_one;
            return false;
          }
          page.next = std::max(page.next, this_one + 1);
        }
        return true;
      },
      stream.id, page.first, number(window.start), number(window.end));
  if (!read) return std::move(read).error();
  return page;
}

Result<LogPage> LogTables::read_backward(const LogStream& stream, std::int64_t before, const LogWindow& window) {
  LogPage page;
  page.next = std::clamp<std::int64_t>(before, 0, stream.next_event);
  page.first = page.next;
  Collector collector(page, window);
  Result<Done> read = database_.each(
      kBackward,
      [&](const Statement& block) {
        std::vector<LogEvent> events = events_of(block);
        for (auto event = events.rbegin(); event != events.rend(); ++event) {
          const std::int64_t this_one = event->number;
          if (this_one >= page.next || !collector.wanted(event->time)) continue;
          if (!collector.add(std::move(*event))) return false;
          page.first = this_one;
        }
        return true;
      },
      stream.id, page.next, number(window.start), number(window.end));
  if (!read) return std::move(read).error();
  std::ranges::reverse(page.events);
  return page;
}

}  // namespace chiliad::watch
