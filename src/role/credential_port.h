// CredentialPort: hands keys of roles to programs of users, in the way in which ECS hands them to containers.
//
//   AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:<port>/credentials/<id>
//   AWS_CONTAINER_AUTHORIZATION_TOKEN=<token>
//
//   SDK in the program --GET, Authorization: <token>--> {"AccessKeyId", "SecretAccessKey", "Token", "Expiration",
//   "RoleArn"}
//
// That is the form without keys_for; with it the keys themselves are in the environment and nothing is fetched. They
// are refused as soon as the grant is not held any more.
//
// SDKs fetch again before the keys end, so a program may run for months. A port of its own on the loopback interface:
// SDKs accept no other without TLS, and the server's own port may be elsewhere.
//
// Promises:
//   1. A token opens its own role alone, and only while its grant is held. 404 and 403 tell nothing more.
//   2. Keys are those of sagemaker.amazonaws.com's session of the role, for an hour; they are made anew when less than
//      half of it is left, and refused once the grant has gone. A role that is gone or no longer trusts the service:
//      403, with the reason.
//
// Source: AWS SDKs and Tools reference guide, "Container credential provider".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "identity/directory.h"
#include "store/program_credentials.h"

namespace chiliad::role {

class CredentialPort final : public store::ProgramCredentials {
 public:
  // Where the services are.
  struct Services {
    std::string url;        // AWS_ENDPOINT_URL.
    std::string s3_url;     // Another address for S3; empty: none.
    std::string ca_bundle;  // What a client of `url` must trust besides the system's; empty: nothing.
  };

  // Listens on a free port. `no_auth`: no signature is checked here, so that any key does; no role is asked for.
  // `directory` must outlive the object. Errors: as net::HttpServer::start().
  static Result<std::unique_ptr<CredentialPort>> open(identity::Directory& directory, bool no_auth);
  // Who waits in grant() gets kUnavailable.
  ~CredentialPort() override;

  // The services can be reached: grant() waits for this.
  void serve(Services services);
  // They no longer can: grant() says so at once.
  void close();

  Result<Grant> grant(std::string_view role_arn, std::string_view session, std::chrono::seconds keys_for,
                      Deadline deadline) override;

 private:
  struct State;
  explicit CredentialPort(std::shared_ptr<State> state);
  const std::shared_ptr<State> state_;
};

}  // namespace chiliad::role
