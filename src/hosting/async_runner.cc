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
constexpr auto kPause = seconds(2);      // After the store, or a model that is not ready, said no.
constexpr auto kLookAgain = seconds(1);  // For calls whose time to live is over while their endpoint is not there.
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

bool AsyncRunner::stopping() {
  const MutexLock lock(mutex_);
  return stopping_;
}

void AsyncRunner::wake() {
  const MutexLock lock(mutex_);
  ++woken_;
  work_.notify_all();
}

void AsyncRunner::fail_all(const std::string& endpoint) {
  const std::vector<std::string> waiting = queue_.waiting();
  if (!std::binary_search(waiting.begin(), waiting.end(), endpoint)) return;
  const std::int64_t newest = queue_.newest_row();
  const MutexLock lock(mutex_);
  doomed_[endpoint] = newest;
  ++woken_;
  work_.notify_all();
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
    int& running = running_[name];
    if (running >= std::max(1, most)) continue;
    ++running;
    endpoint = name;
    last_ = name;
    return true;
  }
  return false;
}

void AsyncRunner::work(const std::string& endpoint, std::shared_ptr<const Deployment> deployment) {
  Result<std::optional<AsyncCall>> call = queue_.take(endpoint);
  bool again = !call;
  if (call && *call) {
    Taken taken{std::move(**call), std::move(deployment)};
    bool doomed = false;
    {
      const MutexLock lock(mutex_);
      const auto found = doomed_.find(endpoint);
      doomed = found != doomed_.end() && taken.call.row <= found->second;
      if (found != doomed_.end() && !doomed) doomed_.erase(found);  // Rows are taken about in their order.
    }
    if (doomed) {
      taken.deployment.reset();
      again = !fail(taken, nullptr, ended(HostEnd::kInvalid, "Endpoint " + endpoint + " was deleted."));
    } else if (system_clock::now() >= taken.call.expires) {
      again =
          !fail(taken, nullptr, ended(HostEnd::kInvalid, "The request was not begun within its RequestTTLSeconds."));
    } else {
      again = taken.deployment == nullptr || !answer(taken);
    }
    if (again) {
      queue_.put_back(taken.call);
    } else if (Result<Done> finished = queue_.finish(taken.call); !finished) {
      again = true;
      queue_.put_back(taken.call);  // Done again, to the same place.
    }
  }
  const MutexLock lock(mutex_);
  if (again) paused_[endpoint] = steady_clock::now() + kPause;
  if (--running_[endpoint] == 0) running_.erase(endpoint);
  ++woken_;
  work_.notify_all();
}

// False: it shall be tried again.
bool AsyncRunner::answer(const Taken& taken) {
  const AsyncCall& call = taken.call;
  const Variant* const variant =
      call.target_variant.empty() ? &taken.deployment->choose() : taken.deployment->find(call.target_variant);
  if (variant == nullptr) {
    return fail(
        taken, nullptr,
        ended(HostEnd::kInvalid, "Variant " + call.target_variant + " of endpoint " + call.endpoint + " not found."));
  }
  std::string fetched;
  if (!call.input_location.empty()) {
    Result<S3Location> from = parse_s3_uri(call.input_location);
    if (!from) return fail(taken, variant, ended(HostEnd::kInvalid, from.error().message));
    Result<std::shared_ptr<store::ObjectStore>> store = access_.of(call.role)->open(from->bucket);
    Result<std::string> input = !store ? Result<std::string>(store.error())
                                       : (*store)->get(from->key, {0, kMaxInput + 1}, steady_clock::now() + kStoreTime);
    if (!input && for_the_time_being(input.error().code)) return false;
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
  HostAnswer answer;
  const HostResult result = invoke(taken, *variant, call.input_location.empty() ? call.body : fetched, answer);
  if (result.end != HostEnd::kAnswered) {
    if (result.end == HostEnd::kNotReady && stopping()) return false;  // The next process has the time.
    return fail(taken, variant, result);
  }
  if (Result<Done> written = write(call, call.output_location, answer.body); !written) {
    if (for_the_time_being(written.error().code)) return false;
    return fail(taken, variant, ended(HostEnd::kUnavailable, "Failed to write the result: " + written.error().message));
  }
  ended_(call, taken.deployment.get(), variant, result,
         steady_clock::now() - since - result.model_latency.value_or(std::chrono::nanoseconds(0)));
  return true;
}

// Again and again while the model is not ready, until the time-out.
HostResult AsyncRunner::invoke(const Taken& taken, const Variant& variant, std::string_view body, HostAnswer& answer) {
  const Deadline deadline = steady_clock::now() + seconds(taken.call.timeout_seconds);
  for (;;) {
    HostCall call;
    call.target_model = taken.call.target_model;
    call.body = body;
    call.content_type = taken.call.content_type;
    call.accept = taken.call.accept;
    call.custom_attributes = taken.call.custom_attributes;
    call.received = steady_clock::now();
    answer = {};
    HostResult result = answer_and_wait(*variant.host, call, deadline, answer);
    if (result.end != HostEnd::kNotReady || steady_clock::now() + kLookAgain > deadline) return result;
    const Deadline until = steady_clock::now() + kLookAgain;
    const MutexLock lock(mutex_);
    while (!stopping_ && steady_clock::now() < until) work_.wait_until(mutex_, until);
    if (stopping_) return result;
  }
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

// A failure that cannot be written where it belongs is at least logged. False: it shall be tried again.
bool AsyncRunner::fail(const Taken& taken, const Variant* variant, const HostResult& result) {
  if (!taken.call.failure_location.empty()) {
    net::HttpResponse answer;
    const LogPlace none;
    answer_failure(result, taken.deployment ? taken.deployment->log() : none, answer);
    Result<Done> written = write(taken.call, taken.call.failure_location, answer.body);
    const bool expired = system_clock::now() >= taken.call.expires;
    if (!written && for_the_time_being(written.error().code) && !expired) return false;
  }
  ended_(taken.call, taken.deployment.get(), variant, result, std::chrono::nanoseconds(0));
  return true;
}

}  // namespace chiliad::hosting
