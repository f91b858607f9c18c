// PipeEpoch: one epoch of an input on its way through a named pipe: objects and values, as they are, unpacked or
// wrapped in records.
//
//     magic 0xced7230a | length | bytes | zeros up to a multiple of 4       numbers are 32 bits, little-endian
//
// Each send says whether to go on: false when the reader has gone or the feed is stopped. Memory: a piece of an object.
//
// Source: Apache MXNet, RecordIO. Thread safety: one thread at a time, in which SIGPIPE is blocked.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "job/input_plan.h"
#include "job/object_stream.h"

namespace chiliad::job {

class PipeEpoch {
 public:
  // All are kept by reference. `pipe` does not block. What has to be unpacked to a file lies in the folder `work`, on a
  // disk of which `free_bytes` stay free.
  PipeEpoch(const FileDescriptor& pipe, const PlannedInput& input, const std::filesystem::path& work,
            std::uint64_t free_bytes, const std::atomic<bool>& stopped)
      : pipe_(pipe), input_(input), work_(work), free_bytes_(free_bytes), stopped_(stopped) {}

  // `listed_bytes`: as ObjectStream has it. Errors: those of ObjectStream and download_unpacked(); kTooLarge: of a
  // record; kCorrupt: damaged gzip.
  Result<bool> send_object(store::ObjectStore& store, const std::string& key, std::uint64_t listed_bytes);
  // Errors: kTooLarge: of a record.
  Result<bool> send_value(std::string_view bytes);

 private:
  Result<bool> send_unpacked(ObjectStream& object, const std::string& key);
  Result<bool> send_unpacked_record(store::ObjectStore& store, const std::string& key);
  Result<bool> begin_record(std::uint64_t size);
  bool end_record(std::uint64_t size);
  bool send(std::string_view bytes);

  const FileDescriptor& pipe_;
  const PlannedInput& input_;
  const std::filesystem::path& work_;
  const std::uint64_t free_bytes_;
  const std::atomic<bool>& stopped_;
};

// The first eight bytes of a record, and what follows it. Errors: kTooLarge: 512 MiB and more.
Result<std::string> record_head(std::uint64_t size_bytes);
std::string_view record_end(std::uint64_t size_bytes);

}  // namespace chiliad::job
