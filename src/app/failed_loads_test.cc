#include "app/failed_loads.h"

#include <gtest/gtest.h>

namespace chiliad::app {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

const Error kDamaged{ErrorCode::kCorrupt, "8.tar.gz: damaged gzip"};

TEST(FailedLoads, EachModelIsToldOnceAMinute) {
  FailedLoads loads;
  const steady_clock::time_point start{};
  EXPECT_EQ(loads.line("8.tar.gz", kDamaged, start),
            "chiliad: model '8.tar.gz' cannot be loaded: 8.tar.gz: damaged gzip\n");
  EXPECT_EQ(loads.line("8.tar.gz", kDamaged, start + seconds(59)), "");
  EXPECT_EQ(loads.line("8.tar.gz", kDamaged, start + seconds(60)),
            "chiliad: model '8.tar.gz' cannot be loaded: 8.tar.gz: damaged gzip "
            "(and 1 failed loads more since the last such line)\n");
}

TEST(FailedLoads, AFloodIsBounded) {
  FailedLoads loads;
  const steady_clock::time_point start{};
  std::size_t lines = 0;
  for (int i = 0; i < 10'000; ++i) lines += loads.line(std::to_string(i), kDamaged, start).empty() ? 0 : 1;
  EXPECT_EQ(lines, FailedLoads::kMostLines);
  EXPECT_NE(loads.line("8.tar.gz", kDamaged, start + seconds(61)).find("and 9980 failed loads more"),
            std::string::npos);
}

}  // namespace
}  // namespace chiliad::app
