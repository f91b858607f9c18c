// RoleAccess: the store as a role may use it. Jobs and endpoints run in this process, whose own access to the store
// knows no limits; what limits them is here: each use of a bucket is asked of the policies of the role that their
// request named (RoleArn, ExecutionRoleArn), as on AWS, where they have nothing but that role's credentials.
//
//   job, endpoint --of(role)--> Buckets --open()--> ObjectStore --may the role?--> the store
//
// Asked for, on the object's ARN: s3:GetObject (get, head, download), s3:PutObject (put, upload), s3:DeleteObject;
// on the bucket's: s3:ListBucket, with s3:prefix and s3:delimiter where they are not empty.
//
// Promises:
//   1. A role is assumed as sagemaker.amazonaws.com, so its trust policy must name that service.
//   2. A change of a role, its policies or its trust policy counts within `renewal`, also for jobs and
//      endpoints that run; what was read before stays read.
//   3. A role that is gone or no longer trusts the service refuses everything.
//
// Source: SageMaker developer guide, "How to use SageMaker AI execution roles"; the messages are the API's own.
//
// Thread safety: all methods may be called from any threads at a time. Cost: about a microsecond an operation, and once
// in `renewal` a look into the directory's database.

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "identity/directory.h"
#include "store/bucket_access.h"

namespace chiliad::role {

class RoleAccess final : public store::BucketAccess {
 public:
  static constexpr std::chrono::seconds kRenewal{5};

  // Both must outlive the object and what of() returned.
  RoleAccess(identity::Directory& directory, store::Buckets& buckets, std::chrono::milliseconds renewal = kRenewal);
  ~RoleAccess() override;

  Result<Done> check(std::string_view role_arn) override;
  std::shared_ptr<store::Buckets> of(std::string_view role_arn) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::role
