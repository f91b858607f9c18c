// LogStore: CloudWatch's log groups and streams on the disk, for writers that never wait long and readers that see
// every line.
//
//   append() --copy--> lines in memory --writer's thread, a transaction--> DIR/logs.db --> read_*(), search()
//
// Promises:
//   1. What append() took is read at once (readers wait for the running transaction), and survives kill -9 once it is
//      committed: 50 ms plus the time of one transaction later, so within a quarter of a second unless the disk is
//      slower than the lines. What put() or flush() reported as done survives at once. (A power cut: sql/database.h.)
//   2. Bounded: lines in memory (Options::max_pending_bytes), a stream (its oldest lines go, and its first event then
//      says how many did), all streams (the oldest lines of those without news the longest), the number of streams, and
//      by age (a group's retention, else Options::retention_days). The file does not shrink but is used again.
//   3. A full disk ends nothing: lines wait in memory and are tried again; when the memory is used up too, lines are
//      lost, and the next that can be kept are preceded by one that says how many.
//
// Locks: writer_ before pending_; reader_ alone. None is held while waiting for room but to wait.
//
// Source: CloudWatch Logs (API reference 2014-03-28); ARCHITECTURE.md and doc/watch.md on the form.
// Thread safety: safe from any thread.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "watch/filter_pattern.h"
#include "watch/log_sink.h"
#include "watch/log_tables.h"

namespace chiliad::watch {

inline constexpr std::size_t kMaxLogName = 512;    // Of a group, and of a stream.
inline constexpr std::size_t kEventOverhead = 26;  // What CloudWatch counts for an event besides its text.

// How far a search has come: the streams that it reads side by side, each with the next event's number.
struct SearchPosition {
  struct Stream {
    std::int64_t id = 0;
    std::int64_t next = 0;
  };
  std::vector<Stream> streams;  // At most kSearchedTogether.
  std::string last_name;        // Of the last of them: further streams follow it.
  bool more_streams = true;     // There may be some.
};

class LogStore final : public LogSink {
 public:
  struct Options {
    std::int64_t max_stream_bytes = std::int64_t{64} << 20;
    std::int64_t max_bytes = std::int64_t{2} << 30;
    std::int64_t max_streams = 500'000;
    std::size_t max_pending_bytes = std::size_t{16} << 20;
    int retention_days = 90;
    std::chrono::milliseconds linger{50};        // How long lines wait for company.
    std::chrono::milliseconds retry{250};        // After a write that failed.
    std::chrono::milliseconds full_wait{2'000};  // How long append() waits for room.
  };
  struct Counters {
    std::uint64_t lines = 0;          // Taken,
    std::uint64_t lost_lines = 0;     // of these lost for want of room on the disk or too fast for it,
    std::uint64_t failed_writes = 0;  // transactions that were taken back,
    std::int64_t bytes = 0;           // and what is kept now.
    std::int64_t streams = 0;
  };

  // Opens or makes `folder`/logs.db and starts the writer's thread; `folder` is made if its parent exists.
  // Errors: as sql::Database and system_error().
  static Result<std::unique_ptr<LogStore>> open(const std::filesystem::path& folder, const Options& options);
  // Writes what is pending.
  ~LogStore() override;

  void append(std::string_view group, std::string_view stream, std::span<const LogLine> lines) override;

  // As append(), for a stream that must exist, and written when it returns.
  // Errors: kNotFound: no such group or stream; kNoSpace, kUnavailable: nothing of it was kept.
  Result<Done> put(std::string_view group, std::string_view stream, std::span<const LogLine> lines);
  // What append() has taken until now is written when it returns. Errors: as sql::Database.
  Result<Done> flush();

  // Errors of all below besides those of sql::Database: kNotFound: no such group or stream (the message says which of
  // the two); kConflict: it exists already; kTooLarge: too many streams.
  Result<LogGroup> find_group(std::string_view name);
  Result<Done> create_group(std::string_view name, Milliseconds now, const LogTags& tags = {});
  Result<Done> delete_group(std::string_view name);
  Result<Done> set_retention(std::string_view name, std::optional<int> days);
  Result<LogTags> tags(std::string_view group);
  // Errors besides: kTooLarge: more than 50 tags.
  Result<Done> set_tags(std::string_view group, const LogTags& tags);
  Result<Done> remove_tags(std::string_view group, std::span<const std::string> names);
  Result<std::vector<LogGroup>> list_groups(std::string_view prefix, std::string_view pattern, std::string_view after,
                                            std::size_t limit);
  Result<LogStream> find_stream(std::string_view group, std::string_view stream);
  Result<Done> create_stream(std::string_view group, std::string_view stream, Milliseconds now);
  Result<Done> delete_stream(std::string_view group, std::string_view stream);
  Result<std::vector<LogStream>> list_streams(std::string_view group, std::string_view prefix, StreamOrder order,
                                              bool descending, const std::optional<StreamPosition>& after,
                                              std::size_t limit);

  // See LogTables. The stream as it was then is put into `found` if given.
  Result<LogPage> read_forward(std::string_view group, std::string_view stream, std::int64_t from,
                               const LogWindow& window, LogStream* found = nullptr);
  // `before` INT64_MAX: from the end.
  Result<LogPage> read_backward(std::string_view group, std::string_view stream, std::int64_t before,
                                const LogWindow& window, LogStream* found = nullptr);

  struct Search {
    std::string_view group;
    std::string_view prefix;                    // Of the streams' names, or
    std::span<const std::string_view> streams;  // their names (kSearchedTogether at most), unless empty.
    LogWindow window;
    const FilterPattern* pattern = nullptr;  // Null: every line.
  };
  struct Found {
    std::string stream;
    LogEvent event;
    std::int64_t stream_id = 0;
  };
  struct FoundPage {
    std::vector<Found> events;              // By time; those of one stream in their order.
    std::optional<SearchPosition> further;  // None: that was all.
  };
  // Streams are read kSearchedTogether at a time, in the order of their names, and mixed by time. A call looks at 32
  // MiB at most, so a page may be short or empty though there is more.
  static constexpr std::size_t kSearchedTogether = 100;
  Result<FoundPage> search(const Search& search, const std::optional<SearchPosition>& from);

  // Applies retention as of `now`, once. The writer's thread does it every minute.
  Result<Done> expire(Milliseconds now);

  Counters counters() const;

 private:
  struct State;
  explicit LogStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::watch
