// Prints what points AWS's clients at the running server of a home folder.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "app/client_setup.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/server_file.h"

namespace chiliad::app {
namespace {

std::string_view environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

void print_environment(const std::string& home_flag) {
  const std::filesystem::path home = std::filesystem::absolute(
      home_flag.empty() ? value_or_fail(default_home(), kExitUsage) : std::filesystem::path(home_flag));
  const ServerFile server = value_or_fail(ServerFile::read(home));
  const ClientKey key = value_or_fail(read_client_key(home));
  const std::vector<Variable> variables = value_or_fail(set_up_clients(home, server, key, environment_variable));
  const std::string lines = shell_lines(variables);
  std::fwrite(lines.data(), 1, lines.size(), stdout);
  std::string names;
  for (const Variable& variable : variables) {
    if (!variable.value.empty()) names += (names.empty() ? "" : ", ") + variable.name;
  }
  std::fprintf(stderr, "chiliad: AWS's clients in this shell talk to %s; set: %s\n", server.url.c_str(), names.c_str());
}

}  // namespace

void add_env_command(CLI::App& app) {
  const auto home = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("env", "Shell lines that point AWS's SDKs and CLI at a running chiliad up");
  command->add_option("--home", *home,
                      "Home folder of the server (default: CHILIAD_HOME, else ~/.local/share/chiliad)");
  command->footer("Use: eval \"$(chiliad env)\"");
  command->callback([home] { print_environment(*home); });
}

}  // namespace chiliad::app
