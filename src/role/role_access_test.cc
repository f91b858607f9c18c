#include "role/role_access.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "aws/query.h"
#include "base/deadline_for_test.h"
#include "base/file.h"
#include "identity/iam.h"
#include "store/bucket_store.h"

namespace chiliad::role {
namespace {

constexpr std::string_view kOwnRole = "arn:aws:iam::123456789012:role/narrow";

template <class T>
std::string refusal(const Result<T>& result) {
  if (result) return "allowed";
  return result.error().code == ErrorCode::kForbidden ? result.error().message : "another: " + result.error().message;
}

// Two buckets, and a role that may do something below data/8/.
class RoleAccessTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<identity::Directory>> directory = identity::Directory::open(folder_.path() / "state");
    ASSERT_TRUE(directory) << directory.error().message;
    directory_ = *std::move(directory);
    Result<std::shared_ptr<store::BucketStore>> store = store::BucketStore::open(folder_.path(), {});
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
    buckets_ = store::BucketStore::buckets(store_);
    for (const std::string bucket : {"data", "others"}) {
      ASSERT_TRUE(store_->create_bucket(bucket));
      for (const std::string key : {"8/a", "9/a"})
        ASSERT_TRUE((*buckets_->open(bucket))->put(key, "bytes", {}, soon()));
    }
    access_ = std::make_unique<RoleAccess>(*directory_, *buckets_, std::chrono::milliseconds(10));
  }

  void call(std::string_view form) {
    aws::Caller root;
    root.who = directory_->trusted()->who();
    root.authorizer = directory_->trusted()->authorizer();
    root.time = std::chrono::system_clock::now();
    const Result<aws::QueryForm> read = aws::QueryForm::parse(form);
    ASSERT_TRUE(read) << read.error().message;
    const auto answer = identity::Iam(*directory_).answer(root, *read);
    ASSERT_TRUE(std::holds_alternative<std::string>(answer)) << std::get<aws::ApiError>(answer).message;
  }
  void make_role(const std::string& service = "sagemaker.amazonaws.com") {
    call(
        "Action=CreateRole&Version=2010-05-08&RoleName=narrow&AssumeRolePolicyDocument={\"Statement\":{\"Effect\":"
        "\"Allow\","
        "\"Principal\":{\"Service\":\"" +
        service + "\"},\"Action\":\"sts:AssumeRole\"}}");
    call(
        "Action=PutRolePolicy&Version=2010-05-08&RoleName=narrow&PolicyName=p&PolicyDocument={\"Statement\":[{"
        "\"Effect\":"
        "\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],\"Resource\":\"arn:aws:s3:::data/8/*\"},{\"Effect\":"
        "\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"arn:aws:s3:::data\",\"Condition\":{\"StringLike\":{"
        "\"s3:prefix\":\"8/*\"}}}]}");
  }
  std::shared_ptr<store::ObjectStore> open(std::string_view bucket) {
    Result<std::shared_ptr<store::ObjectStore>> opened = access_->of(kOwnRole)->open(bucket);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  TempFolder folder_ = *TempFolder::make();
  std::unique_ptr<identity::Directory> directory_;
  std::shared_ptr<store::BucketStore> store_;
  std::shared_ptr<store::Buckets> buckets_;
  std::unique_ptr<RoleAccess> access_;
};

TEST_F(RoleAccessTest, WhatThePoliciesAllowIsDone) {
  make_role();
  EXPECT_TRUE(access_->check(kOwnRole));
  const auto data = open("data");
  EXPECT_EQ(*data->get("8/a", {}, soon()), "bytes");
  EXPECT_EQ(data->head("8/a", soon())->size_bytes, 5u);
  EXPECT_TRUE(data->download("8/a", folder_.path() / "a", soon()));
  EXPECT_TRUE(data->put("8/b", "more", {}, soon()));
  EXPECT_TRUE(data->upload(folder_.path() / "a", "8/c", soon()));
  EXPECT_EQ(data->list({.prefix = "8/"}, soon())->objects.size(), 3u);
}

TEST_F(RoleAccessTest, EverythingElseIsRefusedInAmazonsWords) {
  make_role();
  const auto data = open("data");
  EXPECT_EQ(
      refusal(data->get("9/a", {}, soon())),
      "User: arn:aws:sts::123456789012:assumed-role/narrow/SageMaker is not authorized to perform: s3:GetObject on "
      "resource: arn:aws:s3:::data/9/a because no identity-based policy allows the s3:GetObject action");
  EXPECT_NE(refusal(data->head("9/a", soon())).find("s3:GetObject"), std::string::npos);
  EXPECT_NE(refusal(data->download("9/a", folder_.path() / "a", soon())).find("s3:GetObject"), std::string::npos);
  EXPECT_NE(refusal(data->lend("9/a", folder_.path() / "b", soon())).find("s3:GetObject"), std::string::npos);
  EXPECT_NE(refusal(data->put("9/b", "", {}, soon())).find("s3:PutObject"), std::string::npos);
  EXPECT_NE(refusal(data->upload("/dev/null", "9/b", soon())).find("s3:PutObject"), std::string::npos);
  EXPECT_NE(refusal(data->remove("8/a", soon())).find("s3:DeleteObject"), std::string::npos);
  for (const std::string prefix : {"", "8", "9/"})
    EXPECT_NE(refusal(data->list({.prefix = prefix}, soon())).find("s3:ListBucket"), std::string::npos) << prefix;
  EXPECT_NE(refusal(open("others")->get("8/a", {}, soon())).find("arn:aws:s3:::others/8/a"), std::string::npos);
  EXPECT_NE(refusal(access_->of(kOwnRole)->list(soon())).find("s3:ListAllMyBuckets"), std::string::npos);
}

TEST_F(RoleAccessTest, ARoleThatCannotBeAssumedMayDoNothing) {
  make_role("ec2.amazonaws.com");
  for (const std::string_view role :
       {kOwnRole, std::string_view("arn:aws:iam::123456789012:role/none"),
        std::string_view("arn:aws:iam::999999999999:role/chiliad"), std::string_view("no ARN")}) {
    EXPECT_EQ(refusal(access_->check(role)), "Could not assume role " + std::string(role) +
                                                 ". Please ensure that the role exists and allows principal "
                                                 "'sagemaker.amazonaws.com' to assume the role.");
    EXPECT_NE(refusal(access_->of(role)->open("data")).find("Could not assume role"), std::string::npos);
  }
  EXPECT_NE(refusal(access_->of("")->open("data")).find("No execution role was given"), std::string::npos);
}

TEST_F(RoleAccessTest, AnOpenBucketFollowsTheRolesPoliciesSoon) {
  make_role();
  const auto data = open("data");
  EXPECT_TRUE(data->get("8/a", {}, soon()));
  call("Action=DeleteRolePolicy&Version=2010-05-08&RoleName=narrow&PolicyName=p");
  const Deadline until = soon();
  while (data->get("8/a", {}, soon()) && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_NE(refusal(data->get("8/a", {}, soon())).find("s3:GetObject"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::role
