#include "hosting/hosting.h"

#include <cmath>
#include <map>
#include <thread>

#include "base/mutex.h"
#include "base/work_pool.h"
#include "hosting/async_queue.h"
#include "hosting/async_runner.h"
#include "hosting/capture.h"
#include "hosting/container_hosts.h"
#include "hosting/endpoint_log.h"
#include "hosting/endpoint_table.h"
#include "hosting/model_library.h"
#include "hosting/native_host.h"
#include "hosting/reporter.h"
#include "hosting/runtime.h"
#include "hosting/transform.h"
#include "runtime/catalog.h"
#include "store/bucket_access.h"

namespace chiliad::hosting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::string_view kNativeImage = "chiliad-prophet";
constexpr std::string_view kTransformGroup = "/aws/sagemaker/TransformJobs";
constexpr std::size_t kMaxWaiting = 64;  // Heavy calls, and loads that are not kept.
constexpr std::size_t kMaxWaitingBatches = 16;
constexpr std::size_t kMaxWaitingWrites = 4'096;
constexpr std::size_t kMaxWaitingDeploys = 10'000;
constexpr int kSlowDeploys = 16;  // Of foreign servers, which take seconds to an hour to start.
constexpr auto kReport = seconds(10);
constexpr auto kTick = seconds(1);
constexpr auto kRevalidation = seconds(60);  // At most, for one round.

Result<Done> check_plan(const EndpointPlan& plan) {
  if (plan.variants.empty()) return Error{ErrorCode::kInvalid, "endpoint " + plan.name + " has no variants"};
  for (std::size_t i = 0; i < plan.variants.size(); ++i) {
    const VariantPlan& variant = plan.variants[i];
    if (!(variant.weight >= 0) || !std::isfinite(variant.weight)) {
      return Error{ErrorCode::kInvalid, "variant " + variant.name + ": a weight is 0 or above"};
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (plan.variants[j].name == variant.name) {
        return Error{ErrorCode::kInvalid, "two variants are named " + variant.name};
      }
    }
  }
  if (!plan.async) return Done{};
  Result<S3Location> output = parse_s3_uri(plan.async->output_path);
  if (!output) return std::move(output).error().in("AsyncInferenceConfig.OutputConfig.S3OutputPath");
  if (plan.async->failure_path.empty()) return Done{};
  Result<S3Location> failure = parse_s3_uri(plan.async->failure_path);
  if (!failure) return std::move(failure).error().in("AsyncInferenceConfig.OutputConfig.S3FailurePath");
  return Done{};
}

serve::ModelCache::Options cache_options(const HostingOptions& options) {
  serve::ModelCache::Options cache;
  cache.memory_budget_bytes = options.memory_budget_bytes;
  cache.disk_budget_bytes = options.local ? 0 : options.disk_budget_bytes;
  cache.disk_folder = options.cache_folder;
  cache.load_threads = options.load_threads > 0 ? options.load_threads
                       : options.local          ? std::max(1, options.threads)
                                                : 16;
  return cache;
}

// What a plan's images stand for.
struct Answerer {
  const runtime::Entry* foreign = nullptr;  // Null: the native server.
};

}  // namespace

// Ends from the outside in: first what begins work, then what works, the cache (which calls back who still waits), and
// last what those write to.
struct Hosting::State {
  State(HostingOptions its_options, store::Buckets& its_buckets, watch::LogSink& its_logs,
        watch::MetricSink& its_metrics)
      : options(std::move(its_options)),
        buckets(its_buckets),
        everything(its_buckets),
        access(options.access != nullptr ? *options.access : everything),
        logs(its_logs),
        log(its_logs, options.region, options.account),
        reporter(its_metrics),
        captures(std::make_unique<CaptureWriter>(CaptureWriter::Options{}, access, its_logs)),
        heavy(std::max(1, options.threads), kMaxWaiting),
        uncached(4, kMaxWaiting),
        batches(std::max(1, options.threads), kMaxWaitingBatches),
        writers(1, kMaxWaitingWrites),
        deploys(2, kMaxWaitingDeploys),
        slow_deploys(options.boxes != nullptr ? kSlowDeploys : 0, kMaxWaitingDeploys) {}

  Result<Done> start();
  void stop();
  void tick();
  void revalidate();
  bool wait(Deadline until);

  Result<Answerer> answerer(const ModelPlan& plan) const;
  bool is_slow(const EndpointPlan& plan) const;
  Result<std::shared_ptr<ModelHost>> open_host(const ModelPlan& plan, const ContainerHosts::Log& place, bool check,
                                               const std::function<bool()>& abandoned);
  Result<std::shared_ptr<const Deployment>> build(const EndpointPlan& plan, bool check,
                                                  const std::function<bool()>& abandoned);
  void deploy(const EndpointPlan& plan, bool resume, std::uint64_t generation, const Deployed& done);
  Result<Done> swap(std::shared_ptr<const Deployment> deployment, std::uint64_t generation);

  const HostingOptions options;
  store::Buckets& buckets;
  store::EveryBucket everything;
  store::BucketAccess& access;
  watch::LogSink& logs;
  EndpointLog log;
  Reporter reporter;
  std::unique_ptr<CaptureWriter> captures;
  std::unique_ptr<ModelLibrary> library;
  std::unique_ptr<ContainerHosts> containers;  // Null: foreign servers cannot run.
  std::unique_ptr<AsyncQueue> queue;
  EndpointTable endpoints;
  WorkPool heavy;
  WorkPool uncached;
  WorkPool batches;
  WorkPool writers;
  WorkPool deploys;
  WorkPool slow_deploys;
  std::unique_ptr<AsyncRunner> async;
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<TransformRunner> transforms;
  store::Subscription changes;

  Mutex deploying;  // Of one name, the last deploy() or remove() decides.
  struct Latest {
    std::uint64_t generation = 0;
    int running = 0;
  };
  std::map<std::string, Latest, std::less<>> latest CHILIAD_GUARDED_BY(deploying);

  Mutex mutex;
  Condition wake;
  bool stopping CHILIAD_GUARDED_BY(mutex) = false;
  std::vector<std::thread> clocks;
};

// ---------------------------------------------------------------------------------------------------
// Beginning and end
// ---------------------------------------------------------------------------------------------------

Hosting::Hosting(std::unique_ptr<State> state) : state_(std::move(state)) {}

Hosting::~Hosting() { state_->stop(); }

Result<std::unique_ptr<Hosting>> Hosting::open(HostingOptions options, store::Buckets& buckets, watch::LogSink& logs,
                                               watch::MetricSink& metrics) {
  auto state = std::make_unique<State>(std::move(options), buckets, logs, metrics);
  if (Result<Done> started = state->start(); !started) return std::move(started).error();
  return std::unique_ptr<Hosting>(new Hosting(std::move(state)));
}

Result<Done> Hosting::State::start() {
  ModelLibrary::Options library_options;
  library_options.cache = cache_options(options);
  library_options.local = options.local;
  Result<std::unique_ptr<ModelLibrary>> opened = ModelLibrary::open(std::move(library_options), access);
  if (!opened) return std::move(opened).error();
  library = std::move(*opened);
  if (options.boxes != nullptr) {
    ContainerHosts::Options container_options;
    container_options.folder = options.container_folder;
    container_options.disk_bytes = options.container_disk_bytes;
    container_options.memory_bytes = options.container_memory_bytes;
    container_options.load_wait = options.container_load_wait;
    container_options.answer_bytes = options.container_answer_bytes;
    Result<std::unique_ptr<ContainerHosts>> foreign =
        ContainerHosts::open(std::move(container_options),
                             {*options.boxes, options.podman, options.environments, options.credentials, access, logs});
    if (!foreign) return std::move(foreign).error();
    containers = std::move(*foreign);
  }
  Result<std::unique_ptr<AsyncQueue>> kept = AsyncQueue::open(options.state_folder / "hosting.db", {});
  if (!kept) return std::move(kept).error();
  queue = std::move(*kept);
  const auto ended = [this](const AsyncCall& call, const Deployment*, const Variant* variant, const HostResult& result,
                            std::chrono::nanoseconds overhead) {
    if (variant != nullptr) count_call(call.endpoint, *variant, result, status_of(result), overhead, log);
    if (result.end == HostEnd::kAnswered) return;
    log.write_some(call.endpoint, variant != nullptr ? variant->plan.name : "AllTraffic",
                   "asynchronous call " + call.inference_id + " failed: " + result.message);
  };
  async = std::make_unique<AsyncRunner>(std::max(1, options.threads), *queue, endpoints, access, ended);
  runtime = std::make_unique<Runtime>(options.region, options.account, endpoints, *queue, *async, writers, log);
  transforms = std::make_unique<TransformRunner>(
      access, logs, [this](const ModelPlan& plan, const std::string& job, const std::function<bool()>& stopped) {
        return open_host(plan, {std::string(kTransformGroup), job}, true, stopped);
      });
  changes = buckets.subscribe([this](std::string_view bucket, std::string_view key) {
    library->changed(bucket, key);
    if (containers) containers->changed(bucket, key);
  });
  clocks.emplace_back([this] { tick(); });
  if (!options.local && options.revalidate.count() > 0) clocks.emplace_back([this] { revalidate(); });
  return Done{};
}

void Hosting::State::stop() {
  {
    const MutexLock lock(mutex);
    stopping = true;
    wake.notify_all();
  }
  for (std::thread& clock : clocks) clock.join();
  if (containers) containers->begin_end();
  transforms.reset();
  deploys.stop();
  slow_deploys.stop();
  async->stop();
  writers.stop();
  batches.stop();
  uncached.stop();
  heavy.stop();
  changes.reset();
  // Deployments go while the library is there: a single model's pin and its place are theirs.
  std::vector<std::string> names;
  for (const auto& [name, deployment] : *endpoints.now()) names.emplace_back(name);
  for (const std::string& name : names) endpoints.remove(name);
  containers.reset();
  library.reset();
  captures.reset();
  reporter.report();
}

// False when it is time to end.
bool Hosting::State::wait(Deadline until) {
  const MutexLock lock(mutex);
  while (!stopping && steady_clock::now() < until) wake.wait_until(mutex, until);
  return !stopping;
}

void Hosting::State::tick() {
  Deadline next_report = steady_clock::now() + kReport;
  while (wait(steady_clock::now() + kTick)) {
    library->tidy();
    if (steady_clock::now() < next_report) continue;
    next_report = steady_clock::now() + kReport;
    reporter.report();
  }
}

void Hosting::State::revalidate() {
  while (wait(steady_clock::now() + options.revalidate)) {
    library->revalidate(steady_clock::now() + kRevalidation);
    if (containers) containers->revalidate(steady_clock::now() + kRevalidation);
  }
}

// ---------------------------------------------------------------------------------------------------
// Deploying
// ---------------------------------------------------------------------------------------------------

// The one place that knows which kinds of hosts there are. Errors: kInvalid: the image stands for none of them.
Result<Answerer> Hosting::State::answerer(const ModelPlan& plan) const {
  const std::string image = "The image of model " + plan.model_name + ", '" + plan.image + "', cannot be run here: ";
  if (options.catalog == nullptr) {
    if (image_name(plan.image) == kNativeImage) return Answerer{};
    return Error{ErrorCode::kInvalid,
                 image + "endpoints run images whose name ends in '" + std::string(kNativeImage) + "'."};
  }
  Result<const runtime::Entry*> entry = options.catalog->find(plan.image);
  if (!entry) return Error{entry.error().code, image + entry.error().message};
  switch ((*entry)->server) {
    case runtime::Server::kNative: return Answerer{};
    case runtime::Server::kContainer: break;
    case runtime::Server::kNone:
      return Error{ErrorCode::kInvalid,
                   image + "the runtime " + (*entry)->name + " (" + (*entry)->source + ") has no server"};
  }
  if (containers == nullptr) return Error{ErrorCode::kInvalid, image + "foreign servers are off"};
  return Answerer{*entry};
}

bool Hosting::State::is_slow(const EndpointPlan& plan) const {
  return std::any_of(plan.variants.begin(), plan.variants.end(), [this](const VariantPlan& variant) {
    const Result<Answerer> who = answerer(variant.model);
    return who && who->foreign != nullptr;
  });
}

Result<std::shared_ptr<ModelHost>> Hosting::State::open_host(const ModelPlan& plan, const ContainerHosts::Log& place,
                                                             bool check, const std::function<bool()>& abandoned) {
  Result<Answerer> who = answerer(plan);
  if (!who) return std::move(who).error();
  if (who->foreign != nullptr) return containers->open_host(*who->foreign, plan, place, check, abandoned);
  NativeHost::Options host_options;
  host_options.check = check;
  host_options.load_wait = options.load_wait;
  return NativeHost::open(plan, host_options, *library, {heavy, uncached, batches});
}

Result<std::shared_ptr<const Deployment>> Hosting::State::build(const EndpointPlan& plan, bool check,
                                                                const std::function<bool()>& abandoned) {
  if (Result<Done> sense = check_plan(plan); !sense) return std::move(sense).error();
  const LogPlace place = log.place(plan.name);
  std::vector<Variant> variants;
  for (const VariantPlan& variant_plan : plan.variants) {
    Result<std::shared_ptr<ModelHost>> host =
        open_host(variant_plan.model, {place.group, variant_plan.name}, check, abandoned);
    if (!host) return std::move(host).error();
    Variant variant;
    variant.plan = variant_plan;
    variant.host = std::move(*host);
    variant.tally = reporter.add(plan.name, variant_plan.name, variant.host->loads());
    net::HttpResponse named;
    named.add_field("x-Amzn-Invoked-Production-Variant", variant_plan.name);
    variant.answer_field = named.fields;
    if (plan.capture.enabled) {
      Result<std::shared_ptr<CaptureStream>> capture =
          captures->stream(plan.name, variant_plan.name, plan.capture, variant_plan.model.role_arn);
      if (!capture) return std::move(capture).error();
      variant.capture = std::move(*capture);
    }
    variants.push_back(std::move(variant));
  }
  return std::make_shared<const Deployment>(plan, place, std::move(variants));
}

Hosting::CaptureCounters Hosting::capture_counters() const {
  const CaptureWriter::Counters counters = state_->captures->counters();
  return {counters.written, counters.dropped, counters.failed};
}

Result<Done> Hosting::check(const ModelPlan& plan) const {
  const Result<Answerer> who = state_->answerer(plan);
  if (!who) return who.error();
  return Done{};
}

void Hosting::deploy(EndpointPlan plan, bool resume, Deployed done) {
  State& state = *state_;
  std::uint64_t generation = 0;
  {
    const MutexLock lock(state.deploying);
    State::Latest& latest = state.latest[plan.name];
    generation = ++latest.generation;
    ++latest.running;
  }
  const auto kept = std::make_shared<EndpointPlan>(std::move(plan));
  const auto work = [&state, kept, resume, generation, done] { state.deploy(*kept, resume, generation, done); };
  if ((state.is_slow(*kept) ? state.slow_deploys : state.deploys).submit(work)) return;
  {
    const MutexLock lock(state.deploying);
    const auto latest = state.latest.find(kept->name);
    if (--latest->second.running == 0) state.latest.erase(latest);
  }
  done(Error{ErrorCode::kUnavailable, "too many endpoints are being deployed: try again later"});
}

void Hosting::State::deploy(const EndpointPlan& plan, bool resume, std::uint64_t generation, const Deployed& done) {
  const auto abandoned = [this, &plan, generation] {
    {
      const MutexLock lock(mutex);
      if (stopping) return true;
    }
    const MutexLock lock(deploying);
    const auto found = latest.find(plan.name);
    return found == latest.end() || found->second.generation != generation;
  };
  Result<std::shared_ptr<const Deployment>> built = build(plan, !resume, abandoned);
  const Result<Done> outcome = built ? swap(std::move(*built), generation) : Result<Done>(built.error());
  {
    const MutexLock lock(deploying);
    const auto found = latest.find(plan.name);
    if (--found->second.running == 0) latest.erase(found);
  }
  const std::string& variant = plan.variants.empty() ? plan.name : plan.variants.front().name;
  log.write(plan.name, variant,
            outcome ? "endpoint configuration " + plan.config_name + " is in service"
                    : "endpoint configuration " + plan.config_name + " failed: " + outcome.error().message);
  if (outcome) async->wake();
  done(outcome);
}

Result<Done> Hosting::State::swap(std::shared_ptr<const Deployment> deployment, std::uint64_t generation) {
  std::shared_ptr<const Deployment> before;  // Goes after the lock: its end may free much.
  const MutexLock lock(deploying);
  const auto found = latest.find(deployment->plan().name);
  if (found->second.generation != generation) {
    return Error{ErrorCode::kConflict, "another change of the endpoint came in between"};
  }
  before = endpoints.put(std::move(deployment));
  return Done{};
}

void Hosting::remove(std::string_view name) {
  std::shared_ptr<const Deployment> before;
  {
    const MutexLock lock(state_->deploying);
    if (const auto found = state_->latest.find(name); found != state_->latest.end()) ++found->second.generation;
    before = state_->endpoints.remove(name);
  }
  state_->async->fail_all(std::string(name));
  if (before == nullptr) return;
  state_->log.write(name, before->variants().front().plan.name, "the endpoint is out of service");
}

std::optional<EndpointState> Hosting::describe(std::string_view name) const {
  const std::shared_ptr<const Deployment> deployment = state_->endpoints.find(name);
  if (deployment == nullptr) return std::nullopt;
  EndpointState told;
  told.config_name = deployment->plan().config_name;
  for (const Variant& variant : deployment->variants()) {
    told.variants.push_back(
        VariantState{variant.plan.name, variant.plan.model.image, variant.plan.weight, variant.plan.instance_count});
  }
  return told;
}

Result<Done> Hosting::set_weights(std::string_view name, std::span<const VariantChange> changes) {
  for (;;) {
    const std::shared_ptr<const Deployment> before = state_->endpoints.find(name);
    if (before == nullptr) return Error{ErrorCode::kNotFound, "endpoint " + std::string(name) + " is not in service"};
    std::vector<Variant> variants = before->variants();
    for (const VariantChange& change : changes) {
      const auto known = std::find_if(variants.begin(), variants.end(),
                                      [&](const Variant& variant) { return variant.plan.name == change.variant; });
      if (known == variants.end()) {
        return Error{ErrorCode::kNotFound, "endpoint " + std::string(name) + " has no variant " + change.variant};
      }
      if (change.weight) known->plan.weight = *change.weight;
      if (change.instance_count) known->plan.instance_count = *change.instance_count;
    }
    EndpointPlan plan = before->plan();
    plan.variants.clear();
    for (const Variant& variant : variants) plan.variants.push_back(variant.plan);
    if (Result<Done> sense = check_plan(plan); !sense) return sense;
    auto after = std::make_shared<const Deployment>(std::move(plan), before->log(), std::move(variants));
    if (state_->endpoints.replace(before, std::move(after))) return Done{};
    // Somebody changed it meanwhile: again, over what is there now.
  }
}

// ---------------------------------------------------------------------------------------------------
// Calls and transform jobs
// ---------------------------------------------------------------------------------------------------

net::HttpHandler::BodyPlan Hosting::begin(const aws::HeadCall& call) { return Runtime::begin(call); }

void Hosting::handle(const aws::Call& call) { state_->runtime->handle(call); }

Result<Done> Hosting::start_transform(TransformPlan plan, TransformObserver observer) {
  return state_->transforms->start(std::move(plan), std::move(observer));
}

void Hosting::stop_transform(std::string_view name) { state_->transforms->stop(name); }

}  // namespace chiliad::hosting
