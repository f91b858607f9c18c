// Program: what the box of a model server is made of: the entry's command and environment, the model's variables, its
// code and (SingleModel) its archive, keys of its role.
//
//   inside                     what
//   /opt/ml                    empty, writable
//   /opt/ml/models             MultiModel: the shelf, read-only
//   /opt/ml/model              SingleModel: the unpacked archive, read-only
//   /opt/ml/code               what SAGEMAKER_SUBMIT_DIRECTORY named in the store, unpacked, read-only; the variable
//                              names this path then
//
// What is fetched is fetched once, at the first start. A requirements.txt in the code becomes a layer of the Python
// environment.
//
// Source: Amazon SageMaker developer guide, "Use your own inference code with hosting services"; the variables of
// sagemaker-inference and of the SageMaker Python SDK.
//
// Thread safety: prepare() is called from one thread at a time.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "base/result.h"
#include "container/fleet.h"
#include "container/model_server.h"
#include "runtime/catalog.h"
#include "runtime/python_environment.h"
#include "store/buckets.h"
#include "store/program_credentials.h"

namespace chiliad::container {

// An object, as the model's role may read it.
struct Source {
  std::shared_ptr<store::Buckets> buckets;
  std::string bucket;
  std::string key;
};

class Program {
 public:
  struct Plan {
    runtime::Entry entry;
    std::string image;  // As the model names it: what an oci entry without an image of its own runs.
    bool multi_model = false;
    std::map<std::string, std::string> environment;      // The model's.
    std::string role_arn;                                // Empty: no keys.
    std::optional<Source> model;                         // SingleModel: the archive; unset: it has none.
    std::optional<Source> code;                          // What SAGEMAKER_SUBMIT_DIRECTORY names in the store.
    std::chrono::milliseconds fetch_limit{3'600'000};    // ModelDataDownloadTimeoutInSeconds.
    std::chrono::milliseconds prepare_limit{3'600'000};  // Of a Python environment that has to be built.
    archive::ReadLimits limits;
    std::uint64_t archive_bytes = std::uint64_t{1} << 30;
    std::uint64_t scratch_bytes = std::uint64_t{10} << 30;  // What the program may write.
  };

  // What all programs share; must outlive them. `environments` is needed for python entries.
  struct Around {
    Fleet& fleet;
    runtime::PythonEnvironments* environments = nullptr;
    store::ProgramCredentials* credentials = nullptr;  // Null: programs get no keys.
  };

  // Errors: as base/file.h.
  static Result<std::unique_ptr<Program>> make(Plan plan, Around around);

  // Where the models of a MultiModel server are put.
  const std::shared_ptr<FolderTier::Shelf>& shelf() const { return shelf_; }

  // For ModelServer::Calls::make. Errors: as the store's, archive::unpack() and PythonEnvironments::prepare(), in
  // sentences that name what could not be had.
  Result<ModelServer::Prepared> prepare(const Ports& ports, const std::atomic<bool>& cancelled,
                                        const std::function<void(std::string_view line)>& note);

 private:
  Program(Plan plan, Around around, std::shared_ptr<FolderTier::Shelf> shelf, std::shared_ptr<FolderTier::Shelf> own)
      : plan_(std::move(plan)), around_(around), shelf_(std::move(shelf)), own_(std::move(own)) {}

  Result<FolderTier::Hold> fetch(const Source& source, std::string_view name, Deadline deadline);
  Result<Done> fetch_all(Deadline deadline);
  Result<std::string> requirements() const;
  std::vector<std::string> variables(const Ports& ports, const std::vector<std::string>& of_environment,
                                     const std::vector<std::string>& of_role) const;

  const Plan plan_;
  const Around around_;
  const std::shared_ptr<FolderTier::Shelf> shelf_;
  const std::shared_ptr<FolderTier::Shelf> own_;  // Of the archive and the code.
  FolderTier::Hold model_;
  FolderTier::Hold code_;
};

}  // namespace chiliad::container
