#include "watch/metric_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <thread>

#include "base/file.h"
#include "sql/pretended_disk.h"

namespace chiliad::watch {
namespace {

class WatchMetricStore : public testing::Test {
 protected:
  std::unique_ptr<MetricStore> open(const MetricStore::Options& options = {}) {
    Result<std::unique_ptr<MetricStore>> store = MetricStore::open(folder_->path() / "watch.db", options);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(store).operator*();
  }
  void put(MetricStore& store, std::string_view name, double value, int minutes_ago = 0,
           std::string_view unit = "Count", std::string_view variant = "v") {
    const Dimension of[] = {{"VariantName", variant}, {"EndpointName", "e"}};
    store.put({.name_space = "N",
               .name = name,
               .dimensions = of,
               .unit = unit,
               .value = value,
               .time = now_ - std::chrono::minutes(minutes_ago)});
  }
  std::vector<MetricSeries> read(MetricStore& store, std::string_view name, std::string_view unit = {},
                                 std::string_view variant = "v") {
    const MetricName wanted{"N", std::string(name), {{"EndpointName", "e"}, {"VariantName", std::string(variant)}}};
    Result<std::vector<MetricSeries>> series = store.read(wanted, unit, minute_ - 100, minute_ + 1);
    EXPECT_TRUE(series) << series.error().message;
    return std::move(series).operator*();
  }

  const Milliseconds now_ = now_in_milliseconds();
  const Minute minute_ = minute_of(now_);
  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(WatchMetricStore, AddsUpMinutesAndKeepsThem) {
  {
    const std::unique_ptr<MetricStore> store = open();
    put(*store, "m", 1);
    put(*store, "m", 5);
    put(*store, "m", 7, 3);
    ASSERT_TRUE(store->flush());
    put(*store, "m", 3);  // Into a minute that is written already.
  }
  const std::unique_ptr<MetricStore> store = open();
  const std::vector<MetricSeries> series = read(*store, "m");
  ASSERT_EQ(series.size(), 1u);
  EXPECT_EQ(series[0].unit, "Count");
  ASSERT_EQ(series[0].points.size(), 2u);
  EXPECT_EQ(series[0].points[0].minute, minute_ - 3);
  EXPECT_EQ(series[0].points[1].statistics.count(), 3);
  EXPECT_EQ(series[0].points[1].statistics.sum(), 9);
  EXPECT_NEAR(*series[0].points[1].statistics.percentile(50), 3, 0.03);
}

TEST_F(WatchMetricStore, TellsUnitsAndDimensionsApart) {
  const std::unique_ptr<MetricStore> store = open();
  put(*store, "m", 1, 0, "Count");
  put(*store, "m", 2, 0, "Seconds");
  put(*store, "m", 4, 0, "Count", "w");
  EXPECT_EQ(read(*store, "m").size(), 2u);
  EXPECT_EQ(read(*store, "m", "Seconds")[0].points[0].statistics.sum(), 2);
  EXPECT_EQ(read(*store, "m", {}, "w")[0].points[0].statistics.sum(), 4);
  EXPECT_TRUE(read(*store, "m", {}, "x").empty());
}

TEST_F(WatchMetricStore, ListsByNameAndDimensionsInPages) {
  const std::unique_ptr<MetricStore> store = open();
  for (int i = 0; i < 5; ++i) put(*store, fmt::format("m{}", i), 1, i == 4 ? 60 : 0);
  put(*store, "m0", 1, 0, "Seconds");  // The same metric.
  put(*store, "m0", 1, 0, "Count", "w");
  const auto names = [](const Result<MetricStore::Listed>& listed) {
    std::vector<std::string> out;
    EXPECT_TRUE(listed);
    for (const MetricName& metric : listed->metrics) {
      out.push_back(fmt::format("{} {}", metric.name, metric.dimensions.back().value));
    }
    return out;
  };
  EXPECT_THAT(names(store->list({}, nullptr, 100)),
              testing::ElementsAre("m0 v", "m0 w", "m1 v", "m2 v", "m3 v", "m4 v"));
  MetricStore::Filter filter;
  filter.dimensions = {{"VariantName", "w"}, {"EndpointName", ""}};
  EXPECT_THAT(names(store->list(filter, nullptr, 100)), testing::ElementsAre("m0 w"));
  filter = {};
  filter.active_since = minute_ - 30;
  EXPECT_EQ(names(store->list(filter, nullptr, 100)).size(), 5u);
  filter = {};
  filter.name = "m0";
  Result<MetricStore::Listed> page = store->list(filter, nullptr, 1);
  EXPECT_TRUE(page->more);
  const MetricName last = page->metrics[0];
  page = store->list(filter, &last, 1);
  EXPECT_THAT(names(page), testing::ElementsAre("m0 w"));
  EXPECT_FALSE(page->more);
}

TEST_F(WatchMetricStore, IsBoundedInSeriesRowsAgeAndMemory) {
  MetricStore::Options options;
  options.max_series = 3;
  options.max_rows = 50;
  options.max_waiting = 1'600;
  const std::unique_ptr<MetricStore> store = open(options);
  for (int i = 0; i < 5; ++i) put(*store, fmt::format("m{}", i), 1);
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(store->list({}, nullptr, 100)->metrics.size(), 3u);
  EXPECT_EQ(store->counters().refused, 2u);
  const std::string known = store->list({}, nullptr, 1)->metrics[0].name;
  for (int i = 0; i < 90; ++i) put(*store, known, 1, i);
  ASSERT_TRUE(store->flush());
  ASSERT_TRUE(store->expire(now_));
  EXPECT_LE(read(*store, known)[0].points.size(), 50u);
  EXPECT_EQ(read(*store, known)[0].points.back().minute, minute_);
  ASSERT_TRUE(store->expire(now_ + std::chrono::days(16)));
  EXPECT_TRUE(store->list({}, nullptr, 100)->metrics.empty());
  const std::uint64_t before = store->counters().refused;
  for (int i = 0; i < 3'000; ++i) put(*store, fmt::format("many{}", i), 1);
  EXPECT_GE(store->counters().refused - before, 1'400u);
}

TEST_F(WatchMetricStore, RefusesWhatIsNoMeasurement) {
  const std::unique_ptr<MetricStore> store = open();
  put(*store, "m", NAN);
  put(*store, "m", INFINITY);
  put(*store, "", 1);
  put(*store, std::string(256, 'm'), 1);
  put(*store, "m\1", 1);
  put(*store, "m", 1, 16 * 1'440);
  put(*store, "m", 1, -180);
  store->put({.name_space = "N", .name = "m", .statistics = StatisticSet{0, 0, 0, 0}});
  EXPECT_EQ(store->counters().refused, 8u);
  EXPECT_EQ(store->counters().values, 0u);
}

TEST_F(WatchMetricStore, KeepsValuesWhileTheDiskIsFull) {
  sql::count_sqlite_writes();
  const std::unique_ptr<MetricStore> store = open();
  put(*store, "m", 1);
  fail_writes_after(0);
  const Result<Done> full = store->flush();
  put(*store, "m", 2);
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(read(*store, "m")[0].points[0].statistics.count(), 2);
}

TEST_F(WatchMetricStore, WhatWasFlushedSurvivesKill9) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Result<std::unique_ptr<MetricStore>> store = MetricStore::open(folder_->path() / "watch.db", {});
    if (!store) ::_exit(1);
    for (int i = 1;; ++i) {
      put(**store, "m", 1);
      if (!(*store)->flush()) ::_exit(2);
      if (::write(pipe_ends[1], &i, sizeof(i)) != sizeof(i)) ::_exit(3);
    }
  }
  ::close(pipe_ends[1]);
  int acknowledged = 0;
  while (acknowledged < 50) ASSERT_EQ(::read(pipe_ends[0], &acknowledged, 4), 4);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(pipe_ends[0]);
  ASSERT_TRUE(WIFSIGNALED(status));
  const std::unique_ptr<MetricStore> store = open();
  EXPECT_GE(read(*store, "m")[0].points[0].statistics.count(), acknowledged);
}

TEST_F(WatchMetricStore, ManyThreadsLoseNothing) {
  const std::unique_ptr<MetricStore> store = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        put(*store, i % 2 == 0 ? "even" : "odd", i);
        if (i % 1'000 == 0) (void)store->flush();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read(*store, "even")[0].points[0].statistics.count(), 10'000);
  EXPECT_EQ(read(*store, "odd")[0].points[0].statistics.max(), 4'999);
}

}  // namespace
}  // namespace chiliad::watch
