#include "runtime/url_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chiliad::runtime {
namespace {

using testing::ElementsAre;

TEST(UrlSecrets, AreUsersPasswordsQueriesAndTokensInPaths) {
  EXPECT_THAT(secrets_of("https://user:secret@index/simple"), ElementsAre("user:secret", "secret"));
  EXPECT_THAT(secrets_of("token@index/simple"), ElementsAre("token"));
  EXPECT_THAT(secrets_of("user:pass/word@proxy:3128"), ElementsAre("user:pass/word", "pass/word"));
  EXPECT_THAT(secrets_of("https://index/simple?key=abc"), ElementsAre("key=abc"));
  EXPECT_THAT(secrets_of("https://open/simple https://index/Ab3dEf6hIj9kLm2n/simple,x"),
              ElementsAre("Ab3dEf6hIj9kLm2n"));
  EXPECT_THAT(secrets_of("https://index/6f1ed002-ab55-4b8e-9d73-0c1f2a3b4c5d/"),
              ElementsAre("6f1ed002-ab55-4b8e-9d73-0c1f2a3b4c5d"));
}

TEST(UrlSecrets, AreNoNamesOfHostsAndRepositories) {
  for (const char* plain :
       {"https://artifacts-2.eu-west-1.internal.example:8443/artifactory/api/pypi/python3.11-mirror-2024/simple",
        "http://127.0.0.1:3141/root/pypi/+simple/", "proxy:3128", "/srv/wheels", "file:///srv/wheels-for-cp311", "60",
        "", ",, ,", "https://", "https://d1a2b3c4d5e6f7g8.cloud.example/simple"})
    EXPECT_TRUE(secrets_of(plain).empty()) << plain;
}

TEST(UrlSecrets, AreTakenOutOfLines) {
  const auto secrets = secrets_of("https://user:secret@index/Ab3dEf6hIj9kLm2n/simple abc@proxy");
  EXPECT_EQ(without_secrets("Looking in indexes: https://user:****@index/Ab3dEf6hIj9kLm2n/simple", secrets),
            "Looking in indexes: https://user:****@index/****/simple");
  EXPECT_EQ(without_secrets("https://user:secret@index secret secretsecret abc", secrets),
            "https://****@index **** ******** abc");
  EXPECT_EQ(without_secrets("", secrets), "");
}

}  // namespace
}  // namespace chiliad::runtime
