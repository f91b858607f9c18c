// What `chiliad up` and `chiliad runtimes` are told of runtimes: which file says what images stand for, and where the
// Python environments lie.
//
// Thread safety: main thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "runtime/catalog.h"
#include "runtime/python_environment.h"

namespace CLI {
class App;
}

namespace chiliad::app {

struct RuntimeFlags {
  std::string runtimes;      // Empty: <home>/runtimes.toml, if it is there.
  std::string environments;  // Empty: $CHILIAD_ENVIRONMENTS, else <home>/environments.
  std::string environments_budget = "20G";
  std::string python_package;  // Empty: $CHILIAD_PYTHON_PACKAGE, else <home>/wheels and the folders beside the binary.
};

void add_runtime_flags(CLI::App& command, RuntimeFlags& flags);

// Errors: kInvalid: the file; kNotFound: a file that was asked for by name.
Result<runtime::Catalog> read_catalog(const RuntimeFlags& flags, const std::filesystem::path& home);

// Errors: kInvalid: the budget; kNotFound: a Python package that was asked for by name.
Result<runtime::PythonEnvironmentsOptions> environment_options(const RuntimeFlags& flags,
                                                               const std::filesystem::path& home);

}  // namespace chiliad::app
