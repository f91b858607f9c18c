// What the tests of programs of users stand on: a Runner over real boxes of bubblewrap's and the system's Python
// without packages. Skipped where no box can be started. For tests only.
//
// Thread safety: one thread at a time.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "archive/archive.h"
#include "job/runner_under_test.h"
#include "job/user_runtime.h"
#include "process/box_under_test.h"

namespace chiliad::job {

namespace fs = std::filesystem;

// An entry without packages is built in a moment and needs no network.
inline constexpr std::string_view kRuntimesUnderTest = R"(
[[runtime]]
name = "plain"
images = ["plain"]
kind = "python"
train = ["python3", "/opt/ml/code/train.py"]
process = ["python3"]
environment = {OF_THE_ENTRY = "yes"}

[[runtime]]
name = "together"
images = ["together"]
kind = "python"
gang = true
)";

// Keys that tell whom they are for.
class Keys final : public store::ProgramCredentials {
 public:
  Result<Grant> grant(std::string_view role, std::string_view session, std::chrono::seconds keys_for,
                      Deadline /*deadline*/) override {
    if (role == "gone") return Error{ErrorCode::kForbidden, "there is no role gone"};
    Grant grant;
    grant.environment = {"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ACCESS_KEY_ID=" + std::string(role),
                         "AWS_SESSION_TOKEN=" + std::string(session) + " " + std::to_string(keys_for.count())};
    ++held;
    grant.held = std::shared_ptr<void>(nullptr, [this](void*) { --held; });
    return grant;
  }
  std::atomic<int> held{0};
};

// The environments of all tests here: a base takes seconds to build.
struct EnvironmentsUnderTest {
  EnvironmentsUnderTest() {
    runtime::PythonEnvironmentsOptions options;
    options.folder = folder.path();
    open = *runtime::PythonEnvironments::open(std::move(options), *boxes);
  }
  ~EnvironmentsUnderTest() {
    open.reset();
    EXPECT_TRUE(process::remove_tree(folder.path()));
  }
  const TempFolder folder = *TempFolder::make();
  const std::unique_ptr<process::BoxRunner> boxes = process::bubblewrap();
  std::unique_ptr<runtime::PythonEnvironments> open;
};

inline runtime::PythonEnvironments& environments_under_test() {
  static EnvironmentsUnderTest environments;
  return *environments.open;
}

class UserJobsTest : public process::SandboxTest {
 protected:
  UserJobsTest() {
    fs::create_directories(store_ / "b");
    options_.folder = folder_.path() / "jobs";
    options_.instances = 2;
    options_.free_bytes = 0;
    options_.sync_pause = std::chrono::milliseconds(20);
    user_options_.credentials = &keys_;
  }
  ~UserJobsTest() override {
    runner_of_jobs_.reset();
    EXPECT_EQ(keys_.held, 0);
    EXPECT_TRUE(process::remove_tree(folder_.path()));
  }

  void SetUp() override {
    process::SandboxTest::SetUp();
    if (!IsSkipped()) open();
  }
  void open() {
    runner_of_jobs_.reset();
    std::vector<std::unique_ptr<Runtime>> runtimes;
    runtimes.push_back(native_runtime(catalog_));
    runtimes.push_back(user_runtime(catalog_, environments_under_test(), *runner_, nullptr, user_options_));
    Result<std::unique_ptr<Runner>> runner =
        Runner::open(options_, std::move(runtimes), buckets_, logs_, metrics_, changes_);
    ASSERT_TRUE(runner) << runner.error().message;
    runner_of_jobs_ = *std::move(runner);
  }

  void put(const std::string& key, const std::string& bytes) {
    fs::create_directories((store_ / "b" / key).parent_path());
    ASSERT_TRUE(write_file_atomically(store_ / "b" / key, bytes, Durability::kNone));
  }
  std::string get(const std::string& key) {
    Result<std::string> bytes = read_file(store_ / "b" / key);
    return bytes ? *bytes : std::string("no bytes: ").append(bytes.error().message);
  }
  // Of the archive of a training job's model.
  std::map<std::string, std::string> model_of(const std::string& job) {
    std::map<std::string, std::string> out;
    Result<std::vector<archive::Member>> read = archive::read_archive(get("out/" + job + "/output/model.tar.gz"));
    if (!read) return {{"error", read.error().message}};
    for (archive::Member& member : *read) out[member.name] = member.bytes;
    return out;
  }

  // A job whose program is a shell script.
  static Spec training(const std::string& name, const std::string& script) {
    Spec spec;
    spec.kind = Kind::kTraining;
    spec.name = name;
    spec.arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/" + name;
    spec.role_arn = "arn:aws:iam::123456789012:role/r";
    spec.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/plain:1";
    spec.entrypoint = {"bash", "-c"};
    spec.arguments = {script};
    spec.output_path = "s3://b/out";
    return spec;
  }
  // A job in script mode: the entry's own command runs train.py.
  Spec script_mode(const std::string& name, const std::string& train_py) {
    put("code/sourcedir.tar.gz", *archive::write_tar_gz({{"train.py", train_py}, {"more/data.txt", "more"}}));
    Spec spec = training(name, "");
    spec.entrypoint.clear();
    spec.arguments.clear();
    spec.hyperparameters = {{"sagemaker_submit_directory", "\"s3://b/code/sourcedir.tar.gz\""},
                            {"sagemaker_program", "\"train.py\""}};
    return spec;
  }
  Change run(const Spec& spec) {
    Result<Done> started = runner_of_jobs_->start(spec);
    EXPECT_TRUE(started) << started.error().message;
    return changes_.end_of(spec.name);
  }
  std::string refusal(const Spec& spec) {
    Result<Done> started = runner_of_jobs_->start(spec);
    return started ? "accepted" : started.error().message;
  }
  // A file in the instance's root that its program wrote; waits for it.
  void wait_for_file(const std::string& job, const std::string& name) {
    const fs::path path = options_.folder / "training" / job / name;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!fs::exists(path) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(fs::exists(path)) << path;
  }

  const runtime::Catalog catalog_ = *runtime::Catalog::parse(kRuntimesUnderTest, "runtimes.toml");
  TempFolder folder_ = *TempFolder::make();
  fs::path store_ = folder_.path() / "store";
  RunnerOptions options_;
  UserRuntimeOptions user_options_;
  Keys keys_;
  FolderBuckets buckets_{store_};
  KeptLines logs_;
  KeptMetrics metrics_;
  KeptChanges changes_;
  std::unique_ptr<Runner> runner_of_jobs_;
};

}  // namespace chiliad::job
