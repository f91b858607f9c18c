#include "identity/directory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "identity/directory_state.h"
#include "sql/pretended_disk.h"

namespace chiliad::identity {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const Time kNow = std::chrono::system_clock::time_point(std::chrono::seconds(1'769'904'000));

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

class DirectoryTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    directory_.reset();
    Result<std::unique_ptr<Directory>> opened = Directory::open(home() / "state");
    ASSERT_TRUE(opened) << opened.error().message;
    directory_ = *std::move(opened);
  }
  fs::path home() const { return folder_->path(); }
  fs::path credentials() const { return home() / "credentials"; }

  CreatedKey first_key() {
    Result<std::optional<CreatedKey>> key = directory_->first_key(credentials());
    EXPECT_TRUE(key && *key) << (key ? "none" : key.error().message);
    return key && *key ? **key : CreatedKey{};
  }
  std::shared_ptr<const Key> found(std::string_view id, std::string_view token = {}, Time now = kNow) {
    const FoundKey key = directory_->find_key(id, token, now);
    return std::holds_alternative<KeyRefusal>(key) ? nullptr : std::get<0>(key);
  }
  KeyRefusal refused(std::string_view id, std::string_view token = {}, Time now = kNow) {
    const FoundKey key = directory_->find_key(id, token, now);
    EXPECT_TRUE(std::holds_alternative<KeyRefusal>(key)) << id;
    return std::holds_alternative<KeyRefusal>(key) ? std::get<KeyRefusal>(key) : KeyRefusal::kUnavailable;
  }
  TemporaryCredentials assume(std::string_view role = "arn:aws:iam::123456789012:role/chiliad") {
    Result<TemporaryCredentials> made = directory_->assume_role_for_service(role, "job-1", 1h, kNow);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  void change(const std::function<void(Records&)>& body) {
    const Answer answer = directory_->state().change([&](Records& records) -> Answer {
      body(records);
      return std::string();
    });
    EXPECT_TRUE(std::holds_alternative<std::string>(answer));
  }
  static bool may(const Key& key, std::string_view action, std::string_view resource = "*") {
    aws::Caller caller;
    caller.who = key.who();
    caller.authorizer = key.authorizer();
    return caller.may(action, resource);
  }
  // A user with one key and one inline policy: the key's id.
  std::string add_user(const std::string& name, const std::string& document) {
    const std::string id = new_access_key_id("AKIA");
    change([&](Records& records) {
      IdentityRecord user;
      user.id = new_id("AIDA");
      user.name = name;
      records.add_identity(user);
      records.put_inline_policy(user.id, {"p", document});
      records.add_key({id, user.id, "secret-" + name, true, 0});
    });
    return id;
  }

  Result<TempFolder> folder_ = TempFolder::make();
  std::unique_ptr<Directory> directory_;
};

constexpr const char* kAllowS3 =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})";
constexpr const char* kAllowIam =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}})";

TEST_F(DirectoryTest, TheFirstKeyMayDoEverythingAndIsWrittenForItsOwnerAlone) {
  const CreatedKey key = first_key();
  EXPECT_TRUE(key.access_key_id.starts_with("AKIA"));
  EXPECT_EQ(key.access_key_id.size(), 20u);
  EXPECT_EQ(key.secret_access_key.size(), 40u);
  const std::shared_ptr<const Key> known = found(key.access_key_id);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->secret_access_key(), key.secret_access_key);
  EXPECT_EQ(known->who()->arn, "arn:aws:iam::123456789012:user/chiliad");
  EXPECT_TRUE(may(*known, "iam:CreateUser"));
  EXPECT_EQ(mode_of(credentials()), 0600u);
  EXPECT_EQ(mode_of(home() / "state"), 0700u);
  for (const fs::directory_entry& file : fs::directory_iterator(home() / "state")) {
    EXPECT_EQ(mode_of(file.path()), 0600u) << file.path();
  }
  const std::string text = *read_file(credentials());
  EXPECT_NE(text.find("[default]\naws_access_key_id = " + key.access_key_id +
                      "\naws_secret_access_key = " + key.secret_access_key + "\n"),
            std::string::npos);
}

TEST_F(DirectoryTest, TheFirstKeyIsMadeOnceAndItsFileWrittenAgainWhenItIsGone) {
  const CreatedKey key = first_key();
  const Result<std::optional<CreatedKey>> again = directory_->first_key(credentials());
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  fs::remove(credentials());
  EXPECT_EQ(first_key().access_key_id, key.access_key_id);
  EXPECT_TRUE(fs::exists(credentials()));
}

TEST_F(DirectoryTest, AFirstKeyThatCannotBeWrittenDoesNotCount) {
  const Result<std::optional<CreatedKey>> failed = directory_->first_key(home() / "nowhere" / "credentials");
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("nowhere"), std::string::npos) << failed.error().message;
  EXPECT_TRUE(found(first_key().access_key_id));
}

TEST_F(DirectoryTest, AKeyFromElsewhereBecomesTheFirst) {
  ASSERT_TRUE(directory_->adopt_key("minio", "s3-secret", credentials()));
  const std::shared_ptr<const Key> known = found("minio");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->secret_access_key(), "s3-secret");
  EXPECT_TRUE(may(*known, "iam:CreateUser"));
  EXPECT_NE(read_file(credentials())->find("s3-secret"), std::string::npos);
  EXPECT_FALSE(*directory_->first_key(credentials())) << "there is one";
  ASSERT_TRUE(directory_->adopt_key("minio", "changed", credentials()));
  EXPECT_EQ(found("minio")->secret_access_key(), "changed");
}

TEST_F(DirectoryTest, WhatIsNoKeyForClientsIsNotAdopted) {
  EXPECT_EQ(directory_->adopt_key("ASIAAAAAAAAAAAAAAAAA", "s", credentials()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(directory_->adopt_key("minio", "", credentials()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(directory_->adopt_key("a b", "s", credentials()).error().code, ErrorCode::kInvalid);
  const std::string alices = add_user("alice", R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
  EXPECT_EQ(directory_->adopt_key(alices, "s", credentials()).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(directory_->adopt_key("one", "s", credentials()));
  ASSERT_TRUE(directory_->adopt_key("two", "s", credentials()));
  EXPECT_EQ(directory_->adopt_key("three", "s", credentials()).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(found("one"));
}

TEST_F(DirectoryTest, KeysAreKnownAfterARestart) {
  const CreatedKey key = first_key();
  const TemporaryCredentials session = assume();
  open();
  EXPECT_TRUE(found(key.access_key_id));
  EXPECT_TRUE(found(session.access_key_id, session.session_token)) << "sessions too, without a row of their own";
}

TEST_F(DirectoryTest, RefusalsSayWhy) {
  const CreatedKey key = first_key();
  const TemporaryCredentials session = assume();
  EXPECT_EQ(refused("AKIAAAAAAAAAAAAAAAAA"), KeyRefusal::kUnknown);
  EXPECT_EQ(refused(""), KeyRefusal::kUnknown);
  EXPECT_EQ(refused("' OR 1=1 --xxxxxxxxxxxxx"), KeyRefusal::kUnknown);
  EXPECT_EQ(refused(std::string(5000, 'A')), KeyRefusal::kUnknown);
  EXPECT_EQ(refused(key.access_key_id, "token"), KeyRefusal::kBadToken);
  EXPECT_EQ(refused(session.access_key_id), KeyRefusal::kBadToken);
  EXPECT_EQ(refused(session.access_key_id, "token"), KeyRefusal::kBadToken);
  EXPECT_EQ(refused(session.access_key_id, std::string(20'000, 'A')), KeyRefusal::kBadToken);
  EXPECT_EQ(refused("ASIAAAAAAAAAAAAAAAAA", session.session_token), KeyRefusal::kBadToken)
      << "a token opens for its own key alone";
  std::string changed = session.session_token;
  changed[30] = changed[30] == 'A' ? 'B' : 'A';
  EXPECT_EQ(refused(session.access_key_id, changed), KeyRefusal::kBadToken);
  ASSERT_TRUE(found(session.access_key_id, session.session_token));
  EXPECT_EQ(refused(session.access_key_id, changed), KeyRefusal::kBadToken) << "also when the right one is at hand";
  EXPECT_EQ(refused(session.access_key_id, session.session_token, kNow + 1h), KeyRefusal::kExpired);
  EXPECT_TRUE(found(session.access_key_id, session.session_token, kNow + 59min));
}

TEST_F(DirectoryTest, RefusalsAreWordedAsEachServiceDoes) {
  EXPECT_EQ(refusal_error(KeyRefusal::kUnknown, Wording::kQuery).code, "InvalidClientTokenId");
  EXPECT_EQ(refusal_error(KeyRefusal::kUnknown, Wording::kQuery).status, 403);
  EXPECT_EQ(refusal_error(KeyRefusal::kInactive, Wording::kJson).code, "UnrecognizedClientException");
  EXPECT_EQ(refusal_error(KeyRefusal::kInactive, Wording::kS3).code, "InvalidAccessKeyId");
  EXPECT_EQ(refusal_error(KeyRefusal::kExpired, Wording::kQuery).code, "ExpiredToken");
  EXPECT_EQ(refusal_error(KeyRefusal::kExpired, Wording::kJson).code, "ExpiredTokenException");
  EXPECT_EQ(refusal_error(KeyRefusal::kExpired, Wording::kS3).status, 400);
  EXPECT_EQ(refusal_error(KeyRefusal::kUnavailable, Wording::kJson).status, 503);
}

TEST_F(DirectoryTest, AChangeCountsForTheNextRequest) {
  const std::string id = add_user("alice", kAllowS3);
  ASSERT_TRUE(may(*found(id), "s3:GetObject"));
  EXPECT_EQ(found(id), found(id)) << "found in memory";
  change([](Records& records) {
    const auto user = records.find_identity(Records::Kind::kUser, "alice");
    records.put_inline_policy(user->id, {"p", kAllowIam});
  });
  EXPECT_FALSE(may(*found(id), "s3:GetObject"));
  EXPECT_TRUE(may(*found(id), "iam:GetUser"));
  change([&](Records& records) { records.set_key_active(*records.find_key(id), false); });
  EXPECT_EQ(refused(id), KeyRefusal::kInactive);
  change([&](Records& records) { records.set_key_active(*records.find_key(id), true); });
  EXPECT_TRUE(found(id));
  change([&](Records& records) { records.remove_key(*records.find_key(id)); });
  EXPECT_EQ(refused(id), KeyRefusal::kUnknown);
}

TEST_F(DirectoryTest, WhatIsTakenBackChangesNothing) {
  const std::string id = add_user("alice", kAllowS3);
  const Answer answer = directory_->state().change([&](Records& records) -> Answer {
    records.remove_key(*records.find_key(id));
    return aws::ApiError{400, "No", "changed my mind"};
  });
  ASSERT_TRUE(std::holds_alternative<aws::ApiError>(answer));
  EXPECT_EQ(std::get<aws::ApiError>(answer).code, "No");
  EXPECT_TRUE(found(id));
}

TEST_F(DirectoryTest, ManagedPoliciesAndBoundariesCount) {
  const std::string id = add_user("alice", kAllowS3);
  const std::string arn = directory_->state().policy_arn("/", "both");
  change([&](Records& records) {
    auto user = records.find_identity(Records::Kind::kUser, "alice");
    PolicyRecord policy;
    policy.arn = arn;
    policy.name = "both";
    records.add_policy(policy, kAllowIam);
    records.attach(user->id, arn);
  });
  EXPECT_TRUE(may(*found(id), "iam:GetUser"));
  EXPECT_TRUE(may(*found(id), "s3:GetObject"));
  change([&](Records& records) {
    auto policy = records.find_policy(arn);
    policy->default_version = policy->last_version = 2;
    records.add_version(*policy, {2, kAllowS3, 0});
    records.update_policy(*policy);
  });
  EXPECT_FALSE(may(*found(id), "iam:GetUser")) << "another version is the default now";
  change([&](Records& records) {
    auto user = records.find_identity(Records::Kind::kUser, "alice");
    user->boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    records.update_identity(*user);
  });
  EXPECT_TRUE(may(*found(id), "s3:GetObject"));
  EXPECT_FALSE(may(*found(id), "s3:PutObject")) << "not within the boundary";
}

TEST_F(DirectoryTest, AStoredPolicyThatCannotBeReadDeniesAll) {
  const std::string id = add_user("alice", kAllowS3);
  change([&](Records& records) {
    const auto user = records.find_identity(Records::Kind::kUser, "alice");
    records.put_inline_policy(user->id, {"q", "damaged"});
  });
  EXPECT_FALSE(may(*found(id), "s3:GetObject"));
}

TEST_F(DirectoryTest, AServiceAssumesRolesThatTrustIt) {
  const TemporaryCredentials session = assume();
  EXPECT_EQ(session.assumed_role_arn, "arn:aws:sts::123456789012:assumed-role/chiliad/job-1");
  EXPECT_TRUE(session.assumed_role_id.starts_with("AROA"));
  EXPECT_TRUE(session.assumed_role_id.ends_with(":job-1"));
  const std::shared_ptr<const Key> key = found(session.access_key_id, session.session_token);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->secret_access_key(), session.secret_access_key);
  EXPECT_EQ(key->who()->role_arn, "arn:aws:iam::123456789012:role/chiliad");
  EXPECT_TRUE(may(*key, "s3:PutObject"));
  EXPECT_EQ(session.authorizer->decide({}, "s3:GetObject", "*", {}), aws::Decision::kAllowed);

  const auto error = [&](std::string_view role, std::string_view name, std::chrono::seconds duration) {
    return directory_->assume_role_for_service(role, name, duration, kNow).error().code;
  };
  constexpr std::string_view kRole = "arn:aws:iam::123456789012:role/chiliad";
  EXPECT_EQ(error("arn:aws:iam::123456789012:role/other", "s1", 1h), ErrorCode::kNotFound);
  EXPECT_EQ(error("arn:aws:iam::123456789012:role/path/chiliad", "s1", 1h), ErrorCode::kNotFound);
  EXPECT_EQ(error("arn:aws:iam::999999999999:role/chiliad", "s1", 1h), ErrorCode::kInvalid);
  EXPECT_EQ(error("arn:aws:iam::123456789012:user/chiliad", "s1", 1h), ErrorCode::kInvalid);
  EXPECT_EQ(error("chiliad", "s1", 1h), ErrorCode::kInvalid);
  EXPECT_EQ(error(kRole, "a b", 1h), ErrorCode::kInvalid);
  EXPECT_EQ(error(kRole, "s1", 899s), ErrorCode::kInvalid);
  EXPECT_EQ(error(kRole, "s1", 13h), ErrorCode::kInvalid);
  change([](Records& records) {
    auto role = records.find_identity(Records::Kind::kRole, "chiliad");
    role->trust =
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}})";
    records.update_identity(*role);
  });
  EXPECT_EQ(error(kRole, "s1", 1h), ErrorCode::kForbidden);
}

TEST_F(DirectoryTest, AServiceSaysForWhichAccountAndSessionItAssumesARole) {
  const auto trust = [&](const std::string& condition) {
    change([&](Records& records) {
      auto role = records.find_identity(Records::Kind::kRole, "chiliad");
      role->trust = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",)"
                    R"("Principal":{"Service":"sagemaker.amazonaws.com"},"Condition":{"StringEquals":)" +
                    condition + "}}}";
      records.update_identity(*role);
    });
    return static_cast<bool>(
        directory_->assume_role_for_service("arn:aws:iam::123456789012:role/chiliad", "job-1", 1h, kNow));
  };
  EXPECT_TRUE(trust(R"({"aws:SourceAccount":"123456789012","sts:RoleSessionName":"job-1"})"));
  EXPECT_FALSE(trust(R"({"aws:SourceAccount":"999999999999"})"));
  EXPECT_FALSE(trust(R"({"sts:RoleSessionName":"job-2"})"));
}

TEST_F(DirectoryTest, AProgramsKeysEndWithWhatHoldsThemAndWithTheProcess) {
  constexpr std::string_view kRole = "arn:aws:iam::123456789012:role/chiliad";
  const auto assume_for_program = [&](std::chrono::seconds duration) {
    return directory_->assume_role_for_program(kRole, "job-1", duration, kNow);
  };
  EXPECT_EQ(assume_for_program(31 * 24h).error().code, ErrorCode::kInvalid);
  Result<HeldCredentials> one = assume_for_program(29 * 24h);
  Result<HeldCredentials> other = assume_for_program(1h);
  ASSERT_TRUE(one && other);
  const TemporaryCredentials keys = one->credentials;
  ASSERT_TRUE(found(keys.access_key_id, keys.session_token));
  EXPECT_TRUE(may(*found(keys.access_key_id, keys.session_token), "s3:PutObject"));
  one->held.reset();
  EXPECT_EQ(refused(keys.access_key_id, keys.session_token), KeyRefusal::kExpired);
  const TemporaryCredentials others = other->credentials;
  EXPECT_TRUE(found(others.access_key_id, others.session_token));
  // As after kill -9: nothing gave them back, and nobody holds them.
  const std::unique_ptr<Directory> before = std::move(directory_);
  const std::shared_ptr<void> still_held = std::move(other->held);
  open();
  EXPECT_EQ(refused(others.access_key_id, others.session_token), KeyRefusal::kExpired);
}

TEST_F(DirectoryTest, ASessionEndsWithItsRole) {
  const TemporaryCredentials session = assume();
  ASSERT_TRUE(found(session.access_key_id, session.session_token));
  change([](Records& records) {
    const auto role = records.find_identity(Records::Kind::kRole, "chiliad");
    for (const std::string& arn : records.attached_policies(role->id)) records.detach(role->id, arn);
  });
  EXPECT_FALSE(may(*found(session.access_key_id, session.session_token), "s3:GetObject"));
  change([](Records& records) { records.remove_identity(records.find_identity(Records::Kind::kRole, "chiliad")->id); });
  EXPECT_EQ(refused(session.access_key_id, session.session_token), KeyRefusal::kUnknown);
}

TEST_F(DirectoryTest, ATokenOfAnotherInstallationIsRefused) {
  const TemporaryCredentials session = assume();
  const Result<std::unique_ptr<Directory>> other = Directory::open(home() / "other");
  ASSERT_TRUE(other);
  const FoundKey key = (*other)->find_key(session.access_key_id, session.session_token, kNow);
  ASSERT_TRUE(std::holds_alternative<KeyRefusal>(key));
  EXPECT_EQ(std::get<KeyRefusal>(key), KeyRefusal::kBadToken);
}

TEST_F(DirectoryTest, MoreKeysThanAreHeldAreAllFound) {
  std::vector<std::string> ids;
  change([&](Records& records) {
    IdentityRecord user;
    user.id = new_id("AIDA");
    user.name = "many";
    records.add_identity(user);
    for (int i = 0; i < 20'000; ++i) {
      ids.push_back(new_access_key_id("AKIA"));
      records.add_key({ids.back(), user.id, "s", true, 0});
    }
  });
  for (int round = 0; round < 2; ++round) {
    for (const std::string& id : ids) ASSERT_TRUE(found(id)) << id;
  }
}

TEST_F(DirectoryTest, ThreadsFindKeysWhileTheyChange) {
  const std::string id = add_user("alice", kAllowS3);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        const std::shared_ptr<const Key> key = found(id);
        ASSERT_TRUE(key);
        EXPECT_NE(may(*key, "s3:GetObject"), may(*key, "iam:GetUser"));
        EXPECT_TRUE(key->signing_key("20260201", "us-east-1", "s3"));
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    change([&](Records& records) {
      const auto user = records.find_identity(Records::Kind::kUser, "alice");
      records.put_inline_policy(user->id, {"p", i % 2 == 0 ? kAllowIam : kAllowS3});
    });
    EXPECT_EQ(may(*found(id), "s3:GetObject"), i % 2 == 1);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(DirectoryTest, ASigningKeyIsMadeOnceADay) {
  const std::shared_ptr<const Key> key = found(first_key().access_key_id);
  const auto first = key->signing_key("20260201", "us-east-1", "s3");
  EXPECT_EQ(key->signing_key("20260201", "us-east-1", "s3"), first);
  EXPECT_NE(key->signing_key("20260202", "us-east-1", "s3"), first);
  EXPECT_EQ(first->sign("x"),
            net::sigv4::SigningKey(key->secret_access_key(), "20260201", "us-east-1", "s3").sign("x"));
}

TEST_F(DirectoryTest, AFullDiskIsAnErrorAndLosesNothing) {
  sql::count_sqlite_writes();
  open();
  const std::string id = add_user("alice", kAllowS3);
  fail_writes_after(0);
  const Answer answer = directory_->state().change([&](Records& records) -> Answer {
    records.remove_key(*records.find_key(id));
    return std::string();
  });
  fail_writes_after(UINT64_MAX);
  ASSERT_TRUE(std::holds_alternative<aws::ApiError>(answer));
  EXPECT_EQ(std::get<aws::ApiError>(answer).status, 500);
  EXPECT_TRUE(found(id));
  open();
  EXPECT_TRUE(found(id));
}

// A child makes users and says each one that was answered; it is killed in the middle. All that were said are there.
TEST_F(DirectoryTest, KillNineLosesNothingThatWasAnswered) {
  for (int round = 0; round < 5; ++round) {
    const fs::path state = home() / ("kill" + std::to_string(round));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Result<std::unique_ptr<Directory>> opened = Directory::open(state);
      for (int i = 0; opened; ++i) {
        const std::string id = new_access_key_id("AKIA");
        const Answer answer = (*opened)->state().change([&](Records& records) -> Answer {
          IdentityRecord user;
          user.id = new_id("AIDA");
          user.name = "u" + std::to_string(i);
          records.add_identity(user);
          records.add_key({id, user.id, "s", true, 0});
          return std::string();
        });
        if (!std::holds_alternative<std::string>(answer)) break;
        if (::write(ends[1], id.data(), id.size()) != 20) break;
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    std::vector<std::string> said;
    char id[20];
    while (said.size() < 20u + 7u * static_cast<unsigned>(round) && ::read(ends[0], id, sizeof id) == sizeof id) {
      said.emplace_back(id, sizeof id);
    }
    ::kill(child, SIGKILL);
    while (::read(ends[0], id, sizeof id) == sizeof id) said.emplace_back(id, sizeof id);
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    ASSERT_GE(said.size(), 20u);
    const Result<std::unique_ptr<Directory>> again = Directory::open(state);
    ASSERT_TRUE(again) << again.error().message;
    for (const std::string& key : said) {
      EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const Key>>((*again)->find_key(key, "", kNow))) << key;
    }
  }
}

}  // namespace
}  // namespace chiliad::identity
