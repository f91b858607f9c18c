// Checkpoints and Continuous outputs while a program of a user's writes them in place.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job/open_files.h"
#include "job/user_jobs_under_test.h"

namespace chiliad::job {
namespace {

class CheckpointTest : public UserJobsTest {
 protected:
  void go(const std::string& job, const std::string& name) {
    ASSERT_TRUE(write_file_atomically(options_.folder / "training" / job / "algo-1" / name, "", Durability::kNone));
  }
  void wait_for_object(const std::string& key) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!fs::exists(store_ / "b" / key) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(fs::exists(store_ / "b" / key)) << key;
  }
};

TEST_F(CheckpointTest, AnArchiveThatGrowsInPlaceIsStoredWhenItIsClosed) {
  // As scripts do: the archive is made where it is to lie, and rests half-written for longer than a pass.
  Spec spec = script_mode("t", R"(
import io, os, tarfile, time
def wait(name):
    while not os.path.exists("/opt/ml/" + name):
        time.sleep(0.005)
def member(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
with tarfile.open("/opt/ml/checkpoints/8.tar.gz", "w:gz") as tar:
    member(tar, "first", os.urandom(300000))
    tar.fileobj.flush()
    for i in range(5):
        open(f"/opt/ml/checkpoints/pass-{i}", "w").write("closed")
        wait(f"go-{i}")
    member(tar, "second", b"2")
wait("end")
open("/opt/ml/checkpoints/last", "w").write("at its end")
)");
  spec.checkpoint = Checkpoint{"s3://b/c"};
  ASSERT_TRUE(runner_of_jobs_->start(spec));
  wait_for_file("t", "algo-1/checkpoints/pass-0");
  for (int i = 0; i < 5; ++i) {
    // Files that are closed are stored meanwhile: passes go on.
    wait_for_object("c/pass-" + std::to_string(i));
    EXPECT_FALSE(fs::exists(store_ / "b/c/8.tar.gz")) << i;
    go("t", "go-" + std::to_string(i));
  }
  wait_for_object("c/8.tar.gz");
  Result<std::vector<archive::Member>> members = archive::read_archive(get("c/8.tar.gz"));
  ASSERT_TRUE(members) << members.error().message;
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ(members->back().bytes, "2");
  go("t", "end");
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kCompleted) << changes_.end_of("t").failure_reason;
  EXPECT_EQ(get("c/last"), "at its end");
}

TEST_F(CheckpointTest, WhatWasRestoredIsNotStoredAgainAndNothingIsDeleted) {
  put("c/old", "before");
  put("c/changes", "1");
  put("c/goes", "stays in the store");
  struct stat before {};
  ASSERT_EQ(::stat((store_ / "b/c/old").c_str(), &before), 0);
  Spec spec = training("t",
                       "cat /opt/ml/checkpoints/* > /opt/ml/model/found; echo 2 > /opt/ml/checkpoints/changes; "
                       "rm /opt/ml/checkpoints/goes; sleep 0.2");
  spec.checkpoint = Checkpoint{"s3://b/c/"};
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_EQ(model_of("t")["found"], "1stays in the storebefore");
  EXPECT_EQ(get("c/changes"), "2\n");
  EXPECT_EQ(get("c/goes"), "stays in the store");
  struct stat after {};
  ASSERT_EQ(::stat((store_ / "b/c/old").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST(OpenFiles, AFileIsWrittenWhileSomebodyHasItOpenForWritingOrMapped) {
  const TempFolder folder = *TempFolder::make();
  const fs::path path = folder.path() / "f";
  const std::vector<pid_t> us{::getpid()};
  const auto pids = [&] { return us; };
  FileDescriptor writer = *open_file(path, O_RDWR | O_CREAT);
  ASSERT_TRUE(write_all(writer, "x", path));
  const FileDescriptor reader = *open_file(path, O_RDONLY);
  EXPECT_TRUE(is_written(reader, pids));
  EXPECT_TRUE(has_writer(reader, us));
  writer.reset();
  EXPECT_FALSE(is_written(reader, pids));
  EXPECT_FALSE(has_writer(reader, us));
  const FileDescriptor second_reader = *open_file(path, O_RDONLY);
  EXPECT_FALSE(is_written(reader, pids));
  // The question leaves nothing behind: whoever writes next is not held up.
  EXPECT_TRUE(open_file(path, O_WRONLY | O_NONBLOCK));
}

}  // namespace
}  // namespace chiliad::job
