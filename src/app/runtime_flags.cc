#include "app/runtime_flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

#include "app/size_text.h"

namespace chiliad::app {

namespace fs = std::filesystem;

void add_runtime_flags(CLI::App& command, RuntimeFlags& flags) {
  command.add_option("--runtimes", flags.runtimes,
                     "TOML that says what images stand for, before the built-in one (default: HOME/runtimes.toml)");
  command.add_option("--environments", flags.environments,
                     "Folder of Python environments, which several servers may share (default: CHILIAD_ENVIRONMENTS, "
                     "else HOME/environments)");
  command.add_option("--environments-budget", flags.environments_budget, "Bytes of Python environments kept")
      ->capture_default_str();
}

Result<runtime::Catalog> read_catalog(const RuntimeFlags& flags, const fs::path& home) {
  if (!flags.runtimes.empty()) return runtime::Catalog::read(fs::absolute(flags.runtimes));
  const fs::path own = home / "runtimes.toml";
  Result<runtime::Catalog> catalog = runtime::Catalog::read(own);
  if (catalog || catalog.error().code != ErrorCode::kNotFound) return catalog;
  // The name of the file that may be made is part of what is said of an unknown image.
  return runtime::Catalog::parse("", own.string());
}

Result<runtime::PythonEnvironmentsOptions> environment_options(const RuntimeFlags& flags, const fs::path& home) {
  runtime::PythonEnvironmentsOptions options;
  Result<std::uint64_t> budget = parse_size(flags.environments_budget);
  if (!budget) return std::move(budget).error().in("--environments-budget");
  options.budget_bytes = *budget;
  const char* shared = std::getenv("CHILIAD_ENVIRONMENTS");
  if (!flags.environments.empty()) {
    options.folder = fs::absolute(flags.environments);
  } else if (shared != nullptr && *shared != '\0') {
    options.folder = fs::absolute(shared);
  } else {
    options.folder = home / "environments";
  }
  return options;
}

}  // namespace chiliad::app
