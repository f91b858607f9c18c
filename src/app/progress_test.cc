#include "app/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace chiliad::app {
namespace {

using std::chrono::milliseconds;

// A stream into memory and a clock moved by hand.
class ProgressTest : public testing::Test {
 protected:
  ~ProgressTest() override {
    std::fclose(stream_);
    std::free(bytes_);
  }

  Progress::Clock clock() {
    return [this] { return now_; };
  }
  std::string written() {
    std::fflush(stream_);
    return std::string(bytes_, size_);
  }

  std::chrono::steady_clock::time_point now_{};
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_ = ::open_memstream(&bytes_, &size_);
};

TEST_F(ProgressTest, PlainLinesComeEveryFiveSecondsWithRateAndTimeLeft) {
  Progress progress("split", "rows", 4000, Progress::Look::kPlain, stream_, clock());
  now_ += milliseconds(4900);
  progress.update(900);
  EXPECT_EQ(written(), "");
  now_ += milliseconds(100);
  progress.update(1000, "2 bad rows");
  progress.update(1001);
  EXPECT_EQ(written(), "split: 1,000 of 4,000 rows, 200 rows/s, 15 s left, 2 bad rows\n");
}

TEST_F(ProgressTest, UnknownTotalShowsNoTimeLeft) {
  Progress progress("split", "rows", 0, Progress::Look::kPlain, stream_, clock());
  now_ += milliseconds(10'000);
  progress.update(50);
  EXPECT_EQ(written(), "split: 50 rows, 5 rows/s\n");
}

TEST_F(ProgressTest, TerminalLineIsRewrittenAndClearedBeforeTheSummary) {
  Progress progress("fit", "models", 10, Progress::Look::kLine, stream_, clock());
  now_ += milliseconds(1000);
  progress.update(5, "some detail");
  now_ += milliseconds(1000);
  progress.update(10);
  progress.finish("10 models in 2 s", "{}");
  const std::string first = "fit: 5 of 10 models, 5 models/s, 1 s left, some detail";
  const std::string second = "fit: 10 of 10 models, 5 models/s, 0 s left";
  EXPECT_EQ(written(), "\r" + first + "\r" + second + std::string(first.size() - second.size(), ' ') + "\r" +
                           std::string(second.size(), ' ') + "\rfit: 10 models in 2 s\n");
}

TEST_F(ProgressTest, JsonLooksAreOneObjectALine) {
  Progress progress("split", "rows", 0, Progress::Look::kJson, stream_, clock());
  progress.note("a \"note\"");
  now_ += milliseconds(1000);
  progress.update(7, "", 14);
  progress.finish("not shown", "{\"event\": \"done\"}");
  EXPECT_EQ(written(),
            "{\"event\": \"note\", \"command\": \"split\", \"message\": \"a \\\"note\\\"\"}\n"
            "{\"event\": \"progress\", \"command\": \"split\", \"done\": 7, \"total\": 14, \"unit\": \"rows\", "
            "\"seconds\": 1.0, \"per_second\": 7.0, \"seconds_left\": 1.0, \"detail\": \"\"}\n"
            "{\"event\": \"done\"}\n");
}

TEST_F(ProgressTest, QuietShowsNotesAndSummaryOnly) {
  Progress progress("split", "rows", 10, Progress::Look::kQuiet, stream_, clock());
  now_ += milliseconds(60'000);
  progress.update(5);
  progress.note("header found");
  progress.finish("done", "{}");
  EXPECT_EQ(written(), "split: header found\nsplit: done\n");
}

TEST_F(ProgressTest, AStreamThatIsNoTerminalGetsPlainLines) {
  std::FILE* null = std::fopen("/dev/null", "w");
  ASSERT_NE(null, nullptr);
  { Progress progress("split", "rows", 10, Progress::Look::kAuto, null, clock()); }
  std::fclose(null);
}

}  // namespace
}  // namespace chiliad::app
