#include "runtime/python_environment.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "base/mutex.h"
#include "process/box.h"
#include "runtime/box_run.h"
#include "runtime/builds.h"
#include "runtime/environment_folder.h"
#include "runtime/inside.h"
#include "runtime/pip_settings.h"
#include "runtime/python_package.h"
#include "runtime/requirements.h"
#include "runtime/shipped_files.h"
#include "runtime/url_secrets.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// Part of every key: raised when what is built for the same packages changes.
constexpr std::string_view kForm = "1";
constexpr std::size_t kKeyDigits = 32;  // 128 bits: whoever writes a requirements.txt may look for collisions.
constexpr int kBuildProcesses = 2000;
constexpr int kTries = 3;  // An environment may be removed between its build and its first use.
constexpr std::chrono::seconds kProbeTime{60};

std::string process_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string key_of(std::string_view kind, std::initializer_list<std::string_view> parts) {
  Sha256Stream hash;
  for (const std::string_view part : parts) {
    hash.update(fmt::format("{}:", part.size()));
    hash.update(part);
  }
  return fmt::format("{}-{}", kind, hex(hash.finish()).substr(0, kKeyDigits));
}

std::string lines_of(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(text).append(1, '\n');
  return out;
}

// For a box, whose user is another one where the server is root.
Result<Done> write_readable(const fs::path& path, std::string_view text) {
  if (Result<Done> written = write_file_atomically(path, text, Durability::kNone); !written) return written;
  std::error_code error;
  fs::permissions(path, fs::perms(0644), error);
  return Done{};
}

// The shipped Python files as a folder, named by their content, so that a newer program leaves an older one its files.
Result<fs::path> write_shipped_python(const fs::path& folder) {
  constexpr std::string_view kFolder = "python/";
  Sha256Stream hash;
  for (const ShippedFile& file : shipped_files()) {
    hash.update(fmt::format("{}:{}:", file.name, file.text.size()));
    hash.update(file.text);
  }
  const fs::path place = folder / fmt::format("python-{}", hex(hash.finish()).substr(0, kKeyDigits));
  std::error_code error;
  fs::create_directories(place, error);
  if (error) return system_error("make folder", place, error.value());
  fs::permissions(place, fs::perms(0755), error);
  for (const ShippedFile& file : shipped_files()) {
    if (!file.name.starts_with(kFolder)) continue;
    const fs::path path = place / file.name.substr(kFolder.size());
    if (fs::exists(path, error)) continue;
    if (Result<Done> written = write_readable(path, file.text); !written) return std::move(written).error();
  }
  return place;
}

}  // namespace

struct PythonEnvironments::State {
  State(PythonEnvironmentsOptions asked, process::BoxRunner& runner, EnvironmentFolder opened, fs::path python,
        PipConfiguration configuration)
      : options(std::move(asked)),
        boxes(runner),
        folder(std::move(opened)),
        shipped_python(std::move(python)),
        pip(std::move(configuration)),
        builds(options.builds, options.failure_kept) {}

  Result<Interpreter> interpreter(const std::string& name, Deadline deadline, const std::atomic<bool>& cancelled);
  // Installs into the place of a build.
  using Install =
      std::function<Result<Done>(const BuildPlace&, const Builds::Lines&, const std::atomic<bool>& stopped)>;
  Result<std::shared_ptr<const Held>> obtain(const std::string& name, const About& about, const Install& install,
                                             const LineSink& lines, Deadline deadline,
                                             const std::atomic<bool>& cancelled);
  Result<std::shared_ptr<const Held>> base(const Entry& entry, const Interpreter& interpreter, const LineSink& lines,
                                           Deadline deadline, const std::atomic<bool>& cancelled);
  Result<std::shared_ptr<const Held>> layer(const Entry& entry, const Interpreter& interpreter,
                                            const std::shared_ptr<const Held>& base, const std::string& requirements,
                                            const LineSink& lines, Deadline deadline,
                                            const std::atomic<bool>& cancelled);
  Result<std::shared_ptr<const Held>> package(const Entry& entry, const Interpreter& interpreter,
                                              const std::shared_ptr<const Held>& base, const LineSink& lines,
                                              Deadline deadline, const std::atomic<bool>& cancelled);
  Result<Done> build(const std::string& name, const About& about, const Install& install, const Builds::Lines& lines,
                     const std::atomic<bool>& stopped);
  Result<Done> install_base(const Entry& entry, const Interpreter& interpreter, const BuildPlace& place,
                            const Builds::Lines& lines, const std::atomic<bool>& stopped);
  Result<Done> install_layer(const Entry& entry, const Interpreter& interpreter, const Held& base,
                             const std::string& requirements, const BuildPlace& place, const Builds::Lines& lines,
                             const std::atomic<bool>& stopped);
  Result<Done> install_package(const Entry& entry, const Interpreter& interpreter, const Held& base,
                               const PythonPackage& package, const BuildPlace& place, const Builds::Lines& lines,
                               const std::atomic<bool>& stopped);
  process::Box pip_box(const BuildPlace& place, const fs::path& constraints, const fs::path& requirements) const;
  Result<Done> run_pip(const Entry& entry, const process::Box& box, const Builds::Lines& lines,
                       const std::atomic<bool>& stopped);
  Environment environment(const Entry& entry, const Interpreter& interpreter, std::shared_ptr<const Held> base,
                          std::shared_ptr<const Held> layer, std::shared_ptr<const Held> package) const;

  const PythonEnvironmentsOptions options;
  process::BoxRunner& boxes;
  const EnvironmentFolder folder;
  const fs::path shipped_python;
  const PipConfiguration pip;
  Mutex mutex;
  std::map<std::string, Interpreter> interpreters CHILIAD_GUARDED_BY(mutex);
  Builds builds;  // Last: its threads use the others.
};

// ---------------------------------------------------------------------------------------------------
// What is to be built, and whether it is there
// ---------------------------------------------------------------------------------------------------

Result<Interpreter> PythonEnvironments::State::interpreter(const std::string& name, Deadline deadline,
                                                           const std::atomic<bool>& cancelled) {
  {
    const MutexLock lock(mutex);
    if (const auto found = interpreters.find(name); found != interpreters.end()) return found->second;
  }
  Result<TempFolder> scratch = TempFolder::make();
  if (!scratch) return std::move(scratch).error();
  process::Box box;
  box.command = {name, "-I", "-c",
                 "import sys; print('chiliad-python', sys.executable, '%d.%d.%d' % sys.version_info[:3])"};
  box.environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  box.scratch = scratch->path();
  Result<BoxEnd> end = run_box(
      boxes, box, [](std::string_view) {}, std::min(deadline, steady_clock::now() + kProbeTime), cancelled);
  if (!end) return std::move(end).error().in(fmt::format("look at {}", name));
  constexpr std::string_view kMark = "chiliad-python ";
  const std::string line = end->tail.empty() ? "" : end->tail.back();
  const std::size_t blank = line.rfind(' ');
  if (end->exit_code != 0 || !line.starts_with(kMark) || blank < kMark.size()) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("look at {}: exit code {}: {}", name, end->exit_code, pip_failure(end->tail))};
  }
  Interpreter found{line.substr(kMark.size(), blank - kMark.size()), line.substr(blank + 1)};
  const MutexLock lock(mutex);
  interpreters[name] = found;
  return found;
}

Result<std::shared_ptr<const Held>> PythonEnvironments::State::obtain(const std::string& name, const About& about,
                                                                      const Install& install, const LineSink& lines,
                                                                      Deadline deadline,
                                                                      const std::atomic<bool>& cancelled) {
  const auto building = [this, name, about, install](const Builds::Lines& out, const std::atomic<bool>& stopped) {
    return build(name, about, install, out, stopped);
  };
  for (int tries = 0; tries < kTries; ++tries) {
    Result<std::optional<Held>> held = folder.hold(name);
    if (!held) return std::move(held).error();
    if (*held) return std::make_shared<const Held>(**std::move(held));
    if (Result<Done> built = builds.wait(name, building, lines, deadline, cancelled); !built) {
      return std::move(built).error();
    }
  }
  return Error{ErrorCode::kNoSpace, fmt::format("{}: it is removed as soon as it is built: the budget of {} bytes is "
                                                "too small for what is in use",
                                                name, options.budget_bytes)};
}

Result<std::shared_ptr<const Held>> PythonEnvironments::State::base(const Entry& entry, const Interpreter& interpreter,
                                                                    const LineSink& lines, Deadline deadline,
                                                                    const std::atomic<bool>& cancelled) {
  const std::string name = key_of(
      "base", {kForm, interpreter.path, interpreter.version, lines_of(entry.packages), lines_of(entry.constraints)});
  const auto install = [this, entry, interpreter](const BuildPlace& place, const Builds::Lines& out,
                                                  const std::atomic<bool>& stopped) {
    return install_base(entry, interpreter, place, out, stopped);
  };
  return obtain(name, {entry.name, "", interpreter.version}, install, lines, deadline, cancelled);
}

Result<std::shared_ptr<const Held>> PythonEnvironments::State::layer(const Entry& entry, const Interpreter& interpreter,
                                                                     const std::shared_ptr<const Held>& base,
                                                                     const std::string& requirements,
                                                                     const LineSink& lines, Deadline deadline,
                                                                     const std::atomic<bool>& cancelled) {
  const std::string name = key_of("layer", {kForm, base->name, requirements});
  const auto install = [this, entry, interpreter, base, requirements](const BuildPlace& place, const Builds::Lines& out,
                                                                      const std::atomic<bool>& stopped) {
    return install_layer(entry, interpreter, *base, requirements, place, out, stopped);
  };
  return obtain(name, {entry.name, base->name, interpreter.version}, install, lines, deadline, cancelled);
}

// By the wheel's bytes: neither the entry nor the requirements change what is in it.
Result<std::shared_ptr<const Held>> PythonEnvironments::State::package(const Entry& entry,
                                                                       const Interpreter& interpreter,
                                                                       const std::shared_ptr<const Held>& base,
                                                                       const LineSink& lines, Deadline deadline,
                                                                       const std::atomic<bool>& cancelled) {
  Result<PythonPackage> found = find_python_package(options.package_places, interpreter);
  if (!found) return std::move(found).error();
  const auto wheel = std::make_shared<const PythonPackage>(*std::move(found));
  const std::string name =
      key_of("package", {kForm, interpreter.path, interpreter.version, wheel->file_name, wheel->bytes});
  const auto install = [this, entry, interpreter, base, wheel](const BuildPlace& place, const Builds::Lines& out,
                                                               const std::atomic<bool>& stopped) {
    return install_package(entry, interpreter, *base, *wheel, place, out, stopped);
  };
  return obtain(name, {wheel->file_name, "", interpreter.version}, install, lines, deadline, cancelled);
}

// ---------------------------------------------------------------------------------------------------
// Builds
// ---------------------------------------------------------------------------------------------------

process::Box PythonEnvironments::State::pip_box(const BuildPlace& place, const fs::path& constraints,
                                                const fs::path& requirements) const {
  const PipSettings settings = pip.for_builds();
  process::Box box;
  box.scratch = place.scratch();
  box.mounts = settings.mounts;
  box.mounts.push_back({place.environment(), std::string(kOwnInside), true});
  box.mounts.push_back({constraints, std::string(kConstraintsInside), false});
  if (!requirements.empty()) box.mounts.push_back({requirements, std::string(kRequirementsInside), false});
  std::map<std::string, std::string> variables = settings.variables;
  variables["PATH"] = fmt::format("{}/bin:{}/bin:/usr/local/bin:/usr/bin:/bin", kOwnInside, kBaseInside);
  variables["LANG"] = "C.UTF-8";
  variables["PYTHONUNBUFFERED"] = "1";
  variables["PIP_CONSTRAINT"] = kConstraintsInside;
  variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1";
  variables["PIP_NO_INPUT"] = "1";
  variables["PIP_PROGRESS_BAR"] = "off";
  for (const auto& [name, value] : variables) box.environment.push_back(fmt::format("{}={}", name, value));
  box.limits.disk_bytes = 2 * options.budget_bytes;
  box.limits.processes = kBuildProcesses;
  return box;
}

Result<Done> PythonEnvironments::State::run_pip(const Entry& entry, const process::Box& box, const Builds::Lines& lines,
                                                const std::atomic<bool>& stopped) {
  const std::string context = fmt::format("Python environment of runtime {}", entry.name);
  // pip tells where it looks, and hides passwords alone.
  const std::vector<std::string> secrets = pip.for_builds().secrets;
  const auto shown_lines = [&](std::string_view line) { lines(without_secrets(line, secrets)); };
  Result<BoxEnd> end = run_box(boxes, box, shown_lines, steady_clock::now() + options.build_limit, stopped);
  if (!end) return std::move(end).error().in(context);
  for (std::string& line : end->tail) line = without_secrets(line, secrets);
  if (!end->limit.empty()) return Error{ErrorCode::kNoSpace, fmt::format("{}: {}", context, end->limit)};
  if (end->exit_code == 0) return Done{};
  const ErrorCode code = pip_failure_code(end->tail);
  return Error{code, fmt::format("{}: {}{}", context,
                                 code == ErrorCode::kUnavailable
                                     ? "the package index cannot be reached from here (PIP_INDEX_URL and the like of "
                                       "the server's environment and pip.conf count): "
                                     : "pip: ",
                                 pip_failure(end->tail))};
}

Result<Done> PythonEnvironments::State::build(const std::string& name, const About& about, const Install& install,
                                              const Builds::Lines& lines, const std::atomic<bool>& stopped) {
  Result<std::optional<BuildPlace>> begun = folder.begin(name, steady_clock::now() + options.build_limit, stopped);
  if (!begun) return std::move(begun).error();
  if (!*begun) return Done{};
  BuildPlace place = **std::move(begun);
  if (Result<Done> installed = install(place, lines, stopped); !installed) return installed;
  Result<Done> published = folder.publish(std::move(place), about);
  if (published) folder.make_room(options.budget_bytes);
  return published;
}

Result<Done> PythonEnvironments::State::install_base(const Entry& entry, const Interpreter& interpreter,
                                                     const BuildPlace& place, const Builds::Lines& lines,
                                                     const std::atomic<bool>& stopped) {
  const fs::path constraints = place.folder() / "constraints.txt", requirements = place.folder() / "requirements.txt";
  for (const auto& [path, texts] :
       {std::pair(constraints, entry.constraints), std::pair(requirements, entry.packages)}) {
    if (Result<Done> written = write_readable(path, lines_of(texts)); !written) return written;
  }
  lines(fmt::format("chiliad: building the Python environment of runtime {}: {}", entry.name,
                    fmt::join(entry.packages, " ")));
  process::Box box = pip_box(place, constraints, requirements);
  box.mounts.push_back({folder.pip_cache(), std::string(kPipCacheInside), true});
  box.environment.push_back(fmt::format("PIP_CACHE_DIR={}", kPipCacheInside));
  const std::string install =
      entry.packages.empty()
          ? ""
          : fmt::format(" && exec {}/bin/python3 -m pip install --requirement {}", kOwnInside, kRequirementsInside);
  box.command = {"/bin/sh", "-c", fmt::format("{} -m venv {}{}", interpreter.path, kOwnInside, install)};
  return run_pip(entry, box, lines, stopped);
}

// pip's cache is not kept: what packages of strangers write into it, others would install.
Result<Done> PythonEnvironments::State::install_layer(const Entry& entry, const Interpreter& interpreter,
                                                      const Held& base, const std::string& requirements,
                                                      const BuildPlace& place, const Builds::Lines& lines,
                                                      const std::atomic<bool>& stopped) {
  const fs::path listed = place.folder() / "requirements.txt";
  if (Result<Done> written = write_readable(listed, requirements); !written) return written;
  constexpr std::array kBelow{kBaseInside};
  if (Result<Done> made = make_virtual_environment(place.environment(), interpreter, kBelow); !made) return made;
  lines(fmt::format("chiliad: installing requirements.txt over the Python environment of runtime {}", entry.name));
  process::Box box = pip_box(place, base.folder / "constraints.txt", listed);
  box.mounts.push_back({base.folder / "env", std::string(kBaseInside), false});
  box.environment.push_back("PIP_NO_CACHE_DIR=1");
  box.command = {fmt::format("{}/bin/python3", kOwnInside), "-m", "pip", "install", "--requirement",
                 std::string(kRequirementsInside)};
  return run_pip(entry, box, lines, stopped);
}

// Into a folder of modules by pip of the base: nothing else is in it, so that it goes with any base and layer of the
// same Python. What the package needs is the job's: whoever has Prophet has it.
Result<Done> PythonEnvironments::State::install_package(const Entry& entry, const Interpreter& interpreter,
                                                        const Held& base, const PythonPackage& package,
                                                        const BuildPlace& place, const Builds::Lines& lines,
                                                        const std::atomic<bool>& stopped) {
  const fs::path wheel = place.folder() / package.file_name;
  if (Result<Done> written = write_readable(wheel, package.bytes); !written) return written;
  lines(fmt::format("chiliad: installing {} for Python {}", package.file_name, interpreter.version));
  const std::string inside = fmt::format("{}/{}", kWheelsInside, package.file_name);
  process::Box box = pip_box(place, base.folder / "constraints.txt", {});
  box.mounts.push_back({wheel, inside, false});
  box.mounts.push_back({base.folder / "env", std::string(kBaseInside), false});
  box.environment.push_back("PIP_NO_CACHE_DIR=1");
  box.command = {
      fmt::format("{}/bin/python3", kBaseInside), "-m",  "pip", "install", "--no-index", "--no-deps", "--target",
      interpreter.modules_below(kOwnInside),      inside};
  if (Result<Done> built = run_pip(entry, box, lines, stopped); !built) return built;
  std::error_code error;
  fs::remove(wheel, error);
  return Done{};
}

// ---------------------------------------------------------------------------------------------------
// What programs get
// ---------------------------------------------------------------------------------------------------

Environment PythonEnvironments::State::environment(const Entry& entry, const Interpreter& interpreter,
                                                   std::shared_ptr<const Held> base, std::shared_ptr<const Held> layer,
                                                   std::shared_ptr<const Held> package) const {
  const PipSettings settings = pip.for_programs();
  const Held& top = layer ? *layer : *base;
  Environment out;
  out.name = top.name;
  out.folder = top.folder;
  out.interpreter = interpreter.path;
  out.python_version = interpreter.version;
  out.mounts = settings.mounts;
  out.mounts.push_back({base->folder / "env", std::string(kBaseInside), false});
  out.mounts.push_back({base->folder / "constraints.txt", std::string(kConstraintsInside), false});
  if (layer) out.mounts.push_back({layer->folder / "env", std::string(kLayerInside), false});
  if (package) {
    out.mounts.push_back({package->folder / "env", std::string(kAcceleratedInside), false});
    out.below.push_back(kAcceleratedInside);
  }
  out.below.push_back(layer ? kLayerInside : kBaseInside);
  out.mounts.push_back({shipped_python, std::string(kShippedInside), false});
  std::map<std::string, std::string> variables = settings.variables;
  variables["PATH"] = fmt::format("{}/bin:{}{}/bin:/usr/local/bin:/usr/bin:/bin", kOwnInside,
                                  layer ? fmt::format("{}/bin:", kLayerInside) : "", kBaseInside);
  variables["VIRTUAL_ENV"] = kOwnInside;
  variables["LANG"] = "C.UTF-8";
  variables["PYTHONUNBUFFERED"] = "1";
  variables["PYTHONDONTWRITEBYTECODE"] = "1";
  variables["PIP_CONSTRAINT"] = kConstraintsInside;
  variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1";
  variables["PIP_NO_CACHE_DIR"] = "1";
  variables["PIP_NO_INPUT"] = "1";
  for (const auto& [name, value] : entry.environment) variables[name] = value;
  for (const auto& [name, value] : variables) out.variables.push_back(fmt::format("{}={}", name, value));
  out.in_use = std::make_shared<const std::array<std::shared_ptr<const Held>, 3>>(
      std::array{std::move(base), std::move(layer), std::move(package)});
  return out;
}

Result<process::Mount> Environment::make_own_part(const fs::path& own) const {
  const Interpreter inside{interpreter, python_version};
  Result<Done> made = make_virtual_environment(own, inside, below);
  if (!made) return std::move(made).error();
  // Not a sitecustomize: programs may have one of their own.
  Result<Done> written = write_readable(
      fs::path(inside.modules_below(own.string())) / "chiliad_local_sts.pth",
      fmt::format("import sys; sys.path.append('{0}'); import chiliad_local_sts; sys.path.remove('{0}')\n",
                  kShippedInside));
  if (!written) return std::move(written).error();
  return process::Mount{own, std::string(kOwnInside), true};
}

PythonEnvironments::PythonEnvironments(std::unique_ptr<State> state) : state_(std::move(state)) {}
PythonEnvironments::~PythonEnvironments() = default;

Result<std::unique_ptr<PythonEnvironments>> PythonEnvironments::open(PythonEnvironmentsOptions options,
                                                                     process::BoxRunner& boxes) {
  Result<EnvironmentFolder> folder = EnvironmentFolder::open(options.folder);
  if (!folder) return std::move(folder).error();
  Result<fs::path> python = write_shipped_python(folder->path());
  if (!python) return std::move(python).error();
  if (!options.variable) options.variable = process_variable;
  PipConfiguration pip = PipConfiguration::read(options.variable);
  return std::unique_ptr<PythonEnvironments>(new PythonEnvironments(
      std::make_unique<State>(std::move(options), boxes, *std::move(folder), *std::move(python), std::move(pip))));
}

Result<Environment> PythonEnvironments::prepare(const Entry& entry, const Wanted& wanted, const LineSink& lines,
                                                Deadline deadline, const std::atomic<bool>& cancelled) {
  using Part = std::shared_ptr<const Held>;
  State& state = *state_;
  Result<Interpreter> interpreter = state.interpreter(entry.python, deadline, cancelled);
  if (!interpreter) return std::move(interpreter).error();
  Result<Part> base = state.base(entry, *interpreter, lines, deadline, cancelled);
  if (!base) return std::move(base).error();
  // Before the layer, which takes longer: a wheel that is missing is told at once.
  Part package, layer;
  if (wanted.accelerated) {
    Result<Part> found = state.package(entry, *interpreter, *base, lines, deadline, cancelled);
    if (!found) return std::move(found).error();
    package = *std::move(found);
  }
  const Requirements requirements = read_requirements(wanted.requirements_txt);
  if (!requirements.text.empty() && requirements.self_contained) {
    Result<Part> built = state.layer(entry, *interpreter, *base, requirements.text, lines, deadline, cancelled);
    if (!built) return std::move(built).error().in("requirements.txt");
    layer = *std::move(built);
  }
  return state.environment(entry, *interpreter, *std::move(base), std::move(layer), std::move(package));
}

Result<std::vector<PythonEnvironments::Stored>> PythonEnvironments::list() const {
  Result<std::vector<EnvironmentFolder::Stored>> all = state_->folder.list();
  if (!all) return std::move(all).error();
  std::vector<Stored> out;
  for (EnvironmentFolder::Stored& stored : *all) {
    out.push_back({std::move(stored.name), std::move(stored.about.entry), stored.about.size_bytes, stored.last_used,
                   stored.in_use});
  }
  return out;
}

Result<Done> PythonEnvironments::remove(std::string_view name) { return state_->folder.remove(name); }

}  // namespace chiliad::runtime
