// Runtime: how an image becomes programs. A runtime claims the images it knows, makes ready once a job what the job's
// programs need, and starts one for each instance whose folder has been prepared. Everything else (data, logs, limits,
// stopping) is the Runner's and the same for all.
//
//     job      -> prepare()                      once, while data is fetched: what all its instances share
//     instance -> start(folder, environment)     a process::BoxedProcess, in a box or not
//
// Two implementations: native_runtime() below, this program's own algorithms, and job/user_runtime.h, programs of users
// in boxes.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "job/input_plan.h"
#include "job/job.h"
#include "process/box.h"

namespace chiliad::runtime {
class Catalog;
}

namespace chiliad::job {

// What a runtime is told of a job that it makes ready for.
struct Preparation {
  const Spec& spec;
  const std::vector<PlannedInput>& inputs;
  store::Buckets& buckets;                             // In the name of the job's role.
  std::filesystem::path folder;                        // Of the job; for what is fetched on the way.
  std::function<void(std::string_view line)> print;    // A line of algo-1's log stream.
  std::function<void(std::string_view what)> message;  // The job's StatusMessage from now on.
  Deadline deadline;
  const std::atomic<bool>& cancelled;
};

// What prepare() made, kept until the job's end.
struct Prepared {
  bool together = false;  // The instances talk to one another: all are started together, or none is.
  std::shared_ptr<const void> own;
};

// An instance to start, its folder prepared.
struct Start {
  int index = 0;
  std::filesystem::path root;            // Its /opt/ml.
  std::filesystem::path scratch;         // An empty folder that is its own, beside `root`.
  std::vector<std::string> contract;     // "NAME=value": what the contract prescribes (contract.h).
  std::vector<process::HostName> hosts;  // All instances, by name.
  std::vector<process::Mount> mounts;    // Beside `root`, inside of it: inputs that are read where they lie.
  std::chrono::seconds keys_for{0};      // How long the program may run at most.
  Deadline deadline;                     // For the start.
};

struct Started {
  std::unique_ptr<process::BoxedProcess> process;
  std::shared_ptr<const void> held;  // To be dropped when the program has ended.
};

class Runtime {
 public:
  virtual ~Runtime() = default;

  // Whether it runs the image. Errors: kInvalid: it does not; with what it runs, or what to do about it.
  virtual Result<Done> claims(std::string_view image) const = 0;

  // Whether this job can run here. Requires: claims(spec.image). Errors: kInvalid, naming the member; kUnavailable: the
  // reason and what to do.
  virtual Result<Done> check(const Spec& spec) const = 0;
  // The folder that the program sees as /opt/ml: what LocalPath and the environment's paths begin with.
  virtual std::string seen_root(const std::filesystem::path& root) const = 0;

  // Errors: kForbidden, kNotFound, kInvalid, kTooLarge: what the job names cannot be had or used; kUnavailable,
  // kNoSpace, kDeadline; the message says what was wanted.
  virtual Result<Prepared> prepare(const Preparation& /*preparation*/) const { return Prepared{}; }

  // Requires: check() passed; called on a thread that outlives the process. Errors: as process::BoxRunner.
  virtual Result<Started> start(const Spec& spec, const Prepared& prepared, const Start& start) const = 0;
};

// A program as the server's own user in a process group of its own, as a BoxedProcess: it is in no box.
// Errors: as process::Process.
Result<std::unique_ptr<process::BoxedProcess>> start_plain(const process::Process::Start& start);

// The last part of an image's path without tag and digest: "chiliad-split" of "host:5000/a/chiliad-split:1@sha256:...".
std::string_view image_name(std::string_view image);

// The built-in algorithms, run by `program` (empty: this very program, /proc/self/exe) with the images that the catalog
// has for them:
//
//     <any registry>/chiliad-split[:tag|@digest]  ->  chiliad algorithm split --root DIR
//     .../chiliad-prophet                         ->  chiliad algorithm prophet --root DIR
//     .../chiliad-evaluate                        ->  chiliad algorithm evaluate --root DIR
//
// `catalog` must outlive it.
std::unique_ptr<Runtime> native_runtime(const runtime::Catalog& catalog, std::filesystem::path program = {});

}  // namespace chiliad::job
