#include "net/credentials.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "base/deadline_for_test.h"
#include "base/file.h"
#include "net/scripted_server.h"

namespace chiliad::net {
namespace {

using std::chrono_literals::operator""s;

using Values = std::map<std::string, std::string>;

Environment environment_of(Values values) {
  values.emplace("AWS_EC2_METADATA_DISABLED", "true");
  return [values = std::move(values)](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

// A home folder with the two files.
class Home {
 public:
  Home(const std::string& credentials, const std::string& config) : folder_(*TempFolder::make()) {
    std::filesystem::create_directory(folder_.path() / ".aws");
    EXPECT_TRUE(write_file_atomically(folder_.path() / ".aws/credentials", credentials, Durability::kNone));
    EXPECT_TRUE(write_file_atomically(folder_.path() / ".aws/config", config, Durability::kNone));
  }
  Environment with(Values values = {}) const {
    values.emplace("HOME", folder_.path().string());
    return environment_of(std::move(values));
  }

 private:
  TempFolder folder_;
};

std::string key_of(const Environment& environment) {
  CredentialSource source(environment);
  const Result<Credentials> found = source.get(soon());
  return found ? found->access_key_id + "/" + found->secret_access_key + "/" + found->session_token
               : std::string(error_code_name(found.error().code));
}

const char kCredentials[] =
    "[default]\naws_access_key_id = D\naws_secret_access_key=DS # a comment\n\n"
    "[other]\r\naws_access_key_id = O\r\naws_secret_access_key = OS\r\naws_session_token = OT\r\n";
const char kConfig[] =
    "[default]\nregion = eu-west-1\noutput = json\n"
    "[profile other]\nregion = ap-south-1\nservices = mine\nendpoint_url = http://all\n"
    "[profile keys]\naws_access_key_id = K\naws_secret_access_key = KS\n"
    "[profile sso]\nsso_session = x\n[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n"
    "[services mine]\ns3 =\n  endpoint_url = http://s3.mine\n  addressing_style = path\nsts =\n  endpoint_url = x\n";

TEST(Credentials, ComeFromTheEnvironmentFirst) {
  const Home home(kCredentials, kConfig);
  EXPECT_EQ(
      key_of(home.with({{"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "ES"}, {"AWS_SESSION_TOKEN", "ET"}})),
      "E/ES/ET");
  EXPECT_EQ(key_of(home.with({{"AWS_ACCESS_KEY_ID", "E"}})), "D/DS/");
}

TEST(Credentials, ComeFromTheProfileInEitherFile) {
  const Home home(kCredentials, kConfig);
  EXPECT_EQ(key_of(home.with()), "D/DS/");
  EXPECT_EQ(key_of(home.with({{"AWS_PROFILE", "other"}})), "O/OS/OT");
  EXPECT_EQ(key_of(home.with({{"AWS_PROFILE", "keys"}})), "K/KS/");
}

TEST(Credentials, SayWhatIsNotSupportedOrMissing) {
  const Home home(kCredentials, kConfig);
  for (const auto& [profile, word] : Values{{"sso", "sso_session"}, {"role", "role_arn"}, {"absent", "'absent'"}}) {
    CredentialSource source(home.with({{"AWS_PROFILE", profile}}));
    const Result<Credentials> found = source.get(soon());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kForbidden);
    EXPECT_NE(found.error().message.find(word), std::string::npos) << found.error().message;
  }
  EXPECT_EQ(key_of(environment_of({})), "forbidden");
}

TEST(AwsConfig, FindsRegionAndEndpoint) {
  const Home home(kCredentials, kConfig);
  const auto both = [&](const Values& values) {
    const Environment environment = home.with(values);
    const AwsConfig config = AwsConfig::load(environment);
    return aws_region(environment, config) + " " + aws_endpoint(environment, config, "S3");
  };
  EXPECT_EQ(both({}), "eu-west-1 ");
  EXPECT_EQ(both({{"AWS_PROFILE", "other"}}), "ap-south-1 http://s3.mine");
  EXPECT_EQ(both({{"AWS_PROFILE", "other"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}), "ap-south-1 ");
  EXPECT_EQ(both({{"AWS_REGION", "r"}, {"AWS_DEFAULT_REGION", "d"}, {"AWS_ENDPOINT_URL", "u"}}), "r u");
  EXPECT_EQ(both({{"AWS_ENDPOINT_URL", "u"}, {"AWS_ENDPOINT_URL_S3", "s"}}), "eu-west-1 s");
  EXPECT_EQ(both({{"AWS_PROFILE", "keys"}}), "us-east-1 ");
}

std::string json_of(const std::string& key, const std::string& expiration) {
  return R"({"Code": "Success", "AccessKeyId": ")" + key +
         R"(", "SecretAccessKey": "S", "Token": "T", "Expiration": ")" + expiration + "\"}";
}

TEST(Credentials, ComeFromAContainersEndpoint) {
  SharedText seen;
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    seen = request;
    return connection.send(scripted_answer(200, json_of("C", "2200-01-01T00:00:00Z")));
  });
  EXPECT_EQ(key_of(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/creds?a=b"},
                                   {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret"}})),
            "C/S/T");
  EXPECT_TRUE(seen.get().starts_with("GET /creds?a=b HTTP/1.1\r\n")) << seen.get();
  EXPECT_NE(seen.get().find("Authorization: secret\r\n"), std::string::npos);
}

TEST(Credentials, AreNotAskedForFromStrangersWithoutTls) {
  EXPECT_EQ(key_of(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/x"}})), "forbidden");
  EXPECT_EQ(key_of(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "ftp://127.0.0.1/x"}})), "forbidden");
  EXPECT_EQ(key_of(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "x"}})), "forbidden");
}

TEST(Credentials, ComeFromTheInstancesMetadata) {
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    if (request.starts_with("PUT /latest/api/token ")) return connection.send(scripted_answer(200, "T1"));
    if (request.find("X-aws-ec2-metadata-token: T1\r\n") == std::string::npos)
      return connection.send(scripted_answer(401, ""));
    if (request.starts_with("GET /latest/meta-data/iam/security-credentials/ "))
      return connection.send(scripted_answer(200, "role-1\n"));
    if (request.starts_with("GET /latest/meta-data/iam/security-credentials/role-1 "))
      return connection.send(scripted_answer(200, json_of("I", "2200-01-01T00:00:00Z")));
    return connection.send(scripted_answer(404, ""));
  });
  EXPECT_EQ(key_of(environment_of(
                {{"AWS_EC2_METADATA_DISABLED", "false"}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}})),
            "I/S/T");
}

TEST(Credentials, AreFetchedOnceForManyThreadsAndAgainWhenTheyEnd) {
  std::atomic<bool> ended{false};
  ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
    return connection.send(scripted_answer(200, json_of("C", ended ? "2000-01-01T00:00:00Z" : "2200-01-01T00:00:00Z")));
  });
  CredentialSource source(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url()}}));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_TRUE(source.get(soon())); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.requests(), 1);
  ended = true;
  source.forget(*source.get(soon()));
  EXPECT_TRUE(source.get(soon()));
  EXPECT_EQ(server.requests(), 2);
  EXPECT_TRUE(source.get(soon()));  // Those had ended.
  EXPECT_EQ(server.requests(), 3);
}

TEST(Credentials, SayThatTheEndpointFails) {
  ScriptedServer server([](const std::string& request, ScriptedConnection& connection) {
    if (request.starts_with("GET /garbage")) return connection.send(scripted_answer(200, "<html>"));
    if (request.starts_with("GET /none")) return connection.send(scripted_answer(200, "{\"Code\": \"Failed\"}"));
    return connection.send(scripted_answer(request.starts_with("GET /refused") ? 403 : 500, ""));
  });
  const auto outcome = [&](const std::string& path) {
    return key_of(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + path}}));
  };
  EXPECT_EQ(outcome("/garbage"), "corrupt");
  EXPECT_EQ(outcome("/none"), "corrupt");
  EXPECT_EQ(outcome("/refused"), "forbidden");
  EXPECT_EQ(outcome("/fails"), "unavailable");
}

}  // namespace
}  // namespace chiliad::net
