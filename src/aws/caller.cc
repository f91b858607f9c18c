#include "aws/caller.h"

#include <fmt/format.h>

namespace chiliad::aws {
namespace {

std::string words(const Caller& caller, std::string_view action, std::string_view resource, Decision decision) {
  const std::string on = resource.empty() ? std::string() : fmt::format(" on resource: {}", resource);
  const std::string why = decision == Decision::kDenied
                              ? std::string("with an explicit deny in an identity-based policy")
                              : fmt::format("because no identity-based policy allows the {} action", action);
  return fmt::format("User: {} is not authorized to perform: {}{} {}", caller.anonymous() ? "anonymous" : caller.arn(),
                     action, on, why);
}

}  // namespace

ApiError access_denied(const Caller& caller, std::string_view action, std::string_view resource, Decision decision) {
  return {403, "AccessDenied", words(caller, action, resource, decision)};
}

ApiError access_denied_json(const Caller& caller, std::string_view action, std::string_view resource,
                            Decision decision) {
  return {400, "AccessDeniedException", words(caller, action, resource, decision)};
}

}  // namespace chiliad::aws
