// The promises of object_store.h, for every store. What only one of them promises is tested in its own file.

#include "store/object_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "base/deadline_for_test.h"
#include "base/file.h"
#include "store/store_under_test.h"

namespace chiliad::store {
namespace {

using std::chrono_literals::operator""s;

Deadline past() { return std::chrono::steady_clock::now() - 1s; }

class ObjectStoreContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    Result<StoreUnderTest> made = StoreUnderTest::make(GetParam());
    if (!made && made.error().code == ErrorCode::kNotFound) GTEST_SKIP() << made.error().message;
    ASSERT_TRUE(made) << made.error().message;
    under_test_ = std::make_unique<StoreUnderTest>(std::move(*made));
  }

  ObjectStore& store() { return under_test_->store(); }

  ObjectInfo put(std::string_view key, std::string_view bytes, const PutCondition& condition = {}) {
    Result<ObjectInfo> info = store().put(key, bytes, condition, soon());
    EXPECT_TRUE(info) << info.error().message;
    return info ? *info : ObjectInfo{};
  }
  ErrorCode put_error(std::string_view key, std::string_view bytes, const PutCondition& condition = {}) {
    Result<ObjectInfo> info = store().put(key, bytes, condition, soon());
    EXPECT_FALSE(info);
    return info ? ErrorCode::kNotConverged : info.error().code;
  }
  std::string get(std::string_view key, const ByteRange& range = {}) {
    Result<std::string> bytes = store().get(key, range, soon());
    return bytes ? *bytes : std::string(error_code_name(bytes.error().code));
  }

  // All pages: keys and groups in order of appearance within their lists, and how many pages there were.
  struct Listing {
    std::vector<std::string> keys;
    std::vector<std::string> groups;
    int pages = 0;
  };
  Listing list(ListRequest request) {
    Listing listing;
    while (true) {
      Result<ListPage> page = store().list(request, soon());
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return listing;
      ++listing.pages;
      EXPECT_LE(page->objects.size() + page->prefixes.size(), static_cast<std::size_t>(request.max_keys));
      for (const ObjectInfo& object : page->objects) listing.keys.push_back(object.key);
      for (const std::string& group : page->prefixes) listing.groups.push_back(group);
      if (!page->next_token) return listing;
      request.token = *page->next_token;
    }
  }

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
};

using Strings = std::vector<std::string>;

TEST_P(ObjectStoreContract, GivesBackWhatWasPut) {
  const std::string bytes("\0\r\n\xFF bytes", 10);
  const ObjectInfo info = put("a/b.bin", bytes);
  EXPECT_EQ(info.key, "a/b.bin");
  EXPECT_EQ(info.size_bytes, bytes.size());
  EXPECT_EQ(get("a/b.bin"), bytes);
  put("empty", "");
  EXPECT_EQ(get("empty"), "");
}

TEST_P(ObjectStoreContract, ReplacesWholeObjectsAndChangesTheirETag) {
  std::set<std::string> etags;
  for (int i = 0; i < 20; ++i) etags.insert(put("a", std::to_string(100 + i)).etag);
  EXPECT_EQ(etags.size(), 20u);
  EXPECT_EQ(get("a"), "119");
  const ObjectInfo head = *store().head("a", soon());
  EXPECT_TRUE(etags.contains(head.etag));
  EXPECT_EQ(head.etag, list_all(store(), "a", soon())->at(0).etag);
}

TEST_P(ObjectStoreContract, SaysWhenAnObjectWasModified) {
  put("a", "1");
  const auto age = std::chrono::system_clock::now() - store().head("a", soon())->modified;
  EXPECT_LT(age, 60s);
  EXPECT_GT(age, -60s);
}

TEST_P(ObjectStoreContract, ErrorsNameTheStoreAndTheKeyInPrintableCharacters) {
  const Result<std::string> bytes = store().get("none\nsuch", {}, soon());
  ASSERT_FALSE(bytes);
  EXPECT_TRUE(bytes.error().message.starts_with(store().location() + ": key 'none\\x0asuch': "))
      << bytes.error().message;
}

TEST_P(ObjectStoreContract, GetTakesARange) {
  put("a", "0123456789");
  EXPECT_EQ(get("a", {.offset = 2, .length = 3}), "234");
  EXPECT_EQ(get("a", {.offset = 8, .length = 100}), "89");
  EXPECT_EQ(get("a", {.offset = 8}), "89");
  EXPECT_EQ(get("a", {.offset = 1, .length = UINT64_MAX}), "123456789");
  EXPECT_EQ(get("a", {.offset = 2, .length = 0}), "");
  EXPECT_EQ(get("a", {.offset = 0, .length = 1}), "0");
  EXPECT_EQ(get("a", {.offset = 10}), "invalid");
  EXPECT_EQ(get("a", {.offset = 11, .length = 1}), "invalid");
  put("empty", "");
  EXPECT_EQ(get("empty", {.offset = 0, .length = 5}), "");
  EXPECT_EQ(get("empty", {.offset = 1, .length = 5}), "invalid");
}

TEST_P(ObjectStoreContract, SaysThatAnObjectIsAbsentAndWhichOne) {
  put("folder/a", "1");
  for (const std::string key : {"b", "folder", "folder/a/b"}) {
    EXPECT_EQ(store().head(key, soon()).error().code, ErrorCode::kNotFound) << key;
    const Result<std::string> bytes = store().get(key, {}, soon());
    ASSERT_FALSE(bytes) << key;
    EXPECT_EQ(bytes.error().code, ErrorCode::kNotFound);
    EXPECT_NE(bytes.error().message.find("'" + key + "'"), std::string::npos) << bytes.error().message;
    EXPECT_NE(bytes.error().message.find(store().location()), std::string::npos) << bytes.error().message;
  }
}

TEST_P(ObjectStoreContract, RemoveIsNoErrorTwice) {
  put("a/b/c", "1");
  EXPECT_TRUE(store().remove("a/b/c", soon()));
  EXPECT_EQ(get("a/b/c"), "not_found");
  EXPECT_TRUE(store().remove("a/b/c", soon()));
  EXPECT_TRUE(store().remove("never/was", soon()));
  EXPECT_TRUE(list_all(store(), "", soon())->empty());
  put("a", "a removed object's folder is in nobody's way");
}

TEST_P(ObjectStoreContract, PutIfAbsentRefusesWhatIsThere) {
  put("a", "1", {.only_if_absent = true});
  EXPECT_EQ(put_error("a", "2", {.only_if_absent = true}), ErrorCode::kConflict);
  EXPECT_EQ(get("a"), "1");
}

TEST_P(ObjectStoreContract, OneOfManyPutsIfAbsentWins) {
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const Result<ObjectInfo> info = store().put("a", std::to_string(i), {.only_if_absent = true}, soon());
      if (info) ++won;
      if (!info && info.error().code == ErrorCode::kConflict) ++lost;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
}

TEST_P(ObjectStoreContract, PutIfETagReplacesOnlyThatVersion) {
  const std::string first = put("a", "1").etag;
  const std::string second = put("a", "2", {.only_if_etag = first}).etag;
  EXPECT_EQ(put_error("a", "3", {.only_if_etag = first}), ErrorCode::kConflict);
  EXPECT_EQ(get("a"), "2");
  put("a", "4", {.only_if_etag = second});
  EXPECT_EQ(put_error("absent", "1", {.only_if_etag = second}), ErrorCode::kConflict);
  EXPECT_EQ(get("absent"), "not_found");
}

// A counter that 4 threads raise through compare and put: no step is lost.
TEST_P(ObjectStoreContract, PutIfETagLosesNoUpdate) {
  if (GetParam().starts_with("s3") && !S3ServerProcess::is_strict())
    GTEST_SKIP() << "moto compares and puts in two steps";
  put("counter", "0");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int done = 0; done < 10;) {
        const Result<ObjectInfo> info = store().head("counter", soon());
        const Result<std::string> value = store().get("counter", {}, soon());
        ASSERT_TRUE(info && value);
        // The value may be newer than the ETag: then the put fails.
        if (store().put("counter", std::to_string(std::stoi(*value) + 1), {.only_if_etag = info->etag}, soon())) ++done;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(get("counter"), "40");
}

TEST_P(ObjectStoreContract, ListsKeysByTheirBytes) {
  const Strings keys = {"Z",     "a",  "a b+c%&=?#\"<>.txt", "a!", "a-b/x", "a.b", "a/b", "a/b.c",
                        "a/c/d", "a0", "j\xC3\xBCrgen",      "z"};
  Strings shuffled = {
      "a/b.c", "z", "a0", "a/b", "Z", "j\xC3\xBCrgen", "a.b", "a/c/d", "a-b/x", "a!", "a b+c%&=?#\"<>.txt"};
  for (const std::string& key : shuffled) put(key, key);
  Strings expected = shuffled;
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(list({}).keys, expected);
  for (const std::string& key : shuffled) EXPECT_EQ(get(key), key);
  EXPECT_EQ(list({.prefix = "a/"}).keys, (Strings{"a/b", "a/b.c", "a/c/d"}));
  EXPECT_EQ(list({.prefix = "a/b"}).keys, (Strings{"a/b", "a/b.c"}));
  EXPECT_EQ(list({.prefix = "a/c/"}).keys, (Strings{"a/c/d"}));
  EXPECT_EQ(list({.prefix = "j\xC3\xBC"}).keys, (Strings{"j\xC3\xBCrgen"}));
  EXPECT_EQ(list({.prefix = "none/"}).keys, Strings());
  EXPECT_EQ(list({.prefix = "a/b.c/"}).keys, Strings());
  EXPECT_EQ(list({.prefix = "a/", .start_after = "a/b"}).keys, (Strings{"a/b.c", "a/c/d"}));
  EXPECT_EQ(list({.start_after = "a0"}).keys, (Strings{"j\xC3\xBCrgen", "z"}));
}

TEST_P(ObjectStoreContract, ListsGroupsWithADelimiter) {
  for (const std::string key : {"a/1", "a/2", "a/b/3", "b", "c/d/e", "c/f", "c!"}) put(key, "x");
  const Listing top = list({.delimiter = "/"});
  EXPECT_EQ(top.keys, (Strings{"b", "c!"}));
  EXPECT_EQ(top.groups, (Strings{"a/", "c/"}));
  const Listing below = list({.prefix = "a/", .delimiter = "/"});
  EXPECT_EQ(below.keys, (Strings{"a/1", "a/2"}));
  EXPECT_EQ(below.groups, (Strings{"a/b/"}));
  const Listing paged = list({.delimiter = "/", .max_keys = 1});
  EXPECT_EQ(paged.keys, top.keys);
  EXPECT_EQ(paged.groups, top.groups);
  EXPECT_EQ(paged.pages, 4);
}

TEST_P(ObjectStoreContract, ListsInPagesOfEverySize) {
  Strings keys;
  for (int i = 0; i < 23; ++i) {
    keys.push_back((i % 3 == 0 ? "d/" : "") + std::to_string(i));
    put(keys.back(), "x");
  }
  std::sort(keys.begin(), keys.end());
  for (const int size : {1, 2, 7, 22, 23, 24, 1000}) {
    const Listing listing = list({.max_keys = size});
    EXPECT_EQ(listing.keys, keys) << size;
    EXPECT_EQ(listing.pages, (23 + size - 1) / size) << size;
  }
}

TEST_P(ObjectStoreContract, RefusesListingsOutsideTheRules) {
  for (const int size : {0, -1, 1001})
    EXPECT_EQ(store().list({.max_keys = size}, soon()).error().code, ErrorCode::kInvalid);
}

TEST_P(ObjectStoreContract, RefusesKeysOutsideTheRules) {
  for (const std::string& key :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."), std::string(".."),
        std::string("a/../b"), std::string("./a"), std::string("a\0b", 3), std::string("\xFF"), std::string("\xC0\xAF"),
        std::string("\xED\xA0\x80"), std::string(".chiliad-tmp-1"), std::string("a/.chiliad-x/b"),
        std::string(1025, 'k')}) {
    EXPECT_EQ(put_error(key, "x"), ErrorCode::kInvalid) << key;
    EXPECT_EQ(get(key), "invalid") << key;
    EXPECT_EQ(store().head(key, soon()).error().code, ErrorCode::kInvalid) << key;
    EXPECT_EQ(store().remove(key, soon()).error().code, ErrorCode::kInvalid) << key;
    EXPECT_EQ(store().download(key, "/tmp/never", soon()).error().code, ErrorCode::kInvalid) << key;
    EXPECT_EQ(store().upload("/dev/null", key, soon()).error().code, ErrorCode::kInvalid) << key;
  }
  EXPECT_TRUE(list_all(store(), "", soon())->empty());
}

TEST_P(ObjectStoreContract, TakesTheLongestKey) {
  std::string key;
  while (key.size() < 1024 - 128) key += std::string(127, 'k') + "/";
  key += std::string(1024 - key.size(), 'e');
  put(key, "x");
  EXPECT_EQ(get(key), "x");
  EXPECT_EQ(list({}).keys, Strings{key});
}

TEST_P(ObjectStoreContract, MovesFilesUpAndDown) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  std::string bytes(12'345'678, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((i * 2654435761u) >> 13);
  ASSERT_TRUE(write_file_atomically(folder->path() / "from", bytes, Durability::kNone));
  const Result<ObjectInfo> up = store().upload(folder->path() / "from", "a/large", soon());
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_EQ(up->size_bytes, bytes.size());
  EXPECT_EQ(up->etag, store().head("a/large", soon())->etag);
  EXPECT_EQ(get("a/large", {.offset = 12'345'000, .length = 1000}), bytes.substr(12'345'000));
  const Result<ObjectInfo> down = store().download("a/large", folder->path() / "to", soon());
  ASSERT_TRUE(down) << down.error().message;
  EXPECT_EQ(down->etag, up->etag);
  EXPECT_TRUE(*read_file(folder->path() / "to") == bytes);
  ASSERT_TRUE(write_file_atomically(folder->path() / "from", "", Durability::kNone));
  ASSERT_TRUE(store().upload(folder->path() / "from", "empty", soon()));
  ASSERT_TRUE(store().download("empty", folder->path() / "to", soon()));
  EXPECT_EQ(*read_file(folder->path() / "to"), "");
}

TEST_P(ObjectStoreContract, ADownloadThatFailsLeavesNoFile) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  EXPECT_EQ(store().download("absent", folder->path() / "to", soon()).error().code, ErrorCode::kNotFound);
  put("a", std::string(100'000, 'x'));
  fail_writes_after(50'000);
  const Result<ObjectInfo> full = store().download("a", folder->path() / "to", soon());
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kNoSpace) << full.error().message;
  EXPECT_EQ(store().download("a", folder->path() / "to", past()).error().code, ErrorCode::kDeadline);
  EXPECT_TRUE(std::filesystem::is_empty(folder->path()));
  EXPECT_EQ(store().upload(folder->path() / "absent", "b", soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(get("b"), "not_found");
}

TEST_P(ObjectStoreContract, WhatIsLentStaysAsItWas) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  put("a", "before");
  const Result<ObjectInfo> lent = store().lend("a", folder->path() / "to", soon());
  ASSERT_TRUE(lent) << lent.error().message;
  EXPECT_EQ(lent->size_bytes, 6U);
  put("a", "after");
  EXPECT_EQ(*read_file(folder->path() / "to"), "before");
  std::filesystem::remove(folder->path() / "to");
  EXPECT_EQ(get("a"), "after");
  EXPECT_EQ(store().lend("absent", folder->path() / "to", soon()).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(folder->path()));
}

TEST_P(ObjectStoreContract, KeepsTheDeadline) {
  EXPECT_EQ(store().put("a", "x", {}, past()).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(get("a"), "not_found");
  EXPECT_EQ(store().get("a", {}, past()).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store().head("a", past()).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store().remove("a", past()).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(store().list({}, past()).error().code, ErrorCode::kDeadline);
}

// Two writers, two readers: a reader sees one whole version.
TEST_P(ObjectStoreContract, ReadersNeverSeeAMixture) {
  const auto version = [](char c) { return std::string(200'000 + static_cast<std::size_t>(c - 'a') * 1000, c); };
  put("a", version('a'));
  std::atomic<bool> stop{false};
  std::atomic<int> torn{0};
  std::vector<std::thread> threads;
  for (const char c : {'b', 'c'})
    threads.emplace_back([&, c] {
      for (int i = 0; i < 20; ++i) EXPECT_TRUE(store().put("a", version(c), {}, soon()));
      stop = true;
    });
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        const Result<std::string> bytes = store().get("a", {}, soon());
        if (!bytes || bytes->empty() || *bytes != version(bytes->front())) ++torn;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
}

TEST_P(ObjectStoreContract, SyncsWhatWasPut) {
  put("a", "x");
  EXPECT_TRUE(store().sync());
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract, testing::Values("folder", "bucket", "s3", "s3_prefix"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace chiliad::store
