// The control plane over the real Runner and the real Hosting: jobs are shell scripts, processes and all.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "control/service_under_test.h"
#include "hosting/hosting.h"
#include "job/runner_under_test.h"

namespace chiliad::control {
namespace {

namespace fs = std::filesystem;

using aws::Json;

// Tells the control plane, then whoever waits for the end of a job.
class ToldTwice final : public job::Observer {
 public:
  ToldTwice(job::Observer& first, job::KeptChanges& second) : first_(first), second_(second) {}
  void changed(const job::Change& change) override {
    first_.changed(change);
    second_.changed(change);
  }

 private:
  job::Observer& first_;
  job::KeptChanges& second_;
};

// All that `chiliad up` puts together for jobs and endpoints, in its order.
struct Installation {
  explicit Installation(const fs::path& home) : buckets(home / "store") {
    for (const char* folder : {"store/b", "state", "cache"}) fs::create_directories(home / folder);
    SageMakerOptions options;
    options.state = home / "state";
    sagemaker = opened(SageMaker::open(options));
    told = std::make_unique<ToldTwice>(sagemaker->job_observer(), changes);
    job::RunnerOptions runner_options;
    runner_options.folder = home / "jobs";
    runner_options.instances = 2;
    runner_options.free_bytes = 0;
    std::vector<std::unique_ptr<job::Runtime>> runtimes;
    runtimes.push_back(std::make_unique<job::ShellRuntime>());
    runner = opened(job::Runner::open(runner_options, std::move(runtimes), buckets, logs, metrics, *told));
    hosting::HostingOptions hosting_options;
    hosting_options.state_folder = home / "state";
    hosting_options.cache_folder = home / "cache";
    hosting = opened(hosting::Hosting::open(hosting_options, buckets, logs, metrics));
    work = std::make_unique<LocalWork>(*runner, *hosting);
    EXPECT_TRUE(sagemaker->resume(*work));
  }
  ~Installation() {
    sagemaker->shutdown();
    runner.reset();
    hosting.reset();
  }

  template <class T>
  static std::unique_ptr<T> opened(Result<std::unique_ptr<T>> result) {
    if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return *std::move(result);
  }

  Json ok(std::string_view operation, const Json& input) {
    aws::JsonAnswer answer = sagemaker->answer(operation, input, caller);
    if (const auto* error = std::get_if<aws::ApiError>(&answer)) {
      ADD_FAILURE() << operation << ": " << error->code << ": " << error->message;
      return Json::object();
    }
    return std::get<Json>(std::move(answer));
  }

  job::FolderBuckets buckets;
  job::KeptLines logs;
  job::KeptMetrics metrics;
  job::KeptChanges changes;
  aws::Caller caller = caller_for_test();
  std::unique_ptr<SageMaker> sagemaker;
  std::unique_ptr<ToldTwice> told;
  std::unique_ptr<job::Runner> runner;
  std::unique_ptr<hosting::Hosting> hosting;
  std::unique_ptr<LocalWork> work;
};

class LocalWorkTest : public testing::Test {
 protected:
  static Json script(const std::string& name, std::vector<std::string> lines) {
    return {{"TrainingJobName", name},
            {"RoleArn", "arn:aws:iam::123456789012:role/r"},
            {"OutputDataConfig", {{"S3OutputPath", "s3://b/out"}}},
            {"AlgorithmSpecification",
             {{"TrainingImage", "sh"}, {"TrainingInputMode", "File"}, {"ContainerArguments", std::move(lines)}}},
            {"ResourceConfig", {{"InstanceType", "ml.c5.xlarge"}, {"InstanceCount", 1}, {"VolumeSizeInGB", 1}}},
            {"StoppingCondition", {{"MaxRuntimeInSeconds", 600}}}};
  }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(LocalWorkTest, JobRunsAndItsEndIsDescribed) {
  Installation here(folder_->path());
  here.ok("CreateTrainingJob", script("t", {"echo hello", "echo model > model/m"}));
  here.changes.end_of("t");
  const Json job = here.ok("DescribeTrainingJob", {{"TrainingJobName", "t"}});
  EXPECT_EQ(job["TrainingJobStatus"], "Completed") << job;
  EXPECT_EQ(job["ModelArtifacts"]["S3ModelArtifacts"], "s3://b/out/t/output/model.tar.gz");
  EXPECT_TRUE(fs::exists(folder_->path() / "store/b/out/t/output/model.tar.gz"));
  EXPECT_TRUE(job.contains("TrainingStartTime"));
}

TEST_F(LocalWorkTest, FailureAndStopReachTheirDescriptions) {
  Installation here(folder_->path());
  here.ok("CreateTrainingJob", script("fails", {"exit 3"}));
  here.ok("CreateTrainingJob", script("stops", {"exec sleep 600"}));
  here.changes.wait_for("stops", job::Phase::kTraining);
  here.ok("StopTrainingJob", {{"TrainingJobName", "stops"}});
  here.changes.end_of("fails");
  here.changes.end_of("stops");
  const Json failed = here.ok("DescribeTrainingJob", {{"TrainingJobName", "fails"}});
  EXPECT_EQ(failed["TrainingJobStatus"], "Failed");
  EXPECT_NE(failed["FailureReason"], "");
  EXPECT_EQ(here.ok("DescribeTrainingJob", {{"TrainingJobName", "stops"}})["TrainingJobStatus"], "Stopped");
}

TEST_F(LocalWorkTest, ImageThatNothingRunsIsRefusedAndNamed) {
  Installation here(folder_->path());
  Json request = script("t", {"true"});
  request["AlgorithmSpecification"]["TrainingImage"] = "x/unheard-of:1";
  const auto answer = here.sagemaker->answer("CreateTrainingJob", request, here.caller);
  const auto* error = std::get_if<aws::ApiError>(&answer);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, "ValidationException");
  EXPECT_NE(error->message.find("unheard-of"), std::string::npos) << error->message;
}

// Jobs of a process that is killed in any phase run to their end in the next.
TEST_F(LocalWorkTest, JobsOfAKilledServerEndInTheNext) {
  for (int round = 0; round < 4; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const std::string prefix = std::to_string(round);
    const pid_t child = ::fork();
    if (child == 0) {
      Installation there(folder_->path());
      for (int i = 0; i < 6; ++i) {
        there.ok("CreateTrainingJob", script(prefix + "-" + std::to_string(i), {"sleep 0.1", "echo x > model/m"}));
        if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      }
      // Killed while the first, the second, ... job ends.
      there.changes.end_of(prefix + "-" + std::to_string(round));
      if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      ::pause();
    }
    ::close(ends[1]);
    char byte = 0;
    int heard = 0;
    while (heard < (round % 2 == 0 ? 6 : 7) && ::read(ends[0], &byte, 1) == 1) ++heard;
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(ends[0]);
    ASSERT_TRUE(WIFSIGNALED(status));
    Installation here(folder_->path());
    for (int i = 0; i < 6; ++i) {
      const std::string name = prefix + "-" + std::to_string(i);
      const Json query = {{"TrainingJobName", name}};
      if (here.ok("DescribeTrainingJob", query)["TrainingJobStatus"] != "Completed") here.changes.end_of(name);
      EXPECT_EQ(here.ok("DescribeTrainingJob", query)["TrainingJobStatus"], "Completed") << name;
      EXPECT_TRUE(fs::exists(folder_->path() / "store/b/out" / name / "output/model.tar.gz")) << name;
    }
  }
}

TEST_F(LocalWorkTest, EndpointOverNothingFailsWithTheReason) {
  Installation here(folder_->path());
  here.ok("CreateModel", {{"ModelName", "m"},
                          {"PrimaryContainer",
                           {{"Image", "x/chiliad-prophet"}, {"Mode", "MultiModel"}, {"ModelDataUrl", "s3://none/"}}}});
  here.ok(
      "CreateEndpointConfig",
      {{"EndpointConfigName", "c"},
       {"ProductionVariants", Json::array({{{"VariantName", "A"}, {"ModelName", "m"}, {"InitialInstanceCount", 1}}})}});
  here.ok("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}});
  Json endpoint;
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  do {
    endpoint = here.ok("DescribeEndpoint", {{"EndpointName", "e"}});
  } while (endpoint["EndpointStatus"] == "Creating" && std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(endpoint["EndpointStatus"], "Failed");
  EXPECT_NE(endpoint["FailureReason"].dump().find("none"), std::string::npos) << endpoint;
}

}  // namespace
}  // namespace chiliad::control
