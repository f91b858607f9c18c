// What every subcommand refuses in the same words: numbers below what they count, times that run backwards, and
// commands that do not exist. Messages begin with "chiliad: " as all others do, and say where help is.
//
// Thread safety: one thread at a time.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace chiliad::app {

// For the options of all subcommands, called once they are there: a count below 0 is refused (CLI11 would take -1 for
// the largest number there is), and so is a time below 0 or without a unit.
void refuse_negative_counts(CLI::App& app);

// "chiliad: no command 'trian'; did you mean `chiliad train`? ...", or nothing where `arguments` begin with a command
// or an option of `app`. Commands of commands too: `chiliad store scna`.
std::string wrong_command(const CLI::App& app, const std::vector<std::string>& arguments);

// What is wrong with the command line, on standard error; help and the version, where they were asked for, on standard
// output. Returns the exit code.
int explain_usage(const CLI::App& app, const CLI::Error& error);

}  // namespace chiliad::app
