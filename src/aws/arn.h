// ARNs: AWS's names for resources, "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e".
//
// Services differ in what they leave empty: S3 has neither region nor account, IAM and STS no region.
//
// Source: AWS General Reference, "Amazon Resource Names (ARNs)". Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::aws {

// One installation is one account. The number is the one that AWS's documents use for examples, so that ARNs in
// tutorials work as they stand.
inline constexpr std::string_view kDefaultAccount = "123456789012";
inline constexpr std::string_view kDefaultRegion = "us-east-1";

// Pieces of an ARN; views of the text that was parsed.
struct Arn {
  std::string_view partition;  // "aws"
  std::string_view service;    // "sagemaker"
  std::string_view region;
  std::string_view account;
  std::string_view resource;  // All that follows: "endpoint/e", "role/service-role/r", "bucket/a:b".

  // "endpoint" of "endpoint/e" and of "endpoint:e"; empty when there is no such separator.
  std::string_view resource_type() const;
  // "e" of "endpoint/e"; the whole resource when there is no type.
  std::string_view resource_id() const;
};

// "arn:aws:<service>:<region>:<account>:<resource>".
std::string make_arn(std::string_view service, std::string_view region, std::string_view account,
                     std::string_view resource);

// "arn:aws:s3:::bucket" and "arn:aws:s3:::bucket/key".
std::string s3_arn(std::string_view bucket, std::string_view key = {});

// Errors: kInvalid: fewer than six parts, another prefix than "arn", no partition, service or resource, over 2048
// bytes.
Result<Arn> parse_arn(std::string_view text);

// Twelve digits.
bool is_account_id(std::string_view text);

}  // namespace chiliad::aws
