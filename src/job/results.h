// What a job leaves behind -> the store: model.tar.gz and output.tar.gz of a training job.
//
//     S3OutputPath/<job>/output/model.tar.gz     model/ of all instances (also when it is empty)
//     S3OutputPath/<job>/output/output.tar.gz    output/data/ of all instances, where there is anything
//     with CompressionType NONE: S3OutputPath/<job>/output/model/..., .../output/data/... as files
//
// Where two instances have a file of the same name, that of the lower number counts.
//
// Source: SageMaker API reference, OutputDataConfig. Thread safety: functions that read and write.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "job/job.h"
#include "store/object_store.h"

namespace chiliad::job {

struct StoredResult {
  std::string uri;                 // s3://...; empty when there was nothing to store.
  std::vector<std::string> notes;  // Files that were left out, and why.
};

// `roots`: the instances' folders. `work`: a folder for the archive before it is stored. `folder`: "model" or
// "output/data", under `name` "model" or "output". `even_empty`: an empty archive is stored too.
// Errors: kNoSpace; those of scan_folder() and the store.
Result<StoredResult> store_result(const Spec& spec, const std::vector<std::filesystem::path>& roots,
                                  const std::filesystem::path& work, std::string_view folder, std::string_view name,
                                  bool even_empty, store::ObjectStore& store, const std::string& bucket,
                                  const std::string& prefix, std::uint64_t free_bytes, Deadline deadline);

}  // namespace chiliad::job
