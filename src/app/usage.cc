#include "app/usage.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "app/command.h"

namespace chiliad::app {
namespace {

std::string not_below_zero(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first != std::string::npos && text[first] == '-' ? "expected 0 or more, not " + text : std::string();
}

// Insertions, deletions and exchanges from one to the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t exchanged = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// "chiliad", "chiliad store scan": the command that the user typed.
std::string typed_command(const CLI::App& app) {
  std::string name = "chiliad";
  const CLI::App* inner = &app;
  while (!inner->get_subcommands().empty()) {
    inner = inner->get_subcommands().front();
    name += ' ' + inner->get_name();
  }
  return name;
}

}  // namespace

void refuse_negative_counts(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : command->get_options()) {
      const std::string type = option->get_type_name();
      if (type.starts_with("UINT") || type.find("TIME") != std::string::npos)
        option->check(CLI::Validator(not_below_zero, ""));
    }
    refuse_negative_counts(*command);
  }
}

std::string wrong_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().starts_with('-')) return {};
  const std::string& typed = arguments.front();
  std::string nearest;
  std::size_t least = 3;  // Further away it is another word.
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::size_t apart = distance(typed, command->get_name());
    if (apart == 0) return {};
    if (apart < least) {
      least = apart;
      nearest = command->get_name();
    }
  }
  return fmt::format("chiliad: no command '{}'{} `chiliad --help` lists the commands\n", typed,
                     nearest.empty() ? ";" : "; did you mean `chiliad " + nearest + "`?");
}

int explain_usage(const CLI::App& app, const CLI::Error& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
  const std::string command = typed_command(app);
  std::fprintf(stderr, "chiliad: %s; `%s --help` says what it takes\n", error.what(), command.c_str());
  return kExitUsage;
}

}  // namespace chiliad::app
