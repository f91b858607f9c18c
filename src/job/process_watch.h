// ProcessWatch: the program of an instance while it runs: its lines, its time, its end.
//
//     output --> lines --> log stream, metrics
//     stop, failure elsewhere, MaxRuntimeInSeconds --> SIGTERM, grace, SIGKILL
//
// Thread safety: one thread at a time, that on which the program was started.

#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "job/instance.h"
#include "process/box.h"
#include "watch/log_writer.h"

namespace chiliad::job {

class ProcessWatch {
 public:
  // All must outlive it.
  ProcessWatch(JobRun& job, process::BoxedProcess& process, const Surroundings& around, const std::string& stream);

  // Waits for the end. nullopt: it could not be killed.
  std::optional<process::Exit> run();

 private:
  static constexpr std::size_t kRead = std::size_t{64} << 10;  // A pipe's size.

  void ask_to_end(std::chrono::steady_clock::time_point now);
  void wait(Deadline until, std::chrono::steady_clock::time_point now);
  // Up to `most` bytes; false when there are no more now.
  bool read_some(std::size_t most);
  void take_metrics(const watch::LogLine& line);

  JobRun& job_;
  process::BoxedProcess& process_;
  const Surroundings& around_;
  std::vector<watch::MetricPatterns::Match> matches_;
  watch::LogWriter lines_;
  std::array<char, kRead> buffer_;
  bool output_ended_ = false;
  bool asked_ = false, closing_ = false, killed_ = false;
  std::chrono::steady_clock::time_point kill_at_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace chiliad::job
