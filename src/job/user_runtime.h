// Programs of users in boxes: what an image of kind python (or oci) stands for in the catalog.
//
//     image --> runtime::Entry
//     job       sourcedir.tar.gz, requirements.txt --> runtime::PythonEnvironments
//     instance  root -> /opt/ml, environment -> /opt/chiliad/..., scratch -> /tmp, /var/tmp, /dev/shm, HOME
//
// The program is the request's ContainerEntrypoint with its arguments, else the entry's for training or processing.
// Its environment is, later ones winning: the contract's, the environment's own (PATH, ...), the platform's address and
// keys of the job's role, the request's Environment.
//
// Rules the rest relies on:
//   1. An instance sees its own root and scratch folder and nothing of another one, of other jobs or of the server.
//   2. Its keys are those of the job's role, end a few minutes after the latest end of the job, and are refused
//      as soon as its program has ended.
//
// Source: SageMaker developer guide, "How Amazon SageMaker runs your training image", "... your processing container".
//
// Thread safety: as Runtime.

#pragma once

#include <cstdint>
#include <memory>

#include "job/runtime.h"
#include "process/box.h"
#include "runtime/catalog.h"
#include "runtime/python_environment.h"
#include "store/program_credentials.h"

namespace chiliad::job {

struct UserRuntimeOptions {
  std::uint64_t memory_bytes = 0;                    // Of an instance; 0: no limit.
  std::uint64_t max_volume_bytes = 0;                // VolumeSizeInGB counts at most so much; 0: what it says.
  int processes = 4096;                              // And threads, of an instance; 0: no limit.
  store::ProgramCredentials* credentials = nullptr;  // Null: programs get no keys.
};

// All must outlive it. `boxes` runs python entries, `images` oci ones (null: none).
std::unique_ptr<Runtime> user_runtime(const runtime::Catalog& catalog, runtime::PythonEnvironments& environments,
                                      process::BoxRunner& boxes, process::BoxRunner* images,
                                      UserRuntimeOptions options);

}  // namespace chiliad::job
