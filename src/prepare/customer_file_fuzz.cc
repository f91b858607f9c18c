// Any bytes as an id: its name is one safe path component and comes back. Any bytes as a name: refused, or the one
// name of the id that it gives.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "prepare/customer_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string name = prepare::encode_customer_id(bytes);
  CHILIAD_CHECK(!name.empty() && name.size() <= prepare::kMaxCustomerName && name[0] != '.' && name[0] != '-');
  CHILIAD_CHECK(name.find_first_of(std::string_view("/\\\0 ", 4)) == std::string::npos);
  const Result<std::string> id = prepare::decode_customer_id(name);
  CHILIAD_CHECK(prepare::is_hashed_customer_name(name) ? !id : id && *id == bytes);
  if (const Result<std::string> decoded = prepare::decode_customer_id(bytes)) {
    CHILIAD_CHECK(prepare::encode_customer_id(*decoded) == bytes);
  }
  return 0;
}
