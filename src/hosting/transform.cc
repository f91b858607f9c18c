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

#include "base/file.h"
#include "base/random.h"
#include "hosting/answer_spool.h"
#include "hosting/transform_capture.h"
#include "hosting/transform_input.h"
#include "hosting/transform_record.h"
#include "hosting/transform_source.h"

namespace chiliad::hosting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using Phase = TransformProgress::Phase;

constexpr int kJobsAtATime = 2;
constexpr std::size_t kMaxJobs = 10'000;  // That wait.
constexpr int kMaxConcurrent = 16;
constexpr std::uint64_t kLargeRecords = std::uint64_t{512} << 20;
constexpr auto kStoreTime = seconds(300);

// A group of records and what was answered.
struct Answers {
  explicit Answers(std::filesystem::path file) : output(std::move(file)) {}
  TransformSource::Group group;
  AnswerSpool output;
  std::optional<Error> failure;
};

// Objects of a job, for its threads.
struct Objects {
  TransformInput& input CHILIAD_GUARDED_BY(mutex);
  Mutex mutex;
  std::deque<TransformObject> ahead CHILIAD_GUARDED_BY(mutex);
  std::optional<Error> failure CHILIAD_GUARDED_BY(mutex);
};

}  // namespace

struct TransformRunner::Job {
  Job(TransformPlan its_plan, TransformObserver its_observer, TransformBudget& the_budget)
      : plan(std::move(its_plan)),
        observer(std::move(its_observer)),
        budget(the_budget),
        log_stream(plan.name + "/i-" + random_text("0123456789abcdef", 17) + "-" +
                   std::to_string(watch::now_in_milliseconds().time_since_epoch().count() / 1000)) {}

  Result<Done> work(store::Buckets& buckets, const OpenHost& open);
  Result<Done> transform_all(store::Buckets& buckets);
  void take_objects(Objects& objects, store::Buckets& buckets);
  Result<Done> transform(const TransformObject& object, int threads, store::Buckets& buckets);
  Result<Done> write_answers(const TransformObject& object, std::size_t wave, store::Buckets& buckets);
  void answer(Answers& answers, const TransformObject& object);
  Result<std::string> answer_record(std::string_view record, const TransformObject& object);
  Result<Done> put(const TransformObject& object, const std::filesystem::path& file, store::Buckets& buckets);
  bool pause(milliseconds time);
  void tell(Phase phase, std::string reason = {});
  void tell_locked(Phase phase, std::string reason) CHILIAD_REQUIRES(telling);
  void tell_progress();

  const TransformPlan plan;
  const TransformObserver observer;
  TransformBudget& budget;
  const std::string log_stream;
  std::optional<TransformRecords> records;
  std::optional<S3Location> output;
  Instant begun;
  std::unique_ptr<TransformCapture> capture;  // Null: none.
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
    : access_(access), logs_(logs), open_(std::move(open)), budget_(kLargeRecords), pool_(kJobsAtATime, kMaxJobs) {}

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
  budget_.look_again();
  pool_.stop();
}

Result<Done> TransformRunner::start(TransformPlan plan, TransformObserver observer) {
  auto job = std::make_shared<Job>(std::move(plan), std::move(observer), budget_);
  Result<TransformRecords> records = TransformRecords::open(job->plan);
  if (!records) return std::move(records).error();
  job->records = std::move(*records);
  Result<S3Location> output = parse_s3_uri(job->plan.output_path);
  if (!output) return std::move(output).error().in("TransformOutput.S3OutputPath");
  job->output = as_folder(std::move(*output));
  if (!job->plan.capture_destination.empty()) {
    Result<S3Location> captures = parse_s3_uri(job->plan.capture_destination);
    if (!captures) return std::move(captures).error().in("DataCaptureConfig.DestinationS3Uri");
  }
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
  {
    const MutexLock lock(mutex_);
    const auto found = jobs_.find(name);
    if (found == jobs_.end()) return;
    found->second->ending = true;
    const MutexLock waiting(found->second->mutex);
    found->second->wake.notify_all();
  }
  budget_.look_again();
}

void TransformRunner::log(const Job& job, std::string_view text) {
  const watch::LogLine line{watch::now_in_milliseconds(), text};
  logs_.append("/aws/sagemaker/TransformJobs", job.log_stream, {&line, 1});
}

void TransformRunner::run(const std::shared_ptr<Job>& job) {
  Result<Done> done = Done{};
  if (!job->ending) {
    log(*job, "transforming " + job->plan.input_uri + " with model " + job->plan.model.model_name);
    job->begun = std::chrono::system_clock::now();
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
  Result<std::shared_ptr<ModelHost>> opened = open(plan.model, plan.name, [this] { return ending.load(); });
  if (!opened) return std::move(opened).error();
  host = std::move(*opened);
  if (!plan.capture_destination.empty()) {
    Result<std::unique_ptr<TransformCapture>> made = TransformCapture::open(plan, *output, begun);
    if (!made) return std::move(made).error();
    capture = *std::move(made);
  }
  Result<Done> done = transform_all(buckets);
  if (!done || ending || !capture) return done;
  return capture->finish(buckets, steady_clock::now() + kStoreTime);
}

Result<Done> TransformRunner::Job::transform_all(store::Buckets& buckets) {
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
  TransformSource source(plan, object, budget, ending);
  Result<TempFolder> folder = TempFolder::make();
  if (!folder) return std::move(folder).error();
  const std::filesystem::path path = folder->path() / "out";
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::move(file).error();
  bool more = true;
  while (more && !ending) {
    std::vector<Answers> all;
    all.reserve(wave);  // Records are views of their group.
    while (more && all.size() < wave) {
      Answers& answers = all.emplace_back(folder->path() / std::to_string(all.size()));
      Result<bool> read = source.next(answers.group);
      if (!read) return ending ? Result<Done>(Done{}) : Result<Done>(std::move(read).error());
      more = *read;
      if (answers.group.holds_share()) break;
      if (answers.group.count() == 0) all.pop_back();
    }
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < all.size(); ++i) {
      threads.emplace_back([this, &object, &answers = all[i]] { answer(answers, object); });
    }
    if (!all.empty()) answer(all.front(), object);
    for (std::thread& thread : threads) thread.join();
    for (Answers& answers : all) {
      if (answers.failure) return std::move(*answers.failure);
      if (Result<Done> written = answers.output.move_to(*file, path); !written) return written;
      records_answered += answers.group.count();
    }
    tell_progress();
  }
  if (ending) return Done{};
  file->reset();
  return put(object, path, buckets);
}

void TransformRunner::Job::answer(Answers& answers, const TransformObject& object) {
  std::size_t number = answers.group.first();
  while (const std::optional<std::string_view> next = ending ? std::nullopt : answers.group.next_record()) {
    const std::string_view record = *next;
    ++number;
    Result<std::string> answer = record.size() > max_record_bytes(plan)
                                     ? Result<std::string>(Error{ErrorCode::kTooLarge, "larger than MaxPayloadInMB"})
                                     : answer_record(record, object);
    if (answer && plan.assemble == TransformPlan::Assemble::kLine) *answer += '\n';
    Result<Done> kept = answer ? answers.output.append(*answer) : Result<Done>(std::move(answer).error());
    if (!kept) {
      answers.failure = std::move(kept).error().in("record " + std::to_string(number));
      return;
    }
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
    if (result.end == HostEnd::kAnswered) {
      Result<std::string> kept = records->kept(record, std::move(answer.body));
      if (!kept || !plan.generate_inference_id) return kept;
      return with_inference_id(*std::move(kept), answer.type().starts_with("text/csv"), begun);
    }
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
  return capture ? capture->add(object) : Result<Done>(Done{});
}

}  // namespace chiliad::hosting
