#include "job/runtime.h"

#include <signal.h>

#include <utility>

#include "base/file.h"
#include "job/location.h"
#include "runtime/catalog.h"

namespace chiliad::job {
namespace {

class PlainProcess final : public process::BoxedProcess {
 public:
  explicit PlainProcess(process::Process process) : process_(std::move(process)) {}

  int ended() const override { return process_.ended(); }
  int output() const override { return process_.output(); }
  void terminate() override {
    process_.signal(SIGTERM);
    process_.signal(SIGCONT);
  }
  void kill() override { process_.signal(SIGKILL); }
  std::optional<process::Exit> exit() override { return process_.exit(); }
  // No limits are set for programs of our own, and nobody asks what they use.
  std::optional<process::Exceeded> exceeded() const override { return std::nullopt; }
  std::vector<pid_t> pids() const override { return {process_.pid()}; }
  std::uint64_t resident_bytes() const override { return 0; }

 private:
  process::Process process_;
};

// Runs as the server's user, in no namespace of its own: it trusts nothing of the job but the files of the contract, so
// neither the Spec's environment (which the algorithms read in processingjobconfig.json; a variable such as LD_PRELOAD
// would be a way in) nor an entry point reaches it.
class NativeRuntime final : public Runtime {
 public:
  NativeRuntime(const runtime::Catalog& catalog, std::filesystem::path program)
      : catalog_(catalog), program_(program.empty() ? std::filesystem::path("/proc/self/exe") : std::move(program)) {}

  Result<Done> claims(std::string_view image) const override {
    Result<const runtime::Entry*> entry = catalog_.find(image);
    if (!entry) return std::move(entry).error();
    if ((*entry)->kind == runtime::Kind::kNative) return Done{};
    return Error{ErrorCode::kInvalid, "image '" + shown(image) + "': is for programs of users, which do not run here"};
  }

  Result<Done> check(const Spec& spec) const override {
    const std::string algorithm = (*catalog_.find(spec.image))->algorithm;
    const Kind kind = algorithm == "prophet" ? Kind::kTraining : Kind::kProcessing;
    const std::string image(image_name(spec.image));
    if (kind != spec.kind) {
      return Error{ErrorCode::kInvalid, "image " + image + ": is for " +
                                            (spec.kind == Kind::kTraining ? "processing" : "training") + " jobs"};
    }
    if (!spec.entrypoint.empty()) {
      return Error{ErrorCode::kInvalid, "ContainerEntrypoint: " + image +
                                            " runs a built-in algorithm and no code of the caller; leave it out"};
    }
    for (const Input& input : spec.inputs) {
      if (input.input_mode == "File") continue;
      return Error{ErrorCode::kInvalid, "input '" + shown(input.name) + "': input mode '" + shown(input.input_mode) +
                                            "': " + image + " reads files: use File"};
    }
    return Done{};
  }

  std::string seen_root(const std::filesystem::path& root) const override { return root.string(); }

  Result<Started> start(const Spec& spec, const Prepared& /*prepared*/, const Start& start) const override {
    process::Process::Start plain;
    plain.program = program_;
    plain.arguments = {"algorithm", (*catalog_.find(spec.image))->algorithm, "--root", start.root.string()};
    plain.environment = start.contract;
    plain.working_folder = start.root;
    Result<std::unique_ptr<process::BoxedProcess>> process = start_plain(plain);
    if (!process) return std::move(process).error();
    return Started{*std::move(process), nullptr};
  }

 private:
  const runtime::Catalog& catalog_;
  const std::filesystem::path program_;
};

}  // namespace

Result<std::unique_ptr<process::BoxedProcess>> start_plain(const process::Process::Start& start) {
  Result<process::Process> process = process::Process::start(start);
  if (!process) return std::move(process).error();
  return std::unique_ptr<process::BoxedProcess>(std::make_unique<PlainProcess>(*std::move(process)));
}

std::string_view image_name(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  if (slash != std::string_view::npos) image.remove_prefix(slash + 1);
  return image.substr(0, image.find(':'));
}

std::unique_ptr<Runtime> native_runtime(const runtime::Catalog& catalog, std::filesystem::path program) {
  return std::make_unique<NativeRuntime>(catalog, std::move(program));
}

}  // namespace chiliad::job
