// Where a job's data is: s3:// URIs, and the contract's paths below /opt/ml as paths below an instance's folder.
//
// Both come from requests and from keys and manifests in the store: what would leave the folder, or is no path that a
// program could open, is refused by name.
//
// Source: SageMaker API reference, S3Uri and LocalPath. Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::job {

struct S3Location {
  std::string bucket;
  std::string key;  // Key or prefix; may be empty.
};

// "s3://bucket/some/prefix". Errors: kInvalid, quoting the URI.
Result<S3Location> parse_s3_uri(std::string_view uri);

// prefix and name with one '/' between them; the name alone for an empty prefix.
std::string join_key(std::string_view prefix, std::string_view name);

// The key without its bucket's "s3://bucket/" in front, for messages: "s3://bucket/key".
std::string s3_uri(std::string_view bucket, std::string_view key);

// "/opt/ml/processing/input/" -> "processing/input". Errors: kInvalid: not below /opt/ml, /opt/ml itself, a part that
// is
// "." or "..", over 256 bytes, control characters.
Result<std::string> below_root(std::string_view local_path);

// Whether a name from the store can be a file below a folder: what is wrong with it, or empty.
std::string_view wrong_with_file_name(std::string_view name);

// A name as it may be shown: what is not printable ASCII as \xNN, cut at 200 characters.
std::string shown(std::string_view name);

}  // namespace chiliad::job
