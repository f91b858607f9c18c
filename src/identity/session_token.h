// Session tokens: all that is to be known of temporary credentials, sealed with the installation's key and bound to
// their access key id. In the token, so that a session needs no row: a thousand AssumeRoles write nothing, and there is
// nothing to clean up. The price: a session cannot be ended one by one (nor can it on AWS), but for those that a
// program of this process's holds, which say so: "h".
//
//   base64( seal( {"i": user or role id, "n": session, "s": secret, "t": issued, "e": expires, "p": policy, "a": [...]}
//   ))
//
// Thread safety: pure functions.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/seal.h"

namespace chiliad::identity {

struct Session {
  std::string identity_id;  // Of the role, or of the user (GetSessionToken).
  std::string name;         // RoleSessionName; empty for a user's.
  std::string secret_access_key;
  std::chrono::sys_seconds issued;
  std::chrono::sys_seconds expires;
  std::string policy;                    // A session policy's document; empty: none.
  std::vector<std::string> policy_arns;  // Managed policies as session policies.
  bool is_held = false;                  // It counts only while somebody in this process holds it.
};

std::string seal_session(const SealKey& key, std::string_view access_key_id, const Session& session);

// None: no token of this installation for this key. Does not look at the dates.
std::optional<Session> unseal_session(const SealKey& key, std::string_view access_key_id, std::string_view token);

}  // namespace chiliad::identity
