// Where an object's file lies in its bucket's folder: the rule that maps keys to paths and back.
//
//   kPlain    the key itself: "data/2024/rows.csv". For every key that a folder can hold.
//   kEscaped  ".chiliad-keys/" and the whole key with '%' as "%25" and '/' as "%2F", cut into names of 240 bytes of
//             which each but the last gets a '%' at its end and is a folder: "logs/" is ".chiliad-keys/logs%2F".
//
// A key that no path can spell (an empty, "." or ".." part, one over 255 bytes, one that starts with ".chiliad-", a '/'
// at an end) is always escaped; any other only where its plain path is taken: "a" while there are objects below "a/",
// and "a/b" while "a" is an object. The index says for each object which it is.
//
// Promises: (1) both maps are injective, and no escaped path is a plain one, so two keys never share a file. (2) No
// escaped path runs through another's file: a folder's name has 241 bytes, a file's at most 240.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chiliad::store {

enum class Place : std::uint8_t { kPlain = 0, kEscaped = 1 };

inline constexpr std::string_view kEscapedFolder = ".chiliad-keys";

// Whether the plain path can spell the key. Requires: wrong_with_s3_key(key) is empty.
bool has_plain_path(std::string_view key);

// Relative to the bucket's folder. Requires: as above; for kPlain, has_plain_path(key).
std::string path_of_key(std::string_view key, Place place);

struct KeyAndPlace {
  std::string key;
  Place place = Place::kPlain;
};
// The key whose file has this path, if any.
std::optional<KeyAndPlace> key_of_path(std::string_view path);

// What is wrong with a key of the bucket store (1 to 1024 bytes of UTF-8, no NUL), or empty.
std::string_view wrong_with_s3_key(std::string_view key);

}  // namespace chiliad::store
