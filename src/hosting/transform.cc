// A job of several objects has its threads take one object after the other. A single object is read in groups of
// records, a wave of them at a time; the threads answer the wave, and the answers are appended in order.

#include "hosting/transform.h"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "archive/gzip.h"
#include "base/file.h"
#include "base/random.h"
#include "hosting/transform_input.h"
#include "hosting/transform_record.h"

namespace chiliad::hosting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using Phase = TransformProgress::Phase;

constexpr int kJobsAtATime = 2;
constexpr std::size_t kMaxJobs = 10'000;  // That wait.
constexpr int kMaxConcurrent = 16;
constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxPayload = std::uint64_t{100} << 20;
constexpr std::uint64_t kMaxUnpacked = std::uint64_t{256} << 20;
constexpr auto kStoreTime = seconds(300);

struct Group {
  std::string text;                       // Whole lines, or a whole object.
  std::vector<std::string_view> records;  // Of `text`.
  std::size_t first = 0;                  // Number of the first record in its object.
  std::string output;
  std::optional<Error> failure;
};

// One object on its way: what was read of it, and the file of its answers.
struct Source {
  TransformObject object;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string rest;  // Read and not yet in a group.
  bool at_end = false;
  std::size_t records = 0;
};

// Objects of a job, for its threads.
struct Objects {
  TransformInput& input CHILIAD_GUARDED_BY(mutex);
  Mutex mutex;
  std::deque<TransformObject> ahead CHILIAD_GUARDED_BY(mutex);
  std::optional<Error> failure CHILIAD_GUARDED_BY(mutex);
};

void add_records(Group& group, bool lines) {
  if (!lines) {
    group.records.push_back(group.text);
    return;
  }
  std::string_view text = group.text;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) group.records.push_back(line);
  }
}

}  // namespace

struct TransformRunner::Job {
  Job(TransformPlan its_plan, TransformObserver its_observer)
      : plan(std::move(its_plan)),
        observer(std::move(its_observer)),
        log_stream(plan.name + "/i-" + random_text("0123456789abcdef", 17) + "-" +
                   std::to_string(watch::now_in_milliseconds().time_since_epoch().count() / 1000)) {}

  Result<Done> work(store::Buckets& buckets, const OpenHost& open);
  void take_objects(Objects& objects, store::Buckets& buckets);
  Result<Done> transform(const TransformObject& object, int threads, store::Buckets& buckets);
  Result<Done> write_answers(const TransformObject& object, std::size_t wave, store::Buckets& buckets);
  Result<Done> read_more(Source& source);
  Result<bool> next_group(Source& source, Group& group);
  void answer(Group& group, const TransformObject& object);
  Result<std::string> answer_record(std::string_view record, const TransformObject& object);
  Result<Done> put(const TransformObject& object, const std::filesystem::path& file, store::Buckets& buckets);
  bool pause(milliseconds time);
  void tell(Phase phase, std::string reason = {});
  void tell_locked(Phase phase, std::string reason) CHILIAD_REQUIRES(telling);
  void tell_progress();

  std::uint64_t max_payload() const {
    return plan.max_payload_mb <= 0 ? kMaxPayload : static_cast<std::uint64_t>(plan.max_payload_mb) << 20;
  }

  const TransformPlan plan;
  const TransformObserver observer;
  const std::string log_stream;
  std::optional<TransformRecords> records;
  std::optional<S3Location> output;
  std::shared_ptr<ModelHost> host;
  std::atomic<std::uint64_t> objects_written{0};
  std::atomic<std::uint64_t> records_answered{0};
  std::atomic<bool> ending{false};     // Stopped, or abandoned:
  std::atomic<bool> abandoned{false};  // nobody is told.
  Mutex mutex;
  Condition wake;
  Mutex telling;  // The observer is called by one thread at a time.
  steady_clock::time_point told CHILIAD_GUARDED_BY(telling){};
};

TransformRunner::TransformRunner(store::BucketAccess& access, watch::LogSink& logs, OpenHost open)
    : access_(access), logs_(logs), open_(std::move(open)), pool_(kJobsAtATime, kMaxJobs) {}

TransformRunner::~TransformRunner() {
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, job] : jobs_) {
      job->abandoned = true;
      job->ending = true;
      const MutexLock waiting(job->mutex);
      job->wake.notify_all();
    }
  }
  pool_.stop();
}

Result<Done> TransformRunner::start(TransformPlan plan, TransformObserver observer) {
  auto job = std::make_shared<Job>(std::move(plan), std::move(observer));
  Result<TransformRecords> records = TransformRecords::open(job->plan);
  if (!records) return std::move(records).error();
  job->records = std::move(*records);
  Result<S3Location> output = parse_s3_uri(job->plan.output_path);
  if (!output) return std::move(output).error().in("TransformOutput.S3OutputPath");
  job->output = as_folder(std::move(*output));
  {
    const MutexLock lock(mutex_);
    if (!jobs_.emplace(job->plan.name, job).second) {
      return Error{ErrorCode::kConflict, "a transform job of the name " + job->plan.name + " runs"};
    }
  }
  job->tell(Phase::kQueued);
  if (pool_.submit([this, job] { run(job); })) return Done{};
  const MutexLock lock(mutex_);
  jobs_.erase(job->plan.name);
  return Error{ErrorCode::kUnavailable, "too many transform jobs are waiting: try again later"};
}

void TransformRunner::stop(std::string_view name) {
  const MutexLock lock(mutex_);
  const auto found = jobs_.find(name);
  if (found == jobs_.end()) return;
  found->second->ending = true;
  const MutexLock waiting(found->second->mutex);
  found->second->wake.notify_all();
}

void TransformRunner::log(const Job& job, std::string_view text) {
  const watch::LogLine line{watch::now_in_milliseconds(), text};
  logs_.append("/aws/sagemaker/TransformJobs", job.log_stream, {&line, 1});
}

void TransformRunner::run(const std::shared_ptr<Job>& job) {
  Result<Done> done = Done{};
  if (!job->ending) {
    log(*job, "transforming " + job->plan.input_uri + " with model " + job->plan.model.model_name);
    job->tell(Phase::kRunning);
    done = job->work(*access_.of(job->plan.model.role_arn), open_);
  }
  {
    const MutexLock lock(mutex_);
    jobs_.erase(job->plan.name);
  }
  if (job->abandoned) return;
  const std::string figures = std::to_string(job->objects_written) + " objects of output, " +
                              std::to_string(job->records_answered) + " records";
  if (job->ending) {
    log(*job, "stopped after " + figures);
    return job->tell(Phase::kStopped);
  }
  log(*job, done ? "completed: " + figures : "failed after " + figures + ": " + done.error().message);
  if (done) return job->tell(Phase::kCompleted);
  job->tell(Phase::kFailed, done.error().message);
}

// ---------------------------------------------------------------------------------------------------
// One job
// ---------------------------------------------------------------------------------------------------

void TransformRunner::Job::tell(Phase phase, std::string reason) {
  const MutexLock lock(telling);
  tell_locked(phase, std::move(reason));
}

void TransformRunner::Job::tell_locked(Phase phase, std::string reason) {
  if (abandoned) return;
  TransformProgress progress;
  progress.phase = phase;
  progress.failure_reason = std::move(reason);
  progress.objects = objects_written;
  progress.records = records_answered;
  told = steady_clock::now();
  observer(progress);
}

void TransformRunner::Job::tell_progress() {
  const MutexLock lock(telling);
  if (steady_clock::now() - told >= seconds(1)) tell_locked(Phase::kRunning, {});
}

// False when the job ends meanwhile.
bool TransformRunner::Job::pause(milliseconds time) {
  const Deadline until = steady_clock::now() + time;
  const MutexLock lock(mutex);
  while (!ending && steady_clock::now() < until) wake.wait_until(mutex, until);
  return !ending;
}

Result<Done> TransformRunner::Job::work(store::Buckets& buckets, const OpenHost& open) {
  Result<std::shared_ptr<ModelHost>> opened = open(plan.model);
  if (!opened) return std::move(opened).error();
  host = std::move(*opened);
  Result<std::unique_ptr<TransformInput>> input = TransformInput::open(plan, buckets);
  if (!input) return std::move(input).error();
  const int threads = std::clamp(plan.max_concurrent_transforms, 1, kMaxConcurrent);
  Result<std::optional<TransformObject>> first = (*input)->next(steady_clock::now() + kStoreTime);
  if (!first) return std::move(first).error();
  if (!*first) {
    return Error{ErrorCode::kNotFound, "No S3 objects found under S3 URL " + plan.input_uri +
                                           ". Please ensure that the bucket exists in the selected region and that "
                                           "objects exist under that S3 prefix."};
  }
  Result<std::optional<TransformObject>> second = (*input)->next(steady_clock::now() + kStoreTime);
  if (!second) return std::move(second).error();
  if (!*second) return transform(**first, threads, buckets);

  Objects objects{**input, {}, {}, {}};
  {
    const MutexLock lock(objects.mutex);
    objects.ahead.push_back(std::move(**first));
    objects.ahead.push_back(std::move(**second));
  }
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { take_objects(objects, buckets); });
  take_objects(objects, buckets);
  for (std::thread& other : others) other.join();
  const MutexLock lock(objects.mutex);
  if (objects.failure) return std::move(*objects.failure);
  return Done{};
}

// One thread of a job with many objects: until there are no more, or one has failed.
void TransformRunner::Job::take_objects(Objects& objects, store::Buckets& buckets) {
  while (!ending) {
    std::optional<TransformObject> object;
    {
      const MutexLock lock(objects.mutex);
      if (objects.failure) return;
      if (!objects.ahead.empty()) {
        object = std::move(objects.ahead.front());
        objects.ahead.pop_front();
      } else {
        // Under the lock: the others would wait for this page anyway.
        Result<std::optional<TransformObject>> next = objects.input.next(steady_clock::now() + kStoreTime);
        if (!next) {
          objects.failure = std::move(next).error();
          return;
        }
        object = std::move(*next);
      }
    }
    if (!object) return;
    if (Result<Done> done = transform(*object, 1, buckets); !done) {
      const MutexLock lock(objects.mutex);
      if (!objects.failure) objects.failure = std::move(done).error();
      return;
    }
    tell_progress();
  }
}

Result<Done> TransformRunner::Job::transform(const TransformObject& object, int threads, store::Buckets& buckets) {
  Result<Done> done = write_answers(object, static_cast<std::size_t>(threads), buckets);
  if (!done) return std::move(done).error().in("s3://" + object.bucket + "/" + object.key);
  return done;
}

Result<Done> TransformRunner::Job::write_answers(const TransformObject& object, std::size_t wave,
                                                 store::Buckets& buckets) {
  Result<store::ObjectInfo> info = object.store->head(object.key, steady_clock::now() + kStoreTime);
  if (!info) return std::move(info).error();
  Source source;
  source.object = object;
  source.size = info->size_bytes;
  Result<TempFolder> folder = TempFolder::make();
  if (!folder) return std::move(folder).error();
  const std::filesystem::path path = folder->path() / "out";
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::move(file).error();
  bool more = true;
  while (more && !ending) {
    std::vector<Group> groups;
    groups.reserve(wave);  // Records are views of their group.
    while (more && groups.size() < wave) {
      Group& group = groups.emplace_back();
      Result<bool> read = next_group(source, group);
      if (!read) return std::move(read).error();
      more = *read;
      if (group.records.empty()) groups.pop_back();
    }
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < groups.size(); ++i) {
      threads.emplace_back([this, &object, &group = groups[i]] { answer(group, object); });
    }
    if (!groups.empty()) answer(groups.front(), object);
    for (std::thread& thread : threads) thread.join();
    for (Group& group : groups) {
      if (group.failure) return std::move(*group.failure);
      if (Result<Done> written = write_all(*file, group.output, path); !written) return written;
      records_answered += group.records.size();
    }
    tell_progress();
  }
  if (ending) return Done{};
  file->reset();
  return put(object, path, buckets);
}

// The next piece of the object; a packed one whole.
Result<Done> TransformRunner::Job::read_more(Source& source) {
  if (source.offset >= source.size) {
    source.at_end = true;
    return Done{};
  }
  store::ByteRange range{source.offset, kPiece};
  if (plan.gzip) {
    if (source.size > kMaxPayload) return Error{ErrorCode::kTooLarge, "a packed object has at most 100 MiB"};
    range = {};
  }
  Result<std::string> piece = source.object.store->get(source.object.key, range, steady_clock::now() + kStoreTime);
  if (!piece) return std::move(piece).error();
  if (piece->empty()) return Error{ErrorCode::kConflict, "the object was replaced while it was read"};
  source.offset += piece->size();
  if (!plan.gzip) {
    source.rest += *piece;
    return Done{};
  }
  source.offset = source.size;
  Result<archive::Buffer> unpacked = archive::gunzip(*piece, kMaxUnpacked);
  if (!unpacked) return std::move(unpacked).error();
  source.rest = unpacked->view();
  return Done{};
}

// False: the object's last group. A group is a payload's worth of whole lines, or the object.
Result<bool> TransformRunner::Job::next_group(Source& source, Group& group) {
  const bool lines = plan.split == TransformPlan::Split::kLine;
  std::size_t end = std::string::npos;
  for (;;) {
    if (lines && source.rest.size() >= kPiece) {
      end = source.rest.rfind('\n', kPiece);
      if (end == std::string::npos) end = source.rest.find('\n', kPiece);  // One long line.
    }
    if (end != std::string::npos || source.at_end) break;
    if (source.rest.size() > max_payload()) {
      return Error{ErrorCode::kTooLarge,
                   "a record is larger than MaxPayloadInMB, " + std::to_string(max_payload() >> 20) + " MB"};
    }
    if (Result<Done> read = read_more(source); !read) return std::move(read).error();
  }
  const bool last = end == std::string::npos;
  group.text = last ? std::move(source.rest) : source.rest.substr(0, end + 1);
  source.rest.erase(0, last ? std::string::npos : end + 1);
  group.first = source.records;
  add_records(group, lines);
  source.records += group.records.size();
  return !last;
}

void TransformRunner::Job::answer(Group& group, const TransformObject& object) {
  for (std::size_t i = 0; i < group.records.size() && !ending; ++i) {
    const std::string_view record = group.records[i];
    Result<std::string> answer = record.size() > max_payload()
                                     ? Result<std::string>(Error{ErrorCode::kTooLarge, "larger than MaxPayloadInMB"})
                                     : answer_record(record, object);
    if (!answer) {
      group.failure = std::move(answer).error().in("record " + std::to_string(group.first + i + 1));
      return;
    }
    group.output += *answer;
    if (plan.assemble == TransformPlan::Assemble::kLine) group.output += '\n';
  }
}

Result<std::string> TransformRunner::Job::answer_record(std::string_view record, const TransformObject& object) {
  Result<TransformRecords::Sent> sent = records->sent(record, object.key);
  if (!sent) return std::move(sent).error();
  HostCall call;
  call.target_model = sent->target_model;
  call.body = sent->body;
  call.content_type = plan.content_type;
  call.accept = plan.accept;
  for (int tries = 0;; ++tries) {
    call.received = steady_clock::now();
    HostAnswer answer;
    const HostResult result =
        answer_and_wait(*host, call, call.received + seconds(plan.invocations_timeout_seconds), answer);
    if (result.end == HostEnd::kAnswered) return records->kept(record, std::move(answer.body));
    const bool may_pass = result.end == HostEnd::kNotReady || result.end == HostEnd::kUnavailable;
    if (!may_pass || tries >= plan.invocations_max_retries || !pause(milliseconds(500) * (1 << tries))) {
      const bool client =
          result.end == HostEnd::kInvalid || (result.end == HostEnd::kModelError && result.original_status < 500);
      return Error{ErrorCode::kInvalid, (client ? "ClientError: " : "ModelError: ") + result.message};
    }
  }
}

Result<Done> TransformRunner::Job::put(const TransformObject& object, const std::filesystem::path& file,
                                       store::Buckets& buckets) {
  Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(output->bucket);
  if (!store) return std::move(store).error().in("TransformOutput.S3OutputPath");
  Result<store::ObjectInfo> info =
      (*store)->upload(file, output->key + object.relative + ".out", steady_clock::now() + kStoreTime);
  if (!info) return std::move(info).error().in("TransformOutput.S3OutputPath");
  ++objects_written;
  return Done{};
}

}  // namespace chiliad::hosting
