// What `chiliad up` counts beside watch/counters_text.h, for GET /metrics (Prometheus exposition format).
//
// Thread safety: pure functions.

#pragma once

#include <string>

#include "hosting/hosting.h"
#include "net/http_server.h"

namespace chiliad::app {

void append_http_counters(std::string& out, const net::HttpServer::Counters& http);
void append_capture_counters(std::string& out, const hosting::Hosting::CaptureCounters& captures);

}  // namespace chiliad::app
