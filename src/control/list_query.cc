#include "control/list_query.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/hash.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

// Year 9999: beyond it nothing is a time.
constexpr double kMaxSeconds = 253402300800.0;

std::uint64_t hash_of(const ListQuery& query) {
  const auto time = [](const std::optional<Milliseconds>& value) {
    return value ? std::to_string(*value) : std::string("-");
  };
  std::uint64_t hash = content_hash(query.name_contains, static_cast<std::uint64_t>(query.kind));
  hash = content_hash(query.status, hash);
  for (const auto& bound : {query.created_after, query.created_before, query.modified_after, query.modified_before})
    hash = content_hash(time(bound), hash);
  return content_hash(fmt::format("{}{}", static_cast<int>(query.sort_by), query.descending), hash);
}

std::optional<ListQuery::Place> place_of(std::uint64_t asked, const std::string& token) {
  const std::optional<std::string> text = unbase64(token);
  if (!text) return std::nullopt;
  const Result<Json> json = aws::parse_json(*text, {.max_bytes = 4096, .max_depth = 2, .max_values = 10});
  if (!json) return std::nullopt;
  const std::string* question = aws::string_member(*json, "q");
  const std::string* value = aws::string_member(*json, "v");
  const std::optional<std::int64_t> time = aws::integer_member(*json, "t");
  const std::optional<std::int64_t> id = aws::integer_member(*json, "i");
  if (question == nullptr || *question != hex(asked) || value == nullptr || !time || !id) return std::nullopt;
  return ListQuery::Place{*value, *time, *id};
}

}  // namespace

std::string token_of(std::uint64_t question, const ListQuery::Place& place) {
  const std::string text =
      aws::json_text({{"q", hex(question)}, {"v", place.text}, {"t", place.time}, {"i", place.id}});
  return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::variant<ListQuery::Place, ApiError> read_token(std::uint64_t question, const std::string& token) {
  std::optional<ListQuery::Place> place = place_of(question, token);
  if (place) return *std::move(place);
  return ApiError{
      400, "ValidationException",
      "The NextToken is not valid for this request: pass the one that the last answer to the same request gave"};
}

std::variant<ListQuery, ApiError> read_list_query(ResourceKind kind, const Json& input) {
  ListQuery query;
  query.kind = kind;
  if (const std::string* text = aws::string_member(input, "NameContains")) query.name_contains = *text;
  if (const std::string* text = aws::string_member(input, "StatusEquals")) query.status = *text;
  query.nothing =
      aws::member(input, "WarmPoolStatusEquals") != nullptr || aws::member(input, "TrainingPlanArnEquals") != nullptr;
  const std::pair<std::string_view, std::optional<Milliseconds>*> bounds[] = {
      {"CreationTimeAfter", &query.created_after},
      {"CreationTimeBefore", &query.created_before},
      {"LastModifiedTimeAfter", &query.modified_after},
      {"LastModifiedTimeBefore", &query.modified_before},
  };
  for (const auto& [name, bound] : bounds) {
    const Json* value = aws::member(input, name);
    if (value == nullptr) continue;
    const double seconds = value->get<double>();
    if (!(std::abs(seconds) <= kMaxSeconds))
      return ApiError{400, "ValidationException", fmt::format("{} is no time: expected seconds since 1970", name)};
    *bound = static_cast<Milliseconds>(std::llround(seconds * 1000.0));
  }
  // As the reference says it, kind by kind.
  query.descending = kind != ResourceKind::kTrainingJob && kind != ResourceKind::kProcessingJob;
  if (const std::string* text = aws::string_member(input, "SortOrder")) query.descending = *text == "Descending";
  if (const std::string* text = aws::string_member(input, "SortBy")) {
    query.sort_by = *text == "Name"     ? ListQuery::SortBy::kName
                    : *text == "Status" ? ListQuery::SortBy::kStatus
                                        : ListQuery::SortBy::kCreationTime;
  }
  // Kinds whose pages hold 10 unless asked otherwise.
  query.max_results = kind == ResourceKind::kEndpoint || kind == ResourceKind::kTransformJob ? 10 : 100;
  if (const auto count = aws::integer_member(input, "MaxResults")) query.max_results = static_cast<int>(*count);
  if (const std::string* token = aws::string_member(input, "NextToken"); token != nullptr && !token->empty()) {
    auto place = read_token(hash_of(query), *token);
    if (auto* error = std::get_if<ApiError>(&place)) return std::move(*error);
    query.after = std::get<ListQuery::Place>(std::move(place));
  }
  return query;
}

std::string next_token(const ListQuery& query, const Resource& last) {
  std::string value;
  if (query.sort_by == ListQuery::SortBy::kName) value = last.name;
  if (query.sort_by == ListQuery::SortBy::kStatus) value = last.status;
  return token_of(hash_of(query), {std::move(value), last.created, last.id});
}

}  // namespace chiliad::control
