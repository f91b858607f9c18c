// For tests: a store of the kind asked for, empty, that goes away with the object.
//
//   "folder"     in a temporary folder
//   "bucket"     a bucket of a bucket store in a temporary folder
//   "s3"         a bucket of a real server: s3_server_process.h, one server for all tests of a program
//   "s3_prefix"  the same below a prefix, beside which other keys lie
//
// Thread safety: one thread at a time.

#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "store/bucket_store.h"
#include "store/object_store.h"
#include "store/s3_server_process.h"

namespace chiliad::store {

class StoreUnderTest {
 public:
  // Errors: kNotFound: a test of this kind cannot run here, with the reason.
  static Result<StoreUnderTest> make(const std::string& kind) {
    StoreUnderTest made;
    Result<std::unique_ptr<ObjectStore>> store = Error{ErrorCode::kInvalid, "no such kind: " + kind};
    if (kind == "folder") {
      Result<TempFolder> folder = TempFolder::make();
      if (!folder) return std::move(folder).error();
      made.folder_ = std::make_unique<TempFolder>(std::move(*folder));
      store = open_folder(made.folder_->path() / "store");
    } else if (kind == "bucket") {
      Result<TempFolder> folder = TempFolder::make();
      if (!folder) return std::move(folder).error();
      made.folder_ = std::make_unique<TempFolder>(std::move(*folder));
      Result<std::shared_ptr<BucketStore>> opened = BucketStore::open(made.folder_->path(), {});
      if (!opened) return std::move(opened).error();
      Outcome<Done> created = (*opened)->create_bucket("bucket");
      if (!created) return std::move(created).failure().error;
      Result<std::shared_ptr<ObjectStore>> bucket = BucketStore::buckets(*opened)->open("bucket");
      if (!bucket) return std::move(bucket).error();
      made.store_ = std::move(*bucket);
      return made;
    } else {
      static const Result<std::unique_ptr<S3ServerProcess>> server = S3ServerProcess::start();
      if (!server) return server.error();
      const std::string bucket = (*server)->make_bucket();
      if (bucket.empty()) return Error{ErrorCode::kUnavailable, "the S3 server makes no bucket"};
      store = (*server)->open(bucket, kind == "s3_prefix" ? "some/prefix/" : "");
      if (kind == "s3_prefix") {
        const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        Result<std::unique_ptr<ObjectStore>> beside = (*server)->open(bucket);
        for (const char* key : {"a", "some/other", "some/prefixed/x"})
          if (!(*beside)->put(key, "beside", {}, soon)) return Error{ErrorCode::kUnavailable, "put beside the prefix"};
      }
    }
    if (!store) return std::move(store).error();
    made.store_ = std::move(*store);
    return made;
  }

  ObjectStore& store() { return *store_; }

 private:
  std::unique_ptr<TempFolder> folder_;
  std::shared_ptr<ObjectStore> store_;
};

}  // namespace chiliad::store
