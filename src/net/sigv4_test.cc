#include "net/sigv4.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "net/credentials.h"

namespace chiliad::net {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;  // NOLINT: dates read better so.

// The keys that AWS's documents and tests use.
const Credentials kSuiteKeys = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", std::nullopt};
const Credentials kDocumentKeys = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "",
                                   std::nullopt};

sigv4::Scope scope_of(std::string_view service, std::chrono::sys_days day, std::chrono::seconds clock = 0s) {
  return {sigv4::Time(day) + clock, "us-east-1", std::string(service)};
}

std::string field(const HttpFields& fields, std::string_view name) {
  for (const auto& [own, value] : fields)
    if (own == name) return value;
  return "";
}

// A request as the published suite writes it: "Name:value" lines, a value's further lines indented.
struct Parsed {
  std::string method, path, query, body;
  HttpFields fields;
};

Parsed parse_request(std::string text) {
  Parsed parsed;
  const std::size_t body_at = text.find("\n\n");
  if (body_at != std::string::npos) {
    parsed.body = text.substr(body_at + 2);
    text.resize(body_at);
  }
  std::size_t line_end = text.find('\n');
  const std::string first = text.substr(0, line_end);
  const std::size_t method_end = first.find(' ');
  const std::string target = first.substr(method_end + 1, first.rfind(' ') - method_end - 1);
  parsed.method = first.substr(0, method_end);
  const std::size_t question = target.find('?');
  parsed.path = target.substr(0, question);
  if (question != std::string::npos) parsed.query = target.substr(question + 1);
  while (line_end != std::string::npos) {
    const std::size_t start = line_end + 1;
    line_end = text.find('\n', start);
    std::string line = text.substr(start, line_end == std::string::npos ? line_end : line_end - start);
    if (line.empty()) continue;
    if (line.front() == ' ') {
      parsed.fields.back().second += line;
    } else {
      parsed.fields.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
  }
  return parsed;
}

std::string without_carriage_returns(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  return text;
}

// AWS's published suite: each folder holds a request, its canonical form, the string to sign and the signature.
TEST(SigV4, AgreesWithThePublishedSuite) {
  const char* reference = std::getenv("REFERENCE_DIR");
  if (reference == nullptr) GTEST_SKIP() << "REFERENCE_DIR is not set";
  int cases = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(reference) / "fixtures/sigv4")) {
    if (entry.path().extension() != ".req") continue;
    SCOPED_TRACE(entry.path().stem().string());
    const auto read = [&](const char* extension) {
      const Result<std::string> text = read_file(fs::path(entry.path()).replace_extension(extension));
      EXPECT_TRUE(text);
      return text ? without_carriage_returns(*text) : "";
    };
    Parsed request = parse_request(read(".req"));
    const std::string expected = read(".creq");
    // With a session token, the suite adds the field while it signs.
    const std::size_t token = expected.find("\nx-amz-security-token:");
    if (token != std::string::npos && field(request.fields, "X-Amz-Security-Token").empty())
      request.fields.emplace_back("X-Amz-Security-Token",
                                  expected.substr(token + 22, expected.find('\n', token + 1) - token - 22));
    const std::size_t names_at = expected.rfind('\n', expected.rfind('\n') - 1) + 1;
    const std::string names = expected.substr(names_at, expected.rfind('\n') - names_at);
    const std::string canonical =
        sigv4::canonical_request({request.method, request.path, request.query, request.fields}, names,
                                 hex(sha256(request.body)), sigv4::PathRule::kOthers);
    EXPECT_EQ(canonical, expected);
    const sigv4::Scope scope = scope_of("service", 2015y / 8 / 30, 12h + 36min);
    const std::string to_sign = sigv4::string_to_sign(scope, canonical);
    EXPECT_EQ(to_sign, read(".sts"));
    EXPECT_EQ("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
                  names + ", Signature=" + sigv4::signature(kSuiteKeys.secret_access_key, scope, to_sign),
              read(".authz"));
    ++cases;
  }
  EXPECT_GT(cases, 25);
}

// From S3's "Authenticating requests: examples": GET with a range, PUT, presigned GET.
TEST(SigV4, AgreesWithTheExamplesOfS3) {
  HttpFields get = {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}};
  sigv4::sign(kDocumentKeys, scope_of("s3", 2013y / 5 / 24), "GET", "/test.txt", "", hex(sha256("")), get);
  EXPECT_EQ(field(get, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  HttpFields put = {{"Host", "examplebucket.s3.amazonaws.com"},
                    {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                    {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  sigv4::sign(kDocumentKeys, scope_of("s3", 2013y / 5 / 24), "PUT", "/test%24file.text", "",
              hex(sha256("Welcome to Amazon S3.")), put);
  EXPECT_TRUE(field(put, "Authorization")
                  .ends_with("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
  HttpFields list = {{"Host", "examplebucket.s3.amazonaws.com"}};
  sigv4::sign(kDocumentKeys, scope_of("s3", 2013y / 5 / 24), "GET", "/", "max-keys=2&prefix=J", hex(sha256("")), list);
  EXPECT_TRUE(field(list, "Authorization")
                  .ends_with("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
  const std::string query = sigv4::presigned_query(kDocumentKeys, scope_of("s3", 2013y / 5 / 24), "GET",
                                                   "examplebucket.s3.amazonaws.com", "/test.txt", "", 86400s);
  EXPECT_TRUE(query.ends_with("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
      << query;
}

std::string text_at(const simdjson::dom::element& object, const char* name) {
  std::string_view text;
  EXPECT_EQ(object[name].get(text), simdjson::SUCCESS) << name;
  return std::string(text);
}

// A second opinion: what botocore signs (test/golden/make_sigv4_vectors.py).
TEST(SigV4, AgreesWithBotocore) {
  simdjson::dom::parser parser;
  simdjson::dom::element file;
  ASSERT_EQ(parser.load(CHILIAD_SOURCE_DIR "/test/golden/sigv4_vectors.json").get(file), simdjson::SUCCESS);
  ASSERT_EQ(text_at(file, "time"), "20240229T235959Z");
  int cases = 0;
  for (const simdjson::dom::element vector : simdjson::dom::array(file["vectors"])) {
    const Credentials keys = {text_at(file, "key"), text_at(file, "secret"), text_at(vector, "token"), std::nullopt};
    const std::string service = text_at(vector, "service");
    const sigv4::Scope scope{sigv4::Time(std::chrono::sys_days(2024y / 2 / 29)) + 23h + 59min + 59s,
                             text_at(vector, "region"), service};
    HttpFields fields = {{"Host", "host.example"}};
    for (const auto [name, value] : simdjson::dom::object(vector["fields"]))
      fields.emplace_back(name, std::string_view(value));
    sigv4::sign(keys, scope, text_at(vector, "method"), text_at(vector, "path"), text_at(vector, "query"),
                hex(sha256(text_at(vector, "body"))), fields);
    EXPECT_EQ(field(fields, "Authorization"), text_at(vector, "authorization"));
    ++cases;
  }
  EXPECT_EQ(cases, 5);
}

TEST(SigV4, ReadsS3PathsAsTheyAreAndOthersResolved) {
  const HttpFields fields = {{"host", "h"}};
  const auto path = [&](std::string_view text, sigv4::PathRule rule) {
    const std::string canonical = sigv4::canonical_request({"GET", text, "", fields}, "host", "x", rule);
    return canonical.substr(4, canonical.find('\n', 4) - 4);
  };
  EXPECT_EQ(path("/a//b/../c%20d", sigv4::PathRule::kS3), "/a//b/../c%20d");
  EXPECT_EQ(path("/%61+b", sigv4::PathRule::kS3), "/a%2Bb");
  EXPECT_EQ(path("/a//b/../c%20d", sigv4::PathRule::kOthers), "/a/c%2520d");
  EXPECT_EQ(path("", sigv4::PathRule::kOthers), "/");
}

TEST(SigV4, GivesTheSameTextHoweverTheQueryIsEscaped) {
  const HttpFields fields = {{"Host", "h"}};
  const auto canonical = [&](std::string_view query) {
    return sigv4::canonical_request({"GET", "/", query, fields}, "host", "x", sigv4::PathRule::kS3);
  };
  EXPECT_EQ(canonical("b=2&a=%7e/&c"), canonical("a=~%2f&c=&b=2"));
  EXPECT_NE(canonical("a=1&a=2"), canonical("a=1"));
}

TEST(SigV4, LeavesOutFieldsThatAreNotSigned) {
  const HttpFields few = {{"Host", "h"}};
  const HttpFields more = {{"Host", "h"}, {"Via", "a proxy"}};
  EXPECT_EQ(sigv4::canonical_request({"GET", "/", "", few}, "host", "x", sigv4::PathRule::kS3),
            sigv4::canonical_request({"GET", "/", "", more}, "host", "x", sigv4::PathRule::kS3));
}

TEST(SigV4, SignsTheSessionToken) {
  Credentials keys = kSuiteKeys;
  keys.session_token = "token/with+signs=";
  HttpFields fields = {{"Host", "h"}};
  sigv4::sign(keys, scope_of("sts", 2015y / 8 / 30), "POST", "/", "", hex(sha256("")), fields);
  EXPECT_EQ(field(fields, "X-Amz-Security-Token"), keys.session_token);
  EXPECT_NE(field(fields, "Authorization").find("SignedHeaders=host;x-amz-date;x-amz-security-token,"),
            std::string::npos);
}

}  // namespace
}  // namespace chiliad::net
