// Sockets instead of pipes: a write to nobody must not raise SIGPIPE.

#include "process/steering.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace chiliad::process {
namespace {

constexpr std::string_view kGo = "go\n";
constexpr std::size_t kMaxInformation = 4096;

}  // namespace

bool readable_before(int fd, Deadline deadline) {
  ::pollfd polled{fd, POLLIN, 0};
  while (true) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&polled, 1, static_cast<int>(std::max<std::int64_t>(rest.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

Result<Steering::Ends> Steering::make_ends() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error("make a socket for", "a box", errno);
  return Ends{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<Steering> Steering::make(std::string_view arguments) {
  Steering all;
  all.arguments_ = FileDescriptor(::memfd_create("arguments", MFD_CLOEXEC));
  if (!all.arguments_) return system_error("make a file for", "a box's arguments", errno);
  if (Result<Done> done = write_all(all.arguments_, arguments, "a box's arguments"); !done)
    return std::move(done).error();
  ::lseek(all.arguments_.get(), 0, SEEK_SET);
  for (Ends* ends : {&all.information_, &all.filter_, &all.lifeline_}) {
    Result<Ends> made = make_ends();
    if (!made) return std::move(made).error();
    *ends = *std::move(made);
  }
  // With each message the kernel says which process sent it, by our numbers.
  const int on = 1;
  ::setsockopt(all.lifeline_.ours.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return all;
}

std::vector<int> Steering::inner_ends() const {
  return {arguments_.get(), information_.inner.get(), filter_.inner.get(), lifeline_.inner.get()};
}

void Steering::close_inner_ends() {
  arguments_.reset();
  for (Ends* ends : {&information_, &filter_, &lifeline_}) ends->inner.reset();
}

bool Steering::hears_of_child(Deadline deadline) {
  // {"child-pid": 2, ...}, the number by bwrap's counting.
  std::string text;
  char part[256];
  while (text.size() < kMaxInformation && text.find('}') == text.npos &&
         readable_before(information_.ours.get(), deadline)) {
    const ssize_t got = ::read(information_.ours.get(), part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(part, static_cast<std::size_t>(got));
  }
  return text.find('}') != text.npos;
}

void Steering::send_filter(std::string_view filter) {
  // It fits into the socket's buffer. If bwrap ended, the next step finds out.
  static_cast<void>(::send(filter_.ours.get(), filter.data(), filter.size(), MSG_NOSIGNAL));
  filter_.ours.reset();
}

Steering::Said Steering::listen(Deadline deadline) {
  Said said;
  if (!readable_before(lifeline_.ours.get(), deadline)) return said;
  char text[64];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  iovec part{text, sizeof text};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(lifeline_.ours.get(), &message, MSG_CMSG_CLOEXEC);
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

bool Steering::say_go() {
  return ::send(lifeline_.ours.get(), kGo.data(), kGo.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kGo.size());
}

}  // namespace chiliad::process
