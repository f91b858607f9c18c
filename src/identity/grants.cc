#include "identity/grants.h"

namespace chiliad::identity {

using aws::Decision;

Decision PolicySet::decide(const Question& question) const {
  Decision decision = Decision::kNotAllowed;
  for (const std::shared_ptr<const Policy>& policy : policies_) {
    const Decision one = policy->decide(question);
    if (one == Decision::kDenied) return one;
    if (one == Decision::kAllowed) decision = one;
  }
  return decision;
}

Decision decide(const Layers& layers, const Question& question) {
  Decision decision = layers.empty() ? Decision::kNotAllowed : Decision::kAllowed;
  for (const PolicySet& layer : layers) {
    const Decision one = layer.decide(question);
    if (one == Decision::kDenied) return one;
    if (one == Decision::kNotAllowed) decision = one;
  }
  return decision;
}

Decision SessionAuthorizer::decide(const aws::Caller& caller, std::string_view action, std::string_view resource,
                                   const aws::Conditions& conditions) const {
  const Question question{caller, action, resource, conditions, issued_, {}};
  const Decision own = identity::decide(identity_->layers, question);
  if (own == Decision::kDenied || !session_) return own;
  const Decision session = session_->decide(question);
  if (session == Decision::kDenied) return session;
  return own == Decision::kAllowed && session == Decision::kAllowed ? Decision::kAllowed : Decision::kNotAllowed;
}

}  // namespace chiliad::identity
