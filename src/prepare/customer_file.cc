#include "prepare/customer_file.h"

#include <fmt/format.h>

#include <cstddef>

#include "base/hash.h"

namespace chiliad::prepare {
namespace {

constexpr std::string_view kEmptyIdName = "%";
constexpr std::size_t kHashDigits = 64;
constexpr char kHashMark = '~';  // Never stands for itself, so it tells hashed names from the others.
constexpr std::string_view kDigits = "0123456789ABCDEF";

bool stands_for_itself(unsigned char c, bool first) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_') return true;
  return !first && (c == '-' || c == '.');
}

// The value of an upper-case hex digit, or -1: lower case would give one id two names.
int hex_value(char c) {
  const std::size_t at = kDigits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

void append_encoded(std::string& out, unsigned char c) {
  if (stands_for_itself(c, out.empty())) {
    out += static_cast<char>(c);
    return;
  }
  out += '%';
  out += kDigits[c >> 4];
  out += kDigits[c & 15];
}

Error no_name(std::string_view name) {
  return Error{ErrorCode::kInvalid,
               fmt::format("'{}' is not the file name of a customer", name.substr(0, kMaxCustomerName))};
}

}  // namespace

std::string encode_customer_id(std::string_view id) {
  if (id.empty()) return std::string(kEmptyIdName);
  std::string name;
  std::size_t kept = 0;  // The longest start of whole bytes that leaves room for mark and hash.
  for (const char c : id) {
    append_encoded(name, static_cast<unsigned char>(c));
    if (name.size() + 1 + kHashDigits <= kMaxCustomerName) kept = name.size();
    if (name.size() > kMaxCustomerName) break;
  }
  if (name.size() <= kMaxCustomerName) return name;
  name.resize(kept);
  name += kHashMark;
  name += hex(sha256(id));
  return name;
}

bool is_hashed_customer_name(std::string_view name) {
  if (name.size() <= kHashDigits || name.size() > kMaxCustomerName) return false;
  if (name[name.size() - kHashDigits - 1] != kHashMark) return false;
  return name.substr(name.size() - kHashDigits).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> decode_customer_id(std::string_view name) {
  if (name == kEmptyIdName) return std::string();
  if (is_hashed_customer_name(name)) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("'{}' stands for a long id, which its folder's {} lists", name, kLongIdIndex)};
  }
  std::string id;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (stands_for_itself(c, i == 0)) {
      id += name[i];
      continue;
    }
    const int high = i + 2 < name.size() && c == '%' ? hex_value(name[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_value(name[i + 2]);
    if (low < 0) return no_name(name);
    id += static_cast<char>(high * 16 + low);
    i += 2;
  }
  // "%41" spells "A", whose name is "A": only names that encode_customer_id() gives are taken.
  if (encode_customer_id(id) != name) return no_name(name);
  return id;
}

}  // namespace chiliad::prepare
