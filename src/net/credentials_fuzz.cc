// Any bytes as the answer of a container's or an instance's endpoint: refused in one line, or keys to sign with.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/credentials.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const Result<net::Credentials> found = net::parse_credentials({reinterpret_cast<const char*>(data), size});
  if (found) {
    CHILIAD_CHECK(!found->access_key_id.empty() && !found->secret_access_key.empty());
  } else {
    CHILIAD_CHECK(found.error().code == ErrorCode::kCorrupt && !found.error().message.empty());
  }
  return 0;
}
