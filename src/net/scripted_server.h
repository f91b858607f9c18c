// For tests: a TCP server on a free port of this machine that does what a script says, right or wrong.
//
// Each connection has a thread; for each request that comes, the script is called with its head and body and the
// connection, and sends what it likes. When it returns false, the connection is closed.
//
// Thread safety: the script is called by several threads at a time; the rest, one thread at a time.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"

namespace chiliad::net {

// A text that the test and its server's threads hand one another.
class SharedText {
 public:
  SharedText& operator=(std::string text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    text_ = std::move(text);
    return *this;
  }
  std::string get() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

class ScriptedConnection {
 public:
  ScriptedConnection(int fd, int stop) : fd_(fd), stop_(stop) {}

  // False when the peer has gone or the server ends.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd waits[2] = {{fd_, POLLOUT, 0}, {stop_, POLLIN, 0}};
      if (::poll(waits, 2, -1) < 0 && errno != EINTR) return false;
      if (waits[1].revents != 0) return false;
      const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  // Says nothing for `millis`, or until the peer goes or the server ends (false).
  bool stall(int millis = -1) {
    pollfd waits[2] = {{fd_, POLLRDHUP, 0}, {stop_, POLLIN, 0}};
    return ::poll(waits, 2, millis) == 0;
  }
  // Some bytes; empty at the end.
  std::string receive() {
    pollfd waits[2] = {{fd_, POLLIN, 0}, {stop_, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 || waits[1].revents != 0) return "";
    std::string bytes(64 << 10, '\0');
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

 private:
  int fd_;
  int stop_;
};

class ScriptedServer {
 public:
  using Script = std::function<bool(const std::string& request, ScriptedConnection& connection)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_.get(), 64);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(stop_.get(), &one, sizeof one));
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Connections that are there stay; nobody gets another.
  void refuse_others() { ::shutdown(listener_.get(), SHUT_RDWR); }
  // How many requests have come.
  int requests() const { return requests_; }

 private:
  void accept() {
    while (true) {
      pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      if (::poll(waits, 2, -1) < 0 && errno == EINTR) continue;
      if (waits[1].revents != 0) return;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0 && errno == EINVAL) return;  // refuse_others()
      if (fd >= 0) threads_.emplace_back([this, fd] { serve(FileDescriptor(fd)); });
    }
  }

  void serve(const FileDescriptor& file) {
    ScriptedConnection connection(file.get(), stop_.get());
    std::string bytes;
    while (true) {
      std::size_t head = bytes.find("\r\n\r\n");
      while (head == std::string::npos) {
        const std::string more = connection.receive();
        if (more.empty()) return;
        bytes += more;
        head = bytes.find("\r\n\r\n");
      }
      std::size_t size = head + 4;
      const std::size_t length = bytes.find("Content-Length: ");
      if (length < head) size += std::stoul(bytes.substr(length + 16));
      while (bytes.size() < size) {
        const std::string more = connection.receive();
        if (more.empty()) return;
        bytes += more;
      }
      ++requests_;
      if (!script_(bytes.substr(0, size), connection)) return;
      bytes.erase(0, size);
    }
  }

  Script script_;
  FileDescriptor stop_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

// An answer with Content-Length.
inline std::string scripted_answer(int status, const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         fields + "\r\n" + body;
}

}  // namespace chiliad::net
