#include "aws/arn.h"

#include <gtest/gtest.h>

#include "aws/caller.h"

namespace chiliad::aws {
namespace {

TEST(Arn, PartsAreThoseThatWerePutIn) {
  const std::string text = make_arn("sagemaker", "us-east-1", kDefaultAccount, "endpoint/e:1/x");
  EXPECT_EQ(text, "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e:1/x");
  const Result<Arn> arn = parse_arn(text);
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->service, "sagemaker");
  EXPECT_EQ(arn->region, "us-east-1");
  EXPECT_EQ(arn->account, "123456789012");
  EXPECT_EQ(arn->resource_type(), "endpoint");
  EXPECT_EQ(arn->resource_id(), "e:1/x");
  EXPECT_EQ(s3_arn("b", "k/1"), "arn:aws:s3:::b/k/1");
  EXPECT_EQ(s3_arn("b"), "arn:aws:s3:::b");
  EXPECT_EQ(parse_arn("arn:aws:s3:::b")->resource_id(), "b");
}

TEST(Arn, OtherTextsAreRefused) {
  for (const std::string_view text : {"", "arn", "arn:aws:iam::1", "urn:aws:iam::1:role/x", "arn::iam::1:role/x",
                                      "arn:aws:::1:role/x", "arn:aws:iam::1:"}) {
    EXPECT_FALSE(parse_arn(text)) << text;
  }
  EXPECT_FALSE(parse_arn(std::string("arn:aws:s3:::") + std::string(3000, 'x')));
  EXPECT_TRUE(is_account_id("123456789012"));
  EXPECT_FALSE(is_account_id("12345678901"));
  EXPECT_FALSE(is_account_id("12345678901a"));
}

class OnlyGet final : public Authorizer {
 public:
  Decision decide(const Caller&, std::string_view action, std::string_view resource,
                  const Conditions& conditions) const override {
    if (action == "s3:DeleteObject") return Decision::kDenied;
    for (const Condition& condition : conditions) {
      if (condition.key == "sagemaker:TargetModel" && condition.value == resource) return Decision::kAllowed;
    }
    return Decision::kNotAllowed;
  }
};

TEST(Caller, AsksItsAuthorizerAndRefusesInAwsWords) {
  Caller caller;
  caller.who = std::make_shared<Principal>(
      Principal{Principal::Kind::kUser, "arn:aws:iam::123456789012:user/a", "123456789012", "AIDA", "a", "", ""});
  EXPECT_FALSE(caller.may("s3:GetObject", "x"));  // Without an authorizer: nothing.
  caller.authorizer = std::make_shared<OnlyGet>();
  EXPECT_TRUE(caller.may("sagemaker:InvokeEndpoint", "8", {{"sagemaker:TargetModel", "8"}}));
  EXPECT_FALSE(caller.may("sagemaker:InvokeEndpoint", "9", {{"sagemaker:TargetModel", "8"}}));
  EXPECT_EQ(access_denied(caller, "s3:GetObject", "arn:aws:s3:::b/k", Decision::kNotAllowed).message,
            "User: arn:aws:iam::123456789012:user/a is not authorized to perform: s3:GetObject on resource: "
            "arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action");
  const ApiError denied = access_denied_json(caller, "s3:DeleteObject", "r", Decision::kDenied);
  EXPECT_EQ(denied.code, "AccessDeniedException");
  EXPECT_EQ(denied.status, 400);
  EXPECT_NE(denied.message.find("with an explicit deny in an identity-based policy"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::aws
