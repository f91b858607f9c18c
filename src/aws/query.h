// The Query protocol: parameters as a form, answers as XML. STS, IAM, and CloudWatch for older clients.
//
//   Action=PutRolePolicy&Version=2010-05-08&RoleName=r&ActionNames.member.1=s3%3AGetObject&...
//
//   <PutRolePolicyResponse xmlns="..."><PutRolePolicyResult>...</PutRolePolicyResult>
//     <ResponseMetadata><RequestId>...</RequestId></ResponseMetadata></PutRolePolicyResponse>
//
// Source: smithy.io, "AWS query protocol". Thread safety: a QueryForm is immutable after parse(); pure functions.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/api_error.h"
#include "base/result.h"

namespace chiliad::aws {

class QueryForm {
 public:
  // Errors: kInvalid: a parameter without name, or twice (two readers could see different ones); kTooLarge: over 10,000
  // parameters.
  static Result<QueryForm> parse(std::string_view form);

  // Null when it was not sent.
  const std::string* find(std::string_view name) const;
  // Empty when it was not sent.
  std::string_view get(std::string_view name) const;

  // The values of name.member.1, name.member.2, ..., by their numbers; gaps are skipped.
  std::vector<std::string_view> list(std::string_view name) const;
  // Of a list of structures: "name.member.1", "name.member.2", ..., each to be followed by ".Member".
  std::vector<std::string> elements(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

// The whole answer of `action`; `result` is the XML inside <...Result>, empty for actions that answer nothing.
std::string query_answer(std::string_view action, std::string_view xmlns, std::string_view result,
                         std::string_view request_id);

// <ErrorResponse>: Type is Sender for 4xx and Receiver otherwise.
std::string query_error(std::string_view xmlns, const ApiError& error, std::string_view request_id);

inline constexpr std::string_view kQueryContentType = "text/xml";

}  // namespace chiliad::aws
