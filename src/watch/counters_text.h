// What the stores of lines and measurements count, as text for GET /metrics: names in doc/watch.md.
//
// Source: Prometheus, "Exposition formats", 0.0.4. Thread safety: pure.

#pragma once

#include <string>

#include "watch/log_store.h"
#include "watch/metric_store.h"

namespace chiliad::watch {

void append_counters(std::string& out, const LogStore::Counters& logs, const MetricStore::Counters& metrics);

}  // namespace chiliad::watch
