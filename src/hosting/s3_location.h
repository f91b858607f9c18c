// "s3://bucket/key", as requests and resources name places in the store.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::hosting {

struct S3Location {
  std::string bucket;
  std::string key;  // What follows the bucket's '/': a key or the start of keys; may be empty.

  std::string uri() const;
  bool operator==(const S3Location&) const = default;
};

// Errors: kInvalid: another scheme (https:// too), no bucket, over 1024 bytes, a control character, a key with a part
// that is "." or "..".
Result<S3Location> parse_s3_uri(std::string_view uri);

// The location as a folder: a key that is not empty ends in '/'.
S3Location as_folder(S3Location location);

}  // namespace chiliad::hosting
