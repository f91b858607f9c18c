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
// Thread safety: append() may be called from any threads at a time, each customer by one; the rest by one thread alone.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/mutex.h"
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

  // The first line of every file made from now on, with its line end; empty: none.
  void begin_files_with(std::string header) { header_ = std::move(header); }

  // Adds rows to the customer's file, which is made if need be. `is_new` says that this customer has none yet.
  // Cost: about 20 us for a new file. Open files: one a thread. Errors: as system_error().
  Result<Done> append(std::string_view id, std::string_view rows, bool is_new);

  // A path in the hidden folder, on the same file system, for whatever goes away with it.
  std::filesystem::path scratch_path(std::string_view name) const { return staging_ / name; }

  // Gives the folder its contents. Errors: kConflict: somebody else filled it meanwhile; as system_error().
  Result<Done> commit();

  std::uint64_t customers() const;
  std::uint64_t bytes_written() const;

 private:
  struct Tally {
    Mutex mutex;
    std::string long_ids CHILIAD_GUARDED_BY(mutex);  // Lines of the index not yet written.
    std::uint64_t customers CHILIAD_GUARDED_BY(mutex) = 0;
    std::uint64_t bytes_written CHILIAD_GUARDED_BY(mutex) = 0;
  };

  SeriesFolderWriter() = default;
  Result<Done> flush_long_ids(std::string& lines) const;
  Result<Done> replace_contents();

  std::filesystem::path folder_;
  std::filesystem::path staging_;  // Empty: nothing to clean up.
  FileDescriptor lock_;            // Held on staging_, so that others see it is in use.
  FileDescriptor series_;          // staging_/series, for openat().
  bool folder_existed_ = false;
  std::string header_;
  std::unique_ptr<Tally> tally_ = std::make_unique<Tally>();
};

}  // namespace chiliad::prepare
