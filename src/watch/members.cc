#include "watch/members.h"

#include <fmt/format.h>

namespace chiliad::watch {

std::string Members::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void Members::refuse(Kind kind, std::string_view member, std::string message) {
  if (!problem_) problem_ = Problem{kind, path_of(member), std::move(message)};
}

void Members::take(const Members& inner) {
  if (!problem_ && inner.problem_) problem_ = inner.problem_;
}

const aws::Json* Members::find(std::string_view name, bool required) {
  const aws::Json* found = aws::member(object_, name);
  if (found == nullptr && required) {
    refuse(Kind::kMissing, name,
           fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not "
                       "be null",
                       path_of(name)));
  }
  return problem_ ? nullptr : found;
}

std::string Members::text(std::string_view name, const Text& rule) {
  const aws::Json* found = find(name, rule.required);
  if (found == nullptr) return {};
  const auto* text = found->get_ptr<const std::string*>();
  if (text == nullptr) {
    refuse(Kind::kWrongType, name, fmt::format("'{}' must be a string", path_of(name)));
    return {};
  }
  if (text->size() < rule.min || text->size() > rule.max) {
    refuse(Kind::kNotAllowed, name,
           fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have "
                       "length between {} and {}",
                       std::string_view(*text).substr(0, 100), path_of(name), rule.min, rule.max));
    return {};
  }
  return *text;
}

std::optional<std::int64_t> Members::integer(std::string_view name, const Number& rule) {
  const aws::Json* found = find(name, rule.required);
  if (found == nullptr) return std::nullopt;
  const std::optional<std::int64_t> value = aws::integer_member(object_, name);
  if (!value) {
    refuse(Kind::kWrongType, name, fmt::format("'{}' must be an integer", path_of(name)));
    return std::nullopt;
  }
  if (*value < rule.min || *value > rule.max) {
    refuse(Kind::kNotAllowed, name,
           fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have "
                       "value between {} and {}",
                       *value, path_of(name), rule.min, rule.max));
    return std::nullopt;
  }
  return value;
}

std::optional<double> Members::number(std::string_view name, bool required) {
  const aws::Json* found = find(name, required);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number()) {
    refuse(Kind::kWrongType, name, fmt::format("'{}' must be a number", path_of(name)));
    return std::nullopt;
  }
  return found->get<double>();
}

bool Members::boolean(std::string_view name) {
  const aws::Json* found = find(name, false);
  if (found == nullptr) return false;
  if (!found->is_boolean()) refuse(Kind::kWrongType, name, fmt::format("'{}' must be true or false", path_of(name)));
  return aws::boolean_member(object_, name).value_or(false);
}

const aws::Json::array_t* Members::list(std::string_view name, bool required, std::size_t max) {
  const aws::Json* found = find(name, required);
  if (found == nullptr) return nullptr;
  const auto* list = found->get_ptr<const aws::Json::array_t*>();
  if (list == nullptr) {
    refuse(Kind::kWrongType, name, fmt::format("'{}' must be a list", path_of(name)));
    return nullptr;
  }
  if (list->size() > max || (required && list->empty())) {
    refuse(Kind::kNotAllowed, name,
           fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: Member must have "
                       "length between {} and {}",
                       path_of(name), required ? 1 : 0, max));
    return nullptr;
  }
  return list;
}

const aws::Json* Members::object(std::string_view name, bool required) {
  const aws::Json* found = find(name, required);
  if (found != nullptr && !found->is_object()) {
    refuse(Kind::kWrongType, name, fmt::format("'{}' must be a structure", path_of(name)));
    return nullptr;
  }
  return found;
}

std::vector<std::string> Members::texts(std::string_view name, std::size_t max, const Text& rule) {
  std::vector<std::string> out;
  const aws::Json::array_t* values = list(name, false, max);
  if (values == nullptr) return out;
  for (const aws::Json& value : *values) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || text->size() < rule.min || text->size() > rule.max) {
      refuse(text == nullptr ? Kind::kWrongType : Kind::kNotAllowed, name,
             fmt::format("'{}' must hold strings of {} to {} bytes", path_of(name), rule.min, rule.max));
      return {};
    }
    out.push_back(*text);
  }
  return out;
}

}  // namespace chiliad::watch
