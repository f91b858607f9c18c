// Every file below a folder, one after another, in no order, in memory that does not grow with their number.
//
// No symbolic link is followed; at most 520 folders deep, which is more than a key can have. Thread safety: one thread
// at a time.

#pragma once

#include <dirent.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace chiliad::store {

class TreeWalk {
 public:
  explicit TreeWalk(std::filesystem::path root) : root_(std::move(root)) {}

  struct Entry {
    std::string path;          // Relative to the root.
    std::string trouble = {};  // Why it is no file to look at; empty for a plain file.
  };
  // Nullopt at the end. Errors: as system_error(): the root cannot be read.
  Result<std::optional<Entry>> next();

 private:
  struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };
  struct Level {
    std::string path;  // With '/' at its end; empty for the root.
    std::unique_ptr<DIR, CloseFolder> folder;
  };
  // Empty when it worked.
  std::string enter(int parent, const char* name, std::string path);

  std::filesystem::path root_;
  bool begun_ = false;
  std::vector<Level> levels_;
};

}  // namespace chiliad::store
