#include "app/runtime_flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

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
  command.add_option("--python-package", flags.python_package,
                     "Wheel of chiliad's Python package, or a folder of wheels, for programs with CHILIAD_ACCELERATE=1 "
                     "(default: CHILIAD_PYTHON_PACKAGE, else HOME/wheels, else ../wheels and ../share/chiliad/wheels "
                     "beside the binary's folder)");
}

namespace {

// What was asked for has to be there; the other places may come to be while the server runs.
Result<std::vector<fs::path>> package_places(const std::string& asked, const fs::path& home) {
  const char* variable = std::getenv("CHILIAD_PYTHON_PACKAGE");
  const std::string named = !asked.empty() ? asked : variable != nullptr ? variable : "";
  std::error_code error;
  if (!named.empty()) {
    const fs::path place = fs::absolute(named);
    if (fs::exists(place, error)) return std::vector{place};
    return Error{ErrorCode::kNotFound, place.string() + " is not there: expected a wheel or a folder of wheels"};
  }
  std::vector<fs::path> places{home / "wheels"};
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path above = binary.parent_path().parent_path();
    places.push_back(above / "wheels");
    places.push_back(above / "share/chiliad/wheels");
  }
  return places;
}

}  // namespace

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
  Result<std::vector<fs::path>> places = package_places(flags.python_package, home);
  if (!places) return std::move(places).error().in("--python-package");
  options.package_places = *std::move(places);
  return options;
}

}  // namespace chiliad::app
