// Files put, changed and removed by hand.

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "store/bucket_store_under_test.h"

namespace chiliad::store {
namespace {

class BucketStoreScan : public BucketStoreUnderTest {
 protected:
  ScanReport scan(std::string_view bucket = "bucket") {
    Outcome<ScanReport> report = store().scan(bucket);
    EXPECT_TRUE(report) << report.failure().error.message;
    return report ? *report : ScanReport{};
  }
};

TEST_F(BucketStoreScan, FilesPutChangedAndRemovedByHandComeIn) {
  put("kept", "1");
  put("changed", "1", {.headers = {{"content-type", "text/csv"}}});
  put("removed", "1");
  write_by_hand("data/new.csv", "by hand");
  write_by_hand("changed", "changed by hand");
  std::filesystem::remove(file("removed"));
  const Outcome<ScanReport> check = store().check("bucket", false);
  EXPECT_EQ(check->added, 1u);
  EXPECT_EQ(keys().size(), 3u);
  const ScanReport report = scan();
  EXPECT_EQ(report.unchanged, 1u);
  EXPECT_EQ(report.added, 1u);
  EXPECT_EQ(report.updated, 1u);
  EXPECT_EQ(report.removed, 1u);
  EXPECT_EQ(keys(), (std::vector<std::string>{"changed", "data/new.csv", "kept"}));
  EXPECT_EQ(get("data/new.csv"), "by hand");
  EXPECT_EQ(get("changed"), "changed by hand");
  EXPECT_EQ(store().head("bucket", "changed")->headers.size(), 1u);
  const ScanReport again = scan();
  EXPECT_EQ(again.unchanged, 3u);
  EXPECT_EQ(again.added + again.updated + again.removed + again.ignored, 0u);
}

TEST_F(BucketStoreScan, AFileChangedByHandIsTakenInByItsFirstReader) {
  put("a", "1");
  write_by_hand("a", "changed");
  EXPECT_EQ(get("a"), "changed");
  EXPECT_EQ(store().head("bucket", "a")->size_bytes, 7u);
  std::filesystem::remove(file("a"));
  EXPECT_EQ(get("a"), "NoSuchKey");
}

TEST_F(BucketStoreScan, AFileCutShortIsDamageAndNotTakenIn) {
  put("a", "0123456789");
  struct stat info {};
  ASSERT_EQ(::stat(file("a").c_str(), &info), 0);
  ASSERT_EQ(::truncate(file("a").c_str(), 5), 0);
  const timespec times[2] = {info.st_atim, info.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, file("a").c_str(), times, 0), 0);
  EXPECT_EQ(get("a"), "corrupt");
  const ScanReport report = scan();
  EXPECT_EQ(report.updated, 0u);
  ASSERT_EQ(report.complaints.size(), 1u);
  EXPECT_NE(report.complaints[0].find("damaged"), std::string::npos) << report.complaints[0];
}

TEST_F(BucketStoreScan, CheckFindsBytesThatAreNotTheETags) {
  put("a", "0123456789");
  struct stat info {};
  ASSERT_EQ(::stat(file("a").c_str(), &info), 0);
  std::ofstream(file("a"), std::ios::binary | std::ios::in) << "X";
  const timespec times[2] = {info.st_atim, info.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, file("a").c_str(), times, 0), 0);
  EXPECT_TRUE(store().check("bucket", false)->complaints.empty());
  EXPECT_EQ(store().check("bucket", true)->complaints.size(), 1u);
}

TEST_F(BucketStoreScan, WhatIsNoObjectIsLeftOutAndTold) {
  put("a", "1");
  std::filesystem::create_symlink("/etc/passwd", file("link"));
  std::filesystem::create_symlink("/etc", file("linked-folder"));
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0644), 0);
  write_by_hand(".chiliad-tmp-1-1", "x");
  write_by_hand("bad\xFF", "x");
  const ScanReport report = scan();
  EXPECT_EQ(report.ignored, 5u);
  EXPECT_EQ(report.complaints.size(), 5u);
  EXPECT_EQ(keys(), std::vector<std::string>{"a"});
  EXPECT_EQ(get("link"), "NoSuchKey");
  EXPECT_EQ(get("linked-folder/passwd"), "NoSuchKey");
  // Nor is a link followed where a put goes: the object finds another place.
  put("linked-folder/x", "1");
  EXPECT_EQ(get("linked-folder/x"), "1");
  EXPECT_FALSE(std::filesystem::exists("/etc/x"));
}

TEST_F(BucketStoreScan, FoldersMadeByHandBecomeBuckets) {
  std::filesystem::create_directories(home() / "store" / "by-hand" / "x");
  std::filesystem::create_directories(home() / "store" / "No_Bucket");
  ASSERT_TRUE(write_file_atomically(home() / "store" / "by-hand" / "x" / "a", "1", Durability::kNone));
  EXPECT_EQ(scan("").added, 1u);
  EXPECT_EQ(get("x/a", "by-hand"), "1");
  EXPECT_EQ(store().list_buckets()->size(), 2u);
  EXPECT_EQ(name_of(store().scan("nowhere")), "NoSuchBucket");
}

TEST_F(BucketStoreScan, AtOpenAThreadLooksForWhatIsNew) {
  write_by_hand("new", "1");
  open({.scan_at_open = true});
  // Its end waits for the thread, whose work stays.
  while (keys().empty()) std::this_thread::yield();
  EXPECT_EQ(get("new"), "1");
}

TEST_F(BucketStoreScan, TheScanAtOpenTellsItsEnd) {
  write_by_hand("new", "1");
  std::promise<ScanReport> told;
  open({.scan_at_open = true, .on_scan = [&](const ScanReport& report, const Result<Done>* end) {
          if (end != nullptr && *end) told.set_value(report);
        }});
  std::future<ScanReport> end = told.get_future();
  ASSERT_EQ(end.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(end.get().added, 1u);
}

TEST_F(BucketStoreScan, AMissingFolderIsNoReasonToForgetItsObjects) {
  put("a", "1");
  std::filesystem::rename(file(""), home() / "moved");
  EXPECT_EQ(scan().removed, 0u);
  std::filesystem::rename(home() / "moved", file(""));
  EXPECT_EQ(get("a"), "1");
}

TEST_F(BucketStoreScan, AScanBesideTheServerBringsFilesInForIt) {
  write_by_hand("new", "1");
  const auto beside = BucketStore::open(home(), {.beside_server = true});
  ASSERT_TRUE(beside);
  EXPECT_EQ((*beside)->scan("bucket")->added, 1u);
  EXPECT_EQ(get("new"), "1");
}

// Scans by this process and beside it, while others put and remove: nothing is taken for a hand's work.
TEST_F(BucketStoreScan, ScansDoNotDisturbChangesUnderWay) {
  const auto beside = BucketStore::open(home(), {.beside_server = true});
  ASSERT_TRUE(beside);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string key = std::to_string(i % 7).append(t == 0 ? "" : "/x");
        if (i % 3 == 2) {
          EXPECT_TRUE(store().remove("bucket", key));
        } else {
          EXPECT_TRUE(store().put("bucket", key, std::to_string(i)));
        }
      }
      stop = true;
    });
  std::uint64_t taken_in = 0;
  for (BucketStore* scanning : {store_.get(), beside->get()})
    threads.emplace_back([&, scanning] {
      while (!stop) {
        const Outcome<ScanReport> report = scanning->scan("bucket");
        EXPECT_TRUE(report);
        if (report && report->added + report->updated + report->removed > 0) taken_in += 1;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken_in, 0u);
  for (const std::string& key : keys()) EXPECT_NE(get(key), "NoSuchKey");
}

}  // namespace
}  // namespace chiliad::store
