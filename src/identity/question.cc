#include "identity/question.h"

#include <array>
#include <utility>

#include "base/number.h"
#include "base/time.h"
#include "net/http_message.h"

namespace chiliad::identity {
namespace {

std::string_view principal_type(aws::Principal::Kind kind) {
  switch (kind) {
    case aws::Principal::Kind::kAccount: return "Account";
    case aws::Principal::Kind::kUser: return "User";
    case aws::Principal::Kind::kAssumedRole: return "AssumedRole";
    case aws::Principal::Kind::kAnonymous: break;
  }
  return "Anonymous";
}

}  // namespace

std::string iso_time(std::chrono::system_clock::time_point time) {
  return format_instant_fixed(std::chrono::time_point_cast<std::chrono::nanoseconds>(time), 0) + "Z";
}

ConditionKey::ConditionKey(std::string_view name) : name_(name), global_(Global::kNone) {
  static constexpr std::pair<std::string_view, Global> kGlobals[] = {
      {"aws:username", Global::kUserName},
      {"aws:userid", Global::kUserId},
      {"aws:PrincipalArn", Global::kPrincipalArn},
      {"aws:PrincipalAccount", Global::kPrincipalAccount},
      {"aws:PrincipalType", Global::kPrincipalType},
      {"aws:SourceIp", Global::kSourceIp},
      {"aws:SecureTransport", Global::kSecureTransport},
      {"aws:CurrentTime", Global::kCurrentTime},
      {"aws:EpochTime", Global::kEpochTime},
      {"aws:RequestedRegion", Global::kRequestedRegion},
      {"aws:UserAgent", Global::kUserAgent},
      {"aws:ResourceAccount", Global::kResourceAccount},
      {"aws:TokenIssueTime", Global::kTokenIssueTime},
      {"aws:MultiFactorAuthPresent", Global::kMfaPresent},
      {"aws:MultiFactorAuthAge", Global::kNever},
      {"aws:PrincipalIsAWSService", Global::kPrincipalIsService},
      {"aws:PrincipalServiceName", Global::kPrincipalServiceName},
      {"aws:ViaAWSService", Global::kViaService},
      {"aws:CalledVia", Global::kNever},
      {"aws:FederatedProvider", Global::kNever},
      {"aws:SourceIdentity", Global::kNever},
      {"aws:PrincipalOrgID", Global::kNever},
      {"aws:SourceVpc", Global::kNever},
      {"aws:SourceVpce", Global::kNever},
      {"aws:VpcSourceIp", Global::kNever},
  };
  for (const auto& [known, which] : kGlobals) {
    if (net::same_ignoring_case(name, known)) global_ = which;
  }
  // Nobody and nothing here has tags of its own.
  if (name.size() > 17 && net::same_ignoring_case(name.substr(0, 17), "aws:PrincipalTag/")) global_ = Global::kNever;
}

void ConditionKey::read(const Question& question, KeyValues& values) const {
  values.values_.clear();
  if (global_ != Global::kNone) return read_global(global_, question, values);
  for (const aws::Condition& condition : question.conditions) {
    if (net::same_ignoring_case(condition.key, name_)) values.values_.push_back(condition.value);
  }
}

void ConditionKey::read_global(Global which, const Question& question, KeyValues& values) {
  static const aws::Principal kNobody;
  const aws::Caller& caller = question.caller;
  const aws::Principal& who = caller.who ? *caller.who : kNobody;
  const auto add = [&](std::string_view value) {
    if (!value.empty()) values.values_.push_back(value);
  };
  const auto made = [&](std::string value) {
    values.made_ = std::move(value);
    add(values.made_);
  };
  switch (which) {
    case Global::kUserName: return add(who.name);
    case Global::kUserId: return add(who.user_id);
    case Global::kPrincipalArn: return add(who.role_arn.empty() ? who.arn : who.role_arn);
    case Global::kPrincipalAccount: return add(who.account);
    case Global::kPrincipalType:
      if (question.service.empty()) add(principal_type(who.kind));
      return;
    case Global::kSourceIp: return add(caller.source_ip);
    case Global::kSecureTransport: return add(caller.secure_transport ? "true" : "false");
    case Global::kCurrentTime: return made(iso_time(caller.time));
    case Global::kEpochTime: {
      std::string seconds;
      append_integer(seconds, std::chrono::floor<std::chrono::seconds>(caller.time).time_since_epoch().count());
      return made(std::move(seconds));
    }
    case Global::kRequestedRegion: return add(caller.region);
    case Global::kUserAgent: return add(caller.user_agent);
    case Global::kResourceAccount: return add(who.account);
    case Global::kTokenIssueTime:
      if (question.token_issue_time) made(iso_time(*question.token_issue_time));
      return;
    case Global::kMfaPresent:
      if (question.token_issue_time) add("false");
      return;
    case Global::kPrincipalIsService: return add(question.service.empty() ? "false" : "true");
    case Global::kPrincipalServiceName: return add(question.service);
    case Global::kViaService: return add("false");
    case Global::kNever:
    case Global::kNone: return;
  }
}

}  // namespace chiliad::identity
