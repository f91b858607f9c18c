#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <sstream>
#include <thread>

#include "archive/archive.h"
#include "job/job.h"
#include "job/runner_under_test.h"
#include "runtime/catalog.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    fs::create_directories(store_ / "b");
    options_.folder = folder_.path() / "jobs";
    options_.instances = 2;
    options_.free_bytes = 0;
    options_.sync_pause = std::chrono::milliseconds(20);
    open();
  }

  void open() {
    std::vector<std::unique_ptr<Runtime>> runtimes;
    runtimes.push_back(std::make_unique<ShellRuntime>());
    runtimes.push_back(native_runtime(catalog_));
    Result<std::unique_ptr<Runner>> runner =
        Runner::open(options_, std::move(runtimes), buckets_, logs_, metrics_, changes_);
    ASSERT_TRUE(runner) << runner.error().message;
    runner_ = *std::move(runner);
  }

  void put(const std::string& key, const std::string& bytes) {
    fs::create_directories((store_ / "b" / key).parent_path());
    ASSERT_TRUE(write_file_atomically(store_ / "b" / key, bytes, Durability::kNone));
  }
  std::string get(const std::string& key) {
    Result<std::string> bytes = read_file(store_ / "b" / key);
    return bytes ? *bytes : std::string("no bytes: ").append(bytes.error().message);
  }
  std::map<std::string, std::string> members(const std::string& key) {
    std::map<std::string, std::string> out;
    Result<std::vector<archive::Member>> read = archive::read_archive(get(key));
    if (!read) return {{"error", read.error().message}};
    for (archive::Member& member : *read) out[member.name] = member.bytes;
    return out;
  }

  static Spec training(const std::string& name, std::vector<std::string> script) {
    Spec spec;
    spec.kind = Kind::kTraining;
    spec.name = name;
    spec.arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/" + name;
    spec.image = "sh";
    spec.arguments = std::move(script);
    spec.output_path = "s3://b/out";
    return spec;
  }
  static Spec processing(const std::string& name, std::vector<std::string> script) {
    Spec spec = training(name, std::move(script));
    spec.kind = Kind::kProcessing;
    spec.output_path.clear();
    return spec;
  }
  Change run(const Spec& spec) {
    Result<Done> started = runner_->start(spec);
    EXPECT_TRUE(started) << started.error().message;
    return changes_.end_of(spec.name);
  }
  std::string refusal(const Spec& spec) {
    Result<Done> started = runner_->start(spec);
    return started ? "accepted" : started.error().message;
  }

  const runtime::Catalog catalog_ = runtime::Catalog::built_in();
  TempFolder folder_ = *TempFolder::make();
  fs::path store_ = folder_.path() / "store";
  RunnerOptions options_;
  FolderBuckets buckets_{store_};
  KeptLines logs_;
  KeptMetrics metrics_;
  KeptChanges changes_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(RunnerTest, ATrainingJobGoesThroughItsPhasesAndLeavesItsModel) {
  put("in/a.csv", "1");
  Spec spec = training("t", {"cp input/data/training/a.csv model/m", "echo out > output/data/o"});
  spec.inputs = {{.name = "training", .s3_uri = "s3://b/in", .local_path = ""}};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
  EXPECT_EQ(end.message, "Training job completed");
  EXPECT_EQ(changes_.phases_of("t"), "Starting Downloading Training Uploading Completed");
  EXPECT_EQ(end.model_artifacts, "s3://b/out/t/output/model.tar.gz");
  EXPECT_EQ(members("out/t/output/model.tar.gz"), (std::map<std::string, std::string>{{"m", "1"}}));
  EXPECT_EQ(members("out/t/output/output.tar.gz"), (std::map<std::string, std::string>{{"o", "out\n"}}));
  EXPECT_FALSE(fs::exists(options_.folder / "training/t"));
}

TEST_F(RunnerTest, AModelArchiveIsMadeEvenWhenItIsEmpty) {
  EXPECT_EQ(run(training("t", {"true"})).phase, Phase::kCompleted);
  EXPECT_TRUE(members("out/t/output/model.tar.gz").empty());
  EXPECT_FALSE(fs::exists(store_ / "b/out/t/output/output.tar.gz"));
}

TEST_F(RunnerTest, WithoutCompressionTheModelIsStoredAsFiles) {
  Spec spec = training("t", {"mkdir model/d; echo 1 > model/d/m"});
  spec.compress_output = false;
  EXPECT_EQ(run(spec).model_artifacts, "s3://b/out/t/output/model/");
  EXPECT_EQ(get("out/t/output/model/d/m"), "1\n");
}

TEST_F(RunnerTest, TheConfigurationIsThereAsSageMakerWritesIt) {
  put("in/a.csv", "1");
  Spec spec = training("t", {"cp -r input/config model/; env | sort > model/env"});
  spec.inputs = {{.name = "training", .s3_uri = "s3://b/in", .local_path = ""}};
  spec.inputs[0].content_type = "text/csv";
  spec.hyperparameters = {{"growth", "\"linear\""}, {"n", "3"}};
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  std::map<std::string, std::string> files = members("out/t/output/model.tar.gz");
  EXPECT_EQ(files["config/hyperparameters.json"], R"({"growth":"\"linear\"","n":"3"})");
  EXPECT_EQ(files["config/inputdataconfig.json"],
            R"({"training":{"TrainingInputMode":"File","S3DistributionType":"FullyReplicated",)"
            R"("RecordWrapperType":"None","ContentType":"text/csv"}})");
  EXPECT_NE(files["config/resourceconfig.json"].find(R"("current_host":"algo-1","hosts":["algo-1"])"),
            std::string::npos);
  EXPECT_NE(files["env"].find("TRAINING_JOB_NAME=t\n"), std::string::npos);
  EXPECT_NE(files["env"].find("SM_CHANNELS=[\"training\"]\n"), std::string::npos);
}

TEST_F(RunnerTest, ProcessingInputsMayLieInsideOneAnotherAndOutputsAreStored) {
  put("data/raw.csv", "rows");
  put("code/run.py", "code");
  Spec spec =
      processing("p", {"cp processing/input/raw.csv processing/output/x/a",
                       "mkdir processing/output/x/d; cp processing/input/code/run.py processing/output/x/d/b",
                       "cp config/processingjobconfig.json processing/output/x/config", "echo fine > output/message"});
  spec.inputs = {{.name = "code", .s3_uri = "s3://b/code/run.py", .local_path = "/opt/ml/processing/input/code"},
                 {.name = "raw", .s3_uri = "s3://b/data/raw.csv", .local_path = "/opt/ml/processing/input/"}};
  spec.outputs = {{"x", "s3://b/results/", "/opt/ml/processing/output/x/"}};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
  EXPECT_EQ(end.exit_message, "fine");
  EXPECT_EQ(get("results/a"), "rows");
  EXPECT_EQ(get("results/d/b"), "code");
  EXPECT_NE(get("results/config").find(R"("ProcessingJobName":"p")"), std::string::npos);
}

TEST_F(RunnerTest, ContinuousOutputsAreStoredWhileTheJobRuns) {
  // The job waits until the test has seen its output in the store.
  Spec spec = processing("p", {"echo 1 > processing/o/a", "while [ ! -e go ]; do sleep 0.01; done"});
  spec.outputs = {{"o", "s3://b/r", "/opt/ml/processing/o", UploadMode::kContinuous}};
  ASSERT_TRUE(runner_->start(spec));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!fs::exists(store_ / "b/r/a") && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(get("r/a"), "1\n");
  ASSERT_TRUE(write_file_atomically(options_.folder / "processing/p/algo-1/go", "", Durability::kNone));
  EXPECT_EQ(changes_.end_of("p").phase, Phase::kCompleted);
}

TEST_F(RunnerTest, KeysAreDealtOverTheInstancesInTheOrderOfTheirBytes) {
  for (const char* name : {"10", "2", "9", "a"}) put(std::string("in/").append(name).append(".csv"), name);
  Spec spec = training("t", {"ls input/data/c > model/$CURRENT_HOST"});
  spec.instance_count = 3;
  spec.inputs = {
      {.name = "c", .s3_uri = "s3://b/in/", .local_path = "", .distribution = Distribution::kShardedByS3Key}};
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_EQ(members("out/t/output/model.tar.gz"),
            (std::map<std::string, std::string>{
                {"algo-1", "10.csv\na.csv\n"}, {"algo-2", "2.csv\n"}, {"algo-3", "9.csv\n"}}));
}

TEST_F(RunnerTest, RecordsAreDealtCompletelyAndToOneInstanceEach) {
  std::string first, second;
  std::multiset<std::string> all;
  for (int i = 0; i < 5000; ++i) {
    const std::string line = std::to_string(i % 97) + "," + std::to_string(i);
    (i < 2000 ? first : second) += line + "\n";
    all.insert(line);
  }
  put("in/1.csv", "id,v\n" + first);
  put("in/2.csv", "id,v\n" + second.substr(0, second.size() - 1));  // The last line without its end.
  Spec spec = training("t", {"cat input/data/c/* > model/$CURRENT_HOST"});
  spec.instance_count = 4;
  Input input{.name = "c", .s3_uri = "s3://b/in/", .local_path = "", .distribution = Distribution::kShardedByRecord};
  input.content_type = "text/csv; header=present";
  for (const bool by_column : {false, true}) {
    spec.name = by_column ? "column" : "round";
    if (by_column) input.attributes = {"id"};
    spec.inputs = {input};
    const Change end = run(spec);
    EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
    std::multiset<std::string> seen;
    std::map<std::string, std::set<std::string>> instances_of_id;
    for (const auto& [host, text] : members(std::string("out/").append(spec.name).append("/output/model.tar.gz"))) {
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) {
        if (line == "id,v") continue;
        seen.insert(line);
        instances_of_id[line.substr(0, line.find(','))].insert(host);
      }
    }
    EXPECT_EQ(seen, all);
    if (!by_column) continue;
    for (const auto& [id, hosts] : instances_of_id) EXPECT_EQ(hosts.size(), 1U) << id;
  }
}

TEST_F(RunnerTest, AManifestNamesTheFiles) {
  put("x/1.csv", "1");
  put("x/d/2.csv", "2");
  put("x/3.csv", "3");
  put("manifest", R"([{"prefix": "s3://b/x/"}, "1.csv", "d/2.csv"])");
  Spec spec = training("t", {"cp -r input/data/c/* model"});
  spec.inputs = {{.name = "c", .s3_uri = "s3://b/manifest", .local_path = "", .data_type = DataType::kManifestFile}};
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_EQ(members("out/t/output/model.tar.gz"),
            (std::map<std::string, std::string>{{"1.csv", "1"}, {"d/2.csv", "2"}}));
}

TEST_F(RunnerTest, AManifestThatLeavesTheFolderFailsTheJobByName) {
  put("manifest", R"([{"prefix": "s3://b/x/"}, "../../../../escaped"])");
  Spec spec = training("t", {"true"});
  spec.inputs = {{.name = "c", .s3_uri = "s3://b/manifest", .local_path = "", .data_type = DataType::kManifestFile}};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_NE(end.failure_reason.find("'../../../../escaped'"), std::string::npos) << end.failure_reason;
  EXPECT_EQ(changes_.phases_of("t"), "Starting Downloading Failed");
}

TEST_F(RunnerTest, AnInputWithoutObjectsAndAMissingBucketAreNamed) {
  Spec spec = training("a", {"true"});
  spec.inputs = {{.name = "c", .s3_uri = "s3://b/nothing/", .local_path = ""}};
  EXPECT_NE(run(spec).failure_reason.find("no objects found under 's3://b/nothing/'"), std::string::npos);
  spec.name = "m";
  spec.inputs[0].s3_uri = "s3://missing/x";
  EXPECT_NE(run(spec).failure_reason.find("missing"), std::string::npos);
}

TEST_F(RunnerTest, DataIsReadAndStoredAsTheJobsRole) {
  put("in/a", "x");
  runner_.reset();
  NoAccess access;
  options_.access = &access;
  open();
  Spec spec = processing("p", {"true"});
  spec.role_arn = "r";
  spec.inputs = {{.name = "i", .s3_uri = "s3://b/in/", .local_path = "/opt/ml/processing/in"}};
  Change end = run(spec);
  EXPECT_EQ(end.failure_reason, "ClientError: Data download failed: input i: r is not authorized to open b");
  spec.name = "o";
  spec.inputs.clear();
  spec.outputs = {{"out", "s3://b/out", "/opt/ml/processing/out"}};
  EXPECT_NE(run(spec).failure_reason.find("r is not authorized to open b"), std::string::npos);
  spec = training("t", {"true"});
  spec.checkpoint.emplace().s3_uri = "s3://b/checkpoints";
  EXPECT_NE(run(spec).failure_reason.find("CheckpointConfig.S3Uri"), std::string::npos);
  spec.role_arn = "gone";
  EXPECT_EQ(refusal(spec), "Could not assume role gone.");
  runner_.reset();
}

TEST_F(RunnerTest, APlaceThatTwoInputsWantIsAnErrorThatNamesTheKey) {
  put("x/a", "1");
  put("y/a", "2");
  Spec spec = processing("p", {"true"});
  spec.inputs = {{.name = "x", .s3_uri = "s3://b/x/", .local_path = "/opt/ml/processing/i"},
                 {.name = "y", .s3_uri = "s3://b/y/", .local_path = "/opt/ml/processing/i"}};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_NE(end.failure_reason.find("'y/a': another input has put a file there"), std::string::npos)
      << end.failure_reason;
}

TEST_F(RunnerTest, WhatCannotWorkIsRefusedBeforeItStarts) {
  const Spec good = processing("p", {"true"});
  const auto with_input = [&](const std::string& path) {
    Spec spec = good;
    spec.inputs = {{.name = "i", .s3_uri = "s3://b/x", .local_path = path}};
    return refusal(spec);
  };
  for (const char* path : {"/etc", "/opt/ml/../../etc", "/opt/ml/processing/../config", "/opt/ml/config/x",
                           "processing/x", "/opt/ml", "/opt/ml/processing"})
    EXPECT_NE(with_input(path).find("LocalPath"), std::string::npos) << path << ": " << with_input(path);
  Spec spec = good;
  spec.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/nobody-knows:1";
  // What the catalog says of it, with what to add.
  EXPECT_NE(refusal(spec).find("nobody-knows"), std::string::npos) << refusal(spec);
  EXPECT_NE(refusal(spec).find("[[runtime]]"), std::string::npos) << refusal(spec);
  spec = good;
  spec.name = "../x";
  EXPECT_NE(refusal(spec).find("job name"), std::string::npos);
  spec = training("t", {"true"});
  spec.inputs = {{.name = "..", .s3_uri = "s3://b/x", .local_path = ""}};
  EXPECT_NE(refusal(spec).find("ChannelName"), std::string::npos);
  Input input{.name = "c", .s3_uri = "s3://b/x", .local_path = ""};
  const auto with_mode = [&](const char* mode, const char* wrapper, DataType type, bool gzip) {
    Spec refused = spec;
    refused.inputs = {input};
    refused.inputs[0].input_mode = mode;
    refused.inputs[0].record_wrapper = wrapper;
    refused.inputs[0].data_type = type;
    refused.inputs[0].gzip = gzip;
    return refusal(refused);
  };
  EXPECT_NE(with_mode("Stream", "None", DataType::kS3Prefix, false).find("expected File, Pipe"), std::string::npos);
  EXPECT_NE(with_mode("File", "RecordIO", DataType::kS3Prefix, false).find("Pipe"), std::string::npos);
  EXPECT_NE(with_mode("FastFile", "None", DataType::kS3Prefix, true).find("CompressionType"), std::string::npos);
  EXPECT_NE(with_mode("Pipe", "None", DataType::kAugmentedManifestFile, false).find("AttributeNames"),
            std::string::npos);
  spec.inputs = {};
  spec.checkpoint = Checkpoint{"s3://b/c", "/opt/ml/input/x"};
  EXPECT_NE(refusal(spec).find("CheckpointConfig.LocalPath"), std::string::npos);
  EXPECT_EQ(runner_->active(), 0U);
}

TEST_F(RunnerTest, ANameIsTakenWhileItsJobRuns) {
  ASSERT_TRUE(runner_->start(training("t", {"while [ ! -e go ]; do sleep 0.01; done"})));
  EXPECT_EQ(runner_->start(training("t", {"true"})).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(runner_->stop(Kind::kTraining, "t"));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kStopped);
}

TEST_F(RunnerTest, TheFailureFileAndTheExitCodeAreTheReason) {
  const Change end = run(training("t", {"printf 'no rows' > output/failure", "exit 7"}));
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_EQ(end.failure_reason, "AlgorithmError: no rows, algo-1, exit code: 7");
  EXPECT_FALSE(fs::exists(store_ / "b/out/t/output/model.tar.gz"));
}

TEST_F(RunnerTest, AReasonHasAtMost1024Characters) {
  const Change end = run(training("t", {"head -c 100000 /dev/zero | tr '\\0' x > output/failure; exit 1"}));
  EXPECT_LE(end.failure_reason.size(), 1024U);
  EXPECT_GT(end.failure_reason.size(), 800U);
}

TEST_F(RunnerTest, ASignalIsNamedAsTheReason) {
  EXPECT_EQ(run(training("t", {"kill -9 $$"})).failure_reason,
            "AlgorithmError: see the log stream of algo-1, algo-1 was ended by signal KILL, exit code: 137");
}

TEST_F(RunnerTest, OneFailedInstanceEndsTheOthers) {
  Spec spec = training("t", {"if [ $CURRENT_HOST = algo-2 ]; then exit 3; fi", "exec sleep 600"});
  spec.instance_count = 2;
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_NE(end.failure_reason.find("algo-2, exit code: 3"), std::string::npos) << end.failure_reason;
}

TEST_F(RunnerTest, AStoppedJobMayEndInOrderAndItsModelIsStored) {
  ASSERT_TRUE(runner_->start(
      training("t", {"trap 'echo saved > model/m; exit 0' TERM", "touch ready", "while :; do sleep 0.01; done"})));
  ASSERT_TRUE(changes_.wait_for("t", Phase::kTraining));
  const fs::path ready = options_.folder / "training/t/algo-1/ready";
  while (!fs::exists(ready)) std::this_thread::yield();
  ASSERT_TRUE(runner_->stop(Kind::kTraining, "t"));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kStopped);
  EXPECT_EQ(changes_.phases_of("t"), "Starting Downloading Training Stopping Stopped");
  EXPECT_EQ(members("out/t/output/model.tar.gz")["m"], "saved\n");
}

TEST_F(RunnerTest, AJobThatIgnoresSigtermIsKilledAfterTheGraceWithAllOfItsGroup) {
  runner_.reset();
  options_.grace = std::chrono::milliseconds(50);
  open();
  ASSERT_TRUE(runner_->start(training("t", {"trap '' TERM", "sleep 600 & echo $! > pid", "touch ready", "wait"})));
  const fs::path root = options_.folder / "training/t/algo-1";
  while (!fs::exists(root / "ready")) std::this_thread::yield();
  const int child = std::stoi(*read_file(root / "pid"));
  ASSERT_TRUE(runner_->stop(Kind::kTraining, "t"));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kStopped);
  // Whoever adopted it may take a moment to reap it: then it is a zombie.
  const std::string path = std::string("/proc/").append(std::to_string(child)).append("/stat");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  bool gone = false;
  while (!gone && std::chrono::steady_clock::now() < deadline) {
    const Result<std::string> state = read_file(path);
    gone = !state || state->find(") Z") != std::string::npos || state->find(") X") != std::string::npos;
  }
  EXPECT_TRUE(gone);
}

TEST_F(RunnerTest, AJobOverItsTimeIsEnded) {
  Spec spec = training("t", {"exec sleep 600"});
  spec.max_runtime = std::chrono::seconds(1);
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kMaxRuntimeExceeded);
  EXPECT_EQ(end.message, "Training job runtime exceeded MaxRuntimeInSeconds provided");
  EXPECT_TRUE(fs::exists(store_ / "b/out/t/output/model.tar.gz"));
}

TEST_F(RunnerTest, AJobThatWaitsInTheQueueIsStoppedAtOnce) {
  std::vector<std::string> forever{"exec sleep 600"};
  for (const char* name : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(runner_->start(training(name, forever)));
  ASSERT_TRUE(runner_->stop(Kind::kTraining, "e"));
  EXPECT_EQ(changes_.end_of("e").phase, Phase::kStopped);
  EXPECT_FALSE(changes_.end_of("e").started);
  for (const char* name : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(runner_->stop(Kind::kTraining, name));
    EXPECT_EQ(changes_.end_of(name).phase, Phase::kStopped);
  }
}

TEST_F(RunnerTest, NoMoreProcessesRunThanThereArePlaces) {
  const fs::path counter = folder_.path() / "count";
  fs::create_directories(counter);
  // Each process leaves how many were at work when it was.
  Spec spec = training(
      "t", {"touch " + counter.string() + "/$CURRENT_HOST", "ls " + counter.string() + " | wc -l > model/$CURRENT_HOST",
            "sleep 0.05", "rm " + counter.string() + "/$CURRENT_HOST"});
  spec.instance_count = 10;
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  const std::map<std::string, std::string> seen = members("out/t/output/model.tar.gz");
  EXPECT_EQ(seen.size(), 10U);
  for (const auto& [host, count] : seen) EXPECT_LE(std::stoi(count), 2) << host;
}

TEST_F(RunnerTest, LinesGoToTheLogWithTheirStreamAndMetricsAreRead) {
  Spec spec = training("t", {"echo loss=0.5; echo loss=0.25 >&2; printf 'no end'"});
  spec.metrics = {{"loss", "loss=([0-9.]+)"}};
  const Change end = run(spec);
  ASSERT_EQ(end.metrics.size(), 1U);
  EXPECT_EQ(end.metrics[0].value, 0.25);
  EXPECT_EQ(metrics_.values().at("loss"), (std::vector<double>{0.5, 0.25}));
  const auto lines = logs_.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines.begin()->first.starts_with("/aws/sagemaker/TrainingJobs t/algo-1-")) << lines.begin()->first;
  EXPECT_EQ(lines.begin()->second, (std::vector<std::string>{"loss=0.5", "loss=0.25", "no end"}));
}

TEST_F(RunnerTest, FiftyMegabytesOfLinesAndLinesOfAMegabyteArriveWhole) {
  const Change end = run(training("t", {"yes 0123456789012345678901234567890123456789012345678 | head -c 50000000",
                                        "head -c 1000000 /dev/zero | tr '\\0' x"}));
  EXPECT_EQ(end.phase, Phase::kCompleted);
  EXPECT_EQ(logs_.bytes(), 49'000'000U + 1'000'000U);
}

TEST_F(RunnerTest, CheckpointsAreStoredWhileTheJobRunsRestoredAndNotStoredAgain) {
  put("c/old", "before");
  struct stat before {};
  ASSERT_EQ(::stat((store_ / "b/c/old").c_str(), &before), 0);
  Spec spec = training("t", {"cp checkpoints/old model/found", "echo 1 > checkpoints/new",
                             "while [ ! -e go ]; do sleep 0.01; done", "echo 2 > checkpoints/new"});
  spec.checkpoint = Checkpoint{"s3://b/c/"};
  ASSERT_TRUE(runner_->start(spec));
  while (!fs::exists(store_ / "b/c/new")) std::this_thread::yield();
  EXPECT_EQ(get("c/new"), "1\n");
  ASSERT_TRUE(write_file_atomically(options_.folder / "training/t/algo-1/go", "", Durability::kNone));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kCompleted);
  EXPECT_EQ(get("c/new"), "2\n");
  EXPECT_EQ(members("out/t/output/model.tar.gz")["found"], "before");
  struct stat after {};
  ASSERT_EQ(::stat((store_ / "b/c/old").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST_F(RunnerTest, FilesOfHolesThatAreLongerThanTheVolumeAreNotStored) {
  Spec spec = training("t", {"truncate -s 600M checkpoints/a checkpoints/b"});
  spec.checkpoint = Checkpoint{"s3://b/c"};
  spec.volume_size_gb = 1;
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_EQ(end.failure_reason,
            "ClientError: Artifact upload failed: algo-1: checkpoints: the files are 1258291200 bytes long, holes "
            "included: VolumeSizeInGB allows 1 GB");
  EXPECT_FALSE(fs::exists(store_ / "b/c"));
  spec = training("u", {"truncate -s 1100M model/a"});
  spec.volume_size_gb = 1;
  EXPECT_NE(run(spec).failure_reason.find("model: the files are 1153433600 bytes long"), std::string::npos);
}

TEST_F(RunnerTest, LinksAndDevicesAreNotStoredButNamed) {
  ASSERT_TRUE(write_file_atomically(folder_.path() / "secret", "s", Durability::kNone));
  Spec spec = training("t", {"ln -s " + (folder_.path() / "secret").string() + " checkpoints/link",
                             "mkfifo checkpoints/pipe", "ln -s / checkpoints/root", "echo 1 > checkpoints/good",
                             "ln -s " + (folder_.path() / "secret").string() + " model/link"});
  spec.checkpoint = Checkpoint{"s3://b/c"};
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_EQ(get("c/good"), "1\n");
  EXPECT_FALSE(fs::exists(store_ / "b/c/link"));
  EXPECT_TRUE(members("out/t/output/model.tar.gz").empty());
  EXPECT_NE(logs_.text().find("link: a symbolic link"), std::string::npos) << logs_.text();
}

TEST_F(RunnerTest, AFailureFileThatIsALinkIsNotRead) {
  ASSERT_TRUE(write_file_atomically(folder_.path() / "secret", "secret", Durability::kNone));
  const Change end =
      run(training("t", {"ln -s " + (folder_.path() / "secret").string() + " output/failure", "exit 1"}));
  EXPECT_EQ(end.failure_reason.find("secret"), std::string::npos) << end.failure_reason;
}

TEST_F(RunnerTest, AFullDiskIsTheReason) {
  put("in/a", std::string(100'000, 'x'));
  runner_.reset();
  options_.free_bytes = UINT64_MAX / 2;
  open();
  Spec spec = training("t", {"true"});
  spec.inputs = {{.name = "c", .s3_uri = "s3://b/in/", .local_path = ""}};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_NE(end.failure_reason.find("disk full"), std::string::npos) << end.failure_reason;
}

TEST_F(RunnerTest, WhenTheRunnerClosesItsProcessesEndAndTheJobCanBeBegunAnew) {
  options_.closing = std::chrono::milliseconds(50);
  runner_.reset();
  open();
  Spec spec =
      training("t", {"echo $$ > checkpoints/pid", "[ -e checkpoints/go ] && exit 0", "touch ready", "exec sleep 600"});
  spec.checkpoint = Checkpoint{"s3://b/c"};
  ASSERT_TRUE(runner_->start(spec));
  const fs::path root = options_.folder / "training/t/algo-1";
  while (!fs::exists(root / "ready")) std::this_thread::yield();
  ASSERT_TRUE(changes_.wait_for("t", Phase::kTraining));
  const int process = std::stoi(*read_file(root / "checkpoints/pid"));
  runner_.reset();
  EXPECT_NE(::kill(process, 0), 0);
  EXPECT_EQ(changes_.phases_of("t"), "Starting Downloading Training");
  put("c/go", "");
  open();
  ASSERT_TRUE(runner_->start(spec, true));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kCompleted);
}

TEST_F(RunnerTest, AJournalOutlivesTheRunnerAndGoesWithTheJobsEnd) {
  options_.closing = std::chrono::milliseconds(50);
  runner_.reset();
  open();
  const Spec spec = training("t", {"mkdir -p $CHILIAD_JOURNAL", "[ -e $CHILIAD_JOURNAL/there ] && exit 0",
                                   "touch $CHILIAD_JOURNAL/there ready", "exec sleep 600"});
  const fs::path root = options_.folder / "training/t/algo-1";
  const auto begin = [&](bool resume) {
    ASSERT_TRUE(runner_->start(spec, resume));
    while (!fs::exists(root / "ready")) std::this_thread::yield();
    runner_.reset();
    open();
  };
  begin(false);
  // One of the same name that is not the same job finds nothing of it.
  begin(false);
  ASSERT_TRUE(runner_->start(spec, true));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kCompleted);
  EXPECT_FALSE(fs::exists(options_.folder / "journals/training/t"));
}

TEST_F(RunnerTest, ASecondRunnerInTheSameFolderIsRefused) {
  EXPECT_EQ(Runner::open(options_, {}, buckets_, logs_, metrics_, changes_).error().code, ErrorCode::kConflict);
}

std::string tiny(int i) { return std::string("t").append(std::to_string(i)); }

TEST_F(RunnerTest, AThousandTinyJobsAreQueuedAndRun) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(runner_->start(training(tiny(i), {"true"})));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(changes_.end_of(tiny(i)).phase, Phase::kCompleted) << i;
}

}  // namespace
}  // namespace chiliad::job
