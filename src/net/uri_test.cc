#include "net/uri.h"

#include <gtest/gtest.h>

namespace chiliad::net {
namespace {

TEST(PercentEncode, KeepsOnlyTheUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~ /+%\xC3\xBC"), "aZ09-._~%20%2F%2B%25%C3%BC");
  EXPECT_EQ(percent_encode("a/b c", true), "a/b%20c");
}

TEST(PercentDecode, UndoesItAndLeavesTheRest) {
  EXPECT_EQ(percent_decode("a%2Fb%20c%c3%bc"), "a/b c\xC3\xBC");
  EXPECT_EQ(percent_decode("100%, %zz, %4"), "100%, %zz, %4");
  EXPECT_EQ(percent_decode("%41"), "A");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(ParseUrl, TakesHostPortAndPath) {
  const Result<Url> url = parse_url("https://s3.example.org:9000/base/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin(), "https://s3.example.org:9000");
  EXPECT_EQ(url->path, "/base");
  EXPECT_EQ(parse_url("http://a:80")->authority(), "a");
  EXPECT_EQ(parse_url("https://a:80")->authority(), "a:80");
  EXPECT_EQ(parse_url("http://[::1]:8080")->host, "[::1]");
  EXPECT_EQ(parse_url("http://[::1]:8080")->port, 8080);
}

TEST(ParseUrl, RefusesEverythingElse) {
  for (const std::string text :
       {"", "a", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536", "http://a:x", "http://u@a",
        "http://a/?q", "http://a b", "http://a\r\nb", "http://[::1", "file:///a"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(IsAddress, TellsAddressesFromNames) {
  for (const std::string host : {"localhost", "127.0.0.1", "[::1]"}) EXPECT_TRUE(is_address(host)) << host;
  for (const std::string host : {"s3.amazonaws.com", "minio", "1.example.org"}) EXPECT_FALSE(is_address(host)) << host;
}

}  // namespace
}  // namespace chiliad::net
