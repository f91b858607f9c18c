// Requests from anywhere in canonical form: the form is the same for all ways to write one request, and signing does
// not depend on how its escapes were written.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/sigv4.h"
#include "net/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::net;  // NOLINT
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CHILIAD_CHECK(percent_decode(percent_encode(text)) == text);
  CHILIAD_CHECK(percent_decode(percent_encode(text, true)) == text);
  const std::size_t question = text.find('?') == std::string_view::npos ? text.size() : text.find('?');
  const std::string_view path = text.substr(0, question);
  const std::string_view query = text.substr(question);
  const HttpFields fields = {{"Host", std::string(path)}, {"X-A", std::string(query)}};
  const auto canonical = [&](std::string_view own_path) {
    return sigv4::canonical_request({"GET", own_path, query, fields}, "host;x-a", "x", sigv4::PathRule::kS3);
  };
  CHILIAD_CHECK(canonical(path) == canonical(percent_encode(percent_decode(path), true)));
  static_cast<void>(sigv4::canonical_request({"GET", path, query, fields}, "host", "x", sigv4::PathRule::kOthers));
  const auto url = parse_url(text);
  if (url) CHILIAD_CHECK(static_cast<bool>(parse_url(url->origin())));
  return 0;
}
