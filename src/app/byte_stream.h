// Files and the standard streams as table/ and the writers of tables want them: pull and put functions.
//
// Thread safety: one thread at a time for each stream.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "table/bytes.h"

namespace chiliad::app {

// The bytes of a file, or of standard input for "-". Errors: as system_error(); kInvalid for a folder.
struct InputStream {
  table::PullBytes pull;
  std::string name;              // "-" is "standard input".
  std::uint64_t size_bytes = 0;  // 0: unknown, as of a pipe.
};
Result<InputStream> open_input(const std::string& path);

// Bytes to a file, or to standard output for "-". A regular file appears, or replaces the one before, when commit() is
// called, whole or not at all: until then its bytes lie beside it in a hidden file, which a failure takes away. What is
// no regular file (a pipe, /dev/null) is written to directly.
class OutputStream {
 public:
  // Errors: as system_error(); the folder must exist.
  static Result<OutputStream> open(const std::string& path);
  OutputStream(OutputStream&& other) noexcept;
  OutputStream& operator=(OutputStream&&) = delete;
  ~OutputStream();

  // Errors: as system_error(), a full disk among them.
  Result<Done> put(std::string_view bytes);
  Result<Done> commit();

 private:
  OutputStream() = default;

  FileDescriptor file_;
  std::filesystem::path path_;
  std::filesystem::path temporary_;  // Empty: written directly.
};

}  // namespace chiliad::app
