// Which keys are accepted (the rules of object_store.h), checked in one place for every store.
//
// Thread safety: pure functions.

#pragma once

#include <string_view>

#include "base/result.h"

namespace chiliad::store {

inline constexpr std::size_t kLongestKey = 1024;  // As S3 has it.

// What is wrong with a key, or empty: "a part that is '.' or '..'".
std::string_view wrong_with_key(std::string_view key);

// Whether a file of this name can be a part of a key.
bool is_key_part(std::string_view name);

// Errors: kInvalid, naming the store and the key.
Result<Done> check_key(std::string_view key, std::string_view location);

// `error` with the store and the key in front: "s3://bucket/prefix: key 'a': ...". What is not printable in the key is
// shown in hex. An empty key: the store alone.
Error about_key(std::string_view location, std::string_view key, Error error);

}  // namespace chiliad::store
