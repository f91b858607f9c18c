// Messages of application/vnd.amazon.eventstream, as InvokeEndpointWithResponseStream answers: each a prelude (two
// lengths and their CRC), headers, a payload, and the CRC of it all.
//
// Source: AWS, "Amazon event stream encoding" (smithy.io). Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

namespace chiliad::hosting {

// Appends a PayloadPart event. Requires: at most 16 MiB.
void append_payload_part(std::string& out, std::string_view bytes);

// Appends parts of at most 64 KiB; none for no bytes.
void append_payload_parts(std::string& out, std::string_view bytes);

// Appends the exception that ends a stream before its end. `code`: "StreamBroken", "ModelInvocationTimeExceeded".
void append_stream_error(std::string& out, std::string_view code, std::string_view message);

// The whole answer of these bytes: parts of at most 64 KiB, one at least.
std::string payload_parts(std::string_view bytes);

}  // namespace chiliad::hosting
