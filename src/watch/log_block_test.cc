#include "watch/log_block.h"

#include <gtest/gtest.h>

#include "watch/moment_for_test.h"

namespace chiliad::watch {
namespace {

TEST(LogBlock, GivesBackWhatWasWritten) {
  const std::string binary("\0\xFF\n", 3);
  const std::string longest(kMaxLineBytes, 'x');
  std::string block;
  append_log_event(block, {at_ms(1'763'836'349'123), at_ms(1'763'836'349'200), "one"});
  append_log_event(block, {at_ms(-5), at_ms(-100), binary});
  append_log_event(block, {at_ms(0), at_ms(0), longest + "cut"});
  const Result<std::vector<StoredEvent>> events = read_log_block(block);
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ((*events)[0].time, at_ms(1'763'836'349'123));
  EXPECT_EQ((*events)[0].ingested, at_ms(1'763'836'349'200));
  EXPECT_EQ((*events)[0].text, "one");
  EXPECT_EQ((*events)[1].time, at_ms(-5));
  EXPECT_EQ((*events)[1].ingested, at_ms(-100));
  EXPECT_EQ((*events)[1].text, binary);
  EXPECT_EQ((*events)[2].text, longest);
}

TEST(LogBlock, EveryCutIsDamageButThoseBetweenEvents) {
  std::string block;
  append_log_event(block, {at_ms(1), at_ms(2), "first"});
  const std::size_t first = block.size();
  append_log_event(block, {at_ms(3), at_ms(4), "second"});
  for (std::size_t size = 0; size <= block.size(); ++size) {
    const Result<std::vector<StoredEvent>> events = read_log_block(std::string_view(block).substr(0, size));
    EXPECT_EQ(static_cast<bool>(events), size == 0 || size == first || size == block.size()) << size;
    if (!events) {
      EXPECT_EQ(events.error().code, ErrorCode::kCorrupt);
    }
  }
}

}  // namespace
}  // namespace chiliad::watch
