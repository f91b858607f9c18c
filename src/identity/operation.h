// Operation: one call of a Query service of this folder, and how a table of them is served.
//
// Thread safety: one thread at a time for an Operation; pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aws/caller.h"
#include "aws/query.h"
#include "aws/service.h"
#include "aws/xml.h"
#include "identity/directory_state.h"
#include "identity/members.h"

namespace chiliad::identity {

struct Operation {
  Directory::State& state;
  const aws::Caller& caller;
  std::string_view name;  // "GetRole"
  Members members;
  Time now;

  std::int64_t seconds() const { return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count(); }

  // None: the caller may. `action`: "iam:GetRole".
  std::optional<aws::ApiError> denied(std::string_view action, std::string_view resource,
                                      const aws::Conditions& conditions = {}) const {
    const aws::Decision decision = caller.decide(action, resource, conditions);
    if (decision == aws::Decision::kAllowed) return std::nullopt;
    return aws::access_denied(caller, action, resource, decision);
  }
  std::string action() const { return "iam:" + std::string(name); }
};

struct NamedOperation {
  std::string_view name;
  Answer (*run)(Operation& operation);
};

// The XML within <...Result>, or an error.
Answer run_operation(std::span<const NamedOperation> operations, std::string_view version, Directory& directory,
                     const aws::Caller& caller, const aws::QueryForm& form);

// Reads the form (the body, or the query of a GET), runs the operation and writes the answer.
void serve_query(std::span<const NamedOperation> operations, std::string_view version, std::string_view xmlns,
                 Directory& directory, const aws::Call& call);

// The next page's beginning, at the end of a list.
void write_page_end(aws::XmlWriter& xml, bool truncated, std::string_view marker);

}  // namespace chiliad::identity
