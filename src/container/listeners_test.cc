#include "container/listeners.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "base/file.h"

namespace chiliad::container {
namespace {

// A socket that listens at a free port of the loopback.
FileDescriptor listen_at(std::uint16_t& port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket.get(), 1), 0);
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  port = ntohs(address.sin_port);
  return socket;
}

TEST(Listeners, AreOwnWhereTheProcessHasTheSocket) {
  std::uint16_t port = 0;
  const FileDescriptor socket = listen_at(port);
  const std::array<pid_t, 1> self = {::getpid()};
  EXPECT_EQ(listeners_at(port, self), Listeners::kOwn);
}

TEST(Listeners, AreForeignWhereNoneOfTheProcessesHasTheSocket) {
  std::uint16_t port = 0;
  const FileDescriptor socket = listen_at(port);
  const std::array<pid_t, 1> init = {1};
  EXPECT_EQ(listeners_at(port, init), Listeners::kForeign);
  EXPECT_EQ(listeners_at(port, {}), Listeners::kForeign);
}

TEST(Listeners, AreNoneOnceTheSocketIsClosed) {
  std::uint16_t port = 0;
  listen_at(port).reset();
  const std::array<pid_t, 1> self = {::getpid()};
  EXPECT_EQ(listeners_at(port, self), Listeners::kNone);
}

TEST(Listeners, AreReadFromTheKernelsTables) {
  const std::string_view table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0\n"
      "   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 12346 1 0 20 4\n"
      "   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12347 1 0 100 0\n"
      " 101: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 "
      "00:00000000 00000000  1000        0 12348 1 0 100 0\n"
      "   3: 0100007F";
  EXPECT_EQ(listeners_in(table, 8080), (std::vector<std::uint64_t>{12345, 12348}));
  EXPECT_TRUE(listeners_in("", 8080).empty());
}

}  // namespace
}  // namespace chiliad::container
