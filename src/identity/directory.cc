#include "identity/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "base/secret_file.h"
#include "identity/directory_state.h"
#include "identity/names.h"

namespace chiliad::identity {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirstName = "chiliad";
constexpr std::string_view kAdministrator = "arn:aws:iam::aws:policy/AdministratorAccess";
constexpr std::string_view kService = "sagemaker.amazonaws.com";
constexpr std::string_view kSealKey = "seal_key";
constexpr std::size_t kKeysOfUser = 2;

class AllowAll final : public aws::Authorizer {
 public:
  aws::Decision decide(const aws::Caller&, std::string_view, std::string_view, const aws::Conditions&) const override {
    return aws::Decision::kAllowed;
  }
};

std::int64_t seconds_of(Time time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

std::string credentials_text(const CreatedKey& key) {
  return fmt::format(
      "# The first access key of this chiliad installation: of the user {}, who may do everything.\n"
      "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
      key.user_name, key.access_key_id, key.secret_access_key);
}

// What a new installation has: the key that seals sessions, and the role that jobs and endpoints may use.
void furnish(Records& records, const std::string& account) {
  SealKey key;
  fill_random(key);
  records.put_setting(kSealKey, std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  IdentityRecord role;
  role.kind = IdentityRecord::Kind::kRole;
  role.id = new_id("AROA");
  role.name = kFirstName;
  role.created = seconds_of(std::chrono::system_clock::now());
  role.description = "Made by chiliad: what jobs and endpoints run as unless they name another role";
  role.max_session_seconds = 43'200;
  role.trust =
      fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},)"
                  R"("Action":"sts:AssumeRole"}},{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:root"}},)"
                  R"("Action":"sts:AssumeRole"}}]}})",
                  kService, account);
  records.add_identity(role);
  records.attach(role.id, kAdministrator);
}

std::int64_t seconds_now() { return seconds_of(std::chrono::system_clock::now()); }

// The id of the user `chiliad`, made if need be, with full access.
std::string administrator(Records& records) {
  std::optional<IdentityRecord> user = records.find_identity(Records::Kind::kUser, kFirstName);
  if (!user) {
    user.emplace();
    user->id = new_id("AIDA");
    user->name = kFirstName;
    user->created = seconds_now();
    records.add_identity(*user);
  }
  records.attach(user->id, kAdministrator);
  return user->id;
}

std::shared_ptr<const Key> make_trusted(const Directory::Options& options) {
  aws::Principal who;
  who.kind = aws::Principal::Kind::kUser;
  who.arn = fmt::format("arn:aws:iam::{}:user/{}", options.account, kFirstName);
  who.account = options.account;
  who.user_id = "AIDACHILIADNOAUTH2345";
  who.name = kFirstName;
  return std::make_shared<const Key>("", "", std::make_shared<const aws::Principal>(std::move(who)),
                                     std::make_shared<const AllowAll>());
}

constexpr std::chrono::seconds kShortestSession{900};
constexpr std::chrono::hours kLongestSession{12};
constexpr std::chrono::hours kLongestProgram{30 * 24};

}  // namespace

Directory::Directory(std::unique_ptr<State> state) : state_(std::move(state)) {}
Directory::~Directory() = default;

const Directory::Options& Directory::options() const { return state_->options; }
std::shared_ptr<const Key> Directory::trusted() const { return state_->trusted; }

Result<std::unique_ptr<Directory>> Directory::open(const fs::path& state_folder) { return open(state_folder, {}); }

Result<std::unique_ptr<Directory>> Directory::open(const fs::path& state_folder, Options options) {
  if (!aws::is_account_id(options.account)) {
    return Error{ErrorCode::kInvalid, fmt::format("account '{}': expected 12 digits", options.account)};
  }
  if (Result<Done> made = make_secret_folder(state_folder); !made) return std::move(made).error();
  const fs::path file = state_folder / "identity.db";
  // SQLite gives its log and its shared memory the permissions of the file.
  if (Result<Done> made = make_secret_file(file); !made) return std::move(made).error();
  Result<Records> records = Records::open(file, {.sync = options.sync});
  if (!records) return std::move(records).error();
  auto state = std::make_unique<State>(std::move(options), std::move(*records));
  const std::string& account = state->options.account;
  {
    const MutexLock lock(state->mutex);
    std::optional<std::string> key;
    const Result<Done> furnished = state->records.transaction([&](Records& held) {
      key = held.setting(kSealKey);
      if (!key) furnish(held, account);
      if (!key) key = held.setting(kSealKey);
      return true;
    });
    if (!furnished) return furnished.error();
    if (!key || key->size() != state->seal_key.size()) {
      return Error{ErrorCode::kCorrupt, file.string() + ": the key that seals session tokens is damaged"};
    }
    std::ranges::copy(*key, state->seal_key.begin());
  }
  state->trusted = make_trusted(state->options);
  return std::unique_ptr<Directory>(new Directory(std::move(state)));
}

FoundKey Directory::find_key(std::string_view access_key_id, std::string_view session_token, Time now) {
  if (!is_adopted_key_id(access_key_id)) return KeyRefusal::kUnknown;
  // A long-term key has no token, a temporary one always.
  const bool temporary = access_key_id.starts_with("ASIA");
  if (temporary == session_token.empty()) return KeyRefusal::kBadToken;
  if (std::optional<FoundKey> found = state_->find_cached(access_key_id, session_token, now)) return *std::move(found);
  return temporary ? state_->find_temporary(access_key_id, session_token, now) : state_->find_long_term(access_key_id);
}

Result<std::optional<CreatedKey>> Directory::first_key(const fs::path& credentials_file) {
  const MutexLock lock(state_->mutex);
  std::optional<CreatedKey> made;
  std::optional<Error> not_written;
  const auto write = [&](const KeyRecord& key) {
    made = CreatedKey{std::string(kFirstName), key.id, key.secret};
    Result<Done> written = write_secret_file(credentials_file, credentials_text(*made));
    if (!written) not_written = std::move(written).error();
    return static_cast<bool>(written);
  };
  const Result<Done> done = state_->records.transaction([&](Records& records) {
    const std::optional<IdentityRecord> user = records.find_identity(Records::Kind::kUser, kFirstName);
    if (records.count_active_keys() > 0) {
      std::error_code ignored;
      if (!user || fs::exists(credentials_file, ignored)) return true;
      for (const KeyRecord& key : records.keys_of(user->id)) {
        if (key.active) return write(key);
      }
      return true;
    }
    const KeyRecord key{new_access_key_id("AKIA"), administrator(records), new_secret_access_key(), true,
                        seconds_now()};
    records.add_key(key);
    return !records.failure() && write(key);
  });
  state_->forget(state_->records.take_touched());
  if (not_written) return std::move(*not_written).in("write the first access key");
  if (!done) return done.error();
  return made;
}

Result<Done> Directory::adopt_key(std::string_view access_key_id, std::string_view secret_access_key,
                                  const fs::path& credentials_file) {
  if (!is_adopted_key_id(access_key_id) || access_key_id.starts_with("ASIA") || secret_access_key.empty())
    return Error{ErrorCode::kInvalid, "expected a long-term access key, its id 3 to 128 of A-Z a-z 0-9 _"};
  const MutexLock lock(state_->mutex);
  std::optional<Error> refused;
  const Result<Done> done = state_->records.transaction([&](Records& records) {
    const std::string user = administrator(records);
    const std::optional<KeyRecord> known = records.find_key(access_key_id);
    if (known && known->identity_id != user) {
      refused = Error{ErrorCode::kConflict, fmt::format("{} is a key of somebody else here", access_key_id)};
      return false;
    }
    if (known) records.remove_key(*known);
    if (records.keys_of(user).size() >= kKeysOfUser) {
      refused = Error{ErrorCode::kConflict, fmt::format("the user {} has {} keys already: delete one of them "
                                                        "(aws iam delete-access-key)",
                                                        kFirstName, kKeysOfUser)};
      return false;
    }
    const KeyRecord key{std::string(access_key_id), user, std::string(secret_access_key), true,
                        known ? known->created : seconds_now()};
    records.add_key(key);
    if (records.failure()) return false;
    Result<Done> written =
        write_secret_file(credentials_file, credentials_text({std::string(kFirstName), key.id, key.secret}));
    if (!written) refused = std::move(written).error();
    return static_cast<bool>(written);
  });
  state_->forget(state_->records.take_touched());
  if (refused) return *std::move(refused);
  return done;
}

Result<TemporaryCredentials> Directory::State::assume_role(std::string_view role_arn, Session session,
                                                           std::chrono::seconds duration, std::chrono::seconds longest,
                                                           Time now) {
  const auto fail = [](ErrorCode code, std::string message) { return Error{code, std::move(message)}; };
  const std::optional<std::string> name = role_name_of(role_arn, options.account);
  if (!name) return fail(ErrorCode::kInvalid, fmt::format("'{}' is no ARN of a role here", role_arn.substr(0, 200)));
  if (!is_session_name(session.name)) {
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is no session name", session.name.substr(0, 100)));
  }
  if (duration < kShortestSession || duration > longest) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a session lasts 15 minutes to {} hours", longest / std::chrono::hours(1)));
  }
  const MutexLock lock(mutex);
  records.begin_reading();
  const std::optional<IdentityRecord> role = records.find_identity(Records::Kind::kRole, *name);
  std::shared_ptr<const Identity> found;
  if (role) found = identity(role->id);
  if (records.failure()) return *records.failure();
  if (!found || found->arn != role_arn) {
    return fail(ErrorCode::kNotFound, fmt::format("Could not find the role {}", role_arn));
  }
  aws::Caller service;
  service.time = now;
  service.region = options.region;
  const aws::Condition list[] = {{"sts:RoleSessionName", session.name}, {"aws:SourceAccount", options.account}};
  const aws::Conditions conditions{std::span<const aws::Condition>(list)};
  const Result<Policy> trust = Policy::parse(found->record.trust, Policy::Use::kTrust);
  if (!trust) return trust.error();
  if (trust->trust({service, "sts:AssumeRole", role_arn, conditions, std::nullopt, kService}) != Trust::kDirect) {
    return fail(ErrorCode::kForbidden,
                fmt::format("Could not assume role {}. Please ensure that the role exists and allows principal '{}' to "
                            "assume the role.",
                            role_arn, kService));
  }
  session.issued = std::chrono::floor<std::chrono::seconds>(now);
  session.expires = session.issued + duration;
  return begin_session(found, std::move(session));
}

Result<TemporaryCredentials> Directory::assume_role_for_service(std::string_view role_arn,
                                                                std::string_view session_name,
                                                                std::chrono::seconds duration, Time now) {
  Session session;
  session.name = session_name;
  return state_->assume_role(role_arn, std::move(session), duration, kLongestSession, now);
}

Result<HeldCredentials> Directory::assume_role_for_program(std::string_view role_arn, std::string_view session_name,
                                                           std::chrono::seconds duration, Time now) {
  Session session;
  session.name = session_name;
  session.is_held = true;
  Result<TemporaryCredentials> made = state_->assume_role(role_arn, std::move(session), duration, kLongestProgram, now);
  if (!made) return std::move(made).error();
  HeldCredentials held{*std::move(made), nullptr};
  held.held = std::shared_ptr<void>(nullptr, [state = state_.get(), id = held.credentials.access_key_id](void*) {
    const MutexLock lock(state->mutex);
    state->held_sessions.erase(id);
    state->cache.remove(id);
  });
  return held;
}

}  // namespace chiliad::identity
