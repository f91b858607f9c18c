#include "serve/model_name.h"

#include <gtest/gtest.h>

namespace chiliad::serve {
namespace {

TEST(CheckModelName, TakesKeysOfObjects) {
  for (const char* name :
       {"8.tar.gz", "a/b/c.tar.gz", "..a", "a..b", ".hidden", "caf\xC3\xA9.tar.gz", "a b", "%2e%2e"}) {
    EXPECT_TRUE(check_model_name(name)) << name;
  }
  EXPECT_TRUE(check_model_name(std::string(1024, 'a')));
}

TEST(CheckModelName, RefusesWhatLeavesThePrefix) {
  const std::string with_nul("a\0b", 3);
  for (const std::string& name :
       {std::string(), std::string("/x"), std::string("../x"), std::string("a/../b"), std::string("a/.."),
        std::string("."), std::string("a//b"), std::string("a/"), std::string("./a"), with_nul, std::string("a\nb"),
        std::string("a\x7f"), std::string(1025, 'a'), std::string(2000, 'a'), std::string("a\xff"),
        std::string("\xC0\xAE\xC0\xAE/x"), std::string("\xED\xA0\x80"), std::string("\xF5\x80\x80\x80"),
        std::string("a/.chiliad-tmp-1")}) {
    EXPECT_FALSE(check_model_name(name)) << name;
  }
}

TEST(PercentDecode, ReadsTwoDigitsAfterEachPercent) {
  EXPECT_EQ(*percent_decode("a%2Fb%20c+%c3%A9"), "a/b c+\xC3\xA9");
  for (const char* text : {"%", "a%2", "%zz", "%2"}) EXPECT_FALSE(percent_decode(text)) << text;
}

}  // namespace
}  // namespace chiliad::serve
