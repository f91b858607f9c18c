// ModelServer: the program of a foreign model server, started in a box, watched, and started again when it fails.
//
//             +--------------------------- a pause, longer each time <--------------------------+
//             v                                                                                  |
//   box made, program started --GET /ping--> 200: ready --ended, hung, told to restart--> killed-+
//             |                                  |
//             +-- ended, or no 200 in time       +-- stop: SIGTERM, a grace, SIGKILL
//
// Rules the rest relies on:
//   1. The program hangs when it answered neither a ping nor a call for Options::silence, or when it does not answer a
//      ping right after a call that timed out or broke off.
//   2. Nothing of a run is left when the next one begins, or when the destructor returns, or when this process ends by
//      whatever signal (process/box.h).
//   3. What the program prints is read at all times: it never waits for us.
//   4. A pause is over at last after Options::longest_pause; a run that lasted that long makes the next pause short
//      again.
//   5. A run is ready, and stays so, only while every socket that listens at its port is the program's own: the network
//   is shared with other boxes, and one of them may have been first.
//
// Source: Amazon SageMaker developer guide, "Use your own inference code with hosting services": /ping within the
// start-up time-out, SIGTERM and 30 s at the end.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "container/ports.h"
#include "container/upstream.h"
#include "process/box.h"

namespace chiliad::container {

// A call that had less time for its answer says nothing about who did not give it.
inline constexpr std::chrono::seconds kFairTime{10};

class ModelServer final : public Upstream {
 public:
  struct Options {
    std::chrono::milliseconds startup{480'000};  // From the program's start to its first 200.
    int attempts = 3;                            // The first start has failed when the program ended so often.
    std::chrono::milliseconds ping_pause{5'000};
    std::chrono::milliseconds ping_limit{2'000};
    std::chrono::milliseconds silence{30'000};
    std::chrono::milliseconds grace{30'000};
    std::chrono::milliseconds pause{500};  // Doubled with each failure.
    std::chrono::milliseconds longest_pause{60'000};
  };

  // A box to start, and what has to be kept while it runs.
  struct Prepared {
    process::Box box;
    std::shared_ptr<void> held;
  };

  // All are called from threads of the server, `make` and `note` from one, `output` and its end from another at a time.
  struct Calls {
    // For each start; may take long. It should end soon once `cancelled` is set.
    std::function<Result<Prepared>(const Ports& ports, const std::atomic<bool>& cancelled)> make;
    std::function<void(std::string_view bytes)> output;  // What the program prints, as it comes;
    std::function<void()> output_end;                    // and when a run of it has printed all.
    std::function<void(std::string_view line)> note;     // What became of the program.
  };

  // Starts at once, without waiting. `runner` and `ports` must outlive the object.
  ModelServer(Options options, Calls calls, process::BoxRunner& runner, PortPool& ports);
  // stop(), waited for.
  ~ModelServer() override;
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  // Waits until the server is ready for the first time. Errors: kUnavailable: the first start has failed, in a sentence
  // with the program's last lines; kDeadline; as Calls::make.
  Result<Done> first_start(Deadline deadline);

  // Begins the end: no run is ready any more. Called again, the shortest grace counts.
  void stop(std::chrono::milliseconds grace);

  // The run is ended by SIGKILL and the next one begun, unless it has ended already.
  void restart(const Run& run, std::string_view reason);

  // Memory of the program and all that it started; 0 while nothing runs.
  std::uint64_t resident_bytes() const;

  std::optional<Run> now() const override;
  Result<Run> ready(Deadline deadline) override;
  Result<net::ClientResponse> send(const Run& run, net::ClientRequest request, Deadline deadline,
                                   bool* surely_not_sent = nullptr) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::container
