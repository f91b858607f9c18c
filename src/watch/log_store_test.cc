#include "watch/log_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <thread>

#include "base/file.h"
#include "sql/pretended_disk.h"
#include "watch/moment_for_test.h"

namespace chiliad::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kJobs = "/aws/sagemaker/TrainingJobs";

class WatchLogStore : public testing::Test {
 protected:
  std::unique_ptr<LogStore> open(const LogStore::Options& options = {}) {
    Result<std::unique_ptr<LogStore>> store = LogStore::open(folder_->path() / "logs", options);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(store).operator*();
  }
  static void say(LogStore& store, std::string_view stream, std::int64_t ms, std::string_view text) {
    const LogLine line{at_ms(ms), text};
    store.append(kJobs, stream, {&line, 1});
  }
  static std::vector<std::string> texts(const Result<LogPage>& page) {
    std::vector<std::string> out;
    EXPECT_TRUE(page) << page.error().message;
    for (const LogEvent& event : page->events) out.push_back(event.text);
    return out;
  }
  static std::vector<std::string> all(LogStore& store, std::string_view stream) {
    std::vector<std::string> out;
    for (std::int64_t from = 0;;) {
      const Result<LogPage> page = store.read_forward(kJobs, stream, from, {});
      EXPECT_TRUE(page) << page.error().message;
      if (!page || page->events.empty()) return out;
      for (const LogEvent& event : page->events) out.push_back(event.text);
      from = page->next;
    }
  }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(WatchLogStore, ReadsAtOnceWhatWasAppendedAndAfterAnotherStart) {
  {
    const std::unique_ptr<LogStore> store = open();
    say(*store, "j/algo-1", 10, "one");
    EXPECT_THAT(texts(store->read_forward(kJobs, "j/algo-1", 0, {})), ElementsAre("one"));
    say(*store, "j/algo-1", 20, std::string_view("t\0wo", 4));
    say(*store, "j/algo-1", 20, "three");
  }
  const std::unique_ptr<LogStore> store = open();
  EXPECT_THAT(all(*store, "j/algo-1"), ElementsAre("one", std::string("t\0wo", 4), "three"));
  const Result<LogStream> stream = store->find_stream(kJobs, "j/algo-1");
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->first_time, at_ms(10));
  EXPECT_EQ(stream->last_time, at_ms(20));
  EXPECT_EQ(stream->next_event, 3);
}

TEST_F(WatchLogStore, GoesForwardsAndBackwardsByNumber) {
  const std::unique_ptr<LogStore> store = open();
  for (int i = 0; i < 10; ++i) say(*store, "s", i, std::to_string(i));
  LogWindow three;
  three.max_events = 3;
  const Result<LogPage> first = store->read_forward(kJobs, "s", 0, three);
  EXPECT_THAT(texts(first), ElementsAre("0", "1", "2"));
  EXPECT_EQ(first->next, 3);
  EXPECT_THAT(texts(store->read_forward(kJobs, "s", 9, three)), ElementsAre("9"));
  EXPECT_THAT(texts(store->read_forward(kJobs, "s", 10, three)), ElementsAre());
  EXPECT_EQ(store->read_forward(kJobs, "s", 10, three)->next, 10);
  const Result<LogPage> last = store->read_backward(kJobs, "s", INT64_MAX, three);
  EXPECT_THAT(texts(last), ElementsAre("7", "8", "9"));
  EXPECT_EQ(last->first, 7);
  EXPECT_EQ(last->next, 10);
  EXPECT_THAT(texts(store->read_backward(kJobs, "s", 2, three)), ElementsAre("0", "1"));
  EXPECT_EQ(store->read_backward(kJobs, "s", 0, three)->first, 0);
}

TEST_F(WatchLogStore, AWindowOfTimeIncludesItsStartAndNotItsEnd) {
  const std::unique_ptr<LogStore> store = open();
  for (int i = 0; i < 10; ++i) say(*store, "s", i, std::to_string(i));
  LogWindow window;
  window.start = at_ms(3);
  window.end = at_ms(6);
  EXPECT_THAT(texts(store->read_forward(kJobs, "s", 0, window)), ElementsAre("3", "4", "5"));
  EXPECT_THAT(texts(store->read_backward(kJobs, "s", INT64_MAX, window)), ElementsAre("3", "4", "5"));
  EXPECT_EQ(store->read_forward(kJobs, "s", 0, window)->next, 10);
}

TEST_F(WatchLogStore, CutsLongLinesAndFillsPagesByBytes) {
  const std::unique_ptr<LogStore> store = open();
  say(*store, "s", 1, std::string(kMaxLineBytes + 5, 'x'));
  say(*store, "s", 2, std::string(kMaxLineBytes, 'y'));
  LogWindow small;
  small.max_bytes = 1'000;
  const Result<LogPage> page = store->read_forward(kJobs, "s", 0, small);
  ASSERT_EQ(page->events.size(), 1u) << "one is given whatever its size";
  EXPECT_EQ(page->events[0].text.size(), kMaxLineBytes);
  EXPECT_EQ(page->next, 1);
}

TEST_F(WatchLogStore, AStreamKeepsItsLastLinesAndSaysHowManyAreGone) {
  LogStore::Options options;
  options.max_stream_bytes = 200'000;
  const std::unique_ptr<LogStore> store = open(options);
  const std::string filler(200, '.');
  constexpr int kLines = 20'000;
  for (int i = 0; i < kLines; ++i) say(*store, "s", i, std::to_string(i) + filler);
  ASSERT_TRUE(store->flush());
  const Result<LogStream> stream = store->find_stream(kJobs, "s");
  EXPECT_LE(stream->bytes, options.max_stream_bytes);
  EXPECT_GE(stream->bytes, options.max_stream_bytes / 2);
  const std::vector<std::string> lines = all(*store, "s");
  EXPECT_EQ(lines.front(), fmt::format("[chiliad] {} earlier lines ({} bytes) of this stream were dropped to make room",
                                       stream->dropped_events, stream->dropped_bytes));
  EXPECT_EQ(lines.size() - 1 + static_cast<std::size_t>(stream->dropped_events), std::size_t{kLines});
  EXPECT_EQ(lines.back(), std::to_string(kLines - 1) + filler);
  EXPECT_EQ(store->counters().lost_lines, 0u);
}

TEST_F(WatchLogStore, AllStreamsTogetherAreBoundedAndTheStalestGiveWay) {
  LogStore::Options options;
  options.max_bytes = 1'000'000;
  const std::unique_ptr<LogStore> store = open(options);
  const std::string text(10'000, 't');
  for (int stream = 0; stream < 30; ++stream) {
    for (int i = 0; i < 10; ++i) say(*store, fmt::format("s{}", stream), i, text);
    ASSERT_TRUE(store->flush());
    std::this_thread::sleep_until(std::chrono::system_clock::now() + std::chrono::milliseconds(2));  // Another time.
  }
  EXPECT_LE(store->counters().bytes, options.max_bytes);
  EXPECT_EQ(all(*store, "s29").size(), 10u);
  const std::vector<std::string> oldest = all(*store, "s0");
  EXPECT_TRUE(oldest.empty() || oldest[0].starts_with("[chiliad] ")) << oldest.size();
}

TEST_F(WatchLogStore, ExpiresByTheGroupsRetentionAndForgetsEmptyStreams) {
  const std::unique_ptr<LogStore> store = open();
  const Milliseconds now = now_in_milliseconds();
  const std::int64_t today = now.time_since_epoch().count();
  constexpr std::int64_t kDay = 86'400'000;
  say(*store, "old", today - 10 * kDay, "old");
  say(*store, "new", today, "new");
  ASSERT_TRUE(store->flush());
  ASSERT_TRUE(store->expire(now));
  EXPECT_THAT(all(*store, "old"), ElementsAre("old"));
  ASSERT_TRUE(store->set_retention(kJobs, 7));
  ASSERT_TRUE(store->expire(now));
  EXPECT_THAT(all(*store, "old"), ElementsAre());
  EXPECT_THAT(all(*store, "new"), ElementsAre("new"));
  ASSERT_TRUE(store->expire(now + std::chrono::days(8)));
  EXPECT_EQ(store->find_stream(kJobs, "new").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->counters().streams, 0);
}

TEST_F(WatchLogStore, ListsStreamsByNameAndByLastEvent) {
  const std::unique_ptr<LogStore> store = open();
  say(*store, "a/1", 30, "x");
  say(*store, "a/2", 10, "x");
  say(*store, "b/1", 20, "x");
  const auto names = [&](std::string_view prefix, StreamOrder order, bool descending,
                         const std::optional<StreamPosition>& after, std::size_t limit) {
    std::vector<std::string> out;
    const auto streams = store->list_streams(kJobs, prefix, order, descending, after, limit);
    EXPECT_TRUE(streams);
    for (const LogStream& stream : *streams) out.push_back(stream.name);
    return out;
  };
  EXPECT_THAT(names("", StreamOrder::kName, false, {}, 10), ElementsAre("a/1", "a/2", "b/1"));
  EXPECT_THAT(names("", StreamOrder::kName, true, {}, 2), ElementsAre("b/1", "a/2"));
  EXPECT_THAT(names("a/", StreamOrder::kName, true, {}, 10), ElementsAre("a/2", "a/1"));
  EXPECT_THAT(names("a/", StreamOrder::kName, false, StreamPosition{"a/1"}, 10), ElementsAre("a/2"));
  EXPECT_THAT(names("", StreamOrder::kLastEvent, true, {}, 10), ElementsAre("a/1", "b/1", "a/2"));
  EXPECT_THAT(names("", StreamOrder::kLastEvent, false, {}, 2), ElementsAre("a/2", "b/1"));
  const auto first = store->list_streams(kJobs, "", StreamOrder::kLastEvent, true, {}, 1);
  EXPECT_THAT(names("", StreamOrder::kLastEvent, true, StreamPosition{"", 30, first->front().id}, 10),
              ElementsAre("b/1", "a/2"));
}

TEST_F(WatchLogStore, APrefixIsAnyBytes) {
  const std::unique_ptr<LogStore> store = open();
  const std::string last("\xF4\x8F\xBF\xBF");
  for (const std::string& name : {std::string("a"), "a" + last, "a" + last + "x", std::string("b")})
    say(*store, name, 1, "x");
  const auto count = [&](std::string_view prefix, bool descending) {
    return store->list_streams(kJobs, prefix, StreamOrder::kName, descending, {}, 10)->size();
  };
  for (const bool descending : {false, true}) {
    EXPECT_EQ(count("", descending), 4u);
    EXPECT_EQ(count("a", descending), 3u);
    EXPECT_EQ(count("a" + last, descending), 2u);
    EXPECT_EQ(count("\xFF", descending), 0u);
  }
  EXPECT_EQ(store->list_streams(kJobs, "a", StreamOrder::kName, true, StreamPosition{"a" + last}, 10)->size(), 1u);
  EXPECT_EQ(store->list_streams(kJobs, "a", StreamOrder::kName, false, StreamPosition{"a" + last}, 10)->size(), 1u);
}

TEST_F(WatchLogStore, MakesAndRemovesGroupsAndStreamsByName) {
  const std::unique_ptr<LogStore> store = open();
  EXPECT_EQ(store->create_stream("g", "s", at_ms(1)).error().message, "The specified log group does not exist.");
  ASSERT_TRUE(store->create_group("g", at_ms(1)));
  EXPECT_EQ(store->create_group("g", at_ms(1)).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(store->create_stream("g", "s", at_ms(1)));
  EXPECT_EQ(store->create_stream("g", "s", at_ms(1)).error().code, ErrorCode::kConflict);
  const LogLine line{at_ms(5), "kept"};
  EXPECT_EQ(store->put("g", "t", {&line, 1}).error().message, "The specified log stream does not exist.");
  ASSERT_TRUE(store->put("g", "s", {&line, 1}));
  EXPECT_GT(store->list_groups("g", "", "", 1)->front().bytes, 0);
  ASSERT_TRUE(store->delete_stream("g", "s"));
  EXPECT_EQ(store->read_forward("g", "s", 0, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->counters().bytes, 0);
  ASSERT_TRUE(store->create_stream("g", "s", at_ms(1)));
  EXPECT_TRUE(store->read_forward("g", "s", 0, {})->events.empty()) << "lines of the stream before stay away";
  ASSERT_TRUE(store->delete_group("g"));
  EXPECT_EQ(store->find_group("g").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->counters().streams, 0);
}

TEST_F(WatchLogStore, SearchesStreamsMixedByTimeInPages) {
  const std::unique_ptr<LogStore> store = open();
  for (int i = 0; i < 30; ++i) say(*store, fmt::format("j/{}", i % 3), i, fmt::format("line {}", i));
  say(*store, "k/0", 5, "line of another");
  LogStore::Search search{.group = kJobs, .prefix = "j/", .streams = {}, .window = {}, .pattern = nullptr};
  search.window.max_events = 7;
  std::vector<std::string> found;
  std::optional<SearchPosition> from;
  int pages = 0;
  do {
    const auto page = store->search(search, from);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& event : page->events) found.push_back(event.event.text);
    from = page->further;
    ++pages;
  } while (from);
  ASSERT_EQ(found.size(), 30u);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)], fmt::format("line {}", i));
  EXPECT_EQ(pages, 5);
}

TEST_F(WatchLogStore, SearchesMoreStreamsThanItReadsTogether) {
  const std::unique_ptr<LogStore> store = open();
  for (int i = 0; i < 250; ++i) {
    say(*store, fmt::format("s{}", 1'000 + i), i, "x");
    say(*store, fmt::format("s{}", 1'000 + i), i, fmt::format("match {}", i));
  }
  const Result<FilterPattern> pattern = FilterPattern::parse("match");
  LogStore::Search search{.group = kJobs, .prefix = {}, .streams = {}, .window = {}, .pattern = &*pattern};
  search.window.max_events = 60;
  std::set<std::string> found;
  std::optional<SearchPosition> from;
  do {
    const auto page = store->search(search, from);
    ASSERT_TRUE(page);
    for (const auto& event : page->events) EXPECT_TRUE(found.insert(event.event.text).second) << event.event.text;
    from = page->further;
    EXPECT_LE(from ? from->streams.size() : 0, LogStore::kSearchedTogether);
  } while (from);
  EXPECT_EQ(found.size(), 250u);
}

TEST_F(WatchLogStore, FindsByNameOnlyStreamsThatExist) {
  const std::unique_ptr<LogStore> store = open();
  say(*store, "a", 2, "of a");
  say(*store, "b", 1, "of b");
  say(*store, "c", 0, "of c");
  const std::string_view names[] = {"a", "b"};
  LogStore::Search search{.group = kJobs, .prefix = {}, .streams = names, .window = {}, .pattern = nullptr};
  const auto page = store->search(search, {});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 2u);
  EXPECT_EQ(page->events[0].stream, "b");
  const std::string_view missing[] = {"a", "d"};
  search.streams = missing;
  EXPECT_EQ(store->search(search, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(WatchLogStore, KeepsLinesWhileTheDiskIsFullAndWritesThemLater) {
  sql::count_sqlite_writes();
  LogStore::Options options;
  options.retry = std::chrono::milliseconds(1);
  const std::unique_ptr<LogStore> store = open(options);
  say(*store, "s", 1, "before");
  ASSERT_TRUE(store->flush());
  fail_writes_after(0);
  say(*store, "s", 2, "during");
  const Result<Done> full = store->flush();
  const std::vector<std::string> readable = all(*store, "s");
  fail_writes_after(UINT64_MAX);
  EXPECT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kNoSpace);
  EXPECT_THAT(readable, ElementsAre("before"));
  say(*store, "s", 3, "after");
  ASSERT_TRUE(store->flush());
  EXPECT_THAT(all(*store, "s"), ElementsAre("before", "during", "after"));
  EXPECT_EQ(store->counters().lost_lines, 0u);
}

TEST_F(WatchLogStore, CountsLinesThatFindNoRoomWhileTheDiskIsFull) {
  sql::count_sqlite_writes();
  LogStore::Options options;
  options.max_pending_bytes = 10'000;
  options.retry = std::chrono::milliseconds(1);
  options.full_wait = std::chrono::milliseconds(1);
  const std::unique_ptr<LogStore> store = open(options);
  say(*store, "s", 1, "before");
  ASSERT_TRUE(store->flush());
  fail_writes_after(0);
  for (int i = 0; i < 1'000; ++i) say(*store, "s", 2, std::string(68, 'x'));
  const std::uint64_t lost = store->counters().lost_lines;
  fail_writes_after(UINT64_MAX);
  ASSERT_TRUE(store->flush());
  say(*store, "s", 3, "after");
  const std::vector<std::string> lines = all(*store, "s");
  EXPECT_GE(lost, 1'000u - 10'000u / 68u) << "lines that are being written take room, too";
  EXPECT_EQ(lines.back(), "after");
  const std::string said = fmt::format("[chiliad] {} lines are missing here", lost);
  EXPECT_EQ(std::ranges::count_if(lines, [&](const std::string& line) { return line.starts_with(said); }), 1)
      << lost << " lost";
  EXPECT_EQ(lines.size() - 3 + lost, 1'000u) << "besides: before, after, the notice";
}

TEST_F(WatchLogStore, ADamagedBlockIsOneEventAndTheRestIsRead) {
  {
    const std::unique_ptr<LogStore> store = open();
    say(*store, "s", 1, std::string(9'000, 'a'));
    ASSERT_TRUE(store->flush());
    say(*store, "s", 2, "whole");
  }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open((folder_->path() / "logs" / "logs.db").c_str(), &raw), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(raw, "UPDATE log_block SET lines = x'00' WHERE first_event = 0", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  const std::unique_ptr<LogStore> store = open();
  EXPECT_THAT(all(*store, "s"), ElementsAre(HasSubstr("1 lines are missing here: their block is damaged"), "whole"));
}

TEST_F(WatchLogStore, WhatWasFlushedSurvivesKill9) {
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Result<std::unique_ptr<LogStore>> store = LogStore::open(folder_->path() / "logs", {});
      if (!store) ::_exit(1);
      for (int i = 0;; ++i) {
        say(**store, fmt::format("r{}", round), i, std::to_string(i));
        if (i % 10 == 9) {
          if (!(*store)->flush()) ::_exit(2);
          if (::write(pipe_ends[1], &i, sizeof(i)) != sizeof(i)) ::_exit(3);
        }
      }
    }
    ::close(pipe_ends[1]);
    int acknowledged = -1;
    for (int reads = 0; reads < 20 + 7 * round; ++reads) {
      ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof(acknowledged)), static_cast<ssize_t>(sizeof(acknowledged)));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(pipe_ends[0]);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    const std::unique_ptr<LogStore> store = open();
    const std::vector<std::string> lines = all(*store, fmt::format("r{}", round));
    ASSERT_GT(lines.size(), static_cast<std::size_t>(acknowledged));
    for (std::size_t i = 0; i < lines.size(); ++i) ASSERT_EQ(lines[i], std::to_string(i));
  }
}

TEST_F(WatchLogStore, ManyWritersAndReadersAtOnce) {
  const std::unique_ptr<LogStore> store = open();
  constexpr int kThreads = 4;
  constexpr int kLines = 2'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kLines; ++i) {
        say(*store, fmt::format("s{}", t), i, std::to_string(i));
        if (i % 500 == 0) (void)store->read_forward(kJobs, fmt::format("s{}", (t + 1) % kThreads), 0, {});
        if (i % 700 == 0) (void)store->search({.group = kJobs, .prefix = {}, .streams = {}, .window = {}}, {});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    const std::vector<std::string> lines = all(*store, fmt::format("s{}", t));
    ASSERT_EQ(lines.size(), std::size_t{kLines});
    for (int i = 0; i < kLines; ++i) ASSERT_EQ(lines[static_cast<std::size_t>(i)], std::to_string(i));
  }
}

std::uintmax_t bytes_on_disk(const std::filesystem::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::int64_t resident_bytes() {
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &pages, &resident) != 2) ADD_FAILURE() << "no /proc";
  if (file != nullptr) std::fclose(file);
  return resident * ::sysconf(_SC_PAGESIZE);
}

class WatchLogStoreLong : public WatchLogStore {};

TEST_F(WatchLogStoreLong, AGigabyteOfPrintsCostsBoundedDiskAndMemory) {
  // Others may hold up the disk, or this process, for longer than lines wait by default: then some are lost.
  LogStore::Options options;
  options.full_wait = std::chrono::minutes(10);
  const std::unique_ptr<LogStore> store = open(options);
  const std::int64_t resident_before = resident_bytes();
  std::uintmax_t most_on_disk = 0;
  std::int64_t most_resident = 0;
  constexpr std::int64_t kBatches = 40'000;
  constexpr std::size_t kBatch = 256;
  std::vector<std::string> texts(kBatch);
  std::vector<LogLine> lines(kBatch);
  for (std::int64_t batch = 0; batch < kBatches; ++batch) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      texts[i] = fmt::format("{:099}", batch * static_cast<std::int64_t>(kBatch) + static_cast<std::int64_t>(i));
      lines[i] = {now_in_milliseconds(), texts[i]};
    }
    store->append(kJobs, "loud/algo-1", lines);
    if (batch % 1'000 == 0) {
      most_on_disk = std::max(most_on_disk, bytes_on_disk(folder_->path()));
      most_resident = std::max(most_resident, resident_bytes());
    }
  }
  ASSERT_TRUE(store->flush());
  const LogStore::Counters counters = store->counters();
  EXPECT_EQ(counters.lines, static_cast<std::uint64_t>(kBatches) * kBatch);
  EXPECT_EQ(counters.lost_lines, 0u);
  // The stream's 64 MiB, what a transaction adds before it removes (16 MiB), and as much in the write-ahead log.
  EXPECT_LT(most_on_disk, std::uintmax_t{160} << 20);
  EXPECT_LT(most_resident - resident_before, std::int64_t{100} << 20);
  const Result<LogPage> last = store->read_backward(kJobs, "loud/algo-1", INT64_MAX, {.max_events = 1});
  EXPECT_EQ(texts.back(), last->events[0].text);
}

TEST_F(WatchLogStore, NamesThatNoStreamMayHaveGoToOneStream) {
  const std::unique_ptr<LogStore> store = open();
  const LogLine line{at_ms(1), "text"};
  store->append("", "s", {&line, 1});
  store->append("g", "a:b", {&line, 1});
  store->append(std::string(513, 'g'), "s", {&line, 1});
  EXPECT_EQ(store->read_forward("chiliad", "invalid", 0, {})->events.size(), 3u);
}

}  // namespace
}  // namespace chiliad::watch
