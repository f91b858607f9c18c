#include "train/train.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>

#include "archive/gzip.h"
#include "base/hash.h"
#include "base/number.h"
#include "forecast/calendar_state.h"
#include "forecast/stored_form.h"
#include "forecast/sufficient_statistics.h"
#include "train/evaluate_fleet.h"
#include "train/fit_series.h"
#include "train/forecast_fleet.h"
#include "train/stored_model.h"

namespace chiliad::train {
namespace {

namespace fs = std::filesystem;

// Daily rows with a weekly wave and a trend of the series' own.
std::string series_text(int number, int rows) {
  std::string text;
  const Instant start = *parse_instant("2022-01-01");
  for (int i = 0; i < rows; ++i) {
    text += format_instant(start + std::chrono::days(i)) + ",";
    const double noise = static_cast<double>(content_hash(std::to_string(number * 100'003 + i)) % 1000) / 1000;
    append_repr(text, 100 + number + 0.05 * i * (number % 5) + 10 * std::sin(i * 2 * 3.14159265358979 / 7) + 3 * noise);
    text += "\n";
  }
  return text;
}

class TrainTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(data()); }

  fs::path data() const { return temp_->path() / "data"; }
  fs::path models(const std::string& name = "models") const { return temp_->path() / name; }

  void put(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(write_file_atomically(data() / (name + ".csv"), text, Durability::kNone));
  }
  void put_fleet(int count, int rows = 60) const {
    for (int i = 0; i < count; ++i) put(std::to_string(i), series_text(i, rows + i % 3));
  }

  static TrainOptions options(int threads = 2) {
    TrainOptions result;
    result.threads = threads;
    result.holdout = 7;
    result.prophet.n_changepoints = 5;
    return result;
  }

  // One run into models(name); the reports land in reports_ by customer, in the order they came in order_.
  TrainSummary run(const TrainOptions& options, const std::string& name = "models", prepare::Shard shard = {}) {
    Result<SeriesSource> source = SeriesSource::open(data().string(), shard);
    EXPECT_TRUE(source) << source.error().message;
    Result<std::unique_ptr<store::ObjectStore>> store = store::open_folder(models(name));
    EXPECT_TRUE(store) << store.error().message;
    Result<Journal> journal = Journal::open(models(name) / ".chiliad-train", static_cast<int>(shard.index) + 1,
                                            static_cast<int>(shard.count));
    EXPECT_TRUE(journal) << journal.error().message;
    reports_.clear();
    order_.clear();
    return train(*source, **store, *journal, options, stop_, [&](const SeriesReport& report) {
      reports_[report.customer_id] = report;
      order_.push_back(report.customer_id);
      if (order_.size() == stop_after_) stop_ = true;
    });
  }

  // The bytes of all archives by name.
  std::map<std::string, std::string> archives(const std::string& name = "models") const {
    std::map<std::string, std::string> result;
    for (const auto& file : fs::directory_iterator(models(name))) {
      if (file.is_regular_file()) result[file.path().filename().string()] = *read_file(file.path());
    }
    return result;
  }

  Result<TempFolder> temp_ = TempFolder::make();
  std::atomic<bool> stop_{false};
  std::size_t stop_after_ = SIZE_MAX;
  std::map<std::string, SeriesReport> reports_;
  std::vector<std::string> order_;
};

TEST_F(TrainTest, MakesOneReadableArchiveASeries) {
  put_fleet(3);
  const TrainSummary summary = run(options());
  EXPECT_EQ(summary.end, TrainEnd::kComplete);
  EXPECT_EQ(summary.trained, 3u);
  const auto stored = archives();
  ASSERT_EQ(stored.size(), 3u);
  for (const auto& [name, bytes] : stored) {
    Result<forecast::FittedModel> model = read_stored_model(bytes, forecast::KeepHistory::kYes);
    ASSERT_TRUE(model) << name << ": " << model.error().message;
    EXPECT_TRUE(model->state().history);
  }
  EXPECT_EQ(reports_["1"].rows, 54u);
  EXPECT_EQ(reports_["1"].holdout_rows, 7u);
  EXPECT_LT(*reports_["1"].holdout.mae, 5);
  EXPECT_TRUE(reports_["1"].naive.mae);
  EXPECT_LT(*reports_["1"].optimality_residual, 1e-9);
}

TEST_F(TrainTest, NumberOfThreadsChangesNoByte) {
  put_fleet(40);
  run(options(1), "one");
  const std::vector<std::string> order = order_;
  run(options(8), "eight");
  EXPECT_EQ(archives("one"), archives("eight"));
  EXPECT_EQ(order, order_);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(TrainTest, NumberOfThreadsChangesNoByteOfSampledModels) {
  put_fleet(6);
  TrainOptions sampled = options(1);
  sampled.prophet.n_changepoints = 3;
  const std::uint64_t of_modes = options_hash(sampled);
  sampled.prophet.mcmc_samples = 40;
  EXPECT_NE(options_hash(sampled), of_modes);
  run(sampled, "one");
  sampled.threads = 8;
  run(sampled, "eight");
  EXPECT_EQ(archives("one"), archives("eight"));
  EXPECT_TRUE(read_stored_model(archives("one")["1.tar.gz"], forecast::KeepHistory::kNo)->state().draws);
}

TEST_F(TrainTest, ShardsTogetherMakeWhatOneRunMakes) {
  put_fleet(11);
  run(options(), "whole");
  std::uint64_t trained = 0;
  for (std::size_t i = 0; i < 3; ++i) trained += run(options(), "shards", {i, 3}).trained;
  EXPECT_EQ(trained, 11u);
  EXPECT_EQ(archives("whole"), archives("shards"));
  EXPECT_EQ(run(options(), "shards").kept, 11u) << "one trainer goes on where three were";
}

TEST_F(TrainTest, OnlyWhatChangedIsTrainedAgain) {
  put_fleet(6);
  run(options());
  const auto before = archives();
  const double first_lp = *reports_["3"].log_posterior;
  EXPECT_EQ(run(options()).kept, 6u);
  EXPECT_EQ(*reports_["3"].log_posterior, first_lp) << "a kept series is reported with its own figures";
  put("3", series_text(33, 60));
  TrainSummary summary = run(options());
  EXPECT_EQ(summary.trained, 1u);
  EXPECT_EQ(summary.kept, 5u);
  EXPECT_EQ(reports_["3"].status, SeriesStatus::kTrained);
  put("3", series_text(3, 60));
  EXPECT_EQ(run(options()).trained, 1u);
  EXPECT_EQ(archives(), before);
}

TEST_F(TrainTest, OtherOptionsTrainEverythingAgain) {
  put_fleet(4);
  run(options());
  TrainOptions other = options();
  other.prophet.changepoint_prior_scale = 0.5;
  EXPECT_EQ(run(other).trained, 4u);
  other.keep_history = forecast::KeepHistory::kNo;
  EXPECT_EQ(run(other).trained, 4u);
  EXPECT_EQ(run(other).kept, 4u);
  other.force = true;
  EXPECT_EQ(run(other).trained, 4u);
}

TEST_F(TrainTest, AnArchiveThatIsGoneOrReplacedIsMadeAgain) {
  put_fleet(4);
  run(options());
  const auto before = archives();
  fs::remove(models() / "1.tar.gz");
  ASSERT_TRUE(write_file_atomically(models() / "2.tar.gz", "somebody's", Durability::kNone));
  const TrainSummary summary = run(options());
  EXPECT_EQ(summary.trained, 2u);
  EXPECT_EQ(archives(), before);
}

TEST_F(TrainTest, BadSeriesOfEveryKindAreSetAsideWithTheirReason) {
  put_fleet(2);
  put("empty", "");
  put("one_row", "2022-01-01,5\n");
  put("all_nan", "2022-01-01,\n2022-01-02,nan\n2022-01-03,\n");
  put("inf", "2022-01-01,1\n2022-01-02,inf\n2022-01-03,2\n");
  put("garbage", std::string("\x00\x01\xff rubbish\n", 12));
  put("zone", "2022-01-01T00:00:00Z,1\n2022-01-02T00:00:00Z,2\n");
  fs::create_directories(data() / "folder.csv");
  ASSERT_EQ(::mkfifo((data() / "pipe.csv").c_str(), 0600), 0);
  put("sparse", "");
  fs::resize_file(data() / "sparse.csv", std::uint64_t{1} << 42);
  put("bomb", archive::gzip(std::string(std::size_t{32} << 20, '0')));
  TrainOptions plain = options();
  plain.holdout = 0;
  const TrainSummary summary = run(plain);
  EXPECT_EQ(summary.end, TrainEnd::kComplete);
  EXPECT_EQ(summary.trained, 2u);
  EXPECT_EQ(summary.failed, 10u);
  for (const char* name : {"empty", "one_row", "all_nan"})
    EXPECT_NE(reports_[name].reason.find("Dataframe has less than 2 non-NaN rows."), std::string::npos)
        << name << ": " << reports_[name].reason;
  for (const char* name : {"inf", "garbage", "zone", "folder", "pipe", "sparse", "bomb"}) {
    EXPECT_EQ(reports_[name].status, SeriesStatus::kFailed);
    EXPECT_NE(reports_[name].reason.find(std::string(name) + ".csv"), std::string::npos) << reports_[name].reason;
  }
  EXPECT_NE(reports_["inf"].reason.find(":2"), std::string::npos) << "the line: " << reports_["inf"].reason;
  EXPECT_EQ(archives().size(), 2u);
  EXPECT_NE(reports_["sparse"].reason.find("larger than the limit"), std::string::npos) << reports_["sparse"].reason;
  EXPECT_NE(reports_["bomb"].reason.find("decompresses to more than"), std::string::npos) << reports_["bomb"].reason;
  EXPECT_EQ(run(plain).failed, 10u) << "tried again, and told again";
}

TEST_F(TrainTest, FiguresThatOverflowKeepNothingFromBeingKept) {
  put_fleet(3);
  std::string huge;
  for (int day = 1; day <= 28; ++day)
    huge +=
        "2022-02-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + (day % 2 == 0 ? ",1e308\n" : ",-1e308\n");
  put("huge", huge);
  const TrainSummary first = run(options());
  EXPECT_EQ(first.trained + first.failed, 4u);
  const TrainSummary second = run(options());
  EXPECT_EQ(second.kept, first.trained) << "a record was lost";
  EXPECT_EQ(second.trained, 0u);
}

TEST_F(TrainTest, AFileThatMayNotBeReadIsSetAside) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  put_fleet(2);
  ASSERT_EQ(::chmod((data() / "0.csv").c_str(), 0), 0);
  const TrainSummary summary = run(options());
  EXPECT_EQ(summary.failed, 1u);
  EXPECT_EQ(summary.trained, 1u);
}

TEST_F(TrainTest, ConstantAndTwoPointSeriesAreModels) {
  std::string constant;
  for (int day = 1; day <= 28; ++day)
    constant += "2022-02-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + ",5\n";
  put("constant", constant);
  put("two", "2022-01-01,1\n2022-01-02,3\n");
  TrainOptions plain = options();
  plain.holdout = 0;
  EXPECT_EQ(run(plain).trained, 2u);
  EXPECT_FALSE(reports_["constant"].log_posterior);
  EXPECT_FALSE(reports_["constant"].note.empty());
  Result<forecast::FittedModel> model = read_stored_model(archives()["constant.tar.gz"], forecast::KeepHistory::kNo);
  ASSERT_TRUE(model);
  const std::vector<Instant> next{*parse_instant("2022-03-01")};
  EXPECT_NEAR(model->predict(next)->column("yhat")[0], 5, 1e-9);
}

TEST_F(TrainTest, GivesUpAfterTooManyFailures) {
  put_fleet(3);
  for (int i = 0; i < 5; ++i) put("bad" + std::to_string(i), "rubbish");
  TrainOptions strict = options(1);
  strict.max_failures = 2;
  const TrainSummary summary = run(strict);
  EXPECT_EQ(summary.end, TrainEnd::kTooManyFailures);
  EXPECT_GT(summary.failed, 2u);
  strict.max_failures = 5;
  EXPECT_EQ(run(strict).end, TrainEnd::kComplete);
}

TEST_F(TrainTest, AStopFinishesWhatRunsAndTheNextRunDoesTheRest) {
  put_fleet(300, 30);
  run(options(), "undisturbed");
  TrainOptions small = options();
  small.sync_batch = 1;
  stop_after_ = 5;
  const TrainSummary stopped = run(small);
  EXPECT_EQ(stopped.trained, order_.size());
  stop_after_ = SIZE_MAX;
  stop_ = false;
  const TrainSummary rest = run(small);
  EXPECT_EQ(rest.end, TrainEnd::kComplete);
  EXPECT_EQ(rest.kept, stopped.trained);
  EXPECT_EQ(rest.trained + rest.kept, 300u);
  EXPECT_EQ(archives(), archives("undisturbed"));
}

// The write that fails may be an archive's, a journal's or a lock's: each in its turn.
TEST_F(TrainTest, AFullDiskEndsTheRunAndLosesNothingAcknowledged) {
  put_fleet(3, 20);
  run(options(), "undisturbed");
  const auto whole = archives("undisturbed");
  std::uint64_t all_bytes = 4096;
  for (const auto& [name, bytes] : whole) all_bytes += bytes.size();
  for (std::uint64_t room = 0; room < all_bytes; room += 97) {
    fs::remove_all(models());
    fs::create_directories(models());
    std::vector<std::string> acknowledged;
    {
      Result<SeriesSource> source = SeriesSource::open(data().string());
      Result<std::unique_ptr<store::ObjectStore>> store = store::open_folder(models());
      ASSERT_TRUE(source && store);
      fail_writes_after(room);
      Result<Journal> journal = Journal::open(models() / ".chiliad-train", 1, 1);
      if (journal) {
        TrainOptions small = options(1);
        small.sync_batch = 1;
        const TrainSummary summary = train(*source, **store, *journal, small, stop_, [&](const SeriesReport& report) {
          if (report.status == SeriesStatus::kTrained) acknowledged.push_back(report.archive);
        });
        if (summary.end == TrainEnd::kBroken) {
          EXPECT_EQ(summary.error->code, ErrorCode::kNoSpace);
        }
      }
      fail_writes_after(UINT64_MAX);
    }
    const auto stored = archives();
    for (const auto& [name, bytes] : stored) ASSERT_EQ(bytes, whole.at(name)) << "room " << room;
    for (const std::string& archive : acknowledged) ASSERT_TRUE(stored.contains(archive)) << "room " << room;
    const TrainSummary rest = run(options());
    ASSERT_EQ(rest.end, TrainEnd::kComplete) << "room " << room;
    ASSERT_GE(rest.kept, acknowledged.size()) << "room " << room;
    ASSERT_EQ(archives(), whole) << "room " << room;
  }
}

TEST_F(TrainTest, SeriesOfOneCalendarShareIt) {
  for (int i = 0; i < 50; ++i) put(std::to_string(i), series_text(i, 60));
  const TrainSummary summary = run(options(1));
  EXPECT_EQ(summary.trained, 50u);
  EXPECT_EQ(summary.calendars, 1u);
}

TEST_F(TrainTest, CodeIsPutIntoEachArchive) {
  put_fleet(1);
  TrainOptions with_code = options();
  with_code.code = {{"code/inference.py", "print(1)\n"}};
  run(with_code);
  EXPECT_EQ(*archive::read_member(archives()["0.tar.gz"], "code/inference.py"), "print(1)\n");
  with_code.code[0].bytes = "print(2)\n";
  EXPECT_EQ(run(with_code).trained, 1u);
}

TEST_F(TrainTest, NamesAreDecodedToIds) {
  put("a%2Fb", series_text(1, 30));
  run(options());
  EXPECT_TRUE(reports_.contains("a/b"));
  EXPECT_TRUE(archives().contains("a%2Fb.tar.gz"));
}

TEST_F(TrainTest, AFolderWithoutSeriesIsAnError) {
  EXPECT_EQ(SeriesSource::open(data().string()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SeriesSource::open((data() / "none").string()).error().code, ErrorCode::kNotFound);
}

TEST_F(TrainTest, AGzippedSeriesHasTheNameOfItsPlainOne) {
  for (const char* file : {"a.csv.gz", "a-b.csv", "b.csv.gz", "c.gz", ".csv.gz", ".d.csv.gz"})
    ASSERT_TRUE(write_file_atomically(data() / file, "2022-01-01,1\n", Durability::kNone));
  const Result<SeriesSource> source = SeriesSource::open(data().string());
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_EQ(source->size(), 3u);
  EXPECT_EQ(source->name(0), "a-b") << "in the order of the files' names";
  EXPECT_EQ(source->name(1), "a");
  EXPECT_EQ(source->path(1), (data() / "a.csv.gz").string());
  EXPECT_EQ(*source->read("b", Deadline::max()), "2022-01-01,1\n") << "gzip is told by its bytes, not by the name";
}

TEST_F(TrainTest, OneSeriesInTwoFilesIsAnErrorThatNamesThem) {
  put("7", series_text(1, 30));
  put("8", series_text(2, 30));
  ASSERT_TRUE(write_file_atomically(data() / "8.csv.gz", series_text(2, 30), Durability::kNone));
  for (const prepare::Shard shard : {prepare::Shard{0, 1}, prepare::Shard{0, 3}}) {
    const Result<SeriesSource> source = SeriesSource::open(data().string(), shard);
    ASSERT_FALSE(source) << "on every shard, also where just one of them lies";
    EXPECT_EQ(source.error().code, ErrorCode::kInvalid);
    EXPECT_NE(source.error().message.find((data() / "8.csv").string() + " and "), std::string::npos);
    EXPECT_NE(source.error().message.find((data() / "8.csv.gz").string()), std::string::npos);
  }
}

TEST_F(TrainTest, EvaluationOfStoredModelsUsesTheRowsAfterTheirHistory) {
  put_fleet(4);
  run(options());
  const auto trained = reports_;
  Result<SeriesSource> source = SeriesSource::open(data().string());
  Result<std::unique_ptr<store::ObjectStore>> store = store::open_folder(models());
  EvaluatePlan plan;
  plan.models = store->get();
  plan.threads = 2;
  std::size_t seen = 0;
  evaluate_fleet(*source, plan, stop_, [&](const SeriesReport& report) {
    EXPECT_EQ(report.status, SeriesStatus::kTrained) << report.reason;
    EXPECT_NEAR(*report.holdout.smape, *trained.at(report.customer_id).holdout.smape, 1e-9);
    EXPECT_EQ(*report.naive.smape, *trained.at(report.customer_id).naive.smape);
    ++seen;
    return true;
  });
  EXPECT_EQ(seen, 4u);
}

TEST_F(TrainTest, ForecastsComeInKeyOrderWhateverTheThreads) {
  put_fleet(30);
  run(options());
  ASSERT_TRUE(write_file_atomically(models() / "15.tar.gz", "damaged", Durability::kNone));
  Result<std::unique_ptr<store::ObjectStore>> store = store::open_folder(models());
  const std::vector<std::string> names = *list_models(**store);
  ASSERT_EQ(names.size(), 30u);
  ForecastPlan plan;
  plan.period = 3;
  plan.frequency = forecast::Frequency::daily();
  plan.columns = {"yhat", "yhat_lower", "yhat_upper", "no_such_column"};
  const auto text = [&](int threads) {
    std::string csv = forecast_csv_header(plan);
    std::vector<std::string> failed;
    forecast_fleet(**store, names, plan, threads, stop_,
                   {[&](const std::string& rows) {
                      csv += rows;
                      return true;
                    },
                    [&](const std::string& name, const Error&) {
                      failed.push_back(name);
                      return true;
                    }});
    EXPECT_EQ(failed, std::vector<std::string>{"15"});
    return csv;
  };
  const std::string one = text(1);
  EXPECT_EQ(one, text(8));
  EXPECT_EQ(std::ranges::count(one, '\n'), 1 + 29 * 3);
  EXPECT_TRUE(one.starts_with("customer_id,ds,yhat,yhat_lower,yhat_upper,no_such_column\n0,2022-02-23T00:00:00,"))
      << one;
}

// A regressor by customer, in the rows and in the future's table.
// Equal as forecasts: at the mode itself a warm start has nothing left to do but what rounding left.
TEST_F(TrainTest, AWarmStartFromStoredModelsGivesTheSameForecasts) {
  put_fleet(3);
  run(options(), "cold");
  fs::remove(models("cold") / "2.tar.gz");
  Result<std::unique_ptr<store::ObjectStore>> cold = store::open_folder(models("cold"));
  TrainOptions warm = options();
  warm.warm_start = std::move(*cold);
  EXPECT_NE(options_hash(warm), options_hash(options()));
  EXPECT_EQ(run(warm, "warm").trained, 3u);
  run(options(), "cold");
  for (const auto& [name, bytes] : archives("cold")) {
    const forecast::FittedModel one = *read_stored_model(bytes, forecast::KeepHistory::kYes);
    const forecast::FittedModel other = *read_stored_model(archives("warm")[name], forecast::KeepHistory::kNo);
    const std::vector<Instant>& ds = one.state().history->ds;
    const forecast::Forecast first = *one.predict(ds), second = *other.predict(ds);
    for (std::size_t i = 0; i < ds.size(); ++i)
      EXPECT_NEAR(first.column("yhat")[i], second.column("yhat")[i], 1e-8 * one.state().y_scale) << name;
  }
}

TEST_F(TrainTest, AWarmStartFromADamagedModelSetsItsSeriesAside) {
  put_fleet(2);
  run(options(), "cold");
  ASSERT_TRUE(write_file_atomically(models("cold") / "1.tar.gz", "no archive", Durability::kNone));
  Result<std::unique_ptr<store::ObjectStore>> cold = store::open_folder(models("cold"));
  TrainOptions warm = options();
  warm.warm_start = std::move(*cold);
  const TrainSummary summary = run(warm, "warm");
  EXPECT_EQ(summary.trained, 1u);
  EXPECT_EQ(summary.failed, 1u);
  EXPECT_NE(reports_["1"].reason.find("--warm-start: 1.tar.gz"), std::string::npos) << reports_["1"].reason;
}

TEST_F(TrainTest, RegressorsComeFromTheRowsAndFromATableOfTheFuture) {
  for (const int customer : {1, 2}) {
    std::string text = "ds,temp,y\n";
    for (int i = 0; i < 60; ++i) {
      const double temp = (i * 7 + customer) % 11;
      text += format_instant(*parse_instant("2022-01-01") + std::chrono::days(i)) + ',' + std::to_string(temp) + ',' +
              std::to_string(10.0 * customer + 2 * temp) + '\n';
    }
    put(std::to_string(customer), text);
  }
  TrainOptions with = options();
  with.prophet.weekly_seasonality.kind = forecast::SeasonalityChoice::Kind::kOff;
  with.prophet.regressors = {{"temp"}};
  with.columns.further = further_columns(forecast::needed_columns(with.prophet));
  with.holdout = 5;
  EXPECT_EQ(run(with).trained, 2u);

  Result<std::unique_ptr<store::ObjectStore>> store = store::open_folder(models());
  EXPECT_EQ(columns_of_models(**store, Deadline::max()), std::vector<std::string>{"temp"});
  ForecastPlan plan;
  plan.columns = {"yhat"};
  plan.future = std::make_shared<const FutureRows>(
      *FutureRows::parse("customer_id,ds,temp\n2,2022-03-10,1\n1,2022-03-10,3\n1,2022-03-11,4\n", "future.csv"));
  const forecast::FittedModel first = *load_model(**store, "1", forecast::KeepHistory::kYes, Deadline::max());
  const forecast::FittedModel second = *load_model(**store, "2", forecast::KeepHistory::kYes, Deadline::max());
  const Result<forecast::Forecast> one = forecast_model(first, "1", plan);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_NEAR(one->column("yhat")[0], 16, 0.01);
  EXPECT_NEAR(one->column("yhat")[1], 18, 0.01);
  EXPECT_NEAR(forecast_model(second, "2", plan)->column("yhat")[0], 22, 0.01);
  EXPECT_EQ(forecast_model(second, "3", plan).error().message, "future.csv has no rows of customer '3'");
  // The history's own values come from the model.
  plan.include_history = true;
  const Result<forecast::Forecast> all = forecast_model(first, "1", plan);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->rows(), 57u);
  EXPECT_NEAR(all->column("yhat")[3], 10 + 2 * ((3 * 7 + 1) % 11), 0.01);
  // Without a table there is nothing to know the future's from.
  plan.future = nullptr;
  plan.period = 2;
  plan.frequency = forecast::Frequency::daily();
  EXPECT_EQ(forecast_model(first, "1", plan).error().message,
            "Regressor 'temp' missing from dataframe; --future FILE gives the rows of the future with what the model "
            "needs of them");
}

TEST_F(TrainTest, SeriesThatAnOptionsFileNamesHaveOptionsOfTheirOwn) {
  put_fleet(6);
  // A column that only one series has to have, and nobody else looks at.
  std::string rows = "ds,y,promo\n";
  const std::string plain = series_text(9, 60);
  for (std::size_t at = 0, i = 0; at < plain.size(); at = plain.find('\n', at) + 1, ++i)
    rows += plain.substr(at, plain.find('\n', at) - at) + "," + (i % 9 == 0 ? "1" : "0") + "\n";
  put("shop-1", rows);
  put("shop-2", "ds,y,promo\n2022-01-01,1,open\n2022-01-02,3,closed\n2022-01-03,3,?\n");
  const auto write = [&](std::string_view text) {
    ASSERT_TRUE(write_file_atomically(temp_->path() / "fleet.toml", text, Durability::kNone));
  };
  const auto with_file = [&](int threads) {
    TrainOptions how = options(threads);
    how.holdout = 0;
    ProphetFlags flags;
    flags.options = temp_->path() / "fleet.toml";
    how.fleet = std::make_shared<const FleetOptions>(*FleetOptions::make(flags));
    how.prophet = how.fleet->general();
    return how;
  };
  write(
      "n_changepoints = 5\n[[series]]\nid = [1, 3]\ngrowth = 'flat'\n"
      "[[series]]\nid = 'shop-1'\n[[series.regressor]]\nname = 'promo'\n"
      "[[series]]\nid = 5\ngrowth = 'logistic'\n");
  EXPECT_EQ(run(with_file(2)).trained, 7u);
  EXPECT_NE(reports_["5"].reason.find("Capacities must be supplied"), std::string::npos) << reports_["5"].reason;
  const auto stored = archives();
  const auto state = [&](const std::string& id) {
    return read_stored_model(stored.at(id + ".tar.gz"), forecast::KeepHistory::kYes)->state();
  };
  EXPECT_EQ(state("1").options.growth, forecast::Growth::kFlat);
  EXPECT_EQ(state("2").options.growth, forecast::Growth::kLinear);
  EXPECT_EQ(state("2").options.n_changepoints, 5);
  EXPECT_EQ(state("shop-1").options.regressors.at(0).name, "promo");
  EXPECT_TRUE(state("shop-2").options.regressors.empty());

  // Each is what a run with these options for all makes of it, for any number of threads.
  TrainOptions flat = options();
  flat.holdout = 0;
  flat.prophet.growth = forecast::Growth::kFlat;
  run(flat, "flat");
  EXPECT_EQ(archives("flat").at("3.tar.gz"), stored.at("3.tar.gz"));
  run(with_file(8), "eight");
  EXPECT_EQ(archives("eight"), stored);

  // New rows of one series, and a new one, with the column that the file lets another need.
  put("shop-2", "ds,y,promo\n2022-01-04,4,open\n2022-01-05,5,closed\n");
  put("shop-3", "ds,y,promo\n2022-01-01,1,open\n2022-01-02,3,closed\n2022-01-03,3,?\n");
  TrainOptions next = with_file(2);
  next.refresh = RefreshOptions{false, true};
  next.columns.further = further_columns(next.fleet->needed_columns());
  EXPECT_EQ(run(next, "eight").failed, 1u);  // 5, which has no cap.
  EXPECT_EQ(reports_["shop-2"].status, SeriesStatus::kTrained) << reports_["shop-2"].reason;
  EXPECT_EQ(reports_["shop-3"].status, SeriesStatus::kTrained) << reports_["shop-3"].reason;
  fs::remove(data() / "shop-3.csv");
  put("shop-2", "ds,y,promo\n2022-01-01,1,open\n2022-01-02,3,closed\n2022-01-03,3,?\n");

  // Another word about one of them trains that one again.
  write(
      "n_changepoints = 5\n[[series]]\nid = 1\ngrowth = 'flat'\n"
      "[[series]]\nid = 'shop-1'\n[[series.regressor]]\nname = 'promo'\n");
  const TrainSummary again = run(with_file(2));
  EXPECT_EQ(again.kept, 6u);
  EXPECT_EQ(again.trained, 2u);  // 3, and 5, which failed.
  EXPECT_EQ(reports_["3"].status, SeriesStatus::kTrained);
}

TEST(FitSeries, HoldsBackTheLastRowsByDate) {
  const Instant day = *parse_instant("2022-01-01");
  Rows rows{{day + std::chrono::days(2), day, day + std::chrono::days(1)}, {3, 1, NAN}, {{"temp", {30, 10, 20}}}};
  const Rows back = hold_back(rows, 2);
  EXPECT_EQ(rows.y, (std::vector<double>{1}));
  EXPECT_EQ(rows.columns[0].values, (std::vector<double>{10}));
  EXPECT_EQ(back.columns[0].values, (std::vector<double>{20, 30}));
  ASSERT_EQ(back.y.size(), 2u);
  EXPECT_TRUE(std::isnan(back.y[0]));
  EXPECT_EQ(back.y[1], 3);
  EXPECT_EQ(hold_back(rows, 9).y.size(), 1u);
  EXPECT_TRUE(rows.ds.empty());
}

TEST(CalendarCache, KeepsWithinItsBudgetAndSharesWhatItHas) {
  const auto rows = [](int count) {
    forecast::PreparedRows made;
    for (int i = 0; i < count; ++i) made.ds.push_back(*parse_instant("2022-01-01") + std::chrono::days(i));
    return made;
  };
  CalendarCache cache({}, 1);
  ASSERT_TRUE(cache.get(rows(100)));
  ASSERT_TRUE(cache.get(rows(100)));
  EXPECT_EQ(cache.counts().hits, 1u);
  for (int i = 50; i < 60; ++i) ASSERT_TRUE(cache.get(rows(i)));
  EXPECT_EQ(cache.counts().misses, 11u);
  const std::uint64_t one = cache.get(rows(100))->memory_bytes();
  EXPECT_LE(cache.counts().kept_bytes, one);
  EXPECT_FALSE(cache.get(rows(1)));
}

// Customers in one place share the weather; others on the same days do not.
TEST(CalendarCache, SharesACalendarWhereTheRegressorsAreTheSame) {
  forecast::ProphetOptions options;
  options.regressors = {{"temp"}};
  CalendarCache cache(options);
  forecast::PreparedRows rows;
  rows.columns = {{"other", {}}, {"temp", {}}};
  for (int i = 0; i < 40; ++i) {
    rows.ds.push_back(*parse_instant("2022-01-01") + std::chrono::days(i));
    rows.columns[0].values.push_back(i);
    rows.columns[1].values.push_back(i % 7);
  }
  ASSERT_TRUE(cache.get(rows));
  rows.columns[0].values[3] = -1;
  ASSERT_TRUE(cache.get(rows));
  EXPECT_EQ(cache.counts().hits, 1u);
  rows.columns[1].values[3] = -1;
  const Result<forecast::Calendar> other = cache.get(rows);
  ASSERT_TRUE(other);
  EXPECT_EQ(cache.counts().hits, 1u);
  EXPECT_EQ(other->state().columns[0].values, rows.columns[1].values);
}

TEST(OptionsHash, ChangesWithEverythingThatShapesAnArchive) {
  const TrainOptions base;
  std::vector<std::uint64_t> hashes{options_hash(base)};
  const auto with = [&](auto change) {
    TrainOptions options;
    change(options);
    hashes.push_back(options_hash(options));
  };
  with([](TrainOptions& o) { o.holdout = 7; });
  with([](TrainOptions& o) { o.keep_history = forecast::KeepHistory::kNo; });
  with([](TrainOptions& o) { o.prophet.yearly_seasonality.kind = forecast::SeasonalityChoice::Kind::kOn; });
  with([](TrainOptions& o) { o.prophet.weekly_seasonality.kind = forecast::SeasonalityChoice::Kind::kOn; });
  with([](TrainOptions& o) { o.prophet.changepoints.emplace(); });
  with([](TrainOptions& o) { o.prophet.seasonalities.push_back({"m", 30.5, 3, 10, forecast::Mode::kAdditive}); });
  with([](TrainOptions& o) { o.prophet.seasonalities.push_back({"m", 30.5, 3, 10, forecast::Mode::kAdditive, "on"}); });
  with([](TrainOptions& o) { o.prophet.regressors = {{"temp"}}; });
  with([](TrainOptions& o) { o.prophet.regressors = {{"temp", 10, forecast::Standardize::kNo}}; });
  with([](TrainOptions& o) { o.prophet.growth = forecast::Growth::kFlat; });
  with([](TrainOptions& o) { o.prophet.country_holidays = "US"; });
  for (const std::int32_t day : {19000, 19001}) {
    with([&](TrainOptions& o) {
      auto table = std::make_shared<forecast::HolidayTable>();
      table->names = {"fair"};
      table->rows = {{0, day}};
      o.prophet.holidays = table;
    });
  }
  with([](TrainOptions& o) { o.prophet.interval_width = 0.9; });
  with([](TrainOptions& o) { o.prophet.scaling = forecast::Scaling::kMinMax; });
  with([](TrainOptions& o) { o.code = {{"code/a", "1"}}; });
  with([](TrainOptions& o) { o.columns.value.position = 3; });
  std::ranges::sort(hashes);
  EXPECT_EQ(std::ranges::adjacent_find(hashes), hashes.end());
  TrainOptions other;
  other.threads = 8;
  other.force = true;
  EXPECT_EQ(options_hash(other), options_hash(base)) << "what shapes no archive does not count";
}

// --- Refreshing ---------------------------------------------------------------------------------------

class RefreshTest : public TrainTest {
 protected:
  // Rows [first, last) of the series' days, as a file without header.
  static std::string days(int number, int first, int last) {
    const std::string all = series_text(number, last);
    std::size_t at = 0;
    for (int i = 0; i < first; ++i) at = all.find('\n', at) + 1;
    return all.substr(at);
  }
  void put_days(int count, int first, int last) const {
    for (int i = 0; i < count; ++i) put(std::to_string(i), days(i, first, last));
  }
  static TrainOptions plain(bool statistics = true) {
    TrainOptions result;
    result.threads = 2;
    result.keep_statistics = statistics;
    return result;
  }
  static TrainOptions refreshing(bool refit = false, bool skip = false) {
    TrainOptions result = plain();
    result.refresh = RefreshOptions{refit, skip};
    return result;
  }
  forecast::FittedModel stored(const std::string& name, const std::string& where = "models") const {
    return read_stored_archive(archives(where).at(name + ".tar.gz"), forecast::KeepHistory::kYes)->model;
  }
  static double forecast_difference(const forecast::FittedModel& a, const forecast::FittedModel& b) {
    std::vector<Instant> ds;
    for (int i = 0; i < 200; ++i) ds.push_back(*parse_instant("2022-01-01") + std::chrono::days(i));
    const auto left = a.predict(ds), right = b.predict(ds);
    double worst = 0;
    for (std::size_t i = 0; i < ds.size(); ++i)
      worst = std::max(worst, std::fabs(left->column("yhat")[i] - right->column("yhat")[i]));
    return worst / a.state().y_scale;
  }
};

TEST_F(RefreshTest, NewRowsJoinTheModelsFromTheirStatistics) {
  for (const forecast::KeepHistory keep : {forecast::KeepHistory::kYes, forecast::KeepHistory::kNo}) {
    const std::string name = keep == forecast::KeepHistory::kYes ? "with" : "without";
    TrainOptions first = plain(), next = refreshing();
    first.keep_history = next.keep_history = keep;
    put_days(5, 0, 100);
    run(first, name);
    const forecast::FittedModel before = stored("3", name);
    for (int day = 100; day < 103; ++day) {
      put_days(5, day, day + 1);
      const TrainSummary summary = run(next, name);
      EXPECT_EQ(summary.trained, 5u);
      EXPECT_EQ(reports_["3"].way, "statistics");
      EXPECT_EQ(reports_["3"].rows, static_cast<std::uint64_t>(day + 1));
      EXPECT_TRUE(reports_["3"].fit.rmse);
      EXPECT_EQ(run(next, name).kept, 5u) << "the same rows once more are nothing new";
    }
    const forecast::FittedModel after = stored("3", name);
    EXPECT_EQ(after.state().rows, 103);
    EXPECT_EQ(after.state().history_date_count, 103);
    EXPECT_EQ(after.state().history != nullptr, keep == forecast::KeepHistory::kYes);
    // A fit of all rows that is told what was held.
    put_days(5, 0, 103);
    TrainOptions cold = plain(false);
    cold.prophet.changepoints.emplace();
    for (const double t : before.state().changepoints_t)
      cold.prophet.changepoints->push_back(before.state().start +
                                           std::chrono::days(std::lround(t * before.state().t_scale_s / 86400)));
    run(cold, "cold " + name);
    EXPECT_LT(forecast_difference(after, stored("3", "cold " + name)), 1e-8);
    EXPECT_NEAR(*reports_["3"].fit.rmse,
                after.state().y_scale * std::sqrt(after.state().statistics->sum_of_squares / 103), 1e-6);
  }
}

TEST_F(RefreshTest, WithoutStatisticsAllRowsAreFittedAsIfAtOnce) {
  put_days(3, 0, 100);
  TrainOptions shares = plain();
  shares.prophet.seasonality_mode = forecast::Mode::kMultiplicative;
  run(plain(false), "none");
  run(shares, "shares");
  run(plain(), "refit");
  put_days(3, 100, 110);
  run(refreshing(), "none");
  EXPECT_EQ(reports_["1"].way, "history");
  EXPECT_EQ(reports_["1"].note, "fitted from all rows: the model was stored without statistics");
  EXPECT_TRUE(stored("1", "none").state().statistics) << "the next refresh is from statistics";
  run(refreshing(), "shares");
  EXPECT_EQ(reports_["1"].way, "history");
  run(refreshing(true), "refit");
  EXPECT_EQ(reports_["1"].way, "history");
  put_days(3, 0, 110);
  run(plain(), "all");
  run(shares, "all shares");
  for (const char* name : {"none", "refit"}) {
    EXPECT_LT(forecast_difference(stored("1", name), stored("1", "all")), 1e-8) << name;
    EXPECT_EQ(stored("1", name).state().history->ds, stored("1", "all").state().history->ds);
  }
  EXPECT_LT(forecast_difference(stored("1", "shares"), stored("1", "all shares")), 1e-8);
}

TEST_F(RefreshTest, ASeriesWithoutAModelIsTrained) {
  put_days(2, 0, 100);
  run(plain());
  put_days(3, 100, 140);
  const TrainSummary summary = run(refreshing());
  EXPECT_EQ(summary.trained, 3u);
  EXPECT_EQ(reports_["1"].way, "statistics");
  EXPECT_EQ(reports_["2"].way, "cold");
  EXPECT_EQ(stored("2").state().rows, 40);
}

TEST_F(RefreshTest, KnownRowsAreAnErrorOrLeftOut) {
  put_days(1, 0, 100);
  run(plain());
  put_days(1, 98, 102);
  EXPECT_EQ(run(refreshing()).failed, 1u);
  EXPECT_EQ(reports_["0"].reason, (data() / "0.csv").string() +
                                      ": 2 rows at or before the model's last date, 2022-04-10, the first at "
                                      "2022-04-09: remove them, or leave them out with --skip-known-rows");
  EXPECT_EQ(run(refreshing(false, true)).trained, 1u);
  EXPECT_EQ(reports_["0"].note, "2 rows of the data known already and left out");
  EXPECT_EQ(stored("0").state().rows, 102);
  put_days(1, 0, 50);
  const auto before = archives();
  EXPECT_EQ(run(refreshing(false, true)).kept, 1u);
  EXPECT_EQ(archives(), before);
}

TEST_F(RefreshTest, AModelWithNeitherStatisticsNorHistoryNeedsAllRows) {
  put_days(1, 0, 100);
  TrainOptions bare = plain(false);
  bare.keep_history = forecast::KeepHistory::kNo;
  run(bare);
  TrainOptions next = refreshing(false, true);
  next.keep_history = forecast::KeepHistory::kNo;
  put_days(1, 100, 105);
  EXPECT_EQ(run(next).failed, 1u);
  EXPECT_NE(reports_["0"].reason.find("the model keeps no history"), std::string::npos) << reports_["0"].reason;
  put_days(1, 0, 105);
  EXPECT_EQ(run(next).trained, 1u);
  EXPECT_EQ(reports_["0"].way, "history");
  run(plain(), "all");
  EXPECT_LT(forecast_difference(stored("0"), stored("0", "all")), 1e-8);
}

// What a kill between storing an archive and recording it leaves: the archive is new, the journal is not.
TEST_F(RefreshTest, RowsAreNotAddedTwiceWhenTheRecordWasLost) {
  put_days(3, 0, 100);
  run(plain());
  fs::copy(models() / ".chiliad-train", temp_->path() / "journal", fs::copy_options::recursive);
  put_days(3, 100, 101);
  run(refreshing());
  const auto before = archives();
  fs::remove_all(models() / ".chiliad-train");
  fs::copy(temp_->path() / "journal", models() / ".chiliad-train", fs::copy_options::recursive);
  const TrainSummary summary = run(refreshing());
  EXPECT_EQ(summary.trained, 3u);
  EXPECT_EQ(archives(), before);
  EXPECT_EQ(reports_["1"].way, "statistics");
  EXPECT_EQ(reports_["1"].rows, 101u);
  EXPECT_EQ(run(refreshing()).kept, 3u);
}

TEST_F(RefreshTest, NumberOfThreadsChangesNoByteAndCodeStays) {
  put_days(20, 0, 100);
  TrainOptions first = plain();
  first.code = {{"code/note.txt", "kept"}};
  run(first, "one");
  run(first, "eight");
  put_days(20, 100, 103);
  TrainOptions next = refreshing();
  next.threads = 1;
  run(next, "one");
  next.threads = 8;
  run(next, "eight");
  EXPECT_EQ(archives("one"), archives("eight"));
  EXPECT_EQ(*archive::read_member(archives("one")["7.tar.gz"], "code/note.txt"), "kept");
}

}  // namespace
}  // namespace chiliad::train
