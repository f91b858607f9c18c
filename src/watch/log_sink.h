// LogSink: where lines of text go that people want to read later: what jobs and model servers print.
//
//   LogLine line{now, "epoch 3 loss 0.25"};
//   sink.append("/aws/sagemaker/TrainingJobs", "my-job/algo-1-1763836349", {&line, 1});
//
// Groups and streams are CloudWatch's and come into being with their first line:
//
//   group                                 stream
//   /aws/sagemaker/ProcessingJobs         <job>/algo-<n>-<seconds since 1970>
//   /aws/sagemaker/TrainingJobs           <job>/algo-<n>-<seconds since 1970>
//   /aws/sagemaker/TransformJobs          <job>/<instance>-<seconds since 1970>
//   /aws/sagemaker/Endpoints/<endpoint>   <variant>/<instance>
//
// Promises (of LogStore, the implementation that keeps them):
//   1. Lines of one stream that come in order are read in that order.
//   2. append() copies; it neither throws nor fails. What it takes survives kill -9 a quarter of a second later, and a
//      reader sees it at once.
//   3. Memory and disk are bounded. When the disk cannot follow, append() waits for it, two seconds at most; lines that
//      cannot be kept then are counted, and the stream says how many are missing.
//
// Source: CloudWatch Logs, PutLogEvents. Thread safety: safe from any thread.

#pragma once

#include <chrono>
#include <span>
#include <string_view>

namespace chiliad::watch {

// Since 1970 (UTC), as CloudWatch counts.
using Milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;

inline Milliseconds now_in_milliseconds() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// Longer lines are cut here.
inline constexpr std::size_t kMaxLineBytes = std::size_t{256} << 10;

struct LogLine {
  Milliseconds time;
  std::string_view text;  // Without the newline. Any bytes: those that are no UTF-8 are shown as U+FFFD.
};

class LogSink {
 public:
  virtual ~LogSink() = default;

  // `group` and `stream` have 1 to 512 bytes; a stream holds neither ':' nor '*'. Lines under other names go to the
  // stream "invalid" of the group "chiliad".
  virtual void append(std::string_view group, std::string_view stream, std::span<const LogLine> lines) = 0;
};

}  // namespace chiliad::watch
