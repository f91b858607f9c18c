#include "identity/members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/number.h"

namespace chiliad::identity {
namespace {

// "UserName" is 'userName' in AWS's messages.
std::string member_name(std::string_view name) {
  std::string text(name);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

}  // namespace

void Members::refuse(std::string_view name, std::string_view value, std::string_view constraint) {
  if (error_) return;
  error_ = aws::ApiError{400, "ValidationError",
                         fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: {}",
                                     value.substr(0, 200), member_name(name), constraint)};
}

void Members::missing(std::string_view name) {
  if (error_) return;
  error_ = aws::ApiError{400, "ValidationError",
                         fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
                                     "Member must not be null",
                                     member_name(name))};
}

void Members::check(std::string_view name, std::string_view value, const Form& form) {
  if (value.size() < form.least) {
    refuse(name, value, fmt::format("Member must have length greater than or equal to {}", form.least));
  } else if (value.size() > form.most) {
    refuse(name, value, fmt::format("Member must have length less than or equal to {}", form.most));
  } else if (!fits(form, value)) {
    refuse(name, value, fmt::format("Member must satisfy regular expression pattern: {}", form.pattern));
  }
}

std::string Members::text(std::string_view name, const Form& form) {
  std::optional<std::string> value = optional_text(name, form);
  if (value) return *std::move(value);
  missing(name);
  return {};
}

std::optional<std::string> Members::optional_text(std::string_view name, const Form& form) {
  const std::string* value = form_.find(name);
  if (value == nullptr) return std::nullopt;
  check(name, *value, form);
  return *value;
}

std::string Members::text_or(std::string_view name, const Form& form, std::string_view otherwise) {
  std::optional<std::string> value = optional_text(name, form);
  return value ? *std::move(value) : std::string(otherwise);
}

std::int64_t Members::integer_or(std::string_view name, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
  const std::string* value = form_.find(name);
  if (value == nullptr) return otherwise;
  const std::optional<std::int64_t> number = parse_integer(*value);
  if (!number || *number < least) {
    refuse(name, *value, fmt::format("Member must have value greater than or equal to {}", least));
  } else if (*number > most) {
    refuse(name, *value, fmt::format("Member must have value less than or equal to {}", most));
  } else {
    return *number;
  }
  return otherwise;
}

bool Members::boolean_or(std::string_view name, bool otherwise) {
  const std::string* value = form_.find(name);
  if (value == nullptr) return otherwise;
  if (*value != "true" && *value != "false") refuse(name, *value, "Member must be true or false");
  return *value == "true";
}

std::string Members::choice(std::string_view name, std::initializer_list<std::string_view> choices) {
  const std::string* value = form_.find(name);
  if (value == nullptr) {
    missing(name);
    return {};
  }
  if (std::ranges::find(choices, *value) == choices.end()) {
    refuse(name, *value, fmt::format("Member must satisfy enum value set: [{}]", fmt::join(choices, ", ")));
  }
  return *value;
}

std::vector<std::string> Members::list(std::string_view name, const Form& form, std::size_t most) {
  std::vector<std::string> values;
  for (const std::string_view value : form_.list(name)) {
    check(name, value, form);
    values.emplace_back(value);
  }
  if (values.size() > most) {
    refuse(name, fmt::format("{} values", values.size()),
           fmt::format("Member must have length less than or equal to {}", most));
  }
  return values;
}

}  // namespace chiliad::identity
