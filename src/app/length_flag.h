// Options that are a length of time as pandas reads it: '30 days', '12 hours' (diagnose/timedelta.h).

#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/command.h"
#include "diagnose/timedelta.h"

namespace chiliad::app {

// Unset when the option was not given. Ends the subcommand as wrong usage where the text is no such length.
inline std::optional<std::chrono::nanoseconds> read_length(const char* flag, const std::string& text) {
  if (text.empty()) return std::nullopt;
  Result<std::chrono::nanoseconds> length = diagnose::parse_timedelta(text);
  if (!length) fail(std::move(length).error().in(flag), kExitUsage);
  return *length;
}

}  // namespace chiliad::app
