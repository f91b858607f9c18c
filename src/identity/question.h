// Question: what a policy is asked, and the condition keys that it may look at.
//
// Keys that every request has come from the Caller, whatever the service passes along, so that no service can say by
// mistake who calls, from where and when; all others come from the service. Names are compared without case.
//
//   aws:username aws:userid aws:PrincipalArn aws:PrincipalAccount aws:PrincipalType aws:SourceIp aws:SecureTransport
//   aws:CurrentTime aws:EpochTime aws:RequestedRegion aws:UserAgent aws:ResourceAccount aws:TokenIssueTime
//   aws:MultiFactorAuthPresent aws:PrincipalIsAWSService aws:PrincipalServiceName aws:ViaAWSService
//
// Source: AWS IAM User Guide, "AWS global condition context keys". Thread safety: values.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/caller.h"

namespace chiliad::identity {

struct Question {
  const aws::Caller& caller;
  std::string_view action;
  std::string_view resource;
  const aws::Conditions& conditions;
  // Of temporary credentials: when they were made.
  std::optional<std::chrono::system_clock::time_point> token_issue_time = std::nullopt;
  // A service that acts for itself ("sagemaker.amazonaws.com"); empty for everybody else.
  std::string_view service = {};
};

// The values of one key; views of the question, or of texts made for them.
class KeyValues {
 public:
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  std::string_view front() const { return values_.front(); }

 private:
  friend class ConditionKey;
  std::vector<std::string_view> values_;
  std::string made_;
};

class ConditionKey {
 public:
  explicit ConditionKey(std::string_view name);
  const std::string& name() const { return name_; }
  // Fills `values`; none: the key is not there.
  void read(const Question& question, KeyValues& values) const;

 private:
  enum class Global : std::uint8_t {
    kNone,
    kUserName,
    kUserId,
    kPrincipalArn,
    kPrincipalAccount,
    kPrincipalType,
    kSourceIp,
    kSecureTransport,
    kCurrentTime,
    kEpochTime,
    kRequestedRegion,
    kUserAgent,
    kResourceAccount,
    kTokenIssueTime,
    kMfaPresent,
    kPrincipalIsService,
    kPrincipalServiceName,
    kViaService,
    kNever,
  };
  static void read_global(Global which, const Question& question, KeyValues& values);

  std::string name_;
  Global global_;
};

// "2026-01-31T23:59:59Z", as IAM and STS write times.
std::string iso_time(std::chrono::system_clock::time_point time);

}  // namespace chiliad::identity
