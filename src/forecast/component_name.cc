#include "forecast/component_name.h"

#include <algorithm>
#include <array>
#include <string>

namespace chiliad::forecast {
namespace {

// Columns that have a "_lower" and an "_upper" beside them, and those that have none.
constexpr std::array<std::string_view, 11> kWithBounds = {"trend",
                                                          "additive_terms",
                                                          "daily",
                                                          "weekly",
                                                          "yearly",
                                                          "holidays",
                                                          "zeros",
                                                          "extra_regressors_additive",
                                                          "yhat",
                                                          "extra_regressors_multiplicative",
                                                          "multiplicative_terms"};
constexpr std::array<std::string_view, 6> kPlain = {"ds", "y", "cap", "floor", "y_scaled", "cap_scaled"};

bool is_reserved(std::string_view name) {
  if (std::ranges::count(kPlain, name) > 0 || std::ranges::count(kWithBounds, name) > 0) return true;
  if (!name.ends_with("_lower") && !name.ends_with("_upper")) return false;
  name.remove_suffix(6);
  return std::ranges::count(kWithBounds, name) > 0;
}

}  // namespace

bool is_built_in_seasonality(std::string_view name) { return name == "yearly" || name == "weekly" || name == "daily"; }

Result<Done> check_component_name(std::string_view name) {
  if (name.empty()) return Error{ErrorCode::kInvalid, "a name is empty"};
  if (name.find("_delim_") != std::string_view::npos) {
    return Error{ErrorCode::kInvalid, "Name cannot contain \"_delim_\""};
  }
  if (is_reserved(name)) return Error{ErrorCode::kInvalid, "Name " + quoted_name(name) + " is reserved."};
  return Done{};
}

Result<Done> check_seasonality_name(std::string_view name) {
  if (name.empty()) return Error{ErrorCode::kInvalid, "a seasonality needs a name"};
  return is_built_in_seasonality(name) ? Done{} : check_component_name(name);
}

std::string quoted_name(std::string_view name) {
  const bool apostrophe = name.find('\'') != std::string_view::npos;
  const char quote = apostrophe && name.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : name) {
    if (c == quote || c == '\\') out += '\\';
    out += c;
  }
  return out += quote;
}

}  // namespace chiliad::forecast
