#include "algorithm/algorithm.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

namespace chiliad::algorithm {

bool is_algorithm(std::string_view name) { return name == "split" || name == "prophet" || name == "evaluate"; }

int run(std::string_view name, const std::filesystem::path& root, const std::atomic<bool>& stop,
        const std::filesystem::path& journal) {
  // Temporary folders are the instance's too: they go with it, by whatever signal it ends.
  std::error_code failure;
  const std::filesystem::path temporary = root / "tmp";
  std::filesystem::create_directories(temporary, failure);
  const char* variable = std::getenv("TMPDIR");
  const std::optional<std::string> before = variable == nullptr ? std::nullopt : std::optional<std::string>(variable);
  if (!failure) ::setenv("TMPDIR", temporary.c_str(), 1);
  int code = 0;
  if (name == "split") code = run_split(root);
  if (name == "prophet") code = run_prophet(root, stop, journal);
  if (name == "evaluate") code = run_evaluate(root, stop);
  if (!failure) std::filesystem::remove(temporary, failure);
  before ? ::setenv("TMPDIR", before->c_str(), 1) : ::unsetenv("TMPDIR");
  return code;
}

}  // namespace chiliad::algorithm
