// Caller: who sent a request, and what they may do.
//
// The gateway finds out who calls; each service names what is about to be done and asks:
//
//   if (!caller.may("sagemaker:InvokeEndpoint", arn, {{"sagemaker:TargetModel", "8.tar.gz"}})) ...
//
// Action names, resources and condition keys are those of AWS's "Service Authorization Reference". What every request
// has (aws:username, aws:PrincipalArn, aws:SourceIp, aws:SecureTransport, aws:CurrentTime, aws:RequestedRegion, ...)
// is taken from the Caller: a service passes only the keys of its own.
//
// Rules the rest relies on:
//   1. A service asks for each resource that a call touches, before it touches it, with the value that it will use (the
//      decoded key, the resolved name), never with the text of the request.
//   2. A condition key that does not apply to the call is left out, not given as an empty text.
//
// Thread safety: values; Principal and Authorizer are immutable and shared.

#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "aws/api_error.h"

namespace chiliad::aws {

// A condition key with its value; the same key several times is one key with several values (aws:TagKeys).
struct Condition {
  std::string_view key;
  std::string_view value;
};

// A view of conditions for the length of a call.
class Conditions {
 public:
  Conditions() = default;
  Conditions(std::initializer_list<Condition> list) : list_(std::data(list), list.size()) {}
  Conditions(std::span<const Condition> list) : list_(list) {}  // NOLINT(google-explicit-constructor)

  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  std::size_t size() const { return list_.size(); }

 private:
  std::span<const Condition> list_;
};

// Who somebody is, however they proved it.
struct Principal {
  enum class Kind : std::uint8_t { kAnonymous, kAccount, kUser, kAssumedRole };

  Kind kind = Kind::kAnonymous;
  std::string arn;      // "arn:aws:iam::123456789012:user/alice"; "*" for anonymous.
  std::string account;  // "123456789012"; empty for anonymous.
  std::string user_id;  // "AIDA...", "AROA...:session".
  std::string name;     // The user's name; empty for a role.
  // An assumed role's own ARN ("arn:aws:iam::123456789012:role/r") and session; otherwise empty.
  std::string role_arn;
  std::string session;
};

enum class Decision : std::uint8_t {
  kAllowed,
  kNotAllowed,  // Nothing says yes.
  kDenied,      // Something says no, whatever else says yes.
};

struct Caller;

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual Decision decide(const Caller& caller, std::string_view action, std::string_view resource,
                          const Conditions& conditions) const = 0;
};

struct Caller {
  std::shared_ptr<const Principal> who;          // Never null once authenticated.
  std::shared_ptr<const Authorizer> authorizer;  // Null: may do nothing.
  std::string access_key_id;                     // Empty for anonymous.
  std::string source_ip;                         // As text: "127.0.0.1", "::1"; empty: unknown.
  std::string region;                            // Of the request's signature; empty: none.
  std::string user_agent;                        // As sent.
  bool secure_transport = false;                 // TLS.
  std::chrono::system_clock::time_point time{};  // When the request was received.

  const std::string& arn() const { return who->arn; }
  const std::string& account() const { return who->account; }
  bool anonymous() const { return who->kind == Principal::Kind::kAnonymous; }

  Decision decide(std::string_view action, std::string_view resource, const Conditions& conditions = {}) const {
    return authorizer ? authorizer->decide(*this, action, resource, conditions) : Decision::kNotAllowed;
  }
  bool may(std::string_view action, std::string_view resource, const Conditions& conditions = {}) const {
    return decide(action, resource, conditions) == Decision::kAllowed;
  }
};

// AWS's words: "User: arn:... is not authorized to perform: s3:GetObject on resource: arn:... because no identity-based
// policy allows the s3:GetObject action". AccessDenied with 403, as Query and REST services answer.
ApiError access_denied(const Caller& caller, std::string_view action, std::string_view resource, Decision decision);
// The same for JSON services: AccessDeniedException with 400.
ApiError access_denied_json(const Caller& caller, std::string_view action, std::string_view resource,
                            Decision decision);

}  // namespace chiliad::aws
