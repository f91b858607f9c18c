// What a bucket store gives beyond an ObjectStore (whose contract object_store_test.cc runs over it).

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes members that a designated initializer leaves to their defaults for uninitialized.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "store/bucket_store.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "base/hash.h"
#include "store/bucket_store_under_test.h"

namespace chiliad::store {
namespace {

using Strings = std::vector<std::string>;

class BucketStoreObjects : public BucketStoreUnderTest {};

TEST_F(BucketStoreObjects, AnObjectIsAPlainFileAtItsKeysPath) {
  put("data/2024/rows.csv", "a,b\n");
  EXPECT_EQ(*read_file(file("data/2024/rows.csv")), "a,b\n");
  EXPECT_EQ(get("data/2024/rows.csv"), "a,b\n");
  EXPECT_EQ(own_files(), 0u);
  EXPECT_TRUE(store().remove("bucket", "data/2024/rows.csv"));
  EXPECT_TRUE(std::filesystem::is_empty(file("")));
}

TEST_F(BucketStoreObjects, WhatIsLentIsTheFileItselfWhereOthersMayReadIt) {
  const TempFolder folder = *TempFolder::make();
  const Deadline soon = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  const std::shared_ptr<ObjectStore> bucket = *BucketStore::buckets(shared_store())->open("bucket");
  put("a", "1");
  ASSERT_TRUE(bucket->lend("a", folder.path() / "second", soon));
  EXPECT_TRUE(std::filesystem::equivalent(file("a"), folder.path() / "second"));
  EXPECT_EQ(bucket->lend("a", folder.path() / "second", soon).error().code, ErrorCode::kConflict);
  std::filesystem::permissions(file("a"), std::filesystem::perms::owner_all);
  ASSERT_TRUE(bucket->lend("a", folder.path() / "copy", soon));
  EXPECT_FALSE(std::filesystem::equivalent(file("a"), folder.path() / "copy"));
  EXPECT_EQ(*read_file(folder.path() / "copy"), "1");
}

TEST_F(BucketStoreObjects, AListForJobsTellsOfAKeyThatNoJobCanHold) {
  const Deadline soon = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  const std::shared_ptr<ObjectStore> bucket = *BucketStore::buckets(shared_store())->open("bucket");
  for (const char* key : {"a", "folder/", "b/c", "d//"}) put(key, "1");
  Result<ListPage> page = bucket->list({}, soon);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->objects.size(), 2U);
  EXPECT_FALSE(page->left_out);
  for (const char* key : {"b//c", "b/../d"}) put(key, "1");
  page = bucket->list({}, soon);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->objects.size(), 2U);
  EXPECT_EQ(page->left_out, "b/../d");
}

TEST_F(BucketStoreObjects, BucketsAreMadeListedAndRemovedWhenEmpty) {
  EXPECT_EQ(name_of(store().create_bucket("bucket")), "BucketAlreadyOwnedByYou");
  EXPECT_EQ(name_of(store().create_bucket("Bad_Name")), "InvalidBucketName");
  EXPECT_EQ(name_of(store().create_bucket("..")), "InvalidBucketName");
  ASSERT_TRUE(store().create_bucket("another"));
  const auto buckets = store().list_buckets();
  ASSERT_EQ(buckets->size(), 2u);
  EXPECT_EQ((*buckets)[0].name, "another");
  EXPECT_EQ(store().list_buckets("", "another")->at(0).name, "bucket");
  put("a", "1");
  EXPECT_EQ(name_of(store().delete_bucket("bucket")), "BucketNotEmpty");
  ASSERT_TRUE(store().remove("bucket", "a"));
  EXPECT_EQ(name_of(store().delete_bucket("bucket")), "ok");
  EXPECT_EQ(name_of(store().head_bucket("bucket")), "NoSuchBucket");
  EXPECT_EQ(name_of(store().delete_bucket("bucket")), "NoSuchBucket");
  EXPECT_EQ(name_of(store().put("bucket", "a", "1")), "NoSuchBucket");
  EXPECT_FALSE(std::filesystem::exists(file("")));
}

TEST_F(BucketStoreObjects, ABucketWithFilesPutByHandIsNotEmpty) {
  write_by_hand("x/by-hand", "1");
  EXPECT_EQ(name_of(store().delete_bucket("bucket")), "BucketNotEmpty");
  EXPECT_TRUE(store().head_bucket("bucket"));
}

TEST_F(BucketStoreObjects, BucketDocumentsAreKept) {
  EXPECT_EQ(name_of(store().bucket_document("bucket", "tagging")), "NoSuchConfiguration");
  ASSERT_TRUE(store().put_bucket_document("bucket", "tagging", "<a/>"));
  EXPECT_EQ(*store().bucket_document("bucket", "tagging"), "<a/>");
  ASSERT_TRUE(store().delete_bucket_document("bucket", "tagging"));
  EXPECT_EQ(name_of(store().bucket_document("bucket", "tagging")), "NoSuchConfiguration");
  EXPECT_EQ(name_of(store().put_bucket_document("none", "tagging", "")), "NoSuchBucket");
}

TEST_F(BucketStoreObjects, KeysThatNoFolderHoldsAreKeptToo) {
  const Strings odd = {"a",
                       "a/b",
                       "a/",
                       "/a",
                       "a//b",
                       ".",
                       "..",
                       "a/../b",
                       "/",
                       "//",
                       ".chiliad-keys/x",
                       "%2F",
                       "b/c",
                       "b",
                       std::string(1024, 'k'),
                       std::string(300, 'x') + "/" + std::string(300, 'y'),
                       "a\nb"};
  for (const std::string& key : odd) put(key, "bytes of " + key);
  for (const std::string& key : odd) EXPECT_EQ(get(key), "bytes of " + key);
  Strings sorted = odd;
  std::ranges::sort(sorted);
  EXPECT_EQ(keys(), sorted);
  open({});
  for (const std::string& key : odd) EXPECT_EQ(get(key), "bytes of " + key);
  EXPECT_EQ(*read_file(file("a")), "bytes of a");
  EXPECT_EQ(*read_file(file("b/c")), "bytes of b/c");
  for (const std::string& key : odd) EXPECT_TRUE(store().remove("bucket", key)) << key;
  EXPECT_TRUE(std::filesystem::is_empty(file("")));
}

TEST_F(BucketStoreObjects, KeysOutsideTheRulesAreRefused) {
  EXPECT_EQ(name_of(store().put("bucket", "", "1")), "InvalidArgument");
  EXPECT_EQ(name_of(store().put("bucket", std::string(1025, 'k'), "1")), "KeyTooLongError");
  EXPECT_EQ(name_of(store().put("bucket", std::string("a\0b", 3), "1")), "InvalidArgument");
  EXPECT_EQ(name_of(store().put("bucket", "\xFF", "1")), "InvalidArgument");
  EXPECT_EQ(name_of(store().put("../state", "a", "1")), "NoSuchBucket");
  EXPECT_EQ(name_of(store().put(".chiliad", "a", "1")), "NoSuchBucket");
}

TEST_F(BucketStoreObjects, HeadersAndTagsComeBack) {
  const Pairs headers = {{"content-type", "text/csv"}, {"x-amz-meta-who", "j\xC3\xBCrgen"}, {"cache-control", ""}};
  put("a", "1", {.headers = headers, .tags = {{"team", "x"}}});
  open({});
  EXPECT_EQ(store().head("bucket", "a")->headers, headers);
  EXPECT_EQ(store().head("bucket", "a")->tag_count, 1);
  EXPECT_EQ(*store().tags("bucket", "a"), (Pairs{{"team", "x"}}));
  ASSERT_TRUE(store().put_tags("bucket", "a", {{"k", "v"}, {"l", ""}}));
  EXPECT_EQ(store().tags("bucket", "a")->size(), 2u);
  put("a", "2");
  EXPECT_TRUE(store().head("bucket", "a")->headers.empty());
  EXPECT_TRUE(store().tags("bucket", "a")->empty());
  EXPECT_EQ(name_of(store().put_tags("bucket", "none", {})), "NoSuchKey");
}

TEST_F(BucketStoreObjects, HeadersAndTagsOutsideTheRulesAreRefused) {
  EXPECT_EQ(name_of(store().put("bucket", "a", "", {.headers = {{"x-amz-meta-a", std::string(2049, 'v')}}})),
            "MetadataTooLarge");
  EXPECT_EQ(name_of(store().put("bucket", "a", "", {.headers = {{"host", "x"}}})), "InvalidArgument");
  EXPECT_EQ(name_of(store().put("bucket", "a", "", {.headers = {{"expires", "a\r\nb"}}})), "InvalidArgument");
  EXPECT_EQ(name_of(store().put("bucket", "a", "", {.tags = Pairs(11, {"k", "v"})})), "InvalidTag");
  EXPECT_EQ(name_of(store().put("bucket", "a", "", {.tags = {{"k", "v"}, {"k", "w"}}})), "InvalidTag");
  EXPECT_EQ(own_files(), 0u);
  EXPECT_EQ(get("a"), "NoSuchKey");
}

TEST_F(BucketStoreObjects, BytesArePutPieceByPieceAndChecked) {
  Outcome<Upload> upload = store().begin_put("bucket", "a", {.size_bytes = 6, .checksum_kind = ChecksumKind::kSha256});
  ASSERT_TRUE(upload);
  ASSERT_TRUE(upload->write("abc"));
  EXPECT_EQ(get("a"), "NoSuchKey");
  ASSERT_TRUE(upload->write("def"));
  const ChecksumValue sum = checksum_of(ChecksumKind::kSha256, "abcdef");
  Outcome<ObjectMeta> meta =
      upload->finish({.expected_md5 = checksum_of(ChecksumKind::kMd5, "abcdef"), .expected_checksum = sum});
  ASSERT_TRUE(meta) << meta.failure().error.message;
  EXPECT_EQ(meta->etag, hex(md5("abcdef")));
  EXPECT_EQ(store().head("bucket", "a")->checksum->text, sum.base64());
  EXPECT_EQ(store().list("bucket", {})->objects[0].checksum->kind, ChecksumKind::kSha256);
}

TEST_F(BucketStoreObjects, WhatIsDamagedOrCutOnTheWayIsRefused) {
  put("a", "old");
  EXPECT_EQ(name_of(store().put("bucket", "a", "new", {.expected_md5 = checksum_of(ChecksumKind::kMd5, "nex")})),
            "BadDigest");
  EXPECT_EQ(name_of(store().put("bucket", "a", "new", {.expected_checksum = checksum_of(ChecksumKind::kCrc32, "nex")})),
            "BadDigest");
  Outcome<Upload> cut = store().begin_put("bucket", "a", {.size_bytes = 10});
  ASSERT_TRUE(cut->write("12345"));
  EXPECT_EQ(name_of(cut->finish({})), "IncompleteBody");
  Outcome<Upload> more = store().begin_put("bucket", "a", {.size_bytes = 3});
  EXPECT_EQ(name_of(more->write("12345")), "InvalidRequest");
  EXPECT_EQ(name_of(store().begin_put("bucket", "a", {.size_bytes = kMostObjectBytes + 1})), "EntityTooLarge");
  cut = store().begin_put("bucket", "b", {});
  more = store().begin_put("bucket", "c", {});
  {
    const Outcome<Upload> dropped = std::move(cut);
    const Outcome<Upload> dropped_too = std::move(more);
  }
  EXPECT_EQ(own_files(), 0u);
  EXPECT_EQ(get("a"), "old");
}

TEST_F(BucketStoreObjects, ConditionsOfPutsHold) {
  const std::string etag = put("a", "1").etag;
  EXPECT_EQ(name_of(store().put("bucket", "a", "2", if_absent<PutOptions>())), "PreconditionFailed");
  EXPECT_EQ(name_of(store().put("bucket", "a", "2", if_etag("x"))), "PreconditionFailed");
  EXPECT_EQ(name_of(store().put("bucket", "b", "2", if_etag(etag))), "NoSuchKey");
  EXPECT_EQ(name_of(store().put("bucket", "a", "2", if_etag(etag))), "ok");
  EXPECT_EQ(name_of(store().remove("bucket", "a", etag)), "PreconditionFailed");
  EXPECT_EQ(name_of(store().remove("bucket", "a", "*")), "ok");
  EXPECT_EQ(name_of(store().remove("bucket", "a", "*")), "NoSuchKey");
  EXPECT_EQ(name_of(store().remove("bucket", "a")), "ok");
}

TEST_F(BucketStoreObjects, ConditionsOfReadsAreThoseOfHttp) {
  ObjectMeta meta;
  meta.etag = "e";
  meta.modified = Instant(std::chrono::milliseconds(10'500));
  const Instant at{std::chrono::seconds(10)};
  const Instant before{std::chrono::seconds(9)};
  EXPECT_EQ(check_condition({}, meta), Refusal::kNone);
  EXPECT_EQ(check_condition({.if_match = {"x", "e"}}, meta), Refusal::kNone);
  EXPECT_EQ(check_condition({.if_match = {"x"}}, meta), Refusal::kPreconditionFailed);
  EXPECT_EQ(check_condition({.if_none_match = {"e"}}, meta), Refusal::kNotModified);
  EXPECT_EQ(check_condition({.if_none_match = {"*"}}, meta), Refusal::kNotModified);
  EXPECT_EQ(check_condition({.if_modified_since = at}, meta), Refusal::kNotModified);
  EXPECT_EQ(check_condition({.if_modified_since = before}, meta), Refusal::kNone);
  EXPECT_EQ(check_condition({.if_unmodified_since = before}, meta), Refusal::kPreconditionFailed);
  EXPECT_EQ(check_condition({.if_unmodified_since = at}, meta), Refusal::kNone);
  // RFC 9110, 13.2.2: an ETag's condition takes the time's place.
  EXPECT_EQ(check_condition({.if_match = {"e"}, .if_unmodified_since = before}, meta), Refusal::kNone);
  EXPECT_EQ(check_condition({.if_none_match = {"x"}, .if_modified_since = at}, meta), Refusal::kNone);
}

TEST_F(BucketStoreObjects, WhoHasTheOldFileOpenKeepsTheOldBytes) {
  put("a", "old bytes");
  const Outcome<OpenObject> object = store().get("bucket", "a");
  put("a", "new");
  ASSERT_TRUE(store().remove("bucket", "a"));
  std::string bytes(9, '\0');
  EXPECT_EQ(::pread(object->file.get(), bytes.data(), 9, 0), 9);
  EXPECT_EQ(bytes, "old bytes");
}

TEST_F(BucketStoreObjects, ManyAreRemovedAtOnce) {
  for (const char* key : {"a", "b/c", "d"}) put(key, key);
  const Strings gone = {"a", "none", "b/c", ""};
  const auto outcomes = store().remove_many("bucket", gone);
  ASSERT_TRUE(outcomes);
  ASSERT_EQ(outcomes->size(), 4u);
  EXPECT_EQ(name_of((*outcomes)[1]), "ok");
  EXPECT_EQ(name_of((*outcomes)[3]), "InvalidArgument");
  EXPECT_EQ(keys(), Strings{"d"});
  EXPECT_EQ(name_of(store().remove_many("none", gone)), "NoSuchBucket");
  EXPECT_EQ(name_of(store().remove_many("bucket", Strings(1001, "k"))), "InvalidArgument");
}

TEST_F(BucketStoreObjects, CopiesKeepOrReplaceWhatIsKnownOfThem) {
  const Pairs headers = {{"content-type", "text/csv"}};
  const Pairs other = {{"content-type", "text/plain"}};
  const ObjectMeta a = put("a", "bytes", {.headers = headers, .tags = {{"k", "v"}}});
  ASSERT_TRUE(store().create_bucket("other"));
  Outcome<ObjectMeta> copied = store().copy({"bucket", "a"}, "other", "x/b");
  ASSERT_TRUE(copied) << copied.failure().error.message;
  EXPECT_EQ(copied->etag, a.etag);
  EXPECT_EQ(get("x/b", "other"), "bytes");
  EXPECT_EQ(store().head("other", "x/b")->headers, headers);
  EXPECT_EQ(store().tags("other", "x/b")->size(), 1u);
  // Onto itself, with other headers: the way to change them.
  ASSERT_TRUE(store().copy({"bucket", "a"}, "bucket", "a",
                           {.headers = other, .tags = Pairs(), .checksum_kind = ChecksumKind::kCrc32c}));
  EXPECT_EQ(get("a"), "bytes");
  EXPECT_EQ(store().head("bucket", "a")->headers, other);
  EXPECT_EQ(store().head("bucket", "a")->tag_count, 0);
  EXPECT_EQ(store().head("bucket", "a")->checksum->text, checksum_of(ChecksumKind::kCrc32c, "bytes").base64());
  EXPECT_EQ(name_of(store().copy({"bucket", "none"}, "bucket", "c")), "NoSuchKey");
  EXPECT_EQ(name_of(store().copy({"bucket", "a", {.if_match = {"x"}}}, "bucket", "c")), "PreconditionFailed");
  EXPECT_EQ(name_of(store().copy({"bucket", "a", {.if_none_match = {"*"}}}, "bucket", "c")), "PreconditionFailed");
  EXPECT_EQ(name_of(store().copy({"bucket", "a"}, "bucket", "a", if_absent<CopyOptions>())), "PreconditionFailed");
  EXPECT_EQ(name_of(store().copy({"bucket", "a"}, "none", "a")), "NoSuchBucket");
  EXPECT_EQ(own_files(), 0u);
}

TEST_F(BucketStoreObjects, ListsGoOnAfterKeysAndGroups) {
  for (const char* key : {"a/1", "a/2", "b", "c/1", "c/2/x", "d"}) put(key, "1");
  const auto groups = [&](const ObjectQuery& query) { return store().list("bucket", query)->groups; };
  EXPECT_EQ(groups({.delimiter = "/"}), (Strings{"a/", "c/"}));
  EXPECT_EQ(groups({.delimiter = "/", .after = "a/"}), (Strings{"c/"}));
  EXPECT_EQ(groups({.delimiter = "/", .after = "a/1"}), (Strings{"a/", "c/"}));
  EXPECT_EQ(groups({.prefix = "c/", .delimiter = "/"}), (Strings{"c/2/"}));
  EXPECT_EQ(keys({.prefix = "c/", .after = "b"}), (Strings{"c/1", "c/2/x"}));
  EXPECT_EQ(keys({.prefix = "a/", .after = "b"}), Strings());
  const Outcome<ObjectPage> none = store().list("bucket", {.max_keys = 0});
  EXPECT_TRUE(none->objects.empty());
  EXPECT_FALSE(none->after);
  EXPECT_EQ(name_of(store().list("bucket", {.max_keys = 1001})), "InvalidArgument");
  EXPECT_EQ(name_of(store().list("none", {})), "NoSuchBucket");
  // A key that is its group's name.
  put("a/", "");
  EXPECT_EQ(keys({.prefix = "a/", .delimiter = "/", .max_keys = 1}), (Strings{"a/", "a/1", "a/2"}));
}

TEST_F(BucketStoreObjects, ListenersHearOfChanges) {
  std::vector<std::string> heard;
  Subscription subscription = store().subscribe([&](std::string_view bucket, std::string_view key) {
    heard.push_back(std::string(bucket).append("/").append(key));
  });
  put("a", "1");
  ASSERT_TRUE(store().copy({"bucket", "a"}, "bucket", "b"));
  ASSERT_TRUE(store().remove("bucket", "a"));
  ASSERT_TRUE(store().remove("bucket", "a"));
  EXPECT_EQ(heard, (Strings{"bucket/a", "bucket/b", "bucket/a"}));
  subscription.reset();
  put("a", "2");
  EXPECT_EQ(heard.size(), 3u);
}

TEST_F(BucketStoreObjects, OneProcessHasAHomeOpenAndOthersBesideIt) {
  const auto second = BucketStore::open(home(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict) << second.error().message;
  put("a", "1");
  const auto beside = BucketStore::open(home(), {.beside_server = true});
  ASSERT_TRUE(beside) << beside.error().message;
  EXPECT_EQ((*beside)->list("bucket", {})->objects.size(), 1u);
}

TEST_F(BucketStoreObjects, WithSyncEverythingIsAsWithout) {
  open({.sync = true});
  put("a", "1");
  put("a", "2");
  EXPECT_EQ(get("a"), "2");
  EXPECT_TRUE(store().sync());
}

// Readers against writers of one key: bytes and description belong together, always.
TEST_F(BucketStoreObjects, ReadersNeverSeeTheBytesOfOneAndTheETagOfAnother) {
  put("a", "0");
  std::atomic<bool> stop{false};
  std::atomic<int> torn{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 150; ++i)
        EXPECT_TRUE(store().put("bucket", "a", std::string(static_cast<std::size_t>(1 + (i * 7 + t) % 50), 'x')));
      stop = true;
    });
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        Outcome<OpenObject> object = store().get("bucket", "a");
        if (!object) {
          ++torn;
          continue;
        }
        std::string bytes(100, '\0');
        const ssize_t got = ::pread(object->file.get(), bytes.data(), bytes.size(), 0);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (hex(md5(bytes)) != object->meta.etag) ++torn;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(own_files(), 0u);
}

// Keys whose places depend on one another, put and removed by many at a time; then the index says what the folder has.
TEST_F(BucketStoreObjects, KeysInOneAnothersWayMayBePutAndRemovedByManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const Strings names = {"a", "a/b", "a/b/c", "a/", "d"};
      for (std::size_t i = 0; i < 60; ++i) {
        const std::string& key = names[(i * 3 + static_cast<std::size_t>(t)) % names.size()];
        if (i % 3 == 2) {
          EXPECT_TRUE(store().remove("bucket", key));
        } else {
          EXPECT_TRUE(store().put("bucket", key, key + std::to_string(t)));
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& key : keys()) EXPECT_EQ(get(key).substr(0, key.size()), key);
  const Outcome<ScanReport> report = store().check("bucket", true);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->added + report->updated + report->removed + report->ignored, 0u)
      << (report->complaints.empty() ? "" : report->complaints[0]);
}

}  // namespace
}  // namespace chiliad::store
