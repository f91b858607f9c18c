#include "watch/log_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "watch/moment_for_test.h"

namespace chiliad::watch {
namespace {

using testing::ElementsAre;

struct Kept final : LogSink {
  void append(std::string_view group, std::string_view stream, std::span<const LogLine> lines) override {
    EXPECT_EQ(group, "g");
    EXPECT_EQ(stream, "s");
    for (const LogLine& line : lines) {
      texts.emplace_back(line.text);
      times.push_back(line.time);
    }
  }
  std::vector<std::string> texts;
  std::vector<Milliseconds> times;
};

TEST(LogWriter, CutsLinesWhereverTheReadsEnd) {
  Kept kept;
  LogWriter writer(kept, "g", "s");
  writer.write("one\ntw", at_ms(1));
  writer.write("o\r", at_ms(2));
  writer.write("\n\nthr\ree", at_ms(3));
  EXPECT_THAT(kept.texts, ElementsAre("one", "two", " "));
  EXPECT_THAT(kept.times, ElementsAre(at_ms(1), at_ms(3), at_ms(3)));
  writer.finish(at_ms(4));
  writer.finish(at_ms(5));
  EXPECT_THAT(kept.texts, ElementsAre("one", "two", " ", "thr\ree"));
}

TEST(LogWriter, CutsALineWithoutEndIntoPiecesAndLosesNothing) {
  Kept kept;
  LogWriter writer(kept, "g", "s");
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(7'919, static_cast<char>('a' + i % 26));
    writer.write(piece, at_ms(i));
    all += piece;
  }
  writer.write("\n", at_ms(100));
  ASSERT_EQ(kept.texts.size(), all.size() / kMaxLineBytes + 1);
  std::string read;
  for (const std::string& text : kept.texts) {
    EXPECT_LE(text.size(), kMaxLineBytes);
    read += text;
  }
  EXPECT_EQ(read, all);
}

TEST(LogWriter, ALineOfExactlyTheLimitIsOneLine) {
  Kept kept;
  LogWriter writer(kept, "g", "s");
  writer.write(std::string(kMaxLineBytes, 'x'), at_ms(1));
  writer.write("\nnext\n", at_ms(2));
  ASSERT_EQ(kept.texts.size(), 2u);
  EXPECT_EQ(kept.texts[0].size(), kMaxLineBytes);
}

TEST(LogWriter, ShowsEveryLineBeforeTheSinkHasIt) {
  Kept kept;
  std::vector<std::string> seen;
  LogWriter writer(kept, "g", "s", [&](const LogLine& line) { seen.emplace_back(line.text); });
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += std::to_string(i) + "\n";
  writer.write(many, at_ms(1));
  EXPECT_EQ(seen.size(), 1'000u);
  EXPECT_EQ(seen, kept.texts);
}

}  // namespace
}  // namespace chiliad::watch
