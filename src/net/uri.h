// Percent-encoding as AWS signs it, and the parts of an http address.
//
// Source: RFC 3986, sections 2.3 and 3; AWS, "Create a canonical request" (UriEncode).
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::net {

// All but letters, digits, '-', '.', '_' and '~' becomes %XX, upper case; '/' stays if keep_slash.
std::string percent_encode(std::string_view text, bool keep_slash = false);

// %XX becomes its byte; a '%' that does not begin one stays. '+' stays, or is a blank if plus_is_blank.
std::string percent_decode(std::string_view text, bool plus_is_blank = false);

struct Url {
  bool tls = false;
  std::string host;  // "[::1]" keeps its brackets.
  std::uint16_t port = 0;
  bool port_given = false;
  std::string path;  // Without a '/' at the end: what stands before further paths. Often empty.

  // "host" or "host:port", the port only when it is not the scheme's own: the Host field.
  std::string authority() const;
  // "https://host:port".
  std::string origin() const;
};

// "http://127.0.0.1:9000/base". Errors: kInvalid: another scheme, a user name, a query, a fragment, no host, a bad
// port.
Result<Url> parse_url(std::string_view text);

// Whether the host is an IP address or localhost: then a bucket's name cannot stand before it.
bool is_address(std::string_view host);

}  // namespace chiliad::net
