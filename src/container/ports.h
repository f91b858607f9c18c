// PortPool: a few free ports of the loopback interface in a row, for a model server that is told where to listen.
//
//   SAGEMAKER_BIND_TO_PORT=21344   SAGEMAKER_SAFE_PORT_RANGE=21345-21351
//
// They lie below those that the system gives out by itself (net.ipv4.ip_local_port_range), so that nobody gets one by
// chance between the moment when it was found free and the moment when the server listens; and no two servers of one
// pool are given the same.
//
// Thread safety: take() may be called from any threads; Ports is one thread's at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace chiliad::container {

// The ports of one server, until the object goes.
class Ports {
 public:
  static constexpr int kCount = 8;

  std::uint16_t bind_to() const { return first_; }
  std::string safe_range() const;  // "21345-21351"
  std::string url() const;         // "http://127.0.0.1:21344"

 private:
  friend class PortPool;
  struct Held;
  Ports(std::uint16_t first, std::shared_ptr<const Held> held) : first_(first), held_(std::move(held)) {}
  std::uint16_t first_;
  std::shared_ptr<const Held> held_;
};

class PortPool {
 public:
  PortPool();

  // Errors: kUnavailable: none found.
  Result<Ports> take();

 private:
  friend struct Ports::Held;
  struct State;
  const std::shared_ptr<State> state_;  // Outlives the pool while ports are held.
};

}  // namespace chiliad::container
