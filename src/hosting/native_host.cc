#include "hosting/native_host.h"

#include <utility>

#include "hosting/hosting.h"
#include "net/http_message.h"
#include "serve/batch.h"
#include "serve/model_name.h"

namespace chiliad::hosting {
namespace {

using serve::Invocation;
using serve::ModelCache;
using std::chrono::steady_clock;

constexpr std::string_view kSingle = "model";  // Its name below its place.
constexpr std::string_view kTooBusy = "too many calls are waiting: try again later";
constexpr auto kCheckTime = std::chrono::seconds(30);

// The body and Accept of a call. Errors: kInvalid; kTooLarge: reading takes up to 15 bytes of memory for each.
Result<Done> read_call(const HostCall& call, Invocation& invocation) {
  if (call.body.size() > Hosting::kMaxBody) {
    return Error{ErrorCode::kTooLarge, "the body is larger than " + std::to_string(Hosting::kMaxBody) + " bytes"};
  }
  thread_local serve::InvocationReader reader;
  if (Result<Done> read = reader.read(call.body, invocation); !read) return read;
  Result<Invocation::Format> format = serve::format_accepted(call.accept);
  if (!format) return std::move(format).error();
  invocation.format = *format;
  return Done{};
}

void fail_to_answer(const Error& error, HostResult& result) {
  result.end = HostEnd::kModelError;
  result.original_status = error.code == ErrorCode::kInvalid ? 400 : net::http_status(error.code);
  result.message = error.message;
}

}  // namespace

std::string_view image_name(std::string_view image) {
  image = image.substr(0, image.find('@'));
  if (const std::size_t slash = image.rfind('/'); slash != std::string_view::npos) image.remove_prefix(slash + 1);
  return image.substr(0, image.find(':'));
}

// A call that waits: for its model, or for a thread. The views in `call` are the caller's, who keeps them.
struct NativeHost::Later {
  HostCall call;
  Deadline deadline;
  Answered answered;
  Invocation invocation;
  HostResult result;

  void fail(HostEnd end, std::string message) {
    refuse(end, std::move(message), result);
    answered(HostAnswer{}, std::move(result));
  }
};

Result<std::shared_ptr<ModelHost>> NativeHost::open(const ModelPlan& plan, const Options& options,
                                                    ModelLibrary& library, NativeThreads threads) {
  Result<S3Location> location = parse_s3_uri(plan.model_data_url);
  if (!location) return std::move(location).error().in("ModelDataUrl of model " + plan.model_name);
  const bool single = plan.mode == Mode::kSingleModel;
  if (single && (location->key.empty() || location->key.ends_with('/'))) {
    return Error{ErrorCode::kInvalid, "ModelDataUrl of model " + plan.model_name + ": '" + plan.model_data_url +
                                          "' names no archive; a prefix of many models needs Mode MultiModel"};
  }
  std::shared_ptr<NativeHost> host(
      new NativeHost(plan, options, library, threads, library.place(std::move(*location), single, plan.role_arn)));
  if (single) {
    Result<ModelCache::Pin> pin = library.cache().acquire(host->cache_name(""), steady_clock::now() + kCheckTime);
    if (pin) {
      host->pin_.emplace(std::move(*pin));
    } else if (options.check) {
      return Error{pin.error().code, "Failed to load model " + plan.model_name + " from " + plan.model_data_url + ": " +
                                         pin.error().message};
    }
  } else if (options.check) {
    if (Result<Done> there = library.check(*host->place_, steady_clock::now() + kCheckTime); !there) {
      return Error{there.error().code, "Failed to list the models of " + plan.model_name + ": " +
                                           there.error().message +
                                           ". Please ensure that the bucket exists and that ModelDataUrl names it"};
    }
  }
  return std::shared_ptr<ModelHost>(std::move(host));
}

// The view is good until this thread asks again.
std::string_view NativeHost::cache_name(std::string_view model) const {
  thread_local std::string name;
  name.assign(place_->cache_prefix).append(place_->single ? kSingle : model);
  return name;
}

void NativeHost::run(const serve::Model& model, const Invocation& invocation, std::string& body,
                     std::string_view& content_type, HostResult& result) const {
  const steady_clock::time_point begin = steady_clock::now();
  const std::size_t before = body.size();
  Result<Done> done = model.answer(invocation, body);
  result.model_latency = steady_clock::now() - begin;
  if (!done) {
    body.resize(before);
    return fail_to_answer(done.error(), result);
  }
  const bool csv = invocation.format == Invocation::Format::kCsv && !invocation.doubly_encoded;
  content_type = csv ? "text/csv" : "application/json";
}

bool NativeHost::answer_now(const HostCall& call, std::string& body, std::string_view& content_type,
                            HostResult& result) {
  if (!check_target_model(!place_->single, call.target_model, result)) return true;
  thread_local Invocation invocation;
  if (Result<Done> read = read_call(call, invocation); !read) {
    fail_to_answer(read.error(), result);
    return true;
  }
  if (!cached_ || invocation.heavy()) return false;
  if (pin_) {
    if ((*pin_)->is_heavy(invocation)) return false;
    run(**pin_, invocation, body, content_type, result);
    return true;
  }
  const std::optional<ModelCache::Pin> pin = library_.cache().find(cache_name(call.target_model), call.received);
  if (!pin || (*pin)->is_heavy(invocation)) return false;
  result.cache_hit = true;
  run(**pin, invocation, body, content_type, result);
  return true;
}

void NativeHost::answer_later(const HostCall& call, Deadline deadline, Answered answered) {
  auto later = std::make_shared<Later>();
  later->call = call;
  later->deadline = std::min(deadline, steady_clock::now() + load_wait_);
  later->answered = std::move(answered);
  if (!check_target_model(!place_->single, call.target_model, later->result)) {
    return later->answered(HostAnswer{}, std::move(later->result));
  }
  if (Result<Done> read = read_call(call, later->invocation); !read) {
    fail_to_answer(read.error(), later->result);
    return later->answered(HostAnswer{}, std::move(later->result));
  }
  if (!cached_) return answer_uncached(later);
  if (pin_) return answer_heavy(later, *pin_);
  const std::string_view name = cache_name(call.target_model);
  if (std::optional<ModelCache::Pin> pin = library_.cache().find(name, call.received)) {
    later->result.cache_hit = true;
    if ((*pin)->is_heavy(later->invocation)) return answer_heavy(later, std::move(*pin));
    return finish(later, **pin);
  }
  later->result.cache_hit = false;
  const steady_clock::time_point since = steady_clock::now();
  const bool waits = library_.cache().acquire(name, later->deadline, [this, later, since](Result<ModelCache::Pin> pin) {
    later->result.loading_wait = steady_clock::now() - since;
    if (!pin) {
      fail_to_load(pin.error(), later->call.target_model, later->result);
      later->answered(HostAnswer{}, std::move(later->result));
    } else if ((*pin)->is_heavy(later->invocation)) {
      answer_heavy(later, std::move(*pin));
    } else {
      finish(later, **pin);
    }
  });
  if (!waits) {
    later->fail(HostEnd::kNotReady,
                "Model " + std::string(call.target_model) + " is not ready: too many models are waiting to be loaded");
  }
}

void NativeHost::finish(const std::shared_ptr<Later>& later, const serve::Model& model) {
  HostAnswer answer;
  run(model, later->invocation, answer.body, answer.content_type, later->result);
  later->answered(std::move(answer), std::move(later->result));
}

void NativeHost::answer_heavy(const std::shared_ptr<Later>& later, ModelCache::Pin pin) {
  const bool waits = threads_.heavy.submit([this, later, pin = std::move(pin)] { finish(later, *pin); });
  if (!waits) later->fail(HostEnd::kNotReady, std::string(kTooBusy));
}

void NativeHost::answer_uncached(const std::shared_ptr<Later>& later) {
  const steady_clock::time_point since = steady_clock::now();
  const bool waits = threads_.uncached.submit([this, later, since] {
    if (steady_clock::now() > later->deadline) {
      return later->fail(HostEnd::kNotReady, "the model was not loaded in time: too many calls are waiting");
    }
    Result<std::unique_ptr<const serve::Model>> model =
        library_.load_once(*place_, later->call.target_model, later->deadline);
    later->result.loading_wait = steady_clock::now() - since;
    if (model) return finish(later, **model);
    fail_to_load(model.error(), later->call.target_model, later->result);
    later->answered(HostAnswer{}, std::move(later->result));
  });
  if (!waits) later->fail(HostEnd::kNotReady, std::string(kTooBusy));
}

void NativeHost::fail_to_load(const Error& error, std::string_view model, HostResult& result) const {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return refuse(HostEnd::kInvalid,
                    "Failed to download model data (bucket: " + place_->location.bucket +
                        ", key: " + place_->key_of(model) + "). Please ensure that there is an object at that place",
                    result);
    case ErrorCode::kDeadline:
      return refuse(HostEnd::kNotReady, "Model " + std::string(model) + " is not ready: " + error.message, result);
    case ErrorCode::kForbidden: result.forbidden = true; [[fallthrough]];
    case ErrorCode::kUnavailable:
    case ErrorCode::kNoSpace: return refuse(HostEnd::kUnavailable, error.message, result);
    default: break;
  }
  refuse(HostEnd::kModelError, error.message, result);
  // A model that cannot be had is the server's fault towards the caller, whatever its code says about the archive.
  result.original_status = error.code == ErrorCode::kTooLarge ? 507 : 500;
}

// ---------------------------------------------------------------------------------------------------
// Batches
// ---------------------------------------------------------------------------------------------------

class NativeHost::Batch final : public serve::BatchModels {
 public:
  Batch(NativeHost& host, BatchCall& call) : host_(host), call_(call) {}

  void load_ahead(const std::string& model) override {
    if (!host_.cached_ || host_.place_->single || !serve::check_model_name(model)) return;
    ModelCache& cache = host_.library_.cache();
    const std::string_view name = host_.cache_name(model);
    if (cache.contains(name) || !call_.may(model)) return;
    const bool waits =
        cache.acquire(name, steady_clock::now() + std::chrono::seconds(60), [](const Result<ModelCache::Pin>&) {});
    (void)waits;  // Too many do: then it is loaded in its turn.
  }

  Result<Done> forecast(const std::string& model, const Invocation& invocation, std::string& out,
                        serve::Stage& stage) override {
    result_ = {};
    stage = serve::Stage::kAddress;
    if (!check_target_model(!host_.place_->single, model, result_)) return Error{ErrorCode::kInvalid, result_.message};
    if (!call_.may(model)) {
      refuse(HostEnd::kInvalid, "not authorized to use this model", result_);
      return Error{ErrorCode::kForbidden, result_.message};
    }
    stage = serve::Stage::kModel;
    const Deadline deadline = steady_clock::now() + host_.load_wait_;
    std::unique_ptr<const serve::Model> once;
    std::optional<ModelCache::Pin> pin;
    if (host_.cached_) {
      Result<ModelCache::Pin> found = host_.pinned(model, deadline, result_);
      if (!found) return failed(std::move(found).error(), model);
      pin.emplace(std::move(*found));
    } else {
      Result<std::unique_ptr<const serve::Model>> loaded = host_.library_.load_once(*host_.place_, model, deadline);
      if (!loaded) return failed(std::move(loaded).error(), model);
      once = std::move(*loaded);
    }
    stage = serve::Stage::kRequest;
    std::string_view type;
    host_.run(pin ? **pin : *once, invocation, out, type, result_);
    if (result_.end != HostEnd::kAnswered) return Error{ErrorCode::kInvalid, result_.message};
    return Done{};
  }

  int count(const std::string&, const Error* error, serve::Stage) override {
    call_.count(result_);
    if (error == nullptr) return 200;
    if (error->code == ErrorCode::kForbidden && result_.end == HostEnd::kInvalid) return 403;
    switch (result_.end) {
      case HostEnd::kInvalid: return 400;
      case HostEnd::kModelError: return 424;
      case HostEnd::kNotReady: return 429;
      default: return 503;
    }
  }

 private:
  Error failed(Error error, std::string_view model) {
    host_.fail_to_load(error, model, result_);
    return error;
  }

  NativeHost& host_;
  BatchCall& call_;
  HostResult result_;
};

Result<ModelCache::Pin> NativeHost::pinned(std::string_view model, Deadline deadline, HostResult& result) {
  if (pin_) return *pin_;
  const std::string name(cache_name(model));
  const steady_clock::time_point since = steady_clock::now();
  if (std::optional<ModelCache::Pin> pin = library_.cache().find(name, since)) {
    result.cache_hit = true;
    return std::move(*pin);
  }
  result.cache_hit = false;
  Result<ModelCache::Pin> pin = library_.cache().acquire(name, deadline);
  result.loading_wait = steady_clock::now() - since;
  return pin;
}

Result<Done> NativeHost::batch(BatchCall call) {
  auto request = std::make_shared<serve::BatchRequest>();
  serve::InvocationReader reader;
  Result<Done> read = reader.read_batch(call.body, request->invocation, request->models);
  if (!read) return read;
  Result<Invocation::Format> format = serve::format_accepted(call.accept);
  if (!format) return std::move(format).error();
  request->invocation.format = *format;
  request->invocation.doubly_encoded = false;  // The answer is lines of JSON either way.
  const net::HttpLater later = call.defer();
  const auto kept = std::make_shared<BatchCall>(std::move(call));
  const bool waits = threads_.batches.submit([this, request, kept, later] {
    Batch models(*this, *kept);
    serve::run_batch(*request, std::move(kept->head), later, models);
  });
  if (waits) return Done{};
  return Error{ErrorCode::kUnavailable, "too many batches are waiting: try again later"};
}

}  // namespace chiliad::hosting
