// The algorithms in folders that play /opt/ml.

#include "algorithm/algorithm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/file.h"
#include "base/time.h"
#include "store/object_store.h"
#include "train/stored_model.h"
#include "train/train.h"

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;

class AlgorithmTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& bytes) {
    fs::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(write_file_atomically(root_ / name, bytes, Durability::kNone));
  }
  std::string get(const std::string& name) {
    Result<std::string> bytes = read_file(root_ / name);
    return bytes ? *bytes : std::string("no bytes: ").append(bytes.error().message);
  }
  // A hundred days of a customer, with a header where there is an id.
  static std::string rows(int customer, bool with_id, int first = 0, int count = 100) {
    std::string text;
    for (int day = first; day < first + count; ++day) {
      const Instant when = Instant(std::chrono::hours(24 * (19'000 + day)));
      if (with_id) text.append(std::to_string(customer)).append(",");
      text.append(format_instant(when)).append(",");
      text.append(std::to_string(100 + customer + day * 0.5 + 10 * std::sin(day * 0.9))).append("\n");
    }
    return text;
  }
  void instance(int index, int count, const std::string& config, const std::string& body) {
    std::string hosts;
    for (int i = 1; i <= count; ++i)
      hosts.append(i > 1 ? "," : "").append("\"algo-").append(std::to_string(i)).append("\"");
    put(config + "/resourceconfig.json", std::string("{\"current_host\":\"algo-")
                                             .append(std::to_string(index + 1))
                                             .append("\",\"hosts\":[")
                                             .append(hosts)
                                             .append("]}"));
    put(config == "config" ? "config/processingjobconfig.json" : "input/config/inputdataconfig.json", body);
  }
  int run_it(const std::string& name) { return run(name, root_, stop_); }
  std::vector<std::string> names(const std::string& folder) {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(root_ / folder)) out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }

  TempFolder folder_ = *TempFolder::make();
  fs::path root_ = folder_.path();
  std::atomic<bool> stop_{false};
};

TEST_F(AlgorithmTest, SplitWritesAFileACustomerOfAllTables) {
  put("processing/input/a.csv", "customer_id,timestamp,consumption\n" + rows(8, true));
  put("processing/input/b.csv", "customer_id,timestamp,consumption\n" + rows(9, true) + rows(8, true, 100, 1));
  put("processing/input/code/x.py", "no table");
  put("config/processingjobconfig.json",
      R"({"ProcessingInputs":[{"InputName":"code","S3Input":{"LocalPath":"/opt/ml/processing/input/code"}},)"
      R"({"InputName":"raw","S3Input":{"LocalPath":"/opt/ml/processing/input/"}}],)"
      R"("ProcessingOutputConfig":{"Outputs":[{"OutputName":"o","S3Output":{"LocalPath":"/opt/ml/processing/output/o/"}}]}})");
  ASSERT_EQ(run_it("split"), 0) << get("output/failure");
  EXPECT_EQ(names("processing/output/o"), (std::vector<std::string>{"8.csv", "9.csv"}));
  EXPECT_EQ(get("processing/output/o/8.csv"), rows(8, false, 0, 101));
  EXPECT_FALSE(fs::exists(root_ / "tmp"));
}

TEST_F(AlgorithmTest, SplitNamesABadRowInTheFailureFile) {
  put("processing/input/a.csv", "1,2022-01-01,1\n1,never,1\n");
  put("config/processingjobconfig.json", "{}");
  EXPECT_EQ(run_it("split"), 1);
  EXPECT_NE(get("output/failure").find("a.csv:2"), std::string::npos) << get("output/failure");
}

TEST_F(AlgorithmTest, SplitWithoutAnInputSaysWhatIsMissing) {
  put("config/processingjobconfig.json", "{}");
  EXPECT_EQ(run_it("split"), 1);
  EXPECT_EQ(get("output/failure"), "split: expected an input with tables (ProcessingInputs), found none");
}

TEST_F(AlgorithmTest, PathsAreToldAsTheContractHasThem) {
  put("input/data/training/1.csv", rows(1, false));
  put("input/data/training/2.csv", "2022-01-01,1\n2022-13-01,2\n");
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_it("prophet"), 0) << get("output/failure");
  const std::string log = testing::internal::GetCapturedStdout();
  const std::string wanted = "/opt/ml/input/data/training/2.csv:2: ";
  EXPECT_NE(log.find("failed: " + wanted), std::string::npos) << log;
  const std::string report = get("output/data/report-algo-1.csv");
  EXPECT_NE(report.find("2,failed," + wanted), std::string::npos) << report;
  EXPECT_EQ((log + report).find(root_.string()), std::string::npos) << log << report;
  fs::remove(root_ / "input/data/training/1.csv");
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_NE(get("output/failure").find(wanted), std::string::npos) << get("output/failure");
  EXPECT_EQ(get("output/failure").find(root_.string()), std::string::npos) << get("output/failure");
}

TEST_F(AlgorithmTest, SplitRefusesTablesThatAreDealtSoThatACustomerMayLieTwice) {
  put("processing/input/a.csv", rows(8, true));
  instance(0, 2, "config",
           R"({"ProcessingInputs":[{"InputName":"raw","S3Input":{"LocalPath":"/opt/ml/processing/input",)"
           R"("S3DataDistributionType":"ShardedByS3Key"}}]})");
  EXPECT_EQ(run_it("split"), 1);
  EXPECT_NE(get("output/failure").find("AttributeNames"), std::string::npos) << get("output/failure");
}

TEST_F(AlgorithmTest, SplitOfReplicatedTablesKeepsThisInstancesCustomers) {
  put("processing/input/a.csv", rows(1, true) + rows(2, true) + rows(3, true));
  instance(1, 2, "config",
           R"({"ProcessingInputs":[{"InputName":"raw","S3Input":{"LocalPath":"/opt/ml/processing/input"}}]})");
  ASSERT_EQ(run_it("split"), 0) << get("output/failure");
  EXPECT_EQ(names("processing/output"), (std::vector<std::string>{"2.csv"}));
}

TEST_F(AlgorithmTest, ProphetMakesTheArchivesThatTrainMakes) {
  for (int customer : {1, 2, 3}) put("input/data/training/" + std::to_string(customer) + ".csv", rows(customer, false));
  put("input/config/hyperparameters.json", R"({"weekly_seasonality": "true", "holdout": "7", "threads": "2"})");
  fs::create_directories(root_ / "checkpoints");
  ASSERT_EQ(run_it("prophet"), 0) << get("output/failure");
  EXPECT_EQ(names("checkpoints"), (std::vector<std::string>{"1.tar.gz", "2.tar.gz", "3.tar.gz"}));

  train::TrainOptions options;
  options.prophet.weekly_seasonality = {forecast::SeasonalityChoice::Kind::kOn, 0};
  options.holdout = 7;
  const train::SeriesSource source = *train::SeriesSource::open((root_ / "input/data/training").string());
  const std::unique_ptr<store::ObjectStore> models = *store::open_folder(root_ / "models");
  train::Journal journal = *train::Journal::open(root_ / "state", 1, 1);
  const train::TrainSummary summary = train::train(source, *models, journal, options, stop_, [](const auto&) {});
  ASSERT_EQ(summary.trained, 3U);
  for (const char* name : {"1.tar.gz", "2.tar.gz", "3.tar.gz"})
    EXPECT_EQ(get(std::string("checkpoints/") + name), get(std::string("models/") + name)) << name;
  EXPECT_NE(get("output/data/summary-algo-1.json").find("\"trained\":3"), std::string::npos);
  EXPECT_NE(get("output/data/report-algo-1.csv").find("\n3,trained"), std::string::npos)
      << get("output/data/report-algo-1.csv");
}

TEST_F(AlgorithmTest, ProphetTrainsTablesAndSharesReplicatedOnes) {
  put("input/data/train/all.csv", rows(1, true) + rows(2, true) + rows(3, true));
  instance(0, 2, "input/config", R"({"train":{"S3DistributionType":"FullyReplicated"}})");
  ASSERT_EQ(run_it("prophet"), 0) << get("output/failure");
  EXPECT_EQ(names("model"), (std::vector<std::string>{"1.tar.gz", "3.tar.gz"}));
}

TEST_F(AlgorithmTest, ProphetRefusesRecordsThatSplitACustomer) {
  put("input/data/train/all.csv", rows(1, true));
  instance(0, 2, "input/config", R"({"train":{"S3DistributionType":"ShardedByRecord"}})");
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_NE(get("output/failure").find("AttributeNames"), std::string::npos) << get("output/failure");
  instance(0, 2, "input/config", R"({"train":{"S3DistributionType":"ShardedByRecord","AttributeNames":["1"]}})");
  EXPECT_EQ(run_it("prophet"), 0) << get("output/failure");
}

TEST_F(AlgorithmTest, ProphetLeavesArchivesAloneThatAreThereAlready) {
  put("input/data/training/1.csv", rows(1, false));
  fs::create_directories(root_ / "checkpoints");
  ASSERT_EQ(run_it("prophet"), 0);
  const auto before = fs::last_write_time(root_ / "checkpoints/1.tar.gz");
  ASSERT_EQ(run_it("prophet"), 0);
  EXPECT_EQ(fs::last_write_time(root_ / "checkpoints/1.tar.gz"), before);
}

TEST_F(AlgorithmTest, ProphetGoesOnFromAJournalThatCameBackWithTheCheckpoints) {
  put("input/data/training/1.csv", rows(1, false));
  put("input/config/hyperparameters.json", R"({"resume_journal": "true"})");
  fs::create_directories(root_ / "checkpoints");
  ASSERT_EQ(run_it("prophet"), 0) << get("output/failure");
  // As restoring does it: other files of the same bytes.
  fs::rename(root_ / "checkpoints", root_ / "old");
  fs::copy(root_ / "old", root_ / "checkpoints", fs::copy_options::recursive);
  ASSERT_EQ(run_it("prophet"), 0) << get("output/failure");
  EXPECT_NE(get("output/data/summary-algo-1.json").find("\"trained\":0,\"kept\":1"), std::string::npos)
      << get("output/data/summary-algo-1.json");
}

TEST_F(AlgorithmTest, ProphetBegunAgainFitsWhatDidNotComeBackWithTheCheckpoints) {
  for (int customer : {1, 2, 3}) put("input/data/training/" + std::to_string(customer) + ".csv", rows(customer, false));
  fs::create_directories(root_ / "checkpoints");
  const TempFolder lasting = *TempFolder::make();
  ASSERT_EQ(run("prophet", root_, stop_, lasting.path() / "t"), 0) << get("output/failure");
  EXPECT_EQ(names("checkpoints"), (std::vector<std::string>{"1.tar.gz", "2.tar.gz", "3.tar.gz"}));
  // The third was recorded and had not reached the object store; files that come back are other ones of the same bytes.
  fs::rename(root_ / "checkpoints", root_ / "old");
  fs::copy(root_ / "old", root_ / "checkpoints");
  fs::remove(root_ / "checkpoints/3.tar.gz");
  ASSERT_EQ(run("prophet", root_, stop_, lasting.path() / "t"), 0) << get("output/failure");
  EXPECT_NE(get("output/data/summary-algo-1.json").find("\"trained\":1,\"kept\":2"), std::string::npos)
      << get("output/data/summary-algo-1.json");
  EXPECT_EQ(names("checkpoints"), (std::vector<std::string>{"1.tar.gz", "2.tar.gz", "3.tar.gz"}));
}

TEST_F(AlgorithmTest, ProphetFailsWithTheReasonWhereNoSeriesCanBeTrained) {
  put("input/data/training/1.csv", "2022-01-01,1\n");
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_NE(get("output/failure").find("no series could be trained; the first: "), std::string::npos)
      << get("output/failure");
}

TEST_F(AlgorithmTest, ProphetNamesAHyperparameterThatIsNone) {
  put("input/data/training/1.csv", rows(1, false));
  put("input/config/hyperparameters.json", R"({"grwoth": "linear"})");
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_NE(get("output/failure").find("'grwoth' is no setting here"), std::string::npos) << get("output/failure");
}

TEST_F(AlgorithmTest, ProphetSaysWhyThereAreNoModelsOfRegressors) {
  put("input/data/training/1.csv", rows(1, false));
  put("input/config/hyperparameters.json", R"({"regressor_predictor": "temp"})");
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_NE(get("output/failure").find("regressor_predictor temp: the model that forecasts a regressor is not part of"),
            std::string::npos)
      << get("output/failure");
}

TEST_F(AlgorithmTest, ProphetGivesSingleCustomersTheOptionsOfAFile) {
  for (const int customer : {1, 2})
    put("input/data/training/" + std::to_string(customer) + ".csv", rows(customer, false));
  put("input/data/options/fleet.toml",
      "growth = 'linear'\n[[series]]\nid = 2\ngrowth = 'flat'\nholidays = '/opt/ml/input/data/options/h.csv'\n"
      "[[series]]\nid = 3\n");
  put("input/data/options/h.csv", "holiday,ds\nfair,2022-03-01\n");
  put("input/config/hyperparameters.json",
      R"({"options":"/opt/ml/input/data/options/fleet.toml","n_changepoints":"3","resume_journal":"true"})");
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_it("prophet"), 0) << get("output/failure");
  const std::string log = testing::internal::GetCapturedStdout();
  EXPECT_NE(log.find("note: /opt/ml/input/data/options/fleet.toml:6: [[series]] with id '3' names no series"),
            std::string::npos)
      << log;
  const auto state = [&](const std::string& id) {
    const auto models = *store::open_folder(root_ / "model");
    return train::load_model(*models, id, forecast::KeepHistory::kNo, Deadline::max())->state();
  };
  EXPECT_EQ(state("1").options.growth, forecast::Growth::kLinear);
  EXPECT_EQ(state("1").options.n_changepoints, 3);
  EXPECT_EQ(state("1").train_holiday_names.size(), 0u);
  EXPECT_EQ(state("2").options.growth, forecast::Growth::kFlat);
  EXPECT_EQ(state("2").train_holiday_names, (std::vector<std::string>{"fair"}));
}

TEST_F(AlgorithmTest, FilesOfOptionsLieBelowTheContractsFolder) {
  put("input/data/training/1.csv", rows(1, false));
  put("input/config/hyperparameters.json", R"({"options":"/etc/hostname"})");
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_EQ(get("output/failure"), "prophet: options: expected a path below /opt/ml, found '/etc/hostname'");
  put("input/data/options/fleet.toml", "holidays = '/etc/passwd'\n");
  put("input/config/hyperparameters.json", R"({"options":"/opt/ml/input/data/options/fleet.toml"})");
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_EQ(
      get("output/failure"),
      "prophet: --options: /opt/ml/input/data/options/fleet.toml:1: holidays: expected a path below /opt/ml, found "
      "'/etc/passwd'");
}

TEST_F(AlgorithmTest, AStoppedRunSaysSo) {
  put("input/data/training/1.csv", rows(1, false));
  stop_ = true;
  EXPECT_EQ(run_it("prophet"), 1);
  EXPECT_NE(get("output/failure").find("stopped by a signal"), std::string::npos);
}

class EvaluateTest : public AlgorithmTest {
 protected:
  void inputs(const std::vector<std::string>& names, const std::string& arguments = "[]") {
    std::string body = R"({"AppSpecification":{"ContainerArguments":)" + arguments + R"(},"ProcessingInputs":[)";
    for (const std::string& name : names) {
      body.append(&name == &names.front() ? "" : ",").append(R"({"InputName":")").append(name);
      body.append(R"(","S3Input":{"LocalPath":"/opt/ml/processing/)").append(name).append("\"}}");
    }
    put("config/processingjobconfig.json", body + "]}");
  }
};

TEST_F(EvaluateTest, StoredModelsAreMeasuredOnTheRowsAfterTheirHistory) {
  put("input/data/training/1.csv", rows(1, false, 0, 93));
  ASSERT_EQ(run_it("prophet"), 0) << get("output/failure");
  fs::create_directories(root_ / "processing");
  fs::rename(root_ / "model", root_ / "processing/models");
  put("processing/rows/1.csv", rows(1, false));
  inputs({"models", "rows"});
  ASSERT_EQ(run_it("evaluate"), 0) << get("output/failure");
  EXPECT_NE(get("processing/output/evaluation.json").find(R"("mode":"models","series":1,"failed":0,"model":{"smape":)"),
            std::string::npos)
      << get("processing/output/evaluation.json");
}

TEST_F(EvaluateTest, StoredModelsAreMeasuredOnRowsThatBeginAfterTheirHistory) {
  put("input/data/training/1.csv", rows(1, false, 0, 93));
  ASSERT_EQ(run_it("prophet"), 0) << get("output/failure");
  fs::create_directories(root_ / "processing");
  fs::rename(root_ / "model", root_ / "processing/models");
  put("processing/rows/1.csv", rows(1, false, 93, 7));
  inputs({"models", "rows"});
  ASSERT_EQ(run_it("evaluate"), 0) << get("output/failure");
  const std::string json = get("processing/output/evaluation.json");
  EXPECT_NE(json.find(R"("mode":"models","series":1,"failed":0,"model":{"smape":)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("seasonal_naive":{"smape":null)"), std::string::npos) << json;
}

TEST_F(EvaluateTest, AHoldoutIsMeasuredOnTables) {
  put("processing/rows/all.csv", rows(1, true) + rows(2, true));
  inputs({"rows"},
         R"(["--holdout", "7", "--weekly-seasonality", "true", "--growth", "flat", "--add-seasonality", "m:30.5:2"])");
  ASSERT_EQ(run_it("evaluate"), 0) << get("output/failure");
  EXPECT_NE(get("processing/output/evaluation.json").find(R"("mode":"holdout","series":2)"), std::string::npos)
      << get("processing/output/evaluation.json");
}

TEST_F(EvaluateTest, CapturedForecastsAreComparedWithWhatCame) {
  // Forecasts of 10 and 20 where 11 and 20 came, the bounds around the second alone; and one of a day without a value.
  put("processing/actual/8.csv", "2022-01-01,11\n2022-01-02,20\n");
  put("processing/captured/AllTraffic/2022/x.jsonl",
      R"({"captureData":{"endpointOutput":{"data":"{\"ds\":{\"0\":1640995200000,\"1\":1641081600000,\"2\":1641168000000},)"
      R"(\"yhat\":{\"0\":10,\"1\":20,\"2\":5},\"yhat_lower\":{\"0\":9,\"1\":19,\"2\":4},\"yhat_upper\":{\"0\":10.5,\"1\":21,\"2\":6}}",)"
      R"("encoding":"JSON"}},"eventMetadata":{"targetModel":"8.tar.gz"}})"
      "\nnot a line\n");
  inputs({"captured", "actual"});
  ASSERT_EQ(run_it("evaluate"), 0) << get("output/failure");
  const std::string json = get("processing/output/evaluation.json");
  EXPECT_NE(json.find(R"("mode":"captured","series":1,"failed":0)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("mae":0.5,)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("coverage":0.5})"), std::string::npos) << json;
}

TEST_F(EvaluateTest, AModelNameThatIsAPathReadsNoFile) {
  put("processing/actual/8.csv", "2022-01-01,11\n");
  put("secret.csv", "2022-01-01,11\n");
  put("processing/captured/x.jsonl",
      R"({"captureData":{"endpointOutput":{"data":"{\"ds\":{\"0\":1640995200000},\"yhat\":{\"0\":10}}"}},)"
      R"("eventMetadata":{"targetModel":"../../secret.tar.gz"}})"
      "\n");
  inputs({"captured", "actual"});
  EXPECT_EQ(run_it("evaluate"), 1);
  EXPECT_NE(get("output/failure").find("no series of this name"), std::string::npos) << get("output/failure");
}

TEST_F(EvaluateTest, WhatIsToBeComparedMustBeClear) {
  put("processing/rows/1.csv", rows(1, false));
  inputs({"rows"});
  EXPECT_EQ(run_it("evaluate"), 1);
  EXPECT_NE(get("output/failure").find("expected one of"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::algorithm
