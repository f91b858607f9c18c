#include "watch/counters_text.h"

#include <fmt/format.h>

#include <iterator>

namespace chiliad::watch {
namespace {

template <typename Number>
void append(std::string& out, std::string_view name, std::string_view type, std::string_view help, Number value) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
}

}  // namespace

void append_counters(std::string& out, const LogStore::Counters& logs, const MetricStore::Counters& metrics) {
  append(out, "chiliad_log_lines_total", "counter", "Lines taken.", logs.lines);
  append(out, "chiliad_log_lost_lines_total", "counter", "Of these lost for want of room or of a disk fast enough.",
         logs.lost_lines);
  append(out, "chiliad_log_failed_writes_total", "counter", "Transactions of lines that were taken back.",
         logs.failed_writes);
  append(out, "chiliad_log_bytes", "gauge", "Bytes of lines that are kept.", logs.bytes);
  append(out, "chiliad_log_streams", "gauge", "Streams that are kept.", logs.streams);
  append(out, "chiliad_metric_values_total", "counter", "Measurements taken.", metrics.values);
  append(out, "chiliad_metric_refused_total", "counter", "Measurements not taken: bad, too old or new, or no room.",
         metrics.refused);
  append(out, "chiliad_metric_failed_writes_total", "counter", "Transactions of measurements that were taken back.",
         metrics.failed_writes);
}

}  // namespace chiliad::watch
