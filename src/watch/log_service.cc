// Groups and streams; log_events_service.cc has the events.

#include "watch/log_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/arn.h"
#include "watch/log_call.h"
#include "watch/log_token.h"

namespace chiliad::watch {
namespace {

using aws::ApiError;
using aws::Json;
using aws::JsonAnswer;

constexpr std::size_t kStreamsOfPrefix = 1'000;

bool group_name_allowed(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view(".-_/#").find(c) != std::string_view::npos;
  });
}

void check_pattern(Members& in, std::string_view member, std::string_view value, bool good, std::string_view pattern) {
  if (good) return;
  in.refuse(Members::Kind::kNotAllowed, member,
            fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must "
                        "satisfy regular expression pattern: {}",
                        value.substr(0, 200), member, pattern));
}

std::string new_group_name(Members& in) {
  std::string name = in.text("logGroupName", kGroupName);
  check_pattern(in, "logGroupName", name, group_name_allowed(name), "[\\.\\-_/#A-Za-z0-9]+");
  return name;
}

std::string stream_name(Members& in) {
  std::string name = in.text("logStreamName", kStreamName);
  check_pattern(in, "logStreamName", name,
                name.find_first_of(":*") == std::string::npos && name.find('\0') == std::string::npos, "[^:*]*");
  return name;
}

JsonAnswer answer(const Result<Done>& done) {
  if (!done) return log_error(done.error());
  return Json::object();
}

LogTags tags_of(Members& in, bool required) {
  LogTags tags;
  const Json* given = in.object("tags", required);
  if (given == nullptr) return tags;
  for (const auto& [name, value] : given->get_ref<const Json::object_t&>()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || name.empty() || name.size() > 128 || text->size() > 256 || tags.size() == 50) {
      in.refuse(Members::Kind::kNotAllowed, "tags",
                "'tags' holds at most 50 pairs of a key of 1 to 128 and a value of at most 256 bytes");
      return {};
    }
    tags[name] = *text;
  }
  return tags;
}

// Of the calls that name a group by its ARN alone.
std::string tagged_group(Members& in) {
  const std::string text = in.text("resourceArn", {.required = true, .max = 2'048});
  if (in.problem() != nullptr) return {};
  const Result<aws::Arn> arn = aws::parse_arn(text);
  if (!arn || arn->service != "logs" || arn->resource_type() != "log-group") {
    in.refuse(Members::Kind::kNotAllowed, "resourceArn",
              fmt::format("'{}' is not the ARN of a log group", std::string_view(text).substr(0, 200)));
    return {};
  }
  std::string_view name = arn->resource_id();
  if (name.ends_with(":*")) name.remove_suffix(2);
  return std::string(name);
}

JsonAnswer create_log_group(LogCall& call) {
  const std::string group = new_group_name(call.in);
  const LogTags tags = tags_of(call.in, false);
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  return answer(call.store.create_group(group, call.now, tags));
}

JsonAnswer delete_log_group(LogCall& call) {
  const std::string group = call.in.text("logGroupName", kGroupName);
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  return answer(call.store.delete_group(group));
}

JsonAnswer create_log_stream(LogCall& call) {
  const std::string group = call.in.text("logGroupName", kGroupName);
  const std::string stream = stream_name(call.in);
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  return answer(call.store.create_stream(group, stream, call.now));
}

JsonAnswer delete_log_stream(LogCall& call) {
  const std::string group = call.in.text("logGroupName", kGroupName);
  const std::string stream = call.in.text("logStreamName", kStreamName);
  if (auto refusal = call.refused(group, stream)) return *std::move(refusal);
  return answer(call.store.delete_stream(group, stream));
}

JsonAnswer put_retention_policy(LogCall& call) {
  constexpr std::array kDays = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
  const std::string group = call.in.text("logGroupName", kGroupName);
  const std::int64_t days = call.in.integer("retentionInDays", {.required = true}).value_or(0);
  if (call.in.problem() == nullptr && std::ranges::find(kDays, days) == kDays.end()) {
    call.in.refuse(Members::Kind::kNotAllowed, "retentionInDays",
                   fmt::format("retentionInDays {}: possible are {}", days, fmt::join(kDays, ", ")));
  }
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  return answer(call.store.set_retention(group, static_cast<int>(days)));
}

JsonAnswer delete_retention_policy(LogCall& call) {
  const std::string group = call.in.text("logGroupName", kGroupName);
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  return answer(call.store.set_retention(group, std::nullopt));
}

JsonAnswer list_tags(LogCall& call) {
  const std::string group =
      call.operation == "ListTagsLogGroup" ? call.in.text("logGroupName", kGroupName) : tagged_group(call.in);
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  const Result<LogTags> tags = call.store.tags(group);
  if (!tags) return log_error(tags.error());
  return Json{{"tags", Json(*tags)}};
}

JsonAnswer tag_resource(LogCall& call) {
  const std::string group =
      call.operation == "TagLogGroup" ? call.in.text("logGroupName", kGroupName) : tagged_group(call.in);
  const LogTags tags = tags_of(call.in, true);
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  return answer(call.store.set_tags(group, tags));
}

JsonAnswer untag_resource(LogCall& call) {
  const bool old_form = call.operation == "UntagLogGroup";
  const std::string group = old_form ? call.in.text("logGroupName", kGroupName) : tagged_group(call.in);
  const std::vector<std::string> names = call.in.texts(old_form ? "tags" : "tagKeys", 50, {.max = 128});
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  return answer(call.store.remove_tags(group, names));
}

JsonAnswer describe_log_groups(LogCall& call) {
  const std::string prefix = call.in.text("logGroupNamePrefix", {.max = 512});
  const std::string pattern = call.in.text("logGroupNamePattern", {.min = 0, .max = 512});
  const auto limit = static_cast<std::size_t>(call.in.integer("limit", {.min = 1, .max = 50}).value_or(50));
  const std::string token = call.in.text("nextToken", kToken);
  const std::optional<std::string> after = token.empty() ? std::string() : read_name_token(token);
  if (!after) return invalid_parameter("The specified nextToken is invalid.");
  if (!prefix.empty() && !pattern.empty()) {
    return invalid_parameter("logGroupNamePrefix and logGroupNamePattern are mutually exclusive");
  }
  if (auto refusal = call.refused({})) return *std::move(refusal);
  const Result<std::vector<LogGroup>> groups = call.store.list_groups(prefix, pattern, *after, limit + 1);
  if (!groups) return log_error(groups.error());
  Json list = Json::array();
  for (const LogGroup& group : *groups) {
    if (list.size() == limit) break;
    const std::string arn = call.group_arn(group.name);
    Json one{{"logGroupName", group.name}, {"creationTime", millis(group.created)},
             {"metricFilterCount", 0},     {"arn", arn + ":*"},
             {"logGroupArn", arn},         {"storedBytes", group.bytes},
             {"logGroupClass", "STANDARD"}};
    if (group.retention_days) one["retentionInDays"] = *group.retention_days;
    list.push_back(std::move(one));
  }
  Json out{{"logGroups", std::move(list)}};
  if (groups->size() > limit) out["nextToken"] = write_name_token((*groups)[limit - 1].name);
  return out;
}

Json stream_json(const LogCall& call, std::string_view group, const LogStream& stream) {
  Json one{{"logStreamName", stream.name},
           {"creationTime", millis(stream.created)},
           {"uploadSequenceToken", fmt::format("{:056}", stream.next_event)},
           {"arn", call.stream_arn(group, stream.name)},
           {"storedBytes", stream.bytes}};
  if (stream.first_time) one["firstEventTimestamp"] = millis(*stream.first_time);
  if (stream.last_time) one["lastEventTimestamp"] = millis(*stream.last_time);
  if (stream.last_ingested) one["lastIngestionTime"] = millis(*stream.last_ingested);
  return one;
}

JsonAnswer describe_log_streams(LogCall& call) {
  const std::string group = call.group();
  const std::string prefix = call.in.text("logStreamNamePrefix", {.max = 512});
  const std::string order = call.in.text("orderBy", {});
  const bool descending = call.in.boolean("descending");
  auto limit = static_cast<std::size_t>(call.in.integer("limit", {.min = 1, .max = 50}).value_or(50));
  const std::string token = call.in.text("nextToken", kToken);
  check_pattern(call.in, "orderBy", order, order.empty() || order == "LogStreamName" || order == "LastEventTime",
                "[LogStreamName, LastEventTime]");
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  const bool by_time = order == "LastEventTime";
  if (by_time && !prefix.empty()) {
    return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  std::optional<StreamPosition> after;
  if (!token.empty()) {
    if (by_time) {
      after = read_time_token(token);
    } else if (std::optional<std::string> name = read_name_token(token)) {
      after = StreamPosition{*std::move(name)};
    }
    if (!after) return invalid_parameter("The specified nextToken is invalid.");
  }
  if (!prefix.empty()) limit = kStreamsOfPrefix;  // Rule 1.
  const Result<std::vector<LogStream>> streams = call.store.list_streams(
      group, prefix, by_time ? StreamOrder::kLastEvent : StreamOrder::kName, descending, after, limit + 1);
  if (!streams) return log_error(streams.error());
  Json list = Json::array();
  for (const LogStream& stream : *streams) {
    if (list.size() == limit) break;
    list.push_back(stream_json(call, group, stream));
  }
  Json out{{"logStreams", std::move(list)}};
  if (streams->size() > limit) {
    const LogStream& last = (*streams)[limit - 1];
    out["nextToken"] = by_time ? write_time_token({{}, last.last_time ? millis(*last.last_time) : 0, last.id})
                               : write_name_token(last.name);
  }
  return out;
}

struct Operation {
  std::string_view name;
  LogOperation run;
};

constexpr Operation kOperations[] = {
    {"CreateLogGroup", create_log_group},
    {"CreateLogStream", create_log_stream},
    {"DeleteLogGroup", delete_log_group},
    {"DeleteLogStream", delete_log_stream},
    {"DeleteRetentionPolicy", delete_retention_policy},
    {"DescribeLogGroups", describe_log_groups},
    {"DescribeLogStreams", describe_log_streams},
    {"FilterLogEvents", filter_log_events},
    {"GetLogEvents", get_log_events},
    {"ListTagsForResource", list_tags},
    {"ListTagsLogGroup", list_tags},
    {"PutLogEvents", put_log_events},
    {"PutRetentionPolicy", put_retention_policy},
    {"TagLogGroup", tag_resource},
    {"TagResource", tag_resource},
    {"UntagLogGroup", untag_resource},
    {"UntagResource", untag_resource},
};

// What CloudWatch has besides, by the beginnings of the names.
constexpr std::string_view kOthers[] = {
    "StartQuery", "StopQuery", "GetQueryResults", "StartLiveTail", "Describe",     "GetLog",        "Get",
    "List",       "PutMetric", "PutSub",          "PutDest",       "PutResource",  "PutQuery",      "PutData",
    "PutAc",      "PutDeliv",  "PutIndex",        "PutTransform",  "Delete",       "CreateExport",  "CreateLog",
    "Update",     "Test",      "Associate",       "Disassociate",  "CancelExport", "CreateDelivery"};

}  // namespace

std::string LogCall::group_arn(std::string_view group) const {
  return aws::make_arn("logs", region, account, fmt::format("log-group:{}", group));
}

std::string LogCall::stream_arn(std::string_view group, std::string_view stream) const {
  return aws::make_arn("logs", region, account, fmt::format("log-group:{}:log-stream:{}", group, stream));
}

std::string LogCall::group() {
  const std::string name = in.text("logGroupName", {.max = 512});
  const std::string identifier = in.text("logGroupIdentifier", {.max = 2'048});
  if (in.problem() != nullptr) return {};
  if (name.empty() == identifier.empty()) {
    in.refuse(name.empty() ? Members::Kind::kMissing : Members::Kind::kNotAllowed, "logGroupName",
              name.empty() ? "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: "
                             "Member must not be null"
                           : "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
    return {};
  }
  if (!name.empty()) return name;
  const Result<aws::Arn> arn = aws::parse_arn(identifier);
  if (!arn || arn->service != "logs" || arn->resource_type() != "log-group") return identifier;
  std::string_view from_arn = arn->resource_id();
  if (from_arn.ends_with(":*")) from_arn.remove_suffix(2);
  return std::string(from_arn);
}

std::optional<ApiError> LogCall::refused(std::string_view group, std::string_view stream) const {
  if (const Members::Problem* problem = in.problem()) {
    if (problem->kind == Members::Kind::kWrongType) return ApiError{400, "SerializationException", problem->message};
    return invalid_parameter(problem->message);
  }
  // Policies name a group as "log-group:NAME" or as "log-group:NAME:*"; either is meant for the group.
  const std::string action = fmt::format("logs:{}", operation);
  const std::string whole = stream_arn(group, stream);
  const aws::Decision decision = caller.decide(action, whole);
  if (decision == aws::Decision::kDenied) return aws::access_denied_json(caller, action, whole, decision);
  if (!stream.empty()) {
    if (decision == aws::Decision::kAllowed) return std::nullopt;
    return aws::access_denied_json(caller, action, whole, decision);
  }
  const aws::Decision plain = caller.decide(action, group_arn(group));
  if (plain == aws::Decision::kDenied) return aws::access_denied_json(caller, action, group_arn(group), plain);
  if (decision == aws::Decision::kAllowed || plain == aws::Decision::kAllowed) return std::nullopt;
  return aws::access_denied_json(caller, action, whole, decision);
}

ApiError invalid_parameter(std::string message) { return {400, "InvalidParameterException", std::move(message)}; }

ApiError log_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound: return {400, "ResourceNotFoundException", error.message};
    case ErrorCode::kConflict: return {400, "ResourceAlreadyExistsException", error.message};
    case ErrorCode::kTooLarge: return {400, "LimitExceededException", error.message};
    case ErrorCode::kInvalid: return invalid_parameter(error.message);
    case ErrorCode::kNoSpace:
    case ErrorCode::kDeadline:
    case ErrorCode::kUnavailable: return {503, "ServiceUnavailableException", error.message};
    default: return {500, "InternalFailure", error.message};
  }
}

JsonAnswer LogService::call(std::string_view operation, const Json& input, const aws::Call& call) {
  const auto* found = std::ranges::find(kOperations, operation, &Operation::name);
  if (found == std::end(kOperations)) {
    const bool known =
        std::ranges::any_of(kOthers, [&](std::string_view start) { return operation.starts_with(start); });
    if (!known) return ApiError{400, "UnknownOperationException", fmt::format("Unknown operation {}", operation)};
    return ApiError{400, "InvalidOperationException",
                    fmt::format("{} is not offered here: FilterLogEvents and GetLogEvents read logs", operation)};
  }
  LogCall one{store_,
              found->name,
              call.caller,
              call.caller.account().empty() ? std::string(aws::kDefaultAccount) : call.caller.account(),
              call.region.empty() ? aws::kDefaultRegion : call.region,
              now_in_milliseconds(),
              Members(input)};
  return found->run(one);
}

}  // namespace chiliad::watch
