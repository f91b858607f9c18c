#include "container/program.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "process/box.h"
#include "runtime/python_package.h"

namespace chiliad::container {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::string_view kSubmitDirectory = "SAGEMAKER_SUBMIT_DIRECTORY";
constexpr std::string_view kCode = "/opt/ml/code", kModel = "/opt/ml/model", kModels = "/opt/ml/models";
constexpr std::string_view kSession = "SageMaker";  // As AWS names the sessions of endpoints.
constexpr std::uint64_t kMaxRequirements = 1 << 20;
constexpr int kMaxProcesses = 8192;  // With threads: a server of Java's has a hundred, and each model some.
constexpr auto kPortTime = std::chrono::minutes(5);

// The server's folder for a run, and what else has to live as long as the program.
struct Held {
  std::shared_ptr<const fs::path> folder;
  std::vector<FolderTier::Hold> folders;
  std::shared_ptr<const void> environment;
  std::shared_ptr<void> credentials;
};

Result<fs::path> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0) return system_error("make folder", folder, errno);
  return folder;
}

}  // namespace

Result<std::unique_ptr<Program>> Program::make(Plan plan, Around around) {
  Result<std::shared_ptr<FolderTier::Shelf>> shelf = around.fleet.folders().shelf();
  if (!shelf) return std::move(shelf).error();
  Result<std::shared_ptr<FolderTier::Shelf>> own = around.fleet.folders().shelf();
  if (!own) return std::move(own).error();
  return std::unique_ptr<Program>(new Program(std::move(plan), around, std::move(*shelf), std::move(*own)));
}

Result<FolderTier::Hold> Program::fetch(const Source& source, std::string_view name, Deadline deadline) {
  const std::string where = "s3://" + source.bucket + "/" + source.key;
  Result<std::shared_ptr<store::ObjectStore>> store = source.buckets->open(source.bucket);
  if (!store) return std::move(store).error().in(where);
  Result<store::ObjectInfo> info = (*store)->head(source.key, deadline);
  if (!info) return std::move(info).error().in(where);
  if (info->size_bytes > plan_.archive_bytes) {
    return Error{ErrorCode::kTooLarge, where + ": " + std::to_string(info->size_bytes) +
                                           " bytes are more than the limit of " + std::to_string(plan_.archive_bytes) +
                                           " for an archive"};
  }
  Result<std::string> bytes = (*store)->get(source.key, {}, deadline);
  if (!bytes) return std::move(bytes).error().in(where);
  for (;;) {
    Result<FolderTier::Hold> kept = own_->unpack(name, info->etag, *bytes, plan_.limits);
    if (kept) return kept;
    const bool full = kept.error().code == ErrorCode::kNoSpace && steady_clock::now() < deadline;
    if (!full || !around_.fleet.drop_oldest()) return std::move(kept).error().in(where);
  }
}

Result<Done> Program::fetch_all(Deadline deadline) {
  if (plan_.model && model_ == nullptr) {
    Result<FolderTier::Hold> model = fetch(*plan_.model, "model", deadline);
    if (!model) return std::move(model).error().in("Failed to download model data");
    model_ = std::move(*model);
  }
  if (plan_.code && code_ == nullptr) {
    Result<FolderTier::Hold> code = fetch(*plan_.code, "code", deadline);
    if (!code) return std::move(code).error().in("Failed to download " + std::string(kSubmitDirectory));
    code_ = std::move(*code);
  }
  return Done{};
}

// The text of the requirements.txt beside the code; empty: there is none.
Result<std::string> Program::requirements() const {
  fs::path folder;
  if (code_ != nullptr) {
    folder = code_->folder;
  } else if (model_ != nullptr) {
    folder = model_->folder / "code";
  } else {
    return std::string();
  }
  Result<std::string> text = read_file(folder / "requirements.txt", kMaxRequirements);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::string();
  if (!text) return std::move(text).error().in("requirements.txt");
  return text;
}

// Each name once; what is said later counts.
std::vector<std::string> Program::variables(const Ports& ports, const std::vector<std::string>& of_environment,
                                            const std::vector<std::string>& of_role) const {
  std::map<std::string, std::string> all;
  const auto add = [&all](std::string_view pair) {
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos)
      all.insert_or_assign(std::string(pair.substr(0, equals)), pair.substr(equals + 1));
  };
  // An image brings its own.
  if (plan_.entry.kind == runtime::Kind::kPython) all["PATH"] = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& [name, value] : plan_.entry.environment) all.insert_or_assign(name, value);
  for (const std::string& pair : of_environment) add(pair);
  for (const std::string& pair : of_role) add(pair);
  for (const auto& [name, value] : plan_.environment) all.insert_or_assign(name, value);
  if (code_ != nullptr) all.insert_or_assign(std::string(kSubmitDirectory), kCode);
  all.insert_or_assign("SAGEMAKER_BIND_TO_PORT", std::to_string(ports.bind_to()));
  all.insert_or_assign("SAGEMAKER_SAFE_PORT_RANGE", ports.safe_range());
  if (plan_.multi_model) all.insert_or_assign("SAGEMAKER_MULTI_MODEL", "true");
  std::vector<std::string> pairs;
  for (const auto& [name, value] : all) pairs.push_back(name + "=" + value);
  return pairs;
}

Result<ModelServer::Prepared> Program::prepare(const Ports& ports, const std::atomic<bool>& cancelled,
                                               const std::function<void(std::string_view line)>& note) {
  if (Result<Done> fetched = fetch_all(steady_clock::now() + plan_.fetch_limit); !fetched)
    return std::move(fetched).error();
  const auto held = std::make_shared<Held>();
  held->folders = {model_, code_};
  Result<std::shared_ptr<const fs::path>> folder = around_.fleet.run_folder();
  if (!folder) return std::move(folder).error();
  held->folder = std::move(*folder);

  ModelServer::Prepared prepared;
  process::Box& box = prepared.box;
  Result<fs::path> scratch = make_folder(*held->folder / "scratch");
  if (!scratch) return std::move(scratch).error();
  box.scratch = std::move(*scratch);
  Result<fs::path> ml = make_folder(*held->folder / "ml");
  if (!ml) return std::move(ml).error();
  box.mounts.push_back({std::move(*ml), "/opt/ml", true});
  if (plan_.multi_model) box.mounts.push_back({shelf_->folder(), std::string(kModels), false});
  if (model_ != nullptr) box.mounts.push_back({model_->folder, std::string(kModel), false});
  if (code_ != nullptr) box.mounts.push_back({code_->folder, std::string(kCode), false});

  std::vector<std::string> of_environment, of_role;
  if (plan_.entry.kind == runtime::Kind::kPython) {
    Result<std::string> listed = requirements();
    if (!listed) return std::move(listed).error();
    const runtime::Wanted wanted{*listed, runtime::is_accelerated(plan_.entry, plan_.environment)};
    Result<runtime::Environment> environment =
        around_.environments->prepare(plan_.entry, wanted, note, steady_clock::now() + plan_.prepare_limit, cancelled);
    if (!environment) return std::move(environment).error().in("the Python environment of " + plan_.entry.name);
    box.mounts.insert(box.mounts.end(), environment->mounts.begin(), environment->mounts.end());
    Result<process::Mount> own = environment->make_own_part(*held->folder / "env");
    if (!own) return std::move(own).error();
    box.mounts.push_back(std::move(*own));
    of_environment = environment->variables;
    held->environment = environment->in_use;
  } else {
    box.image = plan_.entry.image.empty() ? plan_.image : plan_.entry.image;
  }
  if (around_.credentials != nullptr && !plan_.role_arn.empty()) {
    Result<store::ProgramCredentials::Grant> grant =
        around_.credentials->grant(plan_.role_arn, kSession, std::chrono::seconds(0), steady_clock::now() + kPortTime);
    if (!grant) return std::move(grant).error();
    of_role = grant->environment;
    if (!grant->ca_bundle.empty()) box.mounts.push_back({grant->ca_bundle, grant->ca_bundle.string(), false});
    held->credentials = std::move(grant->held);
  }
  box.command = plan_.entry.serve;
  // An image without a command of the entry's is run by its own entry point, in its own working folder.
  box.image_entry_point = !box.image.empty() && box.command.empty();
  if (box.image_entry_point) box.command = {"serve"};
  box.environment = variables(ports, of_environment, of_role);
  box.working_folder = box.image.empty() ? std::string(process::kBoxHome) : std::string();
  box.host_name = "model";
  box.limits.disk_bytes = plan_.scratch_bytes;
  box.limits.processes = kMaxProcesses;
  // Above what the fleet keeps to by itself: this one ends the program.
  box.limits.memory_bytes = around_.fleet.memory_bytes() + around_.fleet.memory_bytes() / 4;
  prepared.held = held;
  return prepared;
}

}  // namespace chiliad::container
