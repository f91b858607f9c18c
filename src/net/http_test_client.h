// HttpTestClient: a plain socket to a server under test that sends any bytes, right or wrong.
//
// Thread safety: one thread at a time.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"

namespace chiliad::net {

class HttpTestClient {
 public:
  explicit HttpTestClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Everything until the server closes.
  std::string read_all() {
    std::string all;
    char buffer[65536];
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(got));
    }
  }
  // Until `text` has come `times` times, or the server closes.
  std::string read_until(std::string_view text, int times = 1) {
    std::string all;
    char byte = 0;
    while (::recv(fd_.get(), &byte, 1, 0) == 1) {
      all += byte;
      if (all.ends_with(text) && --times == 0) return all;
    }
    return all;
  }
  // Exactly so many bytes, fewer if the server closes.
  std::string read_bytes(std::size_t size) {
    std::string all(size, '\0');
    std::size_t at = 0;
    while (at < size) {
      const ssize_t got = ::recv(fd_.get(), all.data() + at, size - at, 0);
      if (got <= 0) break;
      at += static_cast<std::size_t>(got);
    }
    all.resize(at);
    return all;
  }
  // Waits until the server has sent something to one of two; true when it is this one.
  bool hears_before(const HttpTestClient& other) const {
    pollfd both[] = {{fd_.get(), POLLIN, 0}, {other.fd_.get(), POLLIN, 0}};
    return ::poll(both, 2, 60'000) > 0 && both[0].revents != 0;
  }

 private:
  FileDescriptor fd_;
  bool connected_ = false;
};

}  // namespace chiliad::net
