#include "job/user_runtime.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "archive/archive.h"
#include "base/file.h"
#include "job/contract.h"
#include "job/location.h"
#include "job/source_code.h"
#include "process/tree.h"
#include "runtime/python_package.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRoot = "/opt/ml";
constexpr std::uint64_t kMaxArchive = std::uint64_t{1} << 30;  // As source_code.cc accepts.
// Keys outlive the latest end of a program by this; the shortest session of AWS is 15 minutes.
constexpr std::chrono::minutes kKeysAfterEnd{5};
constexpr std::chrono::minutes kShortestKeys{15};

// What a job's instances share.
struct Made {
  SourceCode code;
  runtime::Environment environment;  // Python.
};

// What lives as long as an instance's program.
struct Held {
  std::shared_ptr<const void> made;
  std::shared_ptr<void> keys;
};

void set_variables(std::map<std::string, std::string>& variables, const std::vector<std::string>& more) {
  for (const std::string& variable : more) {
    const std::size_t equals = variable.find('=');
    if (equals != variable.npos) variables[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
}

// The API's pattern: [a-zA-Z_][a-zA-Z0-9_]*
bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::ranges::all_of(name, fits);
}

// [A-Za-z0-9_=,.@-]{2,64}; a job's name has 1 to 63 of them.
std::string session_name(const Spec& spec) { return spec.name.size() < 2 ? spec.name + "-job" : spec.name; }

Result<fs::path> make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return system_error("make", folder, failure.value());
  return folder;
}

class UserRuntime final : public Runtime {
 public:
  UserRuntime(const runtime::Catalog& catalog, runtime::PythonEnvironments& environments, process::BoxRunner& boxes,
              process::BoxRunner* images, UserRuntimeOptions options)
      : catalog_(catalog), environments_(environments), boxes_(boxes), images_(images), options_(options) {}

  Result<Done> claims(std::string_view image) const override;
  Result<Done> check(const Spec& spec) const override;
  std::string seen_root(const fs::path& /*root*/) const override { return std::string(kRoot); }
  Result<Prepared> prepare(const Preparation& preparation) const override;
  Result<Started> start(const Spec& spec, const Prepared& prepared, const Start& start) const override;

 private:
  // Requires: claims(image).
  const runtime::Entry& entry_of(const Spec& spec) const { return **catalog_.find(spec.image); }
  Result<Done> can_run(const runtime::Entry& entry) const;
  Result<Done> add_keys(const Spec& spec, const Start& start, std::map<std::string, std::string>& variables,
                        process::Box& box, Held& held) const;

  const runtime::Catalog& catalog_;
  runtime::PythonEnvironments& environments_;
  process::BoxRunner& boxes_;
  process::BoxRunner* const images_;
  const UserRuntimeOptions options_;
  mutable std::atomic<bool> boxes_run_{false}, images_run_{false};
};

Result<Done> UserRuntime::claims(std::string_view image) const {
  Result<const runtime::Entry*> entry = catalog_.find(image);
  if (!entry) return std::move(entry).error();
  if ((*entry)->kind != runtime::Kind::kNative) return Done{};
  return Error{ErrorCode::kInvalid, "image '" + shown(image) + "': is one of the built-in algorithms"};
}

// What once ran is not tried again.
Result<Done> UserRuntime::can_run(const runtime::Entry& entry) const {
  const bool python = entry.kind == runtime::Kind::kPython;
  std::atomic<bool>& known = python ? boxes_run_ : images_run_;
  if (known.load()) return Done{};
  if (!python && images_ == nullptr)
    return Error{ErrorCode::kInvalid, "runtime '" + entry.name + "': container images do not run here"};
  if (Result<Done> can = python ? boxes_.check() : images_->check(); !can)
    return std::move(can).error().in("runtime '" + entry.name + "'");
  known.store(true);
  return Done{};
}

Result<Done> UserRuntime::check(const Spec& spec) const {
  const runtime::Entry& entry = entry_of(spec);
  const bool training = spec.kind == Kind::kTraining;
  if (entry.kind == runtime::Kind::kPython && spec.entrypoint.empty() &&
      (training ? entry.train : entry.process).empty()) {
    return Error{ErrorCode::kInvalid,
                 "image '" + shown(spec.image) + "': its runtime '" + entry.name + "' (" + entry.source +
                     ") does not say how to run a " + (training ? "training" : "processing") + " job: give " +
                     (training ? "AlgorithmSpecification" : "AppSpecification") + ".ContainerEntrypoint, or add '" +
                     (training ? "train" : "process") + "' to the runtime"};
  }
  for (const auto& [name, value] : spec.environment) {
    if (!is_variable_name(name))
      return Error{ErrorCode::kInvalid, "Environment: '" + shown(name) + "': expected a name of letters, digits and _"};
    if (value.find('\0') != value.npos)
      return Error{ErrorCode::kInvalid, "Environment: '" + shown(name) + "': a zero byte in its value"};
  }
  return can_run(entry);
}

Result<Prepared> UserRuntime::prepare(const Preparation& preparation) const {
  const runtime::Entry& entry = entry_of(preparation.spec);
  preparation.message("Downloading the training image");
  auto made = std::make_shared<Made>();
  Result<SourceCode> code = find_source_code(preparation);
  if (!code) return std::move(code).error();
  made->code = *std::move(code);
  if (entry.kind == runtime::Kind::kPython) {
    const runtime::Wanted wanted{made->code.requirements_txt,
                                 runtime::is_accelerated(entry, preparation.spec.environment)};
    Result<runtime::Environment> environment =
        environments_.prepare(entry, wanted, preparation.print, preparation.deadline, preparation.cancelled);
    if (!environment) return std::move(environment).error().in("runtime '" + entry.name + "'");
    made->environment = *std::move(environment);
  }
  Prepared prepared;
  prepared.together = entry.gang || made->code.distributed;
  prepared.own = std::move(made);
  return prepared;
}

// The toolkit finds its code there and fetches nothing. An archive that is refused here is left to it.
Result<Done> unpack_code(const SourceCode& code, const fs::path& root) {
  if (code.archive.empty()) return Done{};
  Result<std::string> bytes = read_file(code.archive, kMaxArchive);
  if (!bytes) return std::move(bytes).error();
  Result<fs::path> folder = make_folder(root / "code");
  if (!folder) return std::move(folder).error();
  Result<std::uint64_t> unpacked = archive::unpack(*bytes, *folder);
  if (unpacked) return Done{};
  if (unpacked.error().code == ErrorCode::kNoSpace) return std::move(unpacked).error();
  return process::remove_tree(*folder);
}

Result<Done> UserRuntime::add_keys(const Spec& spec, const Start& start, std::map<std::string, std::string>& variables,
                                   process::Box& box, Held& held) const {
  if (options_.credentials == nullptr) return Done{};
  const std::chrono::seconds keys_for = std::max<std::chrono::seconds>(start.keys_for + kKeysAfterEnd, kShortestKeys);
  Result<store::ProgramCredentials::Grant> grant =
      options_.credentials->grant(spec.role_arn, session_name(spec), keys_for, start.deadline);
  if (!grant) return std::move(grant).error().in("keys of the job's role");
  set_variables(variables, grant->environment);
  if (!grant->ca_bundle.empty()) box.mounts.push_back({grant->ca_bundle, grant->ca_bundle.string(), false});
  held.keys = std::move(grant->held);
  return Done{};
}

Result<Started> UserRuntime::start(const Spec& spec, const Prepared& prepared, const Start& start) const {
  const runtime::Entry& entry = entry_of(spec);
  const auto& made = *static_cast<const Made*>(prepared.own.get());
  const bool training = spec.kind == Kind::kTraining, python = entry.kind == runtime::Kind::kPython;
  if (Result<Done> done = unpack_code(made.code, start.root); !done) return std::move(done).error();

  process::Box box;
  box.command = spec.entrypoint;
  if (box.command.empty()) box.command = training ? entry.train : entry.process;
  // An image without a command of the request's or the entry's is run by its own entry point.
  box.image_entry_point = !python && box.command.empty();
  if (box.image_entry_point && training) box.command = {"train"};
  box.command.insert(box.command.end(), spec.arguments.begin(), spec.arguments.end());
  box.mounts = {{start.root, std::string(kRoot), true}};
  box.mounts.insert(box.mounts.end(), start.mounts.begin(), start.mounts.end());
  std::map<std::string, std::string> variables;
  set_variables(variables, start.contract);
  variables.erase("HOME");
  auto held = std::make_shared<Held>();
  held->made = prepared.own;
  if (python) {
    box.mounts.insert(box.mounts.end(), made.environment.mounts.begin(), made.environment.mounts.end());
    Result<fs::path> own = make_folder(start.scratch / "environment");
    if (!own) return std::move(own).error();
    Result<process::Mount> mount = made.environment.make_own_part(*own);
    if (!mount) return std::move(mount).error();
    box.mounts.push_back(*std::move(mount));
    set_variables(variables, made.environment.variables);
  } else {
    variables.erase("PATH");
    box.image = entry.image.empty() ? spec.image : entry.image;
    for (const auto& [name, value] : entry.environment) variables[name] = value;
  }
  if (Result<Done> done = add_keys(spec, start, variables, box, *held); !done) return std::move(done).error();
  for (const auto& [name, value] : spec.environment) variables[name] = value;
  for (auto& [name, value] : variables) box.environment.push_back(name + "=" + value);
  // An image has a working folder of its own.
  box.working_folder = python ? kRoot : std::string_view();
  Result<fs::path> scratch = make_folder(start.scratch / "box");
  if (!scratch) return std::move(scratch).error();
  box.scratch = *std::move(scratch);
  box.host_name = host_name(start.index);
  box.hosts = start.hosts;
  box.limits.memory_bytes = options_.memory_bytes;
  box.limits.processes = options_.processes;
  box.limits.disk_bytes = static_cast<std::uint64_t>(std::max(spec.volume_size_gb, 0)) << 30;
  if (options_.max_volume_bytes != 0)
    box.limits.disk_bytes = std::min(box.limits.disk_bytes, options_.max_volume_bytes);
  Result<std::unique_ptr<process::BoxedProcess>> process = (python ? boxes_ : *images_).start(box);
  if (!process) return std::move(process).error();
  return Started{*std::move(process), std::move(held)};
}

}  // namespace

std::unique_ptr<Runtime> user_runtime(const runtime::Catalog& catalog, runtime::PythonEnvironments& environments,
                                      process::BoxRunner& boxes, process::BoxRunner* images,
                                      UserRuntimeOptions options) {
  return std::make_unique<UserRuntime>(catalog, environments, boxes, images, options);
}

}  // namespace chiliad::job
