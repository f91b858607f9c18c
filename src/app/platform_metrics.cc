#include "app/platform_metrics.h"

#include <fmt/format.h>

#include <iterator>

namespace chiliad::app {
namespace {

void append(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
}

}  // namespace

void append_http_counters(std::string& out, const net::HttpServer::Counters& http) {
  append(out, "chiliad_http_connections", "gauge", "Open connections.", http.connections);
  append(out, "chiliad_http_accepted_total", "counter", "Connections accepted.", http.accepted);
  append(out, "chiliad_http_refused_connections_total", "counter", "Of these answered 503: there were too many.",
         http.refused_connections);
  append(out, "chiliad_http_failed_accepts_total", "counter",
         "Times that no connection could be accepted: no descriptors, no memory.", http.failed_accepts);
  append(out, "chiliad_http_timed_out_total", "counter", "Connections closed because a client was too slow.",
         http.timed_out);
  append(out, "chiliad_http_refused_requests_total", "counter", "Requests refused before they were complete.",
         http.refused_requests);
  append(out, "chiliad_http_failed_handshakes_total", "counter", "Connections that did not come to speak TLS.",
         http.failed_handshakes);
}

void append_capture_counters(std::string& out, const hosting::Hosting::CaptureCounters& captures) {
  append(out, "chiliad_capture_records_total", "counter", "Records of data capture that were written.",
         captures.written);
  append(out, "chiliad_capture_dropped_total", "counter",
         "Records dropped: no room for those that wait, or a store that will never take them.", captures.dropped);
  append(out, "chiliad_capture_failed_files_total", "counter", "Files of records that the store refused.",
         captures.failed);
}

}  // namespace chiliad::app
