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

// A time needs its unit: 5 could be seconds or milliseconds.
std::string time_not_below_zero(const std::string& text) {
  const bool unit = text.ends_with('s') || text.ends_with('m');
  return unit && !text.starts_with('-') ? std::string()
                                        : "expected 0 or more with a unit, as 500ms, 5s or 2m, not " + text;
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
      if (type.find("TIME") != std::string::npos) {
        option->transform(CLI::Validator(time_not_below_zero, ""));  // In front: it sees what was typed.
      } else if (type.starts_with("UINT")) {
        option->check(CLI::Validator(not_below_zero, ""));
      }
    }
    refuse_negative_counts(*command);
  }
}

std::string wrong_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* group = &app;  // "store" in `chiliad store scan`.
  std::string typed_group = "chiliad";
  for (const std::string& typed : arguments) {
    const std::vector<const CLI::App*> commands = group->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty() || typed.empty() || typed.front() == '-') return {};
    const auto known = std::ranges::find(commands, typed, [](const CLI::App* command) { return command->get_name(); });
    if (known == commands.end()) {
      const CLI::App* nearest = *std::ranges::min_element(
          commands, {}, [&](const CLI::App* command) { return distance(typed, command->get_name()); });
      const bool near = distance(typed, nearest->get_name()) < 3;  // Further away it is another word.
      return fmt::format("chiliad: no command '{}'{} `{} --help` lists the commands\n", typed,
                         near ? fmt::format("; did you mean `{} {}`?", typed_group, nearest->get_name()) : ";",
                         typed_group);
    }
    group = *known;
    typed_group += ' ' + typed;
  }
  return {};
}

int explain_usage(const CLI::App& app, const CLI::Error& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
  const std::string command = typed_command(app);
  std::string what = error.what();
  // CLI11's "Could not convert: --period = abc": options that take any text always convert.
  constexpr std::string_view kNoNumber = "Could not convert: ";
  if (const std::size_t sign = what.find(" = "); what.starts_with(kNoNumber) && sign != std::string::npos) {
    what = fmt::format("{}: expected a number that fits, not '{}'",
                       what.substr(kNoNumber.size(), sign - kNoNumber.size()), what.substr(sign + 3));
  }
  std::fprintf(stderr, "chiliad: %s; `%s --help` says what it takes\n", what.c_str(), command.c_str());
  return kExitUsage;
}

}  // namespace chiliad::app
