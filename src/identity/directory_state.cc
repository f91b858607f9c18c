#include "identity/directory_state.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "base/random.h"
#include "identity/managed_policies.h"

namespace chiliad::identity {
namespace {

constexpr std::string_view kIdLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kSecretLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kTemporary = "ASIA";

}  // namespace

std::string new_id(std::string_view prefix) { return std::string(prefix) + random_text(kIdLetters, 17); }
std::string new_access_key_id(std::string_view prefix) { return std::string(prefix) + random_text(kIdLetters, 16); }
std::string new_secret_access_key() { return random_text(kSecretLetters, 40); }

aws::ApiError service_failure() {
  return {500, "ServiceFailure",
          "The request processing has failed because of an unknown error, exception or failure."};
}

Answer Directory::State::report(const Error& error) {
  if (options.on_failure) options.on_failure(error);
  if (error.code == ErrorCode::kNoSpace) {
    return aws::ApiError{500, "ServiceFailure", "The server's disk is full; nothing was changed."};
  }
  return service_failure();
}

std::string Directory::State::identity_arn(const IdentityRecord& record) const {
  const std::string_view kind = record.kind == IdentityRecord::Kind::kUser ? "user" : "role";
  return fmt::format("arn:aws:iam::{}:{}{}{}", options.account, kind, record.path, record.name);
}

std::string Directory::State::policy_arn(std::string_view path, std::string_view name) const {
  return fmt::format("arn:aws:iam::{}:policy{}{}", options.account, path, name);
}

std::string Directory::State::list_arn(std::string_view kind) const {
  return fmt::format("arn:aws:iam::{}:{}/", options.account, kind);
}

namespace {

// What cannot be read denies: without it a Deny might be lost.
std::shared_ptr<const Policy> compiled(std::string_view document, std::string_view what,
                                       const Directory::Options& options) {
  static const std::shared_ptr<const Policy> kDenyAll = std::make_shared<const Policy>(
      *Policy::parse(R"({"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})", Policy::Use::kIdentity));
  Result<Policy> policy = Policy::parse(document, Policy::Use::kIdentity);
  if (policy) return std::make_shared<const Policy>(std::move(*policy));
  if (options.on_failure) options.on_failure(std::move(policy).error().in(fmt::format("stored policy of {}", what)));
  return kDenyAll;
}

}  // namespace

void Directory::State::add_managed(PolicySet& set, std::string_view arn) {
  if (std::shared_ptr<const Policy> known = compiled_aws_managed_policy(arn)) return set.add(std::move(known));
  const std::optional<PolicyRecord> policy = records.find_policy(arn);
  if (!policy) return;
  const std::optional<VersionRecord> version = records.find_version(arn, policy->default_version);
  set.add(compiled(version ? std::string_view(version->document) : std::string_view(), arn, options));
}

std::shared_ptr<const Identity> Directory::State::identity(std::string_view id) {
  if (const auto found = identities.find(id); found != identities.end()) {
    std::shared_ptr<const Identity> known = found->second.lock();
    if (known && !known->stale.load()) return known;
  }
  const std::optional<IdentityRecord> record = records.identity_by_id(id);
  if (!record) return nullptr;
  auto made = std::make_shared<Identity>();
  made->record = *record;
  made->arn = identity_arn(*record);
  PolicySet own;
  for (const InlinePolicyRecord& policy : records.inline_policies(id)) {
    own.add(compiled(policy.document, made->arn, options));
  }
  for (const std::string& arn : records.attached_policies(id)) add_managed(own, arn);
  made->layers.push_back(std::move(own));
  if (!record->boundary.empty()) {
    PolicySet boundary;
    add_managed(boundary, record->boundary);
    made->layers.push_back(std::move(boundary));
  }
  if (records.failure()) return nullptr;
  // Those that nobody holds any more go when the next power of two is reached.
  if (identities.size() >= 64 && (identities.size() & (identities.size() - 1)) == 0) {
    std::erase_if(identities, [](const auto& entry) { return entry.second.expired(); });
  }
  identities.insert_or_assign(std::string(id), made);
  return made;
}

void Directory::State::forget(const std::set<std::string>& touched) {
  for (const std::string& id : touched) {
    if (id == "*") policies_version.fetch_add(1);
    const auto found = identities.find(id);
    if (found == identities.end()) continue;
    if (const std::shared_ptr<const Identity> known = found->second.lock()) known->stale.store(true);
    identities.erase(found);
  }
}

std::shared_ptr<const aws::Principal> Directory::State::principal(const Identity& identity,
                                                                  const Session* session) const {
  aws::Principal who;
  who.account = options.account;
  const IdentityRecord& record = identity.record;
  if (record.kind == IdentityRecord::Kind::kUser) {
    who.kind = aws::Principal::Kind::kUser;
    who.arn = identity.arn;
    who.user_id = record.id;
    who.name = record.name;
  } else {
    const std::string_view name = session == nullptr ? std::string_view() : std::string_view(session->name);
    who.kind = aws::Principal::Kind::kAssumedRole;
    who.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", options.account, record.name, name);
    who.user_id = fmt::format("{}:{}", record.id, name);
    who.role_arn = identity.arn;
    who.session = name;
  }
  return std::make_shared<const aws::Principal>(std::move(who));
}

std::optional<PolicySet> Directory::State::session_policies(const Session& session) {
  if (session.policy.empty() && session.policy_arns.empty()) return std::nullopt;
  PolicySet set;
  if (!session.policy.empty()) set.add(compiled(session.policy, "a session", options));
  for (const std::string& arn : session.policy_arns) add_managed(set, arn);
  return set;
}

TemporaryCredentials Directory::State::begin_session(const std::shared_ptr<const Identity>& identity, Session session) {
  session.identity_id = identity->record.id;
  session.secret_access_key = new_secret_access_key();
  TemporaryCredentials made;
  made.access_key_id = new_access_key_id(kTemporary);
  if (session.is_held) held_sessions.insert(made.access_key_id);
  made.secret_access_key = session.secret_access_key;
  made.session_token = seal_session(seal_key, made.access_key_id, session);
  made.expiration = session.expires;
  made.who = principal(*identity, &session);
  if (made.who->kind == aws::Principal::Kind::kAssumedRole) {
    made.assumed_role_id = made.who->user_id;
    made.assumed_role_arn = made.who->arn;
  }
  made.authorizer =
      std::make_shared<const SessionAuthorizer>(identity, session_policies(session), Time(session.issued));
  return made;
}

std::optional<FoundKey> Directory::State::find_cached(std::string_view access_key_id, std::string_view token,
                                                      Time now) {
  const std::shared_ptr<const CachedKey> entry = cache.find(access_key_id);
  if (!entry || entry->identity->stale.load()) return std::nullopt;
  if (!access_key_id.starts_with(kTemporary)) return FoundKey(entry->key);
  if (entry->policies_version != 0 && entry->policies_version != policies_version.load()) return std::nullopt;
  // Another token for this key: read it, it may be wrong or not.
  if (sha256(token) != entry->token_digest) return std::nullopt;
  if (entry->expires <= now) return FoundKey(KeyRefusal::kExpired);
  return FoundKey(entry->key);
}

FoundKey Directory::State::find_long_term(std::string_view access_key_id) {
  const MutexLock lock(mutex);
  records.begin_reading();
  const std::optional<KeyRecord> record = records.find_key(access_key_id);
  std::shared_ptr<const Identity> owner;
  if (record && record->active) owner = identity(record->identity_id);
  if (records.failure()) {
    (void)report(*records.failure());
    return KeyRefusal::kUnavailable;
  }
  if (!record) return KeyRefusal::kUnknown;
  if (!record->active) return KeyRefusal::kInactive;
  if (!owner) return KeyRefusal::kUnknown;
  auto entry = std::make_shared<CachedKey>();
  entry->identity = owner;
  entry->key =
      std::make_shared<const Key>(record->id, record->secret, principal(*owner, nullptr),
                                  std::make_shared<const SessionAuthorizer>(owner, std::nullopt, std::nullopt));
  FoundKey found = entry->key;
  cache.put(access_key_id, std::move(entry));
  return found;
}

FoundKey Directory::State::find_temporary(std::string_view access_key_id, std::string_view token, Time now) {
  const std::optional<Session> session = unseal_session(seal_key, access_key_id, token);
  if (!session) return KeyRefusal::kBadToken;
  if (session->expires <= now) return KeyRefusal::kExpired;
  const MutexLock lock(mutex);
  records.begin_reading();
  const std::shared_ptr<const Identity> owner = identity(session->identity_id);
  auto entry = std::make_shared<CachedKey>();
  if (!session->policy_arns.empty()) entry->policies_version = policies_version.load();
  std::optional<PolicySet> policies;
  if (owner) policies = session_policies(*session);
  if (records.failure()) {
    (void)report(*records.failure());
    return KeyRefusal::kUnavailable;
  }
  if (!owner) return KeyRefusal::kUnknown;
  if (session->is_held && !held_sessions.contains(access_key_id)) return KeyRefusal::kExpired;
  entry->identity = owner;
  entry->token_digest = sha256(token);
  entry->expires = session->expires;
  entry->key = std::make_shared<const Key>(
      std::string(access_key_id), session->secret_access_key, principal(*owner, &*session),
      std::make_shared<const SessionAuthorizer>(owner, std::move(policies), Time(session->issued)));
  FoundKey found = entry->key;
  cache.put(access_key_id, std::move(entry));
  return found;
}

}  // namespace chiliad::identity
