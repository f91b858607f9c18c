// Where a subcommand's results go: a file, or standard output for "-". Buffered; nothing is ignored: a full disk is an
// error of write() or finish().
//
// Thread safety: one thread at a time.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::app {

class TextOutput {
 public:
  // Makes or empties the file. Errors: as base/file.h.
  static Result<TextOutput> open(const std::string& path);

  // Errors: as write_all().
  Result<Done> write(std::string_view text);
  // Writes what is left. To be called once, before the end.
  Result<Done> finish();

 private:
  TextOutput() = default;
  Result<Done> flush();

  FileDescriptor file_;
  std::filesystem::path path_;
  std::string buffer_;
};

}  // namespace chiliad::app
