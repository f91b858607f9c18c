// GetLogEvents, FilterLogEvents, PutLogEvents.

#include <fmt/format.h>

#include <algorithm>

#include "watch/filter_pattern.h"
#include "watch/log_call.h"
#include "watch/log_token.h"

namespace chiliad::watch {
namespace {

using aws::ApiError;
using aws::Json;
using aws::JsonAnswer;

constexpr std::size_t kMaxEvents = 10'000;
constexpr std::size_t kMaxPutBytes = std::size_t{1} << 20;
constexpr std::int64_t kLastMillis = 253'402'300'799'999;  // The end of the year 9999.

Milliseconds time_of(std::int64_t ms) { return Milliseconds(std::chrono::milliseconds(ms)); }

// end_included: FilterLogEvents gives events of the very endTime, GetLogEvents does not.
LogWindow window_of(Members& in, bool end_included) {
  LogWindow window;
  const Members::Number time{.min = 0, .max = kLastMillis};
  if (const auto start = in.integer("startTime", time)) window.start = time_of(*start);
  if (const auto end = in.integer("endTime", time)) window.end = time_of(*end + (end_included ? 1 : 0));
  window.max_events = static_cast<std::size_t>(
      in.integer("limit", {.min = 1, .max = kMaxEvents}).value_or(static_cast<std::int64_t>(kMaxEvents)));
  return window;
}

// Refuses a time that cannot be stored; others that are too old or new come back in the answer.
struct Rejected {
  std::int64_t too_old = 0;  // As many of the first,
  std::int64_t expired = 0;  // of these for the group's retention,
  std::int64_t too_new = 0;  // and from this one on.

  bool any(std::size_t events) const {
    return too_old > 0 || expired > 0 || too_new < static_cast<std::int64_t>(events);
  }
};

Rejected rejected_of(const std::vector<LogLine>& lines, Milliseconds now, const LogGroup& group) {
  const auto before = [&](Milliseconds time) {
    return std::ranges::lower_bound(lines, time, {}, &LogLine::time) - lines.begin();
  };
  Rejected rejected;
  rejected.too_old = before(now - std::chrono::days(14));
  if (group.retention_days) rejected.expired = before(now - std::chrono::days(*group.retention_days));
  rejected.too_new = before(now + std::chrono::hours(2) + std::chrono::milliseconds(1));
  return rejected;
}

std::vector<LogLine> lines_of(Members& in) {
  std::vector<LogLine> lines;
  const Json::array_t* events = in.list("logEvents", true, kMaxEvents);
  if (events == nullptr) return lines;
  std::size_t bytes = 0;
  for (const Json& event : *events) {
    Members members(event, fmt::format("logEvents.{}", lines.size() + 1));
    const std::int64_t time =
        members.integer("timestamp", {.required = true, .min = 0, .max = kLastMillis}).value_or(0);
    (void)members.text("message", {.required = true, .max = SIZE_MAX});
    in.take(members);
    if (in.problem() != nullptr) return {};
    const std::string_view message = *aws::string_member(event, "message");
    bytes += message.size() + kEventOverhead;
    if (!lines.empty() && time_of(time) < lines.back().time) {
      in.refuse(Members::Kind::kNotAllowed, "logEvents",
                "Log events in a single PutLogEvents request must be in chronological order.");
      return {};
    }
    lines.push_back({time_of(time), message});
  }
  if (bytes > kMaxPutBytes) {
    in.refuse(Members::Kind::kNotAllowed, "logEvents",
              fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kMaxPutBytes));
  } else if (lines.back().time - lines.front().time > std::chrono::hours(24)) {
    in.refuse(Members::Kind::kNotAllowed, "logEvents",
              "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return lines;
}

}  // namespace

JsonAnswer get_log_events(LogCall& call) {
  const std::string group = call.group();
  const std::string stream = call.in.text("logStreamName", kStreamName);
  const bool from_head = call.in.boolean("startFromHead");
  const std::string given = call.in.text("nextToken", kToken);
  const LogWindow window = window_of(call.in, false);
  if (auto refusal = call.refused(group, stream)) return *std::move(refusal);
  const std::optional<EventToken> token =
      given.empty() ? EventToken{from_head, 0, from_head ? 0 : INT64_MAX} : read_event_token(given);
  if (!token) return invalid_parameter("The specified nextToken is invalid.");
  LogStream found;
  const Result<LogPage> page = token->forward ? call.store.read_forward(group, stream, token->event, window, &found)
                                              : call.store.read_backward(group, stream, token->event, window, &found);
  if (!page) return log_error(page.error());
  if (!given.empty() && token->stream_id != found.id) return invalid_parameter("The specified nextToken is invalid.");
  Json events = Json::array();
  for (const LogEvent& event : page->events) {
    events.push_back(
        {{"timestamp", millis(event.time)}, {"message", event.text}, {"ingestionTime", millis(event.ingested)}});
  }
  const std::int64_t first = page->events.empty() ? page->first : page->events.front().number;
  return Json{{"events", std::move(events)},
              {"nextForwardToken", write_token(EventToken{true, found.id, page->next})},
              {"nextBackwardToken", write_token(EventToken{false, found.id, first})}};
}

JsonAnswer filter_log_events(LogCall& call) {
  const std::string group = call.group();
  const std::string prefix = call.in.text("logStreamNamePrefix", {.max = 512});
  const std::vector<std::string> names = call.in.texts("logStreamNames", LogStore::kSearchedTogether, {.max = 512});
  const std::string text = call.in.text("filterPattern", {.min = 0, .max = 1'024});
  const std::string given = call.in.text("nextToken", kToken);
  const LogWindow window = window_of(call.in, true);
  if (auto refusal = call.refused(group)) return *std::move(refusal);
  if (!prefix.empty() && !names.empty()) {
    return invalid_parameter("LogStreamNamePrefix and LogStreamNames are mutually exclusive parameters.");
  }
  const Result<FilterPattern> pattern = FilterPattern::parse(text);
  if (!pattern) return invalid_parameter(pattern.error().message);
  const std::optional<SearchPosition> from = given.empty() ? std::nullopt : read_search_token(given);
  if (!given.empty() && !from) return invalid_parameter("The specified nextToken is invalid.");
  const std::vector<std::string_view> views(names.begin(), names.end());
  const Result<LogStore::FoundPage> page = call.store.search(
      {.group = group, .prefix = prefix, .streams = views, .window = window, .pattern = &*pattern}, from);
  if (!page) return log_error(page.error());
  Json events = Json::array();
  for (const LogStore::Found& found : page->events) {
    events.push_back({{"logStreamName", found.stream},
                      {"timestamp", millis(found.event.time)},
                      {"message", found.event.text},
                      {"ingestionTime", millis(found.event.ingested)},
                      {"eventId", fmt::format("{:028}{:028}", found.stream_id, found.event.number)}});
  }
  Json out{{"events", std::move(events)}, {"searchedLogStreams", Json::array()}};
  if (page->further) out["nextToken"] = write_token(*page->further);
  return out;
}

JsonAnswer put_log_events(LogCall& call) {
  const std::string group = call.in.text("logGroupName", kGroupName);
  const std::string stream = call.in.text("logStreamName", kStreamName);
  const std::vector<LogLine> lines = lines_of(call.in);
  if (auto refusal = call.refused(group, stream)) return *std::move(refusal);
  const Result<LogGroup> in = call.store.find_group(group);
  if (!in) return log_error(in.error());
  const Rejected rejected = rejected_of(lines, call.now, *in);
  const std::int64_t from = std::max(rejected.too_old, rejected.expired);
  const std::span<const LogLine> good =
      from < rejected.too_new
          ? std::span(lines).subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(rejected.too_new - from))
          : std::span<const LogLine>();
  const Result<Done> put = call.store.put(group, stream, good);
  if (!put) return log_error(put.error());
  Json out{{"nextSequenceToken", fmt::format("{:056}", millis(call.now))}};
  if (rejected.any(lines.size())) {
    Json& info = out["rejectedLogEventsInfo"] = Json::object();
    if (rejected.too_old > 0) info["tooOldLogEventEndIndex"] = rejected.too_old;
    if (rejected.expired > 0) info["expiredLogEventEndIndex"] = rejected.expired;
    if (rejected.too_new < static_cast<std::int64_t>(lines.size())) info["tooNewLogEventStartIndex"] = rejected.too_new;
  }
  return out;
}

}  // namespace chiliad::watch
