// The files below a folder as keys, ascending by bytes, one after another: what a listing of a folder store reads.
//
// A folder is read and sorted whole when the walk enters it, and only then: a walk that is asked for one page of a deep
// tree touches the folders of that page. Sorting sees a folder "a" as "a/", since that is how its keys go on: "a.b"
// comes before "a/b".
//
// Thread safety: one thread at a time.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::store {

class FolderWalk {
 public:
  // Keys that start with `prefix`. Nothing is read before next().
  FolderWalk(std::filesystem::path root, std::string prefix);

  // Leaves out all keys less than `bound`.
  void skip_to(std::string bound);

  // The next key, or nullopt at the end. Files that are gone by the time the caller looks may be among them.
  // Errors: kForbidden, kUnavailable: a folder cannot be read.
  Result<std::optional<std::string>> next();

  // How many names it holds in memory.
  std::size_t names_held() const;

 private:
  struct Name {
    std::string name;  // A folder's ends in '/'.
    bool is_folder() const { return name.back() == '/'; }
  };
  struct Folder {
    std::string key;  // Empty, or what all keys below begin with, '/' at the end.
    std::vector<Name> names;
    std::size_t at = 0;
  };

  Result<Done> enter(std::string key);
  void position(Folder& folder) const;

  std::filesystem::path root_;
  std::string prefix_;
  std::string bound_;
  bool begun_ = false;
  std::vector<Folder> open_;  // From the outermost to where the walk is.
};

// The least string that is greater than every string that starts with `prefix`; empty if there is none.
std::string after_all_with(std::string_view prefix);

}  // namespace chiliad::store
