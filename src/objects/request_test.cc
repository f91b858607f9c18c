#include "objects/request.h"

#include <gtest/gtest.h>

#include "net/request_under_test.h"

namespace chiliad::objects {
namespace {

using enum Operation;

std::variant<Request, S3Error> reads(std::string_view method, std::string_view target,
                                     const net::HttpFields& fields = {}, std::string_view host = "127.0.0.1:9000") {
  net::HttpFields all = {{"Host", std::string(host)}};
  all.insert(all.end(), fields.begin(), fields.end());
  return read_request(net::request_of(net::text_of_request(method, target, all)),
                      {.hosts = {"localhost", "s3.example.com"}});
}

Request read(std::string_view method, std::string_view target, const net::HttpFields& fields = {},
             std::string_view host = "127.0.0.1:9000") {
  auto request = reads(method, target, fields, host);
  const auto* error = std::get_if<S3Error>(&request);
  EXPECT_EQ(error, nullptr) << (error != nullptr ? error->code : "");
  return error != nullptr ? Request() : std::get<Request>(std::move(request));
}

std::string refusal(std::string_view method, std::string_view target, const net::HttpFields& fields = {}) {
  const auto request = reads(method, target, fields);
  const auto* error = std::get_if<S3Error>(&request);
  return error != nullptr ? error->code : "none";
}

TEST(S3Request, APathNamesBucketAndKey) {
  const Request request = read("GET", "/bucket/a/b.csv");
  EXPECT_EQ(request.bucket, "bucket");
  EXPECT_EQ(request.key, "a/b.csv");
  EXPECT_EQ(request.operation, kGetObject);
}

TEST(S3Request, EscapesAreDecodedOnceAndPlusStays) {
  EXPECT_EQ(read("GET", "/bucket/a%20b+c%2Fd%252F%C3%A9").key, "a b+c/d%2F\xC3\xA9");
}

TEST(S3Request, DotsAndEmptyPartsBelongToTheKey) {
  EXPECT_EQ(read("GET", "/bucket/../x").key, "../x");
  EXPECT_EQ(read("GET", "/bucket//x/").key, "/x/");
}

TEST(S3Request, AMalformedEscapeIsRefused) {
  for (const std::string_view target : {"/bucket/%", "/bucket/%2", "/bucket/%zz", "/b%zz/k", "/bucket/k?prefix=%1"})
    EXPECT_EQ(refusal("GET", target), "InvalidURI") << target;
}

TEST(S3Request, AKeyIsUtf8WithoutZeroByte) {
  EXPECT_EQ(refusal("GET", "/bucket/%FF"), "InvalidURI");
  EXPECT_EQ(refusal("GET", "/bucket/a%00b"), "InvalidURI");
  EXPECT_EQ(read("GET", "/bucket/%EF%BF%BD").key, "\xEF\xBF\xBD");
}

TEST(S3Request, AKeyHas1024BytesAtMost) {
  EXPECT_EQ(read("PUT", "/bucket/" + std::string(1024, 'k')).key.size(), 1024u);
  EXPECT_EQ(refusal("PUT", "/bucket/" + std::string(1025, 'k')), "KeyTooLongError");
}

TEST(S3Request, ABucketsNameIsOne) {
  for (const std::string_view target : {"/..", "/%2e%2e/etc/passwd", "//key", "/Abc/k", "/ab", "/192.168.0.1/k"})
    EXPECT_EQ(refusal("GET", target), "InvalidBucketName") << target;
}

TEST(S3Request, ABucketMayStandBeforeTheHost) {
  Request request = read("GET", "/a/b", {}, "My.Bucket.localhost:9000");
  EXPECT_EQ(request.bucket, "my.bucket");
  EXPECT_EQ(request.key, "a/b");
  request = read("GET", "/?list-type=2", {}, "bucket.S3.example.com");
  EXPECT_EQ(request.operation, kListObjectsV2);
  EXPECT_EQ(request.bucket, "bucket");
  EXPECT_EQ(read("GET", "/bucket/k", {}, "localhost:9000").bucket, "bucket");
  EXPECT_EQ(read("GET", "/bucket/k", {}, "xlocalhost").bucket, "bucket");
}

TEST(S3Request, TheOperationFollowsFromMethodLevelAndSubResource) {
  const struct {
    std::string_view method, target;
    Operation operation;
  } kCases[] = {
      {"GET", "/", kListBuckets},
      {"GET", "/?x-id=ListBuckets", kListBuckets},
      {"POST", "/", kMethodNotAllowed},
      {"PUT", "/bucket", kCreateBucket},
      {"PUT", "/bucket/", kCreateBucket},
      {"HEAD", "/bucket", kHeadBucket},
      {"DELETE", "/bucket", kDeleteBucket},
      {"GET", "/bucket", kListObjects},
      {"GET", "/bucket?list-type=2&prefix=a", kListObjectsV2},
      {"GET", "/bucket?uploads", kListMultipartUploads},
      {"GET", "/bucket?location", kGetBucketConfiguration},
      {"GET", "/bucket?acl=", kGetBucketConfiguration},
      {"PUT", "/bucket?versioning", kNotImplemented},
      {"DELETE", "/bucket?policy", kDeleteBucketConfiguration},
      {"PUT", "/bucket?encryption", kPutBucketConfiguration},
      {"PUT", "/bucket?tagging", kPutBucketConfiguration},
      {"DELETE", "/bucket?publicAccessBlock", kDeleteBucketConfiguration},
      {"DELETE", "/bucket?ownershipControls", kNotImplemented},
      {"GET", "/bucket?versions", kNotImplemented},
      {"POST", "/bucket?delete", kDeleteObjects},
      {"POST", "/bucket", kNotImplemented},
      {"GET", "/bucket/k", kGetObject},
      {"HEAD", "/bucket/k", kHeadObject},
      {"PUT", "/bucket/k?x-id=PutObject", kPutObject},
      {"DELETE", "/bucket/k", kDeleteObject},
      {"POST", "/bucket/k", kMethodNotAllowed},
      {"GET", "/bucket/k?attributes", kGetObjectAttributes},
      {"GET", "/bucket/k?tagging", kGetObjectTagging},
      {"PUT", "/bucket/k?tagging", kPutObjectTagging},
      {"DELETE", "/bucket/k?tagging", kDeleteObjectTagging},
      {"POST", "/bucket/k?uploads", kCreateMultipartUpload},
      {"PUT", "/bucket/k?partNumber=1&uploadId=u", kUploadPart},
      {"POST", "/bucket/k?uploadId=u", kCompleteMultipartUpload},
      {"DELETE", "/bucket/k?uploadId=u", kAbortMultipartUpload},
      {"GET", "/bucket/k?uploadId=u", kListParts},
      {"OPTIONS", "/bucket/k", kPreflight},
  };
  for (const auto& each : kCases) EXPECT_EQ(read(each.method, each.target).operation, each.operation) << each.target;
}

TEST(S3Request, ASubResourceThatIsNotThereIsNeverTheObject) {
  for (const std::string_view sub : {"legal-hold", "retention", "restore", "select&select-type=2", "torrent",
                                     "renameObject", "encryption", "partNumber=1", "versions"})
    EXPECT_EQ(read("PUT", "/bucket/k?" + std::string(sub)).operation, kNotImplemented) << sub;
}

TEST(S3Request, ACopySourceMakesACopy) {
  EXPECT_EQ(read("PUT", "/bucket/k", {{"x-amz-copy-source", "/a/b"}}).operation, kCopyObject);
  EXPECT_EQ(read("PUT", "/bucket/k?partNumber=1&uploadId=u", {{"x-amz-copy-source", "/a/b"}}).operation,
            kUploadPartCopy);
}

TEST(S3Request, ACopySourceIsDecoded) {
  auto source = std::get<store::CopySource>(read_copy_source("/bucket/a%20b%3Fc+d?versionId=null"));
  EXPECT_EQ(source.bucket, "bucket");
  EXPECT_EQ(source.key, "a b?c+d");
  EXPECT_EQ(std::get<store::CopySource>(read_copy_source("bucket%2Fk%2F")).key, "k/");
  EXPECT_EQ(std::get<S3Error>(read_copy_source("/bucket/k?versionId=abc")).code, "NoSuchVersion");
  for (const std::string_view wrong : {"", "/", "bucket", "bucket/", "/bucket/%zz"})
    EXPECT_EQ(std::get<S3Error>(read_copy_source(wrong)).code, "InvalidArgument") << wrong;
  EXPECT_EQ(std::get<S3Error>(read_copy_source("../k")).code, "InvalidBucketName");
}

TEST(S3Request, AQueryHasItsFirstValuesDecoded) {
  const Query query = std::get<Query>(Query::read("prefix=a+b%2Bc&delimiter=%2F&prefix=z&acl&&empty="));
  EXPECT_EQ(query.text("prefix"), "a b+c");
  EXPECT_EQ(query.text("delimiter"), "/");
  EXPECT_EQ(query.get("acl"), "");
  EXPECT_EQ(query.get("empty"), "");
  EXPECT_FALSE(query.get("other"));
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a=1&";
  EXPECT_EQ(std::get<S3Error>(Query::read(many)).code, "InvalidURI");
}

TEST(S3Error, XmlHasCodeMessageDetailsResourceAndId) {
  EXPECT_EQ(
      error_xml(s3_error(S3Code::kNoSuchKey, "Key", "a<b"), "/bucket/a%3Cb", "id-1"),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does "
      "not exist.</Message><Key>a&lt;b</Key><Resource>/bucket/a&lt;b</Resource><RequestId>id-1</RequestId></Error>");
}

TEST(S3Error, EachCodeHasItsRow) {
  for (int code = 0; code <= static_cast<int>(S3Code::kTooManyBuckets); ++code) {
    const S3Error error = s3_error(static_cast<S3Code>(code));
    EXPECT_GE(error.status, 304);
    EXPECT_FALSE(error.code.empty());
  }
}

}  // namespace
}  // namespace chiliad::objects
