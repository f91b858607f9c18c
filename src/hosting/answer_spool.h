// AnswerSpool: the answers of a group of records until their turn comes: in memory up to 1 MiB, beyond in a file. A few
// bytes of a record may ask for megabytes of forecast.
//
// Thread safety: one thread at a time.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::hosting {

class AnswerSpool {
 public:
  // `file`: made when it is needed; it stays.
  explicit AnswerSpool(std::filesystem::path file) : path_(std::move(file)) {}

  // Errors: as base/file.h.
  Result<Done> append(std::string_view bytes);
  // All of it to the end of `to`, whose path is `to_path`. Errors: as base/file.h.
  Result<Done> move_to(const FileDescriptor& to, const std::filesystem::path& to_path);

 private:
  std::filesystem::path path_;
  std::string memory_;  // Behind what the file has.
  FileDescriptor file_;
};

}  // namespace chiliad::hosting
