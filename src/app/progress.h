// How a long subcommand shows that it is alive: one line that rewrites itself on a terminal, a plain line every few
// seconds elsewhere (a log, a pipe), one JSON object a line with --json.
//
//   split: 182,500 of 365,000 rows, 9,125,000 rows/s, 2 s left, 11 of 23 MB
//   {"event": "progress", "command": "split", "done": 182500, "total": 365000, "unit": "rows", "per_second": 9125000,
//   ...}
//
// Everything goes to standard error (or the stream given): standard output is for results. A command that is done
// within the first interval shows nothing but its last line.
//
// Thread safety: update(), note() and finish() may be called from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace chiliad::app {

class Progress {
 public:
  enum class Look : std::uint8_t {
    kAuto,   // kLine on a terminal, else kPlain.
    kLine,   // One line, rewritten ten times a second.
    kPlain,  // A line every five seconds.
    kJson,   // A JSON object a line, every second.
    kQuiet,  // Nothing but note() and the summary.
  };
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  // `command` begins each line; `unit` names what is counted, in the plural. A total of 0 is an unknown one.
  Progress(std::string command, std::string unit, std::uint64_t total, Look look, std::FILE* stream = stderr,
           Clock clock = std::chrono::steady_clock::now);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` units are finished so far, of `total` (0: as constructed). `detail` is put at the line's end.
  // Cost: some 30 ns when nothing is due to be shown.
  void update(std::uint64_t done, std::string_view detail = {}, std::uint64_t total = 0);

  // A message in between ("columns: ..."), shown as a line of its own; with kJson {"event": "note", ...}.
  void note(std::string_view message);

  // The last line: `summary` as people read it, or, with kJson, `json` ("a complete JSON object") in its place.
  void finish(std::string_view summary, std::string_view json);

  // Takes an unfinished line away, so that an error message starts at the left edge.
  void clear();

  double seconds() const;

 private:
  void show(std::uint64_t done, std::uint64_t total, std::string_view detail, double elapsed) CHILIAD_REQUIRES(mutex_);
  void clear_line() CHILIAD_REQUIRES(mutex_);

  const std::string command_;
  const std::string unit_;
  const std::uint64_t total_;
  const Look look_;
  std::FILE* const stream_;
  const Clock clock_;
  const std::chrono::steady_clock::time_point started_;

  Mutex mutex_;
  double next_show_seconds_ CHILIAD_GUARDED_BY(mutex_);
  std::size_t line_width_ CHILIAD_GUARDED_BY(mutex_) = 0;  // Characters of the unfinished line on the terminal.
};

}  // namespace chiliad::app
