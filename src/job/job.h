// A job: an image run over data of the object store by one or more instances, from its start to its results.
//
//     Spec --start()--> queue --plan--> [instance: prepare, download, run, collect] x InstanceCount --upload--> store
//                                                       |
//              Observer <-- phase changes               +-- lines --> watch::LogSink, metrics --> watch::MetricSink
//
// A training job is described by channels and hyperparameters and leaves a model; a processing job by inputs and
// outputs. What both find in their folder is the container's contract of /opt/ml (doc/jobs.md). How an image becomes
// processes is a Runtime's business (job/runtime.h).
//
// Rules the rest relies on:
//   1. Every job that start() accepted ends in just one of Completed, Failed, Stopped and MaxRuntimeExceeded, which the
//      observer is told last, unless the Runner is destroyed before: then nothing more is told and its processes end.
//      Whoever keeps jobs across restarts calls start(spec, resume = true) for each that had not ended.
//   2. No process of a job outlives its end or that of the server, by whatever signal the server ends.
//   3. At most RunnerOptions::instances processes run at a time. A free place goes to the job with the fewest running
//      instances, the oldest among equals: first come, first served, and a job of many instances does not bar others.
//   4. A stopped or overdue job gets SIGTERM, then after the grace SIGKILL, both for the whole process group. The first
//      instance that fails ends the others.
//   5. What jobs wrote (checkpoints, outputs, models) is read without following links; what the store holds (keys,
//      manifests) is taken for hostile: a path never leaves the instance's folder.
//
// Source: SageMaker API reference (CreateTrainingJob, CreateProcessingJob, DescribeTrainingJob's
// SecondaryStatusTransitions); developer guide, "Use your own training algorithms", "Build your own processing
// container".
//
// Thread safety: Spec and Change are values. Runner's methods may be called from any thread, also from an Observer.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::store {
class BucketAccess;
class Buckets;
}  // namespace chiliad::store
namespace chiliad::watch {
class LogSink;
class MetricSink;
}  // namespace chiliad::watch

namespace chiliad::job {

class Runtime;

enum class Kind : std::uint8_t { kProcessing, kTraining };

enum class DataType : std::uint8_t { kS3Prefix, kManifestFile, kAugmentedManifestFile };
// How a program finds an input: as files; as named pipes, one an epoch, in which the objects follow one another; as
// files that it may only read, which are not copied where the store has them as files.
enum class InputMode : std::uint8_t { kFile, kPipe, kFastFile };
enum class Distribution : std::uint8_t { kFullyReplicated, kShardedByS3Key, kShardedByRecord };
// "File", "Pipe", "FastFile". None: it is none of them.
std::optional<InputMode> input_mode_of(std::string_view text);

enum class UploadMode : std::uint8_t { kEndOfJob, kContinuous };

// A channel of a training job (found at input/data/<name>) or an input of a processing job (found at local_path).
struct Input {
  std::string name;
  std::string s3_uri;      // Prefix, one object, or a manifest.
  std::string local_path;  // Processing: /opt/ml/processing/...; training: empty.
  DataType data_type = DataType::kS3Prefix;
  Distribution distribution = Distribution::kFullyReplicated;
  bool gzip = false;                    // CompressionType Gzip: objects are unpacked on their way.
  std::string input_mode = "File";      // As input_mode_of() reads it.
  std::string content_type = {};        // "text/csv; header=present" declares a header to ShardedByRecord.
  std::string record_wrapper = "None";  // With Pipe also RecordIO.
  // AttributeNames. AugmentedManifestFile: what is taken of each line; ShardedByRecord: the one column whose value
  // decides.
  std::vector<std::string> attributes = {};
  std::optional<std::uint64_t> shuffle_seed = {};  // ShuffleConfig.Seed. Pipe: each epoch has an order of its own.
};

// Where a processing job's folder goes.
struct Output {
  std::string name;
  std::string s3_uri;
  std::string local_path;  // /opt/ml/processing/...
  UploadMode mode = UploadMode::kEndOfJob;
};

struct Checkpoint {
  std::string s3_uri;
  std::string local_path = "/opt/ml/checkpoints";
};

struct MetricDefinition {
  std::string name;
  std::string regex;  // The first group is the value.
};

struct Spec {
  Kind kind = Kind::kTraining;
  std::string name;  // Unique among the jobs of its kind.
  std::string arn;
  std::string region = "us-east-1";
  std::string role_arn = {};  // What the job may do with the store.
  std::string image = {};
  std::vector<std::string> entrypoint = {};
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {};
  std::map<std::string, std::string> hyperparameters = {};  // Training.
  std::string instance_type = "ml.m5.xlarge";
  int instance_count = 1;
  int volume_size_gb = 30;
  std::vector<Input> inputs = {};
  std::vector<Output> outputs = {};            // Processing.
  std::string output_path = {};                // Training: OutputDataConfig.S3OutputPath.
  bool compress_output = true;                 // OutputDataConfig.CompressionType GZIP; false: NONE, files as they are.
  std::optional<Checkpoint> checkpoint = {};   // Training.
  std::chrono::seconds max_runtime{86400};     // StoppingCondition.MaxRuntimeInSeconds, from Training on.
  std::vector<MetricDefinition> metrics = {};  // Training.
};

// Where a job is, in the words of SecondaryStatus. A processing job goes through the same; its API shows InProgress,
// Stopping and the ends. The order is Starting, Downloading, Training, Uploading, an end. Stopping may come after any
// of them, and only an end comes after Stopping. A job over its time goes on to Uploading and MaxRuntimeExceeded, which
// the API shows as the status Stopped.
enum class Phase : std::uint8_t {
  kStarting,
  kDownloading,
  kTraining,
  kUploading,
  kStopping,
  kCompleted,
  kFailed,
  kStopped,
  kMaxRuntimeExceeded,
};

// "Starting", ...: SecondaryStatus.
std::string_view phase_name(Phase phase);
// The last four.
bool is_end(Phase phase);

struct FinalMetric {
  std::string name;
  double value = 0;
  Instant time;
};

// A job came into a phase, or has more to say of the one it is in (the same phase again: the message is new).
struct Change {
  Kind kind = Kind::kTraining;
  std::string job_name;
  Phase phase = Phase::kStarting;
  Instant time;                      // UTC.
  std::string message;               // SecondaryStatusTransitions[].StatusMessage.
  std::string failure_reason;        // kFailed: FailureReason, at most 1,024 characters.
  std::string exit_message;          // Processing, at its end: what the first instance wrote to output/message.
  std::string model_artifacts;       // Training, at its end: s3://.../output/model.tar.gz when it was written.
  std::optional<Instant> started;    // At its end: when the first process was started; unset when none was.
  std::vector<FinalMetric> metrics;  // At its end: FinalMetricDataList, by name.
};

class Observer {
 public:
  virtual ~Observer() = default;
  // Changes of one job come in order, one at a time, on threads of the Runner that hold no lock; those of several jobs
  // from several threads. It may call the Runner.
  virtual void changed(const Change& change) = 0;
};

struct RunnerOptions {
  std::filesystem::path folder;                 // Made if missing. Each job has <folder>/<training|processing>/<name>.
  int instances = 0;                            // Processes at a time; 0: one a core.
  std::chrono::milliseconds grace{120'000};     // Between SIGTERM and SIGKILL.
  std::chrono::milliseconds closing{5'000};     // The same when the Runner is destroyed.
  std::chrono::milliseconds sync_pause{2'000};  // Between two looks at checkpoints and Continuous outputs.
  std::chrono::seconds transfer_limit{6 * 3600};        // For all downloads, or all uploads, of one instance.
  std::uint64_t free_bytes = std::uint64_t{256} << 20;  // Disk that downloads leave free.
  std::uint64_t max_keys = 1'000'000;                   // Objects of one input.
  bool keep_folders = false;                            // Folders of ended jobs stay, for a look.
  // In whose name inputs are read and results stored: Spec::role_arn's. Null: jobs may use all buckets.
  store::BucketAccess* access = nullptr;
};

class Runner {
 public:
  // Folders that an earlier server left are removed. The first runtime that claims an image runs it.
  // `buckets`, `logs`, `metrics`, `observer` and RunnerOptions::access must outlive the Runner. Errors: as base/file.h.
  static Result<std::unique_ptr<Runner>> open(RunnerOptions options, std::vector<std::unique_ptr<Runtime>> runtimes,
                                              store::Buckets& buckets, watch::LogSink& logs, watch::MetricSink& metrics,
                                              Observer& observer);
  // Ends all processes (SIGTERM, `closing`, SIGKILL) and threads. Jobs that had not ended are told nothing.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // What start() would refuse, without starting: for a check before the job is written down. Errors: kInvalid, naming
  // the member: an image that no runtime runs, a name, path, URI or mode that cannot work; kForbidden: a role that
  // cannot be assumed.
  Result<Done> check(const Spec& spec) const;

  // Queues the job and returns at once; Starting is reported when its turn has come. `resume`: it ran before and the
  // server ended; it begins anew from its checkpoints. Errors: as check(); kConflict: a job of this kind and name has
  // not ended; kUnavailable: the Runner is closing.
  Result<Done> start(Spec spec, bool resume = false);

  // Asks the job to stop and returns at once. A job that runs no process yet ends without starting one. Repeated calls
  // change nothing. Errors: kNotFound: no such job, or it has ended.
  Result<Done> stop(Kind kind, std::string_view name);

  // Jobs that have not ended.
  std::size_t active() const;

 private:
  struct State;
  explicit Runner(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::job
