// RowSpool: rows that do not fit memory, set aside on disk in 32 parts by five bits of their customer's hash, so that
// each part can be grouped by itself later.
//
// A customer's rows all lie in one part, in the order in which they were added. A part's file is a sequence of records:
//   u32 id bytes | u32 row bytes | id | rows       (this machine's byte order: the files do not outlive the process)
//
// Memory: 32 buffers of 64 kB while writing, one buffer and one record while reading. Open files: 32, or 1.
// Thread safety: one thread at a time.

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::prepare {

class RowSpool {
 public:
  static constexpr std::size_t kParts = 32;
  static constexpr unsigned kBitsPerPart = 5;
  static constexpr unsigned kMaxDepth = 12;  // 60 bits of the hash.

  // Files go into `folder`, which is made. `depth` says which bits of the hash choose the part.
  // Errors: as system_error().
  static Result<RowSpool> make(std::filesystem::path folder, unsigned depth);

  // Errors: as system_error(), a full disk among them.
  Result<Done> add(std::uint64_t hash, std::string_view id, std::string_view rows);

  // Writes out what is buffered and closes the files. Requires: no add() after it.
  Result<Done> finish();

  // Where the part's rows are; there is no such file if it has none.
  std::filesystem::path part_path(std::size_t part) const;

 private:
  struct Part {
    FileDescriptor file;
    std::string buffer;
  };
  RowSpool(std::filesystem::path folder, unsigned depth) : folder_(std::move(folder)), depth_(depth) {}
  Result<Done> flush(std::size_t part);

  std::filesystem::path folder_;
  unsigned depth_;
  std::array<Part, kParts> parts_;
};

// Reads one part's file from front to back.
class RowSpoolReader {
 public:
  // Errors: as system_error().
  static Result<RowSpoolReader> open(std::filesystem::path path);

  // The next record; false at the end. Errors: as system_error(); kCorrupt: not what RowSpool wrote.
  Result<bool> next();

  // Requires: next() gave true. Valid until the next call.
  std::string_view id() const { return id_; }
  std::string_view rows() const { return rows_; }

 private:
  RowSpoolReader(FileDescriptor file, std::filesystem::path path) : file_(std::move(file)), path_(std::move(path)) {}
  Result<bool> have(std::size_t size);

  FileDescriptor file_;
  std::filesystem::path path_;
  std::string buffer_;  // Unread: [at_, end_).
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::string_view id_;
  std::string_view rows_;
};

}  // namespace chiliad::prepare
