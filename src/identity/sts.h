// STS: the Security Token Service over a Directory. Query protocol, version 2011-06-15.
//
// GetCallerIdentity, AssumeRole, GetSessionToken, GetAccessKeyInfo; the federated calls and
// DecodeAuthorizationMessage are refused by name.
//
// Source: AWS STS API Reference. Thread safety: safe from any thread.

#pragma once

#include <string>
#include <variant>

#include "aws/query.h"
#include "aws/service.h"
#include "identity/directory.h"

namespace chiliad::identity {

class Sts final : public aws::HttpService {
 public:
  // Requires: `directory` outlives this.
  explicit Sts(Directory& directory) : directory_(directory) {}
  void handle(const aws::Call& call) override;

  // The same without HTTP: the XML within <...Result>, or an error.
  std::variant<std::string, aws::ApiError> answer(const aws::Caller& caller, const aws::QueryForm& form);

 private:
  Directory& directory_;
};

}  // namespace chiliad::identity
