#include "serve/model_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <random>
#include <thread>

#include "base/file.h"
#include "serve/resident_set.h"

namespace chiliad::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

std::atomic<int> models_alive{0};

// Says the bytes it was made from.
class TextModel final : public Model {
 public:
  explicit TextModel(std::string text) : text_(std::move(text)) { ++models_alive; }
  ~TextModel() override { --models_alive; }
  Result<Done> answer(const Invocation&, std::string& out) const override {
    out += text_;
    return Done{};
  }
  bool is_heavy(const Invocation&) const override { return false; }
  std::uint64_t memory_bytes() const override { return text_.size() + 1000; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string numbered(std::string text, int number) { return text.append(std::to_string(number)); }

const std::string& text_of(const ModelCache::Pin& pin) { return static_cast<const TextModel&>(*pin).text(); }

// A store in memory that counts, and whose fetches wait for the gate while it is closed.
class TestSource final : public ModelSource {
 public:
  explicit TestSource(bool local = true) : local_(local) {}

  bool local() const override { return local_; }
  Result<Stored> fetch(std::string_view name, const std::optional<std::filesystem::path>& keep_at, Deadline) override {
    ++fetches;
    {
      const MutexLock lock(mutex_);
      while (closed_) changed_.wait(mutex_);
      const auto found = objects_.find(std::string(name));
      if (found == objects_.end()) return Error{ErrorCode::kNotFound, std::string(name) + ": no such object"};
      Stored stored{found->second, found->second};
      if (keep_at) {
        Result<Done> kept = write_file_atomically(*keep_at, stored.bytes, Durability::kNone);
        if (!kept) return std::move(kept).error();
      }
      return stored;
    }
  }
  Result<std::unique_ptr<const Model>> load(std::string_view, std::string_view bytes) override {
    ++loads;
    if (bytes == "damaged") return Error{ErrorCode::kCorrupt, "damaged"};
    return std::unique_ptr<const Model>(std::make_unique<TextModel>(std::string(bytes)));
  }

  void put(const std::string& name, std::string bytes) {
    const MutexLock lock(mutex_);
    objects_[name] = std::move(bytes);
  }
  void remove(const std::string& name) {
    const MutexLock lock(mutex_);
    objects_.erase(name);
  }
  void close_gate(bool closed) {
    const MutexLock lock(mutex_);
    closed_ = closed;
    changed_.notify_all();
  }

  std::atomic<int> fetches{0};
  std::atomic<int> loads{0};

 private:
  const bool local_;
  Mutex mutex_;
  Condition changed_;
  bool closed_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::string> objects_ CHILIAD_GUARDED_BY(mutex_);
};

std::unique_ptr<ModelCache> opened(ModelCache::Options options, ModelSource& source) {
  Result<std::unique_ptr<ModelCache>> cache = ModelCache::open(std::move(options), source);
  EXPECT_TRUE(cache) << cache.error().message;
  return std::move(*cache);
}

Deadline soon() { return steady_clock::now() + seconds(20); }

// What a model of this source is charged, entry included.
std::uint64_t charge_of(ModelSource& source, const std::string& name) {
  const auto cache = opened({}, source);
  EXPECT_TRUE(cache->acquire(name, soon()));
  return cache->counters().memory_bytes;
}

TEST(ModelCache, LoadsOnTheFirstCallAndHitsAfterwards) {
  TestSource source;
  source.put("a", "one");
  const auto cache = opened({}, source);
  EXPECT_FALSE(cache->find("a", steady_clock::now()));
  EXPECT_EQ(text_of(*cache->acquire("a", soon())), "one");
  EXPECT_EQ(text_of(*cache->find("a", steady_clock::now())), "one");
  EXPECT_EQ(source.fetches, 1);
  EXPECT_EQ(cache->counters().cache_hits, 1u);
  EXPECT_EQ(cache->counters().cache_misses, 1u);
  EXPECT_EQ(cache->counters().loaded_models, 1u);
}

TEST(ModelCache, LoadsOnceForAllWhoWait) {
  TestSource source;
  source.put("a", "one");
  source.close_gate(true);
  const auto cache = opened({}, source);
  std::vector<std::future<std::string>> waiters;
  std::atomic<int> called{0};
  std::vector<std::string> answers(50);
  for (std::string& answer : answers) {
    ASSERT_TRUE(cache->acquire("a", soon(), [&](Result<ModelCache::Pin> pin) {
      answer = text_of(*pin);
      ++called;
    }));
  }
  source.close_gate(false);
  while (called < 50) std::this_thread::yield();
  for (const std::string& answer : answers) EXPECT_EQ(answer, "one");
  EXPECT_EQ(source.fetches, 1);
  EXPECT_EQ(source.loads, 1);
}

TEST(ModelCache, HitsDoNotWaitForLoads) {
  TestSource source;
  source.put("warm", "w");
  source.put("cold", "c");
  const auto cache = opened({}, source);
  ASSERT_TRUE(cache->acquire("warm", soon()));
  source.close_gate(true);
  std::promise<void> came;
  ASSERT_TRUE(cache->acquire("cold", soon(), [&](const Result<ModelCache::Pin>&) { came.set_value(); }));
  EXPECT_TRUE(cache->find("warm", steady_clock::now()));
  EXPECT_TRUE(cache->acquire("warm", soon()));
  source.close_gate(false);
  came.get_future().wait();
}

TEST(ModelCache, DoesNotRememberAFailure) {
  TestSource source;
  const auto cache = opened({}, source);
  EXPECT_EQ(cache->acquire("a", soon()).error().code, ErrorCode::kNotFound);
  source.put("a", "damaged");
  EXPECT_EQ(cache->acquire("a", soon()).error().code, ErrorCode::kCorrupt);
  source.put("a", "fine");
  EXPECT_TRUE(cache->acquire("a", soon()));
  EXPECT_EQ(cache->counters().failed_loads, 2u);
}

TEST(ModelCache, DropsTheLeastRecentlyUsedToMakeRoom) {
  TestSource source;
  for (const char* name : {"a", "b", "c"}) source.put(name, name);
  ModelCache::Options options;
  options.memory_budget_bytes = 2 * charge_of(source, "a");
  const auto cache = opened(options, source);
  ASSERT_TRUE(cache->acquire("a", soon()));
  ASSERT_TRUE(cache->acquire("b", soon()));
  ASSERT_TRUE(cache->find("a", steady_clock::now()));
  ASSERT_TRUE(cache->acquire("c", soon()));
  EXPECT_TRUE(cache->contains("a"));
  EXPECT_FALSE(cache->contains("b"));
  EXPECT_LE(cache->counters().memory_bytes, options.memory_budget_bytes);
  EXPECT_EQ(cache->counters().unloads, 1u);
}

TEST(ModelCache, NeverDropsAPinnedModelAndKeepsItCharged) {
  TestSource source;
  for (const char* name : {"a", "b"}) source.put(name, name);
  ModelCache::Options options;
  options.memory_budget_bytes = charge_of(source, "a");
  const auto cache = opened(options, source);
  std::optional<ModelCache::Pin> pin = *cache->acquire("a", soon());
  EXPECT_EQ(cache->acquire("b", soon()).error().code, ErrorCode::kNoSpace);
  cache->drop("a");
  EXPECT_EQ(text_of(*pin), "a");
  EXPECT_EQ(cache->acquire("b", soon()).error().code, ErrorCode::kNoSpace);
  pin.reset();
  EXPECT_TRUE(cache->acquire("b", soon()));
}

TEST(ModelCache, APinMayOutliveTheCache) {
  TestSource source;
  source.put("a", "one");
  auto cache = opened({}, source);
  const ModelCache::Pin pin = *cache->acquire("a", soon());
  cache.reset();
  EXPECT_EQ(text_of(pin), "one");
}

TEST(ModelCache, RefusesAModelAboveTheWholeBudget) {
  TestSource source;
  source.put("a", std::string(5000, 'a'));
  ModelCache::Options options;
  options.memory_budget_bytes = 4000;
  const auto cache = opened(options, source);
  EXPECT_EQ(cache->acquire("a", soon()).error().code, ErrorCode::kTooLarge);
}

TEST(ModelCache, WithoutEvictionAFullMemoryIsNoSpace) {
  TestSource source;
  for (const char* name : {"a", "b"}) source.put(name, name);
  ModelCache::Options options;
  options.memory_budget_bytes = charge_of(source, "a");
  options.evict = false;
  const auto cache = opened(options, source);
  ASSERT_TRUE(cache->acquire("a", soon()));
  EXPECT_EQ(cache->acquire("b", soon()).error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(cache->contains("a"));
}

TEST(ModelCache, RefusesWhenTooManyLoadsWait) {
  TestSource source;
  source.close_gate(true);
  ModelCache::Options options;
  options.load_threads = 1;
  options.max_waiting_loads = 2;
  const auto cache = opened(options, source);
  const auto nothing = [](const Result<ModelCache::Pin>&) {};
  ASSERT_TRUE(cache->acquire("running", soon(), nothing));
  while (source.fetches == 0) std::this_thread::yield();  // Now it is out of the queue.
  EXPECT_TRUE(cache->acquire("first", soon(), nothing));
  EXPECT_TRUE(cache->acquire("second", soon(), nothing));
  EXPECT_FALSE(cache->acquire("third", soon(), nothing));
  EXPECT_TRUE(cache->acquire("first", soon(), nothing));  // Joins the load that waits already.
  EXPECT_EQ(cache->acquire("third", soon()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(cache->counters().refused_loads, 2u);
  source.close_gate(false);
}

TEST(ModelCache, AWaiterLeavesAtItsDeadlineAndTheLoadGoesOn) {
  TestSource source;
  source.put("a", "one");
  source.close_gate(true);
  const auto cache = opened({}, source);
  EXPECT_EQ(cache->acquire("a", steady_clock::now() + milliseconds(20)).error().code, ErrorCode::kDeadline);
  source.close_gate(false);
  EXPECT_TRUE(cache->acquire("a", soon()));
  EXPECT_EQ(source.fetches, 1);
}

TEST(ModelCache, AnInvalidatedModelIsReadAgain) {
  TestSource source;
  source.put("a", "old");
  const auto cache = opened({}, source);
  const ModelCache::Pin before = *cache->acquire("a", soon());
  source.put("a", "new");
  cache->invalidate("a");
  EXPECT_EQ(text_of(before), "old");
  EXPECT_EQ(text_of(*cache->acquire("a", soon())), "new");
}

TEST(ModelCache, ALoadThatWasOvertakenByAnOverwriteStartsAgain) {
  TestSource source;
  source.put("a", "old");
  const auto cache = opened({}, source);
  for (int i = 0; i < 200; ++i) {
    cache->drop("a");
    std::promise<std::string> answer;
    ASSERT_TRUE(cache->acquire("a", soon(), [&](Result<ModelCache::Pin> pin) { answer.set_value(text_of(*pin)); }));
    source.put("a", numbered("new", i));
    cache->invalidate("a");
    answer.get_future().wait();
    EXPECT_EQ(text_of(*cache->acquire("a", soon())), numbered("new", i));
  }
}

TEST(ModelCache, ARefreshedModelAnswersUntilItsSuccessorIsThere) {
  TestSource source;
  source.put("a", "old");
  const auto cache = opened({}, source);
  ASSERT_TRUE(cache->acquire("a", soon()));
  source.put("a", "new");
  source.close_gate(true);
  cache->refresh("a");
  EXPECT_EQ(text_of(*cache->find("a", steady_clock::now())), "old");
  source.close_gate(false);
  while (text_of(*cache->find("a", steady_clock::now())) != "new") std::this_thread::yield();
  source.remove("a");
  cache->refresh("a");
  while (cache->contains("a")) std::this_thread::yield();
}

TEST(ModelCache, KeepsFetchedModelsOnDiskWithinTheBudget) {
  const TempFolder folder = *TempFolder::make();
  TestSource source(false);
  for (const char* name : {"a", "b", "c"}) source.put(name, std::string(1000, name[0]));
  ModelCache::Options options;
  options.memory_budget_bytes = charge_of(source, "a");
  options.disk_budget_bytes = 2500;
  options.disk_folder = folder.path();
  source.fetches = 0;
  const auto cache = opened(options, source);
  for (const char* name : {"a", "b", "a", "b", "a"}) ASSERT_TRUE(cache->acquire(name, soon()));
  EXPECT_EQ(source.fetches, 2);
  EXPECT_EQ(cache->counters().disk_hits, 3u);
  ASSERT_TRUE(cache->acquire("c", soon()));  // Pushes b out, which was used before a.
  EXPECT_LE(cache->counters().disk_bytes, 2500u);
  ASSERT_TRUE(cache->acquire("a", soon()));
  EXPECT_EQ(source.fetches, 3);
  ASSERT_TRUE(cache->acquire("b", soon()));
  EXPECT_EQ(source.fetches, 4);
}

TEST(ModelCache, AnOverwrittenModelIsNotTakenFromTheDisk) {
  const TempFolder folder = *TempFolder::make();
  TestSource source(false);
  source.put("a", "old");
  ModelCache::Options options;
  options.disk_budget_bytes = 10'000;
  options.disk_folder = folder.path();
  const auto cache = opened(options, source);
  ASSERT_TRUE(cache->acquire("a", soon()));
  source.put("a", "new");
  cache->refresh("a");
  while (text_of(*cache->acquire("a", soon())) != "new") std::this_thread::yield();
  source.put("a", "newer");
  cache->invalidate("a");
  EXPECT_EQ(text_of(*cache->acquire("a", soon())), "newer");
}

TEST(ModelCache, EmptiesItsDiskFolderAtTheStart) {
  const TempFolder folder = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(folder.path() / "17.model", "left by a crash", Durability::kNone));
  TestSource source(false);
  ModelCache::Options options;
  options.disk_budget_bytes = 10'000;
  options.disk_folder = folder.path();
  const auto cache = opened(options, source);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "17.model"));
  EXPECT_EQ(ModelCache::open(options, source).error().code, ErrorCode::kConflict);
}

TEST(ModelCache, DoesNotEmptyAFolderThatIsNotItsOwn) {
  const TempFolder folder = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(folder.path() / "thesis.txt", "precious", Durability::kNone));
  TestSource source(false);
  ModelCache::Options options;
  options.disk_budget_bytes = 10'000;
  options.disk_folder = folder.path();
  EXPECT_EQ(ModelCache::open(options, source).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "thesis.txt"));
}

TEST(ModelCache, AFullDiskCostsTheCopyNotTheAnswer) {
  const TempFolder folder = *TempFolder::make();
  TestSource source(false);
  source.put("a", std::string(100, 'a'));
  ModelCache::Options options;
  options.disk_budget_bytes = 10'000;
  options.disk_folder = folder.path();
  const auto cache = opened(options, source);
  fail_writes_after(10);
  const Result<ModelCache::Pin> pin = cache->acquire("a", soon());
  fail_writes_after(UINT64_MAX);
  EXPECT_TRUE(pin);
  EXPECT_EQ(cache->counters().not_kept_on_disk, 1u);
  EXPECT_EQ(cache->counters().disk_bytes, 0u);
}

TEST(ModelCache, ListsNamesInPages) {
  TestSource source;
  const auto cache = opened({}, source);
  for (int i = 0; i < 25; ++i) {
    source.put(numbered("m", 10 + i), "x");
    ASSERT_TRUE(cache->acquire(numbered("m", 10 + i), soon()));
  }
  const auto page = cache->loaded("m12", 3);
  ASSERT_EQ(page.size(), 3u);
  EXPECT_EQ(page[0].name, "m13");
  EXPECT_EQ(page[2].name, "m15");
  EXPECT_EQ(cache->loaded().size(), 25u);
}

TEST(ModelCache, CountsCallsOfDroppedModelsToo) {
  TestSource source;
  for (const char* name : {"a", "b"}) source.put(name, name);
  const auto cache = opened({}, source);
  for (const char* name : {"a", "b"}) ASSERT_TRUE(cache->acquire(name, soon()));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(cache->find("a", steady_clock::now()));
  cache->drop("a");
  ASSERT_TRUE(cache->find("b", steady_clock::now()));
  const auto top = cache->most_called(10);
  ASSERT_EQ(top.size(), 2u);
  EXPECT_EQ(top[0].name, "a");
  EXPECT_EQ(top[0].count, 5u);
  EXPECT_EQ(top[1].count, 1u);
}

// Many threads call, drop, overwrite and refresh a few models in a memory that holds half of them. Nobody may get a
// model of another name or of bytes older than the last overwrite that ended before the call.
TEST(ModelCache, StaysRightWhenEverythingHappensAtOnce) {
  constexpr int kModels = 16;
  constexpr int kThreads = 8;
  TestSource source;
  const auto name_of = [](int model) { return numbered("model", model); };
  std::vector<std::atomic<int>> version(kModels);
  for (int i = 0; i < kModels; ++i) source.put(name_of(i), name_of(i) + " 0");
  ModelCache::Options options;
  options.memory_budget_bytes = kModels / 2 * charge_of(source, name_of(0));
  options.load_threads = 3;
  const int alive_before = models_alive;
  {
    const auto cache = opened(options, source);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        std::mt19937 random(static_cast<unsigned>(thread));
        for (int i = 0; i < 2000; ++i) {
          const int model = static_cast<int>(random() % kModels);
          const std::string name = name_of(model);
          if (thread == 0 && i % 10 == 0) {  // The one writer.
            const int next = version[static_cast<std::size_t>(model)] + 1;
            source.put(name, numbered(name + " ", next));
            cache->invalidate(name);
            version[static_cast<std::size_t>(model)] = next;
          } else if (i % 50 == 1) {
            cache->refresh(name);
          } else if (i % 50 == 2) {
            cache->drop(name);
          } else {
            const int least = version[static_cast<std::size_t>(model)];
            const Result<ModelCache::Pin> pin = cache->acquire(name, soon());
            if (!pin && (pin.error().code == ErrorCode::kNoSpace || pin.error().code == ErrorCode::kUnavailable))
              continue;
            if (!pin || !text_of(*pin).starts_with(name + " ") ||
                std::stoi(text_of(*pin).substr(name.size())) < least) {
              ++wrong;
            }
          }
          if (cache->counters().memory_bytes > options.memory_budget_bytes) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
  EXPECT_EQ(models_alive, alive_before);
}

}  // namespace
}  // namespace chiliad::serve
