#include "objects/conditions.h"

#include <gtest/gtest.h>

#include "net/request_under_test.h"

namespace chiliad::objects {
namespace {

const Instant kModified = *parse_instant("2015-10-21T07:28:00.5");
constexpr std::string_view kBefore = "Wed, 21 Oct 2015 07:27:59 GMT";
constexpr std::string_view kThen = "Wed, 21 Oct 2015 07:28:00 GMT";

int status(const net::HttpFields& fields, std::string_view prefix = {}) {
  net::HttpFields prefixed = {{"Host", "h"}};
  for (const auto& [name, value] : fields) prefixed.emplace_back(std::string(prefix) + name, value);
  const store::ObjectMeta meta{.key = "k", .modified = kModified, .etag = "e"};
  const net::HttpRequest request = net::request_of(net::text_of_request("GET", "/b/k", prefixed));
  const auto error = check_conditions(read_conditions(request, prefix), meta);
  return error ? error->status : 200;
}

TEST(Conditions, EachAloneDecides) {
  EXPECT_EQ(status({}), 200);
  EXPECT_EQ(status({{"If-Match", "\"e\""}}), 200);
  EXPECT_EQ(status({{"If-Match", "\"x\", e"}}), 200);
  EXPECT_EQ(status({{"If-Match", "*"}}), 200);
  EXPECT_EQ(status({{"If-Match", "\"x\""}}), 412);
  EXPECT_EQ(status({{"If-None-Match", "\"x\""}}), 200);
  EXPECT_EQ(status({{"If-None-Match", "W/\"e\""}}), 304);
  EXPECT_EQ(status({{"If-Unmodified-Since", std::string(kBefore)}}), 412);
  EXPECT_EQ(status({{"If-Unmodified-Since", std::string(kThen)}}), 200);
  EXPECT_EQ(status({{"If-Modified-Since", std::string(kBefore)}}), 200);
  EXPECT_EQ(status({{"If-Modified-Since", std::string(kThen)}}), 304);
  EXPECT_EQ(status({{"If-Modified-Since", "yesterday-ish"}}), 200);
}

TEST(Conditions, AnETagOverridesTheDateBesideIt) {
  EXPECT_EQ(status({{"If-Match", "\"e\""}, {"If-Unmodified-Since", std::string(kBefore)}}), 200);
  EXPECT_EQ(status({{"If-None-Match", "\"x\""}, {"If-Modified-Since", std::string(kThen)}}), 200);
}

TEST(Conditions, ACopysHaveAPrefix) {
  constexpr std::string_view kPrefix = "x-amz-copy-source-";
  EXPECT_EQ(status({{"if-match", "\"e\""}}, kPrefix), 200);
  EXPECT_EQ(status({{"if-match", "\"x\""}}, kPrefix), 412);
}

TEST(Conditions, ETagsAreReadWithAndWithoutQuotes) {
  EXPECT_EQ(read_etags("\"a\", W/\"b\" ,c,,"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(read_etags("*"), (std::vector<std::string>{"*"}));
}

using AnyRange = std::variant<std::monostate, Span, S3Error>;
std::string text(const AnyRange& range) {
  if (const auto* span = std::get_if<Span>(&range))
    return std::to_string(span->offset) + "+" + std::to_string(span->length);
  return std::holds_alternative<S3Error>(range) ? std::get<S3Error>(range).code : "all";
}

TEST(Range, IsCutAtTheEnd) {
  EXPECT_EQ(text(read_range("bytes=0-3", 10)), "0+4");
  EXPECT_EQ(text(read_range("bytes=4-", 10)), "4+6");
  EXPECT_EQ(text(read_range("bytes=-3", 10)), "7+3");
  EXPECT_EQ(text(read_range("bytes=-30", 10)), "0+10");
  EXPECT_EQ(text(read_range("bytes=9-99999999999999999999999", 10)), "9+1");
}

TEST(Range, PastTheEndIsInvalid) {
  EXPECT_EQ(text(read_range("bytes=10-", 10)), "InvalidRange");
  EXPECT_EQ(text(read_range("bytes=-0", 10)), "InvalidRange");
  EXPECT_EQ(text(read_range("bytes=0-", 0)), "InvalidRange");
  EXPECT_EQ(text(read_range("bytes=99999999999999999999999-", 10)), "InvalidRange");
}

TEST(Range, WhatIsNoneMeansAll) {
  for (const std::string_view field :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=3-1", "bytes=1-2,4-5", "rows=1-2"})
    EXPECT_EQ(text(read_range(field, 10)), "all") << field;
}

TEST(Range, ACopysHasBothEndsInside) {
  EXPECT_EQ(std::get<Span>(read_copy_range("bytes=2-9", 10)), (Span{2, 8}));
  for (const std::string_view field : {"", "bytes=2-", "bytes=-2", "bytes=2-10", "bytes=3-2", "2-3"})
    EXPECT_EQ(std::get<S3Error>(read_copy_range(field, 10)).code, "InvalidArgument") << field;
}

TEST(Dates, AreThoseOfHttpAndOfIso8601) {
  EXPECT_EQ(http_date(kModified), kThen);
  EXPECT_EQ(http_date(Instant()), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(iso_date(kModified), "2015-10-21T07:28:00.500Z");
}

}  // namespace
}  // namespace chiliad::objects
