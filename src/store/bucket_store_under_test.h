// For tests: a bucket store in a temporary folder, with one bucket.
//
// Thread safety: one thread at a time; the store itself as bucket_store.h says.

#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "store/bucket_store.h"

namespace chiliad::store {

// Options with a condition.
template <class T>
T if_absent() {
  T options;
  options.condition.only_if_absent = true;
  return options;
}
inline PutOptions if_etag(std::string etag) {
  PutOptions options;
  options.condition.only_if_etag = std::move(etag);
  return options;
}

class BucketStoreUnderTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<TempFolder> folder = TempFolder::make();
    ASSERT_TRUE(folder) << folder.error().message;
    folder_ = std::make_unique<TempFolder>(std::move(*folder));
    open({.least_part_bytes = 10});
    ASSERT_TRUE(store_->create_bucket("bucket"));
  }

  void open(const BucketStore::Options& options) {
    store_.reset();
    Result<std::shared_ptr<BucketStore>> opened = BucketStore::open(home(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  BucketStore& store() { return *store_; }
  const std::shared_ptr<BucketStore>& shared_store() { return store_; }
  const std::filesystem::path& home() const { return folder_->path(); }
  std::filesystem::path file(std::string_view path) const { return home() / "store" / "bucket" / path; }

  ObjectMeta put(std::string_view key, std::string_view bytes, const PutOptions& options = {}) {
    Outcome<ObjectMeta> meta = store_->put("bucket", key, bytes, options);
    EXPECT_TRUE(meta) << meta.failure().error.message;
    return meta ? *meta : ObjectMeta{};
  }
  // The bytes, or the name of the refusal.
  std::string get(std::string_view key, std::string_view bucket = "bucket") {
    Outcome<OpenObject> object = store_->get(bucket, key);
    if (!object) return name_of(object.failure());
    std::string bytes(object->meta.size_bytes + 1, '\0');
    const ssize_t got = ::pread(object->file.get(), bytes.data(), bytes.size(), 0);
    EXPECT_EQ(got, static_cast<ssize_t>(object->meta.size_bytes)) << key;
    bytes.pop_back();
    return bytes;
  }
  static std::string name_of(const Failure& failure) {
    if (failure.refusal != Refusal::kNone) return std::string(refusal_name(failure.refusal));
    return std::string(error_code_name(failure.error.code));
  }
  template <class T>
  static std::string name_of(const Outcome<T>& outcome) {
    return outcome ? "ok" : name_of(outcome.failure());
  }
  std::vector<std::string> keys(ObjectQuery query = {}) {
    std::vector<std::string> all;
    while (true) {
      Outcome<ObjectPage> page = store_->list("bucket", query);
      EXPECT_TRUE(page) << page.failure().error.message;
      if (!page) return all;
      for (const ObjectMeta& meta : page->objects) all.push_back(meta.key);
      if (!page->after) return all;
      query.after = *page->after;
    }
  }
  void write_by_hand(std::string_view path, std::string_view bytes) {
    std::filesystem::create_directories(file(path).parent_path());
    ASSERT_TRUE(write_file_atomically(file(path), bytes, Durability::kNone));
  }
  // Files of our own that are left: bytes on their way, parts.
  std::size_t own_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(home() / "store" / ".chiliad"))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  }

  std::unique_ptr<TempFolder> folder_;
  std::shared_ptr<BucketStore> store_;
};

}  // namespace chiliad::store
