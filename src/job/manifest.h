// Manifest: the list of objects that an input of S3DataType ManifestFile names.
//
//     [ {"prefix": "s3://bucket/some/prefix/"}, "relative/path/1.csv", "relative/path/2.csv" ]
//
// stands for s3://bucket/some/prefix/relative/path/1.csv and so on; the files are found under their relative names.
//
// Rules: an array; its first element an object whose one member "prefix" is an s3:// URI; then strings. A name that
// could not be a file below the input's folder is refused, and so is one that comes twice. Memory: the names.
//
// Source: SageMaker API reference, S3DataSource. Thread safety: a pure function.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "job/location.h"

namespace chiliad::job {

inline constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{64} << 20;

struct Manifest {
  S3Location prefix;
  std::vector<std::string> names;  // In the file's order.
};

// Errors: kInvalid: no manifest (the message says what was expected and at which entry); kTooLarge: more than
// kMaxManifestBytes or max_names.
Result<Manifest> parse_manifest(std::string_view text, std::uint64_t max_names);

}  // namespace chiliad::job
