#include "identity/managed_policies.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace chiliad::identity {
namespace {

constexpr ManagedPolicy kPolicies[] = {
    {"arn:aws:iam::aws:policy/AdministratorAccess", "ANPACHILIADADMINISTRA", "AdministratorAccess",
     "Everything, on everything.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/PowerUserAccess", "ANPACHILIADPOWERUSERA", "PowerUserAccess",
     "Everything but users, roles and policies.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"},
{"Effect":"Allow","Action":["iam:ListRoles","iam:GetRole"],"Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/ReadOnlyAccess", "ANPACHILIADREADONLYAC", "ReadOnlyAccess",
     "Reads everything and changes nothing; endpoints are not invoked.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","sagemaker:Describe*",
"sagemaker:List*","logs:Describe*","logs:Get*","logs:Filter*","logs:List*","cloudwatch:Get*","cloudwatch:List*",
"cloudwatch:Describe*","iam:Get*","iam:List*","iam:Simulate*","sts:GetCallerIdentity"],"Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/IAMFullAccess", "ANPACHILIADIAMFULLACC", "IAMFullAccess",
     "Everything about users, roles and policies.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/IAMReadOnlyAccess", "ANPACHILIADIAMREADONL", "IAMReadOnlyAccess",
     "Reads users, roles and policies.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*","iam:Simulate*"],
"Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/AmazonS3FullAccess", "ANPACHILIADS3FULLACCE", "AmazonS3FullAccess",
     "Everything about buckets and objects.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "ANPACHILIADS3READONLY", "AmazonS3ReadOnlyAccess",
     "Reads and lists buckets and objects.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/AmazonSageMakerFullAccess", "ANPACHILIADSAGEMAKERF", "AmazonSageMakerFullAccess",
     "Everything about jobs, models and endpoints; objects in buckets whose names hold sagemaker; logs and metrics.",
     R"({"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["sagemaker:*"],"Resource":"*"},
{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents","logs:DescribeLogGroups",
"logs:DescribeLogStreams","logs:GetLogEvents","logs:FilterLogEvents","cloudwatch:PutMetricData",
"cloudwatch:GetMetricData","cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics","iam:ListRoles","iam:GetRole",
"s3:CreateBucket","s3:ListBucket","s3:ListAllMyBuckets","s3:GetBucketLocation"],"Resource":"*"},
{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject","s3:AbortMultipartUpload"],
"Resource":["arn:aws:s3:::*SageMaker*","arn:aws:s3:::*Sagemaker*","arn:aws:s3:::*sagemaker*"]},
{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/*",
"Condition":{"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}}]})"},
    {"arn:aws:iam::aws:policy/AmazonSageMakerReadOnly", "ANPACHILIADSAGEMAKERR", "AmazonSageMakerReadOnly",
     "Describes and lists jobs, models and endpoints.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sagemaker:Describe*","sagemaker:List*",
"cloudwatch:GetMetricData","cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics"],"Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/CloudWatchLogsFullAccess", "ANPACHILIADLOGSFULLAC", "CloudWatchLogsFullAccess",
     "Everything about logs.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess", "ANPACHILIADLOGSREADON", "CloudWatchLogsReadOnlyAccess",
     "Reads logs.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:Describe*","logs:Get*","logs:List*",
"logs:Filter*"],"Resource":"*"}]})"},
    {"arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess", "ANPACHILIADWATCHREADO", "CloudWatchReadOnlyAccess",
     "Reads metrics and logs.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudwatch:Get*","cloudwatch:List*",
"cloudwatch:Describe*","logs:Describe*","logs:Get*","logs:List*","logs:Filter*"],"Resource":"*"}]})"},
};

std::vector<std::shared_ptr<const Policy>> compile_all() {
  std::vector<std::shared_ptr<const Policy>> all;
  for (const ManagedPolicy& policy : kPolicies) {
    Result<Policy> parsed = Policy::parse(policy.document, Policy::Use::kIdentity);
    CHILIAD_CHECK(static_cast<bool>(parsed));
    all.push_back(std::make_shared<const Policy>(std::move(*parsed)));
  }
  return all;
}

}  // namespace

std::span<const ManagedPolicy> aws_managed_policies() { return kPolicies; }

const ManagedPolicy* find_aws_managed_policy(std::string_view arn) {
  const auto* found = std::ranges::find(kPolicies, arn, &ManagedPolicy::arn);
  return found == std::end(kPolicies) ? nullptr : found;
}

std::shared_ptr<const Policy> compiled_aws_managed_policy(std::string_view arn) {
  static const std::vector<std::shared_ptr<const Policy>> kCompiled = compile_all();
  const ManagedPolicy* found = find_aws_managed_policy(arn);
  return found == nullptr ? nullptr : kCompiled[static_cast<std::size_t>(found - kPolicies)];
}

}  // namespace chiliad::identity
