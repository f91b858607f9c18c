// ProgramCredentials: what lets a program of a user's call the services as the role of its job or endpoint: keys in its
// environment, for a job, whose end is known; or, for an endpoint, a place where AWS's own SDKs fetch them again and
// again as they end.
//
//   Result<ProgramCredentials::Grant> grant = credentials.grant(role_arn, "job-name", keys_for, deadline);
//   environment.insert(environment.end(), grant->environment.begin(), grant->environment.end());
//   ... the program runs ...
//   grant->held.reset();   // From here on none of its keys is taken any more.
//
// One implementation: role/credential_port.h. The interface is here because jobs and endpoints know nothing of
// identities.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::store {

class ProgramCredentials {
 public:
  struct Grant {
    // "NAME=value": where the services are, and where the keys are fetched.
    std::vector<std::string> environment;
    // A file that the environment names and that the program must see at this very path; empty: none.
    std::filesystem::path ca_bundle;
    std::shared_ptr<void> held;
  };

  virtual ~ProgramCredentials() = default;

  // `session` names the program in ARNs: [A-Za-z0-9_=,.@-]{2,64}. `keys_for` above 0: keys that last so long; 0: a
  // place to fetch keys, and the role is looked at when they are fetched, not now. Waits until the services can be
  // reached. Errors: kDeadline; kUnavailable: the server ends; with keys_for above 0 also kForbidden: the role does not
  // exist or does not trust the service; kInvalid: keys cannot last so long.
  virtual Result<Grant> grant(std::string_view role_arn, std::string_view session, std::chrono::seconds keys_for,
                              Deadline deadline) = 0;
};

}  // namespace chiliad::store
