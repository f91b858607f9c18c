#include "job/source_code.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "archive/archive.h"
#include "base/file.h"
#include "job/download.h"
#include "job/location.h"
#include "store/buckets.h"

namespace chiliad::job {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxArchive = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxText = std::uint64_t{1} << 20;
constexpr std::string_view kRequirements = "requirements.txt";
// Each asks every instance to start a part of one computation.
constexpr std::array<std::string_view, 7> kDistributions = {
    "sagemaker_mpi_enabled",
    "sagemaker_parameter_server_enabled",
    "sagemaker_torch_distributed_enabled",
    "sagemaker_pytorch_ddp_enabled",
    "sagemaker_pytorch_xla_multi_worker_enabled",
    "sagemaker_multi_worker_mirrored_strategy_enabled",
    "sagemaker_distributed_dataparallel_enabled",
};

// The object that is found at this path below /opt/ml.
struct Place {
  store::ObjectStore* store;
  const PlannedObject* object;
};

std::optional<Place> find(const Preparation& preparation, std::string_view path) {
  for (const PlannedInput& input : preparation.inputs) {
    if (!path.starts_with(input.folder) || path.size() <= input.folder.size() || path[input.folder.size()] != '/')
      continue;
    const std::string_view name = path.substr(input.folder.size() + 1);
    for (const PlannedObject& object : input.objects) {
      if (object.name() == name) return Place{input.store.get(), &object};
    }
  }
  return std::nullopt;
}

// A small file of the inputs; empty when it is not there, is too large or cannot be read: the download of the inputs
// tells of that.
std::string read_input(const Preparation& preparation, std::string_view path, std::uint64_t max_bytes = kMaxText) {
  const std::optional<Place> place = find(preparation, path);
  if (!place) return {};
  Result<store::ObjectInfo> info = place->store->head(place->object->key, preparation.deadline);
  if (!info || info->size_bytes > max_bytes) return {};
  Result<std::string> bytes = place->store->get(place->object->key, {}, preparation.deadline);
  return bytes ? *std::move(bytes) : std::string();
}

// An archive that is refused here (a link in it) may be one that tar takes: the program's own business.
std::string requirements_in(std::string_view archive) {
  Result<std::string> text = archive::read_member(archive, kRequirements);
  return text && text->size() <= kMaxText ? *std::move(text) : std::string();
}

Json json_of(const std::string& text) { return Json::parse(text, nullptr, false); }

std::string text_member(const Json& json, const char* name) {
  if (!json.is_object()) return {};
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Done> fetch_archive(const Preparation& preparation, const std::string& uri, SourceCode& code) {
  Result<S3Location> location = parse_s3_uri(uri);
  if (!location) return std::move(location).error();
  Result<std::shared_ptr<store::ObjectStore>> store = preparation.buckets.open(location->bucket);
  if (!store) return std::move(store).error();
  Result<store::ObjectInfo> info = (*store)->head(location->key, preparation.deadline);
  if (!info) return std::move(info).error();
  if (info->size_bytes > kMaxArchive) return Done{};  // The program fetches it by itself.
  const std::filesystem::path to = preparation.folder / "sourcedir.tar.gz";
  if (Result<store::ObjectInfo> done = (*store)->download(location->key, to, preparation.deadline); !done)
    return std::move(done).error();
  Result<std::string> bytes = read_file(to, kMaxArchive);
  if (!bytes) return std::move(bytes).error();
  code.archive = to;
  code.requirements_txt = requirements_in(*bytes);
  return Done{};
}

void read_channels(const Preparation& preparation, SourceCode& code) {
  const std::string drivers = "input/data/sm_drivers/", folder = "input/data/code/";
  const Json source = json_of(read_input(preparation, drivers + "sourcecode.json"));
  const Json distribution = json_of(read_input(preparation, drivers + "distributed.json"));
  code.distributed |= distribution.is_object() && !distribution.empty();
  std::string name = text_member(source, "requirements");
  if (name.empty() || name == "auto") name = kRequirements;
  const std::string archive = text_member(source, "source_dir");
  if (archive.ends_with(".tar.gz")) {
    const std::string bytes = read_input(preparation, folder + archive.substr(archive.rfind('/') + 1), kMaxArchive);
    code.requirements_txt = requirements_in(bytes);
  } else {
    while (name.starts_with("./")) name.erase(0, 2);
    code.requirements_txt = read_input(preparation, folder + name);
  }
}

}  // namespace

std::string text_of_hyperparameter(std::string_view value) {
  const Json json = Json::parse(value, nullptr, false);
  return json.is_string() ? json.get<std::string>() : std::string(value);
}

bool asks_for_distribution(const Spec& spec) {
  for (const std::string_view name : kDistributions) {
    const auto found = spec.hyperparameters.find(std::string(name));
    if (found != spec.hyperparameters.end() && text_of_hyperparameter(found->second) == "true") return true;
  }
  return false;
}

Result<SourceCode> find_source_code(const Preparation& preparation) {
  SourceCode code;
  const Spec& spec = preparation.spec;
  if (spec.kind == Kind::kProcessing) {
    const std::string archive = read_input(preparation, "processing/input/code/sourcedir.tar.gz", kMaxArchive);
    if (!archive.empty()) code.requirements_txt = requirements_in(archive);
    return code;
  }
  code.distributed = asks_for_distribution(spec);
  const auto submitted = spec.hyperparameters.find("sagemaker_submit_directory");
  if (submitted != spec.hyperparameters.end()) {
    const std::string uri = text_of_hyperparameter(submitted->second);
    if (uri.starts_with("s3://")) {
      Result<Done> fetched = fetch_archive(preparation, uri, code);
      if (!fetched) return std::move(fetched).error().in("sagemaker_submit_directory '" + shown(uri) + "'");
    } else if (uri.starts_with("/opt/ml/") && uri.ends_with(".tar.gz")) {
      code.requirements_txt = requirements_in(read_input(preparation, uri.substr(8), kMaxArchive));
    } else if (uri.starts_with("/opt/ml/")) {
      code.requirements_txt = read_input(preparation, join_key(uri.substr(8), kRequirements));
    }
    return code;
  }
  read_channels(preparation, code);
  return code;
}

}  // namespace chiliad::job
