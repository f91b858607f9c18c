#include "hosting/endpoint_log.h"

#include <chrono>

#include "base/random.h"

namespace chiliad::hosting {
namespace {

constexpr std::string_view kGroup = "/aws/sagemaker/Endpoints/";
constexpr int kLinesASecond = 10;

}  // namespace

EndpointLog::EndpointLog(watch::LogSink& sink, std::string_view region, std::string_view account)
    : sink_(sink),
      arn_prefix_("arn:aws:logs:" + std::string(region) + ":" + std::string(account) + ":log-group:"),
      stream_("/i-" + random_text("0123456789abcdef", 17)) {}

LogPlace EndpointLog::place(std::string_view endpoint) const {
  LogPlace place;
  place.group.append(kGroup).append(endpoint);
  place.group_arn = arn_prefix_ + place.group;
  return place;
}

void EndpointLog::write(std::string_view endpoint, std::string_view variant, std::string_view text) {
  const watch::LogLine line{watch::now_in_milliseconds(), text};
  std::string group(kGroup);
  group += endpoint;
  sink_.append(group, std::string(variant) + stream_, {&line, 1});
}

void EndpointLog::write_some(std::string_view endpoint, std::string_view variant, std::string_view text) {
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  // Two threads at the turn of a second may let a line more through.
  if (second_.exchange(now, std::memory_order_relaxed) != now) in_second_.store(0, std::memory_order_relaxed);
  if (in_second_.fetch_add(1, std::memory_order_relaxed) >= kLinesASecond) {
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::uint64_t left_out = left_out_.exchange(0, std::memory_order_relaxed);
  if (left_out == 0) return write(endpoint, variant, text);
  write(endpoint, variant, std::string(text) + " (" + std::to_string(left_out) + " lines like this were left out)");
}

}  // namespace chiliad::hosting
