// A socket instead of pipes: a write to nobody must not raise SIGPIPE, and the kernel says who wrote.

#include "process/lifeline.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace chiliad::process {
namespace {

constexpr std::string_view kGo = "go\n";

}  // namespace

bool readable_before(int fd, Deadline deadline) {
  ::pollfd polled{fd, POLLIN, 0};
  while (true) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&polled, 1, static_cast<int>(std::max<std::int64_t>(rest.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

Result<Lifeline> Lifeline::make() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error("make a socket for", "a box", errno);
  Lifeline lifeline{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  // With each message the kernel says which process sent it.
  const int on = 1;
  ::setsockopt(lifeline.ours_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return lifeline;
}

Lifeline::Said Lifeline::listen(Deadline deadline) {
  Said said;
  if (!readable_before(ours_.get(), deadline)) return said;
  char text[64];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  iovec part{text, sizeof text};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(ours_.get(), &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return said;
  said.words.assign(text, static_cast<std::size_t>(got));
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_CREDENTIALS) {
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
    said.pid = sender.pid;
  }
  return said;
}

bool Lifeline::say_go() {
  return ::send(ours_.get(), kGo.data(), kGo.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kGo.size());
}

}  // namespace chiliad::process
