// What is behind a Directory: the database under its mutex, the keys in use, and how policies become grants. For this
// folder's own files.
//
// Lock order: mutex, then a shard of the cache.
//
// Thread safety: safe from any thread.

#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "aws/api_error.h"
#include "base/mutex.h"
#include "base/seal.h"
#include "identity/directory.h"
#include "identity/grants.h"
#include "identity/key_cache.h"
#include "identity/records.h"
#include "identity/session_token.h"

namespace chiliad::identity {

// What a Query operation answers: the XML within <...Result>, or an error.
using Answer = std::variant<std::string, aws::ApiError>;

// An error of the database as a client sees it, without paths. ServiceFailure 500.
aws::ApiError service_failure();

// 17 and 16 characters after the prefix, as AWS's.
std::string new_id(std::string_view prefix);
std::string new_access_key_id(std::string_view prefix);
std::string new_secret_access_key();

struct Directory::State {
  State(Options chosen, Records opened) : options(std::move(chosen)), records(std::move(opened)) {}

  // body(Records&) -> Answer, in a transaction that an ApiError takes back. What was touched counts from here on.
  template <class Body>
  Answer change(Body&& body) CHILIAD_EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    Answer answer;
    const Result<Done> done = records.transaction([&](Records& held) {
      answer = body(held);
      return std::holds_alternative<std::string>(answer);
    });
    forget(records.take_touched());
    if (!done) return report(done.error());
    return answer;
  }
  // The same without a transaction, for bodies that only read.
  template <class Body>
  Answer read(Body&& body) CHILIAD_EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    records.begin_reading();
    Answer answer = body(records);
    if (records.failure()) return report(*records.failure());
    return answer;
  }

  std::string identity_arn(const IdentityRecord& record) const;
  std::string policy_arn(std::string_view path, std::string_view name) const;
  // What lists of all "user"s, "role"s or "policy"s are asked for.
  std::string list_arn(std::string_view kind) const;
  // The user or role with its policies compiled; null: gone, or the records fail.
  std::shared_ptr<const Identity> identity(std::string_view id) CHILIAD_REQUIRES(mutex);
  void add_managed(PolicySet& set, std::string_view arn) CHILIAD_REQUIRES(mutex);

  std::shared_ptr<const aws::Principal> principal(const Identity& identity, const Session* session) const;
  // What assume_role_for_service() and assume_role_for_program() share; `session` has its name.
  Result<TemporaryCredentials> assume_role(std::string_view role_arn, Session session, std::chrono::seconds duration,
                                           std::chrono::seconds longest, Time now) CHILIAD_EXCLUDES(mutex);
  // Of a session that is to begin now: id and secret are made.
  TemporaryCredentials begin_session(const std::shared_ptr<const Identity>& identity, Session session)
      CHILIAD_REQUIRES(mutex);
  std::optional<PolicySet> session_policies(const Session& session) CHILIAD_REQUIRES(mutex);

  FoundKey find_long_term(std::string_view access_key_id) CHILIAD_EXCLUDES(mutex);
  FoundKey find_temporary(std::string_view access_key_id, std::string_view token, Time now) CHILIAD_EXCLUDES(mutex);
  // None: not in the cache, or to be read again.
  std::optional<FoundKey> find_cached(std::string_view access_key_id, std::string_view token, Time now);

  void forget(const std::set<std::string>& touched) CHILIAD_REQUIRES(mutex);
  Answer report(const Error& error);

  const Options options;
  std::filesystem::path folder;
  Mutex mutex;
  Records records CHILIAD_GUARDED_BY(mutex);
  std::map<std::string, std::weak_ptr<const Identity>, std::less<>> identities CHILIAD_GUARDED_BY(mutex);
  // Access key ids of the sessions that are held. A key of theirs is in the cache only while it is here.
  std::set<std::string, std::less<>> held_sessions CHILIAD_GUARDED_BY(mutex);
  SealKey seal_key{};
  KeyCache cache;
  std::atomic<std::uint64_t> policies_version = 1;  // Counts changes of managed policies.
  std::shared_ptr<const Key> trusted;
};

}  // namespace chiliad::identity
