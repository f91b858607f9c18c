#include "watch/log_token.h"

#include <gtest/gtest.h>

namespace chiliad::watch {
namespace {

TEST(LogToken, IsReadAsItWasWritten) {
  const std::string forward = write_token(EventToken{true, 12, 3'456});
  EXPECT_EQ(forward, "f/00000000000000000000000000120000000000000000000000003456/s");
  const std::optional<EventToken> event = read_event_token(forward);
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->forward);
  EXPECT_EQ(event->stream_id, 12);
  EXPECT_EQ(event->event, 3'456);
  EXPECT_FALSE(read_event_token(write_token(EventToken{false, INT64_MAX, INT64_MAX}))->forward);
  EXPECT_EQ(read_name_token(write_name_token("a/b\xC3\xBC")), "a/b\xC3\xBC");
  const std::optional<StreamPosition> time = read_time_token(write_time_token({"", -5, 7}));
  ASSERT_TRUE(time);
  EXPECT_EQ(time->last_time, -5);
  EXPECT_EQ(time->id, 7);
  for (const std::string name : {"", "last"}) {
    const SearchPosition position{{{1, 2}, {3, 4}}, name, true};
    const std::optional<SearchPosition> read = read_search_token(write_token(position));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->streams.size(), 2u);
    EXPECT_EQ(read->streams[1].next, 4);
    EXPECT_EQ(read->last_name, name);
    EXPECT_TRUE(read->more_streams);
  }
  EXPECT_TRUE(read_search_token(write_token(SearchPosition{{}, "x", false}))->streams.empty());
}

TEST(LogToken, NothingElseIsOne) {
  std::string many = "s.1..";
  for (int i = 0; i < 101; ++i) many += "1-1_";
  for (const std::string text : {"",
                                 "f",
                                 "f/1/s",
                                 "n.",
                                 "x.61",
                                 "n.6",
                                 "n.6G",
                                 "t.",
                                 "t.1",
                                 "t.1.-2",
                                 "t.a.1",
                                 "s.",
                                 "s.2..1-1",
                                 "s.1.zz.1-1",
                                 "s.1..1",
                                 "s.1..1-",
                                 "s.1..-1-1",
                                 "s.1..99999999999999999999-1",
                                 "f/99999999999999999999999999990000000000000000000000003456/s",
                                 "f/ 000000000000000000000000120000000000000000000000003456/s"}) {
    EXPECT_FALSE(read_event_token(text)) << text;
    EXPECT_FALSE(read_time_token(text)) << text;
    EXPECT_FALSE(read_search_token(text)) << text;
    EXPECT_FALSE(text != "n." && read_name_token(text)) << text;
  }
  EXPECT_FALSE(read_search_token(many));
}

}  // namespace
}  // namespace chiliad::watch
