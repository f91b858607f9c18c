#include "process/container_end.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "base/file.h"

namespace chiliad::process {
namespace {

// Field 3, the state, and 52, what wait(2) would give; between and before them what does not matter.
std::string stat_of(char state, int status) {
  std::string text = "7 (a ) Z (name) ";
  text += state;
  for (int field = 4; field < 52; ++field) text += " 1";
  return text + " " + std::to_string(status) + "\n";
}

TEST(ContainerEnd, TheKernelTellsHowAProcessEndedThatNobodyHasReaped) {
  EXPECT_EQ(code_in_stat(stat_of('Z', 0)), 0);
  EXPECT_EQ(code_in_stat(stat_of('Z', 7 << 8)), 7);
  EXPECT_EQ(code_in_stat(stat_of('Z', SIGTERM)), 128 + SIGTERM);
}

TEST(ContainerEnd, AProcessThatRunsHasNoCode) {
  EXPECT_EQ(code_in_stat(stat_of('S', 0)), std::nullopt);
  EXPECT_EQ(code_in_stat(stat_of('Z', 0).substr(0, 100)), std::nullopt);
  EXPECT_EQ(code_in_stat(""), std::nullopt);
  EXPECT_EQ(code_in_stat("7 (x) Z "), std::nullopt);
}

std::optional<int> code_in_file(const std::string& name, std::string_view text) {
  const TempFolder folder = *TempFolder::make();
  EXPECT_TRUE(write_file_atomically(folder.path() / name, text, Durability::kNone));
  return code_in_exits(folder.path());
}

TEST(ContainerEnd, TheMonitorsFileHasTheContainersName) {
  const std::string name(64, 'a');
  EXPECT_EQ(code_in_file(name, "0"), 0);
  EXPECT_EQ(code_in_file(name, "143"), 143);
  EXPECT_EQ(code_in_file(name + ".X1Y2Z3", "0"), std::nullopt);
  EXPECT_EQ(code_in_file("other", "0"), std::nullopt);
  EXPECT_EQ(code_in_exits("/no/such/folder"), std::nullopt);
}

TEST(ContainerEnd, AMonitorThatDoesNotKnowTellsNoCode) {
  for (const char* text : {"", "-1", "256", "0\n", "zero", "00000000000000000000"})
    EXPECT_EQ(code_in_file(std::string(64, '0'), text), std::nullopt) << text;
}

}  // namespace
}  // namespace chiliad::process
