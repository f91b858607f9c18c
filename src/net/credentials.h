// Credentials for AWS and what speaks its protocol, looked up as the AWS tools do; the first place that has some wins:
//
//   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN;
//   2. the profile's keys in ~/.aws/credentials, then in ~/.aws/config (aws_config.h);
//   3. a container's endpoint: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with
//   AWS_CONTAINER_AUTHORIZATION_TOKEN
//      or _TOKEN_FILE (ECS, EKS Pod Identity);
//   4. the instance's metadata service, version 2 (EC2), unless AWS_EC2_METADATA_DISABLED=true.
//
// Those of 3 and 4 end; they are fetched again five minutes before, and while that fails the old ones serve to their
// end. A full URI without TLS has to name this host or the addresses of ECS and EKS, as with the AWS tools.
//
// Not here: single sign-on, roles to assume (role_arn, web identity), credential_process. A profile that asks for one
// of these gets an error which says so.
//
// Source: AWS SDKs and Tools reference guide, "Standardized credential providers".
//
// Thread safety: CredentialSource may be used from any threads at a time; one of them fetches, none holds a lock then.

#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/aws_config.h"

namespace chiliad::net {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // Empty: long-term keys.
  std::optional<std::chrono::system_clock::time_point> expires;
};

class CredentialSource {
 public:
  explicit CredentialSource(Environment environment);
  CredentialSource(const CredentialSource&) = delete;
  CredentialSource& operator=(const CredentialSource&) = delete;
  ~CredentialSource();

  // Errors: kForbidden: none found, with the places that were looked at, or the endpoint refuses; kUnavailable: the
  // endpoint fails; kDeadline.
  Result<Credentials> get(Deadline deadline);

  // The other side says that these have ended: the next get() looks again.
  void forget(const Credentials& refused);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The JSON of 3 and 4: {"AccessKeyId": ..., "SecretAccessKey": ..., "Token": ..., "Expiration":
// "2030-01-02T03:04:05Z"}. Errors: kCorrupt.
Result<Credentials> parse_credentials(std::string_view json);

}  // namespace chiliad::net
