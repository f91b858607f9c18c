// Options that are a time with its unit: "500ms", "30s", "2m". The value is in milliseconds.

#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>

namespace chiliad::app {

inline CLI::Validator time_with_unit() {
  return CLI::AsNumberWithUnit(std::map<std::string, std::int64_t>{{"ms", 1}, {"s", 1'000}, {"m", 60'000}},
                               CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME");
}

}  // namespace chiliad::app
