// One thread per server starts the program, pings it and waits for its end (it has to be one thread for all that: the
// program dies with the thread that started it). A second one, a run long, reads what the program prints, because a
// ping may take seconds and a full pipe would stop the program.

#include "container/model_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "base/file.h"
#include "base/mutex.h"
#include "container/last_lines.h"
#include "container/listeners.h"

namespace chiliad::container {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstPings{100};
constexpr milliseconds kLaterPings{500};
constexpr int kFirstPingsCount = 50;
constexpr milliseconds kUnkillable{10'000};  // Waited for after SIGKILL.
constexpr milliseconds kLastOutput{2'000};   // Read after the end.
constexpr std::uint64_t kPingAnswer = 64 << 10;
constexpr int kTimeOuts = 3;          // Calls in a row that got no answer.
constexpr int kLooksAtListeners = 3;  // A socket may be closed between two tables.

// An eventfd that is set until it is cleared.
class Signal {
 public:
  Signal() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  void set() const {
    const std::uint64_t one = 1;
    while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
  }
  void clear() const {
    std::uint64_t count = 0;
    while (::read(fd_.get(), &count, sizeof count) < 0 && errno == EINTR) {
    }
  }
  int get() const { return fd_.get(); }

 private:
  FileDescriptor fd_;
};

// Whether `first` and `second` can be read, waited for.
std::array<bool, 2> wait_for(int first, int second, Deadline until) {
  std::array<pollfd, 2> waits = {pollfd{first, POLLIN, 0}, pollfd{second, POLLIN, 0}};
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    const int millis = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
    const int ready = ::poll(waits.data(), waits.size(), millis);
    if (ready >= 0 || errno != EINTR) break;
  }
  return {waits[0].revents != 0, waits[1].revents != 0};
}

std::string how(const process::Exit& exit) {
  if (exit.signal != 0) return "was ended by signal " + std::to_string(exit.signal);
  return "ended with exit code " + std::to_string(exit.code);
}

std::string in_seconds(milliseconds time) {
  if (time.count() % 1000 == 0) return std::to_string(time.count() / 1000) + " s";
  return std::to_string(time.count()) + " ms";
}

std::string stranger_at(std::uint16_t port) {
  return "another program listens at the server's port " + std::to_string(port);
}

// The program of one run and its output. The thread that made it destroys it.
class Life {
 public:
  Life(std::shared_ptr<process::BoxedProcess> process, const ModelServer::Calls& calls)
      : process_(std::move(process)), calls_(calls), reader_([this] { read(); }) {}
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  ~Life() {
    process_->kill();
    wait_for(process_->ended(), -1, steady_clock::now() + kUnkillable);
    static_cast<void>(process_->exit());
    finish_reading();
  }

  process::BoxedProcess& process() { return *process_; }

  // Requires: ended() is readable. "ended with exit code 1. Its last lines: ..."
  std::string end() {
    const std::optional<process::Exit> exit = process_->exit();
    finish_reading();
    std::string words = exit ? how(*exit) : "ended";
    if (const auto exceeded = process_->exceeded()) words = "was ended: " + words_of(*exceeded);
    return words + last_words();
  }
  std::string last_words() {
    const MutexLock lock(mutex_);
    const std::string lines = lines_.text();
    return lines.empty() ? ". It printed nothing" : ". Its last lines: " + lines;
  }

 private:
  void read() {
    std::string buffer(64 << 10, '\0');
    Deadline until = Deadline::max();
    for (;;) {
      const auto [readable, stopped] = wait_for(process_->output(), until == Deadline::max() ? stop_.get() : -1,
                                                std::min(until, steady_clock::now() + std::chrono::hours(1)));
      if (stopped) until = steady_clock::now() + kLastOutput;
      if (!readable) {
        if (steady_clock::now() >= until) break;
        continue;
      }
      const ssize_t got = ::read(process_->output(), buffer.data(), buffer.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) break;
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      {
        const MutexLock lock(mutex_);
        lines_.add(bytes);
      }
      calls_.output(bytes);
    }
    calls_.output_end();
  }

  void finish_reading() {
    stop_.set();
    if (reader_.joinable()) reader_.join();
  }

  const std::shared_ptr<process::BoxedProcess> process_;
  const ModelServer::Calls& calls_;
  Signal stop_;
  Mutex mutex_;
  LastLines lines_ CHILIAD_GUARDED_BY(mutex_);
  std::thread reader_;
};

// Whether the program alone listens at its port.
bool has_its_port(process::BoxedProcess& program, std::uint16_t port) {
  for (int look = 0; look < kLooksAtListeners; ++look)
    if (listeners_at(port, program.pids()) == Listeners::kOwn) return true;
  return false;
}

enum class Phase : std::uint8_t { kStarting, kReady, kPausing, kEnded };
enum class Ping : std::uint8_t { kGood, kBad, kSilent };

// How a run ended.
struct End {
  Error error;
  bool may_try_again = false;  // At the first start: a port may have been taken meanwhile.
};

}  // namespace

struct ModelServer::State {
  State(Options its_options, Calls its_calls, process::BoxRunner& its_runner, PortPool& its_ports)
      : options(its_options), calls(std::move(its_calls)), runner(its_runner), ports(its_ports), grace(options.grace) {}

  void supervise();
  End run();
  std::optional<End> start_up(Life& life, const Ports& held);
  End watch(Life& life, const Run& ready, std::uint16_t port);
  void drain(Life& life);
  Ping ping(const std::string& url);
  std::optional<std::string> asked_to_restart();
  bool is_stopping() {
    const MutexLock lock(mutex);
    return stopping;
  }
  void set_phase(Phase to) {
    const MutexLock lock(mutex);
    phase = to;
    changed.notify_all();
  }
  End unavailable(std::string message, bool may_try_again) {
    return {Error{ErrorCode::kUnavailable, std::move(message)}, may_try_again};
  }

  const Options options;
  const Calls calls;
  process::BoxRunner& runner;
  PortPool& ports;
  net::HttpClient client;
  Signal wake;
  std::atomic<bool> cancelled{false};
  std::atomic<steady_clock::time_point> answered_at{};  // The last call that was answered.
  std::atomic<int> time_outs{0};                        // Calls in a row.

  mutable Mutex mutex;
  Condition changed;
  Phase phase CHILIAD_GUARDED_BY(mutex) = Phase::kStarting;
  Run current CHILIAD_GUARDED_BY(mutex);  // The number also while it starts.
  bool was_ready CHILIAD_GUARDED_BY(mutex) = false;
  bool first_failed CHILIAD_GUARDED_BY(mutex) = false;
  Error failure CHILIAD_GUARDED_BY(mutex){ErrorCode::kUnavailable, ""};
  bool stopping CHILIAD_GUARDED_BY(mutex) = false;
  milliseconds grace CHILIAD_GUARDED_BY(mutex);
  std::optional<std::string> restart_reason CHILIAD_GUARDED_BY(mutex);
  std::shared_ptr<process::BoxedProcess> process CHILIAD_GUARDED_BY(mutex);

  std::thread thread;
};

// ---------------------------------------------------------------------------------------------------
// The thread
// ---------------------------------------------------------------------------------------------------

void ModelServer::State::supervise() {
  milliseconds pause = options.pause;
  int attempts = 0;
  while (!is_stopping()) {
    const steady_clock::time_point began = steady_clock::now();
    End end = run();
    if (is_stopping()) break;
    calls.note(end.error.message);
    {
      const MutexLock lock(mutex);
      phase = Phase::kPausing;
      failure = end.error;
      if (!was_ready && (!end.may_try_again || ++attempts >= options.attempts)) first_failed = true;
      changed.notify_all();
    }
    if (steady_clock::now() - began > options.longest_pause) pause = options.pause;
    const Deadline until = steady_clock::now() + pause;
    while (!is_stopping() && steady_clock::now() < until) {
      if (wait_for(wake.get(), -1, until)[0]) wake.clear();
    }
    pause = std::min(2 * pause, options.longest_pause);
    set_phase(Phase::kStarting);
  }
  set_phase(Phase::kEnded);
}

End ModelServer::State::run() {
  Result<Ports> held = ports.take();
  if (!held) return {std::move(held).error(), false};
  Result<Prepared> prepared = calls.make(*held, cancelled);
  if (!prepared) return {std::move(prepared).error(), false};
  if (cancelled) return unavailable("the server is stopping", false);
  Result<std::unique_ptr<process::BoxedProcess>> started = runner.start(prepared->box);
  if (!started) return {std::move(started).error(), false};
  const std::shared_ptr<process::BoxedProcess> program = std::move(*started);
  Run ready;
  ready.url = held->url();
  {
    const MutexLock lock(mutex);
    ready.number = ++current.number;
    process = program;
    restart_reason.reset();
  }
  time_outs = 0;
  End end = unavailable("the server is stopping", false);
  {
    Life life(program, calls);
    if (std::optional<End> failed = start_up(life, *held)) {
      end = std::move(*failed);
    } else if (!is_stopping()) {
      end = watch(life, ready, held->bind_to());
    }
    {
      const MutexLock lock(mutex);
      if (phase == Phase::kReady) phase = Phase::kPausing;
      failure = end.error;
    }
    if (is_stopping()) drain(life);
  }
  const MutexLock lock(mutex);
  process.reset();
  return end;
}

// Nothing: it is ready, or is to stop.
std::optional<End> ModelServer::State::start_up(Life& life, const Ports& held) {
  const Deadline limit = steady_clock::now() + options.startup;
  for (int pings = 0;; ++pings) {
    const milliseconds pause = pings < kFirstPingsCount ? kFirstPings : kLaterPings;
    const auto [ended, woken] = wait_for(life.process().ended(), wake.get(), steady_clock::now() + pause);
    if (woken) wake.clear();
    if (is_stopping()) return std::nullopt;
    if (ended) return unavailable("the server " + life.end(), true);
    // Who answers has to be the program: else another box's gets its models.
    const bool is_answered = ping(held.url()) == Ping::kGood;
    if (is_answered && has_its_port(life.process(), held.bind_to())) return std::nullopt;
    if (steady_clock::now() >= limit) {
      if (is_answered) return unavailable(stranger_at(held.bind_to()) + life.last_words(), false);
      return unavailable(
          "the server did not answer GET /ping with 200 within " + in_seconds(options.startup) + life.last_words(),
          false);
    }
  }
}

End ModelServer::State::watch(Life& life, const Run& ready, std::uint16_t port) {
  {
    const MutexLock lock(mutex);
    current = ready;
    phase = Phase::kReady;
    was_ready = true;
    changed.notify_all();
  }
  calls.note("the server is ready");
  steady_clock::time_point good_at = steady_clock::now();
  Deadline next_ping = good_at + options.ping_pause;
  for (;;) {
    const auto [ended, woken] = wait_for(life.process().ended(), wake.get(), next_ping);
    if (woken) wake.clear();
    if (is_stopping()) return unavailable("the server is stopping", false);
    if (ended) return unavailable("the server " + life.end(), false);
    if (std::optional<std::string> reason = asked_to_restart())
      return unavailable("the server was ended: " + *reason + life.last_words(), false);
    if (steady_clock::now() < next_ping) continue;
    const Ping answer = ping(ready.url);
    if (answer == Ping::kGood && !has_its_port(life.process(), port))
      return unavailable("the server was ended: " + stranger_at(port) + life.last_words(), false);
    if (answer == Ping::kGood) good_at = steady_clock::now();
    if (answer == Ping::kSilent) good_at = std::max(good_at, answered_at.load());  // It is busy.
    if (steady_clock::now() - good_at >= options.silence) {
      return unavailable("the server was ended: it did not answer GET /ping with 200 for " +
                             in_seconds(options.silence) + life.last_words(),
                         false);
    }
    next_ping = steady_clock::now() + options.ping_pause;
  }
}

std::optional<std::string> ModelServer::State::asked_to_restart() {
  const MutexLock lock(mutex);
  return std::exchange(restart_reason, std::nullopt);
}

void ModelServer::State::drain(Life& life) {
  const steady_clock::time_point since = steady_clock::now();
  life.process().terminate();
  for (;;) {
    Deadline until{};
    {
      const MutexLock lock(mutex);
      until = since + grace;
    }
    const auto [ended, woken] = wait_for(life.process().ended(), wake.get(), until);
    if (ended || !woken) return;
    wake.clear();  // The grace may be another one.
  }
}

Ping ModelServer::State::ping(const std::string& url) {
  net::ClientRequest request;
  request.url = url + "/ping";
  request.use_proxy = false;
  request.max_body_bytes = kPingAnswer;
  const Result<net::ClientResponse> answer = client.send(request, steady_clock::now() + options.ping_limit);
  if (!answer) return answer.error().code == ErrorCode::kTooLarge ? Ping::kBad : Ping::kSilent;
  return answer->status >= 200 && answer->status < 300 ? Ping::kGood : Ping::kBad;
}

// ---------------------------------------------------------------------------------------------------
// ModelServer
// ---------------------------------------------------------------------------------------------------

ModelServer::ModelServer(Options options, Calls calls, process::BoxRunner& runner, PortPool& ports)
    : state_(std::make_unique<State>(options, std::move(calls), runner, ports)) {
  state_->thread = std::thread([state = state_.get()] { state->supervise(); });
}

ModelServer::~ModelServer() {
  stop(state_->options.grace);
  state_->thread.join();
}

void ModelServer::stop(milliseconds grace) {
  state_->cancelled = true;
  {
    const MutexLock lock(state_->mutex);
    state_->grace = state_->stopping ? std::min(state_->grace, grace) : grace;
    state_->stopping = true;
    if (state_->phase != Phase::kEnded) state_->phase = Phase::kPausing;
    state_->failure = Error{ErrorCode::kUnavailable, "the server is stopping"};
    state_->changed.notify_all();
  }
  state_->wake.set();
}

Result<Done> ModelServer::first_start(Deadline deadline) {
  const MutexLock lock(state_->mutex);
  for (;;) {
    if (state_->was_ready) return Done{};
    if (state_->first_failed || state_->stopping) return state_->failure;
    if (!state_->changed.wait_until(state_->mutex, deadline))
      return Error{ErrorCode::kDeadline, "the server was not ready in time"};
  }
}

void ModelServer::restart(const Run& run, std::string_view reason) {
  {
    const MutexLock lock(state_->mutex);
    if (state_->phase != Phase::kReady || state_->current.number != run.number) return;
    state_->phase = Phase::kPausing;
    state_->failure = Error{ErrorCode::kUnavailable, "the server is started again: " + std::string(reason)};
    state_->restart_reason = std::string(reason);
  }
  state_->wake.set();
}

std::uint64_t ModelServer::resident_bytes() const {
  std::shared_ptr<process::BoxedProcess> program;
  {
    const MutexLock lock(state_->mutex);
    program = state_->process;
  }
  return program ? program->resident_bytes() : 0;
}

std::optional<Run> ModelServer::now() const {
  const MutexLock lock(state_->mutex);
  if (state_->phase != Phase::kReady) return std::nullopt;
  return state_->current;
}

Result<Run> ModelServer::ready(Deadline deadline) {
  const MutexLock lock(state_->mutex);
  for (;;) {
    switch (state_->phase) {
      case Phase::kReady: return state_->current;
      case Phase::kPausing:
      case Phase::kEnded: return state_->failure;
      case Phase::kStarting: break;
    }
    if (!state_->changed.wait_until(state_->mutex, deadline))
      return Error{ErrorCode::kDeadline, "the server is still starting"};
  }
}

Result<net::ClientResponse> ModelServer::send(const Run& run, net::ClientRequest request, Deadline deadline,
                                              bool* surely_not_sent) {
  {
    // The ports of a run that is over may be another server's by now.
    const MutexLock lock(state_->mutex);
    if (state_->process == nullptr || state_->current.number != run.number) {
      if (surely_not_sent != nullptr) *surely_not_sent = true;
      return Error{ErrorCode::kUnavailable, "the server has ended"};
    }
  }
  const steady_clock::time_point began = steady_clock::now();
  request.url.insert(0, run.url);
  request.use_proxy = false;
  request.silence = std::chrono::seconds(0);
  Result<net::ClientResponse> answer = state_->client.send(request, deadline, surely_not_sent);
  if (answer) {
    state_->answered_at = steady_clock::now();
    state_->time_outs = 0;
  } else if (answer.error().code == ErrorCode::kDeadline && steady_clock::now() - began >= kFairTime &&
             ++state_->time_outs >= kTimeOuts) {
    restart(run, "it answered none of the last " + std::to_string(kTimeOuts) + " calls in time");
  }
  return answer;
}

}  // namespace chiliad::container
