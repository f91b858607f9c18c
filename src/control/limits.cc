#include "control/limits.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/number.h"

namespace chiliad::control {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t Limits::*>, 12> kLimits{{
    {"training_instances", &Limits::training_instances},
    {"processing_instances", &Limits::processing_instances},
    {"transform_instances", &Limits::transform_instances},
    {"endpoint_instances", &Limits::endpoint_instances},
    {"running_jobs", &Limits::running_jobs},
    {"endpoints", &Limits::endpoints},
    {"models", &Limits::models},
    {"endpoint_configs", &Limits::endpoint_configs},
    {"jobs", &Limits::jobs},
    {"tags", &Limits::tags},
    {"request_bytes", &Limits::request_bytes},
    {"max_runtime_seconds", &Limits::max_runtime_seconds},
}};
static_assert(sizeof(Limits) == kLimits.size() * sizeof(std::int64_t), "a limit has no name");

}  // namespace

Result<Done> set_limit(Limits& limits, std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  for (const auto& [known, member] : kLimits) {
    if (known != name) continue;
    const auto value = equals == std::string_view::npos ? std::nullopt : parse_integer(text.substr(equals + 1));
    if (!value || *value < 1)
      return Error{ErrorCode::kInvalid, fmt::format("'{}': expected {}=N with N above 0", text, known)};
    limits.*member = *value;
    return Done{};
  }
  return Error{ErrorCode::kInvalid, fmt::format("no limit '{}'; there are {}", name, limit_names())};
}

std::string limit_names() {
  std::string names;
  for (const auto& [name, member] : kLimits) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  return names;
}

}  // namespace chiliad::control
