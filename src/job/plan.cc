#include "job/plan.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "job/contract.h"
#include "job/location.h"
#include "process/tree.h"
#include "store/buckets.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxInstances = 100;
constexpr std::size_t kMaxName = 63;

bool is_job_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && name[0] != '-' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<Done> check_mode(const Spec& spec, const Input& input) {
  const std::optional<InputMode> mode = input_mode_of(input.input_mode);
  if (!mode || (*mode == InputMode::kFastFile && spec.kind == Kind::kProcessing))
    return invalid("input mode '" + shown(input.input_mode) + "': expected File, Pipe or, for a channel, FastFile");
  const bool record_io = input.record_wrapper == "RecordIO";
  if (!record_io && !input.record_wrapper.empty() && input.record_wrapper != "None")
    return invalid("RecordWrapperType '" + shown(input.record_wrapper) + "': expected None or RecordIO");
  if (record_io && *mode != InputMode::kPipe) return invalid("RecordWrapperType RecordIO: needs the input mode Pipe");
  const bool augmented = input.data_type == DataType::kAugmentedManifestFile;
  if (augmented && (*mode != InputMode::kPipe || input.attributes.empty() || input.gzip))
    return invalid("AugmentedManifestFile: needs the input mode Pipe, AttributeNames, and no CompressionType");
  if (*mode == InputMode::kFastFile && input.gzip) return invalid("input mode FastFile: CompressionType must be None");
  if (*mode != InputMode::kFile && input.distribution == Distribution::kShardedByRecord)
    return invalid("ShardedByRecord: needs the input mode File");
  return Done{};
}

Result<Done> check_input(const Spec& spec, const Input& input) {
  const std::string what = (spec.kind == Kind::kTraining ? "channel '" : "input '") + shown(input.name) + "'";
  Result<std::string> folder = input_folder(spec.kind, input);
  if (!folder) return std::move(folder).error().in(what + ": LocalPath");
  if (spec.kind == Kind::kProcessing && !folder->starts_with("processing/"))
    return invalid(what + ": LocalPath '" + shown(input.local_path) + "': expected a path below /opt/ml/processing");
  if (Result<S3Location> uri = parse_s3_uri(input.s3_uri); !uri) return std::move(uri).error().in(what + ": S3Uri");
  if (Result<Done> done = check_mode(spec, input); !done) return std::move(done).error().in(what);
  if (input.distribution == Distribution::kShardedByRecord) {
    if (Result<RecordRule> rule = record_rule(input); !rule) return std::move(rule).error().in(what);
  }
  return Done{};
}

// "<folder>_<digits>", or a path below that.
bool is_at_a_pipe(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder) || !path.substr(folder.size()).starts_with('_')) return false;
  path.remove_prefix(folder.size() + 1);
  const std::string_view epoch = path.substr(0, path.find('/'));
  return !epoch.empty() && std::ranges::all_of(epoch, [](char c) { return c >= '0' && c <= '9'; });
}

// Requires: check_input() passed for each.
Result<Done> check_pipes(const Spec& spec) {
  const auto is_pipe = [](const Input& input) { return input_mode_of(input.input_mode) == InputMode::kPipe; };
  for (const Input& input : spec.inputs) {
    if (!is_pipe(input)) continue;
    const std::string folder = *input_folder(spec.kind, input);
    for (const Input& other : spec.inputs) {
      const std::string place = *input_folder(spec.kind, other);
      if (&other != &input && (is_pipe(other) ? place == folder : is_at_a_pipe(place, folder)))
        return invalid("input '" + shown(other.name) + "': lies where the pipes of '" + shown(input.name) + "' do");
    }
  }
  return Done{};
}

Result<Done> check_output(const Output& output) {
  const std::string what = "output '" + shown(output.name) + "'";
  Result<std::string> folder = below_root(output.local_path);
  if (!folder) return std::move(folder).error().in(what + ": LocalPath");
  if (!folder->starts_with("processing/"))
    return invalid(what + ": LocalPath '" + shown(output.local_path) + "': expected a path below /opt/ml/processing");
  if (Result<S3Location> uri = parse_s3_uri(output.s3_uri); !uri) return std::move(uri).error().in(what + ": S3Uri");
  return Done{};
}

Result<Target> open_target(store::Buckets& buckets, const std::string& uri) {
  Result<S3Location> location = parse_s3_uri(uri);
  if (!location) return std::move(location).error();
  Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(location->bucket);
  if (!store) return std::move(store).error();
  return Target{location->bucket, location->key, *std::move(store)};
}

}  // namespace

Result<Done> check_spec(const Spec& spec) {
  if (!is_job_name(spec.name)) return invalid("job name '" + shown(spec.name) + "': expected 1 to 63 of A-Z a-z 0-9 -");
  if (spec.instance_count < 1 || spec.instance_count > kMaxInstances)
    return invalid("InstanceCount " + std::to_string(spec.instance_count) + ": expected 1 to 100");
  if (spec.max_runtime.count() < 1) return invalid("MaxRuntimeInSeconds: expected at least 1");
  std::set<std::string> names;
  for (const Input& input : spec.inputs) {
    if (Result<Done> done = check_input(spec, input); !done) return done;
    if (!names.insert(input.name).second) return invalid("input '" + shown(input.name) + "': this name comes twice");
  }
  if (Result<Done> done = check_pipes(spec); !done) return done;
  names.clear();
  for (const Output& output : spec.outputs) {
    if (Result<Done> done = check_output(output); !done) return done;
    if (!names.insert(output.name).second) return invalid("output '" + shown(output.name) + "': this name comes twice");
  }
  if (spec.kind == Kind::kTraining) {
    if (Result<S3Location> uri = parse_s3_uri(spec.output_path); !uri)
      return std::move(uri).error().in("OutputDataConfig.S3OutputPath");
  }
  if (spec.checkpoint) {
    if (Result<S3Location> uri = parse_s3_uri(spec.checkpoint->s3_uri); !uri)
      return std::move(uri).error().in("CheckpointConfig.S3Uri");
    if (Result<std::string> folder = checkpoint_folder(spec); !folder) return std::move(folder).error();
  }
  Result<watch::MetricPatterns> patterns = metric_patterns(spec);
  if (!patterns) return std::move(patterns).error().in("MetricDefinitions");
  return Done{};
}

Result<watch::MetricPatterns> metric_patterns(const Spec& spec) {
  std::vector<watch::MetricDefinition> definitions;
  for (const MetricDefinition& metric : spec.metrics) definitions.push_back({metric.name, metric.regex});
  return watch::MetricPatterns::make(definitions);
}

Result<Done> prepare_run(JobRun& job) {
  std::error_code failure;
  if (Result<Done> removed = process::remove_tree(job.folder); !removed) return removed;
  if (!job.resume) fs::remove_all(job.journal(), failure);
  fs::create_directories(job.folder, failure);
  if (failure) return system_error("make", job.folder, failure.value());
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return system_error("eventfd for", job.folder, errno);
  job.wake = std::move(wake);
  job.stream_time = std::chrono::floor<std::chrono::seconds>(now_utc()).time_since_epoch().count();
  job.wake_if_cancelled();
  return Done{};
}

Result<Done> open_targets(JobRun& job, store::Buckets& buckets) {
  if (job.spec.checkpoint) {
    Result<Target> target = open_target(buckets, job.spec.checkpoint->s3_uri);
    if (!target) return std::move(target).error().in("CheckpointConfig.S3Uri");
    job.checkpoint = *std::move(target);
  }
  if (job.spec.kind == Kind::kTraining) {
    Result<Target> target = open_target(buckets, job.spec.output_path);
    if (!target) return std::move(target).error().in("OutputDataConfig.S3OutputPath");
    job.output = *std::move(target);
  }
  for (const Output& output : job.spec.outputs) {
    Result<Target> target = open_target(buckets, output.s3_uri);
    if (!target) return std::move(target).error().in("output '" + shown(output.name) + "'");
    job.outputs.push_back(*std::move(target));
  }
  return Done{};
}

Result<Done> plan_inputs(JobRun& job, store::Buckets& buckets, const RunnerOptions& options, Deadline deadline) {
  std::vector<std::pair<const Input*, PlannedInput>> planned;
  for (const Input& input : job.spec.inputs) {
    Result<PlannedInput> plan = plan_input(job.spec.kind, input, buckets, options.max_keys, job.cancelled(), deadline);
    if (!plan) return std::move(plan).error();
    planned.emplace_back(&input, *std::move(plan));
  }
  // "processing/input" before "processing/input/code".
  std::ranges::stable_sort(planned, {}, [](const auto& pair) { return pair.second.folder.size(); });
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const auto& [input, plan] = planned[i];
    if (plan.distribution != Distribution::kShardedByRecord) continue;
    Result<RecordRule> rule = record_rule(*input);
    if (!rule) return std::move(rule).error();
    Result<Done> dealt = deal_records(plan, *rule, job.spec.instance_count, job.records_of(i, 0).parent_path(),
                                      options.free_bytes, job.cancelled(), deadline);
    if (!dealt) return dealt;
  }
  for (auto& [input, plan] : planned) job.inputs.push_back(std::move(plan));
  return Done{};
}

}  // namespace chiliad::job
