// ListQuery: one page of a list of resources: which, in which order, from where. And the tokens of every list's pages.
//
// Where a page starts is told by the last resource of the page before: its value in the order, and its id. Resources
// made or deleted between two pages move nothing: no other comes twice or is left out.
//
// NextToken holds that place and a hash of the question; a token that belongs to another question is refused. It is no
// secret and proves nothing: who may list may start anywhere.
//
// Source: the List operations of the SageMaker API Reference. Thread safety: values, pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "aws/api_error.h"
#include "aws/json.h"
#include "control/resource.h"

namespace chiliad::control {

struct ListQuery {
  enum class SortBy : std::uint8_t { kCreationTime, kName, kStatus };
  struct Place {
    std::string text;       // Of the name or status; empty for times.
    Milliseconds time = 0;  // Of the creation, when sorted by it.
    std::int64_t id = 0;
  };

  ResourceKind kind{};
  std::string name_contains;  // Empty: any.
  std::string status;         // Empty: any.
  bool nothing = false;       // Asks for what no resource here has: a warm pool, a training plan.
  // Exclusive bounds.
  std::optional<Milliseconds> created_after, created_before, modified_after, modified_before;
  SortBy sort_by = SortBy::kCreationTime;
  bool descending = false;
  int max_results = 100;
  std::optional<Place> after;
};

// Reads the input of a List operation. Requires: it is valid for its operation's shape.
// Errors: ValidationException: a NextToken that this question did not give; a time outside of what can be.
std::variant<ListQuery, aws::ApiError> read_list_query(ResourceKind kind, const aws::Json& input);

// The token after a page that ended with `last`.
std::string next_token(const ListQuery& query, const Resource& last);

// The token of a place in the answer to a question, told by its hash.
std::string token_of(std::uint64_t question, const ListQuery::Place& place);
// Errors: ValidationException: no token of this question.
std::variant<ListQuery::Place, aws::ApiError> read_token(std::uint64_t question, const std::string& token);

}  // namespace chiliad::control
