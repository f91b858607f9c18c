// Upstream: a model server that is not this process, as the rest of the folder calls it: whether it is there, and one
// request to it.
//
// Two implementations: ModelServer (model_server.h), and the tests' own.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/http_client.h"

namespace chiliad::container {

// One life of a server's program: what it was told is forgotten when the next one begins.
struct Run {
  std::uint64_t number = 0;  // 1 for the first; never again the same.
  std::string url;           // "http://127.0.0.1:21344"
};

class Upstream {
 public:
  virtual ~Upstream() = default;

  // The run that answers now; unset: none does.
  virtual std::optional<Run> now() const = 0;

  // The same, waited for while the server starts. Errors: kDeadline: it still starts; kUnavailable: it has failed and
  // is started again after a pause (the message says how it failed), or it ends.
  virtual Result<Run> ready(Deadline deadline) = 0;

  // One request to a run; `request.url` is the path alone. Errors: as net::HttpClient::send(); after kUnavailable and
  // kDeadline the server is looked at, and begun anew if it does not answer.
  virtual Result<net::ClientResponse> send(const Run& run, net::ClientRequest request, Deadline deadline,
                                           bool* surely_not_sent = nullptr) = 0;
};

}  // namespace chiliad::container
