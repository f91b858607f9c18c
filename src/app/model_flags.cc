#include "app/model_flags.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "base/file.h"
#include "store/object_store.h"
#include "train/stored_model.h"

namespace chiliad::app {
namespace {

std::string without_suffixes(std::string name) {
  for (const std::string_view suffix : {".tar.gz", ".json"}) {
    if (name.ends_with(suffix) && name.size() > suffix.size()) name.resize(name.size() - suffix.size());
  }
  return name;
}

}  // namespace

void add_model_flags(CLI::App& command, ModelFlags& flags) {
  command.add_option("--model", flags.model, "Archive or model.json; with --models, a name in there");
  command.add_option("--models", flags.models, "Folder or s3://bucket/prefix with <id>.tar.gz archives");
}

Result<std::unique_ptr<store::ObjectStore>> open_models(const std::string& location) {
  std::error_code failure;
  if (!location.starts_with("s3://") && !std::filesystem::is_directory(location, failure))
    return Error{ErrorCode::kNotFound, "--models " + location + ": no such folder"};
  return store::open_store(location);
}

Error no_models(const std::string& location) {
  return {ErrorCode::kNotFound, "--models " + location + ": no model (<id>.tar.gz) in it"};
}

Result<LoadedModel> load_flagged_model(const ModelFlags& flags) {
  if (flags.model.empty())
    return Error{ErrorCode::kInvalid, "--model: expected an archive, or a name in the folder given with --models"};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  std::string from = flags.model;
  Result<std::string> bytes = Error{ErrorCode::kNotFound, ""};
  if (flags.models.empty()) {
    if (std::error_code failure; std::filesystem::is_directory(flags.model, failure))
      return Error{ErrorCode::kInvalid, flags.model + " is a folder: name one of its models with --model"};
    bytes = read_file_or_pipe(flags.model, train::kMostStored);
  } else {
    Result<std::unique_ptr<store::ObjectStore>> store = open_models(flags.models);
    if (!store) return std::move(store).error();
    if (!from.ends_with(train::kArchiveSuffix)) from += train::kArchiveSuffix;
    bytes = train::get_stored(**store, from, deadline);
  }
  if (!bytes) return std::move(bytes).error();
  Result<forecast::FittedModel> model = train::read_stored_model(*bytes, forecast::KeepHistory::kYes);
  if (!model) return std::move(model).error().in(from);
  const std::string name = without_suffixes(std::filesystem::path(from).filename().string());
  return LoadedModel{*std::move(model), train::customer_of(name), from, bytes->size()};
}

}  // namespace chiliad::app
