// The stored form of some lines of a stream: a block, a row of the log's database.
//
//   block = event*
//   event = time: 8 bytes, little-endian, milliseconds since 1970, two's complement
//           delay: varint, zigzag; ingestion time = time + delay, milliseconds
//           size: varint, at most kMaxLineBytes
//           text: size bytes
//
// Events stand alone, so that blocks may be joined by joining their bytes. doc/watch.md says what surrounds them.
//
// Rule the rest relies on: read_log_block() takes any bytes: it never reads beyond them and never allocates more than
// 32 bytes for each byte.
//
// Source: varint and zigzag as in Protocol Buffers' encoding. Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "watch/log_sink.h"

namespace chiliad::watch {

struct StoredEvent {
  Milliseconds time;
  Milliseconds ingested;
  std::string_view text;  // Into the block.
};

// Appends an event; a text over kMaxLineBytes is cut.
void append_log_event(std::string& block, const StoredEvent& event);

// Errors: kCorrupt: not such bytes (the message says at which one).
Result<std::vector<StoredEvent>> read_log_block(std::string_view block);

}  // namespace chiliad::watch
