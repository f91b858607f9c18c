// Sockets instead of pipes: a write to nobody must not raise SIGPIPE.

#include "process/steering.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace chiliad::process {
namespace {

constexpr std::size_t kMaxInformation = 4096;

}  // namespace

Result<Steering::Ends> Steering::make_ends() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error("make a socket for", "a box", errno);
  return Ends{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<Steering> Steering::make(std::string_view arguments) {
  Result<Lifeline> lifeline = Lifeline::make();
  if (!lifeline) return std::move(lifeline).error();
  Steering all(*std::move(lifeline));
  all.arguments_ = FileDescriptor(::memfd_create("arguments", MFD_CLOEXEC));
  if (!all.arguments_) return system_error("make a file for", "a box's arguments", errno);
  if (Result<Done> done = write_all(all.arguments_, arguments, "a box's arguments"); !done)
    return std::move(done).error();
  ::lseek(all.arguments_.get(), 0, SEEK_SET);
  for (Ends* ends : {&all.information_, &all.filter_}) {
    Result<Ends> made = make_ends();
    if (!made) return std::move(made).error();
    *ends = *std::move(made);
  }
  return all;
}

std::vector<int> Steering::inner_ends() const {
  return {arguments_.get(), information_.inner.get(), filter_.inner.get(), lifeline_.inner_end()};
}

void Steering::close_inner_ends() {
  arguments_.reset();
  for (Ends* ends : {&information_, &filter_}) ends->inner.reset();
  lifeline_.close_inner_end();
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

}  // namespace chiliad::process
