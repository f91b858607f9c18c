#include "container/ports.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>
#include <vector>

#include "base/file.h"

namespace chiliad::container {
namespace {

TEST(Ports, NoTwoAreTheSameWhileTheyAreHeld) {
  PortPool pool;
  std::vector<Ports> held;
  std::set<int> firsts;
  for (int i = 0; i < 50; ++i) {
    Result<Ports> ports = pool.take();
    ASSERT_TRUE(ports) << ports.error().message;
    EXPECT_TRUE(firsts.insert(ports->bind_to()).second);
    held.push_back(std::move(*ports));
  }
}

TEST(Ports, AServerCanListenOnThem) {
  PortPool pool;
  Result<Ports> ports = pool.take();
  ASSERT_TRUE(ports) << ports.error().message;
  EXPECT_EQ(ports->url(), "http://127.0.0.1:" + std::to_string(ports->bind_to()));
  EXPECT_EQ(ports->safe_range(),
            std::to_string(ports->bind_to() + 1) + "-" + std::to_string(ports->bind_to() + Ports::kCount - 1));
  std::vector<FileDescriptor> listeners;
  for (int port = ports->bind_to(); port < ports->bind_to() + Ports::kCount; ++port) {
    FileDescriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << port;
    ASSERT_EQ(::listen(listener.get(), 1), 0) << port;
    listeners.push_back(std::move(listener));
  }
}

}  // namespace
}  // namespace chiliad::container
