#include "identity/sts.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/managed_policies.h"
#include "identity/operation.h"

namespace chiliad::identity {
namespace {

constexpr std::string_view kVersion = "2011-06-15";
constexpr std::string_view kXmlns = "https://sts.amazonaws.com/doc/2011-06-15/";
constexpr std::size_t kMaxSessionPolicy = 2'048;  // Bytes as sent; of document and ARNs together.
constexpr std::size_t kMaxSessionPolicies = 10;

void write_credentials(aws::XmlWriter& xml, const TemporaryCredentials& made) {
  xml.open("Credentials").text("AccessKeyId", made.access_key_id).text("SecretAccessKey", made.secret_access_key);
  xml.text("SessionToken", made.session_token).text("Expiration", iso_time(made.expiration)).close();
}

Answer get_caller_identity(Operation& operation) {
  const aws::Principal& who = *operation.caller.who;
  if (who.kind == aws::Principal::Kind::kAnonymous) {
    return aws::ApiError{403, "MissingAuthenticationToken", "Request is missing Authentication Token"};
  }
  aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
  xml.text("Arn", who.arn).text("UserId", who.user_id).text("Account", who.account);
  return std::move(xml).take();
}

// Policy and PolicyArns. Sizes first: a token has to fit into a request's head.
std::optional<aws::ApiError> read_session_policies(Operation& operation, Session& session) {
  session.policy = operation.members.text_or("Policy", kDocumentForm, {});
  std::size_t size = session.policy.size();
  for (const std::string& element : operation.members.form().elements("PolicyArns")) {
    session.policy_arns.push_back(operation.members.text(element + ".arn", kArnForm));
    size += session.policy_arns.back().size();
  }
  if (operation.members.error()) return *operation.members.error();
  if (size > kMaxSessionPolicy || session.policy_arns.size() > kMaxSessionPolicies) {
    return aws::ApiError{400, "PackedPolicyTooLarge",
                         fmt::format("Session policies have {} bytes and {} ARNs; the limits are {} and {}.", size,
                                     session.policy_arns.size(), kMaxSessionPolicy, kMaxSessionPolicies)};
  }
  if (session.policy.empty()) return std::nullopt;
  const Result<Policy> policy = Policy::parse(session.policy, Policy::Use::kIdentity);
  if (policy) return std::nullopt;
  return aws::ApiError{400, "MalformedPolicyDocument", policy.error().message};
}

struct Wish {
  std::string role_arn;
  std::string external_id;
  std::chrono::seconds duration;
};

// Whether the caller may assume the role: the trust policy says who, the caller's own policies may forbid it, and must
// allow it where only their account is trusted.
std::optional<aws::ApiError> refused(const Operation& operation, const Identity& role, const Wish& wish,
                                     const Session& session) {
  std::vector<aws::Condition> list{{"sts:RoleSessionName", session.name}};
  if (!wish.external_id.empty()) list.push_back({"sts:ExternalId", wish.external_id});
  const aws::Conditions conditions{std::span<const aws::Condition>(list)};
  const aws::Caller& caller = operation.caller;
  const aws::Decision own = caller.decide("sts:AssumeRole", wish.role_arn, conditions);
  const auto denied = [&](aws::Decision decision) {
    return aws::access_denied(caller, "sts:AssumeRole", wish.role_arn, decision);
  };
  if (own == aws::Decision::kDenied) return denied(own);
  const Result<Policy> policy = Policy::parse(role.record.trust, Policy::Use::kTrust);
  if (!policy) return denied(aws::Decision::kNotAllowed);
  switch (policy->trust({caller, "sts:AssumeRole", wish.role_arn, conditions, std::nullopt, {}})) {
    case Trust::kDirect: return std::nullopt;
    case Trust::kAccount:
      if (own == aws::Decision::kAllowed) return std::nullopt;
      return denied(own);
    case Trust::kDenied:
    case Trust::kNone: break;
  }
  aws::ApiError error = denied(aws::Decision::kNotAllowed);
  error.message += ", or the role's trust policy does not name the caller";
  return error;
}

Answer assume_role(Operation& operation) {
  Wish wish;
  Session session;
  wish.role_arn = operation.members.text("RoleArn", kArnForm);
  session.name = operation.members.text("RoleSessionName", kSessionNameForm);
  wish.external_id = operation.members.text_or("ExternalId", kExternalIdForm, {});
  wish.duration = std::chrono::seconds(operation.members.integer_or("DurationSeconds", 900, 43'200, 3600));
  if (operation.members.error()) return *operation.members.error();
  if (auto wrong = read_session_policies(operation, session)) return *std::move(wrong);
  const bool chained = operation.caller.who->kind == aws::Principal::Kind::kAssumedRole;
  if (chained && wish.duration > std::chrono::hours(1)) {
    return aws::ApiError{400, "ValidationError",
                         "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
                         "chaining"};
  }
  const std::optional<std::string> name = role_name_of(wish.role_arn, operation.state.options.account);
  const MutexLock lock(operation.state.mutex);
  Records& records = operation.state.records;
  records.begin_reading();
  const auto record = name ? records.find_identity(Records::Kind::kRole, *name) : std::nullopt;
  std::shared_ptr<const Identity> role;
  if (record) role = operation.state.identity(record->id);
  for (const std::string& arn : session.policy_arns) {
    if (find_aws_managed_policy(arn) == nullptr && !records.find_policy(arn) && !records.failure()) {
      return aws::ApiError{400, "ValidationError", fmt::format("PolicyArns: policy {} does not exist", arn)};
    }
  }
  if (records.failure()) return operation.state.report(*records.failure());
  if (!role || role->arn != wish.role_arn) {
    // As for one that is there and does not trust the caller.
    return aws::access_denied(operation.caller, "sts:AssumeRole", wish.role_arn, aws::Decision::kNotAllowed);
  }
  if (auto error = refused(operation, *role, wish, session)) return *std::move(error);
  if (wish.duration.count() > role->record.max_session_seconds) {
    return aws::ApiError{400, "ValidationError",
                         "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."};
  }
  session.issued = std::chrono::floor<std::chrono::seconds>(operation.now);
  session.expires = session.issued + wish.duration;
  const std::size_t packed = session.policy.size() * 100 / kMaxSessionPolicy;
  const bool has_policy = !session.policy.empty();
  const TemporaryCredentials made = operation.state.begin_session(role, std::move(session));
  if (records.failure()) return operation.state.report(*records.failure());
  aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
  write_credentials(xml, made);
  xml.open("AssumedRoleUser").text("AssumedRoleId", made.assumed_role_id).text("Arn", made.assumed_role_arn).close();
  if (has_policy) xml.integer("PackedPolicySize", static_cast<std::int64_t>(packed));
  return std::move(xml).take();
}

Answer get_session_token(Operation& operation) {
  const std::chrono::seconds duration(operation.members.integer_or("DurationSeconds", 900, 129'600, 43'200));
  if (operation.members.error()) return *operation.members.error();
  const aws::Principal& who = *operation.caller.who;
  if (who.kind != aws::Principal::Kind::kUser || operation.caller.access_key_id.starts_with("ASIA")) {
    return aws::ApiError{403, "AccessDenied", "Cannot call GetSessionToken with session credentials"};
  }
  if (operation.caller.decide("sts:GetSessionToken", "*") == aws::Decision::kDenied) {
    return aws::access_denied(operation.caller, "sts:GetSessionToken", "*", aws::Decision::kDenied);
  }
  const MutexLock lock(operation.state.mutex);
  Records& records = operation.state.records;
  records.begin_reading();
  const std::shared_ptr<const Identity> user = operation.state.identity(who.user_id);
  if (records.failure()) return operation.state.report(*records.failure());
  if (!user) return refusal_error(KeyRefusal::kUnknown, Wording::kQuery);
  Session session;
  session.issued = std::chrono::floor<std::chrono::seconds>(operation.now);
  session.expires = session.issued + duration;
  aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
  write_credentials(xml, operation.state.begin_session(user, std::move(session)));
  return std::move(xml).take();
}

Answer get_access_key_info(Operation& operation) {
  const std::string id = operation.members.text("AccessKeyId", kAccessKeyIdForm);
  if (operation.members.error()) return *operation.members.error();
  if (auto denied = operation.denied("sts:GetAccessKeyInfo", "*")) return *std::move(denied);
  return operation.state.read([&](Records& records) -> Answer {
    // Of temporary keys nothing is stored; the one who asks may ask about their own.
    if (id != operation.caller.access_key_id && !records.find_key(id)) {
      return aws::ApiError{400, "ValidationError", fmt::format("The access key {} is not of this installation", id)};
    }
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.text("Account", operation.state.options.account);
    return std::move(xml).take();
  });
}

Answer no_federation(Operation& operation) {
  return aws::ApiError{400, "InvalidIdentityToken",
                       fmt::format("{}: no identity providers exist in this installation; use AssumeRole with the key "
                                   "of a user",
                                   operation.name)};
}

Answer no_authorization_message(Operation&) {
  return aws::ApiError{400, "InvalidAuthorizationMessageException",
                       "Messages of refusals are in plain text here: there is nothing to decode"};
}

constexpr NamedOperation kOperations[] = {
    {"GetCallerIdentity", get_caller_identity},   {"AssumeRole", assume_role},
    {"GetSessionToken", get_session_token},       {"GetAccessKeyInfo", get_access_key_info},
    {"AssumeRoleWithWebIdentity", no_federation}, {"AssumeRoleWithSAML", no_federation},
    {"GetFederationToken", no_federation},        {"DecodeAuthorizationMessage", no_authorization_message},
};

}  // namespace

void Sts::handle(const aws::Call& call) { serve_query(kOperations, kVersion, kXmlns, directory_, call); }

std::variant<std::string, aws::ApiError> Sts::answer(const aws::Caller& caller, const aws::QueryForm& form) {
  return run_operation(kOperations, kVersion, directory_, caller, form);
}

}  // namespace chiliad::identity
