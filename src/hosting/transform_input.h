// The objects of a transform job, one after the other, without holding a list of them.
//
// Thread safety: one thread at a time.

#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "hosting/s3_location.h"
#include "hosting/transform_plan.h"
#include "store/buckets.h"

namespace chiliad::hosting {

struct TransformObject {
  std::shared_ptr<store::ObjectStore> store;
  std::string bucket;
  std::string key;
  std::string relative;  // What the output is named after: the key behind the prefix's last '/'.
};

class TransformInput {
 public:
  // Errors: kInvalid: the URI or the manifest; as the store's.
  static Result<std::unique_ptr<TransformInput>> open(const TransformPlan& plan, store::Buckets& buckets);

  // Unset after the last one. Errors: as the store's.
  Result<std::optional<TransformObject>> next(Deadline deadline);

 private:
  TransformInput() = default;
  Result<Done> read_manifest(store::Buckets& buckets, const S3Location& at);
  Result<Done> next_page(Deadline deadline);

  std::shared_ptr<store::ObjectStore> store_;
  S3Location from_;  // The prefix.
  bool listing_ = true;
  bool last_page_ = false;
  std::string token_;
  std::deque<std::string> keys_;
};

// A manifest: [{"prefix": "s3://bucket/start"}, "end1", "end2", ...]. Errors: kInvalid; kTooLarge.
struct Manifest {
  S3Location prefix;
  std::vector<std::string> keys;  // Whole keys.
};
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace chiliad::hosting
