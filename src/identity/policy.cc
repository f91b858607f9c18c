#include "identity/policy.h"

#include <algorithm>

namespace chiliad::identity {

using aws::Decision;

bool Policy::fits_resource(const Statement& statement, const Question& question) {
  const auto fits = [&](const PolicyText& text) {
    return text.test(question, [&](const Wildcard& pattern) {
      return pattern.matches_all() || pattern.matches_arn(question.resource);
    });
  };
  const bool any = std::ranges::any_of(statement.resources, fits);
  if (!statement.not_resource || any) return any != statement.not_resource;
  // Excluded by none that is known. What is not known might exclude it: an Allow is silent then.
  return statement.deny ||
         std::ranges::all_of(statement.resources, [&](const PolicyText& text) { return text.resolves(question); });
}

bool Policy::speaks(const Statement& statement, const Question& question) {
  const bool action = std::ranges::any_of(statement.actions, [&](const Wildcard& pattern) {
    return pattern.matches_all() || pattern.matches_ignoring_case(question.action);
  });
  if (action == statement.not_action) return false;
  // Trust policies have no resource: they hang on theirs.
  if (!statement.resources.empty() && !fits_resource(statement, question)) return false;
  return std::ranges::all_of(statement.conditions,
                             [&](const Condition& condition) { return condition.holds(question, statement.deny); });
}

Decision Policy::decide(const Question& question) const {
  Decision decision = Decision::kNotAllowed;
  for (const Statement& statement : statements_) {
    if (!statement.deny && decision == Decision::kAllowed) continue;
    if (!speaks(statement, question)) continue;
    if (statement.deny) return Decision::kDenied;
    decision = Decision::kAllowed;
  }
  return decision;
}

Trust Policy::names(const Principals& principals, const Question& question) {
  const auto holds = [](const std::vector<std::string>& list, std::string_view value) {
    return !value.empty() && std::ranges::find(list, value) != list.end();
  };
  if (!question.service.empty()) {
    return holds(principals.services, question.service) ? Trust::kDirect : Trust::kNone;
  }
  const aws::Principal& who = *question.caller.who;
  if (who.kind == aws::Principal::Kind::kAnonymous) return Trust::kNone;
  if (principals.anyone || holds(principals.arns, who.arn) || holds(principals.arns, who.role_arn)) {
    return Trust::kDirect;
  }
  return holds(principals.accounts, who.account) ? Trust::kAccount : Trust::kNone;
}

Trust Policy::trust(const Question& question) const {
  Trust trust = Trust::kNone;
  for (const Statement& statement : statements_) {
    const Trust named = names(statement.principals, question);
    if (named == Trust::kNone || !speaks(statement, question)) continue;
    if (statement.deny) return Trust::kDenied;
    trust = std::max(trust, named);
  }
  return trust;
}

std::size_t policy_size(std::string_view document) {
  return static_cast<std::size_t>(
      std::ranges::count_if(document, [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; }));
}

}  // namespace chiliad::identity
