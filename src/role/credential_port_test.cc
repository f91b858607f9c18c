#include "role/credential_port.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/deadline_for_test.h"
#include "base/file.h"
#include "net/credentials.h"
#include "net/http_client.h"

namespace chiliad::role {
namespace {

using std::chrono_literals::operator""s;
using Variables = std::map<std::string, std::string>;

constexpr std::string_view kRole = "arn:aws:iam::123456789012:role/chiliad";

Variables variables_of(const store::ProgramCredentials::Grant& grant) {
  Variables variables;
  for (const std::string& pair : grant.environment) {
    const std::size_t equals = pair.find('=');
    variables[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return variables;
}

class CredentialPortTest : public testing::Test {
 protected:
  void open(bool no_auth = false) {
    directory_ = *identity::Directory::open(folder_.path() / "state");
    Result<std::unique_ptr<CredentialPort>> port = CredentialPort::open(*directory_, no_auth);
    ASSERT_TRUE(port) << port.error().message;
    port_ = *std::move(port);
  }
  store::ProgramCredentials::Grant grant(std::string_view role = kRole) {
    Result<store::ProgramCredentials::Grant> grant = port_->grant(role, "job-1", 0s, soon());
    EXPECT_TRUE(grant) << grant.error().message;
    return grant ? *grant : store::ProgramCredentials::Grant();
  }
  net::ClientResponse ask(const Variables& variables, const std::string& token, std::string_view method = "GET") {
    net::ClientRequest request;
    request.method = method;
    request.url = variables.at("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    request.use_proxy = false;
    if (!token.empty()) request.fields = {{"Authorization", token}};
    Result<net::ClientResponse> answer = client_.send(request, soon());
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : net::ClientResponse();
  }

  TempFolder folder_ = *TempFolder::make();
  std::unique_ptr<identity::Directory> directory_;
  std::unique_ptr<CredentialPort> port_;
  net::HttpClient client_;
};

TEST_F(CredentialPortTest, AProgramFetchesKeysOfItsRole) {
  open();
  port_->serve({"http://127.0.0.1:8080", "", ""});
  const store::ProgramCredentials::Grant held = grant();
  Variables variables = variables_of(held);
  EXPECT_EQ(variables["AWS_ENDPOINT_URL"], "http://127.0.0.1:8080");
  EXPECT_EQ(variables["AWS_REGION"], "us-east-1");
  EXPECT_FALSE(variables.contains("AWS_ENDPOINT_URL_S3"));
  // As SDKs do: our own source of credentials is one.
  net::CredentialSource source([&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
  Result<net::Credentials> keys = source.get(soon());
  ASSERT_TRUE(keys) << keys.error().message;
  const identity::FoundKey found =
      directory_->find_key(keys->access_key_id, keys->session_token, std::chrono::system_clock::now());
  ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const identity::Key>>(found));
  const auto& key = *std::get<std::shared_ptr<const identity::Key>>(found);
  EXPECT_EQ(key.secret_access_key(), keys->secret_access_key);
  EXPECT_EQ(key.who()->arn, "arn:aws:sts::123456789012:assumed-role/chiliad/job-1");
}

TEST_F(CredentialPortTest, OnlyWhoHasTheTokenGetsThem) {
  open();
  port_->serve({"http://127.0.0.1:8080", "", ""});
  const store::ProgramCredentials::Grant one = grant(), other = grant();
  const Variables variables = variables_of(one);
  const std::string token = variables.at("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  EXPECT_EQ(ask(variables, token).status, 200);
  EXPECT_EQ(ask(variables, "").status, 403);
  EXPECT_EQ(ask(variables, variables_of(other).at("AWS_CONTAINER_AUTHORIZATION_TOKEN")).status, 403);
  EXPECT_EQ(ask(variables, token, "DELETE").status, 405);
}

TEST_F(CredentialPortTest, AGrantThatWasGivenBackOpensNothing) {
  open();
  port_->serve({"http://127.0.0.1:8080", "", ""});
  store::ProgramCredentials::Grant held = grant();
  const Variables variables = variables_of(held);
  held.held.reset();
  EXPECT_EQ(ask(variables, variables.at("AWS_CONTAINER_AUTHORIZATION_TOKEN")).status, 403);
}

TEST_F(CredentialPortTest, KeysThatWereFetchedEndWithTheGrant) {
  open();
  port_->serve({"http://127.0.0.1:8080", "", ""});
  store::ProgramCredentials::Grant held = grant();
  Variables variables = variables_of(held);
  net::CredentialSource source([&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
  const Result<net::Credentials> keys = source.get(soon());
  ASSERT_TRUE(keys) << keys.error().message;
  const auto are_known = [&] {
    return std::holds_alternative<std::shared_ptr<const identity::Key>>(
        directory_->find_key(keys->access_key_id, keys->session_token, std::chrono::system_clock::now()));
  };
  EXPECT_TRUE(are_known());
  held.held.reset();
  EXPECT_FALSE(are_known());
}

TEST_F(CredentialPortTest, ARoleThatCannotBeAssumedIsRefusedWithTheReason) {
  open();
  port_->serve({"http://127.0.0.1:8080", "", ""});
  const store::ProgramCredentials::Grant held = grant("arn:aws:iam::123456789012:role/none");
  const Variables variables = variables_of(held);
  const net::ClientResponse answer = ask(variables, variables.at("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("role/none"), std::string::npos) << answer.body;
}

TEST_F(CredentialPortTest, WithoutSignaturesAnyKeyDoes) {
  open(true);
  port_->serve({"http://127.0.0.1:8080", "http://127.0.0.1:7070", "/etc/authority.pem"});
  const store::ProgramCredentials::Grant held = grant("no role");
  Variables variables = variables_of(held);
  EXPECT_EQ(variables["AWS_ENDPOINT_URL_S3"], "http://127.0.0.1:7070");
  EXPECT_EQ(variables["AWS_CA_BUNDLE"], "/etc/authority.pem");
  EXPECT_EQ(held.ca_bundle, "/etc/authority.pem");
  EXPECT_EQ(ask(variables, variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]).status, 200);
}

TEST_F(CredentialPortTest, KeysForATimeAreInTheEnvironment) {
  open();
  port_->serve({"http://127.0.0.1:8080", "", ""});
  Result<store::ProgramCredentials::Grant> held = port_->grant(kRole, "job-1", 3600s, soon());
  ASSERT_TRUE(held) << held.error().message;
  Variables variables = variables_of(*held);
  EXPECT_FALSE(variables.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  const auto found_at = [&](std::chrono::system_clock::time_point time) {
    const identity::FoundKey found =
        directory_->find_key(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SESSION_TOKEN"], time);
    const auto* key = std::get_if<std::shared_ptr<const identity::Key>>(&found);
    return key != nullptr && (*key)->secret_access_key() == variables["AWS_SECRET_ACCESS_KEY"];
  };
  EXPECT_TRUE(found_at(std::chrono::system_clock::now() + 3500s));
  EXPECT_FALSE(found_at(std::chrono::system_clock::now() + 3700s));
  held->held.reset();
  EXPECT_FALSE(found_at(std::chrono::system_clock::now()));
  EXPECT_EQ(port_->grant("arn:aws:iam::123456789012:role/none", "job-1", 3600s, soon()).error().code,
            ErrorCode::kForbidden);
}

TEST_F(CredentialPortTest, AGrantWaitsForTheServices) {
  open();
  const Deadline passed = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
  EXPECT_EQ(port_->grant(kRole, "job-1", 0s, passed).error().code, ErrorCode::kDeadline);
  std::thread opener([this] { port_->serve({"http://127.0.0.1:8080", "", ""}); });
  EXPECT_TRUE(port_->grant(kRole, "job-1", 0s, soon()));
  opener.join();
  port_->close();
  EXPECT_EQ(port_->grant(kRole, "job-1", 0s, soon()).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace chiliad::role
