// Inputs as named pipes and as files that are not copied.

#include <sys/stat.h>

#include <algorithm>

#include "archive/gzip.h"
#include "job/augmented_manifest.h"
#include "job/object_stream.h"
#include "job/pipe_epoch.h"
#include "job/user_jobs_under_test.h"

namespace chiliad::job {
namespace {

class InputModeTest : public UserJobsTest {
 protected:
  static Input channel(const std::string& mode, const std::string& uri) {
    Input input{.name = "c", .s3_uri = uri, .local_path = ""};
    input.input_mode = mode;
    return input;
  }
  using UserJobsTest::run;
  // With something that happens meanwhile.
  Change run(const Spec& spec, const std::function<void()>& meanwhile) {
    EXPECT_TRUE(runner_of_jobs_->start(spec));
    meanwhile();
    return changes_.end_of(spec.name);
  }
  Spec job(const std::string& name, const Input& input, const std::string& script) {
    Spec spec = training(name, script);
    spec.inputs = {input};
    return spec;
  }
};

TEST_F(InputModeTest, APipeHasTheObjectsOneAfterTheOtherAndEachEpochAgain) {
  put("in/1", "one,");
  put("in/2", "two,");
  put("in/3", std::string(20'000'000, 'x'));  // More than a piece, and than a pipe holds.
  const Change end =
      run(job("t", channel("Pipe", "s3://b/in/"),
              "cd /opt/ml/input/data; for epoch in 0 1 2; do until [ -p c_$epoch ]; do sleep 0.01; done; "
              "cat c_$epoch > /tmp/all; wc -c < /tmp/all; head -c 8 /tmp/all > /opt/ml/model/$epoch; done; ls"));
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  EXPECT_NE(logs_.text().find("20000008\n20000008\n20000008\nc_0\nc_1\nc_2\nc_3\n"), std::string::npos) << logs_.text();
  EXPECT_EQ(model_of("t"),
            (std::map<std::string, std::string>{{"0", "one,two,"}, {"1", "one,two,"}, {"2", "one,two,"}}));
}

TEST_F(InputModeTest, AScriptReadsItsPipeOverTwoEpochs) {
  put("in/1", "1\n2\n");
  put("in/2", "3\n");
  Spec spec = script_mode("t", R"(
import json, os
folder = os.environ["SM_CHANNEL_C"]
config = json.load(open("/opt/ml/input/config/inputdataconfig.json"))
assert config["c"]["TrainingInputMode"] == "Pipe", config
sums = []
for epoch in range(2):
    with open(f"{folder}_{epoch}") as rows:
        sums.append(sum(int(row) for row in rows))
json.dump(sums, open("/opt/ml/model/sums", "w"))
)");
  spec.inputs = {channel("Pipe", "s3://b/in/")};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  EXPECT_EQ(model_of("t")["sums"], "[6, 6]");
}

TEST_F(InputModeTest, AProcessingJobsPipeLiesBesideItsLocalPath) {
  put("in/1", "one,");
  put("in/2", "two");
  Spec spec = job("t", channel("Pipe", "s3://b/in/"),
                  "cat /opt/ml/processing/input/data_0 > /opt/ml/processing/output/all; ls /opt/ml/processing/input");
  spec.kind = Kind::kProcessing;
  spec.output_path.clear();
  spec.inputs[0].local_path = "/opt/ml/processing/input/data";
  spec.outputs = {{"o", "s3://b/out", "/opt/ml/processing/output"}};
  const Change end = run(spec);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  EXPECT_EQ(get("out/all"), "one,two");
}

TEST_F(InputModeTest, AJobThatIsStoppedWhileItsPipeIsFullEnds) {
  put("in/1", std::string(1'000'000, 'x'));
  const char* const reads_no_more =
      "exec 3< /opt/ml/input/data/c_0; head -c 5 <&3 > /opt/ml/model/m; touch /opt/ml/ready; exec sleep 60";
  ASSERT_TRUE(runner_of_jobs_->start(job("t", channel("Pipe", "s3://b/in/"), reads_no_more)));
  wait_for_file("t", "algo-1/ready");
  ASSERT_TRUE(runner_of_jobs_->stop(Kind::kTraining, "t"));
  EXPECT_EQ(changes_.end_of("t").phase, Phase::kStopped);
  EXPECT_EQ(model_of("t")["m"], "xxxxx");
  // The server's own end, in the middle of another.
  ASSERT_TRUE(runner_of_jobs_->start(job("u", channel("Pipe", "s3://b/in/"), reads_no_more)));
  wait_for_file("u", "algo-1/ready");
  const auto before = std::chrono::steady_clock::now();
  runner_of_jobs_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
}

TEST_F(InputModeTest, APipeWhoseDataGoesFailsTheJobHoweverItEnds) {
  put("in/1", "one");
  put("in/2", "two");
  // The program takes the pipe's end for that of the data, and ends well.
  const Change end = run(job("t", channel("Pipe", "s3://b/in/"),
                             "cd /opt/ml/input/data; cat c_0; touch /opt/ml/ready; until [ -e /opt/ml/go ]; do sleep "
                             "0.01; done; cat c_1 > /opt/ml/model/m; exit 0"),
                         [&] {
                           wait_for_file("t", "algo-1/ready");
                           fs::remove(store_ / "b/in/2");
                           const fs::path go = options_.folder / "training/t/algo-1/go";
                           ASSERT_TRUE(write_file_atomically(go, "", Durability::kNone));
                         });
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_NE(end.failure_reason.find("ClientError: Data download failed: algo-1: input c: 'in/2'"), std::string::npos)
      << end.failure_reason;
}

TEST_F(InputModeTest, AReaderThatStopsEarlyGetsTheNextEpochWhole) {
  put("in/1", "first" + std::string(30'000'000, 'x'));
  const Change end = run(job("t", channel("Pipe", "s3://b/in/"),
                             "cd /opt/ml/input/data; head -c 5 c_0 > /opt/ml/model/0; wc -c < c_1 > /opt/ml/model/1"));
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
  EXPECT_EQ(model_of("t"), (std::map<std::string, std::string>{{"0", "first"}, {"1", "30000005\n"}}));
}

TEST_F(InputModeTest, APipeThatIsNeverOpenedOrReplacedHarmsNobody) {
  put("in/1", "x");
  put("secret", "s");
  const fs::path target = folder_.path() / "target";
  ASSERT_TRUE(write_file_atomically(target, "untouched", Durability::kNone));
  EXPECT_EQ(run(job("never", channel("Pipe", "s3://b/in/"), "true")).phase, Phase::kCompleted);
  EXPECT_EQ(run(job("gone", channel("Pipe", "s3://b/in/"), "rm /opt/ml/input/data/c_0; sleep 0.1")).phase,
            Phase::kCompleted);
  EXPECT_EQ(run(job("link", channel("Pipe", "s3://b/in/"),
                    "rm /opt/ml/input/data/c_0; ln -s " + target.string() + " /opt/ml/input/data/c_0; sleep 0.1"))
                .phase,
            Phase::kCompleted);
  EXPECT_EQ(*read_file(target), "untouched");
}

TEST_F(InputModeTest, ShardsGzipAndRecordsGoThroughPipesToo) {
  put("in/1.gz", archive::gzip("one\n"));
  put("in/2.gz", archive::gzip("two\n"));
  put("in/3.gz", archive::gzip("three\n"));
  Input input = channel("Pipe", "s3://b/in/");
  input.gzip = true;
  input.distribution = Distribution::kShardedByS3Key;
  Spec spec = job("gzip", input, "cat /opt/ml/input/data/c_0 > /opt/ml/model/$SM_CURRENT_HOST");
  spec.instance_count = 2;
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_EQ(model_of("gzip"), (std::map<std::string, std::string>{{"algo-1", "one\nthree\n"}, {"algo-2", "two\n"}}));
  put("raw/1", "12345");
  put("raw/2", "");
  input = channel("Pipe", "s3://b/raw/");
  input.record_wrapper = "RecordIO";
  EXPECT_EQ(run(job("records", input, "cat /opt/ml/input/data/c_0 > /opt/ml/model/m")).phase, Phase::kCompleted);
  EXPECT_EQ(model_of("records")["m"], std::string("\x0a\x23\xd7\xce\x05\0\0\0"
                                                  "12345\0\0\0"
                                                  "\x0a\x23\xd7\xce\0\0\0\0",
                                                  24));
}

TEST_F(InputModeTest, ARecordOfAGzipHoldsWhatWasPacked) {
  put("in/1.gz", archive::gzip("12345"));
  put("in/2", "plain");
  Input input = channel("Pipe", "s3://b/in/");
  input.record_wrapper = "RecordIO";
  input.gzip = true;
  EXPECT_EQ(run(job("t", input, "cat /opt/ml/input/data/c_0 > /opt/ml/model/m")).phase, Phase::kCompleted);
  EXPECT_EQ(model_of("t")["m"], std::string("\x0a\x23\xd7\xce\x05\0\0\0"
                                            "12345\0\0\0"
                                            "\x0a\x23\xd7\xce\x05\0\0\0"
                                            "plain\0\0\0",
                                            32));
}

TEST_F(InputModeTest, NothingElseMayLieWhereAPipeComes) {
  Spec spec = job("t", channel("Pipe", "s3://b/in/"), "true");
  spec.inputs.push_back(channel("File", "s3://b/in/"));
  spec.inputs[1].name = "c_0";
  EXPECT_EQ(refusal(spec), "input 'c_0': lies where the pipes of 'c' do");
  spec.inputs[1].name = "c_zero";
  put("in/1", "x");
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
}

TEST_F(InputModeTest, AShuffledPipeHasAnOrderOfItsOwnEachEpoch) {
  std::string sorted;
  for (char letter = 'a'; letter <= 'p'; ++letter) {
    sorted += letter;
    put(std::string("in/") + letter, std::string(1, letter));
  }
  Input input = channel("Pipe", "s3://b/in/");
  input.distribution = Distribution::kShardedByS3Key;
  input.shuffle_seed = 7;
  const auto epochs = [&](const std::string& name) {
    Spec spec = job(name, input,
                    "cd /opt/ml/input/data; for epoch in 0 1; do until [ -p c_$epoch ]; do sleep 0.01; done; cat "
                    "c_$epoch > /opt/ml/model/$SM_CURRENT_HOST-$epoch; done");
    spec.instance_count = 2;
    EXPECT_EQ(run(spec).phase, Phase::kCompleted);
    return model_of(name);
  };
  auto first = epochs("first");
  EXPECT_EQ(epochs("again"), first);
  for (const char* epoch : {"-0", "-1"}) {
    std::string all = first[std::string("algo-1") + epoch] + first[std::string("algo-2") + epoch];
    EXPECT_EQ(first[std::string("algo-1") + epoch].size(), 8U);
    EXPECT_NE(all, sorted);
    std::ranges::sort(all);
    EXPECT_EQ(all, sorted);
  }
  EXPECT_NE(first["algo-1-0"], first["algo-1-1"]);
  input.shuffle_seed = 8;
  EXPECT_NE(epochs("other"), first);
}

TEST_F(InputModeTest, AnAugmentedManifestGivesItsObjectsAndValues) {
  put("images/1", "image one");
  put("images/2", "image two");
  put("manifest",
      "{\"source-ref\": \"s3://b/images/1\", \"class\": 3}\n\n{\"class\": \"cat\", \"source-ref\": "
      "\"s3://b/images/2\", \"other\": 1}");
  Input input = channel("Pipe", "s3://b/manifest");
  input.data_type = DataType::kAugmentedManifestFile;
  input.attributes = {"source-ref", "class"};
  EXPECT_EQ(run(job("t", input, "cat /opt/ml/input/data/c_0 > /opt/ml/model/m")).phase, Phase::kCompleted);
  EXPECT_EQ(model_of("t")["m"], "image one3image twocat");
  input.distribution = Distribution::kShardedByS3Key;
  input.attributes = {"class"};
  Spec spec = job("dealt", input, "cat /opt/ml/input/data/c_0 > /opt/ml/model/$SM_CURRENT_HOST");
  spec.instance_count = 2;
  put("manifest", "{\"class\": 1}\n{\"class\": 2}\n{\"class\": 3}\n");
  EXPECT_EQ(run(spec).phase, Phase::kCompleted);
  EXPECT_EQ(model_of("dealt"), (std::map<std::string, std::string>{{"algo-1", "13"}, {"algo-2", "2"}}));
  input.distribution = Distribution::kFullyReplicated;
  input.attributes = {"source-ref", "class"};
  put("manifest", "{\"source-ref\": \"s3://b/images/1\"}\n");
  EXPECT_EQ(run(job("wrong", input, "cat /opt/ml/input/data/c_0 > /opt/ml/model/m; sleep 60")).failure_reason,
            "ClientError: Data download failed: algo-1: input c: manifest 'manifest' line 1: attribute 'class': is "
            "missing");
}

TEST_F(InputModeTest, FastFilesAreReadByNameAndCannotBeWritten) {
  put("in/a/1", "one");
  put("in/2", "two");
  const Change end =
      run(job("t", channel("FastFile", "s3://b/in/"),
              "cd /opt/ml/input/data/c; cat a/1 2 > /opt/ml/model/m; (echo x > 2) 2> /dev/null || echo refused >> "
              "/opt/ml/model/m; rm -f 2 2> /dev/null; chmod 777 2 2> /dev/null; touch new 2> /dev/null; exit 0"));
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  EXPECT_EQ(model_of("t")["m"], "onetworefused\n");
  EXPECT_EQ(get("in/2"), "two");
  EXPECT_FALSE(fs::exists(store_ / "b/in/new"));
}

TEST_F(InputModeTest, FastFilesAreDealtAndReadWhateverTheServersMask) {
  put("in/1", "one");
  put("in/2", "two");
  put("in/3", "three");
  Input input = channel("FastFile", "s3://b/in/");
  input.distribution = Distribution::kShardedByS3Key;
  Spec spec = job("t", input, "cd /opt/ml/input/data/c; cat * > /opt/ml/model/$SM_CURRENT_HOST");
  spec.instance_count = 2;
  options_.keep_folders = true;
  open();
  const mode_t before = ::umask(0077);
  const Change end = run(spec);
  ::umask(before);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason << logs_.text();
  EXPECT_EQ(model_of("t"), (std::map<std::string, std::string>{{"algo-1", "onethree"}, {"algo-2", "two"}}));
  EXPECT_FALSE(fs::exists(options_.folder / "training/t/lent/algo-1"));
}

TEST(ObjectStream, GivesOneVersionOrSaysThatItIsNone) {
  const TempFolder folder = *TempFolder::make();
  const std::unique_ptr<store::ObjectStore> store = *store::open_folder(folder.path());
  const auto put = [&](std::size_t size, char letter) {
    ASSERT_TRUE(
        store->put("k", std::string(size, letter), {}, std::chrono::steady_clock::now() + std::chrono::minutes(1)));
  };
  const std::size_t large = ObjectStream::kPiece + 5;
  const auto read = [&](ObjectStream& stream) -> std::string {
    std::string all;
    while (true) {
      Result<std::string> piece = stream.next();
      if (!piece) return piece.error().message;
      if (piece->empty()) return all;
      all += *piece;
    }
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{ObjectStream::kPiece}, large}) {
    put(size, 'a');
    // As listed; not listed; listed before it grew.
    for (const std::uint64_t listed : {std::uint64_t{size}, PlannedObject::kUnknown, std::uint64_t{1}}) {
      ObjectStream stream(*store, "k", listed);
      EXPECT_EQ(*stream.size(), size);
      EXPECT_TRUE(read(stream) == std::string(size, 'a')) << size << " " << listed;
    }
  }
  for (const std::size_t size : {std::size_t{5}, large, large + 1}) {
    put(large, 'a');
    ObjectStream stream(*store, "k", large);
    ASSERT_TRUE(stream.next());
    put(size, 'b');
    EXPECT_EQ(read(stream), "was replaced while it was read") << size;
  }
}

TEST(RecordIo, AHeadAndAnEndMakeMultiplesOfFour) {
  for (std::uint64_t size = 0; size < 9; ++size)
    EXPECT_EQ((record_head(size)->size() + size + record_end(size).size()) % 4, 0U) << size;
  EXPECT_EQ(record_head(std::uint64_t{1} << 29).error().code, ErrorCode::kTooLarge);
}

TEST(AugmentedManifest, ALineGivesWhatWasAskedForInItsOrder) {
  const auto values = parse_augmented_line(R"({"n": {"a": 1}, "x-ref": "s3://b/k"})", {"x-ref", "n"});
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_TRUE((*values)[0].is_object);
  EXPECT_EQ((*values)[0].object.key, "k");
  EXPECT_EQ((*values)[1].bytes, R"({"a":1})");
  EXPECT_FALSE(parse_augmented_line("[]", {"n"}));
  EXPECT_FALSE(parse_augmented_line(R"({"x-ref": 1})", {"x-ref"}));
  EXPECT_FALSE(parse_augmented_line(R"({"x-ref": "http://b/k"})", {"x-ref"}));
}

}  // namespace
}  // namespace chiliad::job
