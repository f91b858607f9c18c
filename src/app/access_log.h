// AccessLog: a line of JSON a request, in a file.
//
// Promises
//   1. A line is one write(2) to a file opened to append: whole among those of other threads, and in the file before
//   its
//      answer is sent. Nothing is buffered: the last lines before a crash are those that somebody will look for. That
//      is 1 to 2 us a request, paid by who asks for the log.
//   2. A line that cannot be written (a full disk) is counted and lost; the request is answered all the same. The first
//      loss is said on standard error. Behind lost lines the log goes on after a line end, so that a line that was cut
//      short is not taken for the beginning of the next.
//
// Thread safety: write() and lost() from any threads at a time.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "net/http_message.h"

namespace chiliad::app {

class AccessLog {
 public:
  // "-" is standard error. Errors: as system_error().
  static Result<std::unique_ptr<AccessLog>> open(const std::string& path);

  void write(const net::HttpRequest& request, int status, std::size_t bytes);

  // Lines that were not written.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  const std::string& path() const { return path_; }

 private:
  AccessLog(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  const std::string path_;
  const FileDescriptor file_;
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> cut_{false};  // The last line may lack its end.
};

}  // namespace chiliad::app
