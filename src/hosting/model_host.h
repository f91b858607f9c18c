// ModelHost: what answers the calls of one variant or transform job: our own model server in this process
// (native_host.h), or a foreign server that is spoken to over HTTP (container_host.h).
//
// A host knows nothing of endpoints: it gets a call's own words and gives a body, or says why there is none. How that
// is worded towards a client is runtime_answer.h's business.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "hosting/model_place.h"
#include "net/http_server.h"

namespace chiliad::hosting {

// Views that live until the call is answered.
struct HostCall {
  std::string_view target_model;  // Empty: the call named none.
  std::string_view body;
  std::string_view content_type;
  std::string_view accept;
  std::string_view custom_attributes;
  std::string_view inference_id;
  std::chrono::steady_clock::time_point received;
};

enum class HostEnd : std::uint8_t {
  kAnswered,
  kInvalid,      // The call cannot be meant for this host: no model named, a bad name, no such model.
  kModelError,   // The model, or what was made of its stored bytes, answered with an error.
  kNotReady,     // The model is still being loaded, or too much waits: later it may be.
  kUnavailable,  // The store does not answer, or there is no room.
};

struct HostResult {
  HostEnd end = HostEnd::kAnswered;
  std::string message;      // Unless kAnswered.
  int original_status = 0;  // kModelError: what the model's server answered, 400 to 599; 0: nothing, in its time.
  bool forbidden = false;   // kUnavailable: the role may not read the model; it will not pass by itself.

  std::optional<std::chrono::nanoseconds> model_latency{};  // Unset: no model ran.
  std::optional<std::chrono::nanoseconds> loading_wait{};   // Unset: it waited for no load.
  std::optional<bool> cache_hit{};                          // Unset: there is no cache, or it did not come to that.
};

// A good answer.
struct HostAnswer {
  std::string body;
  std::string_view content_type = "application/json";  // A literal.
  std::string own_type = {};  // In its place, in the words of the model's server; empty: there are none.
  std::optional<std::string> custom_attributes = {};  // Unset: the call's own go back.
  std::shared_ptr<const void> held = {};              // To be kept as long as the body.

  std::string_view type() const { return own_type.empty() ? content_type : std::string_view(own_type); }
};

// Where an answer goes piece by piece, while the model makes it. One thread at a time.
class HostStream {
 public:
  virtual ~HostStream() = default;
  // The head of a good answer; its body is empty. Called once, before the first piece.
  virtual void begin(HostAnswer head) = 0;
  // May wait for the client. False: it has gone.
  virtual bool write(std::string_view piece) = 0;
};

class ModelHost {
 public:
  using Answered = std::function<void(HostAnswer, HostResult)>;

  virtual ~ModelHost() = default;

  // Answers if that needs no waiting and little work; else false, and nothing has happened. `body` is appended to.
  virtual bool answer_now(const HostCall& call, std::string& body, std::string_view& content_type,
                          HostResult& result) = 0;

  // Answers when it is done, at once or on another thread; at the deadline at the latest, but for a model that
  // computes.
  virtual void answer_later(const HostCall& call, Deadline deadline, Answered answered) = 0;

  // Whether answers can be had in pieces; if so, answer_stream(): `ended` is called once, last. A failure after
  // stream.begin() ends the stream in the middle. `stream` lives until then.
  virtual bool streams() const { return false; }
  virtual void answer_stream(const HostCall& call, Deadline deadline, HostStream& stream,
                             std::function<void(HostResult)> ended);

  // One request for many models (serve/batch.h). `may` says whether the caller may use a model; `count` is called once
  // a model; one of them keeps the host alive. Errors, nothing being answered: kInvalid: the request; kUnavailable: too
  // many wait, and defer() has been called.
  struct BatchCall {
    std::string_view body;
    std::string_view accept;
    net::HttpResponse head;  // The answer's fields.
    std::function<bool(std::string_view model)> may;
    std::function<void(const HostResult&)> count;
    std::function<net::HttpLater()> defer;  // Called within batch(), once the request is known to be good.
  };
  virtual Result<Done> batch(BatchCall call) = 0;

  // What its loads are counted in; null: it tells of none.
  virtual std::shared_ptr<LoadTally> loads() const = 0;
};

void refuse(HostEnd end, std::string message, HostResult& result);

// Whether a call names a model where there are many, by a name that can be one, and none where there is one alone;
// else `result` says what is wrong.
bool check_target_model(bool multi_model, std::string_view model, HostResult& result);

// answer_later(), waited for.
HostResult answer_and_wait(ModelHost& host, const HostCall& call, Deadline deadline, HostAnswer& answer);

}  // namespace chiliad::hosting
