// Policy: one policy document, checked and compiled: {"Version", "Id", "Statement": [{Effect, Action, Resource, ...}]}.
//
//   Result<Policy> policy = Policy::parse(text, Policy::Use::kIdentity);
//   Decision decision = policy->decide(question);      // of users, roles, sessions
//   Trust trust = policy->trust(question, account);    // of a role's trust policy
//
// A statement speaks about a question when action, resource and all conditions fit. Any Deny that speaks wins; else any
// Allow; else nobody said anything. Actions are compared without case, resources with.
//
// Rules the rest relies on:
//   1. What parse() does not understand whole it refuses: no element is skipped, no member may come twice.
//   2. A resource or condition that names a variable without a value fits nothing; a NotResource excludes nothing in a
//      Deny, and in an Allow the statement is silent.
//
// Source: AWS IAM User Guide, "IAM JSON policy elements reference", "Grammar of the IAM JSON policy language", "Policy
// evaluation logic". Not here: NotPrincipal, and principals of identity providers fit nobody.
//
// Thread safety: immutable after parse(). Cost: about 30 ns a pattern that is looked at.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aws/caller.h"
#include "base/result.h"
#include "base/wildcard.h"
#include "identity/condition.h"
#include "identity/policy_text.h"
#include "identity/question.h"

namespace chiliad::identity {

// What a trust policy says about somebody who wants to assume the role.
enum class Trust : std::uint8_t {
  kNone,
  kDenied,
  kAccount,  // Their account is trusted: their own policies must allow it too.
  kDirect,   // They are named themselves (or "*", or the service).
};

class Policy {
 public:
  enum class Use : std::uint8_t {
    kIdentity,  // Of a user, role or session: Resource or NotResource, no Principal.
    kTrust,     // Who may assume a role: Principal, no Resource, sts: actions only.
  };

  static constexpr std::size_t kMaxBytes = 65'536;

  // Errors: kInvalid: not a policy; the message says where ("Statement 2: ..."). kTooLarge: over kMaxBytes.
  static Result<Policy> parse(std::string_view text, Use use);

  // Requires: kIdentity.
  aws::Decision decide(const Question& question) const;
  // Requires: kTrust. A question with a service is that service's.
  Trust trust(const Question& question) const;

 private:
  struct Principals {
    bool anyone = false;
    std::vector<std::string> accounts;
    std::vector<std::string> arns;
    std::vector<std::string> services;
  };
  struct Statement {
    bool deny = false;
    bool not_action = false;
    bool not_resource = false;
    std::vector<Wildcard> actions;
    std::vector<PolicyText> resources;
    std::vector<Condition> conditions;
    Principals principals;
  };
  friend class PolicyReader;

  static bool speaks(const Statement& statement, const Question& question);
  static bool fits_resource(const Statement& statement, const Question& question);
  static Trust names(const Principals& principals, const Question& question);

  std::vector<Statement> statements_;
};

// As IAM counts a document against its limits: without blanks.
std::size_t policy_size(std::string_view document);

}  // namespace chiliad::identity
