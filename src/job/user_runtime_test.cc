// Programs of users in real boxes of bubblewrap's, run by a Runner. Python is the system's, without packages.

#include "job/user_runtime.h"

#include <gtest/gtest.h>

#include <thread>

#include "archive/archive.h"
#include "job/runner_under_test.h"
#include "process/box_under_test.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

// An entry without packages is built in a moment and needs no network.
constexpr std::string_view kRuntimes = R"(
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
struct Environments {
  Environments() {
    runtime::PythonEnvironmentsOptions options;
    options.folder = folder.path();
    open = *runtime::PythonEnvironments::open(std::move(options), *boxes);
  }
  ~Environments() {
    open.reset();
    EXPECT_TRUE(process::remove_tree(folder.path()));
  }
  const TempFolder folder = *TempFolder::make();
  const std::unique_ptr<process::BoxRunner> boxes = process::bubblewrap();
  std::unique_ptr<runtime::PythonEnvironments> open;
};

runtime::PythonEnvironments& environments() {
  static Environments environments;
  return *environments.open;
}

class UserRuntimeTest : public process::SandboxTest {
 protected:
  UserRuntimeTest() {
    fs::create_directories(store_ / "b");
    options_.folder = folder_.path() / "jobs";
    options_.instances = 2;
    options_.free_bytes = 0;
    options_.sync_pause = std::chrono::milliseconds(20);
    user_options_.credentials = &keys_;
  }
  ~UserRuntimeTest() override {
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
    runtimes.push_back(user_runtime(catalog_, environments(), *runner_, nullptr, user_options_));
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

  const runtime::Catalog catalog_ = *runtime::Catalog::parse(kRuntimes, "runtimes.toml");
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

TEST_F(UserRuntimeTest, AScriptRunsAsTheContractSays) {
  put("in/a.csv", "1");
  Spec spec = script_mode("t", R"(
import json, os, pathlib
ml = pathlib.Path("/opt/ml")
parameters = json.loads((ml / "input/config/hyperparameters.json").read_text())
assert parameters["sagemaker_program"] == '"train.py"', parameters
print("loss=0.5", flush=True)
text = (pathlib.Path(os.environ["SM_CHANNEL_TRAINING"]) / "a.csv").read_text()
(pathlib.Path(os.environ["SM_MODEL_DIR"]) / "m").write_text(text + (ml / "code/more/data.txt").read_text())
)");
  spec.inputs = {{.name = "training", .s3_uri = "s3://b/in", .local_path = ""}};
  spec.metrics = {{"loss", "loss=([0-9.]+)"}};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  EXPECT_EQ(changes_.phases_of("t"), "Starting Downloading Downloading Training Uploading Completed");
  EXPECT_EQ(model_of("t"), (std::map<std::string, std::string>{{"m", "1more"}}));
  EXPECT_EQ(metrics_.values().at("loss"), std::vector<double>{0.5});
  EXPECT_FALSE(fs::exists(options_.folder / "training/t"));
}

TEST_F(UserRuntimeTest, TheEnvironmentIsTheContractsTheEntrysTheRolesAndTheRequests) {
  Spec spec = training("env", "env > $SM_MODEL_DIR/env; hostname > $SM_MODEL_DIR/host; pwd > $SM_MODEL_DIR/pwd");
  spec.environment = {{"MINE", "a b"}, {"OF_THE_ENTRY", "no"}, {"AWS_ENDPOINT_URL", "http://127.0.0.1:2"}};
  spec.max_runtime = std::chrono::hours(1);
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  std::map<std::string, std::string> files = model_of("env");
  const std::string env = "\n" + files["env"];
  for (const char* line : {"SM_CURRENT_HOST=algo-1", "TRAINING_JOB_NAME=env", "HOME=/home/sagemaker", "MINE=a b",
                           "OF_THE_ENTRY=no", "AWS_ENDPOINT_URL=http://127.0.0.1:2", "SM_MODEL_DIR=/opt/ml/model",
                           "AWS_ACCESS_KEY_ID=arn:aws:iam::123456789012:role/r", "AWS_REGION=us-east-1",
                           // An hour, two minutes of grace, five more.
                           "AWS_SESSION_TOKEN=env 4020"})
    EXPECT_NE(env.find("\n" + std::string(line) + "\n"), std::string::npos) << line << env;
  EXPECT_EQ(files["host"], "algo-1\n");
  EXPECT_EQ(files["pwd"], "/opt/ml\n");
}

TEST_F(UserRuntimeTest, TenInstancesThatWriteTheSameTemporaryFilesDoNotMeet) {
  for (int i = 0; i < 40; ++i) put("in/" + std::to_string(i) + ".csv", std::to_string(i));
  options_.instances = 5;
  open();
  // As many a script does: each model goes through the same file in /tmp, and through others that programs share.
  Spec spec = training("ten", R"(
for file in /opt/ml/input/data/c/*.csv; do
  for shared in /tmp /var/tmp /dev/shm $HOME; do cat $file > $shared/model.json; done
  sleep 0.01
  for shared in /tmp /var/tmp /dev/shm $HOME; do cat $shared/model.json; done > /opt/ml/checkpoints/$(basename $file)
done
ls -A /opt/ml > /opt/ml/checkpoints/sees-$SM_CURRENT_HOST)");
  spec.instance_count = 10;
  spec.inputs = {
      {.name = "c", .s3_uri = "s3://b/in/", .local_path = "", .distribution = Distribution::kShardedByS3Key}};
  spec.checkpoint = Checkpoint{"s3://b/c"};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
  for (int i = 0; i < 40; ++i) {
    const std::string text = std::to_string(i);
    EXPECT_EQ(get("c/" + text + ".csv"), text + text + text + text) << i;
  }
  EXPECT_EQ(get("c/sees-algo-7"), "checkpoints\ninput\nmodel\noutput\n");
}

TEST_F(UserRuntimeTest, AnImageThatNobodyKnowsAndAnEntryThatCannotTrainSayWhatToAdd) {
  Spec spec = training("t", "true");
  spec.image = "r/unknown:1";
  EXPECT_NE(refusal(spec).find("[[runtime]]"), std::string::npos) << refusal(spec);
  spec.image = "r/together:1";
  spec.entrypoint.clear();
  EXPECT_NE(refusal(spec).find("add 'train' to the runtime"), std::string::npos) << refusal(spec);
}

TEST_F(UserRuntimeTest, CodeThatIsNotThereAndARoleThatIsGoneFailTheJobByName) {
  Spec spec = script_mode("t", "");
  spec.hyperparameters["sagemaker_submit_directory"] = "\"s3://b/nowhere.tar.gz\"";
  EXPECT_NE(run(spec).failure_reason.find("ClientError: sagemaker_submit_directory 's3://b/nowhere.tar.gz'"),
            std::string::npos)
      << changes_.end_of("t").failure_reason;
  spec = training("g", "true");
  spec.role_arn = "gone";
  EXPECT_EQ(run(spec).failure_reason, "ClientError: algo-1: keys of the job's role: there is no role gone");
}

TEST_F(UserRuntimeTest, InstancesThatStartTogetherReachOneAnotherByName) {
  // The third serves and the first asks it: neither could if the other waited for its place.
  Spec spec = script_mode("gang", R"(
import os, socket, time
me = os.environ["SM_CURRENT_HOST"]
mate = "algo-1" if me == "algo-3" else "algo-3"
assert socket.gethostbyname(me) != socket.gethostbyname(mate)
if me == "algo-3":
    server = socket.create_server((me, 7777))
    connection, _ = server.accept()
    connection.sendall(b"hello")
elif me == "algo-1":
    while True:
        try:
            text = socket.create_connection((mate, 7777)).makefile().read()
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
    open("/opt/ml/model/heard", "w").write(text)
)");
  spec.instance_count = 3;  // There are two places: it runs alone.
  spec.hyperparameters["sagemaker_mpi_enabled"] = "true";
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  EXPECT_EQ(model_of("gang")["heard"], "hello");
  spec = training("entry", "until getent hosts algo-2 > /opt/ml/model/$SM_CURRENT_HOST; do sleep 0.01; done");
  spec.image = "together";
  spec.instance_count = 2;
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_EQ(model_of("entry").size(), 2U);
}

}  // namespace
}  // namespace chiliad::job
