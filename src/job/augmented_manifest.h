// AugmentedManifestFile: a manifest of JSON lines, each of which names or holds the data of one example.
//
//     {"source-ref": "s3://bucket/images/1.jpg", "class": 3, "note": "dark"}
//
// Of each line the attributes asked for (AttributeNames) are taken in their order: one whose name ends in "-ref" is the
// object that it names, any other its own value: a string as it is, everything else as JSON text.
//
// Source: SageMaker developer guide, "Augmented manifest files for training jobs". Thread safety: a pure function.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "job/location.h"

namespace chiliad::job {

inline constexpr std::size_t kMaxManifestLine = std::size_t{1} << 20;

struct AugmentedValue {
  bool is_object = false;
  S3Location object = {};  // When it is one.
  std::string bytes = {};  // When it is none.
};

// Errors: kInvalid: no JSON object, an attribute that is missing, a reference that is none.
Result<std::vector<AugmentedValue>> parse_augmented_line(std::string_view line,
                                                         const std::vector<std::string>& attributes);

}  // namespace chiliad::job
