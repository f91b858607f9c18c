// Directory: who exists in this installation (users, roles, their keys and policies), and who stands behind an access
// key.
//
//   gateway:  claim.access_key_id --find_key()--> Key {signs, who, authorizer} --check_signature()--> aws::Caller
//   STS, IAM: identity/sts.h and identity/iam.h change and list what is here.
//   jobs:     assume_role_for_service(role, session) -> temporary credentials that act as the role.
//
// Users own long-term keys (AKIA...), at most two each. Roles are assumed: temporary keys (ASIA...) come with a session
// token that holds all that is to be known of the session, sealed with a key of the installation (base/seal.h). So a
// session costs no write, survives a restart and kill -9 by itself, and ends by its own date, with its role or user, or
// by a policy about aws:TokenIssueTime.
//
// Rules the rest relies on:
//   1. What a call answered survives kill -9 (SQLite, state/identity.db, mode 0600 in a folder of mode 0700).
//   2. A change counts for every request that is found after the change was answered, also for sessions made before.
//   3. find_key() of a key that was found not long ago makes no system call and no SQLite call: a lookup under the
//      mutex of one of 64 shards. At most about 16,000 keys and sessions are held; others are read again.
//   4. Keys come from the system's random bytes; an unknown key costs one indexed read.
//
// Source: AWS IAM User Guide, "IAM identifiers", "Managing access keys", "Temporary security credentials".
//
// Thread safety: safe from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "aws/api_error.h"
#include "aws/arn.h"
#include "aws/caller.h"
#include "base/result.h"
#include "net/sigv4.h"

namespace chiliad::identity {

using Time = std::chrono::system_clock::time_point;

// One access key, active at the time it was found.
class Key {
 public:
  Key(std::string access_key_id, std::string secret_access_key, std::shared_ptr<const aws::Principal> who,
      std::shared_ptr<const aws::Authorizer> authorizer);
  ~Key();

  const std::string& access_key_id() const { return access_key_id_; }
  const std::string& secret_access_key() const { return secret_access_key_; }
  const std::shared_ptr<const aws::Principal>& who() const { return who_; }
  const std::shared_ptr<const aws::Authorizer>& authorizer() const { return authorizer_; }

  // What checks signatures of that day ("20150830"), region and service. The last eight are kept.
  std::shared_ptr<const net::sigv4::SigningKey> signing_key(std::string_view day, std::string_view region,
                                                            std::string_view service) const;

 private:
  struct Signing;
  const std::string access_key_id_;
  const std::string secret_access_key_;
  const std::shared_ptr<const aws::Principal> who_;
  const std::shared_ptr<const aws::Authorizer> authorizer_;
  const std::unique_ptr<Signing> signing_;
};

// Why there is no key.
enum class KeyRefusal : std::uint8_t {
  kUnknown,      // No such key; or its user or role is gone.
  kInactive,     // It exists, and was made Inactive.
  kBadToken,     // The session token is missing, superfluous, of another installation, damaged, or of another key.
  kExpired,      // The session is over.
  kUnavailable,  // The directory cannot be read now.
};

// How a service words errors.
enum class Wording : std::uint8_t { kQuery, kJson, kS3 };

// kUnknown: InvalidClientTokenId 403 (Query), UnrecognizedClientException 400 (JSON), InvalidAccessKeyId 403 (S3); ...
aws::ApiError refusal_error(KeyRefusal refusal, Wording wording);

using FoundKey = std::variant<std::shared_ptr<const Key>, KeyRefusal>;

// What AssumeRole and its like hand out.
struct TemporaryCredentials {
  std::string access_key_id;  // "ASIA..."
  std::string secret_access_key;
  std::string session_token;
  Time expiration;
  std::string assumed_role_id;   // "AROA...:session"; empty for GetSessionToken.
  std::string assumed_role_arn;  // "arn:aws:sts::123456789012:assumed-role/r/session"; empty for GetSessionToken.
  // The same session without a request: for work that this process does itself in the role's name.
  std::shared_ptr<const aws::Principal> who;
  std::shared_ptr<const aws::Authorizer> authorizer;
};

struct HeldCredentials {
  TemporaryCredentials credentials;
  std::shared_ptr<void> held;
};

// A user's long-term key as it was made; the secret is shown this once.
struct CreatedKey {
  std::string user_name;
  std::string access_key_id;  // "AKIA..."
  std::string secret_access_key;
};

class Directory {
 public:
  struct Options {
    std::string account{aws::kDefaultAccount};
    std::string region{aws::kDefaultRegion};
    bool sync = false;  // Each change survives a power cut too.
    // Amazon's quotas.
    std::int64_t max_users = 5'000;
    std::int64_t max_roles = 1'000;
    std::int64_t max_policies = 1'500;
    // Told of what a client hears of only as ServiceFailure, for the log. Called under a lock: must not call back.
    std::function<void(const Error&)> on_failure;
  };

  // Opens or makes state_folder/identity.db. A new one has the role `chiliad`: full access, assumed by
  // sagemaker.amazonaws.com and by the account. Errors: as sql::Database::open() and base/file.h.
  static Result<std::unique_ptr<Directory>> open(const std::filesystem::path& state_folder, Options options);
  static Result<std::unique_ptr<Directory>> open(const std::filesystem::path& state_folder);
  ~Directory();

  const Options& options() const;

  // Who signs with this key. `session_token`: empty when the request has none.
  FoundKey find_key(std::string_view access_key_id, std::string_view session_token, Time now);

  // The installation's first key: of the user `chiliad` with full access, both made if need be. None when there is any
  // active key. The key is written to `credentials_file` first (mode 0600, in the form of ~/.aws/credentials, profile
  // default) and only then counts, so that kill -9 leaves no key that nobody knows. When `chiliad` has an active key
  // and the file is gone, it is written again. An SDK that asks for its execution role finds the role of the user's
  // name: `chiliad`. Errors: as sql::Database and base/file.h.
  Result<std::optional<CreatedKey>> first_key(const std::filesystem::path& credentials_file);

  // A key that was made elsewhere, of the S3 in which the installation's objects lie, becomes one of the user
  // `chiliad`: clients sign for both with it. It is written to `credentials_file` in place of what was there. Calling
  // it again changes nothing. Errors: kInvalid: no long-term key (a session's, or not 3 to 128 of A-Z a-z 0-9 _);
  // kConflict: it is somebody else's here, or `chiliad` has two keys already; as sql::Database and base/file.h.
  Result<Done> adopt_key(std::string_view access_key_id, std::string_view secret_access_key,
                         const std::filesystem::path& credentials_file);

  // sagemaker.amazonaws.com assumes a role, for a job or an endpoint. `duration`: 900 seconds to 12 hours.
  // Errors: kNotFound: no such role; kForbidden: its trust policy does not let the service; kInvalid: no role's ARN,
  // a session name that is none ([A-Za-z0-9_=,.@-]{2,64}), a duration outside. The message is fit for a client.
  Result<TemporaryCredentials> assume_role_for_service(std::string_view role_arn, std::string_view session_name,
                                                       std::chrono::seconds duration, Time now);

  // The same for a program that this process runs in the role's name; its keys end with `held`, which must go before
  // the Directory, and with the process. `duration`: 900 seconds to 30 days.
  Result<HeldCredentials> assume_role_for_program(std::string_view role_arn, std::string_view session_name,
                                                  std::chrono::seconds duration, Time now);

  // For --no-auth: somebody who may do everything, under the name of the user `chiliad`.
  std::shared_ptr<const Key> trusted() const;

  struct State;
  State& state() { return *state_; }  // For identity/iam.h and identity/sts.h.

 private:
  explicit Directory(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::identity
