#include "runtime/python_package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(PythonPackage, WhatTheJobSaysWinsOverItsRuntime) {
  Entry plain, accelerated;
  accelerated.environment = {{"CHILIAD_ACCELERATE", "1"}};
  EXPECT_FALSE(is_accelerated(plain, {}));
  EXPECT_TRUE(is_accelerated(plain, {{"CHILIAD_ACCELERATE", "1"}}));
  EXPECT_TRUE(is_accelerated(accelerated, {{"OTHER", "0"}}));
  EXPECT_FALSE(is_accelerated(accelerated, {{"CHILIAD_ACCELERATE", "0"}}));
  EXPECT_FALSE(is_accelerated(plain, {{"CHILIAD_ACCELERATE", "true"}})) << "the package itself reads 1 alone";
}

TEST(PythonPackage, TheTagsOfAWheelSayWhichPythonItFits) {
  constexpr const char* kOwn = "chiliad-0.1.0-cp311-cp311-linux_x86_64.whl";
  EXPECT_TRUE(wheel_fits(kOwn, "3.11.2"));
  EXPECT_FALSE(wheel_fits(kOwn, "3.12.0"));
  EXPECT_FALSE(wheel_fits(kOwn, "3.1.1"));
  EXPECT_TRUE(wheel_fits("chiliad-0.1.0-7-cp311-cp311-linux_x86_64.whl", "3.11.2")) << "with a build's number";
  EXPECT_TRUE(wheel_fits("chiliad-0.1.0-cp312-abi3-linux_x86_64.whl", "3.13.0"));
  EXPECT_FALSE(wheel_fits("chiliad-0.1.0-cp312-abi3-linux_x86_64.whl", "3.11.2"));
  EXPECT_FALSE(wheel_fits("chiliad-0.1.0-cp39-cp39-linux_x86_64.whl", "3.11.2"));
  EXPECT_TRUE(wheel_fits("chiliad-0.1.0-py2.py3-none-any.whl", "3.9.1"));
  EXPECT_FALSE(wheel_fits("prophet-1.1.4-py3-none-any.whl", "3.11.2"));
  EXPECT_FALSE(wheel_fits("chiliad-0.1.0.tar.gz", "3.11.2"));
  EXPECT_FALSE(wheel_fits(kOwn, "3"));
}

class PackagePlaces : public testing::Test {
 protected:
  void put(const char* folder, const char* name, std::string_view bytes) {
    fs::create_directories(folder_.path() / folder);
    ASSERT_TRUE(write_file_atomically(folder_.path() / folder / name, bytes, Durability::kNone));
  }
  Result<PythonPackage> find(std::vector<const char*> places) {
    std::vector<fs::path> paths;
    for (const char* place : places) paths.push_back(folder_.path() / place);
    return find_python_package(paths, {"/usr/bin/python3", "3.11.2"});
  }
  TempFolder folder_ = *TempFolder::make();
};

TEST_F(PackagePlaces, TheFirstPlaceWithAFittingWheelGivesItsNewestOne) {
  put("first", "chiliad-0.9.0-cp312-cp312-linux_x86_64.whl", "another Python's");
  put("second", "chiliad-0.9.0-cp311-cp311-linux_x86_64.whl", "older");
  put("second", "chiliad-0.10.0-cp311-cp311-linux_x86_64.whl", "newer");
  put("second", "notes.txt", "no wheel");
  put("third", "chiliad-2.0.0-cp311-cp311-linux_x86_64.whl", "of a later place");
  const Result<PythonPackage> found = find({"missing", "first", "second", "third"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->file_name, "chiliad-0.10.0-cp311-cp311-linux_x86_64.whl");
  EXPECT_EQ(found->bytes, "newer");
}

TEST_F(PackagePlaces, AWheelItselfIsAPlace) {
  put("wheels", "chiliad-0.1.0-cp311-cp311-linux_x86_64.whl", "mine");
  EXPECT_EQ(find({"wheels/chiliad-0.1.0-cp311-cp311-linux_x86_64.whl"})->bytes, "mine");
}

TEST_F(PackagePlaces, WhatDoesNotFitIsNamedWithTheNextStep) {
  put("wheels", "chiliad-0.1.0-cp39-cp39-linux_x86_64.whl", "old");
  const Result<PythonPackage> found = find({"missing", "wheels"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  for (const char* part : {"CHILIAD_ACCELERATE=1", "Python 3.11.2 (/usr/bin/python3)", "/missing, ", "/wheels",
                           "chiliad-0.1.0-cp39-cp39-linux_x86_64.whl", "pip wheel --no-deps", "--python-package"}) {
    EXPECT_THAT(found.error().message, HasSubstr(part));
  }
  EXPECT_THAT(find_python_package({}, {"/usr/bin/python3", "3.11.2"}).error().message, HasSubstr("in any place"));
}

}  // namespace
}  // namespace chiliad::runtime
