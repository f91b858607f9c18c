// Runtime: how an image becomes processes. A runtime claims the images it knows and says, for one instance whose folder
// has been prepared, which program is to be started with which arguments, and where that program believes the folder to
// be. Everything else (data, logs, limits, stopping) is the Runner's and the same for all.
//
// One runtime so far: native, this program's own algorithms under the image names of SageMaker's pattern:
//
//     <any registry>/chiliad-split[:tag|@digest]  ->  chiliad algorithm split --root DIR
//     .../chiliad-prophet                         ->  chiliad algorithm prophet --root DIR
//     .../chiliad-evaluate                        ->  chiliad algorithm evaluate --root DIR
//
// Others fit in beside: user scripts in a namespace of their own see /opt/ml (seen_root) where the native kind sees the
// instance's folder itself; a container runtime's program is the container's client.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "job/job.h"

namespace chiliad::job {

// A program to start. Its working folder is the instance's.
struct Command {
  std::filesystem::path program;
  std::vector<std::string> arguments;    // Without the program's name.
  std::vector<std::string> environment;  // "NAME=value": all of it, nothing is inherited.
};

class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual std::string_view name() const = 0;
  // "images whose last part is chiliad-split, ...": ends the sentence that refuses an image.
  virtual std::string claims() const = 0;
  virtual bool runs(std::string_view image) const = 0;

  // Whether this job can run here. Requires: runs(spec.image). Errors: kInvalid, naming the member.
  virtual Result<Done> check(const Spec& spec) const = 0;
  // The folder that the program sees as /opt/ml: what LocalPath and the environment's paths begin with.
  virtual std::string seen_root(const std::filesystem::path& root) const = 0;
  // `contract` is the environment that the contract prescribes; whether the Spec's own comes beside it is the runtime's
  // to say: where a program runs as the server's user, a variable such as LD_PRELOAD would be a way in.
  // Requires: check() passed. Errors: as base/file.h.
  virtual Result<Command> command(const Spec& spec, const std::filesystem::path& root,
                                  std::vector<std::string> contract) const = 0;
};

// The last part of an image's path without tag and digest: "chiliad-split" of "host:5000/a/chiliad-split:1@sha256:...".
std::string_view image_name(std::string_view image);

// The built-in algorithms, run by `program` (empty: this very program, /proc/self/exe).
std::unique_ptr<Runtime> native_runtime(std::filesystem::path program = {});

}  // namespace chiliad::job
