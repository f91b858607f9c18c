#include "runtime/pip_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using Variables = std::map<std::string, std::string>;

class PipConfigurationTest : public testing::Test {
 protected:
  void write(const fs::path& path, std::string_view text) {
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(write_file_atomically(path, text, Durability::kNone));
  }
  PipConfiguration read() {
    const VariableLookup lookup = [this](const char* name) {
      const auto found = environment.find(name);
      return found == environment.end() ? std::string() : found->second;
    };
    return PipConfiguration::read(lookup, folder.path() / "etc/pip.conf");
  }

  TempFolder folder = *TempFolder::make();
  std::map<std::string, std::string> environment = {{"HOME", (folder.path() / "home").string()}};
};

TEST(ReadPipConfig, TakesWhereFromAndHow) {
  EXPECT_EQ(read_pip_config("[global]\nindex-url = https://a/simple\ntrusted_host: a\ncache-dir = /x\n"
                            "# find-links = /no\n[list]\nformat = columns\n[install]\nindex-url = https://b/simple\n"
                            "find-links =\n    /srv/wheels\n    https://c/links\n"),
            (Variables{{"PIP_INDEX_URL", "https://b/simple"},
                       {"PIP_TRUSTED_HOST", "a"},
                       {"PIP_FIND_LINKS", "/srv/wheels https://c/links"}}));
}

TEST(ReadPipConfig, SkipsWhatIsNoIniFile) {
  EXPECT_TRUE(read_pip_config("index-url = before-any-section\n[global\nnothing\n  more\n=\n[]\n").empty());
}

TEST_F(PipConfigurationTest, TheEnvironmentWinsOverFilesAndTheUserOverTheSystem) {
  write(folder.path() / "etc/pip.conf", "[global]\nindex-url = https://system\nretries = 1\ntimeout = 7\n");
  write(folder.path() / "home/.config/pip/pip.conf", "[global]\nindex-url = https://user\nretries = 2\n");
  environment["PIP_INDEX_URL"] = "https://environment";
  EXPECT_EQ(read().for_builds().variables,
            (Variables{{"PIP_INDEX_URL", "https://environment"}, {"PIP_RETRIES", "2"}, {"PIP_TIMEOUT", "7"}}));
}

TEST_F(PipConfigurationTest, AFileOfPipConfigFileWinsOverTheUsers) {
  write(folder.path() / "home/.config/pip/pip.conf", "[global]\nindex-url = https://user\n");
  write(folder.path() / "mine.conf", "[global]\nindex-url = https://mine\n");
  environment["PIP_CONFIG_FILE"] = (folder.path() / "mine.conf").string();
  EXPECT_EQ(read().for_builds().variables.at("PIP_INDEX_URL"), "https://mine");
}

TEST_F(PipConfigurationTest, ProxiesAndCertificatesGoAlong) {
  environment["https_proxy"] = "http://proxy:3128";
  environment["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt";
  environment["AWS_SECRET_ACCESS_KEY"] = "secret";
  const PipSettings settings = read().for_programs();
  EXPECT_EQ(settings.variables,
            (Variables{{"https_proxy", "http://proxy:3128"}, {"SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"}}));
  EXPECT_TRUE(settings.mounts.empty()) << "a box shows /etc/ssl anyway";
}

TEST_F(PipConfigurationTest, ProgramsGetNoSecret) {
  environment["PIP_INDEX_URL"] = "https://user:secret@index/simple";
  environment["PIP_EXTRA_INDEX_URL"] = "https://open/simple https://token@closed/simple";
  environment["https_proxy"] = "user:secret@proxy:3128";
  environment["PIP_CLIENT_CERT"] = "/etc/ssl/private/client.pem";
  environment["PIP_FIND_LINKS"] = "https://index/Ab3dEf6hIj9kLm2n/links";
  environment["PIP_TRUSTED_HOST"] = "index";
  EXPECT_EQ(read().for_programs().variables, (Variables{{"PIP_TRUSTED_HOST", "index"}}));
  EXPECT_TRUE(read().for_programs().secrets.empty());
  const PipSettings builds = read().for_builds();
  EXPECT_EQ(builds.variables.at("PIP_INDEX_URL"), "https://user:secret@index/simple");
  EXPECT_THAT(builds.secrets,
              ElementsAre("Ab3dEf6hIj9kLm2n", "user:secret", "user:secret", "secret", "secret", "token"));
}

TEST_F(PipConfigurationTest, FoldersThatAreNamedBecomeMounts) {
  const fs::path wheels = folder.path() / "wheels", index = folder.path() / "index";
  fs::create_directories(wheels);
  fs::create_directories(index);
  environment["PIP_FIND_LINKS"] = wheels.string() + " /nowhere/at/all https://a/links";
  environment["PIP_INDEX_URL"] = "file://" + index.string();
  std::vector<std::string> inside;
  for (const process::Mount& mount : read().for_builds().mounts) {
    EXPECT_EQ(mount.host, mount.inside);
    EXPECT_FALSE(mount.writable);
    inside.push_back(mount.inside);
  }
  EXPECT_THAT(inside, ElementsAre(index.string(), wheels.string()));
}

}  // namespace
}  // namespace chiliad::runtime
