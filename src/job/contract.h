// The container's contract: what an instance finds in its folder, which plays /opt/ml, and in its environment.
//
//     input/config/hyperparameters.json      training: {"name": "value", ...}, all values strings
//     input/config/inputdataconfig.json      training: {"channel": {"TrainingInputMode": "File", ...}, ...}
//     input/config/resourceconfig.json       training: {"current_host": "algo-1", "hosts": ["algo-1", ...], ...}
//     input/data/<channel>/...               training: the channel's files
//     model/, output/data/, checkpoints/     training: what is stored
//     config/processingjobconfig.json        processing: the request
//     config/resourceconfig.json             processing
//     processing/...                         processing: inputs and outputs, where their LocalPath says
//     output/failure                         why it failed, in the program's words
//     output/message                         processing: ExitMessage
//
// Source: SageMaker developer guide, "How Amazon SageMaker provides training information", "How Amazon SageMaker
// Processing configures your processing container"; sagemaker-training-toolkit, environment.py.
//
// Thread safety: pure functions, but for make_instance_folder(), which writes.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "job/job.h"

namespace chiliad::job {

// "algo-1" for index 0.
std::string host_name(int index);

// Where checkpoints lie below the root: "checkpoints". Requires: spec.checkpoint. Errors: as below_root(); kInvalid: a
// place that is the contract's own.
Result<std::string> checkpoint_folder(const Spec& spec);

// Makes the folders and writes the configuration. `root` exists and is empty. Errors: as base/file.h.
Result<Done> make_instance_folder(const Spec& spec, int index, const std::filesystem::path& root);

// "NAME=value" of what the platform sets, the Spec's own environment not included. `seen_root`: "/opt/ml", or where the
// program sees it.
std::vector<std::string> contract_environment(const Spec& spec, int index, std::string_view seen_root);

// A text file that a job left, cut at max_characters whole characters of UTF-8; what is no UTF-8 becomes U+FFFD. Empty
// when there is none or it is no regular file.
std::string read_words(const std::filesystem::path& root, std::string_view name, std::size_t max_characters);
// The same for a text.
std::string cut_words(std::string_view text, std::size_t max_characters);

// The texts of the configuration files. Thread safety: pure.
std::string hyperparameters_json(const Spec& spec);
std::string input_data_config_json(const Spec& spec);
std::string resource_config_json(const Spec& spec, int index);
std::string processing_job_config_json(const Spec& spec);

}  // namespace chiliad::job
