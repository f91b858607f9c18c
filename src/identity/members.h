// Members: the parameters of one Query request, each checked against its form as it is read.
//
// The first thing that is wrong is kept; the caller reads all it needs and then asks error(), in AWS's words:
// "1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must ..."
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/api_error.h"
#include "aws/query.h"
#include "identity/names.h"

namespace chiliad::identity {

class Members {
 public:
  explicit Members(const aws::QueryForm& form) : form_(form) {}

  // Empty when it is missing or wrong.
  std::string text(std::string_view name, const Form& form);
  std::optional<std::string> optional_text(std::string_view name, const Form& form);
  std::string text_or(std::string_view name, const Form& form, std::string_view otherwise);
  std::int64_t integer_or(std::string_view name, std::int64_t least, std::int64_t most, std::int64_t otherwise);
  bool boolean_or(std::string_view name, bool otherwise);
  // One of `choices`.
  std::string choice(std::string_view name, std::initializer_list<std::string_view> choices);
  std::vector<std::string> list(std::string_view name, const Form& form, std::size_t most);

  const aws::QueryForm& form() const { return form_; }
  const std::optional<aws::ApiError>& error() const { return error_; }
  void refuse(std::string_view name, std::string_view value, std::string_view constraint);

 private:
  void check(std::string_view name, std::string_view value, const Form& form);
  void missing(std::string_view name);

  const aws::QueryForm& form_;
  std::optional<aws::ApiError> error_;
};

}  // namespace chiliad::identity
