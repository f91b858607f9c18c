// main(): reads the command line, runs one subcommand, returns its exit code.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/commands.h"
#include "app/examples.h"
#include "app/usage.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app{"chiliad: trains and serves thousands of per-customer Prophet models on your own machines"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "chiliad 0.1.0");
  chiliad::app::add_all_commands(app);
  chiliad::app::add_examples(app);
  chiliad::app::refuse_negative_counts(app);
  if (const std::string wrong = chiliad::app::wrong_command(app, {argv + 1, argv + argc}); !wrong.empty()) {
    std::fputs(wrong.c_str(), stderr);
    return chiliad::app::kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return chiliad::app::explain_usage(app, error);
  } catch (const chiliad::app::Exit& exit) {
    return exit.code;
  }
  return chiliad::app::kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chiliad: internal error: %s\n", error.what());
    return chiliad::app::kExitFailed;
  }
}
