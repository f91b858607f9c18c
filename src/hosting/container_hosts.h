// ContainerHosts: all foreign model servers behind the endpoints and transform jobs of this process: what they share,
// how one is opened, and how it ends.
//
//   ModelPlan + runtime::Entry --open()--> ContainerHost (container_host.h): a server in a box, its models
//
// A host's last user may be an I/O thread, and a server takes its time to end: the end is left to threads of this
// object.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "hosting/endpoint_plan.h"
#include "hosting/model_host.h"
#include "process/box.h"
#include "runtime/catalog.h"
#include "runtime/python_environment.h"
#include "store/bucket_access.h"
#include "store/program_credentials.h"
#include "watch/log_sink.h"

namespace chiliad::hosting {

class ContainerHosts {
 public:
  struct Options {
    std::filesystem::path folder;                        // Owned by this object alone.
    std::uint64_t disk_bytes = std::uint64_t{10} << 30;  // Of unpacked models and code.
    std::uint64_t memory_bytes = 0;                      // Of all servers' processes; 0: half of this machine's.
    std::chrono::milliseconds load_wait{30'000};         // How long a call waits for its model or for the server.
    // Of all servers' answers on their way, in this process's memory. A call that finds no room is kUnavailable.
    std::uint64_t answer_bytes = std::uint64_t{512} << 20;
    int calls = 16;  // At a time, of one server; others wait.
  };

  // Must outlive the object. Null ones: `podman`: images cannot be run; `environments`: python entries cannot;
  // `credentials`: programs get no keys.
  struct Around {
    process::BoxRunner& boxes;
    process::BoxRunner* podman = nullptr;
    runtime::PythonEnvironments* environments = nullptr;
    store::ProgramCredentials* credentials = nullptr;
    store::BucketAccess& access;
    watch::LogSink& logs;
  };

  // Errors: as container::Fleet::open().
  static Result<std::unique_ptr<ContainerHosts>> open(Options options, Around around);
  // Waits for all servers' ends. Requires: no host is left.
  ~ContainerHosts();

  // Where a server's lines go: the stream is "<stream>/<an id of the server>".
  struct Log {
    std::string group;
    std::string stream;
  };

  // A new server for a plan. `check`: waits until it is ready, or has failed, or `abandoned` says that nobody wants it
  // any more. Otherwise it is there at once, and calls wait for it. Requires: entry.server == kContainer.
  // Errors: kInvalid: the plan contradicts itself; kConflict: abandoned; as the store's and the server's first start,
  // in a sentence for FailureReason.
  Result<std::shared_ptr<ModelHost>> open_host(const runtime::Entry& entry, const ModelPlan& plan, const Log& log,
                                               bool check, const std::function<bool()>& abandoned);

  // The bytes under this key have changed or are gone: the next call sees it.
  void changed(std::string_view bucket, std::string_view key);
  // Compares loaded models with the store.
  void revalidate(Deadline deadline);

  // All servers begin to end, and no new one is opened.
  void begin_end();

  struct State;  // For container_host.cc.

 private:
  explicit ContainerHosts(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::hosting
