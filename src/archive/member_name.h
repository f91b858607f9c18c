// The names that an archive may hold, checked in one place for writing and for both readers.
//
// Rules: relative; no part that is empty, "." or ".."; no NUL; at most 4,096 bytes, a part at most 255; no file twice;
// nothing below a file.
//
// Thread safety: a NameSet belongs to one thread at a time; the function is pure.

#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"

namespace chiliad::archive {

// What is wrong with one name, or empty: "leaves the folder ('..')".
std::string_view wrong_with_name(std::string_view name);

// The name without any "./" before it and, for a folder, without the '/' behind it. Empty for the folder itself ("./").
std::string_view plain_name(std::string_view name, bool is_folder);

// The names of one archive so far.
class NameSet {
 public:
  // Adds a plain name; returns what is wrong with it beside those before, or empty: "a name that comes twice".
  std::string_view add(std::string_view name, bool is_folder);

 private:
  std::unordered_set<std::string> files_;
  std::unordered_set<std::string> folders_;  // With all that lie above files and folders.
};

}  // namespace chiliad::archive
