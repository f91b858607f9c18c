// EndpointLog: lines about endpoints, where CloudWatch's clients look for them: the group
// /aws/sagemaker/Endpoints/<endpoint>, the stream <variant>/<this process>.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "hosting/runtime_answer.h"
#include "watch/log_sink.h"

namespace chiliad::hosting {

class EndpointLog {
 public:
  // `sink` must outlive the object.
  EndpointLog(watch::LogSink& sink, std::string_view region, std::string_view account);

  LogPlace place(std::string_view endpoint) const;

  void write(std::string_view endpoint, std::string_view variant, std::string_view text);

  // A line that calls cause: at most a few a second of all endpoints together, the rest is counted in the next.
  void write_some(std::string_view endpoint, std::string_view variant, std::string_view text);

 private:
  watch::LogSink& sink_;
  const std::string arn_prefix_;
  const std::string stream_;
  std::atomic<std::int64_t> second_{0};
  std::atomic<int> in_second_{0};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace chiliad::hosting
