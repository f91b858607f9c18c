// Platform: all services of `chiliad up` and the one port in front of them.
//
//   home/ -- HomeLock -- Directory, LogStore, MetricStore, BucketStore
//                              |
//         SageMaker -- Runner, Hosting -- Gateway -- HttpServer
//                         |
//         Catalog, PythonEnvironments, BoxRunner: users' code
//
// Everything that is below is opened before what uses it and ends after it. What was asked before the last end is taken
// up again before the port opens: the first call already finds endpoints in service.
//
// Thread safety: one thread at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/server_file.h"
#include "aws/arn.h"
#include "base/result.h"
#include "control/limits.h"
#include "runtime/catalog.h"
#include "runtime/python_environment.h"

namespace chiliad::app {

struct PlatformOptions {
  std::filesystem::path home;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string region{aws::kDefaultRegion};
  bool no_auth = false;
  std::string store;  // Empty: buckets below the home; else "s3://" with an optional prefix for every key.
  bool sync = false;
  int threads = 0;    // I/O threads and threads for heavy forecasts; 0: one a core.
  int instances = 0;  // Processes of jobs at a time; 0: one a core.
  std::uint64_t memory_budget_bytes = std::uint64_t{1} << 30;
  std::uint64_t disk_budget_bytes = std::uint64_t{10} << 30;
  std::uint64_t container_memory_bytes = 0;  // Of foreign model servers' processes; 0: half of the machine's.
  std::uint64_t container_disk_bytes = std::uint64_t{10} << 30;  // Of their unpacked models.
  // Of one instance of a job of user code, as job::UserRuntimeOptions has them.
  std::uint64_t job_memory_bytes = 0;
  std::uint64_t job_max_volume_bytes = 0;
  int job_processes = 4096;
  std::size_t max_connections = 10'000;
  std::chrono::milliseconds drain{30'000};
  std::chrono::milliseconds grace{120'000};  // Of a job's processes, between SIGTERM and SIGKILL.
  bool keep_job_folders = false;
  control::Limits limits;
  runtime::Catalog catalog = runtime::Catalog::built_in();  // What images stand for.
  runtime::PythonEnvironmentsOptions environments;          // An empty folder: <home>/environments.
  bool tls = false;                     // With the two files below or, without, a certificate of its own making.
  std::filesystem::path certificate;    // PEM.
  std::filesystem::path private_key;    // PEM.
  std::vector<std::string> host_names;  // Further names of a certificate of its own making.
};

class Platform {
 public:
  // Errors: kConflict: another server has the home or the port; kForbidden: no_auth at an address that others reach;
  // kInvalid: an option; as the parts'.
  static Result<std::unique_ptr<Platform>> start(PlatformOptions options);
  ~Platform();

  // What is written to run/server.json.
  const ServerFile& server() const;
  // The first key was made by this start.
  bool made_first_key() const;

  // Answers what is running, ends jobs and the rest. The number of connections that were cut off.
  std::uint64_t stop();

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace chiliad::app
