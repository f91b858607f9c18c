#include "job/process_watch.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "watch/metric_sink.h"

namespace chiliad::job {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kLastOutput = std::size_t{64} << 20;  // Read after the program has ended.
constexpr std::chrono::seconds kUnkillable{10};             // Waited for after SIGKILL.

}  // namespace

ProcessWatch::ProcessWatch(JobRun& job, process::BoxedProcess& process, const Surroundings& around,
                           const std::string& stream)
    : job_(job),
      process_(process),
      around_(around),
      lines_(around.logs, std::string(log_group(job.spec.kind)), stream,
             [this](const watch::LogLine& line) { take_metrics(line); }) {}

std::optional<process::Exit> ProcessWatch::run() {
  while (true) {
    const auto now = steady_clock::now();
    if (!asked_ && now >= job_.overdue_at()) {
      job_.end_because(Cause::kOverdue, "");
      around_.places.look_again();
    }
    if (!asked_ && job_.cancelled().load()) ask_to_end(now);
    // A server that closes does not wait as long as a job's grace.
    if (asked_ && !closing_ && job_.cause() == Cause::kClosing) ask_to_end(now);
    if (asked_ && !killed_ && now >= kill_at_) {
      process_.kill();
      killed_ = true;
      kill_at_ = now + kUnkillable;
    } else if (killed_ && now >= kill_at_) {
      return std::nullopt;
    }
    wait(asked_ ? kill_at_ : job_.overdue_at(), now);
    if (const std::optional<process::Exit> exit = process_.exit()) {
      // What the pipe still holds; not more than a writer that escaped could fill it with.
      read_some(kLastOutput);
      lines_.finish(watch::now_in_milliseconds());
      return exit;
    }
  }
}

void ProcessWatch::ask_to_end(steady_clock::time_point now) {
  closing_ = job_.cause() == Cause::kClosing;
  asked_ = true;
  process_.terminate();
  kill_at_ = now + (closing_ ? around_.options.closing : around_.options.grace);
}

void ProcessWatch::wait(Deadline until, steady_clock::time_point now) {
  std::array<::pollfd, 3> polled{{{process_.ended(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}}};
  if (!output_ended_) polled[1].fd = process_.output();
  // Readable for good once there is a cause; a job that closes after its stop is looked at every 100 ms.
  if (!asked_) polled[2].fd = job_.wake.get();
  constexpr auto kLongest = std::chrono::milliseconds(60'000), kWhileAsked = std::chrono::milliseconds(100);
  auto pause = asked_ ? kWhileAsked : kLongest;
  if (until < now + pause) pause = std::chrono::ceil<std::chrono::milliseconds>(until - now);
  const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(pause.count(), 0)));
  if (ready > 0 && polled[1].revents != 0) read_some(16 * kRead);
}

bool ProcessWatch::read_some(std::size_t most) {
  for (std::size_t had = 0; had < most;) {
    const ssize_t got = ::read(process_.output(), buffer_.data(), buffer_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      output_ended_ = got == 0;
      return false;
    }
    lines_.write({buffer_.data(), static_cast<std::size_t>(got)}, watch::now_in_milliseconds());
    had += static_cast<std::size_t>(got);
  }
  return true;
}

void ProcessWatch::take_metrics(const watch::LogLine& line) {
  if (job_.patterns.empty()) return;
  matches_.clear();
  job_.patterns.find(line.text, matches_);
  const std::array<watch::Dimension, 1> of{{{"TrainingJobName", job_.spec.name}}};
  for (const watch::MetricPatterns::Match& match : matches_) {
    job_.add_metric(match.name, match.value, std::chrono::time_point_cast<std::chrono::nanoseconds>(line.time));
    watch::MetricDatum datum{.name_space = "/aws/sagemaker/TrainingJobs", .name = match.name};
    datum.dimensions = of;
    datum.value = match.value;
    datum.time = line.time;
    around_.metrics.put(datum);
  }
}

}  // namespace chiliad::job
