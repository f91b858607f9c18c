#include "app/client_setup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/file.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string>& pretended() {
  static std::map<std::string, std::string> variables;
  return variables;
}
std::string_view environment(const char* name) {
  const auto found = pretended().find(name);
  return found == pretended().end() ? std::string_view() : std::string_view(found->second);
}

class ClientSetup : public testing::Test {
 protected:
  void SetUp() override { pretended().clear(); }

  std::map<std::string, std::string> set_up(const ServerFile& running) {
    Result<std::vector<Variable>> variables =
        set_up_clients(home.path(), running, {"AKIAEXAMPLE", "se/cr+et"}, environment);
    EXPECT_TRUE(variables) << variables.error().message;
    std::map<std::string, std::string> by_name;
    for (const Variable& variable : *variables) by_name[variable.name] = variable.value;
    return by_name;
  }

  TempFolder home = *TempFolder::make();
  ServerFile server{"http://127.0.0.1:8080", 1, "us-east-1", "123456789012", true, ""};
};

TEST_F(ClientSetup, PointsEveryClientAtTheServer) {
  const auto set = set_up(server);
  EXPECT_EQ(set.at("AWS_ENDPOINT_URL"), "http://127.0.0.1:8080");
  EXPECT_EQ(set.at("AWS_ACCESS_KEY_ID"), "AKIAEXAMPLE");
  EXPECT_EQ(set.at("AWS_SECRET_ACCESS_KEY"), "se/cr+et");
  EXPECT_EQ(set.at("AWS_REGION"), "us-east-1");
  EXPECT_EQ(set.at("AWS_SESSION_TOKEN"), "");
  EXPECT_FALSE(set.contains("AWS_CA_BUNDLE"));
  EXPECT_TRUE(fs::exists(set.at("SAGEMAKER_USER_CONFIG_OVERRIDE")));
  EXPECT_TRUE(fs::exists(fs::path(set.at("PYTHONPATH")) / "sitecustomize.py"));
  EXPECT_NE(read_file(set.at("PIP_CONSTRAINT"))->find("\nsagemaker<3\n"), std::string::npos);
}

TEST_F(ClientSetup, KeepsWhatThePersonHasSet) {
  pretended() = {
      {"SAGEMAKER_USER_CONFIG_OVERRIDE", "/mine.yaml"}, {"PYTHONPATH", "/my/modules"}, {"PIP_CONSTRAINT", "/mine.txt"}};
  const auto set = set_up(server);
  EXPECT_FALSE(set.contains("PIP_CONSTRAINT"));
  EXPECT_FALSE(set.contains("SAGEMAKER_USER_CONFIG_OVERRIDE"));
  EXPECT_EQ(set.at("PYTHONPATH"), (home.path() / "client/python").string() + ":/my/modules");
}

TEST_F(ClientSetup, CanBeRepeatedInOneShell) {
  pretended() = {{"PYTHONPATH", set_up(server).at("PYTHONPATH")}};
  EXPECT_FALSE(set_up(server).contains("PYTHONPATH"));
}

TEST_F(ClientSetup, NamesTheCertificatesOfASelfMadeOne) {
  server.ca_bundle = "/h/tls/ca.pem";
  EXPECT_EQ(set_up(server).at("AWS_CA_BUNDLE"), "/h/tls/ca.pem");
  EXPECT_EQ(set_up(server).at("NODE_EXTRA_CA_CERTS"), "/h/tls/ca.pem");
}

TEST_F(ClientSetup, SendsRequestsForObjectsWhereTheyLie) {
  EXPECT_EQ(set_up(server).at("AWS_ENDPOINT_URL_S3"), "") << "unset: another server's would be left in the shell";
  server.s3_url = "https://s3.example.com";
  EXPECT_EQ(set_up(server).at("AWS_ENDPOINT_URL_S3"), "https://s3.example.com");
  EXPECT_EQ(set_up(server).at("AWS_ENDPOINT_URL"), "http://127.0.0.1:8080");
}

TEST(ShellLines, QuoteWhatAShellWouldRead) {
  EXPECT_EQ(shell_lines({{"A", "it's $x"}, {"B", ""}}), "export A='it'\\''s $x'\nunset B\n");
}

TEST(ReadClientKey, ReadsTheDefaultProfile) {
  const TempFolder home = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(home.path() / "credentials",
                                    "[other]\naws_access_key_id = NO\n[default]\naws_access_key_id = AKIA1\n"
                                    "aws_secret_access_key=s=e\r\n",
                                    Durability::kNone));
  Result<ClientKey> key = read_client_key(home.path());
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->access_key_id, "AKIA1");
  EXPECT_EQ(key->secret_access_key, "s=e");
}

TEST(ReadClientKey, SaysWhenTheFileHoldsNone) {
  const TempFolder home = *TempFolder::make();
  EXPECT_EQ(read_client_key(home.path()).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(write_file_atomically(home.path() / "credentials", "[other]\n", Durability::kNone));
  EXPECT_EQ(read_client_key(home.path()).error().code, ErrorCode::kCorrupt);
}

TEST(ServerFile, IsThereAsLongAsTheLockIsHeld) {
  const TempFolder folder = *TempFolder::make();
  const fs::path home = folder.path() / "a" / "home";
  EXPECT_EQ(ServerFile::read(home).error().code, ErrorCode::kNotFound);
  {
    const HomeLock lock = *HomeLock::take(home);
    EXPECT_EQ(ServerFile::read(home).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE((ServerFile{"http://127.0.0.1:1", 7, "eu-west-1", "1", false, "/ca"}.write(home)));
    Result<ServerFile> read = ServerFile::read(home);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->url, "http://127.0.0.1:1");
    EXPECT_EQ(read->region, "eu-west-1");
    EXPECT_FALSE(read->signatures);
    EXPECT_EQ(HomeLock::take(home).error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(ServerFile::read(home).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(HomeLock::take(home));
}

TEST(HomeLock, KeepsANewHomeFromOthers) {
  const TempFolder folder = *TempFolder::make();
  const HomeLock lock = *HomeLock::take(folder.path() / "home");
  struct stat status {};
  ASSERT_EQ(::stat((folder.path() / "home").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

}  // namespace
}  // namespace chiliad::app
