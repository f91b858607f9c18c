#include "role/role_access.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "aws/arn.h"
#include "aws/caller.h"
#include "base/mutex.h"

namespace chiliad::role {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr std::string_view kSession = "SageMaker";  // As AWS names the session in messages.
constexpr std::chrono::hours kOwnSessionTime{1};
constexpr std::size_t kMaxKept = 1'024;  // Roles.

// A role that was assumed, and is again when that was a while ago.
class Session {
 public:
  Session(identity::Directory& directory, std::string role_arn, std::chrono::milliseconds renewal)
      : directory_(directory), role_arn_(std::move(role_arn)), renewal_(renewal) {}

  // Errors: kForbidden: it cannot be assumed; kUnavailable.
  Result<aws::Caller> caller() {
    {
      const MutexLock lock(mutex_);
      if (kept_ && steady_clock::now() < renew_at_) return now(*kept_);
    }
    Result<identity::TemporaryCredentials> made =
        directory_.assume_role_for_service(role_arn_, kSession, kOwnSessionTime, system_clock::now());
    const MutexLock lock(mutex_);
    kept_.reset();
    if (!made) return refusal(made.error());
    kept_.emplace();
    kept_->who = made->who;
    kept_->authorizer = made->authorizer;
    kept_->access_key_id = made->access_key_id;
    kept_->region = directory_.options().region;
    renew_at_ = steady_clock::now() + renewal_;
    return now(*kept_);
  }

  Result<Done> may(std::string_view action, const std::string& resource, const aws::Conditions& conditions = {}) {
    const Result<aws::Caller> asks = caller();
    if (!asks) return asks.error();
    const aws::Decision decision = asks->decide(action, resource, conditions);
    if (decision == aws::Decision::kAllowed) return Done{};
    return Error{ErrorCode::kForbidden, aws::access_denied(*asks, action, resource, decision).message};
  }

 private:
  static aws::Caller now(aws::Caller caller) {
    caller.time = system_clock::now();
    return caller;
  }

  Error refusal(const Error& error) const {
    const bool no_role =
        error.code == ErrorCode::kNotFound || error.code == ErrorCode::kForbidden || error.code == ErrorCode::kInvalid;
    if (!no_role) return error;
    if (role_arn_.empty()) {
      return {ErrorCode::kForbidden, "No execution role was given: name the role that may read and write the data"};
    }
    return {ErrorCode::kForbidden, "Could not assume role " + role_arn_.substr(0, 200) +
                                       ". Please ensure that the role exists and allows principal "
                                       "'sagemaker.amazonaws.com' to assume the role."};
  }

  identity::Directory& directory_;
  const std::string role_arn_;
  const std::chrono::milliseconds renewal_;
  Mutex mutex_;
  std::optional<aws::Caller> kept_ CHILIAD_GUARDED_BY(mutex_);
  steady_clock::time_point renew_at_ CHILIAD_GUARDED_BY(mutex_);
};

class RoleStore final : public store::ObjectStore {
 public:
  RoleStore(std::shared_ptr<Session> session, std::string bucket, std::shared_ptr<store::ObjectStore> inner)
      : session_(std::move(session)), bucket_(std::move(bucket)), inner_(std::move(inner)) {}

  std::string location() const override { return inner_->location(); }

  Result<std::string> get(std::string_view key, const store::ByteRange& range, Deadline deadline) override {
    if (Result<Done> may = ask("s3:GetObject", key); !may) return std::move(may).error();
    return inner_->get(key, range, deadline);
  }
  Result<store::ObjectInfo> put(std::string_view key, std::string_view bytes, const store::PutCondition& condition,
                                Deadline deadline) override {
    if (Result<Done> may = ask("s3:PutObject", key); !may) return std::move(may).error();
    return inner_->put(key, bytes, condition, deadline);
  }
  Result<store::ObjectInfo> download(std::string_view key, const std::filesystem::path& to,
                                     Deadline deadline) override {
    if (Result<Done> may = ask("s3:GetObject", key); !may) return std::move(may).error();
    return inner_->download(key, to, deadline);
  }
  Result<store::ObjectInfo> lend(std::string_view key, const std::filesystem::path& to, Deadline deadline) override {
    if (Result<Done> may = ask("s3:GetObject", key); !may) return std::move(may).error();
    return inner_->lend(key, to, deadline);
  }
  Result<store::ObjectInfo> upload(const std::filesystem::path& from, std::string_view key,
                                   Deadline deadline) override {
    if (Result<Done> may = ask("s3:PutObject", key); !may) return std::move(may).error();
    return inner_->upload(from, key, deadline);
  }
  Result<store::ObjectInfo> head(std::string_view key, Deadline deadline) override {
    if (Result<Done> may = ask("s3:GetObject", key); !may) return std::move(may).error();
    return inner_->head(key, deadline);
  }
  Result<Done> remove(std::string_view key, Deadline deadline) override {
    if (Result<Done> may = ask("s3:DeleteObject", key); !may) return may;
    return inner_->remove(key, deadline);
  }
  Result<store::ListPage> list(const store::ListRequest& request, Deadline deadline) override {
    std::vector<aws::Condition> conditions;
    if (!request.prefix.empty()) conditions.push_back({"s3:prefix", request.prefix});
    if (!request.delimiter.empty()) conditions.push_back({"s3:delimiter", request.delimiter});
    Result<Done> may =
        session_->may("s3:ListBucket", aws::s3_arn(bucket_), std::span<const aws::Condition>(conditions));
    if (!may) return std::move(may).error();
    return inner_->list(request, deadline);
  }
  Result<Done> sync() override { return inner_->sync(); }

 private:
  Result<Done> ask(std::string_view action, std::string_view key) {
    return session_->may(action, aws::s3_arn(bucket_, key));
  }

  const std::shared_ptr<Session> session_;
  const std::string bucket_;
  const std::shared_ptr<store::ObjectStore> inner_;
};

class RoleBuckets final : public store::Buckets {
 public:
  RoleBuckets(std::shared_ptr<Session> session, store::Buckets& inner) : session_(std::move(session)), inner_(inner) {}

  Result<std::shared_ptr<store::ObjectStore>> open(std::string_view bucket) override {
    // Whoever cannot assume the role does not learn which buckets there are.
    if (Result<aws::Caller> caller = session_->caller(); !caller) return std::move(caller).error();
    Result<std::shared_ptr<store::ObjectStore>> opened = inner_.open(bucket);
    if (!opened) return std::move(opened).error();
    return std::shared_ptr<store::ObjectStore>(
        std::make_shared<RoleStore>(session_, std::string(bucket), *std::move(opened)));
  }
  Result<std::vector<store::BucketInfo>> list(Deadline deadline) override {
    if (Result<Done> may = session_->may("s3:ListAllMyBuckets", "arn:aws:s3:::*"); !may) return std::move(may).error();
    return inner_.list(deadline);
  }
  store::Subscription subscribe(store::BucketListener listener) override {
    return inner_.subscribe(std::move(listener));
  }

 private:
  const std::shared_ptr<Session> session_;
  store::Buckets& inner_;
};

}  // namespace

struct RoleAccess::State {
  State(identity::Directory& its_directory, store::Buckets& its_buckets, std::chrono::milliseconds its_renewal)
      : directory(its_directory), buckets(its_buckets), renewal(its_renewal) {}

  std::shared_ptr<Session> session(std::string_view role_arn) {
    const MutexLock lock(mutex);
    if (const auto known = sessions.find(role_arn); known != sessions.end()) return known->second;
    if (sessions.size() >= kMaxKept) sessions.clear();  // Those in use stay with their users.
    auto made = std::make_shared<Session>(directory, std::string(role_arn), renewal);
    sessions.emplace(role_arn, made);
    return made;
  }

  identity::Directory& directory;
  store::Buckets& buckets;
  const std::chrono::milliseconds renewal;
  Mutex mutex;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions CHILIAD_GUARDED_BY(mutex);
};

RoleAccess::RoleAccess(identity::Directory& directory, store::Buckets& buckets, std::chrono::milliseconds renewal)
    : state_(std::make_unique<State>(directory, buckets, renewal)) {}

RoleAccess::~RoleAccess() = default;

Result<Done> RoleAccess::check(std::string_view role_arn) {
  const Result<aws::Caller> caller = state_->session(role_arn)->caller();
  if (!caller) return caller.error();
  return Done{};
}

std::shared_ptr<store::Buckets> RoleAccess::of(std::string_view role_arn) {
  return std::make_shared<RoleBuckets>(state_->session(role_arn), state_->buckets);
}

}  // namespace chiliad::role
