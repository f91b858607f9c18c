#include "identity/policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chiliad::identity {
namespace {

using aws::Decision;

aws::Caller caller_named(std::string name) {
  aws::Principal who{.kind = aws::Principal::Kind::kUser,
                     .arn = "arn:aws:iam::123456789012:user/" + name,
                     .account = "123456789012",
                     .user_id = "AIDA" + name,
                     .name = name,
                     .role_arn = {},
                     .session = {}};
  aws::Caller caller;
  caller.who = std::make_shared<const aws::Principal>(std::move(who));
  caller.region = "us-east-1";
  return caller;
}

Policy parsed(std::string_view text, Policy::Use use = Policy::Use::kIdentity) {
  Result<Policy> policy = Policy::parse(text, use);
  EXPECT_TRUE(policy) << policy.error().message << " in " << text;
  return policy ? std::move(*policy) : Policy();
}

Decision decide(std::string_view policy, std::string_view action, std::string_view resource,
                aws::Conditions conditions = {}, const std::string& user = "alice") {
  const aws::Caller caller = caller_named(user);
  return parsed(policy).decide({caller, action, resource, conditions});
}

constexpr std::string_view kForecasts = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecasts";

TEST(Policy, NothingSaidIsNotAllowedAndDenyWins) {
  constexpr std::string_view kPolicy = R"({"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"s3:*","Resource":"*"},
    {"Sid":"no","Effect":"Deny","Action":["s3:Delete*","s3:PutObject"],"Resource":"arn:aws:s3:::safe/*"}]})";
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::safe/k"), Decision::kAllowed);
  EXPECT_EQ(decide(kPolicy, "s3:DeleteObject", "arn:aws:s3:::safe/k"), Decision::kDenied);
  EXPECT_EQ(decide(kPolicy, "s3:DELETEobject", "arn:aws:s3:::safe/k"), Decision::kDenied);
  EXPECT_EQ(decide(kPolicy, "s3:DeleteObject", "arn:aws:s3:::other/k"), Decision::kAllowed);
  EXPECT_EQ(decide(kPolicy, "sagemaker:InvokeEndpoint", kForecasts), Decision::kNotAllowed);
  EXPECT_EQ(decide(kPolicy, "s33:GetObject", "arn:aws:s3:::safe/k"), Decision::kNotAllowed);
}

TEST(Policy, ResourcesHaveACaseAndActionsHaveNot) {
  constexpr std::string_view kPolicy =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"S3:getobject","Resource":"arn:aws:s3:::b/K"}})";
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::b/K"), Decision::kAllowed);
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::b/k"), Decision::kNotAllowed);
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::B/K"), Decision::kNotAllowed);
}

TEST(Policy, NotActionAndNotResourceMeanAllOthers) {
  constexpr std::string_view kPolicy = R"({"Version":"2012-10-17","Statement":{
    "Effect":"Allow","NotAction":"iam:*","NotResource":["arn:aws:s3:::secret","arn:aws:s3:::secret/*"]}})";
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::b/k"), Decision::kAllowed);
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::secret/k"), Decision::kNotAllowed);
  EXPECT_EQ(decide(kPolicy, "iam:CreateUser", "arn:aws:iam::123456789012:user/x"), Decision::kNotAllowed);
}

TEST(Policy, AVariableInAResourceIsTheCallersOwnValue) {
  constexpr std::string_view kPolicy = R"({"Version":"2012-10-17","Statement":{
    "Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"}})";
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::b/alice/x"), Decision::kAllowed);
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::b/bob/x"), Decision::kNotAllowed);
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::b/bob/x", {}, "*"), Decision::kNotAllowed);
  EXPECT_EQ(decide(kPolicy, "s3:GetObject", "arn:aws:s3:::b/${aws:username}/x"), Decision::kNotAllowed);
}

TEST(Policy, AResourceThatNobodyKnowsExcludesNothingFromADeny) {
  constexpr std::string_view kDeny = R"({"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"*","Resource":"*"},
    {"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/${s:missing}/*"}]})";
  EXPECT_EQ(decide(kDeny, "s3:GetObject", "arn:aws:s3:::b/x/y"), Decision::kDenied);
  constexpr std::string_view kAllow = R"({"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b/${s:missing}/*"}]})";
  EXPECT_EQ(decide(kAllow, "s3:GetObject", "arn:aws:s3:::b/x/y"), Decision::kNotAllowed);
}

TEST(Policy, AllConditionsMustHold) {
  constexpr std::string_view kPolicy = R"({"Version":"2012-10-17","Statement":{
    "Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b",
    "Condition":{"StringLike":{"s3:prefix":["home/${aws:username}/*","home/${aws:username}"]},
                 "NumericLessThanEquals":{"s3:max-keys":"100"}}}})";
  const auto list = [&](aws::Conditions conditions) {
    return decide(kPolicy, "s3:ListBucket", "arn:aws:s3:::b", conditions);
  };
  EXPECT_EQ(list({{"s3:prefix", "home/alice/x"}, {"s3:max-keys", "10"}}), Decision::kAllowed);
  EXPECT_EQ(list({{"s3:prefix", "home/alice/x"}, {"s3:max-keys", "1000"}}), Decision::kNotAllowed);
  EXPECT_EQ(list({{"s3:prefix", "home/alice/x"}}), Decision::kNotAllowed);
  EXPECT_EQ(list({{"s3:prefix", "home/alicex"}, {"s3:max-keys", "10"}}), Decision::kNotAllowed);
  EXPECT_EQ(list({{"s3:prefix", ""}, {"s3:max-keys", "10"}}), Decision::kNotAllowed);
  EXPECT_EQ(list({}), Decision::kNotAllowed);
}

// One customer's key may ask for its own model, and for nothing else however it is written.
TEST(Policy, AHundredWaysToAnotherCustomersModelAllFail) {
  const Policy policy = parsed(R"({"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"sagemaker:InvokeEndpoint",
     "Resource":"arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecasts",
     "Condition":{"StringEquals":{"sagemaker:TargetModel":"8.tar.gz"}}},
    {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::models/8/*"},
    {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::models",
     "Condition":{"StringLike":{"s3:prefix":"8/*"}}}]})");
  const aws::Caller caller = caller_named("customer-8");
  const auto may = [&](std::string_view action, std::string_view resource, aws::Conditions conditions) {
    return policy.decide({caller, action, resource, conditions}) == Decision::kAllowed;
  };
  EXPECT_TRUE(may("sagemaker:InvokeEndpoint", kForecasts, {{"sagemaker:TargetModel", "8.tar.gz"}}));
  EXPECT_TRUE(may("s3:GetObject", "arn:aws:s3:::models/8/a", {}));
  EXPECT_TRUE(may("s3:ListBucket", "arn:aws:s3:::models", {{"s3:prefix", "8/a"}}));

  int tries = 0;
  using namespace std::string_view_literals;
  for (const std::string_view model : {
           "9.tar.gz"sv,
           "88.tar.gz"sv,
           "8.tar.gz "sv,
           " 8.tar.gz"sv,
           "8.tar.gz/"sv,
           "/8.tar.gz"sv,
           "./8.tar.gz"sv,
           "8.TAR.GZ"sv,
           "8.Tar.gz"sv,
           "*"sv,
           "?.tar.gz"sv,
           "8*"sv,
           "*.tar.gz"sv,
           "8.tar.gz*"sv,
           "8.tar.gz?"sv,
           "8%2Etar.gz"sv,
           "%38.tar.gz"sv,
           "9%2Etar.gz"sv,
           "8.tar.gz%00"sv,
           "8.tar.gz\0"sv,
           "8.tar.gz\0.9"sv,
           "8.tar.gz\n"sv,
           "8.tar.gz\r\n9.tar.gz"sv,
           "8.tar.gz,9.tar.gz"sv,
           "9.tar.gz,8.tar.gz"sv,
           "8.tar.gz;9"sv,
           "8.tar.gz/../9.tar.gz"sv,
           "../8.tar.gz"sv,
           "8/../9.tar.gz"sv,
           "8.tar.gz/9.tar.gz"sv,
           "9/8.tar.gz"sv,
           "8.tar"sv,
           "8"sv,
           "8.tar.g"sv,
           ".tar.gz"sv,
           "tar.gz"sv,
           ""sv,
           "08.tar.gz"sv,
           "8.0.tar.gz"sv,
           "+8.tar.gz"sv,
           "8.tar.gz#9"sv,
           "8.tar.gz?x=9"sv,
           "8.tar.gz&9"sv,
           "${sagemaker:TargetModel}"sv,
           "${aws:username}"sv,
           "\xEF\xBC\x98.tar.gz"sv,
           "8\xE2\x80\x8B.tar.gz"sv,
           "\xEF\xBB\xBF"
           "8.tar.gz"sv,
           "8\xC0\xAEtar.gz"sv,
           "\"8.tar.gz\""sv,
           "'8.tar.gz'"sv,
           "8\\.tar.gz"sv,
           "[8].tar.gz"sv,
           "{8,9}.tar.gz"sv,
           "8|9.tar.gz"sv,
           "s3://models/8.tar.gz"sv,
           "models/8.tar.gz"sv,
           "8.tar.gz.gz"sv,
           "8.tar.gz.bak"sv,
           "8..tar.gz"sv,
       }) {
    EXPECT_FALSE(may("sagemaker:InvokeEndpoint", kForecasts, {{"sagemaker:TargetModel", model}})) << model;
    ++tries;
  }
  const std::vector<std::vector<aws::Condition>> given = {
      {},
      {{"sagemaker:TargetModels", "8.tar.gz"}},
      {{"TargetModel", "8.tar.gz"}},
      {{"sagemaker:TargetModel", "8.tar.gz"}, {"sagemaker:TargetModel", "9.tar.gz"}},
      {{"sagemaker:TargetModel", "9.tar.gz"}, {"sagemaker:TargetModel", "8.tar.gz"}},
      {{"sagemaker:TargetModel", "9.tar.gz"}, {"sagemaker:TargetVariant", "8.tar.gz"}},
      {{"sagemaker:TargetVariant", "8.tar.gz"}},
  };
  for (const std::vector<aws::Condition>& conditions : given) {
    EXPECT_FALSE(may("sagemaker:InvokeEndpoint", kForecasts, std::span<const aws::Condition>(conditions)));
    ++tries;
  }
  for (const std::string_view endpoint :
       {"arn:aws:sagemaker:us-east-1:123456789012:endpoint/other",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/*",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecasts2",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecast",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/Forecasts",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecasts/x",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x/forecasts",
        "arn:aws:sagemaker:us-west-2:123456789012:endpoint/forecasts",
        "arn:aws:sagemaker:us-east-1:999999999999:endpoint/forecasts", "endpoint/forecasts", "*", "",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/forecasts"}) {
    EXPECT_FALSE(may("sagemaker:InvokeEndpoint", endpoint, {{"sagemaker:TargetModel", "8.tar.gz"}})) << endpoint;
    ++tries;
  }
  for (const std::string_view action :
       {"sagemaker:InvokeEndpointAsync", "sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:*", "*",
        "sagemaker:InvokeEndpointWithResponseStream", "runtime:InvokeEndpoint", "sagemaker:InvokeEndpoin"}) {
    EXPECT_FALSE(may(action, kForecasts, {{"sagemaker:TargetModel", "8.tar.gz"}})) << action;
    ++tries;
  }
  for (const std::string_view object :
       {"arn:aws:s3:::models/9/a", "arn:aws:s3:::models/8", "arn:aws:s3:::models/88/a", "arn:aws:s3:::models",
        "arn:aws:s3:::models2/8/a", "arn:aws:s3:::models//8/a", "arn:aws:s3:::Models/8/a", "arn:aws:s3:::models/9/8/a",
        "arn:aws:s3:::*", "arn:aws:s3:::models%2F8/a"}) {
    EXPECT_FALSE(may("s3:GetObject", object, {})) << object;
    ++tries;
  }
  for (const std::string_view prefix : {"", "9/", "8", "9/8/", "/8/", "*", "88/", "?/a"}) {
    EXPECT_FALSE(may("s3:ListBucket", "arn:aws:s3:::models", {{"s3:prefix", prefix}})) << prefix;
    ++tries;
  }
  EXPECT_FALSE(may("s3:ListBucket", "arn:aws:s3:::models", {})) << "no prefix lists everybody's";
  EXPECT_GE(++tries, 100);
}

TEST(Policy, TrustIsOfTheNamedTheAccountOrTheService) {
  const auto trust = [](std::string_view principal, const aws::Caller& caller, std::string_view service = {}) {
    const std::string text = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":)" +
                             std::string(principal) + R"(,"Action":"sts:AssumeRole"}})";
    return parsed(text, Policy::Use::kTrust)
        .trust({caller, "sts:AssumeRole", "arn:aws:iam::123456789012:role/r", {}, std::nullopt, service});
  };
  const aws::Caller alice = caller_named("alice");
  EXPECT_EQ(trust(R"({"AWS":"arn:aws:iam::123456789012:root"})", alice), Trust::kAccount);
  EXPECT_EQ(trust(R"({"AWS":["123456789012"]})", alice), Trust::kAccount);
  EXPECT_EQ(trust(R"({"AWS":"999999999999"})", alice), Trust::kNone);
  EXPECT_EQ(trust(R"({"AWS":"arn:aws:iam::123456789012:user/alice"})", alice), Trust::kDirect);
  EXPECT_EQ(trust(R"({"AWS":"arn:aws:iam::123456789012:user/alic"})", alice), Trust::kNone);
  EXPECT_EQ(trust(R"("*")", alice), Trust::kDirect);
  EXPECT_EQ(trust(R"({"AWS":"*"})", alice), Trust::kDirect);
  EXPECT_EQ(trust(R"({"Service":"sagemaker.amazonaws.com"})", alice), Trust::kNone);
  EXPECT_EQ(trust(R"({"Federated":"accounts.google.com"})", alice), Trust::kNone);
  const aws::Caller nobody{};
  EXPECT_EQ(trust(R"({"Service":"sagemaker.amazonaws.com"})", nobody, "sagemaker.amazonaws.com"), Trust::kDirect);
  EXPECT_EQ(trust(R"({"Service":"ec2.amazonaws.com"})", nobody, "sagemaker.amazonaws.com"), Trust::kNone);
  EXPECT_EQ(trust(R"("*")", nobody, "sagemaker.amazonaws.com"), Trust::kNone) << "a service is named, or not meant";

  aws::Principal session{.kind = aws::Principal::Kind::kAssumedRole,
                         .arn = "arn:aws:sts::123456789012:assumed-role/r/s",
                         .account = "123456789012",
                         .user_id = "AROAR:s",
                         .name = {},
                         .role_arn = "arn:aws:iam::123456789012:role/p/r",
                         .session = "s"};
  aws::Caller role;
  role.who = std::make_shared<const aws::Principal>(std::move(session));
  EXPECT_EQ(trust(R"({"AWS":"arn:aws:iam::123456789012:role/p/r"})", role), Trust::kDirect);
  EXPECT_EQ(trust(R"({"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"})", role), Trust::kDirect);
  EXPECT_EQ(trust(R"({"AWS":"arn:aws:sts::123456789012:assumed-role/r/t"})", role), Trust::kNone);
}

TEST(Policy, ADenyInATrustPolicyWins) {
  const Policy policy = parsed(R"({"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"},
    {"Effect":"Deny","Principal":"*","Action":"sts:*",
     "Condition":{"StringNotEquals":{"sts:ExternalId":"secret"}}}]})",
                               Policy::Use::kTrust);
  const aws::Caller alice = caller_named("alice");
  const auto trust = [&](aws::Conditions conditions) {
    return policy.trust({alice, "sts:AssumeRole", "arn:aws:iam::123456789012:role/r", conditions});
  };
  EXPECT_EQ(trust({{"sts:ExternalId", "secret"}}), Trust::kAccount);
  EXPECT_EQ(trust({{"sts:ExternalId", "wrong"}}), Trust::kDenied);
  EXPECT_EQ(trust({}), Trust::kDenied);
}

TEST(Policy, WhatIsNoPolicyIsRefusedWithItsPlace) {
  struct Case {
    std::string_view text, message;
  };
  for (const auto& [text, message] : std::initializer_list<Case>{
           {"", "JSON"},
           {"[]", "no JSON object"},
           {"{}", "no Statement"},
           {R"({"Statement":[]})", "holds no statement"},
           {R"({"Statement":"x"})", "holds no statement"},
           {R"({"Version":"2012-10-18","Statement":{}})", "Version must be"},
           {R"({"Version":20121017,"Statement":{}})", "Version must be"},
           {R"({"Id":1,"Statement":{}})", "Id is no text"},
           {R"({"Statements":[]})", "unknown element 'Statements'"},
           {R"({"Statement":[7]})", "Statement 1: no JSON object"},
           {R"({"Statement":{"Action":"a:b","Resource":"*"}})", "no Effect"},
           {R"({"Statement":{"Effect":"allow","Action":"a:b","Resource":"*"}})", "Effect must be"},
           {R"({"Statement":{"Effect":"Allow","Resource":"*"}})", "one of Action and NotAction"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:b","NotAction":"a:c","Resource":"*"}})", "one of Action"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:b"}})", "one of Resource and NotResource"},
           {R"({"Statement":{"Effect":"Allow","Action":"GetObject","Resource":"*"}})", "expected service:Name"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:","Resource":"*"}})", "expected service:Name"},
           {R"({"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}})", "Action is empty"},
           {R"({"Statement":{"Effect":"Allow","Action":[1],"Resource":"*"}})", "list of texts"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"bucket/x"}})", "expected an ARN"},
           {R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::${x"}})",
            "without its"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Principal":"*"}})", "has no Principal"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Extra":1}})", "element 'Extra'"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":[]}})", "Condition is no JSON"},
           {R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"Like":{"a:b":"c"}}}})",
            "'Like' is no condition operator"},
           {R"({"Statement":{"Effect":"Allow","Effect":"Deny","Action":"a:b","Resource":"*"}})", "comes twice"},
           {R"({"Statement":{"Sid":"a b","Effect":"Allow","Action":"a:b","Resource":"*"}})", "Sid must be"},
           {R"({"Statement":[{"Sid":"a","Effect":"Allow","Action":"a:b","Resource":"*"},
                             {"Sid":"a","Effect":"Allow","Action":"a:b","Resource":"*"}]})",
            "Statement 2: Sid 'a' comes twice"},
       }) {
    const Result<Policy> policy = Policy::parse(text, Policy::Use::kIdentity);
    ASSERT_FALSE(policy) << text;
    EXPECT_NE(policy.error().message.find(message), std::string::npos) << policy.error().message << " in " << text;
  }
  for (
      const auto& [text, message] : std::initializer_list<Case>{
          {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}})", "needs a Principal"},
          {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}})",
           "no Resource"},
          {R"({"Statement":{"Effect":"Allow","Action":"s3:GetObject","Principal":"*"}})", "about sts:"},
          {R"({"Statement":{"Effect":"Allow","Action":"*","Principal":"*"}})", "about sts:"},
          {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"alice"}})", "Principal must be"},
          {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"alice"}}})",
           "Invalid principal"},
          {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:user/*"}}})",
           "Invalid principal"},
          {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"sagemaker"}}})",
           "is no service"},
          {R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"123456789012"}}})",
           "unsupported element 'NotPrincipal'"},
      }) {
    const Result<Policy> policy = Policy::parse(text, Policy::Use::kTrust);
    ASSERT_FALSE(policy) << text;
    EXPECT_NE(policy.error().message.find(message), std::string::npos) << policy.error().message << " in " << text;
  }
  EXPECT_EQ(Policy::parse(std::string(70'000, ' '), Policy::Use::kIdentity).error().code, ErrorCode::kTooLarge);
}

TEST(Policy, SizesAreCountedWithoutBlanks) { EXPECT_EQ(policy_size("{ \"a\":\n\t 1 }\r"), 7u); }

}  // namespace
}  // namespace chiliad::identity
