#include "prepare/customer_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>

namespace chiliad::prepare {
namespace {

TEST(CustomerFile, OrdinaryIdsAreTheirOwnNames) {
  for (const char* id : {"8", "0", "customer_17", "A-b.c", "2022-01-01", "x.tar.gz"}) {
    EXPECT_EQ(encode_customer_id(id), id);
  }
}

TEST(CustomerFile, HostileBytesArePercentEncoded) {
  EXPECT_EQ(encode_customer_id("a/b"), "a%2Fb");
  EXPECT_EQ(encode_customer_id(".."), "%2E.");
  EXPECT_EQ(encode_customer_id("."), "%2E");
  EXPECT_EQ(encode_customer_id("../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd");
  EXPECT_EQ(encode_customer_id("-rf"), "%2Drf");
  EXPECT_EQ(encode_customer_id("a b~%"), "a%20b%7E%25");
  EXPECT_EQ(encode_customer_id(std::string_view("a\0b", 3)), "a%00b");
  EXPECT_EQ(encode_customer_id("\xC3\xBC"), "%C3%BC");
  EXPECT_EQ(encode_customer_id(""), "%");
}

TEST(CustomerFile, LongIdsAreCutAtAWholeByteAndHashed) {
  const std::string name = encode_customer_id(std::string(1000, '/'));
  EXPECT_LE(name.size(), kMaxCustomerName);
  EXPECT_TRUE(is_hashed_customer_name(name));
  EXPECT_EQ((name.size() - 65) % 3, 0U);
  EXPECT_NE(name, encode_customer_id(std::string(1001, '/')));
  EXPECT_EQ(decode_customer_id(name).error().code, ErrorCode::kNotFound);
  // The longest id that needs no hash, and the shortest that does.
  EXPECT_EQ(encode_customer_id(std::string(kMaxCustomerName, 'a')), std::string(kMaxCustomerName, 'a'));
  EXPECT_TRUE(is_hashed_customer_name(encode_customer_id(std::string(kMaxCustomerName + 1, 'a'))));
}

TEST(CustomerFile, EveryByteComesBack) {
  std::mt19937_64 random(7);
  std::map<std::string, std::string> id_of_name;
  for (int round = 0; round < 20'000; ++round) {
    std::string id(random() % 12, '\0');
    // Mostly the bytes that have a meaning here, so that near-collisions are common.
    for (char& c : id) c = random() % 4 == 0 ? static_cast<char>(random()) : "aA.-%~/2EF0"[random() % 11];
    const std::string name = encode_customer_id(id);
    const Result<std::string> back = decode_customer_id(name);
    ASSERT_TRUE(back) << name;
    EXPECT_EQ(*back, id);
    const auto [at, is_new] = id_of_name.emplace(name, id);
    EXPECT_TRUE(is_new || at->second == id) << name;
    EXPECT_EQ(std::filesystem::path(name).filename(), name);
    EXPECT_NE(name[0], '.');
  }
}

TEST(CustomerFile, OtherNamesAreRefused) {
  for (const char* name : {"", "a/b", "..", ".a", "-a", "%4", "a%", "%zz", "%41", "%2f", "a b", "a~b", "%%"}) {
    const Result<std::string> id = decode_customer_id(name);
    ASSERT_FALSE(id) << name;
    EXPECT_EQ(id.error().code, ErrorCode::kInvalid) << name;
  }
  EXPECT_FALSE(decode_customer_id(std::string(300, 'a')));
}

TEST(CustomerFile, IdsThatDifferInCaseOnlyHaveNamesThatDiffer) {
  EXPECT_NE(encode_customer_id("abc"), encode_customer_id("ABC"));
}

}  // namespace
}  // namespace chiliad::prepare
