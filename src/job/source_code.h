// What can be told of a job's own code before its program runs: where it is, what it wants installed, and whether its
// instances talk to one another. SageMaker's clients send code in three ways:
//
//     script mode      hyperparameter sagemaker_submit_directory = "s3://.../sourcedir.tar.gz", a JSON string
//     SDK v3           channels `code` (files, or one tar.gz) and `sm_drivers` (sourcecode.json, distributed.json)
//     processing       inputs at /opt/ml/processing/input/code: files, or sourcedir.tar.gz with a script that unpacks
//     it
//
// Everything here only makes the job's own `pip install -r` find its work done: what is not understood is left to it.
//
// Source: sagemaker-training-toolkit, params.py, files.py; SageMaker Python SDK 2.x, processing.py; 3.x,
// model_trainer.py, container_drivers.
//
// Thread safety: pure functions but for find_source_code(), which reads the store.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "job/runtime.h"

namespace chiliad::job {

struct SourceCode {
  std::filesystem::path archive;  // Of script mode, fetched; empty: there is none.
  std::string requirements_txt;   // Empty: there is none.
  bool distributed = false;       // Of the job's own words: MPI, parameter servers, torch distributed.
};

// Fetches what tells. Errors: as ObjectStore::download(), for what sagemaker_submit_directory names.
Result<SourceCode> find_source_code(const Preparation& preparation);

// The value of a hyperparameter as SageMaker's clients send texts: "\"x\"" and "x" are both x.
std::string text_of_hyperparameter(std::string_view value);

// Whether the hyperparameters ask for instances that talk to one another.
bool asks_for_distribution(const Spec& spec);

}  // namespace chiliad::job
