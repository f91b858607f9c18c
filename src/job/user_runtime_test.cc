// Programs of users in boxes: the contract, and who sees what.

#include "job/user_jobs_under_test.h"

namespace chiliad::job {
namespace {

using UserRuntimeTest = UserJobsTest;

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
  for (const char* name : {"", "a.b", "a b", "1a", "a=b", "\xc3\xa4"}) {
    spec = training("t", "true");
    spec.environment = {{name, "x"}};
    EXPECT_NE(refusal(spec).find("expected a name of letters"), std::string::npos) << name;
  }
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
