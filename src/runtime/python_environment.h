// PythonEnvironments: the virtual environments of python entries, built once and shared by all that need them.
//
//     entry's packages, constraints, python's version --> base-<key>     one an entry, minutes to build
//     base key, requirements.txt                      --> layer-<key>    one a requirements.txt, what the base lacks
//     chiliad's own wheel, python        --> package-<key>  where CHILIAD_ACCELERATE is 1 (runtime/python_package.h)
//     an instance's own folder                                           what the program itself installs; no build
//
// In a box they lie at fixed places, so that what is built can be renamed and a home folder moved:
//
//     /opt/chiliad/env      the instance's own, writable: bin/python, packages that its program installs; VIRTUAL_ENV
//     /opt/chiliad/accelerated   read-only; the package chiliad alone, without what it needs; missing where not asked
//     for /opt/chiliad/layer    read-only; missing without requirements /opt/chiliad/base     read-only;
//     constraints.txt, which PIP_CONSTRAINT names /opt/chiliad/python   read-only: the Python files of this program,
//     such as chiliad_serve_models.py
//
// Python finds modules and distributions in the order env, accelerated, layer, base (.pth files), so pip takes what a
// lower one has for installed and a `pip install` of the same requirements in a job has nothing to do. Scripts of all
// three start the instance's python.
//
// Rules the rest relies on:
//   1. One build for any number of waiters. It ends when the last of them has gone.
//   2. What is built is published by one rename: kill -9 leaves no half of it. Leftovers of builds go at the next open.
//   3. pip runs in a box: it sees its own folders and the network, nothing of the server. What foreign packages' setup
//      code writes is seen only by those who ask for the same requirements: pip's cache is kept from builds of bases,
//      which are the administrator's, and not from builds of layers.
//   4. An environment in use (Environment::in_use) is never removed, by this process or another one.
//   5. The folder's bytes stay within the budget as far as rule 4 allows: least recently used first.
//   6. A build that failed is not tried again for Options::failure_kept; who asks meanwhile gets its error.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "process/box.h"
#include "runtime/catalog.h"

namespace chiliad::runtime {

// Told of each line that a build prints, without its end; on the thread that waits.
using LineSink = std::function<void(std::string_view line)>;

// What a program needs to run in an environment. A value; copies share the hold.
struct Environment {
  std::string name;                     // "layer-0123456789abcdef", or "base-..." without requirements.
  std::filesystem::path folder;         // Of the host, for messages.
  std::string interpreter;              // Of the box: "/usr/bin/python3".
  std::string python_version;           // "3.11.2"
  std::vector<process::Mount> mounts;   // Read-only ones, all but the instance's own.
  std::vector<std::string_view> below;  // Whose modules the own part goes on in: kLayerInside, ...
  std::vector<std::string> variables;   // "PATH=...", VIRTUAL_ENV, PIP_CONSTRAINT, what pip needs to find an index, ...
  std::shared_ptr<const void> in_use;   // Keep it as long as a program runs in the environment.

  // Makes the instance's own part in `folder` of the host, which must not exist or be empty: a few links and files, no
  // process. The mount belongs behind `mounts`. Errors: as base/file.h.
  Result<process::Mount> make_own_part(const std::filesystem::path& folder) const;
};

struct PythonEnvironmentsOptions {
  std::filesystem::path folder;  // <home>/environments; made if missing.
  std::uint64_t budget_bytes = std::uint64_t{20} << 30;
  int builds = 2;  // At a time; others wait.
  std::chrono::milliseconds failure_kept{60'000};
  std::chrono::milliseconds build_limit{3'600'000};  // Of one build.
  // Where chiliad's own wheel is looked for, in this order, each time: wheels, or folders of them.
  std::vector<std::filesystem::path> package_places;
  // The server's variables, for what pip is told of its index (PIP_*, proxies, certificates); null: the process's own.
  std::function<std::string(const char* name)> variable;
};

// What a program wants over its entry's environment.
struct Wanted {
  std::string_view requirements_txt;  // Empty: none.
  bool accelerated = false;           // chiliad's own package, so that `import prophet` is this engine.
};

class PythonEnvironments {
 public:
  // `boxes` must outlive it. Errors: as base/file.h.
  static Result<std::unique_ptr<PythonEnvironments>> open(PythonEnvironmentsOptions options, process::BoxRunner& boxes);
  // Ends builds; who waits for one gets kUnavailable.
  ~PythonEnvironments();
  PythonEnvironments(const PythonEnvironments&) = delete;
  PythonEnvironments& operator=(const PythonEnvironments&) = delete;

  // The environment of an entry with what is wanted over it, built if it is not there; waits for that. A
  // requirements.txt that names other files of its folder (-r, -e, ./x) gets no layer: the program's own `pip install
  // -r`, in its own part, does it. Requires: entry.kind == Kind::kPython. Errors: kInvalid: pip refused the
  // requirements (its last lines are in the message); kUnavailable: the package index could not be reached, or boxes
  // cannot run here; kDeadline: the deadline passed, or `cancelled` was set; kNotFound: no wheel of chiliad's fits;
  // kNoSpace, kForbidden: the disk.
  Result<Environment> prepare(const Entry& entry, const Wanted& wanted, const LineSink& lines, Deadline deadline,
                              const std::atomic<bool>& cancelled);

  struct Stored {
    std::string name;   // As Environment::name.
    std::string entry;  // The entry that it was built for.
    std::uint64_t size_bytes = 0;
    Instant last_used;  // UTC.
    bool in_use = false;
  };
  // What is there, the one used last first.
  Result<std::vector<Stored>> list() const;
  // Errors: kNotFound; kConflict: in use, or a layer needs it.
  Result<Done> remove(std::string_view name);

 private:
  struct State;
  explicit PythonEnvironments(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::runtime
