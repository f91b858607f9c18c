#include "watch/log_writer.h"

#include <array>
#include <utility>

namespace chiliad::watch {
namespace {

// Lines handed to the sink at a time.
class Batch {
 public:
  Batch(LogSink& sink, std::string_view group, std::string_view stream, const LogWriter::OnLine& on_line)
      : sink_(sink), group_(group), stream_(stream), on_line_(on_line) {}
  ~Batch() { flush(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void add(std::string_view text, Milliseconds now) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    const LogLine line{now, text.empty() ? std::string_view(" ") : text};
    if (on_line_) on_line_(line);
    lines_[count_++] = line;
    if (count_ == lines_.size()) flush();
  }

  void flush() {
    if (count_ > 0) sink_.append(group_, stream_, std::span(lines_).first(count_));
    count_ = 0;
  }

 private:
  LogSink& sink_;
  std::string_view group_;
  std::string_view stream_;
  const LogWriter::OnLine& on_line_;
  std::array<LogLine, 256> lines_{};
  std::size_t count_ = 0;
};

}  // namespace

LogWriter::LogWriter(LogSink& sink, std::string group, std::string stream, OnLine on_line)
    : sink_(sink), group_(std::move(group)), stream_(std::move(stream)), on_line_(std::move(on_line)) {}

void LogWriter::write(std::string_view bytes, Milliseconds now) {
  Batch batch(sink_, group_, stream_, on_line_);
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline);
    const std::size_t room = kMaxLineBytes - rest_.size();
    if (piece.size() > room) {
      rest_ += piece.substr(0, room);
      batch.add(rest_, now);
      batch.flush();  // It looks at rest_.
      rest_.clear();
      bytes.remove_prefix(room);
      continue;
    }
    if (newline == std::string_view::npos) {
      rest_ += piece;
      return;
    }
    if (rest_.empty()) {
      batch.add(piece, now);
    } else {
      rest_ += piece;
      batch.add(rest_, now);
      batch.flush();
      rest_.clear();
    }
    bytes.remove_prefix(newline + 1);
  }
}

void LogWriter::finish(Milliseconds now) {
  if (rest_.empty()) return;
  Batch(sink_, group_, stream_, on_line_).add(rest_, now);
  rest_.clear();
}

}  // namespace chiliad::watch
