#include "control/sagemaker.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>

#include "control/resource.h"
#include "control/service_under_test.h"

namespace chiliad::control {
namespace {

using aws::Json;

class SageMakerService : public ServiceUnderTest {
 protected:
  std::vector<std::string> names(Json query, const char* operation = "ListTrainingJobs",
                                 const char* member = "TrainingJobSummaries", const char* name = "TrainingJobName") {
    std::vector<std::string> found;
    for (int pages = 0; pages < 1000; ++pages) {
      const Json page = ok(operation, query);
      for (const Json& one : page[member]) found.push_back(one[name].get<std::string>());
      if (!page.contains("NextToken")) return found;
      query["NextToken"] = page["NextToken"];
    }
    ADD_FAILURE() << "pages without end";
    return found;
  }
};

TEST_F(SageMakerService, UnknownOperationsSaySo) {
  EXPECT_EQ(error("Nonsense", Json::object()).code, "UnknownOperationException");
  const aws::ApiError other = error("CreatePipeline", Json::object());
  EXPECT_EQ(other.code, "UnknownOperationException");
  EXPECT_EQ(other.message, "CreatePipeline is an operation of SageMaker that this server does not have");
}

TEST_F(SageMakerService, ListsAreSortedFilteredAndPagedWithoutLossOrRepeat) {
  const std::vector<std::string> all = {"b1", "a1", "c2", "a2", "b2", "c1", "d1"};
  for (const std::string& name : all) ok("CreateTrainingJob", training_job(name));
  for (const char* name : {"a1", "c1"}) tell(job::Kind::kTraining, name, job::Phase::kCompleted);
  const std::vector<std::string> by_name = {"a1", "a2", "b1", "b2", "c1", "c2", "d1"};
  const std::vector<std::string> reversed(by_name.rbegin(), by_name.rend());
  const std::vector<std::string> newest_first(all.rbegin(), all.rend());
  for (const int size : {1, 2, 3, 7, 100}) {
    EXPECT_EQ(names({{"MaxResults", size}}), all);
    EXPECT_EQ(names({{"MaxResults", size}, {"SortOrder", "Descending"}}), newest_first);
    EXPECT_EQ(names({{"MaxResults", size}, {"SortBy", "Name"}}), by_name);
    EXPECT_EQ(names({{"MaxResults", size}, {"SortBy", "Name"}, {"SortOrder", "Descending"}}), reversed);
    const auto by_status = names({{"MaxResults", size}, {"SortBy", "Status"}});
    EXPECT_EQ(std::set<std::string>(by_status.begin(), by_status.end()).size(), all.size());
    EXPECT_EQ(by_status[0], "a1");
    EXPECT_EQ(by_status[1], "c1");
    EXPECT_EQ(names({{"MaxResults", size}, {"StatusEquals", "Completed"}, {"SortBy", "Name"}}),
              (std::vector<std::string>{"a1", "c1"}));
    EXPECT_EQ(names({{"MaxResults", size}, {"NameContains", "2"}, {"SortBy", "Name"}}),
              (std::vector<std::string>{"a2", "b2", "c2"}));
  }
  const double now = static_cast<double>(now_ms()) / 1000;
  EXPECT_TRUE(names({{"CreationTimeAfter", now + 100}}).empty());
  EXPECT_EQ(names({{"CreationTimeBefore", now + 100}, {"CreationTimeAfter", now - 1000}}).size(), all.size());
  EXPECT_EQ(names({{"LastModifiedTimeBefore", now + 100}, {"LastModifiedTimeAfter", now - 1000}}).size(), all.size());
}

TEST_F(SageMakerService, PagesHoldStillWhileOthersComeAndGo) {
  for (const char* name : {"a", "b", "c", "d"}) ok("CreateModel", model(name));
  Json query = {{"SortBy", "Name"}, {"SortOrder", "Ascending"}, {"MaxResults", 2}};
  const Json first = ok("ListModels", query);
  ok("DeleteModel", {{"ModelName", "b"}});  // The last of the page.
  ok("CreateModel", model("aa"));
  query["NextToken"] = first["NextToken"];
  EXPECT_EQ(names(query, "ListModels", "Models", "ModelName"), (std::vector<std::string>{"c", "d"}));
}

TEST_F(SageMakerService, TokensOfOtherQuestionsAreRefused) {
  for (const char* name : {"a", "b"}) ok("CreateTrainingJob", training_job(name));
  const Json token = ok("ListTrainingJobs", {{"MaxResults", 1}})["NextToken"];
  EXPECT_EQ(error("ListTrainingJobs", {{"MaxResults", 1}, {"NextToken", token}, {"SortBy", "Name"}}).code,
            "ValidationException");
  EXPECT_EQ(error("ListProcessingJobs", {{"NextToken", token}}).code, "ValidationException");
  for (const char* bad : {"x", "e30=", "!!!!", "eyJxIjoxfQ=="})
    EXPECT_EQ(error("ListTrainingJobs", {{"NextToken", bad}}).code, "ValidationException") << bad;
}

TEST_F(SageMakerService, EveryKindIsListed) {
  make_config();
  ok("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}});
  ok("CreateProcessingJob", processing_job("p"));
  ok("CreateTransformJob", transform_job("x", "m"));
  EXPECT_EQ(ok("ListModels", Json::object())["Models"].size(), 1u);
  EXPECT_EQ(ok("ListEndpointConfigs", Json::object())["EndpointConfigs"].size(), 1u);
  EXPECT_EQ(ok("ListEndpoints", {{"StatusEquals", "InService"}})["Endpoints"].size(), 1u);
  EXPECT_EQ(ok("ListEndpoints", {{"StatusEquals", "Failed"}})["Endpoints"].size(), 0u);
  EXPECT_EQ(ok("ListProcessingJobs", Json::object())["ProcessingJobSummaries"].size(), 1u);
  EXPECT_EQ(ok("ListTransformJobs", Json::object())["TransformJobSummaries"].size(), 1u);
}

TEST_F(SageMakerService, TagsOfEveryKindAreAddedListedAndDeleted) {
  make_config();
  ok("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}});
  ok("CreateTrainingJob", training_job("t"));
  ok("CreateProcessingJob", processing_job("p"));
  ok("CreateTransformJob", transform_job("x", "m"));
  for (const char* resource :
       {"model/m", "endpoint-config/c", "endpoint/e", "training-job/t", "processing-job/p", "transform-job/x"}) {
    const std::string arn = std::string("arn:aws:sagemaker:us-east-1:123456789012:") + resource;
    EXPECT_EQ(ok("ListTags", {{"ResourceArn", arn}})["Tags"], Json::array());
    const Json tags = Json::array({{{"Key", "a"}, {"Value", "1"}}, {{"Key", "b"}, {"Value", ""}}});
    EXPECT_EQ(ok("AddTags", {{"ResourceArn", arn}, {"Tags", tags}})["Tags"], tags);
    ok("AddTags", {{"ResourceArn", arn}, {"Tags", Json::array({{{"Key", "b"}, {"Value", "2"}}})}});
    ok("DeleteTags", {{"ResourceArn", arn}, {"TagKeys", {"a", "never"}}});
    EXPECT_EQ(ok("ListTags", {{"ResourceArn", arn}})["Tags"], Json::array({{{"Key", "b"}, {"Value", "2"}}}));
  }
}

TEST_F(SageMakerService, TagsAreBoundedAndOfThisAccount) {
  ok("CreateModel", model("m"));
  const std::string arn = "arn:aws:sagemaker:us-east-1:123456789012:model/m";
  Json tags = Json::array();
  for (int i = 0; i < 50; ++i) tags.push_back({{"Key", std::to_string(i)}, {"Value", "v"}});
  ok("AddTags", {{"ResourceArn", arn}, {"Tags", tags}});
  EXPECT_EQ(error("AddTags", {{"ResourceArn", arn}, {"Tags", Json::array({{{"Key", "k"}, {"Value", "v"}}})}}).code,
            "ResourceLimitExceeded");
  EXPECT_EQ(ok("ListTags", {{"ResourceArn", arn}})["Tags"].size(), 50u);
  for (const char* other :
       {"arn:aws:sagemaker:us-east-1:999999999999:model/m", "arn:aws:sagemaker:eu-west-1:123456789012:model/m",
        "arn:aws:sagemaker:us-east-1:123456789012:pipeline/m"})
    EXPECT_EQ(error("ListTags", {{"ResourceArn", other}}).code, "ValidationException") << other;
  const Json reserved = Json::array({{{"Key", "aws:x"}, {"Value", "v"}}});
  EXPECT_EQ(error("AddTags", {{"ResourceArn", arn}, {"Tags", reserved}}).code, "ValidationException");
}

TEST_F(SageMakerService, TagsBeyondAPageAreListedWithoutLossOrRepeat) {
  options_.limits.tags = 120;
  start();
  ok("CreateModel", model("m"));
  ok("CreateModel", model("n"));
  const Json arn = "arn:aws:sagemaker:us-east-1:123456789012:model/m";
  std::vector<std::string> keys;
  for (int i = 0; i < 120; ++i) keys.push_back(fmt::format("{:03}", i));
  for (std::size_t first = 0; first < keys.size(); first += 40) {
    Json tags = Json::array();
    for (std::size_t i = first; i < first + 40; ++i) tags.push_back({{"Key", keys[i]}, {"Value", "v"}});
    ok("AddTags", {{"ResourceArn", arn}, {"Tags", tags}});
  }
  EXPECT_EQ(names({{"ResourceArn", arn}}, "ListTags", "Tags", "Key"), keys);
  EXPECT_EQ(names({{"ResourceArn", arn}, {"MaxResults", 50}}, "ListTags", "Tags", "Key"), keys);
  EXPECT_EQ(names({{"ResourceArn", arn}, {"MaxResults", 500}}, "ListTags", "Tags", "Key"), keys);
  const Json first = ok("ListTags", {{"ResourceArn", arn}});
  EXPECT_EQ(first["Tags"].size(), 50U);
  // What comes and goes between two pages moves nothing.
  ok("DeleteTags", {{"ResourceArn", arn}, {"TagKeys", {keys[49], keys[119]}}});
  Json second = ok("ListTags", {{"ResourceArn", arn}, {"NextToken", first["NextToken"]}});
  EXPECT_EQ(second["Tags"][0]["Key"], keys[50]);
  // 50 and 19: a page that is full is the last one where nothing follows.
  const Json third = ok("ListTags", {{"ResourceArn", arn}, {"NextToken", second["NextToken"]}});
  EXPECT_EQ(third["Tags"].size(), 19U);
  EXPECT_FALSE(third.contains("NextToken"));
  ok("DeleteTags",
     {{"ResourceArn", arn}, {"TagKeys", std::vector<std::string>(keys.begin() + 100, keys.begin() + 119)}});
  second = ok("ListTags", {{"ResourceArn", arn}, {"NextToken", first["NextToken"]}});
  EXPECT_EQ(second["Tags"].size(), 50U);
  EXPECT_FALSE(second.contains("NextToken"));
  const Json other = "arn:aws:sagemaker:us-east-1:123456789012:model/n";
  EXPECT_EQ(error("ListTags", {{"ResourceArn", other}, {"NextToken", first["NextToken"]}}).code, "ValidationException");
  EXPECT_EQ(error("ListTags", {{"ResourceArn", arn}, {"NextToken", "x"}}).code, "ValidationException");
}

TEST_F(SageMakerService, CallsBeforeResumeAndAfterShutdownAreAnsweredLater) {
  sagemaker_->shutdown();
  EXPECT_EQ(std::get<aws::ApiError>(sagemaker_->answer("ListModels", Json::object(), caller_)).status, 503);
  sagemaker_.reset();
  Result<std::unique_ptr<SageMaker>> opened = SageMaker::open(options_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(std::get<aws::ApiError>((*opened)->answer("ListModels", Json::object(), caller_)).status, 503);
}

TEST_F(SageMakerService, OneOfManyAtOnceGetsTheName) {
  std::atomic<int> made = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) {
        const auto answer = sagemaker_->answer("CreateTrainingJob", training_job(std::to_string(k)), caller_);
        const auto* error = std::get_if<aws::ApiError>(&answer);
        if (error == nullptr) ++made;
        if (error != nullptr && error->code == "ResourceInUse") ++refused;
        static_cast<void>(sagemaker_->answer("DescribeTrainingJob", {{"TrainingJobName", std::to_string(k)}}, caller_));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 50);
  EXPECT_EQ(refused, 150);
}

TEST_F(SageMakerService, FullDiskRefusesAndLosesNothing) {
  ok("CreateModel", model("before"));
  fail_writes_after(0);
  const aws::ApiError full = error("CreateModel", model("during"));
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.code, "ServiceUnavailable");
  ok("DescribeModel", {{"ModelName", "before"}});
  fail_writes_after(UINT64_MAX);
  ok("CreateModel", model("during"));
  start();
  EXPECT_EQ(ok("ListModels", Json::object())["Models"].size(), 2u);
}

TEST_F(SageMakerService, PhaseThatDoesNotFitOnTheDiskIsWrittenLater) {
  ok("CreateTrainingJob", training_job("t"));
  fail_writes_after(0);
  std::thread runner([&] { tell(job::Kind::kTraining, "t", job::Phase::kCompleted); });
  const aws::ApiError full = error("CreateModel", model("m"));
  EXPECT_EQ(full.status, 503);
  fail_writes_after(UINT64_MAX);
  runner.join();
  EXPECT_EQ(ok("DescribeTrainingJob", {{"TrainingJobName", "t"}})["TrainingJobStatus"], "Completed");
}

TEST_F(SageMakerService, PhaseThatCannotBeWrittenDownIsToldAndTakenUpAtTheNextStart) {
  std::vector<std::string> told;  // In the thread of tell().
  options_.on_failure = [&](const Error& failure) { told.push_back(failure.message); };
  start();
  ok("CreateTrainingJob", training_job("t"));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder_->path() / "control.db").c_str(), &other), SQLITE_OK);
  const auto run = [&](const char* text) {
    ASSERT_EQ(sqlite3_exec(other, text, nullptr, nullptr, nullptr), SQLITE_OK);
  };
  run("CREATE TRIGGER refuse BEFORE UPDATE ON resource BEGIN SELECT RAISE(ABORT, 'not today'); END");
  tell(job::Kind::kTraining, "t", job::Phase::kCompleted);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("not today"), std::string::npos) << told[0];
  run("DROP TRIGGER refuse");
  sqlite3_close(other);
  start();
  EXPECT_TRUE(work_->was_asked("resume training t"));
}

// A child works through a script of operations and says each that was answered; it is killed after some of them.
TEST_F(SageMakerService, KillLosesNothingThatWasAnswered) {
  sagemaker_.reset();
  const auto child_works = [&](int out, int round) {
    ScriptedWork work;
    Result<std::unique_ptr<SageMaker>> opened = SageMaker::open(options_);
    if (!opened || !(*opened)->resume(work)) return;
    for (int i = 0;; ++i) {
      const std::string name = std::to_string(round) + "-" + std::to_string(i);
      const std::pair<const char*, Json> script[] = {
          {"CreateModel", model(name)},
          {"CreateEndpointConfig", config(name, name)},
          {"CreateEndpoint", {{"EndpointName", name}, {"EndpointConfigName", name}}},
          {"CreateTrainingJob", training_job(name)},
          {"DeleteEndpointConfig", {{"EndpointConfigName", name}}},
      };
      for (const auto& [operation, input] : script) {
        if (std::holds_alternative<aws::ApiError>((*opened)->answer(operation, input, caller_))) ::_exit(1);
        if (::write(out, "x", 1) != 1) ::_exit(1);
      }
    }
  };
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      child_works(ends[1], round);
      ::_exit(1);
    }
    ::close(ends[1]);
    int answered = 0;
    char byte = 0;
    while (answered < 7 + 13 * round && ::read(ends[0], &byte, 1) == 1) ++answered;
    ::kill(child, SIGKILL);
    while (::read(ends[0], &byte, 1) == 1) ++answered;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    start();
    for (int i = 0; 5 * i < answered; ++i) {
      const std::string name = std::to_string(round) + "-" + std::to_string(i);
      const int steps = answered - 5 * i;
      if (steps >= 1) ok("DescribeModel", {{"ModelName", name}});
      if (steps >= 3) {
        EXPECT_EQ(endpoint(name)["EndpointStatus"], "InService");
      }
      if (steps >= 4) {
        EXPECT_EQ(ok("DescribeTrainingJob", {{"TrainingJobName", name}})["TrainingJobStatus"], "InProgress");
        EXPECT_TRUE(work_->was_asked("resume training " + name));
      }
      if (steps >= 5) {
        EXPECT_EQ(error("DescribeEndpointConfig", {{"EndpointConfigName", name}}).code, "ValidationException");
      }
    }
    sagemaker_.reset();
  }
}

}  // namespace
}  // namespace chiliad::control
