#include "net/sigv2.h"

#include <gtest/gtest.h>

#include "net/request_under_test.h"

namespace chiliad::net::sigv2 {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
// S3's manual, "Query string request authentication alternative".
constexpr std::string_view kManual =
    "/photos/"
    "puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";
constexpr sigv4::Time kBefore{std::chrono::seconds(1175139600)};

// "passes", or the refusal's code.
std::string code(std::string_view target, std::string_view method = "GET", HttpFields fields = {},
                 std::string_view bucket = "johnsmith", sigv4::Time now = kBefore, std::string_view secret = kSecret) {
  fields.emplace_back("Host", "johnsmith.s3.amazonaws.com");
  const HttpRequest request = request_of(text_of_request(method, target, fields));
  const auto read = read_presigned(request);
  if (std::holds_alternative<std::monostate>(read)) return "none";
  if (const auto* refusal = std::get_if<sigv4::Refusal>(&read)) return std::string(refusal->code);
  const auto refusal = check_presigned(std::get<Claim>(read), secret, request, bucket, now);
  return refusal ? std::string(refusal->code) : "passes";
}

std::string with(std::string_view more) { return std::string(kManual).append("&").append(more); }

TEST(SigV2, TheExampleOfTheManualPasses) {
  EXPECT_EQ(code(kManual), "passes");
  const std::string path_style = std::string("/johnsmith").append(kManual);
  EXPECT_EQ(code(path_style, "GET", {}, ""), "passes");
}

TEST(SigV2, WhatIsNotWhatWasSignedIsRefused) {
  EXPECT_EQ(code(kManual, "PUT"), "SignatureDoesNotMatch");
  EXPECT_EQ(code(kManual, "GET", {}, "other"), "SignatureDoesNotMatch");
  EXPECT_EQ(code(kManual, "GET", {}, "johnsmith", kBefore, "secret"), "SignatureDoesNotMatch");
  EXPECT_EQ(code(kManual, "GET", {{"Content-Type", "a/b"}}), "SignatureDoesNotMatch");
  EXPECT_EQ(code(kManual, "GET", {{"Content-MD5", "x"}}), "SignatureDoesNotMatch");
  EXPECT_EQ(code(kManual, "GET", {{"x-amz-copy-source", "/a/b"}}), "SignatureDoesNotMatch");
  EXPECT_EQ(code(with("x-amz-security-token=t")), "SignatureDoesNotMatch");
  for (const std::string_view parameter : {"acl", "tagging", "versionId=1", "response-content-type=a", "uploadId=u"})
    EXPECT_EQ(code(with(parameter)), "SignatureDoesNotMatch") << parameter;
  std::string other(kManual);
  other.replace(other.find("puppy"), 5, "kitty");
  EXPECT_EQ(code(other), "SignatureDoesNotMatch");
}

TEST(SigV2, ParametersThatAreNotSignedAreRefused) {
  for (const std::string_view parameter :
       {"attributes", "encryption", "prefix=a", "list-type=2", "legal-hold", "x-id=1"})
    EXPECT_EQ(code(with(parameter)), "AccessDenied") << parameter;
}

TEST(SigV2, TimeEnds) {
  EXPECT_EQ(code(kManual, "GET", {}, "johnsmith", kBefore + std::chrono::seconds(20)), "passes");
  EXPECT_EQ(code(kManual, "GET", {}, "johnsmith", kBefore + std::chrono::seconds(21)), "AccessDenied");
  std::string later(kManual);
  later.replace(later.find("1175139620"), 10, "9175139620");
  EXPECT_EQ(code(later), "SignatureDoesNotMatch");
}

TEST(SigV2, WhatIsNoneOrMalformedIsToldApart) {
  EXPECT_EQ(code("/photos/puppy.jpg"), "none");
  EXPECT_EQ(code("/AWSAccessKeyId?acl"), "none");
  EXPECT_EQ(code("/k?AWSAccessKeyId=A"), "AccessDenied");
  EXPECT_EQ(code("/k?AWSAccessKeyId=A&Signature=b&Expires=x"), "AccessDenied");
  EXPECT_EQ(code("/k?AWSAccessKeyId=A&AWSAccessKeyId=B&Signature=b&Expires=1"), "InvalidArgument");
  EXPECT_EQ(code("/k?AWSAccessKeyId=A&Signature=b&Expires=1&Expires=2"), "AccessDenied");
  EXPECT_EQ(code(with("X-Amz-Signature=1")), "InvalidArgument");
  EXPECT_EQ(code(kManual, "GET", {{"Authorization", "AWS4-HMAC-SHA256 x"}}), "InvalidArgument");
}

}  // namespace
}  // namespace chiliad::net::sigv2
