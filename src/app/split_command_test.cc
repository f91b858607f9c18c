// `chiliad generate` and `chiliad split` as a user calls them: flags in, files and exit codes out.

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/commands.h"
#include "base/file.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

class SplitCommand : public testing::Test {
 protected:
  // The exit code, and what was written to standard error in err_.
  int run(std::vector<std::string> arguments) {
    CLI::App app;
    app.require_subcommand(1);
    add_generate_command(app);
    add_split_command(app);
    std::reverse(arguments.begin(), arguments.end());
    testing::internal::CaptureStderr();
    int code = kExitDone;
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError&) {
      code = kExitUsage;
    } catch (const Exit& exit) {
      code = exit.code;
    }
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }
  std::string at(std::string_view name) const { return folder_->path() / name; }
  void write(std::string_view name, std::string_view text) {
    ASSERT_TRUE(write_file_atomically(at(name), text, Durability::kNone));
  }

  Result<TempFolder> folder_ = TempFolder::make();
  std::string err_;
};

TEST_F(SplitCommand, GeneratedTableIsSplitIntoItsCustomers) {
  ASSERT_EQ(run({"generate", "--customers", "3", "--period-days", "10", "--output", at("t.csv")}), kExitDone) << err_;
  ASSERT_EQ(run({"split", "--input", at("t.csv"), "--output", at("deep/er/out")}), kExitDone) << err_;
  EXPECT_NE(err_.find("line 1 is a header"), std::string::npos);
  EXPECT_NE(err_.find("30 rows of 3 customers"), std::string::npos);
  std::string together = "customer_id,timestamp,consumption\n";
  for (const char* id : {"0", "1", "2"}) {
    std::string rows = *read_file(at("deep/er/out/" + std::string(id) + ".csv"));
    for (std::size_t line = 0; line < rows.size(); line = rows.find('\n', line) + 1)
      rows.insert(line, std::string(id) + ",");
    together += rows;
  }
  EXPECT_EQ(together, *read_file(at("t.csv")));
}

TEST_F(SplitCommand, ColumnsHeaderAndDelimiterAreChosenByFlags) {
  write("t.csv", "when;who;x;load\n2022-01-01;8;a;5\n");
  EXPECT_EQ(run({"split", "--input", at("t.csv"), "--output", at("out"), "--delimiter", ";", "--id-column", "who",
                 "--timestamp-column", "1", "--value-column", "load"}),
            kExitDone)
      << err_;
  EXPECT_EQ(*read_file(at("out/8.csv")), "2022-01-01,5\n");
}

TEST_F(SplitCommand, WrongUsageIsExitCode2) {
  write("t.csv", "8,2022-01-01,5\n");
  const std::vector<std::string> base = {"split", "--input", at("t.csv"), "--output", at("out")};
  for (const auto& [flag, value] : std::vector<std::pair<std::string, std::string>>{{"--header", "perhaps"},
                                                                                    {"--delimiter", ",,"},
                                                                                    {"--memory-budget", "lots"},
                                                                                    {"--memory-budget", "1M"},
                                                                                    {"--id-column", "0"},
                                                                                    {"--no-such-flag", "1"}}) {
    std::vector<std::string> arguments = base;
    arguments.push_back(flag);
    arguments.push_back(value);
    EXPECT_EQ(run(arguments), kExitUsage) << flag;
    EXPECT_FALSE(fs::exists(at("out")));
  }
  EXPECT_EQ(run({"split", "--input", at("t.csv")}), kExitUsage);
  EXPECT_EQ(run({"generate", "--customers", "0", "--output", at("g.csv")}), kExitUsage);
  EXPECT_EQ(run({"generate", "--customers", "1", "--start", "soon", "--output", at("g.csv")}), kExitUsage);
}

TEST_F(SplitCommand, BadInputIsExitCode1AndSkippedWhenAsked) {
  write("t.csv", "8,2022-01-01,5\n8,2022-01-02,abc\n");
  EXPECT_EQ(run({"split", "--input", at("t.csv"), "--output", at("out")}), kExitFailed);
  EXPECT_NE(err_.find("t.csv:2: column 3 (value): expected a number, found 'abc'"), std::string::npos);
  EXPECT_FALSE(fs::exists(at("out")));
  EXPECT_EQ(run({"split", "--input", at("t.csv"), "--output", at("out"), "--skip-bad-rows"}), kExitDone);
  EXPECT_NE(err_.find("expected a number, found 'abc'"), std::string::npos);
  EXPECT_NE(err_.find("1 bad rows left out"), std::string::npos);
  EXPECT_EQ(run({"split", "--input", at("none.csv"), "--output", at("out2")}), kExitFailed);
}

TEST_F(SplitCommand, JsonEndsWithOneObjectOfFigures) {
  write("t.csv", "8,2022-01-01,5\nx\n");
  EXPECT_EQ(run({"split", "--input", at("t.csv"), "--output", at("out"), "--skip-bad-rows", "--json"}), kExitDone);
  EXPECT_NE(err_.find("\"event\": \"done\", \"command\": \"split\", \"rows\": 1, \"customers\": 1,"),
            std::string::npos);
  EXPECT_NE(err_.find("\"bad_rows\": 1, \"bad_row_messages\": [\""), std::string::npos);
}

TEST_F(SplitCommand, AFullDiskIsExitCode1AndLeavesNoFile) {
  fail_writes_after(1000);
  const int code = run({"generate", "--customers", "3", "--output", at("t.csv")});
  fail_writes_after(UINT64_MAX);
  EXPECT_EQ(code, kExitFailed);
  EXPECT_NE(err_.find("No space left on device"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder_->path()));
}

}  // namespace
}  // namespace chiliad::app
