// A folder of series: one "<name>.csv" a customer, as split writes and training reads it.
//
// Promises
//   1. A file with its final name in the folder is whole. Everything is written in a hidden folder beside it first
//      (".chiliad-tmp-split-..."). A folder that did not exist appears by one rename, complete or not at all; in one
//      that existed (it may be a mount point, or empty) the files appear one by one.
//   2. Nothing is mixed: a folder that holds anything is refused, since old series of customers who are gone would be
//      trained again. With `overwrite` the old series are taken out first; a folder that holds other things than
//      series is refused even then.
//   3. A failure takes the hidden folder away. What kill -9 leaves behind, the next writer to the same place removes.
//   4. Not synced: after a power cut, split again.
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::prepare {

class SeriesFolderWriter {
 public:
  // Errors: kConflict: promise 2. As system_error() otherwise; the folder's parent must exist.
  static Result<SeriesFolderWriter> open(std::filesystem::path folder, bool overwrite);
  SeriesFolderWriter(SeriesFolderWriter&& other) noexcept;
  SeriesFolderWriter& operator=(SeriesFolderWriter&&) = delete;
  // Without commit(): leaves no trace.
  ~SeriesFolderWriter();

  // Adds rows to the customer's file, which is made if need be. `is_new` says that this customer has none yet.
  // Cost: about 20 us for a new file. Open files: one. Errors: as system_error().
  Result<Done> append(std::string_view id, std::string_view rows, bool is_new);

  // A path in the hidden folder, on the same file system, for whatever goes away with it.
  std::filesystem::path scratch_path(std::string_view name) const { return staging_ / name; }

  // Gives the folder its contents. Errors: kConflict: somebody else filled it meanwhile; as system_error().
  Result<Done> commit();

  std::uint64_t customers() const { return customers_; }
  std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  SeriesFolderWriter() = default;
  Result<Done> note_long_id(std::string_view name, std::string_view id);
  Result<Done> flush_long_ids();
  Result<Done> replace_contents();

  std::filesystem::path folder_;
  std::filesystem::path staging_;  // Empty: nothing to clean up.
  FileDescriptor lock_;            // Held on staging_, so that others see it is in use.
  FileDescriptor series_;          // staging_/series, for openat().
  bool folder_existed_ = false;
  std::string long_ids_;  // Lines of the index not yet written.
  std::uint64_t customers_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace chiliad::prepare
