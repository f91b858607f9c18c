// Jobs of the built-in images from the object store and back, with this program's own binary as the process.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <thread>

#include "archive/archive.h"
#include "base/time.h"
#include "job/job.h"
#include "job/runner_under_test.h"
#include "prepare/shard.h"
#include "runtime/catalog.h"
#include "train/train.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

// Built into the same folder as this test, and before it.
fs::path binary() { return fs::read_symlink("/proc/self/exe").parent_path() / "chiliad"; }

class NativeJobs : public testing::Test {
 protected:
  NativeJobs() {
    fs::create_directories(store_ / "b/data");
    options_.folder = folder_.path() / "jobs";
    options_.instances = 4;
    options_.free_bytes = 0;
    options_.sync_pause = std::chrono::milliseconds(50);
    open();
  }
  void open() {
    std::vector<std::unique_ptr<job::Runtime>> runtimes;
    runtimes.push_back(job::native_runtime(catalog_, binary()));
    runner_ = *job::Runner::open(options_, std::move(runtimes), buckets_, logs_, metrics_, changes_);
  }
  void put(const std::string& key, const std::string& bytes) {
    fs::create_directories((store_ / "b" / key).parent_path());
    ASSERT_TRUE(write_file_atomically(store_ / "b" / key, bytes, Durability::kNone));
  }
  std::string get(const std::string& key) {
    Result<std::string> bytes = read_file(store_ / "b" / key);
    return bytes ? *bytes : std::string("no bytes: ").append(bytes.error().message);
  }
  static std::string rows(int customer, const std::string& before) {
    std::string text;
    for (int day = 0; day < 60; ++day) {
      text.append(before).append(format_instant(Instant(std::chrono::hours(24 * (19'000 + day))))).append(",");
      text.append(std::to_string(100 + customer + day * 0.5 + 10 * std::sin(day * 0.9))).append("\n");
    }
    return text;
  }
  void put_customers(int count) {
    for (int i = 0; i < count; ++i) put(std::string("data/").append(std::to_string(i)).append(".csv"), rows(i, ""));
  }
  static job::Spec training(const std::string& name, int instances) {
    job::Spec spec;
    spec.kind = job::Kind::kTraining;
    spec.name = name;
    spec.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:latest";
    spec.instance_count = instances;
    spec.inputs = {{.name = "training", .s3_uri = "s3://b/data", .local_path = ""}};
    spec.inputs[0].distribution = job::Distribution::kShardedByS3Key;
    spec.output_path = "s3://b/out";
    spec.checkpoint = job::Checkpoint{"s3://b/models/"};
    return spec;
  }
  job::Change run(const job::Spec& spec) {
    Result<Done> started = runner_->start(spec);
    EXPECT_TRUE(started) << started.error().message;
    return changes_.end_of(spec.name);
  }
  std::set<std::string> names(const std::string& prefix) {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(store_ / "b" / prefix))
      out.insert(entry.path().filename().string());
    return out;
  }
  // What `chiliad train` makes of the same rows.
  void expect_models_of_train(int count) {
    const train::SeriesSource source = *train::SeriesSource::open((store_ / "b/data").string());
    const std::unique_ptr<store::ObjectStore> models = *store::open_folder(folder_.path() / "models");
    train::Journal journal = *train::Journal::open(folder_.path() / "state", 1, 1);
    const std::atomic<bool> stop{false};
    const train::TrainSummary summary = train::train(source, *models, journal, {}, stop, [](const auto&) {});
    ASSERT_EQ(summary.trained, static_cast<std::uint64_t>(count));
    EXPECT_EQ(names("models").size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i) + ".tar.gz";
      EXPECT_EQ(get("models/" + name), *read_file(folder_.path() / "models" / name)) << name;
    }
  }

  const runtime::Catalog catalog_ = runtime::Catalog::built_in();
  TempFolder folder_ = *TempFolder::make();
  fs::path store_ = folder_.path() / "store";
  job::RunnerOptions options_;
  job::FolderBuckets buckets_{store_};
  job::KeptLines logs_;
  job::KeptMetrics metrics_;
  job::KeptChanges changes_;
  std::unique_ptr<job::Runner> runner_;
};

TEST_F(NativeJobs, TenInstancesMakeTheModelsThatOneTrainMakes) {
  put_customers(100);
  job::Spec spec = training("t", 10);
  spec.metrics = {{"trained", "trained=([0-9]+)"}};
  const job::Change end = run(spec);
  EXPECT_EQ(end.phase, job::Phase::kCompleted) << end.failure_reason;
  expect_models_of_train(100);
  EXPECT_EQ(logs_.lines().size(), 10U);
  EXPECT_EQ(metrics_.values().at("trained"), std::vector<double>(10, 10.0));
  const auto output = *archive::read_archive(get("out/t/output/output.tar.gz"));
  EXPECT_EQ(output.size(), 20U);  // A report and a summary an instance.
  EXPECT_FALSE(fs::exists(options_.folder / "training/t"));
}

TEST_F(NativeJobs, ATableSplitByAProcessingJobIsTrained) {
  std::string table = "customer_id,timestamp,consumption\n";
  for (int i = 0; i < 5; ++i) table += rows(i, std::to_string(i) + ",");
  put("raw/energy.csv", table);
  job::Spec spec;
  spec.kind = job::Kind::kProcessing;
  spec.name = "p";
  spec.image = "x/chiliad-split";
  spec.inputs = {{.name = "raw", .s3_uri = "s3://b/raw/energy.csv", .local_path = "/opt/ml/processing/input/"}};
  spec.outputs = {{"customers", "s3://b/data", "/opt/ml/processing/output/customers/"}};
  const job::Change end = run(spec);
  ASSERT_EQ(end.phase, job::Phase::kCompleted) << end.failure_reason;
  EXPECT_EQ(get("data/3.csv"), rows(3, ""));
  EXPECT_EQ(run(training("t", 2)).phase, job::Phase::kCompleted);
  expect_models_of_train(5);
}

TEST_F(NativeJobs, RecordsDealtByTheCustomersColumnMakeWholeModels) {
  std::string table = "customer_id,timestamp,consumption\n";
  for (int i = 0; i < 12; ++i) {
    table += rows(i, std::to_string(i) + ",");
    put(std::string("data/").append(std::to_string(i)).append(".csv"), rows(i, ""));
  }
  put("raw/all.csv", table);
  job::Spec spec = training("t", 3);
  spec.inputs[0].s3_uri = "s3://b/raw/";
  spec.inputs[0].distribution = job::Distribution::kShardedByRecord;
  spec.inputs[0].content_type = "text/csv; header=present";
  spec.inputs[0].attributes = {"customer_id"};
  const job::Change end = run(spec);
  EXPECT_EQ(end.phase, job::Phase::kCompleted) << end.failure_reason;
  EXPECT_EQ(names("models").size(), 12U);
  for (int i = 0; i < 12; ++i) {
    // The same values in other files: the same model but for what the archive says of its making.
    EXPECT_FALSE(archive::read_member(get("models/" + std::to_string(i) + ".tar.gz"), "model.json")->empty());
  }
}

TEST_F(NativeJobs, AFailureNamesInstanceAndCause) {
  put_customers(2);
  job::Spec spec = training("t", 1);
  spec.hyperparameters = {{"growth", "\"sideways\""}};
  const job::Change end = run(spec);
  EXPECT_EQ(end.phase, job::Phase::kFailed);
  EXPECT_EQ(
      end.failure_reason,
      "AlgorithmError: prophet: Parameter \"growth\" should be \"linear\", \"logistic\" or \"flat\"., algo-1, exit "
      "code: 1");
}

TEST_F(NativeJobs, AStoppedJobStoresWhatIsTrainedAndTheNextFinishesIt) {
  put_customers(400);
  job::Spec spec = training("t", 1);
  spec.hyperparameters = {{"yearly_seasonality", "true"}, {"threads", "1"}};
  ASSERT_TRUE(runner_->start(spec));
  ASSERT_TRUE(changes_.wait_for("t", job::Phase::kTraining));
  static_cast<void>(static_cast<bool>(runner_->stop(job::Kind::kTraining, "t")));
  EXPECT_NE(changes_.end_of("t").phase, job::Phase::kFailed);
  spec.name = "u";
  EXPECT_EQ(run(spec).phase, job::Phase::kCompleted);
  EXPECT_EQ(names("models").size(), 400U);
}

TEST_F(NativeJobs, AClosedRunnersJobIsTakenUpByTheNext) {
  put_customers(300);
  job::Spec spec = training("t", 4);
  ASSERT_TRUE(runner_->start(spec));
  ASSERT_TRUE(changes_.wait_for("t", job::Phase::kTraining));
  runner_.reset();
  open();
  if (changes_.phases_of("t").ends_with("Training")) {
    ASSERT_TRUE(runner_->start(spec, true));
    EXPECT_EQ(changes_.end_of("t").phase, job::Phase::kCompleted);
  }
  expect_models_of_train(300);
}

}  // namespace
}  // namespace chiliad::app
