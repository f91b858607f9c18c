#include "container/models.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "container/models_under_test.h"

namespace chiliad::container {
namespace {

using std::chrono_literals::operator""ms;

Models::Pin pin_of(Models::Acquired acquired) {
  EXPECT_TRUE(std::holds_alternative<Models::Pin>(acquired));
  return std::get<Models::Pin>(std::move(acquired));
}

TEST_F(ModelsUnderTest, AModelIsLoadedAtItsFirstCallAndStays) {
  open();
  put("a.tar.gz", "a");
  EXPECT_FALSE(models_->find("a.tar.gz"));
  EXPECT_EQ(call("a.tar.gz"), "a");
  EXPECT_EQ(call("a.tar.gz"), "a");
  EXPECT_TRUE(models_->find("a.tar.gz"));
  EXPECT_EQ(server_->count("POST /models"), 1u);
  EXPECT_EQ(models_->loaded(), 1u);
}

TEST_F(ModelsUnderTest, NamesInTheServerAreSafeWhateverTheKey) {
  open();
  const std::string key = "eu west/\xC3\xA9t\xC3\xA9/8 \"x\".tar.gz";
  put(key, "summer");
  const Models::Pin pin = pin_of(get(key));
  EXPECT_EQ(pin.name().find_first_not_of("0123456789abcdef-"), std::string::npos) << pin.name();
  EXPECT_EQ(server_->content(pin), "summer");
}

TEST_F(ModelsUnderTest, ManyWaitersShareOneLoad) {
  open();
  put("a.tar.gz", "a");
  server_->hold();
  std::vector<std::future<Models::Acquired>> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(ask("a.tar.gz"));
  server_->release();
  for (auto& one : waiting) EXPECT_EQ(words(one.get()), "a");
  EXPECT_EQ(server_->count("POST /models"), 1u);
}

TEST_F(ModelsUnderTest, AFullServerDropsWhatWasUsedLeastRecently) {
  open();
  server_->set_capacity(2);
  for (const std::string name : {"a", "b", "c"}) put(name, name);
  EXPECT_EQ(call("a"), "a");
  EXPECT_EQ(call("b"), "b");
  EXPECT_EQ(call("a"), "a");
  EXPECT_EQ(call("c"), "c");
  EXPECT_TRUE(models_->find("a"));
  EXPECT_FALSE(models_->find("b"));
  EXPECT_EQ(server_->count("DELETE"), 1u);
  EXPECT_EQ(server_->loaded(), 2u);
}

TEST_F(ModelsUnderTest, APinnedModelIsNotDropped) {
  Models::Options options;
  options.room_limit = 50ms;
  open(options);
  server_->set_capacity(1);
  put("a", "a");
  put("b", "b");
  {
    const Models::Pin pin = pin_of(get("a"));
    EXPECT_EQ(call("b"), "no_space 507: load model b: full");
    EXPECT_EQ(server_->content(pin), "a");
  }
  EXPECT_EQ(call("b"), "b");
}

TEST_F(ModelsUnderTest, ALoadWaitsForAPinToGo) {
  open();
  server_->set_capacity(1);
  put("a", "a");
  put("b", "b");
  std::optional<Models::Acquired> held = get("a");
  std::future<Models::Acquired> waiting = ask("b");
  while (server_->count("POST /models") < 2) std::this_thread::yield();
  held.reset();
  EXPECT_EQ(words(waiting.get()), "b");
}

TEST_F(ModelsUnderTest, AModelTooLargeForAnEmptyServerIsSaidToBe) {
  open();
  server_->set_capacity(0);
  put("a", "a");
  EXPECT_EQ(call("a"), "too_large 507: load model a: full");
}

TEST_F(ModelsUnderTest, AConflictMeansItIsThere) {
  open();
  put("a", "a");
  server_->set_load_status(409);
  const Models::Acquired acquired = get("a");
  EXPECT_TRUE(std::holds_alternative<Models::Pin>(acquired)) << words(acquired);
}

TEST_F(ModelsUnderTest, WhatTheServerSaysOfAFailedLoadReachesTheCallerAndIsNotRemembered) {
  open();
  put("a", "a");
  server_->set_load_status(500);
  EXPECT_EQ(call("a"), "invalid 500: load model a: told to fail");
  server_->set_load_status(0);
  EXPECT_EQ(call("a"), "a");
}

TEST_F(ModelsUnderTest, AMissingADamagedAndAHostileObjectAreToldApart) {
  open();
  EXPECT_TRUE(call("none").starts_with("not_found 0: ")) << call("none");
  buckets_->put("m/damaged", archive_of("a").substr(0, 60));
  EXPECT_TRUE(call("damaged").starts_with("corrupt 0: damaged: ")) << call("damaged");
  buckets_->put("m/text", "no archive at all");
  EXPECT_TRUE(call("text").starts_with("corrupt 0: text: ")) << call("text");
  buckets_->down = true;
  EXPECT_TRUE(call("any").starts_with("unavailable 0: ")) << call("any");
}

TEST_F(ModelsUnderTest, AnArchiveAboveItsLimitsIsRefused) {
  Models::Options options;
  options.limits.max_total_bytes = 1000;
  options.archive_bytes = 500;
  open(options);
  put("bomb", std::string(100'000, 'x'));
  EXPECT_TRUE(call("bomb").starts_with("too_large 0: bomb: ")) << call("bomb");
  std::string noise;
  for (int i = 0; i < 10'000; ++i) noise += static_cast<char>(i * 7919 >> 3);
  put("large", noise);
  EXPECT_TRUE(call("large").starts_with("too_large 0: m/large: ")) << call("large");
}

TEST_F(ModelsUnderTest, AnOverwrittenObjectIsSeenByTheNextCall) {
  open();
  put("a", "old");
  EXPECT_EQ(call("a"), "old");
  put("a", "new");
  models_->changed("a");
  EXPECT_EQ(call("a"), "new");
  while (server_->loaded() > 1) std::this_thread::yield();  // The old one is dropped behind the call.
}

TEST_F(ModelsUnderTest, AnOverwrittenModelServesOnForThoseWhoHaveIt) {
  open();
  put("a", "old");
  std::optional<Models::Acquired> held = get("a");
  put("a", "new");
  models_->changed("a");
  EXPECT_EQ(call("a"), "new");
  EXPECT_EQ(words(*held), "old");
  held.reset();
  while (server_->loaded() > 1) std::this_thread::yield();
  EXPECT_EQ(call("a"), "new");
}

TEST_F(ModelsUnderTest, AModelThatDoesNotAnswerIsLoadedAnew) {
  open();
  put("a", "a");
  std::optional<Models::Acquired> silent = get("a");
  const std::string name = std::get<Models::Pin>(*silent).name();
  models_->renew(std::get<Models::Pin>(*silent), std::chrono::steady_clock::now());
  models_->renew(std::get<Models::Pin>(*silent), std::chrono::steady_clock::now());
  std::optional<Models::Acquired> next = get("a");
  EXPECT_NE(std::get<Models::Pin>(*next).name(), name);
  EXPECT_EQ(server_->loaded(), 2) << "others may wait for its answer still";
  silent.reset();
  while (server_->loaded() > 1) std::this_thread::yield();
  EXPECT_EQ(words(*next), "a");
}

TEST_F(ModelsUnderTest, AModelThatIsBusyWithOtherCallsStays) {
  open();
  put("a", "a");
  std::optional<Models::Acquired> slow = get("a"), other = get("a");
  const Models::Pin& pin = std::get<Models::Pin>(*slow);
  const auto since = std::chrono::steady_clock::now();
  std::get<Models::Pin>(*other).answered();
  models_->renew(pin, since);
  EXPECT_EQ(std::get<Models::Pin>(get("a")).name(), pin.name());
  models_->renew(pin, std::chrono::steady_clock::now());
  EXPECT_NE(std::get<Models::Pin>(get("a")).name(), pin.name());
}

TEST_F(ModelsUnderTest, AnObjectOverwrittenWhileItIsLoadedIsLoadedAgain) {
  open();
  put("a", "old");
  server_->hold();
  std::future<Models::Acquired> waiting = ask("a");
  put("a", "new");
  models_->changed("a");
  server_->release();
  EXPECT_EQ(words(waiting.get()), "new");
}

TEST_F(ModelsUnderTest, ARemovedObjectIsNotServedAnyMore) {
  open();
  put("a", "a");
  EXPECT_EQ(call("a"), "a");
  buckets_->remove("m/a");
  models_->changed("a");
  EXPECT_TRUE(call("a").starts_with("not_found")) << call("a");
}

TEST_F(ModelsUnderTest, RevalidationFindsWhatOthersOverwrote) {
  open();
  for (const std::string name : {"a", "b", "c"}) {
    put(name, "old " + name);
    EXPECT_EQ(call(name), "old " + name);
  }
  put("a", "new a");
  buckets_->remove("m/b");
  ASSERT_TRUE(models_->revalidate(soon()));
  EXPECT_EQ(call("a"), "new a");
  EXPECT_TRUE(call("b").starts_with("not_found"));
  EXPECT_EQ(call("c"), "old c");
  EXPECT_EQ(server_->count("POST /models"), 4u);
}

TEST_F(ModelsUnderTest, ModelsComeBackAfterTheServerBeganAnew) {
  open();
  put("a", "a");
  EXPECT_EQ(call("a"), "a");
  server_->die();
  EXPECT_EQ(call("a"), "unavailable 0: the server is down");
  server_->begin_anew();
  EXPECT_FALSE(models_->find("a"));
  EXPECT_EQ(call("a"), "a");
  EXPECT_EQ(models_->loaded(), 1u);
}

TEST_F(ModelsUnderTest, ALoadThatDiesWithTheServerIsToldAtOnce) {
  open();
  put("a", "a");
  server_->hold();
  std::future<Models::Acquired> waiting = ask("a");
  server_->die();
  EXPECT_TRUE(words(waiting.get()).starts_with("unavailable 0: "));
}

TEST_F(ModelsUnderTest, AModelThatTheServerLostIsLoadedAgain) {
  open();
  put("a", "a");
  {
    const Models::Pin pin = pin_of(get("a"));
    server_->lose_all();
    EXPECT_EQ(server_->content(pin), "absent");
    models_->forget(pin);
  }
  EXPECT_EQ(call("a"), "a");
  EXPECT_EQ(server_->count("POST /models"), 2u);
}

TEST_F(ModelsUnderTest, ADroppedModelIsLoadedAgainFromItsFolder) {
  open();
  put("a", "a");
  EXPECT_EQ(call("a"), "a");
  EXPECT_TRUE(models_->drop_oldest());
  EXPECT_FALSE(models_->drop_oldest());
  const std::uint64_t bytes = fleet_->folders().bytes();
  EXPECT_EQ(call("a"), "a");
  EXPECT_EQ(fleet_->folders().bytes(), bytes);
}

TEST_F(ModelsUnderTest, AFullDiskLetsGoOfWhatIsLoaded) {
  open({}, 3 * (4096 + 2000));
  for (const std::string name : {"a", "b", "c", "d", "e"}) put(name, std::string(1900, name[0]));
  for (const std::string name : {"a", "b", "c", "d", "e"}) EXPECT_EQ(call(name), std::string(1900, name[0]));
  EXPECT_LE(fleet_->folders().bytes(), 3u * (4096 + 2000));
  EXPECT_EQ(models_->loaded(), 3u);
}

TEST_F(ModelsUnderTest, AWaitEndsByItsDeadline) {
  open();
  put("a", "a");
  server_->hold();
  EXPECT_EQ(words(ask("a", std::chrono::steady_clock::now() + 10ms).get()),
            "deadline 0: the model is still being loaded");
  server_->release();
  EXPECT_EQ(call("a"), "a");  // The load went on.
  EXPECT_EQ(server_->count("POST /models"), 1u);
}

TEST_F(ModelsUnderTest, AServerThatDoesNotAnswerALoadIsNotWaitedForLonger) {
  Models::Options options;
  options.load_limit = options.unload_limit = 20ms;
  open(options);
  put("a", "a");
  server_->hold();
  EXPECT_EQ(call("a"), "unavailable 0: load model a: no answer in time");
}

TEST_F(ModelsUnderTest, TooManyWaitingLoadsAreRefused) {
  Models::Options options;
  options.load_threads = 1;
  options.max_waiting_loads = 2;
  open(options);
  server_->hold();
  std::vector<std::future<Models::Acquired>> waiting;
  std::atomic<int> refused{0};
  for (int i = 0; i < 10; ++i) {
    put(std::to_string(i), "x");
    if (!models_->acquire(std::to_string(i), soon(), [](const Models::Acquired&) {})) ++refused;
  }
  EXPECT_GE(refused, 7);
  EXPECT_LE(refused, 8);
}

TEST_F(ModelsUnderTest, WithoutACacheAModelIsDroppedBehindItsCall) {
  Models::Options options;
  options.keep = false;
  open(options);
  put("a", "a");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(call("a"), "a");
    while (server_->loaded() > 0) std::this_thread::yield();
  }
  EXPECT_EQ(server_->count("POST /models"), 3u);
}

TEST_F(ModelsUnderTest, AThreadThatWaitsForRoomMakesWhatRoomThereIs) {
  Models::Options options;
  options.keep = false;
  options.load_threads = 1;
  options.room_limit = std::chrono::minutes(1);
  open(options);
  server_->set_capacity(1);
  put("a", "a");
  put("b", "b");
  std::optional<Models::Acquired> held = get("a");
  std::future<Models::Acquired> waiting = ask("b");
  while (server_->count("POST /models") < 2) std::this_thread::yield();
  held.reset();  // Only the thread that waits could tell the server.
  ASSERT_EQ(waiting.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(words(waiting.get()), "b");
}

TEST_F(ModelsUnderTest, TheEndAnswersThoseWhoWait) {
  Models::Options options;
  options.load_threads = 1;
  open(options);
  server_->hold();
  std::vector<std::future<Models::Acquired>> waiting;
  for (const std::string name : {"a", "b", "c"}) {
    put(name, name);
    waiting.push_back(ask(name));
  }
  server_->die();
  models_.reset();
  for (auto& one : waiting) EXPECT_TRUE(words(one.get()).starts_with("unavailable 0: "));
}

// 20 clients, ten times the models that fit, objects overwritten meanwhile: every answer is a version that was stored.
TEST_F(ModelsUnderTest, ManyClientsGetRightAnswersFromASmallServer) {
  open();
  server_->set_capacity(4);
  constexpr int kModels = 40, kClients = 20, kCalls = 60;
  for (int i = 0; i < kModels; ++i) put(std::to_string(i), "0 of " + std::to_string(i));
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0}, served{0};
  std::thread writer([&] {
    for (int version = 1; !over; ++version) {
      const std::string model = std::to_string(version % kModels);
      put(model, std::to_string(version) + " of " + model);
      models_->changed(model);
      std::this_thread::sleep_for(1ms);
    }
  });
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string model = std::to_string((client * 7 + i * 13) % kModels);
        const std::string answer = call(model);
        if (answer.ends_with(" of " + model)) {
          ++served;
        } else if (!answer.starts_with("no_space") && !answer.starts_with("unavailable")) {
          ++wrong;
          ADD_FAILURE() << answer;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  over = true;
  writer.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(served, kClients * kCalls * 9 / 10);
}

}  // namespace
}  // namespace chiliad::container
