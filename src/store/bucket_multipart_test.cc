// Multipart uploads of a bucket store.

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes members that a designated initializer leaves to their defaults for uninitialized.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <fcntl.h>

#include "base/hash.h"
#include "store/bucket_store_under_test.h"

namespace chiliad::store {
namespace {

class BucketStoreMultipart : public BucketStoreUnderTest {
 protected:
  UploadInfo begin(const std::string& key, const MultipartOptions& options = {}) {
    Outcome<UploadInfo> info = store().create_upload("bucket", key, options);
    EXPECT_TRUE(info) << info.failure().error.message;
    return *info;
  }
  // The part's ETag.
  std::string part(const UploadInfo& info, int number, std::string_view bytes) {
    Outcome<Upload> upload = store().begin_part("bucket", info.key, info.id, number, {});
    EXPECT_TRUE(upload) << upload.failure().error.message;
    if (!upload) return "";
    EXPECT_TRUE(upload->write(bytes));
    Outcome<ObjectMeta> meta = upload->finish({});
    EXPECT_TRUE(meta) << meta.failure().error.message;
    return meta ? meta->etag : "";
  }
  Outcome<ObjectMeta> complete(const UploadInfo& info, const std::vector<CompletedPart>& parts,
                               const CompleteOptions& options = {}) {
    return store().complete("bucket", info.key, info.id, parts, options);
  }
};

std::string raw(std::string_view bytes) { return std::string(as_text(md5(bytes))); }

TEST_F(BucketStoreMultipart, PartsBecomeOneObject) {
  const UploadInfo info = begin("big/a", {.headers = {{"content-type", "x/y"}}, .tags = {{"k", "v"}}});
  const std::string second = part(info, 2, "second part");
  const std::string ignored = part(info, 9, "never named");
  const std::string old = part(info, 1, "overwritten part");
  const std::string first = part(info, 1, "first part");
  EXPECT_EQ(get("big/a"), "NoSuchKey");
  open({.least_part_bytes = 10});  // Uploads survive restarts.
  const Outcome<ObjectMeta> meta = complete(info, {{1, first}, {2, second}});
  ASSERT_TRUE(meta) << meta.failure().error.message;
  EXPECT_EQ(meta->etag, hex(md5(raw("first part") + raw("second part"))) + "-2");
  EXPECT_EQ(get("big/a"), "first partsecond part");
  EXPECT_EQ(store().head("bucket", "big/a")->headers.size(), 1u);
  EXPECT_EQ(store().head("bucket", "big/a")->part_count, 2);
  const auto parts = store().object_parts("bucket", "big/a");
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[1].size_bytes, 11u);
  EXPECT_EQ(own_files(), 0u);
  EXPECT_EQ(name_of(store().list_parts("bucket", "big/a", info.id)), "NoSuchUpload");
  // The answer was lost: the same again.
  EXPECT_EQ(complete(info, {{1, first}, {2, second}})->etag, meta->etag);
  put("big/a", "another");
  EXPECT_EQ(name_of(complete(info, {{1, first}, {2, second}})), "NoSuchUpload");
  EXPECT_TRUE(store().object_parts("bucket", "big/a")->empty());
}

TEST_F(BucketStoreMultipart, CompletionsOutsideTheRulesAreRefusedAndTheUploadStays) {
  const UploadInfo info = begin("a");
  const std::string first = part(info, 1, "first part");
  const std::string small = part(info, 2, "small");
  const std::string third = part(info, 3, "third part");
  EXPECT_EQ(name_of(complete(info, {})), "InvalidRequest");
  EXPECT_EQ(name_of(complete(info, {{2, small}, {1, first}})), "InvalidPartOrder");
  EXPECT_EQ(name_of(complete(info, {{1, first}, {1, first}})), "InvalidPartOrder");
  EXPECT_EQ(name_of(complete(info, {{1, first}, {4, first}})), "InvalidPart");
  EXPECT_EQ(name_of(complete(info, {{1, third}})), "InvalidPart");
  EXPECT_EQ(name_of(complete(info, {{1, first}, {2, small}, {3, third}})), "EntityTooSmall");
  EXPECT_EQ(name_of(complete(info, {{1, first}}, {.expected_size = 11})), "InvalidRequest");
  EXPECT_EQ(name_of(store().complete("bucket", "b", info.id, {{1, first}})), "NoSuchUpload");
  put("a", "there");
  EXPECT_EQ(name_of(complete(info, {{1, first}, {3, third}}, if_absent<CompleteOptions>())), "PreconditionFailed");
  EXPECT_EQ(get("a"), "there");
  ASSERT_TRUE(complete(info, {{1, first}, {3, third}}));
  EXPECT_EQ(get("a"), "first partthird part");
  EXPECT_EQ(own_files(), 0u);
}

TEST_F(BucketStoreMultipart, AbortTakesThePartsAway) {
  const UploadInfo info = begin("a");
  part(info, 1, "first part");
  EXPECT_EQ(own_files(), 1u);
  ASSERT_TRUE(store().abort("bucket", "a", info.id));
  EXPECT_EQ(own_files(), 0u);
  EXPECT_EQ(name_of(store().abort("bucket", "a", info.id)), "NoSuchUpload");
  EXPECT_EQ(name_of(store().begin_part("bucket", "a", info.id, 1, {})), "NoSuchUpload");
  const UploadInfo other = begin("b");
  Outcome<Upload> late = store().begin_part("bucket", "b", other.id, 1, {});
  ASSERT_TRUE(store().abort("bucket", "b", other.id));
  EXPECT_EQ(name_of(late->finish({})), "NoSuchUpload");
  EXPECT_EQ(own_files(), 0u);
}

TEST_F(BucketStoreMultipart, ChecksumsAreCombinedOrComposed) {
  const std::string a = "first part", b = "second part";
  for (const ChecksumKind kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme}) {
    const UploadInfo info = begin("a", {.checksum_kind = kind, .checksum_type = ChecksumType::kFullObject});
    const std::vector<CompletedPart> parts = {{1, part(info, 1, a), checksum_of(kind, a)}, {2, part(info, 2, b)}};
    EXPECT_EQ(name_of(complete(info, parts, {.expected_checksum = "AAAAAA=="})), "BadDigest");
    const Outcome<ObjectMeta> meta = complete(info, parts);
    ASSERT_TRUE(meta) << meta.failure().error.message;
    EXPECT_EQ(meta->checksum->text, checksum_of(kind, a + b).base64());
    EXPECT_EQ(meta->checksum->type, ChecksumType::kFullObject);
  }
  const UploadInfo info = begin("b", {.checksum_kind = ChecksumKind::kSha256});
  const Outcome<ObjectMeta> meta = complete(info, {{1, part(info, 1, a)}, {2, part(info, 2, b)}});
  EXPECT_EQ(meta->checksum->type, ChecksumType::kComposite);
  std::string digests(as_text(sha256(a)));
  digests += as_text(sha256(b));
  EXPECT_EQ(meta->checksum->text, base64(sha256(digests)) + "-2");
  EXPECT_EQ(store().object_parts("bucket", "b")->at(0).checksum->text, base64(sha256(a)));
  EXPECT_EQ(name_of(store().create_upload(
                "bucket", "c", {.checksum_kind = ChecksumKind::kSha1, .checksum_type = ChecksumType::kFullObject})),
            "InvalidRequest");
  // A copy of an object of parts is one of its own.
  const Outcome<ObjectMeta> copied = store().copy({"bucket", "b"}, "bucket", "d");
  EXPECT_EQ(copied->etag, hex(md5(a + b)));
  EXPECT_EQ(copied->checksum->text, base64(sha256(a + b)));
}

TEST_F(BucketStoreMultipart, PartsAreCopiedFromObjects) {
  put("source", "0123456789abcdef");
  const UploadInfo info = begin("a");
  const auto whole = store().copy_part({"bucket", "source"}, {}, "bucket", "a", info.id, 1);
  const auto some = store().copy_part({"bucket", "source"}, PartRange{10, 6}, "bucket", "a", info.id, 2);
  ASSERT_TRUE(whole && some);
  EXPECT_EQ(name_of(store().copy_part({"bucket", "source"}, PartRange{10, 7}, "bucket", "a", info.id, 3)),
            "InvalidArgument");
  EXPECT_EQ(name_of(store().copy_part({"bucket", "none"}, {}, "bucket", "a", info.id, 3)), "NoSuchKey");
  ASSERT_TRUE(complete(info, {{1, whole->etag}, {2, some->etag}}));
  EXPECT_EQ(get("a"), "0123456789abcdefabcdef");
}

TEST_F(BucketStoreMultipart, UploadsAndPartsAreListedInPages) {
  const UploadInfo a1 = begin("a"), a2 = begin("a"), b = begin("b/x"), c = begin("c");
  for (int number = 1; number <= 5; ++number) part(a1, number, "part number " + std::to_string(number));
  const Outcome<PartPage> first = store().list_parts("bucket", "a", a1.id, 0, 2);
  ASSERT_EQ(first->parts.size(), 2u);
  EXPECT_TRUE(first->truncated);
  EXPECT_EQ(store().list_parts("bucket", "a", a1.id, 4, 2)->parts.at(0).number, 5);
  EXPECT_FALSE(store().list_parts("bucket", "a", a1.id, 3, 2)->truncated);

  std::vector<std::string> seen;
  UploadQuery query{.max_uploads = 1};
  for (bool more = true; more;) {
    const Outcome<UploadPage> page = store().list_uploads("bucket", query);
    ASSERT_TRUE(page);
    for (const UploadInfo& info : page->uploads) seen.push_back(info.id);
    query.key_marker = page->next_key_marker;
    query.upload_id_marker = page->next_upload_id_marker;
    more = page->truncated;
  }
  EXPECT_EQ(seen, (std::vector<std::string>{a1.id, a2.id, b.id, c.id}));
  const Outcome<UploadPage> grouped = store().list_uploads("bucket", {.delimiter = "/"});
  EXPECT_EQ(grouped->groups, std::vector<std::string>{"b/"});
  EXPECT_EQ(grouped->uploads.size(), 3u);
  EXPECT_EQ(store().list_uploads("bucket", {.delimiter = "/", .key_marker = "b/"})->uploads.at(0).key, "c");
  EXPECT_EQ(store().list_uploads("bucket", {.prefix = "b"})->uploads.size(), 1u);
  // They are no objects, and go with the bucket.
  ASSERT_TRUE(store().delete_bucket("bucket"));
  EXPECT_EQ(own_files(), 0u);
}

}  // namespace
}  // namespace chiliad::store
