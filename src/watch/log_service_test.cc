#include "watch/log_service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "watch/service_under_test.h"

namespace chiliad::watch {
namespace {

using aws::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using Answer = ServiceUnderTest::Answer;

constexpr std::string_view kGroup = "/aws/sagemaker/TrainingJobs";

class WatchLogService : public testing::Test {
 protected:
  void say(std::string_view stream, std::int64_t ms, std::string_view text) {
    const LogLine line{Milliseconds(std::chrono::milliseconds(ms)), text};
    store_->append(kGroup, stream, {&line, 1});
  }
  Answer call(std::string_view operation, Json input) {
    if (!input.contains("logGroupName")) input["logGroupName"] = kGroup;
    return server_.call(operation, input);
  }
  static std::vector<std::string> messages(const Answer& answer) {
    std::vector<std::string> out;
    EXPECT_EQ(answer.status, 200) << answer.text;
    for (const Json& event : answer.body["events"]) out.push_back(event["message"].get<std::string>());
    return out;
  }
  static std::vector<std::string> streams(const Answer& answer) {
    std::vector<std::string> out;
    EXPECT_EQ(answer.status, 200) << answer.text;
    for (const Json& stream : answer.body["logStreams"]) out.push_back(stream["logStreamName"].get<std::string>());
    return out;
  }

  Result<TempFolder> folder_ = TempFolder::make();
  std::unique_ptr<LogStore> store_ = std::move(LogStore::open(folder_->path() / "logs", {})).operator*();
  LogService service_{*store_};
  ServiceUnderTest server_{&service_, nullptr};
};

// What the SageMaker SDK does: from the head with a start time, then with the token until nothing comes.
TEST_F(WatchLogService, GivesAJobsLinesAsTheSdkPollsThem) {
  EXPECT_EQ(
      call("DescribeLogStreams", {{"logStreamNamePrefix", "j/"}, {"orderBy", "LogStreamName"}, {"limit", 1}}).code(),
      "ResourceNotFoundException");
  say("j/algo-1", 100, "a");
  say("j/algo-2", 100, "b");
  say("k/algo-1", 100, "c");
  const Answer found =
      call("DescribeLogStreams", {{"logStreamNamePrefix", "j/"}, {"orderBy", "LogStreamName"}, {"limit", 1}});
  EXPECT_THAT(streams(found), ElementsAre("j/algo-1", "j/algo-2"));
  EXPECT_FALSE(found.body.contains("nextToken")) << "the SDK 2.x would ask for ever";

  Json input{{"logStreamName", "j/algo-1"}, {"startTime", 100}, {"startFromHead", true}};
  Answer events = call("GetLogEvents", input);
  EXPECT_THAT(messages(events), ElementsAre("a"));
  EXPECT_EQ(events.body["events"][0]["timestamp"], 100);
  EXPECT_TRUE(events.body["events"][0]["ingestionTime"].is_number_integer());
  input["nextToken"] = events.body["nextForwardToken"];
  events = call("GetLogEvents", input);
  EXPECT_THAT(messages(events), ElementsAre());
  EXPECT_EQ(events.body["nextForwardToken"], input["nextToken"]) << "the end gives the same token";
  say("j/algo-1", 101, "more");
  EXPECT_THAT(messages(call("GetLogEvents", input)), ElementsAre("more"));
}

TEST_F(WatchLogService, GetLogEventsGoesBackFromTheEnd) {
  for (int i = 0; i < 7; ++i) say("s", i, fmt::format("{}", i));
  Answer events = call("GetLogEvents", {{"logStreamName", "s"}, {"limit", 3}});
  EXPECT_THAT(messages(events), ElementsAre("4", "5", "6"));
  const Json end = events.body["nextForwardToken"];
  EXPECT_THAT(messages(call("GetLogEvents", {{"logStreamName", "s"}, {"nextToken", end}})), ElementsAre());
  events =
      call("GetLogEvents", {{"logStreamName", "s"}, {"limit", 3}, {"nextToken", events.body["nextBackwardToken"]}});
  EXPECT_THAT(messages(events), ElementsAre("1", "2", "3"));
  events =
      call("GetLogEvents", {{"logStreamName", "s"}, {"limit", 3}, {"nextToken", events.body["nextBackwardToken"]}});
  EXPECT_THAT(messages(events), ElementsAre("0"));
  const Json start = events.body["nextBackwardToken"];
  events = call("GetLogEvents", {{"logStreamName", "s"}, {"limit", 3}, {"nextToken", start}});
  EXPECT_THAT(messages(events), ElementsAre());
  EXPECT_EQ(events.body["nextBackwardToken"], start) << "the start gives the same token";
  EXPECT_THAT(messages(call("GetLogEvents", {{"logStreamName", "s"}, {"nextToken", events.body["nextForwardToken"]}})),
              ElementsAre("0", "1", "2", "3", "4", "5", "6"));
}

TEST_F(WatchLogService, ATokenIsOfOneStream) {
  say("a", 1, "x");
  say("b", 1, "x");
  const Answer of_a = call("GetLogEvents", {{"logStreamName", "a"}});
  const Answer refused = call("GetLogEvents", {{"logStreamName", "b"}, {"nextToken", of_a.body["nextForwardToken"]}});
  EXPECT_EQ(refused.code(), "InvalidParameterException");
  EXPECT_EQ(refused.message(), "The specified nextToken is invalid.");
}

TEST_F(WatchLogService, ListsStreamsInPagesWithoutAPrefix) {
  for (int i = 0; i < 5; ++i) say(fmt::format("s{}", i), 100 - i, "x");
  for (const bool by_time : {false, true}) {
    Json input{{"limit", 2}};
    if (by_time) input["orderBy"] = "LastEventTime";
    std::vector<std::string> all;
    for (int page = 0; page < 3; ++page) {
      const Answer answer = call("DescribeLogStreams", input);
      for (const std::string& name : streams(answer)) all.push_back(name);
      ASSERT_EQ(answer.body.contains("nextToken"), page < 2);
      if (page < 2) input["nextToken"] = answer.body["nextToken"];
    }
    if (by_time) std::ranges::reverse(all);
    EXPECT_THAT(all, ElementsAre("s0", "s1", "s2", "s3", "s4"));
  }
  EXPECT_THAT(streams(call("DescribeLogStreams", {{"orderBy", "LastEventTime"}, {"descending", true}, {"limit", 1}})),
              ElementsAre("s0"));
  EXPECT_THAT(call("DescribeLogStreams", {{"orderBy", "LastEventTime"}, {"logStreamNamePrefix", "s"}}).message(),
              HasSubstr("Cannot order by LastEventTime"));
}

TEST_F(WatchLogService, FiltersEventsInPages) {
  for (int i = 0; i < 20; ++i)
    say(fmt::format("j/{}", i % 2), i, fmt::format("{} line {}", i % 5 == 0 ? "ERROR" : "INFO", i));
  Json input{{"logStreamNamePrefix", "j/"}, {"filterPattern", "ERROR"}, {"limit", 3}};
  Answer page = call("FilterLogEvents", input);
  EXPECT_THAT(messages(page), ElementsAre("ERROR line 0", "ERROR line 5", "ERROR line 10"));
  EXPECT_EQ(page.body["events"][1]["logStreamName"], "j/1");
  EXPECT_TRUE(page.body["events"][0]["eventId"].is_string());
  input["nextToken"] = page.body["nextToken"];
  page = call("FilterLogEvents", input);
  EXPECT_THAT(messages(page), ElementsAre("ERROR line 15"));
  EXPECT_FALSE(page.body.contains("nextToken"));
  EXPECT_THAT(messages(call("FilterLogEvents", {{"startTime", 3}, {"endTime", 4}})),
              ElementsAre("INFO line 3", "INFO line 4"));
  EXPECT_THAT(call("FilterLogEvents", {{"filterPattern", "{$.a = 1}"}}).message(), HasSubstr("JSON members"));
  EXPECT_EQ(call("FilterLogEvents", {{"logStreamNames", {"absent"}}}).code(), "ResourceNotFoundException");
}

TEST_F(WatchLogService, TakesEventsOfItsCallers) {
  EXPECT_EQ(call("CreateLogGroup", {{"logGroupName", "g"}, {"tags", {{"team", "x"}}}}).status, 200);
  EXPECT_EQ(call("CreateLogGroup", {{"logGroupName", "g"}}).code(), "ResourceAlreadyExistsException");
  EXPECT_EQ(call("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}}).status, 200);
  const std::int64_t now = now_in_milliseconds().time_since_epoch().count();
  const Json events = {{{"timestamp", now - 15 * 86'400'000LL}, {"message", "old"}}};
  const Json spread = {{{"timestamp", now - 10}, {"message", "one"}},
                       {{"timestamp", now}, {"message", "two"}},
                       {{"timestamp", now + 3 * 3'600'000}, {"message", "new"}}};
  EXPECT_EQ(call("PutLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}, {"logEvents", events}})
                .body["rejectedLogEventsInfo"]["tooOldLogEventEndIndex"],
            1);
  EXPECT_EQ(call("PutLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}, {"logEvents", spread}})
                .body["rejectedLogEventsInfo"]["tooNewLogEventStartIndex"],
            2);
  EXPECT_THAT(messages(call("GetLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}})),
              ElementsAre("one", "two"));
  const Json wrong = {{{"timestamp", now}, {"message", "b"}}, {{"timestamp", now - 1}, {"message", "a"}}};
  EXPECT_THAT(call("PutLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}, {"logEvents", wrong}}).message(),
              HasSubstr("chronological order"));
  EXPECT_EQ(call("PutLogEvents", {{"logGroupName", "g"}, {"logStreamName", "t"}, {"logEvents", spread}}).code(),
            "ResourceNotFoundException");
}

TEST_F(WatchLogService, DescribesAndChangesGroups) {
  for (const std::string name : {"/a/1", "/a/2", "/b"})
    EXPECT_EQ(call("CreateLogGroup", {{"logGroupName", name}}).status, 200);
  Answer groups = server_.call("DescribeLogGroups", {{"logGroupNamePrefix", "/a/"}, {"limit", 1}});
  EXPECT_EQ(groups.body["logGroups"][0]["logGroupName"], "/a/1");
  EXPECT_EQ(groups.body["logGroups"][0]["arn"], "arn:aws:logs:us-east-1:123456789012:log-group:/a/1:*");
  groups = server_.call("DescribeLogGroups",
                        {{"logGroupNamePrefix", "/a/"}, {"limit", 1}, {"nextToken", groups.body["nextToken"]}});
  EXPECT_EQ(groups.body["logGroups"][0]["logGroupName"], "/a/2");
  EXPECT_FALSE(groups.body.contains("nextToken"));
  EXPECT_EQ(server_.call("DescribeLogGroups", {{"logGroupNamePattern", "B"}}).body["logGroups"].size(), 1u);
  EXPECT_EQ(call("PutRetentionPolicy", {{"logGroupName", "/b"}, {"retentionInDays", 7}}).status, 200);
  EXPECT_EQ(server_.call("DescribeLogGroups", {{"logGroupNamePrefix", "/b"}}).body["logGroups"][0]["retentionInDays"],
            7);
  EXPECT_THAT(call("PutRetentionPolicy", {{"logGroupName", "/b"}, {"retentionInDays", 8}}).message(),
              HasSubstr("possible are 1, 3"));
  EXPECT_EQ(call("DeleteRetentionPolicy", {{"logGroupName", "/b"}}).status, 200);
  const std::string arn = "arn:aws:logs:us-east-1:123456789012:log-group:/b";
  EXPECT_EQ(server_.call("TagResource", {{"resourceArn", arn}, {"tags", {{"k", "v"}, {"l", ""}}}}).status, 200);
  EXPECT_EQ(server_.call("UntagResource", {{"resourceArn", arn}, {"tagKeys", {"l"}}}).status, 200);
  EXPECT_EQ(server_.call("ListTagsForResource", {{"resourceArn", arn}}).body["tags"], (Json{{"k", "v"}}));
  EXPECT_EQ(call("DeleteLogGroup", {{"logGroupName", "/b"}}).status, 200);
  EXPECT_EQ(call("DeleteLogGroup", {{"logGroupName", "/b"}}).code(), "ResourceNotFoundException");
}

TEST_F(WatchLogService, SaysWhatIsWrongWithARequest) {
  EXPECT_EQ(server_.call("GetLogEvents", {{"logGroupName", "g"}}).message(),
            "1 validation error detected: Value null at 'logStreamName' failed to satisfy constraint: Member must not "
            "be null");
  EXPECT_EQ(call("GetLogEvents", {{"logStreamName", 5}}).code(), "SerializationException");
  EXPECT_EQ(call("GetLogEvents", {{"logStreamName", "s"}, {"limit", 10'001}}).code(), "InvalidParameterException");
  EXPECT_EQ(call("GetLogEvents", {{"logStreamName", "s"}, {"nextToken", "../x"}}).code(), "InvalidParameterException");
  EXPECT_EQ(call("CreateLogGroup", {{"logGroupName", "a b"}}).code(), "InvalidParameterException");
  EXPECT_EQ(call("CreateLogStream", {{"logStreamName", "a:b"}}).code(), "InvalidParameterException");
  EXPECT_EQ(call("StartQuery", {{"queryString", "fields"}}).code(), "InvalidOperationException");
  EXPECT_EQ(call("Nonsense", Json::object()).code(), "UnknownOperationException");
}

TEST_F(WatchLogService, AsksPermissionForEachResource) {
  say("j/1", 1, "secret");
  std::vector<std::string> asked;
  server_.allow([&](std::string_view action, std::string_view resource) {
    asked.push_back(fmt::format("{} {}", action, resource));
    return aws::Decision::kNotAllowed;
  });
  const Answer refused = call("GetLogEvents", {{"logStreamName", "j/1"}});
  EXPECT_EQ(refused.code(), "AccessDeniedException");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(asked, ElementsAre("logs:GetLogEvents arn:aws:logs:us-east-1:123456789012:log-group:"
                                 "/aws/sagemaker/TrainingJobs:log-stream:j/1"));
  const std::pair<std::string, Json> others[] = {
      {"DescribeLogGroups", Json::object()},
      {"DescribeLogStreams", Json::object()},
      {"FilterLogEvents", Json::object()},
      {"CreateLogGroup", Json::object()},
      {"DeleteLogGroup", Json::object()},
      {"CreateLogStream", {{"logStreamName", "t"}}},
      {"DeleteLogStream", {{"logStreamName", "j/1"}}},
      {"PutRetentionPolicy", {{"retentionInDays", 1}}},
      {"DeleteRetentionPolicy", Json::object()},
      {"ListTagsLogGroup", Json::object()},
      {"TagLogGroup", {{"tags", {{"a", "b"}}}}},
      {"UntagLogGroup", {{"tags", {"a"}}}},
      {"PutLogEvents", {{"logStreamName", "j/1"}, {"logEvents", {{{"timestamp", 1}, {"message", "m"}}}}}},
  };
  for (const auto& [operation, input] : others) {
    EXPECT_EQ(call(operation, input).code(), "AccessDeniedException") << operation;
  }
  // A policy for "log-group:NAME" and one for "log-group:NAME:*" both mean the group; a denial of either counts.
  for (const std::string_view end : {":log-group:/aws/sagemaker/TrainingJobs", ":log-stream:"}) {
    server_.allow([&](std::string_view, std::string_view resource) {
      return resource.ends_with(end) ? aws::Decision::kAllowed : aws::Decision::kNotAllowed;
    });
    EXPECT_EQ(call("DescribeLogStreams", Json::object()).status, 200) << end;
    server_.allow([&](std::string_view, std::string_view resource) {
      return resource.ends_with(end) ? aws::Decision::kDenied : aws::Decision::kAllowed;
    });
    EXPECT_EQ(call("DescribeLogStreams", Json::object()).code(), "AccessDeniedException") << end;
  }
}

}  // namespace
}  // namespace chiliad::watch
