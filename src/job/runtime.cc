#include "job/runtime.h"

#include <array>
#include <utility>

#include "base/file.h"

namespace chiliad::job {
namespace {

struct Algorithm {
  std::string_view image;
  std::string_view name;
  Kind kind;
};

constexpr std::array kAlgorithms{
    Algorithm{"chiliad-split", "split", Kind::kProcessing},
    Algorithm{"chiliad-prophet", "prophet", Kind::kTraining},
    Algorithm{"chiliad-evaluate", "evaluate", Kind::kProcessing},
};

const Algorithm* find(std::string_view image) {
  const std::string_view name = image_name(image);
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.image == name) return &algorithm;
  }
  return nullptr;
}

// Runs as the server's user, in no namespace of its own: it trusts nothing of the job but the files of the contract, so
// neither the Spec's environment (which the algorithms read in processingjobconfig.json) nor an entry point reaches it.
class NativeRuntime final : public Runtime {
 public:
  explicit NativeRuntime(std::filesystem::path program)
      : program_(program.empty() ? std::filesystem::path("/proc/self/exe") : std::move(program)) {}

  std::string_view name() const override { return "native"; }
  std::string claims() const override {
    return "images whose last part is chiliad-split, chiliad-prophet or chiliad-evaluate";
  }
  bool runs(std::string_view image) const override { return find(image) != nullptr; }

  Result<Done> check(const Spec& spec) const override {
    const Algorithm& algorithm = *find(spec.image);
    const std::string image(algorithm.image);
    if (algorithm.kind != spec.kind) {
      return Error{ErrorCode::kInvalid, "image " + image + ": is for " +
                                            (spec.kind == Kind::kTraining ? "processing" : "training") + " jobs"};
    }
    if (!spec.entrypoint.empty()) {
      return Error{ErrorCode::kInvalid, "ContainerEntrypoint: " + image +
                                            " runs a built-in algorithm and no code of the caller; leave it out"};
    }
    return Done{};
  }

  std::string seen_root(const std::filesystem::path& root) const override { return root.string(); }

  Result<Command> command(const Spec& spec, const std::filesystem::path& root,
                          std::vector<std::string> contract) const override {
    Command command;
    command.program = program_;
    command.arguments = {"algorithm", std::string(find(spec.image)->name), "--root", root.string()};
    command.environment = std::move(contract);
    return command;
  }

 private:
  const std::filesystem::path program_;
};

}  // namespace

std::string_view image_name(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  if (slash != std::string_view::npos) image.remove_prefix(slash + 1);
  return image.substr(0, image.find(':'));
}

std::unique_ptr<Runtime> native_runtime(std::filesystem::path program) {
  return std::make_unique<NativeRuntime>(std::move(program));
}

}  // namespace chiliad::job
