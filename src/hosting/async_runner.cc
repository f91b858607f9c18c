#include "hosting/async_runner.h"

#include <algorithm>

#include "hosting/s3_location.h"

namespace chiliad::hosting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr auto kStoreTime = seconds(60);
constexpr auto kPause = seconds(2);      // After the store said no.
constexpr auto kLookAgain = seconds(1);  // For calls whose time has come, or is over while their endpoint is not there.
constexpr auto kLongestPause = seconds(30);
constexpr int kMostBroken = 3;
constexpr std::uint64_t kMaxInput = 6'291'456;

HostResult ended(HostEnd end, std::string message) {
  HostResult result;
  result.end = end;
  result.message = std::move(message);
  return result;
}

// Whether asking again later may help.
bool for_the_time_being(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadline || code == ErrorCode::kNoSpace;
}

}  // namespace

AsyncRunner::AsyncRunner(int threads, AsyncQueue& queue, const EndpointTable& endpoints, store::BucketAccess& access,
                         Ended ended)
    : queue_(queue), endpoints_(endpoints), access_(access), ended_(std::move(ended)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

AsyncRunner::~AsyncRunner() { stop(); }

void AsyncRunner::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    work_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void AsyncRunner::wake() {
  const MutexLock lock(mutex_);
  ++woken_;
  work_.notify_all();
}

void AsyncRunner::fail_all(const std::string& endpoint) {
  queue_.doom(endpoint);
  wake();
}

void AsyncRunner::run() {
  for (;;) {
    std::uint64_t woken = 0;
    {
      const MutexLock lock(mutex_);
      if (stopping_) return;
      woken = woken_;
    }
    std::string endpoint;
    std::shared_ptr<const Deployment> deployment;
    if (choose(endpoint, deployment)) {
      work(endpoint, std::move(deployment));
      continue;
    }
    const Deadline until = steady_clock::now() + kLookAgain;
    const MutexLock lock(mutex_);
    while (!stopping_ && woken == woken_ && steady_clock::now() < until) work_.wait_until(mutex_, until);
  }
}

// The next endpoint whose turn it is; counted as running.
bool AsyncRunner::choose(std::string& endpoint, std::shared_ptr<const Deployment>& deployment) {
  const std::vector<std::string> waiting = queue_.waiting();
  if (waiting.empty()) return false;
  const std::shared_ptr<const EndpointTable::Map> table = endpoints_.now();
  const MutexLock lock(mutex_);
  std::erase_if(paused_, [now = steady_clock::now()](const auto& pause) { return pause.second <= now; });
  const auto first = std::upper_bound(waiting.begin(), waiting.end(), last_) - waiting.begin();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const std::string& name = waiting[(static_cast<std::size_t>(first) + i) % waiting.size()];
    if (paused_.contains(name)) continue;
    const auto found = table->find(name);
    deployment = found == table->end() ? nullptr : found->second;
    const int most = deployment && deployment->plan().async ? deployment->plan().async->max_concurrent : 1;
    Turns& turns = turns_[name];
    if (turns.taken || (turns.awaited && turns.running > 0) || turns.running >= std::max(1, most)) continue;
    ++turns.running;
    ++turns.begun;
    endpoint = name;
    last_ = name;
    return true;
  }
  return false;
}

// False: it has to wait for the others' end. `begun` is the call's.
bool AsyncRunner::begin(Taken& taken, const Begun& begun) {
  AsyncCall& call = taken.call;
  call.suspect = call.suspect || begun.suspect;
  call.broken = std::max(call.broken, begun.broken);
  const bool by_itself = call.suspect && !call.doomed;
  const MutexLock lock(mutex_);
  Turns& turns = turns_[call.endpoint];
  const bool others = turns.running > 1;
  if (by_itself && others) {
    turns.awaited = true;
    return false;
  }
  if (!others) turns.awaited = false;
  if (by_itself) turns.taken = true;
  taken.turn = others ? 0 : turns.begun;
  return true;
}

// Whether no other call of its endpoint has run since it began.
bool AsyncRunner::ran_alone(const Taken& taken) {
  const MutexLock lock(mutex_);
  return turns_[taken.call.endpoint].begun == taken.turn;
}

void AsyncRunner::work(const std::string& endpoint, std::shared_ptr<const Deployment> deployment) {
  Result<std::optional<AsyncCall>> call = queue_.take(endpoint);
  bool pause = !call;
  if (call && *call) {
    Taken taken{std::move(**call), std::move(deployment), 0};
    const std::int64_t row = taken.call.row;
    Begun begun;
    {
      const MutexLock lock(mutex_);
      if (const auto found = begun_.find(row); found != begun_.end()) begun = found->second;
    }
    if (begin(taken, begun)) {
      Outcome outcome = handle(taken, begun);
      // What is done and cannot be deleted is done again, to the same place.
      if (outcome == Outcome::kEnded && !queue_.finish(taken.call)) outcome = Outcome::kPaused;
      pause = outcome == Outcome::kPaused;
      {
        const MutexLock lock(mutex_);
        // What the store refused is bounded by its time to live again.
        outcome == Outcome::kLater ? void(begun_[row] = begun) : void(begun_.erase(row));
      }
      if (outcome != Outcome::kEnded) queue_.put_back(taken.call, pause ? Deadline() : begun.again_at);
    } else {
      queue_.put_first(taken.call);
    }
  }
  const MutexLock lock(mutex_);
  if (pause) paused_[endpoint] = steady_clock::now() + kPause;
  Turns& turns = turns_[endpoint];
  // A suspect runs alone, so it is the one that ends.
  turns.taken = false;
  if (--turns.running == 0 && !turns.awaited) turns_.erase(endpoint);
  ++woken_;
  work_.notify_all();
}

AsyncRunner::Outcome AsyncRunner::handle(Taken& taken, Begun& begun) {
  if (taken.call.doomed) {
    taken.deployment.reset();
    return fail(taken, nullptr, ended(HostEnd::kInvalid, "Endpoint " + taken.call.endpoint + " was deleted."));
  }
  if (begun.tries == 0 && system_clock::now() >= taken.call.expires) {
    return fail(taken, nullptr, ended(HostEnd::kInvalid, "The request was not begun within its RequestTTLSeconds."));
  }
  if (taken.deployment == nullptr) return Outcome::kPaused;
  return answer(taken, begun);
}

AsyncRunner::Outcome AsyncRunner::answer(Taken& taken, Begun& begun) {
  AsyncCall& call = taken.call;
  const Variant* const variant =
      call.target_variant.empty() ? &taken.deployment->choose() : taken.deployment->find(call.target_variant);
  if (variant == nullptr) {
    return fail(
        taken, nullptr,
        ended(HostEnd::kInvalid, "Variant " + call.target_variant + " of endpoint " + call.endpoint + " not found."));
  }
  // Its failure could not be written before.
  if (call.broken >= kMostBroken)
    return fail(taken, variant, ended(HostEnd::kUnavailable, "The model's server broke off under each try."));
  std::string fetched;
  if (!call.input_location.empty()) {
    Result<S3Location> from = parse_s3_uri(call.input_location);
    if (!from) return fail(taken, variant, ended(HostEnd::kInvalid, from.error().message));
    Result<std::shared_ptr<store::ObjectStore>> store = access_.of(call.role)->open(from->bucket);
    Result<std::string> input = !store ? Result<std::string>(store.error())
                                       : (*store)->get(from->key, {0, kMaxInput + 1}, steady_clock::now() + kStoreTime);
    if (!input && for_the_time_being(input.error().code)) return Outcome::kPaused;
    if (!input) {
      return fail(
          taken, variant,
          ended(HostEnd::kInvalid, "Failed to read the input " + call.input_location + ": " + input.error().message));
    }
    if (input->size() > kMaxInput) {
      return fail(taken, variant,
                  ended(HostEnd::kInvalid, "The input " + call.input_location + " is larger than 6291456 bytes."));
    }
    fetched = std::move(*input);
  }
  const steady_clock::time_point since = steady_clock::now();
  if (begun.tries++ == 0) {
    begun.until = since + seconds(call.timeout_seconds);
  } else {
    begun.until += std::max(steady_clock::duration(0), since - begun.again_at);
  }
  HostAnswer answer;
  const HostResult result =
      invoke(taken, *variant, call.input_location.empty() ? call.body : fetched, begun.until, answer);
  if (result.end != HostEnd::kAnswered) {
    return is_tried_again(result, call, ran_alone(taken), begun) ? Outcome::kLater : fail(taken, variant, result);
  }
  if (Result<Done> written = write(call, call.output_location, answer.body); !written) {
    if (for_the_time_being(written.error().code)) return Outcome::kPaused;
    return fail(taken, variant, ended(HostEnd::kUnavailable, "Failed to write the result: " + written.error().message));
  }
  ended_(call, taken.deployment.get(), variant, result,
         steady_clock::now() - since - result.model_latency.value_or(std::chrono::nanoseconds(0)));
  return Outcome::kEnded;
}

// Whether the call waits and is tried again (of what never reached the model until the time-out); then `begun` says
// when.
bool AsyncRunner::is_tried_again(const HostResult& result, AsyncCall& call, bool alone, Begun& begun) {
  const bool unavailable = result.end == HostEnd::kUnavailable && !result.forbidden;
  if (!unavailable && result.end != HostEnd::kNotReady) return false;
  if (unavailable && result.model_latency) {
    begun.suspect = call.suspect = true;
    if (alone) ++call.broken;
    begun.broken = call.broken;
    (void)queue_.keep_suspicion(call);  // `begun` has it, too.
    if (call.broken >= kMostBroken) return false;
  }
  const seconds pause = result.end == HostEnd::kNotReady
                            ? seconds(1)
                            : std::min<seconds>(kLongestPause, seconds(1) * (1 << std::min(begun.tries - 1, 5)));
  const Deadline now = steady_clock::now(), last = begun.until - kLookAgain;
  begun.again_at = std::min<Deadline>(now + pause, last);
  return now < last;
}

HostResult AsyncRunner::invoke(const Taken& taken, const Variant& variant, std::string_view body, Deadline deadline,
                               HostAnswer& answer) {
  HostCall call;
  call.target_model = taken.call.target_model;
  call.body = body;
  call.content_type = taken.call.content_type;
  call.accept = taken.call.accept;
  call.custom_attributes = taken.call.custom_attributes;
  call.received = steady_clock::now();
  return answer_and_wait(*variant.host, call, deadline, answer);
}

Result<Done> AsyncRunner::write(const AsyncCall& call, const std::string& location, std::string_view bytes) {
  Result<S3Location> to = parse_s3_uri(location);
  if (!to) return std::move(to).error();
  Result<std::shared_ptr<store::ObjectStore>> store = access_.of(call.role)->open(to->bucket);
  if (!store) return std::move(store).error();
  Result<store::ObjectInfo> info = (*store)->put(to->key, bytes, {}, steady_clock::now() + kStoreTime);
  if (!info) return std::move(info).error();
  return Done{};
}

// A failure that cannot be written where it belongs is at least logged.
AsyncRunner::Outcome AsyncRunner::fail(const Taken& taken, const Variant* variant, const HostResult& result) {
  if (!taken.call.failure_location.empty()) {
    net::HttpResponse answer;
    const LogPlace none;
    answer_failure(result, taken.deployment ? taken.deployment->log() : none, answer);
    Result<Done> written = write(taken.call, taken.call.failure_location, answer.body);
    const bool expired = system_clock::now() >= taken.call.expires;
    if (!written && for_the_time_being(written.error().code) && !expired) return Outcome::kPaused;
  }
  ended_(taken.call, taken.deployment.get(), variant, result, std::chrono::nanoseconds(0));
  return Outcome::kEnded;
}

}  // namespace chiliad::hosting
