// Bodies that clients compress: SDKs send measurements (CloudWatch's PutMetricData) over 10 kB with Content-Encoding:
// gzip.
//
// Source: RFC 9110, section 8.4; RFC 1952. Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace chiliad::aws {

// Whether the request says that its body is compressed.
bool has_coded_body(const net::HttpRequest& request);

// Of a gzip stream (one member or several), or of what is no longer coded ("identity", none).
// Errors: kInvalid: another coding, damaged or cut; kTooLarge: over max_bytes when decoded.
Result<std::string> decoded_body(std::string_view coding, std::string_view body, std::uint64_t max_bytes);

}  // namespace chiliad::aws
