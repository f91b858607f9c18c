// What LogStore's two halves (log_store.cc writes, log_reads.cc reads) share. Included by them alone.

#pragma once

#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "watch/log_store.h"

namespace chiliad::watch {

inline constexpr std::size_t kPendingOverhead = 32;  // What a pending line costs besides its text.
inline constexpr std::size_t kMaxPendingStreams = 100'000;

using PendingKey = std::pair<std::string, std::string>;  // Group and stream.

struct PendingStream {
  std::vector<LogBlock> blocks;
  std::uint64_t lost = 0;  // Lines that came behind these and found no room.
};

using PendingMap = std::map<PendingKey, PendingStream>;

struct LogStore::State {
  State(const Options& given, LogTables writer, LogTables reader, const LogTables::Totals& counted)
      : options(given), tables(std::move(writer)), totals(counted), shown_totals(counted), reading(std::move(reader)) {}

  void append(std::string_view group, std::string_view stream, std::span<const LogLine> lines)
      CHILIAD_EXCLUDES(pending_mutex);
  bool has_room(std::size_t cost) CHILIAD_REQUIRES(pending_mutex);
  bool wait_for_room(std::size_t cost) CHILIAD_REQUIRES(pending_mutex);
  void lose(const PendingKey& key, std::uint64_t lines) CHILIAD_REQUIRES(pending_mutex);
  void put_back() CHILIAD_REQUIRES(pending_mutex, writer_mutex);

  void run();
  Result<Done> commit() CHILIAD_REQUIRES(writer_mutex) CHILIAD_EXCLUDES(pending_mutex);
  Result<Done> write(PendingMap& streams) CHILIAD_REQUIRES(writer_mutex) CHILIAD_EXCLUDES(pending_mutex);
  Result<Done> write_stream(const PendingKey& key, PendingStream& lines, Milliseconds now)
      CHILIAD_REQUIRES(writer_mutex) CHILIAD_EXCLUDES(pending_mutex);
  Result<LogStream> stream_for(const PendingKey& key, Milliseconds now) CHILIAD_REQUIRES(writer_mutex);
  Result<Done> make_room() CHILIAD_REQUIRES(writer_mutex);
  Result<Done> expire(Milliseconds now) CHILIAD_EXCLUDES(writer_mutex, pending_mutex);
  Result<Done> expire_group(std::int64_t group_id, Milliseconds before) CHILIAD_REQUIRES(writer_mutex);
  // Tells the analysis, inside a lambda, what its caller holds.
  void writer_mutex_held() CHILIAD_THREAD_ANNOTATION(assert_capability(writer_mutex)) {}

  // Commits if lines of the stream (or of any, if empty) are not on the disk yet.
  Result<Done> settle(std::string_view group, std::string_view stream) CHILIAD_EXCLUDES(writer_mutex, pending_mutex);

  const Options options;
  std::thread thread;

  Mutex writer_mutex;
  LogTables tables CHILIAD_GUARDED_BY(writer_mutex);
  std::map<PendingKey, LogStream> remembered CHILIAD_GUARDED_BY(writer_mutex);
  LogTables::Totals totals CHILIAD_GUARDED_BY(writer_mutex);

  mutable Mutex pending_mutex;
  Condition work;
  Condition room;
  PendingMap pending CHILIAD_GUARDED_BY(pending_mutex);
  std::size_t pending_bytes CHILIAD_GUARDED_BY(pending_mutex) = 0;
  // Being committed. Its keys do not change meanwhile; its lines belong to who holds writer_mutex.
  PendingMap writing;
  std::size_t writing_bytes CHILIAD_GUARDED_BY(pending_mutex) = 0;
  bool failing CHILIAD_GUARDED_BY(pending_mutex) = false;
  bool stop CHILIAD_GUARDED_BY(pending_mutex) = false;
  std::uint64_t lines_taken CHILIAD_GUARDED_BY(pending_mutex) = 0;
  std::uint64_t lines_lost CHILIAD_GUARDED_BY(pending_mutex) = 0;
  std::uint64_t failed_writes CHILIAD_GUARDED_BY(pending_mutex) = 0;
  LogTables::Totals shown_totals CHILIAD_GUARDED_BY(pending_mutex);

  Mutex reader_mutex;
  LogTables reading CHILIAD_GUARDED_BY(reader_mutex);
};

}  // namespace chiliad::watch
