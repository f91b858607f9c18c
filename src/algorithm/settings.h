// Settings: what a job was told, by name, wherever it stands: the hyperparameters of a training job; the arguments and
// environment of a processing job.
//
//     hyperparameters.json      {"growth": "linear", "holdout": "7", "add_seasonality": "[\"monthly:30.5:5\"]"}
//     ContainerArguments        ["--id-column", "customer", "--header=yes", "--overwrite"]
//     Environment               {"CHILIAD_ID_COLUMN": "customer"}; the arguments win
//
// Names are those of the command line with '_' for '-'; either is understood. A value may be encoded as JSON once more
// ("\"linear\""), as the SageMaker SDK does in script mode; a list holds several values. Hyperparameters that begin
// "sagemaker_" are the SDK's own and are left out.
//
// Rule the rest relies on: a setting that nobody takes is an error at finish(), so that a misspelt one is not ignored.
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::algorithm {

class Settings {
 public:
  // Errors: kInvalid: no JSON object of strings, an argument that is no setting, one twice; as base/file.h. A missing
  // hyperparameters.json has none.
  static Result<Settings> of_training(const std::filesystem::path& root);
  static Result<Settings> of_processing(const std::filesystem::path& root);
  static Result<Settings> parse_hyperparameters(std::string_view json);
  static Result<Settings> parse_processing_config(std::string_view json);

  // Whether something was said.
  bool has(std::string_view name) const { return values_.contains(name); }

  // Each leaves `into` alone where nothing was said. The first error is kept for finish().
  void take(std::string_view name, std::string& into);
  void take(std::string_view name, std::vector<std::string>& into);
  void take(std::string_view name, double& into);
  void take(std::string_view name, std::int64_t& into, std::int64_t least, std::int64_t most);
  void take(std::string_view name, bool& into);

  // Errors: kInvalid: the first value that could not be read, or a setting that was not taken; with what is known.
  Result<Done> finish() const;

 private:
  Result<Done> add(std::string name, std::string value, bool replace);
  Result<Done> add_arguments(const std::vector<std::string>& arguments);
  const std::vector<std::string>* find(std::string_view name);
  void refuse(std::string_view name, std::string_view expected, std::string_view found);

  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::map<std::string, bool, std::less<>> taken_;
  std::string error_;
};

}  // namespace chiliad::algorithm
