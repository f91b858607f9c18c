#include "serve/freshness.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <thread>

#include "base/file.h"
#include "serve/store_source.h"

namespace chiliad::serve {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using std::chrono::steady_clock;

class AnyModel final : public Model {
 public:
  Result<Done> answer(const Invocation&, std::string&) const override { return Done{}; }
  bool is_heavy(const Invocation&) const override { return false; }
  std::uint64_t memory_bytes() const override { return 1000; }
};

// Reads a store's objects and takes whatever they hold for a model.
class AnySource final : public ModelSource {
 public:
  explicit AnySource(store::ObjectStore& store) : inner_(store, true, ModelLimits()) {}
  bool local() const override { return true; }
  Result<Stored> fetch(std::string_view name, const std::optional<fs::path>& keep_at, Deadline deadline) override {
    return inner_.fetch(name, keep_at, deadline);
  }
  Result<std::unique_ptr<const Model>> load(std::string_view, std::string_view) override {
    ++loads;
    return std::unique_ptr<const Model>(std::make_unique<AnyModel>());
  }
  std::atomic<int> loads{0};

 private:
  StoreSource inner_;
};

// Counts what it is asked for.
class CountingStore final : public store::ObjectStore {
 public:
  explicit CountingStore(store::ObjectStore& store) : store_(store) {}
  std::string location() const override { return store_.location(); }
  Result<std::string> get(std::string_view key, const store::ByteRange& range, Deadline deadline) override {
    return store_.get(key, range, deadline);
  }
  Result<store::ObjectInfo> put(std::string_view key, std::string_view bytes, const store::PutCondition& condition,
                                Deadline deadline) override {
    return store_.put(key, bytes, condition, deadline);
  }
  Result<store::ObjectInfo> download(std::string_view key, const fs::path& to, Deadline deadline) override {
    return store_.download(key, to, deadline);
  }
  Result<store::ObjectInfo> upload(const fs::path& from, std::string_view key, Deadline deadline) override {
    return store_.upload(from, key, deadline);
  }
  Result<store::ObjectInfo> head(std::string_view key, Deadline deadline) override {
    ++heads;
    return store_.head(key, deadline);
  }
  Result<Done> remove(std::string_view key, Deadline deadline) override { return store_.remove(key, deadline); }
  Result<store::ListPage> list(const store::ListRequest& request, Deadline deadline) override {
    ++lists;
    store::ListRequest small = request;
    small.max_keys = 10;
    return store_.list(small, deadline);
  }
  Result<Done> sync() override { return store_.sync(); }
  int heads = 0;
  int lists = 0;

 private:
  store::ObjectStore& store_;
};

class Freshness : public ::testing::Test {
 protected:
  Freshness() : folder_(*TempFolder::make()), store_(*store::open_folder(folder_.path())), source_(*store_) {
    cache_ = *ModelCache::open({}, source_);
  }
  static Deadline soon() { return steady_clock::now() + seconds(20); }
  void put(const std::string& key, const std::string& bytes) { ASSERT_TRUE(store_->put(key, bytes, {}, soon())); }
  void load(const std::string& key) { ASSERT_TRUE(cache_->acquire(key, soon())); }
  static std::string key_of(int i) {
    std::string key("m");
    return key.append(std::to_string(1000 + i));
  }

  TempFolder folder_;
  std::unique_ptr<store::ObjectStore> store_;
  AnySource source_;
  Metrics metrics_;
  std::unique_ptr<ModelCache> cache_;
};

TEST_F(Freshness, RevalidationReloadsWhatChangedAndDropsWhatIsGone) {
  for (const char* key : {"changed", "gone", "same"}) {
    put(key, "1");
    load(key);
  }
  put("changed", "22");
  ASSERT_TRUE(store_->remove("gone", soon()));
  ASSERT_TRUE(revalidate(*store_, *cache_, soon()));
  while (source_.loads < 4) std::this_thread::yield();
  EXPECT_FALSE(cache_->contains("gone"));
  EXPECT_TRUE(cache_->contains("changed"));
  ASSERT_TRUE(revalidate(*store_, *cache_, soon()));
  EXPECT_EQ(source_.loads, 4);  // Nothing more has changed.
}

TEST_F(Freshness, RevalidationOfManyListsTheirPagesAlone) {
  for (int i = 0; i < 500; ++i) put(key_of(i), "1");
  for (int i = 200; i < 240; ++i) load(key_of(i));
  put(key_of(215), "22");
  ASSERT_TRUE(store_->remove(key_of(220), soon()));
  ASSERT_TRUE(store_->remove(key_of(239), soon()));
  CountingStore counting(*store_);
  ASSERT_TRUE(revalidate(counting, *cache_, soon()));
  EXPECT_EQ(counting.heads, 0);
  EXPECT_LE(counting.lists, 8);  // 40 models in pages of 10 keys, not 50 pages.
  EXPECT_FALSE(cache_->contains(key_of(220)));
  EXPECT_FALSE(cache_->contains(key_of(239)));
  while (source_.loads < 41) std::this_thread::yield();
}

TEST_F(Freshness, AFolderIsWatchedWithThoseBelowIt) {
  put("a", "1");
  put("sub/b", "1");
  auto watch = FolderWatch::start(folder_.path(), *cache_, metrics_, {});
  ASSERT_TRUE(watch) << watch.error().message;
  for (const char* key : {"a", "sub/b"}) load(key);
  put("a", "22");
  put("sub/b", "22");
  while (cache_->contains("a") || cache_->contains("sub/b")) std::this_thread::yield();
  put("new/deep/c", "1");
  load("new/deep/c");
  fs::remove_all(folder_.path() / "new");
  while (cache_->contains("new/deep/c")) std::this_thread::yield();
}

TEST_F(Freshness, AWriteThroughOurOwnStoreIsSeenWhenItReturns) {
  AnnouncingStore announcing(*store_, *cache_);
  put("a", "1");
  load("a");
  ASSERT_TRUE(announcing.put("a", "22", {}, soon()));
  EXPECT_FALSE(cache_->contains("a"));
  load("a");
  ASSERT_TRUE(announcing.remove("a", soon()));
  EXPECT_FALSE(cache_->contains("a"));
}

}  // namespace
}  // namespace chiliad::serve
