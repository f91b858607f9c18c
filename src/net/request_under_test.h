// For tests: requests as they arrive, read by the parser from their text.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "net/http_parser.h"
#include "net/sigv4.h"

namespace chiliad::net {

// The request of these bytes. Fails the test when they are not one.
inline HttpRequest request_of(std::string_view text) {
  HttpParser parser({});
  HttpRequest request;
  parser.begin(request);
  const HttpParser::Progress progress = parser.feed(text);
  EXPECT_TRUE(progress.complete) << progress.failure << "\n" << text;
  return request;
}

// The bytes of a request; Content-Length is added when there is a body.
inline std::string text_of_request(std::string_view method, std::string_view target, const HttpFields& fields,
                                   std::string_view body = "") {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\n");
  for (const auto& [name, value] : fields) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

}  // namespace chiliad::net
