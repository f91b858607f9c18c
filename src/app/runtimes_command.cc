// `chiliad runtimes`: what images stand for on this machine, and the Python environments that are built for it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "app/command.h"
#include "app/commands.h"
#include "app/runtime_flags.h"
#include "app/server_file.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "app/text_output.h"
#include "base/file.h"
#include "process/sandbox.h"
#include "runtime/catalog.h"
#include "runtime/python_environment.h"
#include "runtime/python_package.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kPrepareTime{6};
constexpr std::uint64_t kRequirementsBytes = 1 << 20;

struct RuntimesFlags {
  std::string home;
  RuntimeFlags runtime;
  std::string what;  // An image, a runtime or an environment.
  std::string requirements;
  bool accelerated = false;
};

fs::path home_of(const RuntimesFlags& flags) {
  return fs::absolute(flags.home.empty() ? value_or_fail(default_home(), kExitUsage) : fs::path(flags.home));
}

runtime::Catalog catalog_of(const RuntimesFlags& flags) {
  return value_or_fail(read_catalog(flags.runtime, home_of(flags)), kExitUsage);
}

void print(std::string_view text) {
  TextOutput output = value_or_fail(TextOutput::open("-"));
  static_cast<void>(value_or_fail(output.write(text)));
  static_cast<void>(value_or_fail(output.finish()));
}

void list_entries(const RuntimesFlags& flags) {
  std::string text = fmt::format("{:<18} {:<7} {:<10} {:<34} {}\n", "runtime", "kind", "server", "from", "images");
  const runtime::Catalog catalog = catalog_of(flags);
  for (const runtime::Entry& entry : catalog.entries()) {
    text += fmt::format("{:<18} {:<7} {:<10} {:<34} {}\n", entry.name, runtime::kind_name(entry.kind),
                        runtime::server_name(entry.server), entry.source, fmt::join(entry.images, " "));
  }
  print(text);
}

std::string words_of(const runtime::Entry& entry) {
  std::string text = fmt::format("{}  ({})\nkind         {}\nserver       {}\n", entry.name, entry.source,
                                 runtime::kind_name(entry.kind), runtime::server_name(entry.server));
  const auto add = [&](std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) text += fmt::format("{:<12} {}\n", name, fmt::join(values, " "));
  };
  add("images", entry.images);
  if (!entry.algorithm.empty()) add("algorithm", {entry.algorithm});
  if (!entry.image.empty()) add("image", {entry.image});
  if (entry.kind == runtime::Kind::kPython) add("python", {entry.python});
  add("packages", entry.packages);
  add("constraints", entry.constraints);
  add("train", entry.train);
  add("process", entry.process);
  add("serve", entry.serve);
  if (entry.gang) add("gang", {"true"});
  for (const auto& [name, value] : entry.environment) add("environment", {name + "=" + value});
  return text;
}

// By its name, else by an image that it claims.
const runtime::Entry& entry_of(const runtime::Catalog& catalog, const std::string& what) {
  if (const runtime::Entry* named = catalog.named(what); named != nullptr) return *named;
  return *value_or_fail(catalog.find(what));
}

std::unique_ptr<runtime::PythonEnvironments> environments_of(const RuntimesFlags& flags, process::BoxRunner& boxes) {
  return value_or_fail(runtime::PythonEnvironments::open(
      value_or_fail(environment_options(flags.runtime, home_of(flags)), kExitUsage), boxes));
}

void prepare(const RuntimesFlags& flags) {
  const runtime::Catalog catalog = catalog_of(flags);
  const runtime::Entry& entry = entry_of(catalog, flags.what);
  if (entry.kind != runtime::Kind::kPython) {
    fail({ErrorCode::kInvalid, fmt::format("runtime {} is of kind {}: it has no Python environment", entry.name,
                                           runtime::kind_name(entry.kind))},
         kExitUsage);
  }
  std::string requirements;
  if (!flags.requirements.empty())
    requirements = value_or_fail(read_file_or_pipe(flags.requirements, kRequirementsBytes), kExitUsage);
  const std::unique_ptr<process::BoxRunner> boxes = process::bubblewrap();
  const std::unique_ptr<runtime::PythonEnvironments> environments = environments_of(flags, *boxes);
  StopSignal stop;
  const auto began = std::chrono::steady_clock::now();
  const runtime::Wanted wanted{requirements, flags.accelerated || runtime::is_accelerated(entry, {})};
  const runtime::Environment ready = value_or_fail(environments->prepare(
      entry, wanted, [](std::string_view line) { fmt::print(stderr, "{}\n", line); }, began + kPrepareTime,
      stop.requested()));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  print(fmt::format("{}: {}, Python {}, ready after {:.1f} s\n", entry.name, ready.name, ready.python_version,
                    took.count()));
}

void list_environments(const RuntimesFlags& flags) {
  const std::unique_ptr<process::BoxRunner> boxes = process::bubblewrap();
  std::string text =
      fmt::format("{:<40} {:<18} {:>9}  {:<20} {}\n", "environment", "runtime", "size", "last used (UTC)", "");
  std::uint64_t bytes = 0;
  for (const runtime::PythonEnvironments::Stored& stored : value_or_fail(environments_of(flags, *boxes)->list())) {
    text += fmt::format("{:<40} {:<18} {:>9}  {:<20} {}\n", stored.name, stored.entry, format_size(stored.size_bytes),
                        format_instant_fixed(stored.last_used, 0), stored.in_use ? "in use" : "");
    bytes += stored.size_bytes;
  }
  print(text + fmt::format("{:<40} {:<18} {:>9}\n", "all", "", format_size(bytes)));
}

void remove_environment(const RuntimesFlags& flags) {
  const std::unique_ptr<process::BoxRunner> boxes = process::bubblewrap();
  static_cast<void>(value_or_fail(environments_of(flags, *boxes)->remove(flags.what)));
}

}  // namespace

void add_runtimes_command(CLI::App& app) {
  CLI::App* runtimes =
      app.add_subcommand("runtimes", "What images stand for here, and the Python environments for them");
  runtimes->require_subcommand(1);
  const auto add = [&](const char* name, const char* help) {
    auto flags = std::make_shared<RuntimesFlags>();
    CLI::App* command = runtimes->add_subcommand(name, help);
    command->add_option("--home", flags->home,
                        "Home folder of the server (default: CHILIAD_HOME, else ~/.local/share/chiliad)");
    add_runtime_flags(*command, flags->runtime);
    return std::pair(command, flags);
  };
  {
    auto [command, flags] = add("list", "All runtimes, in the order in which they are asked for an image");
    command->callback([flags = flags] { list_entries(*flags); });
  }
  runtimes->add_subcommand("show", "The built-in file, to copy from")->callback([] {
    print(runtime::Catalog::built_in_text());
  });
  {
    auto [command, flags] = add("find", "What an image stands for");
    command->add_option("IMAGE", flags->what, "An image as a job or model names it, or a runtime's name")->required();
    command->callback([flags = flags] {
      const runtime::Catalog catalog = catalog_of(*flags);
      print(words_of(entry_of(catalog, flags->what)));
    });
  }
  {
    auto [command, flags] = add("prepare", "Build the Python environment of a runtime ahead of its first job");
    command->add_option("RUNTIME", flags->what, "A runtime's name, or an image")->required();
    command->add_option("--requirements", flags->requirements, "A requirements.txt to install over it");
    command->add_flag("--accelerate", flags->accelerated,
                      "With chiliad's own Python package, as where CHILIAD_ACCELERATE is 1");
    command->callback([flags = flags] { prepare(*flags); });
  }
  {
    auto [command, flags] = add("environments", "Python environments that are built, the one used last first");
    command->callback([flags = flags] { list_environments(*flags); });
  }
  {
    auto [command, flags] = add("remove", "Remove a Python environment that nobody uses");
    command->add_option("ENVIRONMENT", flags->what, "Its name, as `chiliad runtimes environments` shows it")
        ->required();
    command->callback([flags = flags] { remove_environment(*flags); });
  }
}

}  // namespace chiliad::app
