#include "prepare/split.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"
#include "prepare/customer_file.h"
#include "table/gunzip.h"
#include "table/gzip_for_test.h"
#include "table/series_csv.h"

namespace chiliad::prepare {
namespace {

namespace fs = std::filesystem;

table::PullBytes pull(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({into.size(), text.size() - at, std::size_t{100'000}});
    std::memcpy(into.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    files[entry.path().filename()] = *read_file(entry.path());
  }
  return files;
}

class Split : public testing::Test {
 protected:
  Result<SplitReport> run(std::string text, const SplitOptions& options = {}) {
    return split(pull(std::move(text)), "f.csv", output(), options);
  }
  fs::path output() const { return folder_->path() / "out"; }
  // All that is in the folder around the output.
  std::size_t entries_around() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_->path()), fs::directory_iterator{}));
  }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(Split, GivesOneFileACustomerWithItsRowsInOrder) {
  const Result<SplitReport> report =
      run("customer_id,timestamp,consumption\n8,2022-01-02,1.50\n9,2022-01-01,\n8,2022-01-01,1e3\n9,2022-01-01,NA\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(contents(output()), (std::map<std::string, std::string>{{"8.csv", "2022-01-02,1.50\n2022-01-01,1e3\n"},
                                                                    {"9.csv", "2022-01-01,\n2022-01-01,NA\n"}}));
  EXPECT_EQ(report->rows, 4U);
  EXPECT_EQ(report->customers, 2U);
  EXPECT_EQ(report->bytes_set_aside, 0U);
  EXPECT_EQ(entries_around(), 1U);
}

TEST_F(Split, TextsAreKeptAndOnlyWhatNeedsQuotesGetsThem) {
  const Result<SplitReport> report =
      run("\"a\";\"2022-01-01T00:00:00,5\";\"+1.50\"\na;2022-01-01 00:00;0005.\n", {.columns = {.delimiter = ';'}});
  ASSERT_TRUE(report) << report.error().message;
  const std::string file = *read_file(output() / "a.csv");
  EXPECT_EQ(file, "\"2022-01-01T00:00:00,5\",+1.50\n2022-01-01 00:00,0005.\n");
  EXPECT_EQ(table::read_series_csv(file, "a.csv")->y, (std::vector<double>{1.5, 5}));
}

TEST_F(Split, FurtherColumnsStandBehindTheValueUnderAHeader) {
  SplitOptions options;
  options.columns.further = {{"a, b"}, {"none", true}, {"temp"}};
  const Result<SplitReport> report =
      run("customer_id,temp,ds,y,\"a, "
          "b\",unused\n8,3.5,2022-01-01,1,\"x\"\"y\",u\n9,,2022-01-01,2,z,u\n8,4,2022-01-02,3,,u\n",
          options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(contents(output()), (std::map<std::string, std::string>{
                                    {"8.csv", "ds,y,\"a, b\",temp\n2022-01-01,1,\"x\"\"y\",3.5\n2022-01-02,3,,4\n"},
                                    {"9.csv", "ds,y,\"a, b\",temp\n2022-01-01,2,z,\n"}}));
}

TEST_F(Split, TheHeaderComesOnceHoweverOftenAFileIsAppendedTo) {
  std::string text = "customer_id,ds,y,temp\n";
  for (int row = 0; row < 200'000; ++row) text += fmt::format("{},2022-01-01,{},{}\n", row % 7, row, row);
  SplitOptions options;
  options.memory_budget = kLeastSplitMemory;
  options.columns.further = {{"temp"}};
  const Result<SplitReport> report = run(text, options);
  ASSERT_TRUE(report) << report.error().message;
  for (const auto& [name, file] : contents(output())) {
    EXPECT_TRUE(file.starts_with("ds,y,temp\n")) << name;
    EXPECT_EQ(file.find("ds,y", 1), std::string::npos) << name;
    EXPECT_GT(std::ranges::count(file, '\n'), 28'000) << name;
  }
}

TEST_F(Split, HostileIdsStayInTheFolder) {
  const std::string nul("x\0y", 3);
  const std::string longest(1000, 'k');
  std::string text;
  for (const std::string& id : {std::string("../../evil"), std::string("a/b"), std::string("."), std::string(".."), nul,
                                longest, std::string("CaSe"), std::string("case")}) {
    text += "\"" + id + "\",2022-01-01,1\n";
  }
  const Result<SplitReport> report = run(text);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->customers, 8U);
  EXPECT_EQ(entries_around(), 1U);
  EXPECT_FALSE(fs::exists(folder_->path().parent_path() / "evil.csv"));
  const std::map<std::string, std::string> files = contents(output());
  for (const char* name :
       {"%2E.%2F..%2Fevil.csv", "a%2Fb.csv", "%2E.csv", "%2E..csv", "x%00y.csv", "CaSe.csv", "case.csv"}) {
    EXPECT_TRUE(files.contains(name)) << name;
  }
  const std::string name = encode_customer_id(longest);
  EXPECT_TRUE(files.contains(name + ".csv"));
  EXPECT_EQ(files.at(std::string(kLongIdIndex)), "name,customer_id\n" + name + ",\"" + longest + "\"\n");
}

TEST_F(Split, ABadRowEndsItWithNoTraceOrIsLeftOutAndReported) {
  const std::string text =
      "c,2022-01-01,1\n,2022-01-02,2\nc,2022-13-01,3\nc,2022-01-04,x\nc,2022-01-05\nc,2022-01-06,6\n";
  const Result<SplitReport> refused = run(text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "f.csv:2: column 1 (customer id): expected a customer id, found an empty field");
  EXPECT_EQ(entries_around(), 0U);
  const Result<SplitReport> report = run(text, {.columns = {.skip_bad_rows = true}});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows, 2U);
  EXPECT_EQ(report->bad_rows.count, 4U);
  EXPECT_EQ(report->bad_rows.messages[2], "f.csv:4: column 3 (value): expected a number, found 'x'");
  EXPECT_EQ(*read_file(output() / "c.csv"), "2022-01-01,1\n2022-01-06,6\n");
}

TEST_F(Split, ReadsGzipAndRefusesItCutOff) {
  std::string text = "customer_id,timestamp,consumption\n";
  for (int i = 0; i < 5000; ++i) text += fmt::format("{},2022-01-01,{}\n", i % 7, i);
  const std::string zipped = table::gzip_for_test(text);
  const Result<SplitReport> cut = run(zipped.substr(0, zipped.size() - 5));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(entries_around(), 0U);
  ASSERT_TRUE(run(zipped));
  const auto from_zipped = contents(output());
  ASSERT_TRUE(run(text, {.overwrite = true}));
  EXPECT_EQ(contents(output()), from_zipped);
}

TEST_F(Split, CrOnlyTablesAndByteOrderMarksAreRead) {
  ASSERT_TRUE(
      run("\xEF\xBB\xBF"
          "customer_id,timestamp,consumption\ra,2022-01-01,1\ra,2022-01-02,2\r"));
  EXPECT_EQ(*read_file(output() / "a.csv"), "2022-01-01,1\n2022-01-02,2\n");
}

TEST_F(Split, AFolderThatHoldsAnythingIsRefusedUnlessOnlySeriesAndAsked) {
  ASSERT_TRUE(run("a,2022-01-01,1\nb,2022-01-01,1\n"));
  const Result<SplitReport> again = run("c,2022-01-01,1\n");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(contents(output()).size(), 2U);
  // Old customers do not stay beside the new.
  ASSERT_TRUE(run("c,2022-01-01,1\n", {.overwrite = true}));
  EXPECT_EQ(contents(output()), (std::map<std::string, std::string>{{"c.csv", "2022-01-01,1\n"}}));
  ASSERT_TRUE(write_file_atomically(output() / "notes.txt", "mine", Durability::kNone));
  const Result<SplitReport> foreign = run("d,2022-01-01,1\n", {.overwrite = true});
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().message.find("'notes.txt'"), std::string::npos);
  EXPECT_EQ(contents(output()).size(), 2U);
}

TEST_F(Split, AnEmptyFolderIsFilledAndLeftoversOfTheDeadAreRemoved) {
  fs::create_directories(output() / ".chiliad-tmp-split-1-0" / "series");
  ASSERT_TRUE(run("a,2022-01-01,1\n"));
  EXPECT_EQ(contents(output()), (std::map<std::string, std::string>{{"a.csv", "2022-01-01,1\n"}}));
}

TEST_F(Split, ATableWithoutRowsIsAnError) {
  EXPECT_EQ(run("").error().message, "f.csv: there are no rows to split");
  EXPECT_EQ(run("customer_id,timestamp,value\n").error().message, "f.csv: there are no rows to split");
  EXPECT_EQ(entries_around(), 0U);
}

// Rows of random customers, and what must stand in each file, found the plain way.
struct RandomTable {
  std::string text;
  std::map<std::string, std::string> files;
};
RandomTable random_table(std::size_t rows, std::size_t customers, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  RandomTable table;
  table.text = "customer_id,timestamp,consumption\n";
  for (std::size_t i = 0; i < rows; ++i) {
    // A third of the rows belongs to one customer, the rest to all alike.
    const std::uint64_t customer = random() % 3 == 0 ? 0 : random() % customers;
    const std::string row =
        fmt::format("20{:02}-01-{:02},{}.{}\n", random() % 90 + 10, random() % 28 + 1, i, random() % 1000);
    table.text += fmt::format("id/{},{}", customer, row);
    table.files[fmt::format("id%2F{}.csv", customer)] += row;
  }
  return table;
}

TEST_F(Split, IsTheGroupingByCustomerWhateverTheBudgetAndTheThreads) {
  // 7 MB of rows: within 256 MB; and with 3 MB for rows, by appending (50 customers) or by way of the disk (600).
  for (const std::size_t customers : {50U, 600U}) {
    const RandomTable table = random_table(200'000, customers, customers);
    for (const std::uint64_t budget : {std::uint64_t{256} << 20, kLeastSplitMemory}) {
      const int threads = customers == 50 ? 1 : 4;
      const Result<SplitReport> report =
          run(table.text, {.memory_budget = budget, .overwrite = true, .threads = threads});
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_EQ(report->customers, table.files.size());
      EXPECT_TRUE(contents(output()) == table.files) << customers << " customers, budget " << budget;
      EXPECT_EQ(report->bytes_set_aside > 0, customers == 600 && budget == kLeastSplitMemory);
      EXPECT_LE(report->peak_memory, budget);
    }
  }
}

std::size_t open_files() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_F(Split, NeedsFewOpenFilesAndClosesThem) {
  const RandomTable table = random_table(200'000, 5'000, 3);
  const std::size_t before = open_files();
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit few = old;
  few.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Result<SplitReport> report = run(table.text, {.memory_budget = kLeastSplitMemory});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->bytes_set_aside, 0U);
  EXPECT_EQ(open_files(), before);
  EXPECT_TRUE(contents(output()) == table.files);
}

TEST_F(Split, AFullDiskAtAnyWriteLeavesNoTrace) {
  std::string text = random_table(120'000, 600, 9).text;
  text += std::string(300, 'k') + ",2022-01-01,1\n";
  const Result<SplitReport> whole = run(text, {.memory_budget = kLeastSplitMemory});
  ASSERT_TRUE(whole) << whole.error().message;
  ASSERT_GT(whole->bytes_set_aside, 0U);
  const std::uint64_t all = whole->bytes_set_aside + whole->bytes_written;
  fs::remove_all(output());
  // While setting aside, on the border, while writing series, and in the index of long ids at the very end.
  for (const std::uint64_t room :
       {std::uint64_t{0}, whole->bytes_set_aside / 2, whole->bytes_set_aside, all - 1, all + 10}) {
    fail_writes_after(room);
    const Result<SplitReport> report = run(text, {.memory_budget = kLeastSplitMemory, .threads = 3});
    fail_writes_after(UINT64_MAX);
    ASSERT_FALSE(report) << room;
    EXPECT_EQ(report.error().code, ErrorCode::kNoSpace);
    EXPECT_EQ(entries_around(), 0U) << room;
  }
}

TEST_F(Split, TooSmallABudgetIsRefused) {
  EXPECT_EQ(run("a,2022-01-01,1\n", {.memory_budget = kLeastSplitMemory - 1}).error().code, ErrorCode::kInvalid);
}

// Grouping of a simple table (no quotes) with nothing of ours.
std::map<std::string, std::string> group_plainly(const std::string& text) {
  std::map<std::string, std::string> files;
  for (std::size_t at = text.find('\n') + 1; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::size_t comma = text.find(',', at);
    files[text.substr(at, comma - at) + ".csv"] += text.substr(comma + 1, end - comma);
    at = end + 1;
  }
  return files;
}

TEST_F(Split, ReferenceTablesAreSplitAndEverySeriesOfThemIsRead) {
  const char* reference = std::getenv("REFERENCE_DIR");
  if (reference == nullptr) GTEST_SKIP() << "REFERENCE_DIR is not set";
  for (const char* name : {"energy_consumption.csv.gz", "realistic_energy.csv.gz"}) {
    const std::string zipped = *read_file(fs::path(reference) / "data" / name);
    const Result<SplitReport> report = run(zipped, {.overwrite = true});
    ASSERT_TRUE(report) << report.error().message;
    const std::map<std::string, std::string> files = contents(output());
    EXPECT_TRUE(files == group_plainly(*table::gunzip(zipped, name, 1 << 30))) << name;
    std::uint64_t rows = 0;
    for (const auto& [file_name, bytes] : files) {
      const Result<table::Series> series = table::read_series_csv(bytes, file_name);
      ASSERT_TRUE(series) << series.error().message;
      EXPECT_FALSE(series->has_header) << file_name;
      rows += series->ds.size();
    }
    EXPECT_EQ(rows, report->rows);
  }
}

}  // namespace
}  // namespace chiliad::prepare
