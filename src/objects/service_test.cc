#include "objects/service.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "base/hash.h"
#include "objects/s3_under_test.h"

namespace chiliad::objects {
namespace {

class S3Service : public testing::Test {
 protected:
  void SetUp() override { EXPECT_EQ(s3.send("PUT", "/bucket").status, 200); }
  std::string code(const net::ClientResponse& answer) { return element(answer.body, "Code"); }
  std::string get(std::string_view target) { return s3.send("GET", target).body; }

  S3UnderTest s3;
};

std::string etag_of(std::string_view text, std::string_view quote = "\"") {
  return std::string(quote).append(hex(md5(text))).append(quote);
}
std::string md5_of(std::string_view text) { return base64(md5(text)); }
std::string crc32_of(std::string_view text) { return checksum_of(ChecksumKind::kCrc32, text).base64(); }

TEST_F(S3Service, AnObjectComesBackAsItWasPut) {
  const auto put = s3.send("PUT", "/bucket/a%20b/c+d", "hello",
                           {{"Content-Type", "text/plain"}, {"x-amz-meta-Name", "v"}, {"Cache-Control", "no-store"}});
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.field("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(put.field("x-amz-checksum-crc64nvme"), checksum_of(ChecksumKind::kCrc64Nvme, "hello").base64());
  EXPECT_EQ(put.field("x-amz-request-id"), "id-1");
  const auto got = s3.send("GET", "/bucket/a%20b/c%2Bd");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.field("content-type"), "text/plain");
  EXPECT_EQ(got.field("x-amz-meta-name"), "v");
  EXPECT_EQ(got.field("cache-control"), "no-store");
  EXPECT_EQ(got.field("etag"), put.field("etag"));
  EXPECT_EQ(got.field("content-length"), "5");
  const auto head = s3.send("HEAD", "/bucket/a%20b/c%2Bd");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("content-length"), "5");
  EXPECT_EQ(head.body, "");
}

TEST_F(S3Service, LargeObjectsComeFromTheFile) {
  std::string bytes(1 << 20, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  EXPECT_EQ(s3.send("PUT", "/bucket/big", bytes).status, 200);
  EXPECT_EQ(get("/bucket/big"), bytes);
  const auto part = s3.send("GET", "/bucket/big", {}, {{"Range", "bytes=100-199999"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.field("content-range"), "bytes 100-199999/1048576");
  EXPECT_TRUE(part.body == bytes.substr(100, 199900));
}

TEST_F(S3Service, AnEmptyObjectIsAnObject) {
  EXPECT_EQ(s3.send("PUT", "/bucket/empty", "", {{"Content-Length", "0"}}).status, 200);
  const auto got = s3.send("GET", "/bucket/empty");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.field("content-length"), "0");
  EXPECT_EQ(code(s3.send("GET", "/bucket/empty", {}, {{"Range", "bytes=0-"}})), "InvalidRange");
}

TEST_F(S3Service, ChecksThatDoNotFitKeepTheObjectOut) {
  const std::string other = hex(sha256("other"));
  const struct {
    net::HttpFields fields;
    std::string_view code;
  } kCases[] = {
      {{{"Content-MD5", md5_of("other")}}, "BadDigest"},
      {{{"Content-MD5", "x"}}, "InvalidDigest"},
      {{{"x-amz-checksum-crc32", crc32_of("other")}}, "BadDigest"},
      {{{"x-amz-checksum-crc32", "x"}}, "InvalidRequest"},
      {{{"x-amz-checksum-crc32", crc32_of("hello")}, {"x-amz-checksum-sha1", "x"}}, "InvalidRequest"},
      {{{"x-amz-sdk-checksum-algorithm", "CRC32"}}, "InvalidRequest"},
      {{{"x-amz-content-sha256", other}}, "XAmzContentSHA256Mismatch"},
      {{{"x-amz-server-side-encryption-customer-algorithm", "AES256"}}, "NotImplemented"},
      {{{"x-amz-object-lock-mode", "GOVERNANCE"}}, "NotImplemented"},
      {{{"x-amz-acl", "public-read"}}, "AccessControlListNotSupported"},
      {{{"x-amz-grant-read", "id=1"}}, "AccessControlListNotSupported"},
      {{{"x-amz-storage-class", "GOLD"}}, "InvalidStorageClass"},
      {{{"x-amz-tagging", "a=1&a=2"}}, "InvalidTag"},
      {{{"If-None-Match", "\"x\""}}, "NotImplemented"},
      {{{"x-amz-meta-a", std::string(3000, 'a')}}, "MetadataTooLarge"},
  };
  for (const auto& each : kCases) {
    const auto answer = s3.send("PUT", "/bucket/k", "hello", each.fields);
    EXPECT_EQ(code(answer), each.code) << each.fields[0].first;
    EXPECT_EQ(s3.send("HEAD", "/bucket/k").status, 404) << each.fields[0].first;
  }
}

TEST_F(S3Service, ChecksThatFitLetItIn) {
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "hello",
                    {{"Content-MD5", md5_of("hello")},
                     {"x-amz-checksum-crc32", crc32_of("hello")},
                     {"x-amz-sdk-checksum-algorithm", "CRC32"},
                     {"x-amz-content-sha256", hex(sha256("hello"))},
                     {"x-amz-acl", "bucket-owner-full-control"},
                     {"x-amz-server-side-encryption", "AES256"}})
                .field("x-amz-server-side-encryption"),
            "AES256");
  const auto head = s3.send("HEAD", "/bucket/k", {}, {{"x-amz-checksum-mode", "ENABLED"}});
  EXPECT_EQ(head.field("x-amz-checksum-crc32"), crc32_of("hello"));
  EXPECT_EQ(head.field("x-amz-checksum-type"), "FULL_OBJECT");
}

net::HttpFields chunked_fields(std::string_view trailer) {
  return {{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
          {"x-amz-decoded-content-length", "5"},
          {"Content-Encoding", "aws-chunked"},
          {"x-amz-trailer", std::string(trailer)}};
}

TEST_F(S3Service, AnAwsChunkedBodyIsTakenOutOfItsFrame) {
  const std::string body = std::string("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:") + crc32_of("hello") + "\r\n\r\n";
  const auto put = s3.send("PUT", "/bucket/k", body, chunked_fields("x-amz-checksum-crc32"));
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.field("x-amz-checksum-crc32"), crc32_of("hello"));
  const auto got = s3.send("GET", "/bucket/k");
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.field("content-encoding"), "");
}

TEST_F(S3Service, ATrailerThatDoesNotFitKeepsTheObjectOut) {
  const std::string wrong = std::string("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:") + crc32_of("other") + "\r\n\r\n";
  EXPECT_EQ(code(s3.send("PUT", "/bucket/k", wrong, chunked_fields("x-amz-checksum-crc32"))), "BadDigest");
  const std::string missing = "5\r\nhello\r\n0\r\n\r\n";
  EXPECT_NE(s3.send("PUT", "/bucket/k", missing, chunked_fields("x-amz-checksum-crc32")).status, 200);
  EXPECT_EQ(s3.send("HEAD", "/bucket/k").status, 404);
}

TEST_F(S3Service, ConditionsDecideWhetherAPutHappens) {
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "1", {{"If-None-Match", "*"}}).status, 200);
  const auto again = s3.send("PUT", "/bucket/k", "2", {{"If-None-Match", "*"}});
  EXPECT_EQ(again.status, 412);
  EXPECT_EQ(code(again), "PreconditionFailed");
  EXPECT_EQ(element(again.body, "Condition"), "If-None-Match");
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "3", {{"If-Match", etag_of("1")}}).status, 200);
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "4", {{"If-Match", etag_of("1")}}).status, 412);
  EXPECT_EQ(code(s3.send("PUT", "/bucket/none", "4", {{"If-Match", "\"x\""}})), "NoSuchKey");
  EXPECT_EQ(get("/bucket/k"), "3");
}

TEST_F(S3Service, ConditionsDecideWhetherAReadHappens) {
  s3.send("PUT", "/bucket/k", "1");
  const std::string etag = etag_of("1");
  const auto same = s3.send("GET", "/bucket/k", {}, {{"If-None-Match", etag}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.field("etag"), etag);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(s3.send("GET", "/bucket/k", {}, {{"If-Match", "\"x\""}}).status, 412);
  EXPECT_EQ(s3.send("HEAD", "/bucket/k", {}, {{"If-Match", etag}}).status, 200);
}

TEST_F(S3Service, AParameterStandsInForAField) {
  s3.send("PUT", "/bucket/k", "1", {{"Content-Type", "text/plain"}});
  const auto got = s3.send("GET", "/bucket/k?response-content-type=a%2Fb&response-cache-control=x%0D%0AEvil%3A%201");
  EXPECT_EQ(got.field("content-type"), "a/b");
  EXPECT_EQ(got.field("evil"), "");
}

TEST_F(S3Service, ListsHaveGroupsAndGoOn) {
  for (const std::string_view key : {"a/1", "a/2", "b", "c%20d", "e"})
    s3.send("PUT", "/bucket/" + std::string(key), "x");
  const std::string first = get("/bucket?list-type=2&delimiter=%2F&max-keys=2&encoding-type=url");
  EXPECT_EQ(element(first, "CommonPrefixes"), "<Prefix>a/</Prefix>");
  EXPECT_EQ(element(first, "Key"), "b");
  EXPECT_EQ(element(first, "KeyCount"), "2");
  EXPECT_EQ(element(first, "IsTruncated"), "true");
  const std::string second =
      get(std::string("/bucket?list-type=2&delimiter=%2F&encoding-type=url&continuation-token=") +
          element(first, "NextContinuationToken"));
  EXPECT_EQ(element(second, "Key"), "c%20d");
  EXPECT_EQ(element(second, "IsTruncated"), "false");
  const std::string old = get("/bucket?delimiter=%2F&max-keys=1&marker=a%2F");
  EXPECT_EQ(element(old, "Key"), "b");
  EXPECT_EQ(element(old, "NextMarker"), "b");
  EXPECT_EQ(code(s3.send("GET", "/bucket?list-type=2&continuation-token=%21")), "InvalidArgument");
  EXPECT_EQ(code(s3.send("GET", "/bucket?max-keys=-1")), "InvalidArgument");
  EXPECT_EQ(code(s3.send("GET", "/nobucket?list-type=2")), "NoSuchBucket");
}

TEST_F(S3Service, ABatchIsDeletedWithAnOutcomeEach) {
  s3.send("PUT", "/bucket/a", "x");
  s3.send("PUT", "/bucket/b", "x");
  const std::string body =
      "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>v</VersionId></Object></Delete>";
  EXPECT_EQ(code(s3.send("POST", "/bucket?delete", body)), "InvalidRequest");  // Unchecked.
  EXPECT_EQ(code(s3.send("POST", "/bucket?delete", body, {{"Content-MD5", md5_of("x")}})), "BadDigest");
  const auto answer = s3.send("POST", "/bucket?delete", body, {{"Content-MD5", md5_of(body)}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(element(answer.body, "Deleted"), "<Key>a</Key>");
  EXPECT_EQ(element(element(answer.body, "Error"), "Code"), "NoSuchVersion");
  EXPECT_EQ(s3.send("HEAD", "/bucket/a").status, 404);
  EXPECT_EQ(s3.send("HEAD", "/bucket/b").status, 200);
}

TEST_F(S3Service, PartsBecomeAnObject) {
  const auto created =
      s3.send("POST", "/bucket/k?uploads", {}, {{"x-amz-meta-a", "b"}, {"x-amz-checksum-algorithm", "CRC32"}});
  const std::string id = element(created.body, "UploadId");
  ASSERT_FALSE(id.empty()) << created.body;
  EXPECT_EQ(created.field("x-amz-checksum-type"), "COMPOSITE");
  std::string complete = "<CompleteMultipartUpload>";
  const std::string_view kParts[] = {"first part", "second"};
  for (int i = 0; i < 2; ++i) {
    const auto part = s3.send("PUT", std::string("/bucket/k?partNumber=") + std::to_string(i + 1) + "&uploadId=" + id,
                              kParts[i], {{"x-amz-checksum-crc32", crc32_of(kParts[i])}});
    ASSERT_EQ(part.status, 200) << part.body;
    EXPECT_EQ(part.field("x-amz-checksum-crc32"), crc32_of(kParts[i]));
    complete += std::string("<Part><PartNumber>") + std::to_string(i + 1) + "</PartNumber><ETag>" +
                std::string(part.field("etag")) + "</ETag></Part>";
  }
  complete += "</CompleteMultipartUpload>";
  const std::string parts = get("/bucket/k?uploadId=" + id);
  EXPECT_EQ(element(parts, "Size"), "10");
  EXPECT_EQ(element(parts, "ChecksumCRC32"), crc32_of(kParts[0]));
  EXPECT_EQ(element(get("/bucket?uploads"), "UploadId"), id);
  EXPECT_EQ(s3.send("HEAD", "/bucket/k").status, 404);
  const auto done = s3.send("POST", "/bucket/k?uploadId=" + id, complete);
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_TRUE(element(done.body, "ETag").ends_with("-2&quot;")) << done.body;
  const auto got = s3.send("GET", "/bucket/k");
  EXPECT_EQ(got.body, "first partsecond");
  EXPECT_EQ(got.field("x-amz-meta-a"), "b");
  const auto second = s3.send("GET", "/bucket/k?partNumber=2");
  EXPECT_EQ(second.status, 206);
  EXPECT_EQ(second.body, "second");
  EXPECT_EQ(second.field("x-amz-mp-parts-count"), "2");
  EXPECT_EQ(code(s3.send("GET", "/bucket/k?partNumber=3")), "InvalidPartNumber");
  EXPECT_EQ(code(s3.send("GET", "/bucket/k?uploadId=" + id)), "NoSuchUpload");
}

TEST_F(S3Service, ACopyTakesHeadersAlongOrNot) {
  s3.send("PUT", "/bucket/a", "hello", {{"x-amz-meta-m", "1"}, {"x-amz-tagging", "t=1"}});
  const auto copy = s3.send("PUT", "/bucket/b", {}, {{"x-amz-copy-source", "/bucket/a"}});
  EXPECT_EQ(copy.status, 200) << copy.body;
  EXPECT_EQ(element(copy.body, "ETag"), etag_of("hello", "&quot;"));
  EXPECT_EQ(s3.send("GET", "/bucket/b").field("x-amz-meta-m"), "1");
  EXPECT_EQ(s3.send("GET", "/bucket/b").field("x-amz-tagging-count"), "1");
  s3.send("PUT", "/bucket/c", {},
          {{"x-amz-copy-source", "/bucket/a"}, {"x-amz-metadata-directive", "REPLACE"}, {"x-amz-meta-n", "2"}});
  EXPECT_EQ(s3.send("GET", "/bucket/c").field("x-amz-meta-m"), "");
  EXPECT_EQ(s3.send("GET", "/bucket/c").field("x-amz-meta-n"), "2");
  EXPECT_EQ(code(s3.send("PUT", "/bucket/a", {}, {{"x-amz-copy-source", "/bucket/a"}})), "InvalidRequest");
  EXPECT_EQ(code(s3.send("PUT", "/bucket/d", {}, {{"x-amz-copy-source", "/bucket/none"}})), "NoSuchKey");
  EXPECT_EQ(
      s3.send("PUT", "/bucket/d", {}, {{"x-amz-copy-source", "/bucket/a"}, {"x-amz-copy-source-if-match", "\"x\""}})
          .status,
      412);
}

TEST_F(S3Service, TagsArePutReadAndTakenAway) {
  s3.send("PUT", "/bucket/k", "x");
  const std::string tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>";
  EXPECT_EQ(s3.send("PUT", "/bucket/k?tagging", tags).status, 200);
  EXPECT_EQ(element(get("/bucket/k?tagging"), "Tag"), "<Key>a</Key><Value>1</Value>");
  EXPECT_EQ(s3.send("DELETE", "/bucket/k?tagging").status, 204);
  EXPECT_EQ(element(get("/bucket/k?tagging"), "Tag"), "");
}

TEST_F(S3Service, AnUnconfiguredBucketAnswersAsOnS3) {
  EXPECT_EQ(s3.send("HEAD", "/bucket").field("x-amz-bucket-region"), "us-east-1");
  EXPECT_NE(get("/bucket?location").find("<LocationConstraint"), std::string::npos);
  EXPECT_NE(get("/bucket?versioning").find("<VersioningConfiguration"), std::string::npos);
  EXPECT_EQ(code(s3.send("GET", "/bucket?policy")), "NoSuchBucketPolicy");
  EXPECT_EQ(code(s3.send("GET", "/bucket?lifecycle")), "NoSuchLifecycleConfiguration");
  EXPECT_EQ(code(s3.send("GET", "/bucket?cors")), "NoSuchCORSConfiguration");
  EXPECT_EQ(code(s3.send("GET", "/bucket?tagging")), "NoSuchTagSet");
  EXPECT_EQ(element(get("/bucket?acl"), "Permission"), "FULL_CONTROL");
  EXPECT_EQ(code(s3.send("GET", "/none?versioning")), "NoSuchBucket");
  EXPECT_EQ(code(s3.send("PUT", "/bucket?versioning", "<VersioningConfiguration/>")), "NotImplemented");
}

TEST_F(S3Service, ABucketIsMadeAgainInTheFirstRegionAndNotElsewhere) {
  EXPECT_EQ(s3.send("PUT", "/bucket").status, 200);
  const std::string body =
      "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
  EXPECT_EQ(code(s3.send("PUT", "/other", body)), "IllegalLocationConstraintException");
  S3UnderTest elsewhere({.region = "eu-west-1"});
  EXPECT_EQ(code(elsewhere.send("PUT", "/other")), "IllegalLocationConstraintException");
  EXPECT_EQ(elsewhere.send("PUT", "/other", body).status, 200);
  EXPECT_EQ(code(elsewhere.send("PUT", "/other", body)), "BucketAlreadyOwnedByYou");
}

TEST_F(S3Service, ABucketWithObjectsStays) {
  s3.send("PUT", "/bucket/k", "x");
  EXPECT_EQ(code(s3.send("DELETE", "/bucket")), "BucketNotEmpty");
  EXPECT_EQ(s3.send("DELETE", "/bucket/k").status, 204);
  EXPECT_EQ(s3.send("DELETE", "/bucket").status, 204);
  EXPECT_EQ(s3.send("HEAD", "/bucket").status, 404);
}

TEST_F(S3Service, WhoMayNotIsToldSoBeforeAnythingHappens) {
  s3.send("PUT", "/bucket/mine/k", "x");
  s3.send("PUT", "/bucket/theirs/k", "x");
  s3.may = [](std::string_view, std::string_view resource) {
    return resource.starts_with("arn:aws:s3:::bucket/mine/");
  };
  EXPECT_EQ(s3.send("GET", "/bucket/mine/k").status, 200);
  const struct {
    std::string_view method, target;
    net::HttpFields fields;
    std::string_view body = {};
  } kCases[] = {
      {"GET", "/bucket/theirs/k", {}},
      {"GET", "/bucket/mine/../theirs/k", {}},
      {"GET", "/bucket/mine%2F%2E%2E%2Ftheirs/k", {}},
      {"GET", "/bucket/theirs%2Fk", {}},
      {"GET", "/bucket/mine/none", {}},  // Who may not list learns nothing of what is missing.
      {"PUT", "/bucket/theirs/k", {}, "evil"},
      {"DELETE", "/bucket/theirs/k", {}},
      {"GET", "/bucket/theirs/k?tagging", {}},
      {"GET", "/bucket/theirs/k?acl", {}},
      {"POST", "/bucket/theirs/k?uploads", {}},
      {"GET", "/bucket?list-type=2&prefix=mine/", {}},
      {"GET", "/bucket?uploads", {}},
      {"GET", "/bucket?policy", {}},
      {"PUT", "/bucket2", {}},
      {"DELETE", "/bucket", {}},
      {"GET", "/", {}},
      {"PUT", "/bucket/mine/copy", {{"x-amz-copy-source", "/bucket/theirs/k"}}},
      {"PUT", "/bucket/mine/copy", {{"x-amz-copy-source", "/bucket/mine/..%2Ftheirs/k"}}},
      {"PUT", "/bucket/theirs/copy", {{"x-amz-copy-source", "/bucket/mine/k"}}},
  };
  for (const auto& each : kCases) {
    const auto answer = s3.send(each.method, each.target, each.body, each.fields);
    // A path with dots is another key, which is not there and may not be listed either.
    EXPECT_EQ(answer.status, 403) << each.method << " " << each.target << "\n" << answer.body;
  }
  const std::string body = "<Delete><Object><Key>theirs/k</Key></Object><Object><Key>mine/k</Key></Object></Delete>";
  const auto batch = s3.send("POST", "/bucket?delete", body, {{"Content-MD5", md5_of(body)}});
  EXPECT_EQ(element(element(batch.body, "Error"), "Code"), "AccessDenied");
  EXPECT_EQ(element(batch.body, "Deleted"), "<Key>mine/k</Key>");
  s3.may = [](std::string_view, std::string_view) { return true; };
  EXPECT_EQ(get("/bucket/theirs/k"), "x");
}

TEST_F(S3Service, TagsOnTheWayInNeedTheirPermission) {
  s3.may = [](std::string_view action, std::string_view) { return action == "s3:PutObject"; };
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "x", {{"x-amz-tagging", "a=1"}}).status, 403);
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "x").status, 200);
}

TEST_F(S3Service, AnotherAccountsBucketIsNotThisOne) {
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "x", {{"x-amz-expected-bucket-owner", "111111111111"}}).status, 403);
  EXPECT_EQ(s3.send("PUT", "/bucket/k", "x", {{"x-amz-expected-bucket-owner", "123456789012"}}).status, 200);
  EXPECT_EQ(s3.send("PUT", "/bucket/l", {},
                    {{"x-amz-copy-source", "/bucket/k"}, {"x-amz-source-expected-bucket-owner", "111111111111"}})
                .status,
            403);
}

TEST_F(S3Service, ABodyIsAskedForOnlyWhenItMayCome) {
  const std::string head = "PUT /bucket/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  RawClient client(s3.port());
  client.send(head);
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(get("/bucket/k"), "hello");
  s3.may = [](std::string_view, std::string_view) { return false; };
  RawClient other(s3.port());
  other.send(head);
  EXPECT_TRUE(other.read_until("\r\n\r\n").starts_with("HTTP/1.1 403 "));
}

TEST_F(S3Service, ABodyThatEndsEarlyLeavesNothing) {
  {
    RawClient client(s3.port());
    client.send("PUT /bucket/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    client.end_sending();
    client.read_until("what never comes");
  }
  EXPECT_EQ(s3.send("HEAD", "/bucket/k").status, 404);
}

TEST_F(S3Service, WhatIsNoS3RequestIsRefusedInItsWords) {
  EXPECT_EQ(code(s3.send("POST", "/bucket/k", "x")), "MethodNotAllowed");
  EXPECT_EQ(code(s3.send("PUT", "/bucket/k?legal-hold", "<LegalHold/>")), "NotImplemented");
  EXPECT_EQ(code(s3.send("GET", "/bucket/k?versionId=abc")), "InvalidArgument");
  EXPECT_EQ(code(s3.send("GET", "/Bad_Name/k")), "InvalidBucketName");
  EXPECT_EQ(code(s3.send("POST", "/bucket?delete", std::string(9 << 20, 'x'), {{"Content-MD5", md5_of("x")}})),
            "MalformedXML");
  EXPECT_EQ(code(s3.send("OPTIONS", "/bucket/k")), "AccessForbidden");
  s3.send("PUT", "/bucket/k", "x");
  EXPECT_EQ(s3.send("GET", "/bucket/k?versionId=null").status, 200);
}

TEST(S3Elsewhere, SaysWhereTheObjectsAre) {
  class Handler : public net::HttpHandler {
   public:
    void handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) override {
      const aws::Caller nobody;
      elsewhere.handle({nobody, "us-east-1", request, response, exchange, "id-1", {}});
    }
    ElsewhereService elsewhere{"https://s3.example.com"};
  } handler;
  const auto server = net::HttpServer::start({}, handler);
  ASSERT_TRUE(server);
  net::HttpClient client;
  const auto answer = client.send({.url = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/bucket/k"},
                                  std::chrono::steady_clock::now() + std::chrono::seconds(20));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_NE(answer->body.find("https://s3.example.com"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::objects
