// Context: what every operation works with, and the words in which operations refuse.
//
// Thread safety: safe from any thread; what is not const belongs to SageMaker.

#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/api_error.h"
#include "aws/json.h"
#include "aws/service.h"
#include "base/mutex.h"
#include "base/result.h"
#include "control/resource.h"
#include "control/resources.h"
#include "control/sagemaker.h"
#include "control/shapes.h"
#include "control/validation.h"
#include "control/work.h"

namespace chiliad::control {

struct Context {
  explicit Context(SageMakerOptions given) : options(std::move(given)) {}

  const SageMakerOptions options;
  Validator validator;
  std::unique_ptr<Resources> resources;
  std::atomic<Work*> work{nullptr};  // Null before resume().
  std::atomic<bool> closed{false};
  Mutex closing_mutex;
  Condition closing;  // With closed.

  std::string arn(ResourceKind kind, std::string_view name) const;
};

// One operation's request, valid for its shape.
struct Request {
  Context& context;
  const Operation& operation;
  const aws::Json& input;
  const aws::Caller& caller;
};

aws::ApiError validation_error(std::string message);
// "<what> is not supported by this server: <instead>".
aws::ApiError not_here(std::string_view what, std::string_view instead);
// What control.db answers when it cannot: 503 ServiceUnavailable or 500 InternalFailure.
aws::ApiError failure(const Error& error);
// A model, configuration or endpoint: ValidationException; a job: ResourceNotFound.
aws::ApiError not_found(const Context& context, ResourceKind kind, std::string_view name);
aws::ApiError already_exists(const Context& context, ResourceKind kind, std::string_view name);
// ResourceLimitExceeded: "The account-level service limit '...' is 10, with current utilization of 3 and ...".
aws::ApiError limit_exceeded(std::string_view what, std::int64_t limit, std::int64_t used, std::int64_t wanted);

// Unset: the caller may.
std::optional<aws::ApiError> denied(const aws::Caller& caller, std::string_view action, std::string_view resource,
                                    const aws::Conditions& conditions = {});
// The operation itself, on a resource.
std::optional<aws::ApiError> denied(const Request& request, ResourceKind kind, std::string_view name);
// A Create operation: itself, sagemaker:AddTags when tags are given, iam:PassRole when there is a role. `more`:
// conditions of its own (sagemaker:InstanceTypes, ...).
std::optional<aws::ApiError> creation_denied(const Request& request, ResourceKind kind, std::string_view name,
                                             const std::string* role, std::span<const aws::Condition> more = {});

// The tags of a request. Errors: ValidationException: a key twice, "aws:" in front, more than the limit.
std::variant<std::vector<Tag>, aws::ApiError> read_tags(const Context& context, const aws::Json& input);

// Runs `body` in a transaction; an ApiError that it returns takes everything back.
aws::JsonAnswer write_answer(Context& context, const std::function<aws::JsonAnswer(Transaction&)>& body);

// An object of the shape's members, each from the first source that has it.
aws::Json pick(ShapeIndex structure, std::initializer_list<const aws::Json*> sources);

// The text of a member of a valid request; empty when it is not there. `path`: "ResourceConfig/InstanceType".
std::string text_at(const aws::Json& value, std::string_view path);
std::int64_t integer_at(const aws::Json& value, std::string_view path, std::int64_t otherwise);
// The texts of a list.
std::vector<std::string> text_list(const aws::Json& value, std::string_view path);
// Null when it is not there.
const aws::Json* at(const aws::Json& value, std::string_view path);

}  // namespace chiliad::control
