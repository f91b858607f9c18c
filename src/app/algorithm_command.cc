// `chiliad algorithm split|prophet|evaluate`: a built-in algorithm in a folder that plays /opt/ml
// (algorithm/algorithm.h): what jobs run, and what a container image of this program starts. doc/algorithms.md.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "algorithm/algorithm.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/stop_signal.h"

namespace chiliad::app {
namespace {

struct AlgorithmFlags {
  std::string name;
  std::string root;
  std::string verb;
};

void run_algorithm(const AlgorithmFlags& flags) {
  const char* variable = std::getenv("CHILIAD_ROOT");
  const std::string root = !flags.root.empty() ? flags.root : variable != nullptr ? variable : "/opt/ml";
  const char* journal = std::getenv("CHILIAD_JOURNAL");
  StopSignal stop;
  throw Exit{algorithm::run(flags.name, root, stop.requested(), journal != nullptr ? journal : "")};
}

}  // namespace

void add_algorithm_command(CLI::App& app) {
  auto flags = std::make_shared<AlgorithmFlags>();
  CLI::App* command = app.add_subcommand("algorithm", "A built-in algorithm as a container of a SageMaker job runs it");
  command->add_option("name", flags->name, "split, prophet or evaluate")
      ->required()
      ->check(CLI::IsMember({"split", "prophet", "evaluate"}));
  // SageMaker starts a training container with this word behind its entry point.
  command->add_option("verb", flags->verb, "train: taken and not needed")->check(CLI::IsMember({"train"}));
  command->add_option("--root", flags->root, "What plays /opt/ml; default: $CHILIAD_ROOT, else /opt/ml");
  command->callback([flags] { run_algorithm(*flags); });
}

}  // namespace chiliad::app
