#include "identity/condition.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "aws/json.h"

namespace chiliad::identity {
namespace {

using Given = std::vector<aws::Condition>;

aws::Caller alice() {
  aws::Principal who{.kind = aws::Principal::Kind::kUser,
                     .arn = "arn:aws:iam::123456789012:user/alice",
                     .account = "123456789012",
                     .user_id = "AIDAALICE",
                     .name = "alice",
                     .role_arn = {},
                     .session = {}};
  aws::Caller caller;
  caller.who = std::make_shared<const aws::Principal>(std::move(who));
  caller.source_ip = "10.1.2.3";
  caller.region = "us-east-1";
  caller.user_agent = "Boto3/1.44";
  caller.time = std::chrono::system_clock::time_point(std::chrono::seconds(1'769'904'000));  // 2026-02-01T00:00:00Z
  return caller;
}

struct Row {
  std::string_view op, key, values;
  Given given;
  bool holds;
};

class Conditions : public testing::Test {
 protected:
  static bool holds(const Row& row, bool in_deny = false, bool variables = true) {
    const Result<aws::Json> json = aws::parse_json(row.values);
    EXPECT_TRUE(json) << row.values;
    const Result<Condition> condition = Condition::parse(row.op, row.key, *json, variables);
    EXPECT_TRUE(condition) << condition.error().message;
    const aws::Caller caller = alice();
    const aws::Conditions conditions{std::span<const aws::Condition>(row.given)};
    return condition->holds({caller, "s:A", "*", conditions}, in_deny);
  }
  static void expect(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      EXPECT_EQ(holds(row), row.holds) << row.op << " " << row.key << " " << row.values << " with "
                                       << (row.given.empty() ? "nothing" : row.given[0].value);
    }
  }
};

TEST_F(Conditions, TextsAreComparedWholeWithCaseOrAsPatterns) {
  expect({
      {"StringEquals", "s:k", R"("a")", {{"s:k", "a"}}, true},
      {"StringEquals", "s:k", R"("a")", {{"S:K", "a"}}, true},  // Names of keys have no case.
      {"StringEquals", "s:k", R"("a")", {{"s:k", "A"}}, false},
      {"StringEquals", "s:k", R"("a*")", {{"s:k", "ab"}}, false},
      {"StringEquals", "s:k", R"("a*")", {{"s:k", "a*"}}, true},
      {"StringEquals", "s:k", R"(["b","a"])", {{"s:k", "a"}}, true},
      {"StringEquals", "s:k", R"("a")", {{"s:other", "a"}}, false},
      {"StringNotEquals", "s:k", R"(["a","b"])", {{"s:k", "b"}}, false},
      {"StringNotEquals", "s:k", R"(["a","b"])", {{"s:k", "c"}}, true},
      {"StringEqualsIgnoreCase", "s:k", R"("aB")", {{"s:k", "Ab"}}, true},
      {"StringNotEqualsIgnoreCase", "s:k", R"("aB")", {{"s:k", "Ab"}}, false},
      {"StringLike", "s:k", R"("8*.gz")", {{"s:k", "8.tar.gz"}}, true},
      {"StringLike", "s:k", R"("8*.gz")", {{"s:k", "9.tar.gz"}}, false},
      {"StringNotLike", "s:k", R"("8*")", {{"s:k", "8"}}, false},
      {"StringEquals", "s:k", "7", {{"s:k", "7"}}, true},
      {"StringEquals", "s:k", "true", {{"s:k", "true"}}, true},
  });
}

TEST_F(Conditions, AMissingKeyIsFalseUnlessNegatedOrIfExists) {
  expect({
      {"StringEquals", "s:k", R"("a")", {}, false},
      {"StringNotEquals", "s:k", R"("a")", {}, true},
      {"StringNotLike", "s:k", R"("a")", {}, true},
      {"ArnNotLike", "s:k", R"("arn:aws:s3:::b")", {}, true},
      {"NotIpAddress", "s:k", R"("10.0.0.0/8")", {}, true},
      {"StringEqualsIfExists", "s:k", R"("a")", {}, true},
      {"StringEqualsIfExists", "s:k", R"("a")", {{"s:k", "b"}}, false},
      {"BoolIfExists", "s:k", R"("true")", {}, true},
      {"Bool", "s:k", R"("false")", {}, false},
      {"NumericLessThan", "s:k", "7", {}, false},
      {"Null", "s:k", R"("true")", {}, true},
      {"Null", "s:k", R"("false")", {}, false},
      {"Null", "s:k", "false", {{"s:k", "x"}}, true},
      {"Null", "aws:TokenIssueTime", "true", {}, true},
      {"ForAllValues:StringEquals", "s:k", R"("a")", {}, true},
      {"ForAnyValue:StringEquals", "s:k", R"("a")", {}, false},
      {"ForAnyValue:StringNotEquals", "s:k", R"("a")", {}, false},
      {"ForAnyValue:StringEqualsIfExists", "s:k", R"("a")", {}, true},
  });
}

TEST_F(Conditions, SetsOfValuesAreComparedAllOrAny) {
  const Given ab = {{"aws:TagKeys", "a"}, {"aws:TagKeys", "b"}};
  expect({
      {"ForAllValues:StringEquals", "aws:TagKeys", R"(["a","b","c"])", ab, true},
      {"ForAllValues:StringEquals", "aws:TagKeys", R"(["a"])", ab, false},
      {"ForAnyValue:StringEquals", "aws:TagKeys", R"(["a"])", ab, true},
      {"ForAnyValue:StringEquals", "aws:TagKeys", R"(["c"])", ab, false},
      {"ForAllValues:StringNotEquals", "aws:TagKeys", R"(["c"])", ab, true},
      {"ForAllValues:StringNotEquals", "aws:TagKeys", R"(["a"])", ab, false},
      {"ForAnyValue:StringNotEquals", "aws:TagKeys", R"(["a"])", ab, true},
      {"ForAnyValue:StringLike", "aws:TagKeys", R"(["B*","b*"])", ab, true},
  });
  const Row single{"StringEquals", "aws:TagKeys", R"("a")", ab, false};
  EXPECT_FALSE(holds(single, false)) << "an Allow wants all of them";
  EXPECT_TRUE(holds(single, true)) << "a Deny wants one";
}

TEST_F(Conditions, NumbersDatesTruthBytesAddressesAndArns) {
  expect({
      {"NumericEquals", "s:n", "10", {{"s:n", "10.0"}}, true},
      {"NumericNotEquals", "s:n", R"(["1","2"])", {{"s:n", "2"}}, false},
      {"NumericLessThan", "s:n", R"("10")", {{"s:n", "9"}}, true},
      {"NumericLessThan", "s:n", R"("10")", {{"s:n", "10"}}, false},
      {"NumericLessThanEquals", "s:n", "10", {{"s:n", "10"}}, true},
      {"NumericGreaterThan", "s:n", "10", {{"s:n", "9"}}, false},
      {"NumericGreaterThanEquals", "s:n", "10", {{"s:n", "1e1"}}, true},
      {"NumericLessThan", "s:n", "10", {{"s:n", "nine"}}, false},
      {"DateLessThan", "aws:CurrentTime", R"("2026-02-01T00:00:01Z")", {}, true},
      {"DateLessThan", "aws:CurrentTime", R"("2026-02-01T00:00:00Z")", {}, false},
      {"DateGreaterThan", "aws:CurrentTime", R"("2026-02-01T01:59:59+02:00")", {}, true},
      {"DateGreaterThanEquals", "aws:CurrentTime", R"("2026-02-01")", {}, true},
      {"DateEquals", "aws:EpochTime", R"("2026-02-01T00:00:00Z")", {}, true},
      {"NumericEquals", "aws:EpochTime", "1769904000", {}, true},
      {"DateNotEquals", "aws:CurrentTime", "1769904000", {}, false},
      {"Bool", "aws:SecureTransport", "false", {}, true},
      {"Bool", "aws:SecureTransport", R"("True")", {}, false},
      {"BinaryEquals", "s:b", R"("QUI=")", {{"s:b", "QUI="}}, true},
      {"BinaryEquals", "s:b", R"("QUI=")", {{"s:b", "QUM="}}, false},
      {"IpAddress", "aws:SourceIp", R"("10.0.0.0/8")", {}, true},
      {"IpAddress", "aws:SourceIp", R"(["192.168.0.0/16","10.1.2.0/23"])", {}, true},
      {"IpAddress", "aws:SourceIp", R"("10.1.2.4/31")", {}, false},
      {"IpAddress", "aws:SourceIp", R"("10.1.2.3")", {}, true},
      {"IpAddress", "s:ip", R"("10.0.0.0/8")", {{"s:ip", "::ffff:10.9.9.9"}}, true},
      {"IpAddress", "s:ip", R"("2001:db8::/33")", {{"s:ip", "2001:db8:7fff::1"}}, true},
      {"IpAddress", "s:ip", R"("2001:db8::/33")", {{"s:ip", "2001:db8:8000::1"}}, false},
      {"IpAddress", "s:ip", R"("0.0.0.0/0")", {{"s:ip", "::1"}}, false},
      {"NotIpAddress", "aws:SourceIp", R"("10.0.0.0/8")", {}, false},
      {"ArnLike",
       "s:arn",
       R"("arn:aws:iam::*:role/service-*")",
       {{"s:arn", "arn:aws:iam::123456789012:role/service-x"}},
       true},
      {"ArnEquals", "s:arn", R"("arn:aws:iam::*:x")", {{"s:arn", "arn:aws:iam::1:role/a:x"}}, false},
      {"ArnNotLike", "s:arn", R"("arn:aws:s3:::*")", {{"s:arn", "arn:aws:s3:::x"}}, false},
  });
}

TEST_F(Conditions, WhoCallsComesFromTheCallerAlone) {
  expect({
      {"StringEquals", "aws:username", R"("mallory")", {{"aws:username", "mallory"}}, false},
      {"StringEquals", "aws:username", R"("alice")", {}, true},
      {"StringEquals", "AWS:UserName", R"("alice")", {}, true},
      {"StringEquals", "aws:userid", R"("AIDAALICE")", {}, true},
      {"ArnEquals", "aws:PrincipalArn", R"("arn:aws:iam::123456789012:user/alice")", {}, true},
      {"StringEquals", "aws:PrincipalAccount", R"("123456789012")", {}, true},
      {"StringEquals", "aws:PrincipalType", R"("User")", {}, true},
      {"StringEquals", "aws:RequestedRegion", R"("us-east-1")", {}, true},
      {"StringLike", "aws:UserAgent", R"("Boto3/*")", {}, true},
      {"Bool", "aws:MultiFactorAuthPresent", "true", {{"aws:MultiFactorAuthPresent", "true"}}, false},
      {"StringEquals", "aws:PrincipalTag/team", R"("a")", {{"aws:PrincipalTag/team", "a"}}, false},
  });
}

TEST_F(Conditions, VariablesHaveTheCallersValuesByteByByte) {
  expect({
      {"StringEquals", "s:k", R"("${aws:username}.tar.gz")", {{"s:k", "alice.tar.gz"}}, true},
      {"StringLike", "s:k", R"("${aws:username}/*")", {{"s:k", "alice/8.tar.gz"}}, true},
      {"StringLike", "s:k", R"("${aws:username}/*")", {{"s:k", "bob/8.tar.gz"}}, false},
      {"StringLike", "s:k", R"("${s:who}")", {{"s:k", "x"}, {"s:who", "*"}}, false},
      {"StringLike", "s:k", R"("${s:who}")", {{"s:k", "*"}, {"s:who", "*"}}, true},
      {"StringLike", "s:k", R"("a${*}b")", {{"s:k", "a*b"}}, true},
      {"StringLike", "s:k", R"("a${*}b")", {{"s:k", "axb"}}, false},
      {"StringEquals", "s:k", R"("${$}{x}")", {{"s:k", "${x}"}}, true},
      {"StringEquals", "s:k", R"("${s:missing, 'nobody'}")", {{"s:k", "nobody"}}, true},
      {"StringEquals", "s:k", R"("${s:missing}")", {{"s:k", ""}}, false},
      {"StringNotEquals", "s:k", R"("${s:missing}")", {{"s:k", "x"}}, false},
  });
  EXPECT_TRUE(holds({"StringEquals", "s:k", R"("${aws:username}")", {{"s:k", "${aws:username}"}}, true}, false, false))
      << "an old document knows no variables";
  EXPECT_TRUE(holds({"StringNotEquals", "s:k", R"("${s:missing}")", {{"s:k", "x"}}, true}, true))
      << "a Deny is not taken back by what nobody knows";
}

TEST_F(Conditions, WhatCannotBeComparedIsRefused) {
  for (const auto& [op, key, values] : std::vector<std::array<std::string_view, 3>>{
           {"StringEqual", "s:k", R"("a")"},
           {"stringequals", "s:k", R"("a")"},
           {"ForSomeValues:StringEquals", "s:k", R"("a")"},
           {"NullIfExists", "s:k", R"("true")"},
           {"ForAnyValue:Null", "s:k", R"("true")"},
           {"IfExists", "s:k", R"("a")"},
           {"StringEquals", "k", R"("a")"},
           {"StringEquals", ":k", R"("a")"},
           {"StringEquals", "s:", R"("a")"},
           {"StringEquals", "s:k", "[]"},
           {"StringEquals", "s:k", R"({"a":1})"},
           {"StringEquals", "s:k", R"([["a"]])"},
           {"StringEquals", "s:k", "null"},
           {"StringEquals", "s:k", R"("${aws:username")"},
           {"StringEquals", "s:k", R"("${}")"},
           {"StringEquals", "s:k", R"("${a, b}")"},
           {"StringEquals", "s:k", R"("${a${b}}")"},
           {"NumericEquals", "s:k", R"("ten")"},
           {"DateEquals", "s:k", R"("yesterday")"},
           {"DateEquals", "s:k", R"("2026-02-30T00:00:00Z")"},
           {"Bool", "s:k", R"("yes")"},
           {"BinaryEquals", "s:k", R"("?")"},
           {"IpAddress", "s:k", R"("10.0.0.0/33")"},
           {"IpAddress", "s:k", R"("10.0.0")"},
           {"IpAddress", "s:k", R"("::1/-1")"},
       }) {
    const Result<Condition> condition = Condition::parse(op, key, *aws::parse_json(values), true);
    EXPECT_FALSE(condition) << op << " " << key << " " << values;
  }
}

}  // namespace
}  // namespace chiliad::identity
