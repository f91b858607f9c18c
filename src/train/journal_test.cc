#include "train/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/number.h"

namespace chiliad::train {
namespace {

JournalRecord record(const std::string& archive, std::uint64_t data = 1, std::int64_t time_ms = 1000) {
  JournalRecord result;
  result.time_ms = time_ms;
  result.stamp = {data, 77};
  result.etag = "etag-" + archive;
  result.report.customer_id = "customer of " + archive;
  result.report.archive = archive;
  result.report.rows = 358;
  result.report.seconds = 0.25;
  result.report.log_posterior = 0.1;
  return result;
}

class JournalTest : public ::testing::Test {
 protected:
  std::filesystem::path folder() const { return temp_->path() / "state"; }
  std::filesystem::path file(int shard = 1, int shards = 1) const {
    return folder() / ("journal-" + std::to_string(shard) + "-of-" + std::to_string(shards));
  }
  Result<Journal> open(int shard = 1, int shards = 1) const { return Journal::open(folder(), shard, shards); }

  void write(const std::vector<JournalRecord>& records, int shard = 1, int shards = 1) const {
    Result<Journal> journal = open(shard, shards);
    ASSERT_TRUE(journal) << journal.error().message;
    ASSERT_TRUE(journal->append(records, Durability::kNone));
  }

  Result<TempFolder> temp_ = TempFolder::make();
};

TEST_F(JournalTest, ARecordSurvivesReopening) {
  write({record("8.tar.gz")});
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->size(), 1u);
  journal->confirm("8.tar.gz", "etag-8.tar.gz");
  EXPECT_TRUE(journal->holds("8.tar.gz", {1, 77}));
  EXPECT_FALSE(journal->holds("8.tar.gz", {2, 77}));
  EXPECT_FALSE(journal->holds("8.tar.gz", {1, 78}));
  EXPECT_FALSE(journal->holds("9.tar.gz", {1, 77}));
}

TEST_F(JournalTest, AnArchiveThatIsGoneOrReplacedDoesNotCount) {
  write({record("8.tar.gz")});
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  EXPECT_FALSE(journal->holds("8.tar.gz", {1, 77}));
  journal->confirm("8.tar.gz", "another etag");
  EXPECT_FALSE(journal->holds("8.tar.gz", {1, 77}));
}

TEST_F(JournalTest, KeepsTheReportOfEachModel) {
  JournalRecord strange = record("a\tb\n\r\\c.tar.gz");
  strange.report.note = "tab\t, line\n, back\\slash";
  strange.report.holdout_rows = 7;
  strange.report.holdout.mae = 1.0 / 3;
  write({record("8.tar.gz"), strange});
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  Result<SeriesReport> report = journal->report_of("a\tb\n\r\\c.tar.gz");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->note, strange.report.note);
  EXPECT_EQ(report->holdout.mae, strange.report.holdout.mae);
  EXPECT_EQ(report->holdout.rows, 7u);
  EXPECT_FALSE(report->optimality_residual);
  EXPECT_EQ(journal->report_of("9.tar.gz").error().code, ErrorCode::kNotFound);
}

TEST_F(JournalTest, ATornEndIsDroppedAtEveryByte) {
  const std::vector<JournalRecord> records{record("1.tar.gz"), record("2.tar.gz"), record("3.tar.gz")};
  write(records);
  const std::string whole = *read_file(file());
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] == '\n') ends.push_back(i + 1);
  }
  ASSERT_EQ(ends.size(), 4u);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    ASSERT_TRUE(write_file_atomically(file(), whole.substr(0, cut), Durability::kNone));
    const auto complete = static_cast<std::size_t>(
        std::count_if(ends.begin() + 1, ends.end(), [&](std::size_t end) { return end <= cut; }));
    {
      Result<Journal> journal = open();
      ASSERT_TRUE(journal) << journal.error().message;
      ASSERT_EQ(journal->size(), complete) << "cut at byte " << cut;
      ASSERT_TRUE(journal->append({record("new.tar.gz")}, Durability::kNone));
    }
    Result<Journal> journal = open();
    ASSERT_TRUE(journal);
    ASSERT_EQ(journal->size(), complete + 1) << "cut at byte " << cut;
    ASSERT_EQ(journal->dropped_lines(), 0u);
  }
}

TEST_F(JournalTest, ADamagedLineCostsNoOther) {
  write({record("1.tar.gz"), record("2.tar.gz"), record("3.tar.gz")});
  std::string bytes = *read_file(file());
  const std::size_t second = bytes.find("2.tar.gz");
  bytes[second] = '7';
  ASSERT_TRUE(write_file_atomically(file(), bytes, Durability::kNone));
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->size(), 2u);
  EXPECT_EQ(journal->dropped_lines(), 1u);
  EXPECT_TRUE(journal->report_of("1.tar.gz"));
  EXPECT_FALSE(journal->report_of("2.tar.gz"));
  Result<SeriesReport> third = journal->report_of("3.tar.gz");  // Read from where it lies.
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_EQ(third->archive, "3.tar.gz");
}

TEST_F(JournalTest, MegabytesOfRubbishCostNoOtherLine) {
  write({record("1.tar.gz"), record("2.tar.gz")});
  std::string bytes = *read_file(file());
  bytes.insert(bytes.find('\n', bytes.find("1.tar.gz")) + 1, std::string(5u << 20, 'x') + "\n\n");
  ASSERT_TRUE(write_file_atomically(file(), bytes, Durability::kNone));
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->size(), 2u);
  EXPECT_EQ(journal->dropped_lines(), 2u);
  EXPECT_TRUE(journal->report_of("2.tar.gz"));
}

TEST_F(JournalTest, FiguresThatOverflowedAreAbsentAndLoseNoRecord) {
  JournalRecord huge = record("1.tar.gz");
  huge.report.fit.rmse = INFINITY;
  huge.report.fit.smape = NAN;
  huge.report.log_posterior = -INFINITY;
  write({huge, record("2.tar.gz")});
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->size(), 2u);
  EXPECT_EQ(journal->dropped_lines(), 0u);
  Result<SeriesReport> report = journal->report_of("1.tar.gz");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->fit.rmse);
  EXPECT_FALSE(report->fit.smape);
  EXPECT_FALSE(report->log_posterior);
  std::string json;
  append_json_row(json, huge.report);
  EXPECT_NE(json.find("\"fit_rmse\":null"), std::string::npos) << json;
}

TEST_F(JournalTest, AFileOfSomethingElseIsNotBelieved) {
  write({});
  ASSERT_TRUE(write_file_atomically(file(), std::string(3u << 20, 'x'), Durability::kNone));
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->size(), 0u);
  ASSERT_TRUE(journal->append({record("1.tar.gz")}, Durability::kSync));
  journal = Error{ErrorCode::kUnavailable, "closed"};
  journal = open();
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->size(), 1u);
}

TEST_F(JournalTest, TheNewestRecordCountsWhicheverShardWroteIt) {
  write({record("1.tar.gz", 5, 2000), record("2.tar.gz", 5, 1000)}, 1, 1);
  write({record("1.tar.gz", 6, 1000), record("2.tar.gz", 6, 2000)}, 2, 4);
  Result<Journal> journal = open(3, 4);
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_EQ(journal->size(), 2u);
  for (const char* archive : {"1.tar.gz", "2.tar.gz"}) journal->confirm(archive, std::string("etag-") + archive);
  EXPECT_TRUE(journal->holds("1.tar.gz", {5, 77}));
  EXPECT_TRUE(journal->holds("2.tar.gz", {6, 77}));
}

TEST_F(JournalTest, TwoTrainersOfOneShardAreRefused) {
  Result<Journal> first = open();
  ASSERT_TRUE(first);
  const Result<Journal> second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find("is training shard 1/1"), std::string::npos) << second.error().message;
}

TEST_F(JournalTest, ShardsOfOneDealRunSideBySideButNotOfTwo) {
  Result<Journal> first = open(1, 2);
  Result<Journal> second = open(2, 2);
  EXPECT_TRUE(first && second);
  const Result<Journal> other = open(1, 3);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  EXPECT_NE(other.error().message.find("another number of shards"), std::string::npos);
}

TEST_F(JournalTest, AFullDiskLosesNothingThatWasAcknowledged) {
  write({record("0.tar.gz")});
  const std::size_t line = journal_line(record("1.tar.gz")).size() + 1;
  for (std::uint64_t room = 0; room < line; ++room) {
    {
      Result<Journal> journal = open();
      ASSERT_TRUE(journal);
      fail_writes_after(room);
      const Result<Done> appended = journal->append({record("1.tar.gz")}, Durability::kNone);
      fail_writes_after(UINT64_MAX);
      ASSERT_FALSE(appended);
      EXPECT_EQ(appended.error().code, ErrorCode::kNoSpace);
      EXPECT_FALSE(journal->append({record("2.tar.gz")}, Durability::kNone)) << "a broken journal goes on";
    }
    Result<Journal> journal = open();
    ASSERT_TRUE(journal);
    ASSERT_EQ(journal->size(), 1u) << "room " << room;
  }
}

TEST_F(JournalTest, IsRewrittenWhenMostOfItIsOutOfDate) {
  {
    Result<Journal> journal = open();
    ASSERT_TRUE(journal);
    for (std::int64_t i = 0; i < 1300; ++i)
      ASSERT_TRUE(journal->append({record("a.tar.gz", 1, i), record("b.tar.gz", 2, i)}, Durability::kNone));
  }
  const auto before = std::filesystem::file_size(file());
  Result<Journal> journal = open();
  ASSERT_TRUE(journal);
  EXPECT_LT(std::filesystem::file_size(file()), before / 100);
  EXPECT_EQ(journal->size(), 2u);
  EXPECT_TRUE(journal->report_of("b.tar.gz"));
  ASSERT_TRUE(journal->append({record("c.tar.gz"), record("b.tar.gz")}, Durability::kSync));
  EXPECT_EQ(journal->report_of("c.tar.gz").error().code, ErrorCode::kNotFound) << "it is for the next run";
  EXPECT_EQ(journal->report_of("b.tar.gz").error().code, ErrorCode::kNotFound) << "out of date";
  EXPECT_EQ(journal->report_of("a.tar.gz")->customer_id, "customer of a.tar.gz");
}

}  // namespace
}  // namespace chiliad::train
