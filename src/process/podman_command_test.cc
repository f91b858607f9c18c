#include "process/podman_command.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace chiliad::process {
namespace {

TEST(PodmanCommand, NamesOfImages) {
  for (const char* name :
       {"weekday-means", "localhost/weekday-means:1", "registry.example:5000/a/b@sha256:0123456789abcdef",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:2.0-cpu", "0123456789ab"})
    EXPECT_TRUE(check_image_name(name)) << name;
  // Options, places that podman would load an image from, and what is no name at all.
  for (const char* name : {"", "--privileged", "-v", "dir:/etc", "docker-archive:/tmp/x.tar", "oci:./x", "docker://a/b",
                           "a b", "a//b", "a/", "/a", "a\nb", "./a"})
    EXPECT_FALSE(check_image_name(name)) << name;
}

TEST(PodmanCommand, VariablesThatFitNoLineAreSecrets) {
  const std::string longest = "L=" + std::string(64'998, 'x'), longer = longest + "x";
  const PodmanVariables variables = podman_variables({"A=1", "B=", "C=1\n2", "D=1\r", "#E=1", " F=1", longest, longer});
  EXPECT_EQ(variables.lines, "A=1\nB=\n" + longest + "\n");
  ASSERT_EQ(variables.secrets.size(), 5U);
  EXPECT_EQ(variables.secrets[0].name, "C");
  EXPECT_EQ(variables.secrets[0].value, "1\n2");
  EXPECT_EQ(variables.secrets[2].name, "#E");
  EXPECT_EQ(variables.secrets[4].name, "L");
}

TEST(PodmanCommand, NoValueOfAVariableIsAWordOfTheCommand) {
  Box box;
  box.command = {"true"};
  box.environment = {"A=secret", "B=secret\n"};
  box.image = "i";
  const PodmanPlaces places{"/own", "/images", "overlay", {}, {}, {"runc", false}};
  for (const std::string& word : *podman_words(box, places)) EXPECT_EQ(word.find("secret\n"), word.npos) << word;
  const std::vector<std::string> words = *podman_words(box, places);
  EXPECT_EQ(std::count(words.begin(), words.end(), "0,type=env,target=B"), 1);
}

TEST(PodmanCommand, TheEntryPointIsTheCommandsFirstWordOrTheImages) {
  Box box;
  box.command = {"[\"x\"]", "a"};
  box.image = "i";
  const PodmanPlaces places{"/own", "/images", "overlay", {}, {}, {"crun", true}};
  std::vector<std::string> words = *podman_words(box, places);
  const auto entry = std::find(words.begin(), words.end(), "--entrypoint");
  ASSERT_NE(entry, words.end());
  EXPECT_EQ(entry[1], R"(["[\"x\"]"])");
  EXPECT_EQ((std::vector<std::string>{words.end() - 2, words.end()}), (std::vector<std::string>{"i", "a"}));
  EXPECT_EQ(std::count(words.begin(), words.end(), "--cgroups=disabled"), 1);
  box.image_entry_point = true;
  words = *podman_words(box, places);
  EXPECT_EQ(std::count(words.begin(), words.end(), "--entrypoint"), 0);
  EXPECT_EQ((std::vector<std::string>{words.end() - 3, words.end()}), (std::vector<std::string>{"i", "[\"x\"]", "a"}));
}

TEST(PodmanCommand, NoLimitIsAboveOnesOwn) {
  ::rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NPROC, &own), 0);
  Box box;
  box.command = {"true"};
  box.image = "i";
  const PodmanPlaces places{"/own", "/images", "overlay", {}, {}, {"runc", false}};
  for (const auto& [wanted, told] :
       {std::pair{std::uint64_t{10}, std::min<std::uint64_t>(74, own.rlim_max)},
        std::pair{std::uint64_t{1'000'000'000}, std::min<std::uint64_t>(1'000'000'064, own.rlim_max)}}) {
    box.limits.processes = static_cast<int>(wanted);
    const std::vector<std::string> words = *podman_words(box, places);
    const std::string word = "nproc=" + std::to_string(told) + ":" + std::to_string(told);
    EXPECT_EQ(std::count(words.begin(), words.end(), word), 1) << word;
  }
}

TEST(PodmanCommand, PathsInItsFilesAreQuoted) {
  const PodmanPlaces places{"/a \"b\"", "/c\\d", "overlay", {}, {}, {"runc", false}};
  EXPECT_NE(podman_storage(places).find(R"(graphroot = "/a \"b\"/storage")"), std::string::npos);
  EXPECT_NE(podman_storage(places).find(R"(additionalimagestores = ["/c\\d"])"), std::string::npos);
  EXPECT_NE(podman_configuration(places).find(R"(tmp_dir = "/a \"b\"/run/libpod")"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::process
