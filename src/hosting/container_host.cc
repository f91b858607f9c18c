#include "hosting/container_host.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "container/answer_text.h"
#include "hosting/container_machine.h"

namespace chiliad::hosting {
namespace {

using container::Models;
using std::chrono::steady_clock;

constexpr std::uint64_t kMaxAnswer = std::uint64_t{100} << 20;  // A transform job's MaxPayloadInMB.
constexpr std::string_view kAttributes = "x-amzn-sagemaker-custom-attributes";
constexpr std::size_t kMaxAttributes = 1'024;
constexpr std::uint64_t kMaxDescription = std::uint64_t{1} << 20;  // Of a model by GET /models/<name>.
constexpr std::string_view kTooBusy = "too many calls of this model's server are waiting: try again later";
constexpr std::string_view kTooMuch =
    "the answers of model servers that are on their way fill the memory for them: try again later";
constexpr std::string_view kSilent =
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again.";

bool is_good(int status) { return status >= 200 && status < 300; }

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

// Content-Length; 0: it is not told, or not believed.
std::uint64_t announced_bytes(const net::ClientResponse& head) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(parse_integer(head.field("content-length")).value_or(0), 0));
}

// What the server says of its answer. The body is left out.
HostAnswer head_of(const net::ClientResponse& response) {
  HostAnswer answer;
  const std::string_view type = response.field("content-type");
  answer.own_type = !type.empty() && is_plain(type) ? type : "application/octet-stream";
  const std::string_view attributes = response.field(kAttributes);
  const bool usable = attributes.size() <= kMaxAttributes && is_plain(attributes);
  answer.custom_attributes = usable ? std::string(attributes) : std::string();
  return answer;
}

void fail_as_model(int status, std::string message, HostResult& result) {
  refuse(HostEnd::kModelError, std::move(message), result);
  result.original_status = status == 0 || (status >= 400 && status < 600) ? status : 500;
}

}  // namespace

// The views in `call` are the caller's, who keeps them.
struct ContainerHost::Machine::Later {
  HostCall call;
  Deadline deadline;
  Answered answered;  // Or, for a stream:
  HostStream* stream = nullptr;
  std::function<void(HostResult)> ended;
  HostResult result;
  bool again = false;  // The server had lost the model once.

  void end(HostAnswer answer) {
    if (stream != nullptr) {
      ended(std::move(result));
    } else {
      answered(std::move(answer), std::move(result));
    }
  }
  void fail(HostEnd end_as, std::string message) {
    refuse(end_as, std::move(message), result);
    end({});
  }
};

// ---------------------------------------------------------------------------------------------------
// A call
// ---------------------------------------------------------------------------------------------------

// To a thread that calls the server, by way of the model where there are many.
void ContainerHost::Machine::begin(const std::shared_ptr<Later>& later) {
  const auto submit = [this, later](std::shared_ptr<Models::Pin> pin) {
    const bool waits = callers->submit(later->deadline, [this, later, pin](bool in_time) mutable {
      if (in_time) return call(later, std::move(pin));
      pin.reset();
      later->fail(HostEnd::kUnavailable, std::string(kTooBusy));
    });
    if (!waits) later->fail(HostEnd::kUnavailable, std::string(kTooBusy));
  };
  if (!multi) return submit(nullptr);
  const std::string_view model = later->call.target_model;
  if (std::optional<Models::Pin> pin = models->find(model)) {
    if (!later->again) later->result.cache_hit = true;
    return submit(std::make_shared<Models::Pin>(std::move(*pin)));
  }
  later->result.cache_hit = false;
  const steady_clock::time_point since = steady_clock::now();
  const auto acquired = [this, later, since, submit](Models::Acquired model_or_not) {
    later->result.loading_wait = steady_clock::now() - since;
    if (auto* pin = std::get_if<Models::Pin>(&model_or_not))
      return submit(std::make_shared<Models::Pin>(std::move(*pin)));
    refuse_model(std::get<container::Refusal>(model_or_not), later->call.target_model, later->result);
    later->end({});
  };
  if (!models->acquire(model, std::min(later->deadline, since + load_wait), acquired)) {
    later->fail(HostEnd::kNotReady,
                "Model " + std::string(model) + " is not ready: too many models are waiting to be loaded");
  }
}

void ContainerHost::Machine::refuse_model(const container::Refusal& refusal, std::string_view model,
                                          HostResult& result) const {
  const Error& error = refusal.error;
  switch (error.code) {
    case ErrorCode::kNotFound:
      return refuse(HostEnd::kInvalid,
                    "Failed to download model data (bucket: " + location.bucket + ", key: " + location.key +
                        std::string(model) + "). Please ensure that there is an object at that place",
                    result);
    case ErrorCode::kDeadline:
      return refuse(HostEnd::kNotReady, "Model " + std::string(model) + " is not ready: " + error.message, result);
    case ErrorCode::kForbidden: result.forbidden = true; [[fallthrough]];
    case ErrorCode::kUnavailable:
    case ErrorCode::kNoSpace: return refuse(HostEnd::kUnavailable, error.message, result);
    case ErrorCode::kTooLarge: return fail_as_model(507, error.message, result);
    default: break;
  }
  fail_as_model(refusal.status == 0 ? 500 : refusal.status, error.message, result);
}

// Whether the server has not got the model that we believe to be loaded; else a 404 is the model's own.
bool ContainerHost::Machine::is_lost(const Models::Pin& pin, Deadline deadline) {
  net::ClientRequest request;
  request.url = "/models/" + pin.name();
  request.max_body_bytes = kMaxDescription;
  const Result<net::ClientResponse> answer = server->send(pin.run(), std::move(request), deadline);
  return answer && answer->status == 404;
}

// On a thread that may wait.
void ContainerHost::Machine::call(const std::shared_ptr<Later>& later, std::shared_ptr<Models::Pin> pin) {
  Result<container::Run> run = pin ? Result<container::Run>(pin->run())
                                   : server->ready(std::min(later->deadline, steady_clock::now() + load_wait));
  if (!run) {
    const bool starts = run.error().code == ErrorCode::kDeadline;
    return later->fail(starts ? HostEnd::kNotReady : HostEnd::kUnavailable,
                       "The server of model " + model_name + " is not ready: " + run.error().message);
  }
  const HostCall& asked = later->call;
  net::ClientRequest request;
  request.method = "POST";
  request.url = pin ? "/models/" + pin->name() + "/invoke" : "/invocations";
  request.body = asked.body;
  request.max_body_bytes = kMaxAnswer;
  const auto add = [&request](std::string name, std::string_view value) {
    if (!value.empty()) request.fields.emplace_back(std::move(name), value);
  };
  add("Content-Type", asked.content_type);
  add("Accept", asked.accept);
  add("X-Amzn-SageMaker-Custom-Attributes", asked.custom_attributes);
  add("X-Amzn-SageMaker-Inference-Id", asked.inference_id);
  add("X-Amzn-SageMaker-Target-Model", asked.target_model);
  HostAnswer good;
  const auto held = std::make_shared<AnswerMemory::Hold>(answers);
  std::string failure;  // The body of an answer that is not good.
  bool begun = false, no_room = false;
  request.take_body = [&](const net::ClientResponse& head, std::string_view piece) {
    if (!is_good(head.status)) {
      failure.append(piece.substr(0, container::kMaxText - std::min(failure.size(), container::kMaxText)));
      return true;
    }
    if (later->stream == nullptr) {
      no_room = !held->append(good.body, piece, announced_bytes(head));
      return !no_room;
    }
    if (!std::exchange(begun, true)) later->stream->begin(head_of(head));
    return later->stream->write(piece);
  };
  const steady_clock::time_point since = steady_clock::now();
  bool not_sent = false;
  Result<net::ClientResponse> answer = server->send(*run, std::move(request), later->deadline, &not_sent);
  if (!not_sent) later->result.model_latency = steady_clock::now() - since;
  if (answer && answer->status == 404 && pin && !later->again && is_lost(*pin, later->deadline)) {
    models->forget(*pin);
    pin.reset();
    later->again = true;
    return begin(later);
  }
  if (pin && (answer || begun || !good.body.empty())) pin->answered();
  // Whatever holds it up in there must not hold up its next calls too. One that answers others is only busy.
  if (pin && !answer && answer.error().code == ErrorCode::kDeadline &&
      later->result.model_latency >= container::kFairTime)
    models->renew(*pin, since);
  pin.reset();
  std::string body = std::move(good.body);
  good = {};
  if (answer && is_good(answer->status)) {
    good = head_of(*answer);
    if (later->stream != nullptr && !begun) later->stream->begin(good);
    good.body = std::move(body);
    good.held = held;
  } else if (answer) {
    fail_as_model(answer->status, container::answer_text(failure), later->result);
  } else if (no_room) {
    refuse(HostEnd::kUnavailable, std::string(kTooMuch), later->result);
  } else if (answer.error().code == ErrorCode::kDeadline) {
    fail_as_model(0, std::string(kSilent), later->result);
  } else if (answer.error().code == ErrorCode::kTooLarge) {
    fail_as_model(500, answer.error().message, later->result);
  } else if (answer.error().code == ErrorCode::kInvalid) {
    refuse(HostEnd::kInvalid, answer.error().message, later->result);
  } else {
    refuse(HostEnd::kUnavailable, "The server of model " + model_name + " broke off: " + answer.error().message,
           later->result);
  }
  later->end(std::move(good));
}

// ---------------------------------------------------------------------------------------------------
// ContainerHost
// ---------------------------------------------------------------------------------------------------

ContainerHost::ContainerHost(std::shared_ptr<Machine> machine) : machine_(std::move(machine)) {}
ContainerHost::~ContainerHost() = default;

bool ContainerHost::answer_now(const HostCall& call, std::string&, std::string_view&, HostResult& result) {
  return !check_target_model(machine_->multi, call.target_model, result);
}

void ContainerHost::answer_later(const HostCall& call, Deadline deadline, Answered answered) {
  auto later = std::make_shared<Machine::Later>();
  later->call = call;
  later->deadline = deadline;
  later->answered = std::move(answered);
  if (!check_target_model(machine_->multi, call.target_model, later->result)) return later->end({});
  machine_->begin(later);
}

bool ContainerHost::streams() const { return true; }

void ContainerHost::answer_stream(const HostCall& call, Deadline deadline, HostStream& stream,
                                  std::function<void(HostResult)> ended) {
  auto later = std::make_shared<Machine::Later>();
  later->call = call;
  later->deadline = deadline;
  later->stream = &stream;
  later->ended = std::move(ended);
  if (!check_target_model(machine_->multi, call.target_model, later->result)) return later->end({});
  machine_->begin(later);
}

Result<Done> ContainerHost::batch(BatchCall) {
  return Error{ErrorCode::kInvalid, "forecasts of many models in one call are made by images of the native kind"};
}

std::shared_ptr<LoadTally> ContainerHost::loads() const { return machine_->multi ? machine_->tally : nullptr; }

}  // namespace chiliad::hosting
