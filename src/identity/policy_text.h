// PolicyText: a text of a policy that may hold wildcards and variables: "arn:aws:s3:::b/${aws:username}/*".
//
// Variables count in documents of version 2012-10-17 only; in older ones "${" is just text. ${*}, ${?} and ${$} are
// these characters themselves; ${aws:username, 'nobody'} has a value for when the key is not there. A value is compared
// byte by byte: wildcards in it stand for themselves. A variable without a value, or with several, makes the text match
// nothing.
//
// Source: AWS IAM User Guide, "IAM policy elements: Variables and tags". Thread safety: immutable after parse().

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wildcard.h"
#include "identity/question.h"

namespace chiliad::identity {

class PolicyText {
 public:
  struct Syntax {
    bool wildcards = true;
    bool variables = true;
  };

  // Errors: kInvalid: "${" without its end, or without a name.
  static Result<PolicyText> parse(std::string_view text, Syntax syntax);

  // Calls match(const Wildcard&) with the text in which variables have their values; false when one has none.
  template <class Match>
  bool test(const Question& question, Match&& match) const {
    if (variables_.empty()) return match(fixed_);
    const std::optional<Wildcard> whole = resolve(question);
    return whole && match(*whole);
  }
  // Whether all its variables have values.
  bool resolves(const Question& question) const { return variables_.empty() || resolve(question).has_value(); }

 private:
  struct Variable {
    ConditionKey key;
    std::optional<std::string> otherwise;
    Wildcard after;  // The text up to the next variable.
  };
  Result<Done> add_variable(std::string_view inside, std::string_view whole);
  std::optional<Wildcard> resolve(const Question& question) const;

  Wildcard fixed_;  // Up to the first variable.
  std::vector<Variable> variables_;
};

}  // namespace chiliad::identity
