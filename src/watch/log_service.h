// LogService: the calls of CloudWatch Logs (target Logs_20140328.*, JSON 1.1) over a LogStore.
//
// Answered: DescribeLogGroups, DescribeLogStreams, GetLogEvents, FilterLogEvents, PutLogEvents, Create and Delete of
// groups and streams, Put and DeleteRetentionPolicy, tags of groups. All others: InvalidOperationException, and
// UnknownOperationException for names that Logs does not have.
//
// Rules the rest relies on:
//   1. DescribeLogStreams with a prefix answers every stream in one page, whatever the limit, up to 1,000, and gives no
//      nextToken: the SageMaker SDK 2.x asks so for a job's streams and would ask for ever if one came.
//   2. GetLogEvents gives the token it was given when there is nothing further in that direction.
//   3. Events of a stream come in the order in which they were put, which is that of time for everybody who puts them
//   in
//      that order.
//   4. Each call asks the caller's permission: logs:<Operation> on the ARN of the group or the stream.
//
// Source: CloudWatch Logs API reference 2014-03-28. Thread safety: safe from any thread.

#pragma once

#include "aws/service.h"
#include "watch/log_store.h"

namespace chiliad::watch {

class LogService final : public aws::JsonService {
 public:
  // `store` outlives it.
  explicit LogService(LogStore& store) : store_(store) {}

  aws::JsonAnswer call(std::string_view operation, const aws::Json& input, const aws::Call& call) override;

 private:
  LogStore& store_;
};

}  // namespace chiliad::watch
