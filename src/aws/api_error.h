// ApiError: a failure as AWS's clients see it: a status, a code that programs branch on, a message for a person.
//
// Each protocol words it differently (JSON's __type, Query's and S3's <Code>, REST-JSON's x-amzn-ErrorType); the
// functions beside the protocol do that (json.h, query.h). Thread safety: values.

#pragma once

#include <string>

namespace chiliad::aws {

struct ApiError {
  int status = 400;
  std::string code;     // "ValidationException"
  std::string message;  // One line, "Could not find endpoint ...".
};

}  // namespace chiliad::aws
