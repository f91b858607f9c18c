// Grants: what one user or role may do, compiled from its policies, and the Authorizers that ask it.
//
// The layers all have to agree: a Deny in any layer denies; allowed is what every layer allows.
//
//   policies of the user or role   AND   its permissions boundary, if it has one   AND   session policies, if any
//
// Source: AWS IAM User Guide, "Policy evaluation logic". Thread safety: immutable.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/caller.h"
#include "identity/policy.h"
#include "identity/records.h"

namespace chiliad::identity {

// Several policies that add up: any Deny denies, else any Allow allows.
class PolicySet {
 public:
  void add(std::shared_ptr<const Policy> policy) { policies_.push_back(std::move(policy)); }
  aws::Decision decide(const Question& question) const;

 private:
  std::vector<std::shared_ptr<const Policy>> policies_;
};

using Layers = std::vector<PolicySet>;
// NotAllowed for no layers.
aws::Decision decide(const Layers& layers, const Question& question);

// A user or role as it was when its policies were last read.
struct Identity {
  IdentityRecord record;
  std::string arn;
  Layers layers;
  // Whoever holds it reads it again: something about it changed.
  mutable std::atomic<bool> stale = false;
};

class SessionAuthorizer final : public aws::Authorizer {
 public:
  // `session`: session policies; none: no such layer. `issued`: of temporary credentials.
  SessionAuthorizer(std::shared_ptr<const Identity> identity, std::optional<PolicySet> session,
                    std::optional<std::chrono::system_clock::time_point> issued)
      : identity_(std::move(identity)), session_(std::move(session)), issued_(issued) {}

  aws::Decision decide(const aws::Caller& caller, std::string_view action, std::string_view resource,
                       const aws::Conditions& conditions) const override;

 private:
  std::shared_ptr<const Identity> identity_;
  std::optional<PolicySet> session_;
  std::optional<std::chrono::system_clock::time_point> issued_;
};

}  // namespace chiliad::identity
