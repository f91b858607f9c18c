// One stored model on a command line: a file, or a folder or bucket and a name in it. inspect and plot share it.
//
// Thread safety: values; functions that read.

#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "forecast/prophet.h"
#include "store/object_store.h"

namespace CLI {
class App;
}

namespace chiliad::app {

struct ModelFlags {
  std::string models;  // Folder or s3:// location; empty: `model` is a file.
  std::string model;
};

void add_model_flags(CLI::App& command, ModelFlags& flags);

struct LoadedModel {
  forecast::FittedModel model;
  std::string customer_id;
  std::string from;                // File or key, for messages.
  std::uint64_t stored_bytes = 0;  // Of the archive or JSON.
};

// A store of models that exists: opening a folder would make it. Errors: kNotFound: no such folder; as open_store().
Result<std::unique_ptr<store::ObjectStore>> open_models(const std::string& location);

// The error of a store without models.
Error no_models(const std::string& location);

// Errors: kInvalid: no model named; kNotFound; else as train/stored_model.h.
Result<LoadedModel> load_flagged_model(const ModelFlags& flags);

}  // namespace chiliad::app
