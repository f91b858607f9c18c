// BucketAccess: the buckets in a role's name. A job and an endpoint touch the store as the role that their request
// named, and whoever reads an s3:// URI for them opens its bucket here:
//
//   std::shared_ptr<Buckets> buckets = access.of(spec.role_arn);
//   Result<std::shared_ptr<ObjectStore>> bucket = buckets->open("models");  // Refuses what the role may not do.
//
// Implementations: role/role_access.h asks the role's policies; EveryBucket below asks nobody.
//
// Rule the rest relies on: what a job, an endpoint, a transform job, an asynchronous call or a capture reads and writes
// goes through of(), manifests and what they name included. Changes are listened to without a role, since what is told
// is only that a key is to be read again.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <memory>
#include <string_view>

#include "store/buckets.h"

namespace chiliad::store {

class BucketAccess {
 public:
  virtual ~BucketAccess() = default;

  // Whether the role can be taken on now. Errors: kForbidden: it does not exist or does not trust the service, in words
  // for whoever named it; kUnavailable.
  virtual Result<Done> check(std::string_view role_arn) = 0;

  // The buckets as the role may use them. What it may not do is kForbidden when it is tried, with AWS's words; so is
  // everything for a role that cannot be taken on. Makes no request.
  virtual std::shared_ptr<Buckets> of(std::string_view role_arn) = 0;
};

// Whatever the role, all buckets: for a server that asks for no signatures.
class EveryBucket final : public BucketAccess {
 public:
  // `buckets` must outlive the object and what of() returned.
  explicit EveryBucket(Buckets& buckets) : buckets_(buckets) {}

  Result<Done> check(std::string_view) override { return Done{}; }
  std::shared_ptr<Buckets> of(std::string_view) override { return {std::shared_ptr<void>(), &buckets_}; }

 private:
  Buckets& buckets_;
};

}  // namespace chiliad::store
