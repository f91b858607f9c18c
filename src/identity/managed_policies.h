// The managed policies that AWS has and clients name ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), as documents
// of ours: what they let one do here is what their names say. doc/identity.md lists them.
//
// Thread safety: pure functions.

#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "identity/policy.h"

namespace chiliad::identity {

struct ManagedPolicy {
  std::string_view arn;
  std::string_view id;  // "ANPA..."
  std::string_view name;
  std::string_view description;
  std::string_view document;
};

std::span<const ManagedPolicy> aws_managed_policies();
// Null: none of ours.
const ManagedPolicy* find_aws_managed_policy(std::string_view arn);
// Parsed once. Null: none of ours.
std::shared_ptr<const Policy> compiled_aws_managed_policy(std::string_view arn);

}  // namespace chiliad::identity
