#include "identity/policy_text.h"

#include <fmt/format.h>

#include <utility>

namespace chiliad::identity {
namespace {

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<PolicyText> PolicyText::parse(std::string_view text, Syntax syntax) {
  PolicyText parsed;
  const std::string_view whole = text;
  const auto add = [&](std::string_view piece, bool wildcards) {
    Wildcard& last = parsed.variables_.empty() ? parsed.fixed_ : parsed.variables_.back().after;
    wildcards ? last.add_pattern(piece) : last.add_bytes(piece);
  };
  while (!text.empty()) {
    const std::size_t start = syntax.variables ? text.find("${") : std::string_view::npos;
    add(text.substr(0, start), syntax.wildcards);
    if (start == std::string_view::npos) break;
    const std::size_t end = text.find('}', start);
    if (end == std::string_view::npos) {
      return Error{ErrorCode::kInvalid, fmt::format("'{}': '${{' without its '}}'", whole.substr(0, 200))};
    }
    const std::string_view inside = text.substr(start + 2, end - start - 2);
    if (inside == "*" || inside == "?" || inside == "$") {
      add(inside, false);
    } else if (Result<Done> added = parsed.add_variable(inside, whole); !added) {
      return std::move(added).error();
    }
    text.remove_prefix(end + 1);
  }
  return parsed;
}

Result<Done> PolicyText::add_variable(std::string_view inside, std::string_view whole) {
  const std::size_t comma = inside.find(',');
  const std::string_view name = without_blanks(inside.substr(0, comma));
  std::optional<std::string> otherwise;
  if (comma != std::string_view::npos) {
    const std::string_view quoted = without_blanks(inside.substr(comma + 1));
    if (quoted.size() < 2 || quoted.front() != '\'' || quoted.back() != '\'') {
      return Error{ErrorCode::kInvalid,
                   fmt::format("'{}': the default value of '{}' is not in quotes", whole.substr(0, 200), name)};
    }
    otherwise = std::string(quoted.substr(1, quoted.size() - 2));
  }
  if (name.empty() || name.find_first_of("${*? ") != std::string_view::npos) {
    return Error{ErrorCode::kInvalid, fmt::format("'{}': '${{{}}}' is no variable", whole.substr(0, 200), inside)};
  }
  variables_.push_back({ConditionKey(name), std::move(otherwise), {}});
  return Done{};
}

std::optional<Wildcard> PolicyText::resolve(const Question& question) const {
  Wildcard whole = fixed_;
  KeyValues values;
  for (const Variable& variable : variables_) {
    variable.key.read(question, values);
    if (values.size() == 1) {
      whole.add_bytes(values.front());
    } else if (values.empty() && variable.otherwise) {
      whole.add_bytes(*variable.otherwise);
    } else {
      return std::nullopt;
    }
    whole.add(variable.after);
  }
  return whole;
}

}  // namespace chiliad::identity
