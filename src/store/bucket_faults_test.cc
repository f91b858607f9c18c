// A bucket store whose disk is full at any write, and whose process is killed at any moment.

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes members that a designated initializer leaves to their defaults for uninitialized.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <atomic>
#include <cstring>
#include <map>
#include <thread>

#include "base/hash.h"
#include "store/bucket_store_under_test.h"

namespace chiliad::store {
namespace {

class BucketStoreFaults : public BucketStoreUnderTest {
 protected:
  // After open(), index and folder agree, and nothing of ours lies about but the parts of unfinished uploads.
  void expect_agreement() {
    open({.least_part_bytes = 10});
    for (const std::string& key : keys()) {
      Outcome<OpenObject> object = store().get("bucket", key);
      ASSERT_TRUE(object) << object.failure().error.message;
      const std::string bytes = get(key);
      if (object->meta.part_count == 0) {
        EXPECT_EQ(hex(md5(bytes)), object->meta.etag) << key;
      }
    }
    const Outcome<ScanReport> report = store().check("bucket", true);
    ASSERT_TRUE(report) << report.failure().error.message;
    EXPECT_EQ(report->added + report->updated + report->removed + report->ignored, 0u)
        << report->added << " added, " << report->updated << " updated, " << report->removed << " removed "
        << (report->complaints.empty() ? "" : report->complaints[0]);
  }
};

// The disk is full after each number of bytes: what is refused left nothing, what is answered is there.
TEST_F(BucketStoreFaults, AFullDiskRefusesAndLosesNothing) {
  std::map<std::string, std::string> expected;
  expected["a"] = std::string(3000, 'a');
  put("a", expected["a"]);
  Outcome<UploadInfo> upload = store().create_upload("bucket", "big", {});
  std::vector<CompletedPart> parts;
  for (int number = 1; number <= 2; ++number) {
    Outcome<Upload> part = store().begin_part("bucket", "big", upload->id, number, {});
    ASSERT_TRUE(part->write(std::string(2000, static_cast<char>('0' + number))));
    parts.push_back({number, part->finish({})->etag});
  }
  int refused = 0;
  for (std::uint64_t bytes = 0; bytes < 24'000; bytes += 700) {
    const std::string key = std::to_string(bytes);
    const std::string to = key + ".copy";
    fail_writes_after(bytes);
    const Outcome<ObjectMeta> made = store().put("bucket", key, std::string(1500, 'k'));
    const Outcome<ObjectMeta> copied = store().copy({"bucket", "a"}, "bucket", to);
    const Outcome<ObjectMeta> replaced = store().put("bucket", "a", std::string(3000, 'b'));
    const Outcome<Done> removed = store().remove("bucket", key);
    const Outcome<ObjectMeta> completed = store().complete("bucket", "big", upload->id, parts);
    fail_writes_after(UINT64_MAX);
    for (const auto* outcome : {&made, &copied, &replaced, &completed}) {
      if (*outcome) continue;
      ++refused;
      EXPECT_EQ(outcome->failure().error.code, ErrorCode::kNoSpace) << outcome->failure().error.message;
    }
    if (replaced) expected["a"] = std::string(3000, 'b');
    EXPECT_TRUE(!copied || store().head("bucket", to)->size_bytes == 3000);
    if (made && !removed) expected[key] = std::string(1500, 'k');
    if (completed) expected["big"] = std::string(2000, '1') + std::string(2000, '2');
    for (const auto& [name, value] : expected) EXPECT_EQ(get(name), value) << name << " after " << bytes;
    EXPECT_EQ(get(key), expected.contains(key) ? expected[key] : "NoSuchKey");
  }
  EXPECT_GT(refused, 10);
  ASSERT_TRUE(store().complete("bucket", "big", upload->id, parts));
  EXPECT_EQ(own_files(), 0u);
  expect_agreement();
}

// What a child tells its parent, in memory that both see: the last step that was answered, and the one begun.
struct Told {
  std::atomic<bool> running{false};  // The store is open.
  std::atomic<int> begun{0};
  std::atomic<int> answered{0};
};

constexpr int kKeys = 5;
std::string key_of(int step) {
  const char* names[kKeys] = {"a", "a/b", "c/d", "e/", "f"};
  return names[step % kKeys];
}
// What step does to its key, and the bytes that it leaves; empty: it removes.
bool removes(int step) { return (step / kKeys) % 3 == 2; }
bool in_parts(int step) { return (step / kKeys) % 4 == 1; }
std::string bytes_of(int step) {
  return "step " + std::to_string(step) + std::string(static_cast<std::size_t>(step % 7) * 1000, 'x');
}

bool take_step(BucketStore& store, int step) {
  const std::string key = key_of(step);
  if (removes(step)) return static_cast<bool>(store.remove("bucket", key));
  const std::string bytes = bytes_of(step);
  if (!in_parts(step)) return static_cast<bool>(store.put("bucket", key, bytes));
  const Outcome<UploadInfo> upload = store.create_upload("bucket", key, {});
  if (!upload) return false;
  std::vector<CompletedPart> parts;
  for (int number = 1; number <= 2; ++number) {
    Outcome<Upload> part = store.begin_part("bucket", key, upload->id, number, {});
    const std::string_view piece = std::string_view(bytes).substr(number == 1 ? 0 : 3, number == 1 ? 3 : bytes.size());
    if (!part || !part->write(piece)) return false;
    const Outcome<ObjectMeta> meta = part->finish({});
    if (!meta) return false;
    parts.push_back({number, meta->etag});
  }
  return static_cast<bool>(store.complete("bucket", key, upload->id, parts));
}

// Whether the child is dead already; it is still to be waited for.
bool ended(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == child;
}

class BucketStoreKills : public BucketStoreFaults {
 protected:
  // Children are killed after random times; each time what was answered is there, and what was begun is whole or not.
  void kill_children(int times) {
    store_.reset();
    void* shared = ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(shared, MAP_FAILED);
    Told* told = new (shared) Told;
    std::uint64_t random = 88172645463325252u;
    for (int i = 0; i < times; ++i) {
      told->running = false;
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) run_one(told);
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      // Some while they open the store and repair what the one before left; most while they take steps.
      while (i % 4 != 3 && !told->running && !ended(child)) ::usleep(100);
      ::usleep(static_cast<useconds_t>(random % 30'000));
      ::kill(child, SIGKILL);
      int status = 0;
      ::waitpid(child, &status, 0);
      ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
      check(*told);
      if (HasFailure()) return;
      store_.reset();
    }
    EXPECT_GT(told->answered, 0) << "the children did not get far";
    ::munmap(shared, sizeof(Told));
  }

 private:
  // One thread steps from where the last child was; keys take turns, so that the last kKeys steps say all.
  [[noreturn]] void run_one(Told* told) {
    Result<std::shared_ptr<BucketStore>> store = BucketStore::open(home(), {.least_part_bytes = 1});
    if (!store) ::_exit(1);
    told->running = true;
    // A second thread makes batches of several changes, on a key that nobody looks at.
    std::thread other([&] {
      for (int i = 0; true; ++i)
        if (!(*store)->put("bucket", std::to_string(i % 3), std::to_string(i))) ::_exit(2);
    });
    for (int step = told->answered + 1; true; ++step) {
      told->begun = step;
      if (!take_step(**store, step)) ::_exit(3);
      told->answered = step;
    }
  }

  void check(const Told& told) {
    expect_agreement();
    const int answered = told.answered;
    for (int step = answered; step > answered - kKeys && step > 0; --step) {
      const std::string now = get(key_of(step));
      const std::string expected = removes(step) ? "NoSuchKey" : bytes_of(step);
      // The step that was begun and not answered may have happened to this key.
      const int begun = told.begun;
      const bool may_be_begun = begun != answered && key_of(begun) == key_of(step);
      const std::string other = removes(begun) ? "NoSuchKey" : bytes_of(begun);
      EXPECT_TRUE(now == expected || (may_be_begun && now == other))
          << "step " << step << " of " << answered << " answered, " << begun << " begun: " << now.substr(0, 40);
    }
  }
};

TEST_F(BucketStoreKills, KilledAtAnyMomentNothingAnsweredIsLostAndNothingHalfIsShown) { kill_children(12); }

class BucketStoreKillsLong : public BucketStoreKills {};

TEST_F(BucketStoreKillsLong, KilledAtAnyMomentManyTimes) { kill_children(500); }

}  // namespace
}  // namespace chiliad::store
