// Programs of users that misbehave: each ends as doc/jobs.md says, and nothing else is touched.

#include <signal.h>

#include "job/user_jobs_under_test.h"
#include "watch/log_store.h"

namespace chiliad::job {
namespace {

class MisbehavingTest : public UserJobsTest {
 protected:
  // Whether a process of the machine has this in its command line.
  static bool runs(const std::string& words) {
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
      const Result<std::string> line = read_file(entry.path() / "cmdline", 1 << 20);
      if (line && line->find(words) != line->npos) return true;
    }
    return false;
  }
  // Runs a job beside that ends well in spite of its neighbour.
  void run_neighbour() {
    Spec spec = training("neighbour", "while [ ! -e /opt/ml/go ]; do sleep 0.01; done; echo fine > /opt/ml/model/m");
    ASSERT_TRUE(runner_of_jobs_->start(spec));
    ASSERT_TRUE(changes_.wait_for("neighbour", Phase::kTraining));
  }
  void expect_neighbour_ends_well() {
    const fs::path go = options_.folder / "training/neighbour/algo-1/go";
    ASSERT_TRUE(write_file_atomically(go, "", Durability::kNone));
    EXPECT_EQ(changes_.end_of("neighbour").phase, Phase::kCompleted) << changes_.end_of("neighbour").failure_reason;
    EXPECT_EQ(model_of("neighbour")["m"], "fine\n");
  }
};

TEST_F(MisbehavingTest, WhatAProgramLeavesBehindEndsWithIt) {
  const std::string word = "4711" + std::to_string(::getpid());
  Spec spec = training("t", "setsid nohup sleep " + word +
                                " > /dev/null 2>&1 & (setsid bash -c 'trap \"\" TERM HUP; while :; do sleep " + word +
                                "; done' &) ; sleep 0.1; echo done > /opt/ml/model/m");
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_FALSE(runs(word));
  EXPECT_EQ(model_of("t")["m"], "done\n");
}

TEST_F(MisbehavingTest, AProgramThatIgnoresSigtermIsKilledAfterTheGrace) {
  options_.grace = std::chrono::milliseconds(100);
  open();
  ASSERT_TRUE(runner_of_jobs_->start(
      training("t", "trap '' TERM; echo 1 > /opt/ml/model/m; touch /opt/ml/ready; while :; do sleep 0.01; done")));
  wait_for_file("t", "algo-1/ready");
  ASSERT_TRUE(runner_of_jobs_->stop(Kind::kTraining, "t"));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kStopped);
  EXPECT_EQ(model_of("t")["m"], "1\n");
}

TEST_F(MisbehavingTest, AProgramThatHearsSigtermHasItsGrace) {
  ASSERT_TRUE(runner_of_jobs_->start(training("t",
                                              "trap 'echo saved > /opt/ml/model/m; exit 0' TERM; touch /opt/ml/ready; "
                                              "while :; do sleep 0.01; done")));
  wait_for_file("t", "algo-1/ready");
  ASSERT_TRUE(runner_of_jobs_->stop(Kind::kTraining, "t"));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kStopped);
  EXPECT_EQ(model_of("t")["m"], "saved\n");
}

TEST_F(MisbehavingTest, NothingOutsideItsFoldersCanBeWritten) {
  const fs::path outside = folder_.path() / "outside";
  fs::create_directory(outside);
  fs::permissions(outside, fs::perms::all);
  const fs::path other = options_.folder / "training/other";
  Spec spec = training(
      "t", "for place in " + outside.string() + " " + other.string() + " " + store_.string() +
               " /usr /usr/local /opt /opt/chiliad/base /opt/chiliad/layer / /root /home /sys /proc/sys/kernel; do "
               "(echo x > $place/x) 2> /dev/null && echo $place; done > /opt/ml/model/m; "
               "ln -s " +
               outside.string() + " /opt/ml/model/link; ln -s " + outside.string() + " /opt/ml/output/data; exit 0");
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
  EXPECT_EQ(model_of("t"), (std::map<std::string, std::string>{{"m", ""}}));
  EXPECT_NE(logs_.text().find("not stored: model/link: a symbolic link"), std::string::npos) << logs_.text();
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_FALSE(fs::exists("/usr/x"));
  EXPECT_FALSE(fs::exists(store_ / "x"));
}

TEST_F(MisbehavingTest, AnotherJobsFolderAndTheServersAreNotThere) {
  put("secret-key", "the server's");
  run_neighbour();
  const std::string jobs = options_.folder.string();
  Spec spec = training("t", "ls " + jobs + " " + jobs + "/training/neighbour/algo-1 " + store_.string() +
                                " /root /var/lib /proc/1/root/root > /opt/ml/model/seen 2> /dev/null; "
                                "find / -xdev -name secret-key -o -name neighbour 2> /dev/null >> /opt/ml/model/seen; "
                                "grep -la neighbour /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2> /dev/null | "
                                "grep -v /proc/$$/ >> /opt/ml/model/seen; exit 0");
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  // What is seen is the search itself.
  const std::string seen = model_of("t")["seen"];
  EXPECT_EQ(seen.find("secret-key"), std::string::npos) << seen;
  EXPECT_EQ(seen.find(jobs), std::string::npos) << seen;
  EXPECT_EQ(seen.find("algo-1"), std::string::npos) << seen;
  expect_neighbour_ends_well();
}

TEST_F(MisbehavingTest, AProgramThatFillsTheDiskIsEndedAtItsVolumesSize) {
  user_options_.max_volume_bytes = 64 << 20;
  open();
  run_neighbour();
  for (const char* where : {"/opt/ml/model/big", "/tmp/big", "/dev/shm/big"}) {
    Spec spec = training("t" + std::string(where).substr(1, 3),
                         std::string("for i in $(seq 100); do head -c 16000000 /dev/zero > ") + where +
                             "$i || exit 9; sleep 0.02; done; sleep 60");
    const Change end = run(spec);
    EXPECT_EQ(end.phase, Phase::kFailed) << where;
    EXPECT_NE(end.failure_reason.find("are allowed"), std::string::npos) << where << end.failure_reason;
    EXPECT_NE(end.failure_reason.find("algo-1 was ended: it used"), std::string::npos) << where << end.failure_reason;
  }
  EXPECT_FALSE(fs::exists(options_.folder / "training/t"));
  expect_neighbour_ends_well();
}

TEST_F(MisbehavingTest, AProgramThatTakesTooMuchMemoryIsEnded) {
  user_options_.memory_bytes = 256 << 20;
  open();
  run_neighbour();
  Spec spec = training("t", "");
  spec.entrypoint = {"python3", "-c"};
  spec.arguments = {
      "import time\nkept = []\nwhile True:\n  kept.append(bytearray(b'x' * (16 << 20)))\n  time.sleep(0.02)"};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_NE(end.failure_reason.find("of memory"), std::string::npos) << end.failure_reason;
  expect_neighbour_ends_well();
}

TEST_F(MisbehavingTest, AForkBombStaysWithinItsProcesses) {
  user_options_.processes = 64;
  open();
  run_neighbour();
  // Children of children without end; what the first sees of it is the reason.
  Spec spec = training("t", "");
  spec.entrypoint = {"python3", "-c"};
  spec.arguments = {R"(
import os, time
first = os.getpid()
while True:
    try:
        os.fork()
    except BlockingIOError as error:
        if os.getpid() == first:
            open("/opt/ml/output/failure", "w").write(str(error))
            os._exit(5)
        time.sleep(600)
)"};
  const Change end = run(spec);
  EXPECT_EQ(end.failure_reason, "AlgorithmError: [Errno 11] Resource temporarily unavailable, algo-1, exit code: 5");
  expect_neighbour_ends_well();
}

TEST_F(MisbehavingTest, AFolderThatNobodyMayEnterIsRemovedWithTheJob) {
  Spec spec =
      training("t",
               "mkdir -p /opt/ml/model/shut/in /tmp/shut/in; chmod 0 /opt/ml/model/shut /tmp/shut; "
               "d=/opt/ml/deep; for i in $(seq 300); do d=$d/d; done; mkdir -p $d; mkfifo /opt/ml/output/failure; "
               "exit 3");
  const Change end = run(spec);
  EXPECT_EQ(end.failure_reason, "AlgorithmError: see the log stream of algo-1, algo-1, exit code: 3");
  EXPECT_FALSE(fs::exists(options_.folder / "training/t"));
}

// Kept by the store that keeps them in production. A gigabyte: test/usercode/job_misbehaving_test.py.
TEST_F(MisbehavingTest, LinesWithoutEndAreBoundedAndTheLastAreKept) {
  watch::LogStore::Options log_options;
  log_options.max_stream_bytes = 8 << 20;
  std::unique_ptr<watch::LogStore> store = *watch::LogStore::open(folder_.path() / "watch", log_options);
  runner_of_jobs_.reset();
  std::vector<std::unique_ptr<Runtime>> runtimes;
  runtimes.push_back(user_runtime(catalog_, environments_under_test(), *runner_, nullptr, user_options_));
  runner_of_jobs_ = *Runner::open(options_, std::move(runtimes), buckets_, *store, metrics_, changes_);
  Spec spec =
      training("t",
               "yes 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890 "
               "| head -c 50000000; echo; echo the end");
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  ASSERT_TRUE(store->flush());
  EXPECT_LE(store->counters().bytes, 2 * log_options.max_stream_bytes);
  Result<std::vector<watch::LogStream>> streams =
      store->list_streams("/aws/sagemaker/TrainingJobs", "t/", watch::StreamOrder::kName, false, std::nullopt, 10);
  ASSERT_TRUE(streams);
  ASSERT_EQ(streams->size(), 1U);
  watch::LogWindow window;
  Result<watch::LogPage> page =
      store->read_backward("/aws/sagemaker/TrainingJobs", streams->front().name, INT64_MAX, window);
  ASSERT_TRUE(page);
  ASSERT_FALSE(page->events.empty());
  EXPECT_EQ(page->events.back().text, "the end");
  runner_of_jobs_.reset();
}

}  // namespace
}  // namespace chiliad::job
