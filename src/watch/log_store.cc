// The writer's side: lines gathered in memory, written by one thread in transactions. log_reads.cc has the readers'.
//
// A transaction takes all that is pending. If it fails for want of space or a lock, the lines go back in front of those
// that came since and are tried again; for another reason (a damaged table) they are lost, because trying again would
// keep all later ones from the disk.

#include "watch/log_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/time.h"
#include "watch/log_block.h"
#include "watch/log_store_state.h"

namespace chiliad::watch {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
constexpr std::size_t kEagerBytes = std::size_t{1} << 20;  // Enough company: written without lingering.
constexpr std::size_t kRemembered = 4'096;                 // Streams whose row is kept in memory.
constexpr std::chrono::seconds kExpiryPeriod{60};
constexpr std::size_t kExpiredAtOnce = 200;

bool usable(std::string_view group, std::string_view stream) {
  return !group.empty() && group.size() <= kMaxLogName && !stream.empty() && stream.size() <= kMaxLogName &&
         stream.find_first_of(":*") == std::string_view::npos && group.find('\0') == std::string_view::npos &&
         stream.find('\0') == std::string_view::npos;
}

bool worth_retrying(ErrorCode code) { return code == ErrorCode::kNoSpace || code == ErrorCode::kUnavailable; }

void add_line(PendingStream& into, Milliseconds time, std::string_view text, Milliseconds now) {
  text = text.substr(0, kMaxLineBytes);
  if (into.blocks.empty() || into.blocks.back().bytes.size() + text.size() > kBlockBytes) into.blocks.emplace_back();
  LogBlock& block = into.blocks.back();
  append_log_event(block.bytes, {time, now, text});
  ++block.events;
  block.first_time = std::min(block.first_time, time);
  block.last_time = std::max(block.last_time, time);
}

std::string missing_lines(std::uint64_t lines) {
  return fmt::format("[chiliad] {} lines are missing here: the disk is full or could not keep up", lines);
}

}  // namespace

LogStore::LogStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<LogStore>> LogStore::open(const std::filesystem::path& folder, const Options& options) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return system_error("make", folder, errno);
  const std::filesystem::path file = folder / "logs.db";
  Result<LogTables> writer = LogTables::open(file, false);
  if (!writer) return std::move(writer).error();
  Result<LogTables> reader = LogTables::open(file, true);
  if (!reader) return std::move(reader).error();
  const Result<LogTables::Totals> totals = writer->totals();
  if (!totals) return totals.error();
  auto state = std::make_unique<State>(options, std::move(writer).operator*(), std::move(reader).operator*(), *totals);
  state->thread = std::thread([running = state.get()] { running->run(); });
  return std::unique_ptr<LogStore>(new LogStore(std::move(state)));
}

LogStore::~LogStore() {
  {
    const MutexLock lock(state_->pending_mutex);
    state_->stop = true;
    state_->work.notify_all();
    state_->room.notify_all();
  }
  state_->thread.join();
}

void LogStore::append(std::string_view group, std::string_view stream, std::span<const LogLine> lines) {
  if (!usable(group, stream)) {
    group = "chiliad";
    stream = "invalid";
  }
  state_->append(group, stream, lines);
}

void LogStore::State::append(std::string_view group, std::string_view stream, std::span<const LogLine> lines) {
  const Milliseconds now = now_in_milliseconds();
  const MutexLock lock(pending_mutex);
  const bool idle = pending_bytes == 0;
  lines_taken += lines.size();
  PendingKey key{std::string(group), std::string(stream)};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t cost = std::min(lines[i].text.size(), kMaxLineBytes) + kPendingOverhead;
    if (!has_room(cost) && !wait_for_room(cost)) {
      lose(key, lines.size() - i);
      return;
    }
    PendingStream& into = pending[key];
    if (into.lost > 0) add_line(into, lines[i].time, missing_lines(std::exchange(into.lost, 0)), now);
    add_line(into, lines[i].time, lines[i].text, now);
    pending_bytes += cost;
  }
  if (idle || pending_bytes >= kEagerBytes) work.notify_one();
}

// Lines that are being written count until they are: where that fails they come back, each time with those beside them.
bool LogStore::State::has_room(std::size_t cost) {
  return pending_bytes + writing_bytes + cost <= options.max_pending_bytes;
}

bool LogStore::State::wait_for_room(std::size_t cost) {
  work.notify_one();
  const Deadline deadline = std::chrono::steady_clock::now() + options.full_wait;
  // While the disk refuses lines, waiting would only slow down those who print.
  while (!has_room(cost) && !failing && !stop) {
    if (!room.wait_until(pending_mutex, deadline)) break;
  }
  return has_room(cost);
}

void LogStore::State::lose(const PendingKey& key, std::uint64_t lines) {
  lines_lost += lines;
  // Bounded like the lines: beyond, only the counter tells.
  if (pending.contains(key) || pending.size() < kMaxPendingStreams) pending[key].lost += lines;
}

void LogStore::State::run() {
  Deadline next_expiry = std::chrono::steady_clock::now() + kExpiryPeriod;
  for (;;) {
    bool stopping = false;
    {
      const MutexLock lock(pending_mutex);
      while (pending_bytes == 0 && !stop && std::chrono::steady_clock::now() < next_expiry) {
        work.wait_until(pending_mutex, next_expiry);
      }
      // After a failure the pause is longer, and lines do not cut it short.
      const Deadline until = std::chrono::steady_clock::now() + (failing ? options.retry : options.linger);
      while (!stop && (failing || pending_bytes < kEagerBytes)) {
        if (!work.wait_until(pending_mutex, until)) break;
      }
      stopping = stop;
    }
    {
      const MutexLock lock(writer_mutex);
      (void)commit();  // Counted; tried again.
    }
    if (std::chrono::steady_clock::now() >= next_expiry) {
      (void)expire(now_in_milliseconds());  // Tried again in a minute.
      next_expiry = std::chrono::steady_clock::now() + kExpiryPeriod;
    }
    if (stopping) return;
  }
}

Result<Done> LogStore::State::commit() {
  std::size_t bytes = 0;
  {
    const MutexLock lock(pending_mutex);
    if (pending_bytes == 0) return Done{};
    writing.swap(pending);
    bytes = std::exchange(pending_bytes, 0);
    writing_bytes = bytes;
  }
  Result<Done> written = write(writing);
  const MutexLock lock(pending_mutex);
  failing = !written;
  if (!written) {
    ++failed_writes;
    remembered.clear();
    if (worth_retrying(written.error().code)) {
      put_back();
    } else {
      for (auto& [key, stream] : writing) {
        std::uint64_t lines = 0;
        for (const LogBlock& block : stream.blocks) lines += static_cast<std::uint64_t>(block.events);
        if (lines > 0) lose(key, lines);
      }
    }
  }
  for (const auto& [key, stream] : writing) {
    if (!written || stream.lost == 0) continue;
    const std::string notice = missing_lines(stream.lost);
    add_line(pending[key], now_in_milliseconds(), notice, now_in_milliseconds());
    pending_bytes += notice.size() + kPendingOverhead;
  }
  writing.clear();
  writing_bytes = 0;
  room.notify_all();
  return written;
}

// In front of what came since.
void LogStore::State::put_back() {
  pending_bytes += writing_bytes;
  for (auto& [key, stream] : pending) {
    PendingStream& earlier = writing[key];
    earlier.lost += stream.lost;
    for (LogBlock& block : stream.blocks) earlier.blocks.push_back(std::move(block));
  }
  pending.swap(writing);
}

Result<Done> LogStore::State::write(PendingMap& streams) {
  const Milliseconds now = now_in_milliseconds();
  const LogTables::Totals before = totals;
  Result<Done> done = tables.transaction([&]() -> Result<Done> {
    writer_mutex_held();
    for (auto& [key, lines] : streams) {
      Result<Done> added = write_stream(key, lines, now);
      if (!added) return std::move(added).error().in(fmt::format("log stream {}", key.second));
    }
    return totals.bytes > options.max_bytes ? make_room() : Result<Done>(Done{});
  });
  if (!done) totals = before;
  const MutexLock lock(pending_mutex);
  shown_totals = totals;
  return done;
}

Result<Done> LogStore::State::write_stream(const PendingKey& key, PendingStream& lines, Milliseconds now) {
  if (lines.blocks.empty()) return Done{};
  Result<LogStream> stream = stream_for(key, now);
  if (!stream && stream.error().code == ErrorCode::kTooLarge) {
    const MutexLock lock(pending_mutex);
    for (const LogBlock& block : lines.blocks) lines_lost += static_cast<std::uint64_t>(block.events);
    return Done{};
  }
  if (!stream) return std::move(stream).error();
  const std::int64_t bytes_before = stream->bytes;
  Result<Done> added = tables.add_blocks(*stream, lines.blocks, now);
  if (!added) return added;
  if (stream->bytes > options.max_stream_bytes) {
    // A tenth at once, so that not every line removes one.
    Result<Done> shrunk = tables.shrink(*stream, options.max_stream_bytes / 10 * 9, true);
    if (!shrunk) return shrunk;
  }
  totals.bytes += stream->bytes - bytes_before;
  if (remembered.size() >= kRemembered) remembered.clear();
  remembered[key] = *stream;
  return Done{};
}

Result<LogStream> LogStore::State::stream_for(const PendingKey& key, Milliseconds now) {
  if (const auto found = remembered.find(key); found != remembered.end()) return found->second;
  const Result<LogGroup> group = tables.find_group(key.first);
  if (!group && group.error().code != ErrorCode::kNotFound) return group.error();
  std::int64_t group_id = group ? group->id : 0;
  if (group) {
    Result<LogStream> stream = tables.find_stream(group_id, key.second);
    if (stream || stream.error().code != ErrorCode::kNotFound) return stream;
  }
  if (totals.streams >= options.max_streams) {
    return Error{ErrorCode::kTooLarge, fmt::format("there are {} log streams: no more are kept", totals.streams)};
  }
  if (!group) {
    Result<std::int64_t> made = tables.add_group(key.first, std::nullopt, now);
    if (!made) return std::move(made).error();
    group_id = *made;
  }
  Result<LogStream> stream = tables.add_stream(group_id, key.second, now);
  if (stream) ++totals.streams;
  return stream;
}

Result<Done> LogStore::State::make_room() {
  const std::int64_t wanted = options.max_bytes / 20 * 19;
  while (totals.bytes > wanted) {
    Result<std::vector<LogStream>> stalest = tables.stalest_streams(100);
    if (!stalest) return std::move(stalest).error();
    if (stalest->empty()) break;
    for (LogStream& stream : *stalest) {
      if (totals.bytes <= wanted) break;
      const std::int64_t bytes_before = stream.bytes;
      Result<Done> shrunk =
          tables.shrink(stream, std::max<std::int64_t>(0, bytes_before - (totals.bytes - wanted)), true);
      if (!shrunk) return shrunk;
      totals.bytes += stream.bytes - bytes_before;
    }
  }
  remembered.clear();
  return Done{};
}

Result<Done> LogStore::State::expire(Milliseconds now) {
  const MutexLock writer_lock(writer_mutex);
  Result<std::vector<LogGroup>> groups = tables.all_groups();
  if (!groups) return std::move(groups).error();
  remembered.clear();
  for (const LogGroup& group : *groups) {
    const int days = group.retention_days.value_or(options.retention_days);
    const Milliseconds before = now - std::chrono::days(days);
    Result<Done> done = expire_group(group.id, before);
    if (!done) return std::move(done).error().in(fmt::format("log group {}", group.name));
  }
  const Result<LogTables::Totals> counted = tables.totals();
  if (!counted) return counted.error();
  totals = *counted;
  const MutexLock lock(pending_mutex);
  shown_totals = totals;
  return Done{};
}

Result<Done> LogStore::State::expire_group(std::int64_t group_id, Milliseconds before) {
  for (std::size_t rounds = 0; rounds < 100; ++rounds) {
    bool progress = false;
    std::size_t seen = 0;
    Result<Done> done = tables.transaction([&]() -> Result<Done> {
      writer_mutex_held();
      Result<std::vector<LogStream>> streams = tables.streams_before(group_id, before, kExpiredAtOnce);
      if (!streams) return std::move(streams).error();
      seen = streams->size();
      for (LogStream& stream : *streams) {
        const std::int64_t bytes_before = stream.bytes;
        Result<Done> expired = tables.expire(stream, before);
        if (expired && stream.bytes == 0 && stream.last_ingested.value_or(stream.created) < before) {
          expired = tables.remove_stream(stream.id);
          progress = true;
        }
        if (!expired) return expired;
        progress = progress || stream.bytes < bytes_before;
      }
      return Done{};
    });
    if (!done) return done;
    if (seen < kExpiredAtOnce || !progress) break;
  }
  return Done{};
}

Result<Done> LogStore::put(std::string_view group, std::string_view stream, std::span<const LogLine> lines) {
  const Milliseconds now = now_in_milliseconds();
  PendingMap one;
  PendingStream& into = one[{std::string(group), std::string(stream)}];
  for (const LogLine& line : lines) add_line(into, line.time, line.text, now);
  const MutexLock lock(state_->writer_mutex);
  const Result<LogGroup> found = state_->tables.find_group(group);
  if (!found) return found.error();
  const Result<LogStream> existing = state_->tables.find_stream(found->id, stream);
  if (!existing) return existing.error();
  Result<Done> earlier = state_->commit();
  if (!earlier) return earlier;
  Result<Done> written = state_->write(one);
  if (!written) state_->remembered.clear();
  if (written) {
    const MutexLock counting(state_->pending_mutex);
    state_->lines_taken += lines.size();
  }
  return written;
}

Result<Done> LogStore::flush() {
  const MutexLock lock(state_->writer_mutex);
  return state_->commit();
}

Result<Done> LogStore::expire(Milliseconds now) { return state_->expire(now); }

LogStore::Counters LogStore::counters() const {
  const MutexLock lock(state_->pending_mutex);
  return {state_->lines_taken, state_->lines_lost, state_->failed_writes, state_->shown_totals.bytes,
          state_->shown_totals.streams};
}

}  // namespace chiliad::watch
