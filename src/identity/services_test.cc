// IAM and STS as clients call them, form in and XML out.

#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "identity/directory_state.h"
#include "identity/iam.h"
#include "identity/sts.h"
#include "net/uri.h"

namespace chiliad::identity {
namespace {

using namespace std::chrono_literals;

const Time kNoon = std::chrono::system_clock::time_point(std::chrono::seconds(1'769'904'000));
constexpr std::string_view kRoleArn = "arn:aws:iam::123456789012:role/chiliad";

// The text of the first <name> element.
std::string element(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::size_t start = xml.find(open);
  if (start == std::string_view::npos) return "(no " + std::string(name) + ")";
  const std::size_t end = xml.find("</" + std::string(name) + ">", start);
  return std::string(xml.substr(start + open.size(), end - start - open.size()));
}

std::size_t count(std::string_view xml, std::string_view piece) {
  std::size_t number = 0;
  for (std::size_t at = xml.find(piece); at != std::string_view::npos; at = xml.find(piece, at + 1)) ++number;
  return number;
}

class Services : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Directory>> opened = Directory::open(folder_->path() / "state");
    ASSERT_TRUE(opened) << opened.error().message;
    directory_ = *std::move(opened);
    iam_ = std::make_unique<Iam>(*directory_);
    sts_ = std::make_unique<Sts>(*directory_);
    Result<std::optional<CreatedKey>> key = directory_->first_key(folder_->path() / "credentials");
    ASSERT_TRUE(key && *key);
    admin_ = caller((*key)->access_key_id);
  }

  aws::Caller caller(const std::string& id, const std::string& token = {}, Time now = kNoon) {
    const FoundKey found = directory_->find_key(id, token, now);
    aws::Caller made;
    made.time = now;
    made.region = "us-east-1";
    made.access_key_id = id;
    made.source_ip = "127.0.0.1";
    if (!std::holds_alternative<std::shared_ptr<const Key>>(found)) {
      ADD_FAILURE() << "no key " << id;
      return made;
    }
    made.who = std::get<0>(found)->who();
    made.authorizer = std::get<0>(found)->authorizer();
    return made;
  }
  // The caller with what changed meanwhile.
  aws::Caller again(const aws::Caller& before) { return caller(before.access_key_id); }

  std::string iam(const aws::Caller& who, std::string_view form) { return text(iam_->answer(who, parse(form)), form); }
  std::string iam(std::string_view form) { return iam(again(admin_), form); }
  std::string sts(const aws::Caller& who, std::string_view form) { return text(sts_->answer(who, parse(form)), form); }
  aws::ApiError iam_error(const aws::Caller& who, std::string_view form) {
    return error(iam_->answer(who, parse(form)), form);
  }
  aws::ApiError iam_error(std::string_view form) { return iam_error(again(admin_), form); }
  aws::ApiError sts_error(const aws::Caller& who, std::string_view form) {
    return error(sts_->answer(who, parse(form)), form);
  }

  // A new user's caller.
  aws::Caller user(const std::string& name, std::string_view policy = {}) {
    (void)iam("Action=CreateUser&UserName=" + name);
    if (!policy.empty()) {
      (void)iam("Action=PutUserPolicy&UserName=" + name +
                "&PolicyName=p&PolicyDocument=" + net::percent_encode(policy));
    }
    return caller(element(iam("Action=CreateAccessKey&UserName=" + name), "AccessKeyId"));
  }

  Result<TempFolder> folder_ = TempFolder::make();
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<Iam> iam_;
  std::unique_ptr<Sts> sts_;
  aws::Caller admin_;

 private:
  static aws::QueryForm parse(std::string_view form) {
    Result<aws::QueryForm> parsed = aws::QueryForm::parse(form);
    EXPECT_TRUE(parsed) << form;
    return *std::move(parsed);
  }
  static std::string text(const Answer& answer, std::string_view form) {
    if (const aws::ApiError* error = std::get_if<aws::ApiError>(&answer)) {
      ADD_FAILURE() << form << ": " << error->code << ": " << error->message;
      return {};
    }
    return std::get<std::string>(answer);
  }
  static aws::ApiError error(const Answer& answer, std::string_view form) {
    if (const aws::ApiError* error = std::get_if<aws::ApiError>(&answer)) return *error;
    ADD_FAILURE() << form << " was answered: " << std::get<std::string>(answer);
    return {};
  }
};

std::string allow(std::string_view action, std::string_view resource = "*", std::string_view condition = {}) {
  std::string text = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":")" + std::string(action) +
                     R"(","Resource":")" + std::string(resource) + "\"";
  if (!condition.empty()) text += ",\"Condition\":" + std::string(condition);
  return text + "}}";
}
std::string form_of(std::string_view text) { return net::percent_encode(text); }

// What the SageMaker SDK does to find its execution role: the caller's last name is a role's.
TEST_F(Services, TheFirstKeysNameIsTheNameOfTheExecutionRole) {
  const std::string identity = sts(admin_, "Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_EQ(element(identity, "Account"), "123456789012");
  const std::string arn = element(identity, "Arn");
  EXPECT_EQ(arn, "arn:aws:iam::123456789012:user/chiliad");
  const std::string role = iam("Action=GetRole&Version=2010-05-08&RoleName=" + arn.substr(arn.rfind('/') + 1));
  EXPECT_EQ(element(role, "Arn"), kRoleArn);
  EXPECT_EQ(element(role, "RoleName"), "chiliad");
  EXPECT_EQ(element(role, "MaxSessionDuration"), "43200");
  EXPECT_NE(net::percent_decode(element(role, "AssumeRolePolicyDocument")).find("sagemaker.amazonaws.com"),
            std::string::npos);
}

TEST_F(Services, UnknownOperationsAndVersionsAreNamed) {
  EXPECT_EQ(iam_error("Action=CreateCoffee").code, "InvalidAction");
  EXPECT_EQ(iam_error("Action=GetRole&Version=2011-06-15&RoleName=chiliad").code, "InvalidAction");
  EXPECT_EQ(iam_error("RoleName=chiliad").code, "MissingAction");
}

TEST_F(Services, MembersAreCheckedInAwsWords) {
  EXPECT_EQ(iam_error("Action=GetRole").message,
            "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be "
            "null");
  EXPECT_EQ(iam_error("Action=GetRole&RoleName=a%20b").message,
            "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [\\w+=,.@-]+");
  EXPECT_EQ(iam_error("Action=GetRole&RoleName=" + std::string(65, 'a')).code, "ValidationError");
  EXPECT_EQ(iam_error("Action=GetRole&RoleName=").code, "ValidationError");
  for (const std::string_view form :
       {"Action=CreateUser&UserName=a&Path=p", "Action=CreateUser&UserName=a&Path=%2Fp",
        "Action=CreateUser&UserName=a%2Fb", "Action=CreateUser&UserName=%C3%A4", "Action=ListUsers&MaxItems=0",
        "Action=ListUsers&MaxItems=1001", "Action=ListUsers&MaxItems=x",
        "Action=UpdateAccessKey&AccessKeyId=AKIAAAAAAAAAAAAAAAAA&Status=active",
        "Action=GetPolicyVersion&PolicyArn=arn:aws:iam::aws:policy%2FAdministratorAccess&VersionId=1"}) {
    EXPECT_EQ(iam_error(form).code, "ValidationError") << form;
    EXPECT_EQ(iam_error(form).status, 400) << form;
  }
}

TEST_F(Services, UsersComeAndGo) {
  const std::string made = iam("Action=CreateUser&UserName=alice&Path=%2Fcustomers%2F");
  EXPECT_EQ(element(made, "Arn"), "arn:aws:iam::123456789012:user/customers/alice");
  EXPECT_EQ(element(made, "CreateDate"), "2026-02-01T00:00:00Z");
  EXPECT_EQ(iam("Action=GetUser&UserName=alice"), made);
  EXPECT_EQ(iam_error("Action=CreateUser&UserName=alice").code, "EntityAlreadyExists");
  EXPECT_EQ(iam_error("Action=CreateUser&UserName=ALICE").code, "EntityAlreadyExists");
  EXPECT_EQ(iam_error("Action=GetUser&UserName=ALICE").code, "NoSuchEntity");
  EXPECT_EQ(iam_error("Action=GetUser&UserName=bob").status, 404);
  EXPECT_EQ(count(iam("Action=ListUsers"), "<UserName>"), 2u);
  EXPECT_EQ(count(iam("Action=ListUsers&PathPrefix=%2Fcustomers%2F"), "<UserName>"), 1u);
  const std::string key = element(iam("Action=CreateAccessKey&UserName=alice"), "AccessKeyId");
  EXPECT_EQ(iam_error("Action=DeleteUser&UserName=alice").code, "DeleteConflict");
  EXPECT_EQ(iam("Action=DeleteAccessKey&UserName=alice&AccessKeyId=" + key), "");
  (void)iam("Action=AttachUserPolicy&UserName=alice&PolicyArn=arn:aws:iam::aws:policy%2FReadOnlyAccess");
  EXPECT_EQ(iam_error("Action=DeleteUser&UserName=alice").code, "DeleteConflict");
  (void)iam("Action=DetachUserPolicy&UserName=alice&PolicyArn=arn:aws:iam::aws:policy%2FReadOnlyAccess");
  EXPECT_EQ(iam("Action=DeleteUser&UserName=alice"), "");
  EXPECT_EQ(iam_error("Action=GetUser&UserName=alice").code, "NoSuchEntity");
}

TEST_F(Services, ListsPage) {
  for (char c = 'a'; c <= 'g'; ++c) (void)iam(std::string("Action=CreateUser&UserName=") + c);
  std::vector<std::string> seen;
  std::string marker;
  do {
    const std::string page = iam("Action=ListUsers&MaxItems=3" + (marker.empty() ? "" : "&Marker=" + marker));
    for (std::size_t at = page.find("<UserName>"); at != std::string::npos; at = page.find("<UserName>", at + 1)) {
      seen.push_back(element(page.substr(at), "UserName"));
    }
    marker = element(page, "IsTruncated") == "true" ? element(page, "Marker") : "";
  } while (!marker.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c", "chiliad", "d", "e", "f", "g"}));
}

TEST_F(Services, AUserHasTwoKeysWhichWorkAtOnceAndStopAtOnce) {
  (void)iam("Action=CreateUser&UserName=alice");
  const std::string made = iam("Action=CreateAccessKey&UserName=alice");
  const std::string id = element(made, "AccessKeyId");
  EXPECT_EQ(element(made, "Status"), "Active");
  EXPECT_EQ(element(made, "SecretAccessKey").size(), 40u);
  EXPECT_EQ(element(sts(caller(id), "Action=GetCallerIdentity"), "Arn"), "arn:aws:iam::123456789012:user/alice");
  (void)iam("Action=CreateAccessKey&UserName=alice");
  EXPECT_EQ(iam_error("Action=CreateAccessKey&UserName=alice").code, "LimitExceeded");
  const std::string list = iam("Action=ListAccessKeys&UserName=alice");
  EXPECT_EQ(count(list, "<AccessKeyId>"), 2u);
  EXPECT_EQ(count(list, "Secret"), 0u);
  EXPECT_EQ(iam("Action=UpdateAccessKey&UserName=alice&AccessKeyId=" + id + "&Status=Inactive"), "");
  EXPECT_TRUE(std::holds_alternative<KeyRefusal>(directory_->find_key(id, "", kNoon)));
  EXPECT_EQ(iam_error("Action=DeleteAccessKey&UserName=chiliad&AccessKeyId=" + id).code, "NoSuchEntity")
      << "it is another user's";
}

TEST_F(Services, WithoutANameACallMeansItsCaller) {
  const aws::Caller alice = user("alice", allow("iam:*", "arn:aws:iam::123456789012:user/${aws:username}"));
  EXPECT_EQ(element(iam(alice, "Action=GetUser"), "UserName"), "alice");
  EXPECT_EQ(element(iam(alice, "Action=ListAccessKeys"), "AccessKeyId"), alice.access_key_id);
  EXPECT_EQ(iam_error(alice, "Action=GetUser&UserName=chiliad").code, "AccessDenied");
  EXPECT_EQ(iam_error(alice, "Action=GetUser&UserName=nobody").code, "AccessDenied")
      << "who may not ask does not learn who exists";
  EXPECT_EQ(iam_error(alice, "Action=ListUsers").status, 403);
}

TEST_F(Services, NobodyGivesThemselvesMore) {
  const aws::Caller alice = user("alice", allow("s3:*"));
  for (const std::string_view form :
       {"Action=CreateUser&UserName=x", "Action=CreateAccessKey", "Action=CreateAccessKey&UserName=chiliad",
        "Action=AttachUserPolicy&UserName=alice&PolicyArn=arn:aws:iam::aws:policy%2FAdministratorAccess",
        "Action=PutUserPolicy&UserName=alice&PolicyName=q&PolicyDocument=%7B%7D", "Action=GetRole&RoleName=chiliad",
        "Action=CreatePolicy&PolicyName=q&PolicyDocument=%7B%7D", "Action=ListPolicies", "Action=ListRoles",
        "Action=DeleteUser&UserName=chiliad", "Action=UpdateAssumeRolePolicy&RoleName=chiliad&PolicyDocument=%7B%7D",
        "Action=ListInstanceProfiles",
        "Action=SimulatePrincipalPolicy&PolicySourceArn=arn:aws:iam::123456789012:role%2Fchiliad&ActionNames.member.1="
        "s3:x"}) {
    const aws::ApiError error = iam_error(alice, form);
    EXPECT_EQ(error.code, "AccessDenied") << form;
    EXPECT_EQ(error.status, 403) << form;
    EXPECT_NE(error.message.find("User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:"),
              std::string::npos);
  }
}

TEST_F(Services, RolesComeAndGo) {
  const std::string trust =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
  const std::string made =
      iam("Action=CreateRole&RoleName=r&Path=%2Fservice-role%2F&Description=d&MaxSessionDuration=7200"
          "&AssumeRolePolicyDocument=" +
          form_of(trust));
  EXPECT_EQ(element(made, "Arn"), "arn:aws:iam::123456789012:role/service-role/r");
  EXPECT_EQ(net::percent_decode(element(made, "AssumeRolePolicyDocument")), trust);
  EXPECT_EQ(element(iam("Action=GetRole&RoleName=r"), "MaxSessionDuration"), "7200");
  EXPECT_TRUE(directory_->assume_role_for_service("arn:aws:iam::123456789012:role/service-role/r", "s1", 900s, kNoon));
  (void)iam("Action=UpdateRole&RoleName=r&MaxSessionDuration=3600");
  EXPECT_EQ(element(iam("Action=GetRole&RoleName=r"), "MaxSessionDuration"), "3600");
  EXPECT_EQ(count(iam("Action=ListRoles"), "<RoleName>"), 2u);
  EXPECT_EQ(iam_error("Action=CreateRole&RoleName=q&AssumeRolePolicyDocument=%7B%7D").code, "MalformedPolicyDocument");
  EXPECT_EQ(iam_error("Action=UpdateAssumeRolePolicy&RoleName=r&PolicyDocument=" + form_of(allow("s3:*"))).code,
            "MalformedPolicyDocument");
  std::string nobody = trust;
  nobody.replace(nobody.find("sagemaker"), 9, "ec2");
  (void)iam("Action=UpdateAssumeRolePolicy&RoleName=r&PolicyDocument=" + form_of(nobody));
  EXPECT_FALSE(directory_->assume_role_for_service("arn:aws:iam::123456789012:role/service-role/r", "s1", 900s, kNoon));
  (void)iam("Action=PutRolePolicy&RoleName=r&PolicyName=p&PolicyDocument=" + form_of(allow("s3:*")));
  EXPECT_EQ(iam_error("Action=DeleteRole&RoleName=r").code, "DeleteConflict");
  (void)iam("Action=DeleteRolePolicy&RoleName=r&PolicyName=p");
  (void)iam("Action=DeleteRole&RoleName=r");
  EXPECT_EQ(iam_error("Action=GetRole&RoleName=r").code, "NoSuchEntity");
}

TEST_F(Services, InlinePoliciesAreKeptAsSentAndCount) {
  const aws::Caller alice = user("alice");
  const std::string document = allow("s3:GetObject", "arn:aws:s3:::b/*");
  EXPECT_FALSE(alice.may("s3:GetObject", "arn:aws:s3:::b/k"));
  (void)iam("Action=PutUserPolicy&UserName=alice&PolicyName=read&PolicyDocument=" + form_of(document));
  EXPECT_TRUE(again(alice).may("s3:GetObject", "arn:aws:s3:::b/k"));
  const std::string got = iam("Action=GetUserPolicy&UserName=alice&PolicyName=read");
  EXPECT_EQ(net::percent_decode(element(got, "PolicyDocument")), document);
  EXPECT_EQ(element(iam("Action=ListUserPolicies&UserName=alice"), "member"), "read");
  EXPECT_EQ(iam_error("Action=GetUserPolicy&UserName=alice&PolicyName=x").code, "NoSuchEntity");
  EXPECT_EQ(iam_error("Action=PutUserPolicy&UserName=alice&PolicyName=p&PolicyDocument=" +
                      form_of(allow("s3:GetObject", "arn:aws:s3:::" + std::string(2000, 'b'))))
                .code,
            "LimitExceeded");
  EXPECT_EQ(iam_error("Action=PutUserPolicy&UserName=alice&PolicyName=p&PolicyDocument=x").code,
            "MalformedPolicyDocument");
  (void)iam("Action=DeleteUserPolicy&UserName=alice&PolicyName=read");
  EXPECT_FALSE(again(alice).may("s3:GetObject", "arn:aws:s3:::b/k"));
}

TEST_F(Services, ManagedPoliciesHaveVersions) {
  const std::string made = iam("Action=CreatePolicy&PolicyName=p&PolicyDocument=" + form_of(allow("s3:*")));
  const std::string arn = element(made, "Arn");
  EXPECT_EQ(arn, "arn:aws:iam::123456789012:policy/p");
  EXPECT_EQ(element(made, "DefaultVersionId"), "v1");
  EXPECT_EQ(iam_error("Action=CreatePolicy&PolicyName=p&PolicyDocument=" + form_of(allow("s3:*"))).code,
            "EntityAlreadyExists");
  const aws::Caller alice = user("alice");
  (void)iam("Action=AttachUserPolicy&UserName=alice&PolicyArn=" + form_of(arn));
  EXPECT_TRUE(again(alice).may("s3:GetObject", "*"));
  EXPECT_EQ(element(iam("Action=GetPolicy&PolicyArn=" + form_of(arn)), "AttachmentCount"), "1");
  EXPECT_EQ(element(iam("Action=ListAttachedUserPolicies&UserName=alice"), "PolicyArn"), arn);
  EXPECT_EQ(element(iam("Action=ListEntitiesForPolicy&PolicyArn=" + form_of(arn)), "UserName"), "alice");
  const std::string second = iam("Action=CreatePolicyVersion&SetAsDefault=true&PolicyArn=" + form_of(arn) +
                                 "&PolicyDocument=" + form_of(allow("logs:*")));
  EXPECT_EQ(element(second, "VersionId"), "v2");
  EXPECT_FALSE(again(alice).may("s3:GetObject", "*"));
  EXPECT_TRUE(again(alice).may("logs:GetLogEvents", "*"));
  (void)iam("Action=SetDefaultPolicyVersion&VersionId=v1&PolicyArn=" + form_of(arn));
  EXPECT_TRUE(again(alice).may("s3:GetObject", "*"));
  EXPECT_EQ(count(iam("Action=ListPolicyVersions&PolicyArn=" + form_of(arn)), "<VersionId>"), 2u);
  EXPECT_EQ(iam_error("Action=DeletePolicyVersion&VersionId=v1&PolicyArn=" + form_of(arn)).code, "DeleteConflict");
  EXPECT_EQ(iam_error("Action=DeletePolicy&PolicyArn=" + form_of(arn)).code, "DeleteConflict");
  (void)iam("Action=DetachUserPolicy&UserName=alice&PolicyArn=" + form_of(arn));
  EXPECT_EQ(iam_error("Action=DeletePolicy&PolicyArn=" + form_of(arn)).code, "DeleteConflict") << "two versions";
  (void)iam("Action=DeletePolicyVersion&VersionId=v2&PolicyArn=" + form_of(arn));
  (void)iam("Action=DeletePolicy&PolicyArn=" + form_of(arn));
  EXPECT_EQ(iam_error("Action=GetPolicy&PolicyArn=" + form_of(arn)).code, "NoSuchEntity");
}

TEST_F(Services, AwsPoliciesAreThereAndCannotBeChanged) {
  const std::string arn = "arn:aws:iam::aws:policy%2FAmazonSageMakerFullAccess";
  EXPECT_EQ(element(iam("Action=GetPolicy&PolicyArn=" + arn), "PolicyName"), "AmazonSageMakerFullAccess");
  const std::string version = iam("Action=GetPolicyVersion&VersionId=v1&PolicyArn=" + arn);
  EXPECT_TRUE(Policy::parse(net::percent_decode(element(version, "Document")), Policy::Use::kIdentity));
  EXPECT_EQ(iam_error("Action=DeletePolicy&PolicyArn=" + arn).code, "AccessDenied");
  EXPECT_EQ(iam_error("Action=AttachRolePolicy&RoleName=chiliad&PolicyArn=arn:aws:iam::aws:policy%2FNone").code,
            "NoSuchEntity");
  const aws::Caller alice = user("alice");
  (void)iam("Action=AttachUserPolicy&UserName=alice&PolicyArn=" + arn);
  EXPECT_TRUE(again(alice).may("sagemaker:CreateModel", "*"));
  EXPECT_TRUE(again(alice).may("s3:PutObject", "arn:aws:s3:::sagemaker-us-east-1-123456789012/k"));
  EXPECT_FALSE(again(alice).may("s3:PutObject", "arn:aws:s3:::other/k"));
  EXPECT_TRUE(again(alice).may("iam:PassRole", kRoleArn, {{"iam:PassedToService", "sagemaker.amazonaws.com"}}));
  EXPECT_FALSE(again(alice).may("iam:PassRole", kRoleArn, {{"iam:PassedToService", "ec2.amazonaws.com"}}));
  EXPECT_FALSE(again(alice).may("iam:PassRole", kRoleArn));
  std::size_t listed = 0;
  std::string marker;
  do {
    const std::string page =
        iam("Action=ListPolicies&MaxItems=5" + (marker.empty() ? "" : "&Marker=" + form_of(marker)));
    listed += count(page, "<PolicyName>");
    marker = element(page, "IsTruncated") == "true" ? element(page, "Marker") : "";
  } while (!marker.empty());
  EXPECT_EQ(listed, 12u);
}

TEST_F(Services, BoundariesLimitWhatPoliciesAllow) {
  const aws::Caller alice = user("alice", allow("*"));
  (void)iam(
      "Action=PutUserPermissionsBoundary&UserName=alice&PermissionsBoundary=arn:aws:iam::aws:policy%"
      "2FAmazonS3FullAccess");
  EXPECT_TRUE(again(alice).may("s3:GetObject", "*"));
  EXPECT_FALSE(again(alice).may("iam:GetUser", "*"));
  EXPECT_EQ(element(iam("Action=GetUser&UserName=alice"), "PermissionsBoundaryArn"),
            "arn:aws:iam::aws:policy/AmazonS3FullAccess");
  (void)iam("Action=DeleteUserPermissionsBoundary&UserName=alice");
  EXPECT_TRUE(again(alice).may("iam:GetUser", "*"));
}

TEST_F(Services, SimulationDecidesAsARequestWould) {
  const std::string form =
      "Action=SimulatePrincipalPolicy&PolicySourceArn=" + form_of(kRoleArn) +
      "&ActionNames.member.1=sagemaker%3A%2A&ActionNames.member.2=s3%3A%2A&ActionNames.member.3=iam%3APassRole";
  EXPECT_EQ(count(iam(form), "<EvalDecision>allowed</EvalDecision>"), 3u);
  (void)user("alice", allow("s3:Get*", "arn:aws:s3:::b/*", R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})"));
  const std::string alice =
      "Action=SimulatePrincipalPolicy&PolicySourceArn=arn:aws:iam::123456789012:user%2Falice"
      "&ActionNames.member.1=s3:GetObject&ResourceArns.member.1=";
  const std::string from10 =
      "&ContextEntries.member.1.ContextKeyName=aws:SourceIp"
      "&ContextEntries.member.1.ContextKeyValues.member.1=10.1.1.1";
  EXPECT_EQ(element(iam(alice + "arn:aws:s3:::b%2Fk" + from10), "EvalDecision"), "allowed");
  EXPECT_EQ(element(iam(alice + "arn:aws:s3:::b%2Fk"), "EvalDecision"), "implicitDeny");
  EXPECT_EQ(element(iam(alice + "arn:aws:s3:::c%2Fk" + from10), "EvalDecision"), "implicitDeny");
  const std::string deny =
      "&PolicyInputList.member.1=" +
      form_of(R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})");
  EXPECT_EQ(element(iam(alice + "arn:aws:s3:::b%2Fk" + from10 + deny), "EvalDecision"), "explicitDeny");
  EXPECT_EQ(iam_error("Action=SimulatePrincipalPolicy&PolicySourceArn=arn:aws:iam::123456789012:role%2Fnone"
                      "&ActionNames.member.1=s3:GetObject")
                .code,
            "NoSuchEntity");
  EXPECT_EQ(iam_error("Action=SimulatePrincipalPolicy&PolicySourceArn=" + form_of(kRoleArn)).code, "ValidationError");
  const std::string first = iam(form + "&MaxItems=2");
  EXPECT_EQ(count(first, "<EvalDecision>"), 2u);
  EXPECT_EQ(element(first, "Marker"), "2");
  EXPECT_EQ(element(iam(form + "&MaxItems=2&Marker=2"), "EvalActionName"), "iam:PassRole");
}

class AssumeRole : public Services {
 protected:
  std::string form(std::string_view role, std::string_view more = {}) {
    return "Action=AssumeRole&RoleSessionName=s1&RoleArn=" + form_of(role) + std::string(more);
  }
  aws::Caller assumed(const std::string& answer, Time now = kNoon) {
    return caller(element(answer, "AccessKeyId"), element(answer, "SessionToken"), now);
  }
  std::string make_role(const std::string& name, std::string_view principal, std::string_view policy) {
    const std::string made =
        iam("Action=CreateRole&RoleName=" + name + "&AssumeRolePolicyDocument=" +
            form_of(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":")" +
                    std::string(principal) + R"("},"Action":"sts:AssumeRole"}})"));
    (void)iam("Action=PutRolePolicy&RoleName=" + name + "&PolicyName=p&PolicyDocument=" + form_of(policy));
    return element(made, "Arn");
  }
};

TEST_F(AssumeRole, GivesAKeyThatActsAsTheRoleForItsTime) {
  const std::string answer = sts(admin_, form(kRoleArn, "&DurationSeconds=900"));
  EXPECT_EQ(element(answer, "Expiration"), "2026-02-01T00:15:00Z");
  const aws::Caller session = assumed(answer);
  const std::string identity = sts(session, "Action=GetCallerIdentity");
  EXPECT_EQ(element(identity, "Arn"), "arn:aws:sts::123456789012:assumed-role/chiliad/s1");
  EXPECT_EQ(element(identity, "UserId"), element(answer, "AssumedRoleId"));
  EXPECT_TRUE(session.may("s3:GetObject", "*"));
  const FoundKey later =
      directory_->find_key(element(answer, "AccessKeyId"), element(answer, "SessionToken"), kNoon + 900s);
  EXPECT_EQ(std::get<KeyRefusal>(later), KeyRefusal::kExpired);
}

TEST_F(AssumeRole, IsForWhomTheRoleTrusts) {
  const aws::Caller alice = user("alice");
  const aws::Caller bob = user("bob", allow("sts:AssumeRole"));
  const aws::Caller carol =
      user("carol", R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sts:*","Resource":"*"}})");
  const std::string account = make_role("account", "123456789012", allow("s3:*"));
  const std::string of_alice = make_role("of-alice", "arn:aws:iam::123456789012:user/alice", allow("s3:*"));
  const std::string of_carol = make_role("of-carol", "arn:aws:iam::123456789012:user/carol", allow("s3:*"));
  EXPECT_EQ(sts_error(alice, form(account)).code, "AccessDenied") << "her own policies do not say so";
  EXPECT_FALSE(sts(bob, form(account)).empty());
  EXPECT_FALSE(sts(alice, form(of_alice)).empty()) << "named herself";
  EXPECT_EQ(sts_error(bob, form(of_alice)).code, "AccessDenied");
  EXPECT_EQ(sts_error(carol, form(of_carol)).code, "AccessDenied") << "named, but her own policy denies";
  EXPECT_EQ(sts_error(bob, form("arn:aws:iam::123456789012:role/none")).code, "AccessDenied");
  EXPECT_EQ(sts_error(bob, form("arn:aws:iam::123456789012:role/x/account")).code, "AccessDenied");
  EXPECT_EQ(sts_error(bob, form("arn:aws:iam::999999999999:role/account")).code, "AccessDenied");
}

TEST_F(AssumeRole, SessionPoliciesTakeAwayAndNeverAdd) {
  const std::string role = make_role("reader", "123456789012", allow("s3:Get*", "arn:aws:s3:::b/*"));
  const auto with = [&](std::string_view policy) {
    return assumed(sts(again(admin_), form(role, "&Policy=" + form_of(policy))));
  };
  EXPECT_TRUE(with(allow("*")).may("s3:GetObject", "arn:aws:s3:::b/k"));
  EXPECT_FALSE(with(allow("*")).may("s3:PutObject", "arn:aws:s3:::b/k"));
  EXPECT_FALSE(with(allow("s3:*", "arn:aws:s3:::b/mine/*")).may("s3:GetObject", "arn:aws:s3:::b/k"));
  EXPECT_TRUE(with(allow("s3:*", "arn:aws:s3:::b/mine/*")).may("s3:GetObject", "arn:aws:s3:::b/mine/k"));
  const std::string arn = "&PolicyArns.member.1.arn=arn:aws:iam::aws:policy%2FCloudWatchReadOnlyAccess";
  EXPECT_FALSE(assumed(sts(again(admin_), form(role, arn))).may("s3:GetObject", "arn:aws:s3:::b/k"));
  EXPECT_EQ(sts_error(admin_, form(role, "&PolicyArns.member.1.arn=arn:aws:iam::aws:policy%2FNone")).code,
            "ValidationError");
  EXPECT_EQ(sts_error(admin_, form(role, "&Policy=%7B%7D")).code, "MalformedPolicyDocument");
  EXPECT_EQ(sts_error(admin_, form(role, "&Policy=" + form_of(allow("*", "arn:" + std::string(3000, 'x'))))).code,
            "PackedPolicyTooLarge");
}

TEST_F(AssumeRole, AManagedSessionPolicyCountsAsItIsNow) {
  const std::string policy =
      element(iam("Action=CreatePolicy&PolicyName=p&PolicyDocument=" + form_of(allow("s3:*"))), "Arn");
  const std::string answer = sts(again(admin_), form(kRoleArn, "&PolicyArns.member.1.arn=" + form_of(policy)));
  EXPECT_TRUE(assumed(answer).may("s3:GetObject", "*"));
  EXPECT_FALSE(assumed(answer).may("iam:GetUser", "*"));
  (void)iam("Action=CreatePolicyVersion&SetAsDefault=true&PolicyArn=" + form_of(policy) +
            "&PolicyDocument=" + form_of(allow("iam:*")));
  EXPECT_FALSE(assumed(answer).may("s3:GetObject", "*"));
  EXPECT_TRUE(assumed(answer).may("iam:GetUser", "*"));
}

TEST_F(AssumeRole, DurationsAreBoundedByRoleAndChain) {
  const std::string role = make_role("short", "123456789012", allow("sts:*"));
  EXPECT_EQ(sts_error(admin_, form(role, "&DurationSeconds=899")).code, "ValidationError");
  EXPECT_EQ(sts_error(admin_, form(role, "&DurationSeconds=43201")).code, "ValidationError");
  EXPECT_NE(sts_error(admin_, form(role, "&DurationSeconds=3601")).message.find("MaxSessionDuration"),
            std::string::npos);
  const aws::Caller session = assumed(sts(admin_, form(kRoleArn)));
  EXPECT_NE(sts_error(session, form(kRoleArn, "&DurationSeconds=7200")).message.find("role chaining"),
            std::string::npos);
  EXPECT_FALSE(sts(session, form(role)).empty());
  EXPECT_EQ(sts_error(admin_, "Action=AssumeRole&RoleSessionName=a%20b&RoleArn=" + form_of(kRoleArn)).code,
            "ValidationError");
}

TEST_F(AssumeRole, SessionsCanBeEndedByTheirIssueTime) {
  const std::string answer = sts(admin_, form(kRoleArn));
  (void)iam("Action=PutRolePolicy&RoleName=chiliad&PolicyName=revoke&PolicyDocument=" +
            form_of(R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*",)"
                    R"("Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-02-01T00:01:00Z"}}}})"));
  EXPECT_FALSE(assumed(answer).may("s3:GetObject", "*"));
  aws::Caller later = again(admin_);
  later.time = kNoon + 120s;
  EXPECT_TRUE(assumed(sts(later, form(kRoleArn)), kNoon + 120s).may("s3:GetObject", "*"));
}

TEST_F(Services, SessionTokensOfUsersActAsTheUser) {
  const aws::Caller alice = user("alice", allow("s3:*"));
  const std::string answer = sts(alice, "Action=GetSessionToken&DurationSeconds=900");
  const aws::Caller session = caller(element(answer, "AccessKeyId"), element(answer, "SessionToken"));
  EXPECT_EQ(session.arn(), alice.arn());
  EXPECT_TRUE(session.may("s3:GetObject", "*"));
  EXPECT_EQ(sts_error(session, "Action=GetSessionToken").code, "AccessDenied");
  EXPECT_EQ(sts_error(alice, "Action=GetSessionToken&DurationSeconds=129601").code, "ValidationError");
}

TEST_F(Services, WhatStsDoesNotDoItSays) {
  EXPECT_EQ(sts_error(admin_, "Action=AssumeRoleWithWebIdentity").code, "InvalidIdentityToken");
  EXPECT_EQ(sts_error(admin_, "Action=DecodeAuthorizationMessage").code, "InvalidAuthorizationMessageException");
  EXPECT_EQ(element(sts(admin_, "Action=GetAccessKeyInfo&AccessKeyId=" + admin_.access_key_id), "Account"),
            "123456789012");
  EXPECT_EQ(sts_error(admin_, "Action=GetAccessKeyInfo&AccessKeyId=AKIAAAAAAAAAAAAAAAAA").code, "ValidationError");
}

// The example of doc/identity.md: a customer's key, made by IAM's calls, with one model and one prefix.
TEST_F(Services, ACustomersKeyReachesItsOwnModelAndPrefixAlone) {
  const aws::Caller customer = user("customer-8", R"({"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"sagemaker:InvokeEndpoint",
     "Resource":"arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecasts",
     "Condition":{"StringEquals":{"sagemaker:TargetModel":"8.tar.gz"}}},
    {"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::data/8/*"},
    {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::data",
     "Condition":{"StringLike":{"s3:prefix":"8/*"}}}]})");
  constexpr std::string_view kEndpoint = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecasts";
  EXPECT_TRUE(customer.may("sagemaker:InvokeEndpoint", kEndpoint, {{"sagemaker:TargetModel", "8.tar.gz"}}));
  EXPECT_FALSE(customer.may("sagemaker:InvokeEndpoint", kEndpoint, {{"sagemaker:TargetModel", "9.tar.gz"}}));
  EXPECT_FALSE(customer.may("sagemaker:InvokeEndpoint", kEndpoint));
  EXPECT_TRUE(customer.may("s3:PutObject", "arn:aws:s3:::data/8/rows.csv"));
  EXPECT_FALSE(customer.may("s3:GetObject", "arn:aws:s3:::data/9/rows.csv"));
  EXPECT_TRUE(customer.may("s3:ListBucket", "arn:aws:s3:::data", {{"s3:prefix", "8/"}}));
  EXPECT_FALSE(customer.may("s3:ListBucket", "arn:aws:s3:::data", {{"s3:prefix", ""}}));
  EXPECT_EQ(sts_error(customer, "Action=AssumeRole&RoleSessionName=s1&RoleArn=" + form_of(kRoleArn)).code,
            "AccessDenied");
}

}  // namespace
}  // namespace chiliad::identity
