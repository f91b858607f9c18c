// With pip in real boxes, but with packages from a folder: no test here needs a network.

#include "runtime/python_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "process/box_under_test.h"
#include "runtime/wheel_under_test.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::atomic<bool> kNotCancelled{false};

Deadline later() { return steady_clock::now() + std::chrono::minutes(5); }

void ignore_line(std::string_view) {}

// One folder of environments for all tests: a base takes seconds.
class PythonEnvironmentsTest : public process::SandboxTest {
 protected:
  struct Shared {
    TempFolder folder = *TempFolder::make();
    std::unique_ptr<process::BoxRunner> boxes = process::bubblewrap();
    std::unique_ptr<PythonEnvironments> environments;
    ~Shared() {
      environments.reset();
      EXPECT_TRUE(process::remove_tree(folder.path() / "environments"));
    }
  };

  static void TearDownTestSuite() { shared().reset(); }

  void SetUp() override {
    SandboxTest::SetUp();
    if (IsSkipped() || shared()) return;
    auto made = std::make_unique<Shared>();
    const fs::path wheels = made->folder.path() / "wheels";
    fs::create_directories(wheels);
    write_wheel(wheels, "basepkg", "1.0");
    write_wheel(wheels, "basepkg", "2.0");
    write_wheel(wheels, "extra", "1.0", "basepkg");
    write_wheel(wheels, "extra", "2.0", "basepkg");
    write_wheel(wheels, "other", "1.0");
    const fs::path own = made->folder.path() / "own-wheels";
    fs::create_directories(own);
    write_wheel(own, "chiliad", "0.1.0", "no-such-package");
    PythonEnvironmentsOptions options;
    options.folder = made->folder.path() / "environments";
    options.package_places = {made->folder.path() / "nowhere", own};
    options.variable = [wheels](const char* name) -> std::string {
      const std::string_view asked = name;
      return asked == "PIP_NO_INDEX" ? "1" : asked == "PIP_FIND_LINKS" ? wheels.string() : "";
    };
    made->environments = *PythonEnvironments::open(std::move(options), *made->boxes);
    shared() = std::move(made);
  }

  static std::unique_ptr<Shared>& shared() {
    static std::unique_ptr<Shared> one;
    return one;
  }
  static PythonEnvironments& environments() { return *shared()->environments; }
  static fs::path folder() { return shared()->folder.path() / "environments"; }

  static Entry entry() {
    Entry entry;
    entry.name = "test";
    entry.packages = {"basepkg==1.0"};
    entry.constraints = {"extra<2"};
    entry.environment = {{"FROM_ENTRY", "yes"}};
    return entry;
  }

  static Environment prepare(std::string_view requirements, bool accelerated = false) {
    Result<Environment> environment =
        environments().prepare(entry(), {requirements, accelerated}, ignore_line, later(), kNotCancelled);
    if (!environment) {
      ADD_FAILURE() << environment.error().message;
      std::abort();
    }
    return *std::move(environment);
  }

  // What a script prints in a box as a job's.
  static std::string run_in(const Environment& environment, const std::string& script) {
    process::TestBox box(script);
    Result<process::Mount> own = environment.make_own_part(box.home() / "own");
    EXPECT_TRUE(own);
    box.box.environment = environment.variables;
    box.box.mounts.insert(box.box.mounts.end(), environment.mounts.begin(), environment.mounts.end());
    box.box.mounts.push_back(*own);
    return process::run(*shared()->boxes, box.box).output;
  }
};

TEST_F(PythonEnvironmentsTest, ABaseHasTheEntrysPackages) {
  const Environment environment = prepare("");
  EXPECT_THAT(environment.name, StartsWith("base-"));
  EXPECT_THAT(environment.python_version, StartsWith("3."));
  EXPECT_EQ(run_in(environment, "python3 -c 'import basepkg, sys; print(basepkg.VERSION, sys.prefix)'"),
            "1.0 /opt/chiliad/env\n");
  EXPECT_EQ(run_in(environment, "basepkg-version; echo $VIRTUAL_ENV $FROM_ENTRY"),
            "/opt/chiliad/env 1.0\n/opt/chiliad/env yes\n");
  EXPECT_THAT(run_in(environment, "ls /opt/chiliad/python"), HasSubstr("chiliad_serve_models.py"));
}

TEST_F(PythonEnvironmentsTest, ALayerAddsWhatTheBaseLacks) {
  const Environment environment = prepare("# mine\nextra\n");
  EXPECT_THAT(environment.name, StartsWith("layer-"));
  EXPECT_EQ(run_in(environment, "python3 -c 'import basepkg, extra; print(basepkg.VERSION, extra.VERSION)'"),
            "1.0 1.0\n")
      << "extra 2.0 is there, but the entry's constraints do not want it";
  EXPECT_EQ(run_in(environment, "extra-version; basepkg-version"), "/opt/chiliad/env 1.0\n/opt/chiliad/env 1.0\n");
  EXPECT_FALSE(fs::exists(environment.folder / "env/lib/python3.11/site-packages/basepkg.py"));
}

TEST_F(PythonEnvironmentsTest, AnAcceleratedProgramGetsThePackageBeforeItsRequirements) {
  constexpr const char* kImport = "python3 -c 'import chiliad, extra, basepkg; print(chiliad.VERSION, extra.VERSION)'";
  EXPECT_EQ(run_in(prepare("extra\n", true), kImport), "0.1.0 1.0\n") << "what the package itself needs is not there";
  EXPECT_EQ(
      run_in(prepare("", true), "python3 -c 'import chiliad, basepkg; print(chiliad.__file__)'"),
      "/opt/chiliad/accelerated/lib/python" + prepare("").python_version.substr(0, 4) + "/site-packages/chiliad.py\n");
  EXPECT_THAT(run_in(prepare("extra\n"), kImport), HasSubstr("No module named 'chiliad'"));
  EXPECT_EQ(prepare("extra\n", true).name, prepare("extra\n").name) << "the layer of requirements is the same one";
}

TEST_F(PythonEnvironmentsTest, AnotherWheelOfThePackageIsTakenByTheNextProgram) {
  constexpr const char* kVersion = "python3 -c 'import chiliad; print(chiliad.VERSION)'";
  const Environment before = prepare("", true);
  write_wheel(shared()->folder.path() / "own-wheels", "chiliad", "0.10.0");
  EXPECT_EQ(run_in(prepare("", true), kVersion), "0.10.0\n");
  EXPECT_EQ(run_in(before, kVersion), "0.1.0\n") << "what runs keeps what it has";
  fs::remove(shared()->folder.path() / "own-wheels/chiliad-0.10.0-py3-none-any.whl");
}

TEST_F(PythonEnvironmentsTest, APackageThatIsNotThereIsToldBeforeAnythingIsBuilt) {
  PythonEnvironmentsOptions options;
  options.folder = folder();
  options.package_places = {shared()->folder.path() / "nowhere"};
  options.variable = [](const char*) { return std::string(); };
  Result<std::unique_ptr<PythonEnvironments>> opened = PythonEnvironments::open(std::move(options), *shared()->boxes);
  ASSERT_TRUE(opened);
  prepare("");
  Result<Environment> environment = (*opened)->prepare(entry(), {"extra\n", true}, ignore_line, later(), kNotCancelled);
  ASSERT_FALSE(environment);
  EXPECT_EQ(environment.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(environment.error().message,
              StartsWith("CHILIAD_ACCELERATE=1: no wheel of the package chiliad for Python 3."));
}

TEST_F(PythonEnvironmentsTest, TheProgramsOwnPipFindsEverythingThere) {
  const std::string output =
      run_in(prepare("extra\n"), "echo extra >requirements.txt; PIP_FIND_LINKS= pip install -r requirements.txt");
  EXPECT_THAT(output, HasSubstr("Requirement already satisfied: extra in /opt/chiliad/layer/"));
  EXPECT_THAT(output, HasSubstr("Requirement already satisfied: basepkg in /opt/chiliad/base/"));
}

TEST_F(PythonEnvironmentsTest, ALayerMayHaveAnotherVersionThanTheBase) {
  EXPECT_EQ(
      run_in(prepare("basepkg==2.0\n"),
             "python3 -c 'import basepkg, importlib.metadata as m; print(basepkg.VERSION, m.version(\"basepkg\"))'"),
      "2.0 2.0\n");
  EXPECT_EQ(run_in(prepare(""), "python3 -c 'import basepkg; print(basepkg.VERSION)'"), "1.0\n");
}

TEST_F(PythonEnvironmentsTest, AProgramMayInstallForItselfAlone) {
  const Environment environment = prepare("");
  EXPECT_THAT(run_in(environment, "pip install -q other && other-version"), HasSubstr("/opt/chiliad/env 1.0"));
  EXPECT_THAT(run_in(environment, "python3 -c 'import other'"), HasSubstr("No module named 'other'"));
  EXPECT_THAT(run_in(environment, "pip install extra==2.0"), HasSubstr("ERROR: Cannot install extra==2.0"));
  EXPECT_THAT(run_in(environment, "touch /opt/chiliad/base/x /opt/chiliad/python/x; ls /opt/chiliad"),
              HasSubstr("Read-only file system"));
}

TEST_F(PythonEnvironmentsTest, AClientOfAwssOwnStsCallsThePlatforms) {
  constexpr const char* kAsk = R"(
mkdir /tmp/botocore && cd /tmp && touch botocore/__init__.py
cat >botocore/session.py <<'END'
class Session:
    def create_client(self, name, endpoint_url):
        return name + " at " + endpoint_url
END
AWS_ENDPOINT_URL=http://here python3 -c '
import sys
from botocore.session import Session
session = Session()
print(session.create_client("sts", endpoint_url="https://sts.eu-west-1.amazonaws.com"))
print(session.create_client("sts", endpoint_url="https://else"))
print(session.create_client("s3", endpoint_url="https://sts.amazonaws.com"))
print("/opt/chiliad/python" in sys.path)'
)";
  for (const char* requirements : {"", "extra\n"}) {
    EXPECT_EQ(run_in(prepare(requirements), kAsk),
              "sts at http://here\nsts at https://else\ns3 at https://sts.amazonaws.com\nFalse\n");
  }
}

TEST_F(PythonEnvironmentsTest, RequirementsThatAreTheSameShareALayer) {
  EXPECT_EQ(prepare("extra\n").name, prepare("# a comment\n\n  extra   # another\r\n").name);
  EXPECT_NE(prepare("extra\n").name, prepare("other\n").name);
}

TEST_F(PythonEnvironmentsTest, RequirementsThatNameOtherFilesAreLeftToTheProgram) {
  EXPECT_THAT(prepare("-r other.txt\n").name, StartsWith("base-"));
  EXPECT_THAT(prepare("# nothing\n").name, StartsWith("base-"));
}

TEST_F(PythonEnvironmentsTest, ManyWaitForOneBuild) {
  std::vector<std::thread> threads;
  std::vector<std::string> names(4), heard(4);
  for (std::size_t i = 0; i < names.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto hear = [&, i](std::string_view line) { heard[i].append(line).append("\n"); };
      Result<Environment> environment =
          environments().prepare(entry(), {"extra\nother\n"}, hear, later(), kNotCancelled);
      ASSERT_TRUE(environment) << environment.error().message;
      names[i] = environment->name;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(names[i], names[0]);
    EXPECT_THAT(heard[i], HasSubstr("Successfully installed"));
  }
}

TEST_F(PythonEnvironmentsTest, WhatPipRefusesIsToldAndNotTriedAgainAtOnce) {
  Result<Environment> first =
      environments().prepare(entry(), {"no-such-package\n"}, ignore_line, later(), kNotCancelled);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(first.error().message, StartsWith("requirements.txt: Python environment of runtime test: pip: ERROR: "));
  EXPECT_THAT(first.error().message, HasSubstr("No matching distribution found for no-such-package"));
  std::string heard;
  Result<Environment> second = environments().prepare(
      entry(), {"no-such-package\n"}, [&](std::string_view line) { heard += line; }, later(), kNotCancelled);
  EXPECT_EQ(second.error().message, first.error().message);
  EXPECT_EQ(heard, "") << "no second build";
  EXPECT_TRUE(fs::is_empty(folder() / "building"));
}

TEST_F(PythonEnvironmentsTest, AnUnreachableIndexIsToldAsThat) {
  PythonEnvironmentsOptions options;
  options.folder = shared()->folder.path() / "elsewhere";
  options.variable = [](const char* name) -> std::string {
    const std::string_view asked = name;
    // Nobody listens there.
    return asked == "PIP_INDEX_URL" ? "http://127.0.0.1:1/Ab3dEf6hIj9kLm2n/simple" : asked == "PIP_RETRIES" ? "1" : "";
  };
  Result<std::unique_ptr<PythonEnvironments>> opened = PythonEnvironments::open(std::move(options), *shared()->boxes);
  ASSERT_TRUE(opened);
  std::string told;
  const auto listen = [&](std::string_view line) { told.append(line) += '\n'; };
  Result<Environment> environment = (*opened)->prepare(entry(), {""}, listen, later(), kNotCancelled);
  ASSERT_FALSE(environment);
  // The token in the index's address is told to nobody.
  told += environment.error().message;
  EXPECT_THAT(told, HasSubstr("/****/simple"));
  EXPECT_THAT(told, Not(HasSubstr("Ab3dEf6hIj9kLm2n")));
  EXPECT_EQ(environment.error().code, ErrorCode::kUnavailable) << environment.error().message;
  EXPECT_THAT(environment.error().message, HasSubstr("the package index cannot be reached from here"));
}

TEST_F(PythonEnvironmentsTest, AnInterpreterThatIsNotThereIsNamed) {
  Entry with = entry();
  with.python = "python9.9";
  Result<Environment> environment = environments().prepare(with, {""}, ignore_line, later(), kNotCancelled);
  ASSERT_FALSE(environment);
  EXPECT_THAT(environment.error().message, HasSubstr("python9.9"));
}

TEST_F(PythonEnvironmentsTest, WhoIsCancelledLeaves) {
  const std::atomic<bool> cancelled{true};
  EXPECT_EQ(environments().prepare(entry(), {"other\nbasepkg\n"}, ignore_line, later(), cancelled).error().code,
            ErrorCode::kDeadline);
  EXPECT_EQ(environments()
                .prepare(entry(), {"basepkg\nother\n"}, ignore_line, steady_clock::now(), kNotCancelled)
                .error()
                .code,
            ErrorCode::kDeadline);
}

TEST_F(PythonEnvironmentsTest, WhatIsInUseStaysAndIsListed) {
  std::optional<Environment> environment = prepare("extra\n");
  const std::string name = environment->name;
  const auto stored = [&] {
    for (PythonEnvironments::Stored& one : *environments().list()) {
      if (one.name == name) return std::optional(one);
    }
    return std::optional<PythonEnvironments::Stored>();
  };
  ASSERT_TRUE(stored());
  EXPECT_EQ(stored()->entry, "test");
  EXPECT_GT(stored()->size_bytes, 0U);
  EXPECT_TRUE(stored()->in_use);
  EXPECT_EQ(environments().remove(name).error().code, ErrorCode::kConflict);
  environment.reset();
  const Result<Done> removed = environments().remove(name);
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(stored());
  EXPECT_EQ(prepare("extra\n").name, name) << "built again";
}

TEST_F(PythonEnvironmentsTest, ProgramsSeeNothingOfTheServersEnvironment) {
  EXPECT_THAT(run_in(prepare(""), "env"), Not(HasSubstr("GTEST")));
  EXPECT_THAT(run_in(prepare(""), "env"), HasSubstr("PIP_CONSTRAINT=/opt/chiliad/constraints.txt"));
}

}  // namespace
}  // namespace chiliad::runtime
