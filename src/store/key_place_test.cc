#include "store/key_place.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace chiliad::store {
namespace {

TEST(KeyPlace, OrdinaryKeysAreTheirPath) {
  for (const std::string key : {"a", "a/b.csv", "data/x y+z%20.csv", "j\xC3\xBCrgen", ".hidden", "a\nb"}) {
    EXPECT_TRUE(has_plain_path(key)) << key;
    EXPECT_EQ(path_of_key(key, Place::kPlain), key);
    EXPECT_EQ(key_of_path(key)->key, key);
  }
}

TEST(KeyPlace, EscapedPathsAreReadable) {
  EXPECT_EQ(path_of_key("logs/", Place::kEscaped), ".chiliad-keys/logs%2F");
  EXPECT_EQ(path_of_key("100%/a", Place::kEscaped), ".chiliad-keys/100%25%2Fa");
  EXPECT_EQ(path_of_key(".", Place::kEscaped), ".chiliad-keys/%2E");
  EXPECT_EQ(path_of_key("..", Place::kEscaped), ".chiliad-keys/%2E.");
  EXPECT_EQ(path_of_key(std::string(241, 'k'), Place::kEscaped), ".chiliad-keys/" + std::string(240, 'k') + "%/k");
}

TEST(KeyPlace, KeysThatNoFolderHoldsHaveNoPlainPath) {
  for (const std::string& key : {std::string("a/"), std::string("/a"), std::string("a//b"), std::string("."),
                                 std::string("a/.."), std::string(".chiliad-keys/x"), std::string("a/.chiliad-tmp-1"),
                                 std::string(256, 'k'), std::string("/"), std::string("//")})
    EXPECT_FALSE(has_plain_path(key)) << key;
  EXPECT_TRUE(has_plain_path(std::string(255, 'k')));
}

// Every key over a small alphabet of what matters, and long ones around the cuts.
TEST(KeyPlace, NoTwoKeysShareAPathAndEachIsFoundAgain) {
  std::vector<std::string> keys;
  const std::vector<std::string> letters = {"a", "/", ".", "%", "%2F", "%2E", "2"};
  std::vector<std::string> last = {""};
  for (int length = 0; length < 4; ++length) {
    std::vector<std::string> next;
    for (const std::string& start : last)
      for (const std::string& letter : letters) next.push_back(start + letter);
    keys.insert(keys.end(), next.begin(), next.end());
    last = std::move(next);
  }
  for (const std::size_t size : {238u, 239u, 240u, 241u, 242u, 479u, 480u, 481u, 1022u})
    for (const char* end : {"", ".", "..", "/", "%"}) keys.push_back(std::string(size, 'k') + end);
  keys.push_back(std::string(1024, '/'));
  const std::set<std::string> distinct(keys.begin(), keys.end());
  std::set<std::string> paths;
  for (const std::string& key : distinct) {
    const std::string path = path_of_key(key, Place::kEscaped);
    EXPECT_TRUE(paths.insert(path).second) << key;
    const auto found = key_of_path(path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->key, key);
    EXPECT_EQ(found->place, Place::kEscaped);
    EXPECT_FALSE(has_plain_path(path));
  }
  // No file stands where another path needs a folder.
  for (const std::string& path : paths)
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      EXPECT_FALSE(paths.contains(path.substr(0, slash)));
}

TEST(KeyPlace, PathsThatTheRuleDoesNotWriteAreNoObjects) {
  for (const std::string& path :
       {std::string(".chiliad-keys/a%2f"), std::string(".chiliad-keys/a%"), std::string(".chiliad-keys/%41"),
        std::string(".chiliad-keys/a/b"), std::string(".chiliad-keys/%2Ea"), std::string(".chiliad-keys/"),
        std::string(".chiliad-keys"), std::string(".chiliad-tmp-1-2"), std::string("a/.chiliad-keys/b"),
        ".chiliad-keys/" + std::string(240, 'k') + "%/", std::string("\xFF")})
    EXPECT_FALSE(key_of_path(path)) << path;
}

}  // namespace
}  // namespace chiliad::store
