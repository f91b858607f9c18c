#include "container/last_lines.h"

#include <gtest/gtest.h>

#include "container/answer_text.h"

namespace chiliad::container {
namespace {

TEST(LastLines, AreTheEndOfWhatWasPrinted) {
  LastLines lines;
  EXPECT_EQ(lines.text(), "");
  for (int i = 0; i < 1000; ++i) lines.add("line " + std::to_string(i) + " of many\n");
  EXPECT_LE(lines.text().size(), LastLines::kMaxBytes);
  EXPECT_TRUE(lines.text().starts_with("line 9")) << lines.text();
  EXPECT_TRUE(lines.text().ends_with("line 998 of many | line 999 of many")) << lines.text();
}

TEST(LastLines, AreReadable) {
  LastLines lines;
  lines.add("Traceback:\r\n\n\t at");
  lines.add(" once\x1b[0m  \n\n");
  EXPECT_EQ(lines.text(), "Traceback: |   at once [0m");
}

TEST(LastLines, OfOneEndlessLineAreItsEnd) {
  LastLines lines;
  for (int i = 0; i < 100; ++i) lines.add(std::string(1000, 'x'));
  lines.add("\xC3\xA9nd");
  EXPECT_LE(lines.text().size(), LastLines::kMaxBytes);
  EXPECT_TRUE(lines.text().ends_with("xx\xC3\xA9nd"));
}

TEST(AnswerText, IsShortAndClean) {
  EXPECT_EQ(answer_text(""), "the server said nothing");
  EXPECT_EQ(answer_text("a\x01\nb \n"), "a \nb");
  EXPECT_EQ(answer_text(std::string(10'000, 'x')).size(), kMaxText);
  // A character of two bytes at the border is left out.
  EXPECT_EQ(answer_text(std::string(kMaxText - 1, 'x') + "\xC3\xA9").size(), kMaxText - 1);
}

}  // namespace
}  // namespace chiliad::container
