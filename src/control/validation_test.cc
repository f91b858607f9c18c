#include "control/validation.h"

#include <gtest/gtest.h>

#include <string>

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

const Validator& validator() {
  static const Validator made;
  return made;
}

std::optional<ApiError> check(std::string_view operation, const Json& input) {
  const Operation* found = find_operation(operation);
  EXPECT_NE(found, nullptr) << operation;
  return validator().check(found->input, input);
}

std::string message(std::string_view operation, const Json& input) {
  const std::optional<ApiError> error = check(operation, input);
  return error ? error->message : "";
}

Json training_job() {
  return {{"TrainingJobName", "t"},
          {"RoleArn", "arn:aws:iam::123456789012:role/r"},
          {"OutputDataConfig", {{"S3OutputPath", "s3://b/"}}},
          {"AlgorithmSpecification", {{"TrainingImage", "x/chiliad-prophet"}, {"TrainingInputMode", "File"}}},
          {"ResourceConfig", {{"InstanceType", "ml.c5.xlarge"}, {"InstanceCount", 10}, {"VolumeSizeInGB", 30}}},
          {"StoppingCondition", {{"MaxRuntimeInSeconds", 86400}}}};
}

Json with(std::string_view pointer, const Json& value) {
  Json changed = training_job();
  changed[Json::json_pointer(std::string(pointer))] = value;
  return changed;
}

TEST(Shapes, EveryIndexIsInsideItsTable) {
  for (const Shape& shape : shapes()) {
    if (shape.kind == Shape::Kind::kStructure) {
      EXPECT_LE(std::size_t{shape.first} + shape.count, all_members().size());
    }
    if (shape.kind == Shape::Kind::kString) {
      EXPECT_LE(std::size_t{shape.first} + shape.count, all_enumerators().size());
    }
    if (shape.kind == Shape::Kind::kList || shape.kind == Shape::Kind::kMap) {
      EXPECT_LT(shape.element, shapes().size());
    }
    if (shape.kind == Shape::Kind::kMap) {
      EXPECT_LT(shape.key, shapes().size());
    }
    if (shape.pattern != kNoPattern) {
      EXPECT_LT(shape.pattern, patterns().size());
    }
  }
  for (const Member& member : all_members()) EXPECT_LT(member.shape, shapes().size()) << member.name;
  for (const Operation& operation : operations()) EXPECT_EQ(find_operation(operation.name), &operation);
}

TEST(Shapes, OperationsOfTheModelThatAreNotHereAreKnownAsSuch) {
  EXPECT_TRUE(is_other_operation("CreatePipeline"));
  EXPECT_FALSE(is_other_operation("CreateModel"));
  EXPECT_FALSE(is_other_operation("Nonsense"));
}

TEST(Validator, EveryPatternCompilesAndAnswers) {
  for (std::uint16_t i = 0; i < patterns().size(); ++i) static_cast<void>(validator().matches(i, "a"));
}

TEST(Validator, AcceptsAWholeRequest) { EXPECT_EQ(message("CreateTrainingJob", training_job()), ""); }

TEST(Validator, TellsAllThatIsWrongInAwssWords) {
  Json bad = with("/TrainingJobName", "a_b");
  bad.erase("RoleArn");
  EXPECT_EQ(message("CreateTrainingJob", bad),
            "2 validation errors detected: Value 'a_b' at 'trainingJobName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; Value null at 'roleArn' failed to "
            "satisfy constraint: Member must not be null");
  EXPECT_EQ(check("CreateTrainingJob", bad)->code, "ValidationException");
  EXPECT_EQ(check("CreateTrainingJob", bad)->status, 400);
}

struct Case {
  std::string_view pointer;
  Json value;
  std::string_view says;  // Within the message; empty: valid.
};

TEST(Validator, ChecksEveryKindOfConstraint) {
  const std::string name63(63, 'a');
  const std::string name64(64, 'a');
  Json many = Json::object();
  for (int i = 0; i < 101; ++i) many[std::to_string(i)] = "v";
  const Json channel = {{"ChannelName", "c"},
                        {"DataSource", {{"S3DataSource", {{"S3DataType", "S3Prefix"}, {"S3Uri", "s3://b/p"}}}}}};
  Json bad_channel = channel;
  bad_channel["ChannelName"] = "a b";
  const Case cases[] = {
      // Lengths, at both sides of the bound.
      {"/TrainingJobName", name63, ""},
      {"/TrainingJobName", name64, "at 'trainingJobName' failed to satisfy constraint: Member must have length less"},
      {"/RoleArn", "arn:x", "Member must have length greater than or equal to 20"},
      {"/HyperParameters", {{"k", std::string(2500, 'v')}}, ""},
      {"/HyperParameters", {{"k", std::string(2501, 'v')}}, "Map value must satisfy constraint: [Member must have"},
      {"/HyperParameters", {{std::string(257, 'k'), "v"}}, "Map keys must satisfy constraint: [Member must have"},
      {"/HyperParameters", many,
       "at 'hyperParameters' failed to satisfy constraint: Member must have length less than"},
      // Patterns.
      {"/TrainingJobName", "-a", "regular expression"},
      {"/TrainingJobName", "a-", "regular expression"},
      {"/TrainingJobName", "a\n", "regular expression"},
      {"/TrainingJobName", "", "Member must have length greater than or equal to 1"},
      {"/OutputDataConfig/S3OutputPath", "ftp://b/", "at 'outputDataConfig.s3OutputPath' failed"},
      {"/Environment", {{"1A", "v"}}, "Map keys must satisfy constraint"},
      // Enumerations.
      {"/AlgorithmSpecification/TrainingInputMode", "Stream", "Member must satisfy enum value set: [Pipe, File, Fast"},
      {"/ResourceConfig/InstanceType", "ml.none.small", "at 'resourceConfig.instanceType'"},
      // Numbers.
      {"/ResourceConfig/InstanceCount", 0, ""},
      {"/ResourceConfig/InstanceCount", -1, "'-1' at 'resourceConfig.instanceCount' failed to satisfy constraint: Mem"},
      {"/StoppingCondition/MaxRuntimeInSeconds", 0, "Member must have value greater than or equal to 1"},
      {"/StoppingCondition/MaxRuntimeInSeconds", 1LL << 40, "Member must have value less than or equal to 2147483647"},
      // Lists, and members of their elements.
      {"/InputDataConfig", Json::array({channel}), ""},
      {"/InputDataConfig", {channel, bad_channel}, "at 'inputDataConfig.2.member.channelName' failed"},
      {"/InputDataConfig", {channel, nullptr}, "Value null at 'inputDataConfig.2.member' failed"},
      {"/Tags", {{{"Key", "k"}}}, "Value null at 'tags.1.member.value' failed"},
      // Beyond the model.
      {"/Environment", {{"A", std::string("a\0b", 3)}}, "Map value must satisfy"},
  };
  for (const Case& one : cases) {
    const std::string said = message("CreateTrainingJob", with(one.pointer, one.value));
    if (one.says.empty()) {
      EXPECT_EQ(said, "") << one.pointer << " " << aws::json_text(one.value);
    } else {
      EXPECT_NE(said.find(one.says), std::string::npos) << one.pointer << ": " << said;
    }
  }
}

TEST(Validator, AnotherTypeIsASerializationException) {
  const Case cases[] = {
      {"/TrainingJobName", 7, "NUMBER_VALUE can not be converted to a String at 'trainingJobName'"},
      {"/TrainingJobName", {{"a", 1}}, "Start of structure or map found where not expected"},
      {"/TrainingJobName", {1}, "Start of list found where not expected"},
      {"/ResourceConfig", "x", "Expected a structure, map or null at 'resourceConfig'"},
      {"/ResourceConfig/InstanceCount", "10", "STRING_VALUE can not be converted to an Integer"},
      {"/ResourceConfig/InstanceCount", 1.5, "DECIMAL_VALUE can not be converted to an Integer"},
      {"/ResourceConfig/InstanceCount", 18446744073709551615ULL, "NUMBER_VALUE can not be converted to an Integer"},
      {"/InputDataConfig", Json::object(), "Expected list or null at 'inputDataConfig'"},
      {"/HyperParameters", {{"k", 1}}, "NUMBER_VALUE can not be converted to a String at 'hyperParameters.k.member'"},
      {"/EnableNetworkIsolation", "true", "STRING_VALUE can not be converted to a Boolean"},
  };
  for (const Case& one : cases) {
    const std::optional<ApiError> error = check("CreateTrainingJob", with(one.pointer, one.value));
    ASSERT_TRUE(error) << one.pointer;
    EXPECT_EQ(error->code, "SerializationException");
    EXPECT_NE(error->message.find(one.says), std::string::npos) << one.pointer << ": " << error->message;
  }
}

TEST(Validator, LookAroundOfTheModelIsKept) {
  // "(?!\s*$).+": not blank alone.
  const auto endpoint = [](std::string_view alarm) {
    return Json{
        {"EndpointName", "e"},
        {"EndpointConfigName", "c"},
        {"DeploymentConfig", {{"AutoRollbackConfiguration", {{"Alarms", Json::array({{{"AlarmName", alarm}}})}}}}}};
  };
  EXPECT_EQ(message("CreateEndpoint", endpoint(" a")), "");
  EXPECT_NE(message("CreateEndpoint", endpoint("  ")), "");
  // "(?<!-)": AlgorithmName does not end in a dash.
  EXPECT_EQ(message("CreateTrainingJob", with("/AlgorithmSpecification/AlgorithmName", "a-b")), "");
  EXPECT_NE(message("CreateTrainingJob", with("/AlgorithmSpecification/AlgorithmName", "a-")), "");
}

TEST(Validator, CountsCharactersNotBytes) {
  std::string value;
  for (int i = 0; i < 256; ++i) value += "\xC3\xA4";
  EXPECT_EQ(message("CreateTrainingJob", with("/Tags", {{{"Key", "k"}, {"Value", value}}})), "");
}

TEST(Validator, AcceptsRecordsDealtOverInstances) {
  const Json channel = {
      {"ChannelName", "c"},
      {"DataSource",
       {{"S3DataSource",
         {{"S3DataType", "S3Prefix"}, {"S3Uri", "s3://b/p"}, {"S3DataDistributionType", "ShardedByRecord"}}}}}};
  EXPECT_EQ(message("CreateTrainingJob", with("/InputDataConfig", Json::array({channel}))), "");
}

TEST(Validator, AnswerIsBoundedWhateverTheRequest) {
  Json bad = training_job();
  for (int i = 0; i < 20; ++i) bad["InputDataConfig"].push_back({{"ChannelName", std::string(100'000, ' ')}});
  EXPECT_LT(message("CreateTrainingJob", bad).size(), 100'000u);
}

TEST(KnownMembers, DropsWhatTheModelDoesNotKnow) {
  Json input = with("/Unheard", 1);
  input["ResourceConfig"]["AlsoNot"] = Json::array({1, 2});
  input["HyperParameters"] = {{"any", "stays"}};
  input["VpcConfig"] = nullptr;
  Json expected = training_job();
  expected["HyperParameters"] = {{"any", "stays"}};
  EXPECT_EQ(known_members(find_operation("CreateTrainingJob")->input, input), expected);
}

}  // namespace
}  // namespace chiliad::control
