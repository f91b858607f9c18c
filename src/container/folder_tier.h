// FolderTier: unpacked models in folders, for all model servers of this process within one budget of bytes.
//
//   <root>/<shelf>/<model>/model/...      a shelf is what one server sees as /opt/ml/models
//
// A model that a server dropped from its memory is loaded again from here without fetching and unpacking it. A folder
// in use is never removed: a server may read a loaded model's files whenever it likes.
//
// Nothing found in the root folder is ever trusted: it is emptied at the start, whatever the last process left. Files
// are readable for everybody (the folders above are not), because a box may run as another user.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "archive/archive.h"
#include "base/result.h"

namespace chiliad::container {

class FolderTier {
 public:
  // A folder in the tier. Whoever holds it keeps it there.
  struct Kept {
    std::filesystem::path folder;  // <root>/<shelf>/<model>/model
    std::string inside;            // "<model>/model": below the shelf.
    std::uint64_t bytes = 0;
  };
  using Hold = std::shared_ptr<const Kept>;

  class Shelf;

  // Makes the folder if it is missing, locks it for this process and empties it.
  // Errors: kConflict when another process owns it; as base/file.h.
  static Result<std::unique_ptr<FolderTier>> open(const std::filesystem::path& root, std::uint64_t budget_bytes);
  ~FolderTier();

  // A new, empty shelf. Its folder goes with the last holder, which the tier must outlive. Errors: as base/file.h.
  Result<std::shared_ptr<Shelf>> shelf();

  std::uint64_t bytes() const;
  std::uint64_t budget_bytes() const;

 private:
  struct State;
  explicit FolderTier(std::shared_ptr<State> state);
  const std::shared_ptr<State> state_;
};

class FolderTier::Shelf {
 public:
  ~Shelf();
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  const std::filesystem::path& folder() const { return folder_; }

  // The model's folder, if the version that is kept is this one. It becomes the most recently used.
  Hold find(std::string_view model, std::string_view version);

  // Unpacks an archive into a new folder, which takes the place of an older version. Makes room by removing folders of
  // any shelf that nobody holds, used least recently first.
  // Errors: as archive::unpack(); kTooLarge: alone above the budget; kNoSpace: what is held fills the budget.
  Result<Hold> unpack(std::string_view model, std::string_view version, std::string_view archive,
                      const archive::ReadLimits& limits);

  // The model's folder is not found any more, and goes with the next unpack() at which nobody holds it. Touches no
  // file.
  void drop(std::string_view model);

 private:
  friend class FolderTier;
  Shelf(std::shared_ptr<State> state, std::uint64_t number, std::filesystem::path folder);

  const std::shared_ptr<State> state_;
  const std::uint64_t number_;
  const std::filesystem::path folder_;
};

}  // namespace chiliad::container
