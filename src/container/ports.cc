#include "container/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/file.h"
#include "base/mutex.h"
#include "base/random.h"

namespace chiliad::container {
namespace {

constexpr int kLowest = 20'000;
constexpr int kHighest = 32'000;  // Where the system's own begin unless it says otherwise.
constexpr int kAttempts = 200;

// Where the system's own ports begin.
int first_of_the_systems() {
  const Result<std::string> text = read_file("/proc/sys/net/ipv4/ip_local_port_range", 64);
  int first = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), first).ec != std::errc()) return kHighest;
  return first;
}

bool is_free(int port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_ANY);  // Servers listen where they like.
  return socket && ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

bool are_free(int first) {
  for (int port = first; port < first + Ports::kCount; ++port)
    if (!is_free(port)) return false;
  return true;
}

}  // namespace

struct PortPool::State {
  Mutex mutex;
  std::set<std::uint16_t> held CHILIAD_GUARDED_BY(mutex);  // The first of each row.
};

struct Ports::Held {
  Held(std::uint16_t its_first, std::shared_ptr<PortPool::State> its_pool)
      : first(its_first), pool(std::move(its_pool)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    const MutexLock lock(pool->mutex);
    pool->held.erase(first);
  }

  const std::uint16_t first;
  const std::shared_ptr<PortPool::State> pool;
};

PortPool::PortPool() : state_(std::make_shared<State>()) {}

Result<Ports> PortPool::take() {
  int lowest = kLowest, highest = std::min(kHighest, first_of_the_systems());
  if (highest - lowest < 100 * Ports::kCount) {
    // The system's own begin lower: then anywhere above what services are known by, and below what Multi Model Server
    // takes for no port.
    lowest = 10'000;
    highest = kHighest;
  }
  const unsigned places = static_cast<unsigned>((highest - lowest) / Ports::kCount);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::array<std::uint8_t, 2> random{};
    fill_random(random);
    const unsigned place = (random[0] | static_cast<unsigned>(random[1]) << 8U) % places;
    const auto first = static_cast<std::uint16_t>(static_cast<unsigned>(lowest) + place * Ports::kCount);
    {
      const MutexLock lock(state_->mutex);
      if (!state_->held.insert(first).second) continue;
    }
    Ports ports(first, std::make_shared<const Ports::Held>(first, state_));
    if (are_free(first)) return ports;
  }
  return Error{ErrorCode::kUnavailable,
               "no free ports from " + std::to_string(lowest) + " to " + std::to_string(highest)};
}

std::string Ports::safe_range() const { return std::to_string(first_ + 1) + "-" + std::to_string(first_ + kCount - 1); }

std::string Ports::url() const { return "http://127.0.0.1:" + std::to_string(first_); }

}  // namespace chiliad::container
