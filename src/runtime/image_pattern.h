// Images taken apart, and patterns over them (runtime/catalog.h says what they mean).
//
//     [registry[:port]/]path/name[:tag][@digest]
//
// Thread safety: pure functions.

#pragma once

#include <string_view>

namespace chiliad::runtime {

// Views into the image's text. What is missing is empty.
struct ImageName {
  std::string_view repository;  // "763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-training"
  std::string_view name;        // The repository's last part.
  std::string_view tag;
  std::string_view digest;  // "sha256:..."
};

ImageName split_image(std::string_view image);

}  // namespace chiliad::runtime
