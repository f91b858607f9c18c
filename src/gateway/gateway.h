// Gateway: the one port. Finds out which service a request is for, who sent it, and hands both on.
//
//   net::HttpServer --begin(), handle()--> route (route.h) --> who calls (authentication.h) --> service --> answer
//
//   JSON and Query services   run on a few threads of the gateway, because they wait for SQLite; body kept
//   runtime                   called on the I/O thread, defers by itself;                        body kept
//   S3                        called on the I/O thread, defers by itself; authenticated at the head, body streamed
//
//   gateway::Gateway gateway(directory, services, options);
//   auto server = net::HttpServer::start(gateway::server_options(address, port, threads), gateway);
//
// Rules the rest relies on:
//   1. A service sees a request only after its signature was found right for that service, this region and this moment,
//      or with an anonymous caller (S3 alone: it decides by its policies). With no_auth every caller is the
//      installation's trusted user, whatever the request says.
//   2. What is signed is what is used: heads that two readers could read differently are refused (route.h), a kept body
//      is hashed here, a streamed one is S3's to compare with HeadCall::signature.
//   3. Every answer names the request, also a refusal, in the field its protocol has for that; errors are worded as the
//      protocol words them (wording.h).
//   4. No call of a JSON or Query service runs on an I/O thread. At most max_waiting wait for a thread; what is above
//   is
//      answered at once with ThrottlingException, which SDKs try again.
//   5. With no_auth, requests that a browser sends for a foreign page are refused: with an Origin or a Host that is not
//      this machine.
//
// Without a signature: GET /ping answers everybody; GET /metrics answers this machine, and others if metrics_for_all.
//
// doc/gateway.md has the tables. Thread safety: safe from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/arn.h"
#include "base/result.h"
#include "gateway/route.h"
#include "identity/directory.h"
#include "net/http_server.h"

namespace chiliad::gateway {

struct GatewayOptions {
  std::string region{aws::kDefaultRegion};
  bool no_auth = false;  // Requires: may_listen_without_auth(address).
  int threads = 4;       // For JSON and Query services.
  std::size_t max_waiting = 1024;
  std::chrono::milliseconds max_wait{30'000};  // For such a thread.
  std::uint64_t max_json_bytes = std::uint64_t{8} << 20;
  std::uint64_t max_form_bytes = std::uint64_t{1} << 20;
  std::uint64_t max_invocation_bytes = 6'291'456;
  bool metrics_for_all = false;
  // Appends Prometheus text behind the gateway's own.
  std::function<void(std::string&)> metrics;
  // Unset: the system's.
  std::function<std::chrono::system_clock::time_point()> clock;
};

class Gateway final : public net::HttpHandler {
 public:
  // All must outlive the gateway, and the gateway the server.
  Gateway(identity::Directory& directory, Services services, GatewayOptions options);
  ~Gateway() override;

  BodyPlan begin(const net::HttpRequest& head, net::HttpResponse& response) override;
  void handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) override;
  void refuse(const net::HttpRequest& request, int status, std::string_view reason,
              net::HttpResponse& response) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Errors: kForbidden: not an address of this machine alone; says what to do instead.
Result<Done> may_listen_without_auth(std::string_view address);

// A server's options with the limits that AWS's clients need.
net::HttpServerOptions server_options(std::string address, std::uint16_t port, int threads);

}  // namespace chiliad::gateway
