// TarGzFile: a tar.gz written piece by piece to a file, for folders that do not fit memory: a job's model and output.
//
// (write_tar_gz() in archive.h makes the small archives of models in memory, by bytes that never change.)
//
// The same members in the same order give the same bytes: mode as given, owner 0, time 0, a gzip header without time.
// Names that plain ustar cannot hold get a pax record, which every reader of today understands.
//
// Source: libarchive's manual, archive_write(3). Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::archive {

class TarGzFile {
 public:
  // Makes or empties the file. Errors: as base/file.h.
  static Result<TarGzFile> create(const std::filesystem::path& path);
  TarGzFile(TarGzFile&&) noexcept;
  TarGzFile& operator=(TarGzFile&&) noexcept;
  ~TarGzFile();

  // The `size_bytes` bytes that can be read from `file` now. Errors: kInvalid: a name outside the rules of archive.h;
  // kUnavailable: the file gave fewer; kNoSpace.
  Result<Done> add(std::string_view name, const FileDescriptor& file, std::uint64_t size_bytes, unsigned mode);

  // Ends the archive. Errors: kNoSpace and the like.
  Result<Done> finish();

 private:
  struct State;
  explicit TarGzFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::archive
