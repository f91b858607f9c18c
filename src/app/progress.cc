#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "app/size_text.h"
#include "base/json_writer.h"

namespace chiliad::app {
namespace {

double interval_seconds(Progress::Look look) {
  switch (look) {
    case Progress::Look::kLine: return 0.1;
    case Progress::Look::kJson: return 1;
    default: return 5;
  }
}

Progress::Look resolve(Progress::Look look, std::FILE* stream) {
  if (look != Progress::Look::kAuto) return look;
  return ::isatty(::fileno(stream)) == 1 ? Progress::Look::kLine : Progress::Look::kPlain;
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

Progress::Progress(std::string command, std::string unit, std::uint64_t total, Look look, std::FILE* stream,
                   Clock clock)
    : command_(std::move(command)),
      unit_(std::move(unit)),
      total_(total),
      look_(resolve(look, stream)),
      stream_(stream),
      clock_(std::move(clock)),
      started_(clock_()),
      next_show_seconds_(interval_seconds(look_)) {}

void Progress::clear() {
  const MutexLock lock(mutex_);
  clear_line();
}

double Progress::seconds() const { return std::chrono::duration<double>(clock_() - started_).count(); }

void Progress::update(std::uint64_t done, std::string_view detail, std::uint64_t total) {
  if (look_ == Look::kQuiet) return;
  const double elapsed = seconds();
  const MutexLock lock(mutex_);
  if (elapsed < next_show_seconds_) return;
  next_show_seconds_ = elapsed + interval_seconds(look_);
  show(done, total != 0 ? total : total_, detail, elapsed);
}

void Progress::show(std::uint64_t done, std::uint64_t total, std::string_view detail, double elapsed) {
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  const bool known = total >= done && total != 0 && rate > 0;
  const double left = known ? static_cast<double>(total - done) / rate : 0;
  if (look_ == Look::kJson) {
    JsonWriter json(JsonWriter::Look::kPython);
    json.begin_object().key("event").string("progress").key("command").string(command_);
    json.key("done").integer(static_cast<std::int64_t>(done)).key("total");
    total != 0 ? json.integer(static_cast<std::int64_t>(total)) : json.null();
    json.key("unit").string(unit_).key("seconds").rounded(elapsed, 3).key("per_second").rounded(rate, 1);
    json.key("seconds_left");
    known ? json.rounded(left, 1) : json.null();
    json.key("detail").string(detail).end_object();
    fmt::print(stream_, "{}\n", std::move(json).take());
    std::fflush(stream_);
    return;
  }
  std::string line = fmt::format("{}: {}", command_, format_count(done));
  if (total != 0) line += fmt::format(" of {}", format_count(total));
  line += fmt::format(" {}, {} {}/s", unit_, format_count(static_cast<std::uint64_t>(rate)), unit_);
  if (known) line += fmt::format(", {} left", format_duration(left));
  if (!detail.empty()) line += fmt::format(", {}", detail);
  if (look_ == Look::kPlain) {
    fmt::print(stream_, "{}\n", line);
  } else {
    // Blanks cover what a longer line before left behind.
    const std::size_t width = line.size();
    if (width < line_width_) line.append(line_width_ - width, ' ');
    line_width_ = width;
    fmt::print(stream_, "\r{}", line);
  }
  std::fflush(stream_);
}

void Progress::clear_line() {
  if (line_width_ == 0) return;
  fmt::print(stream_, "\r{}\r", std::string(line_width_, ' '));
  std::fflush(stream_);
  line_width_ = 0;
}

void Progress::note(std::string_view message) {
  const MutexLock lock(mutex_);
  clear_line();
  if (look_ == Look::kJson) {
    JsonWriter json(JsonWriter::Look::kPython);
    json.begin_object().key("event").string("note").key("command").string(command_);
    json.key("message").string(message).end_object();
    fmt::print(stream_, "{}\n", std::move(json).take());
  } else {
    fmt::print(stream_, "{}: {}\n", command_, message);
  }
  std::fflush(stream_);
}

void Progress::finish(std::string_view summary, std::string_view json) {
  const MutexLock lock(mutex_);
  clear_line();
  if (look_ == Look::kJson) {
    fmt::print(stream_, "{}\n", json);
  } else {
    fmt::print(stream_, "{}: {}\n", command_, summary);
  }
  std::fflush(stream_);
}

}  // namespace chiliad::app
