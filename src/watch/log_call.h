// What the operations of LogService share: who asks, for what, and the answers in AWS's words. Included by
// log_service.cc, log_events_service.cc and nobody else.

#pragma once

#include <string>
#include <string_view>

#include "aws/service.h"
#include "watch/log_store.h"
#include "watch/members.h"

namespace chiliad::watch {

struct LogCall {
  LogStore& store;
  std::string_view operation;
  const aws::Caller& caller;
  std::string account;
  std::string_view region;
  Milliseconds now;
  Members in;

  std::string group_arn(std::string_view group) const;
  std::string stream_arn(std::string_view group, std::string_view stream) const;
  // The group that the request names, by logGroupName or logGroupIdentifier (its name or ARN).
  std::string group();

  // Whether the request may go on: members are right and the caller may do it. Otherwise the answer.
  std::optional<aws::ApiError> refused(std::string_view group, std::string_view stream = {}) const;
};

using LogOperation = aws::JsonAnswer (*)(LogCall& call);

inline std::int64_t millis(Milliseconds time) { return time.time_since_epoch().count(); }

aws::ApiError log_error(const Error& error);
aws::ApiError invalid_parameter(std::string message);

inline constexpr Members::Text kGroupName{.required = true, .max = 512};
inline constexpr Members::Text kStreamName{.required = true, .max = 512};
inline constexpr Members::Text kToken{.max = 16'384};

aws::JsonAnswer get_log_events(LogCall& call);
aws::JsonAnswer filter_log_events(LogCall& call);
aws::JsonAnswer put_log_events(LogCall& call);

}  // namespace chiliad::watch
