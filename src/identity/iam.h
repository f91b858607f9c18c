// IAM: users, access keys, roles and policies of a Directory. Query protocol, version 2010-05-08.
//
// doc/identity.md lists the operations. Members are checked as IAM's service model says (lengths, patterns), the caller
// is asked for each operation's own permission on the entity's ARN.
//
// Source: AWS IAM API Reference. Thread safety: safe from any thread.

#pragma once

#include <string>
#include <variant>

#include "aws/query.h"
#include "aws/service.h"
#include "identity/directory.h"

namespace chiliad::identity {

class Iam final : public aws::HttpService {
 public:
  // Requires: `directory` outlives this.
  explicit Iam(Directory& directory) : directory_(directory) {}
  void handle(const aws::Call& call) override;

  // The same without HTTP: the XML within <...Result>, or an error.
  std::variant<std::string, aws::ApiError> answer(const aws::Caller& caller, const aws::QueryForm& form);

 private:
  Directory& directory_;
};

}  // namespace chiliad::identity
