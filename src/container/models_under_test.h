// For tests: a bucket in a temporary folder, and a multi-model server that is a value: it answers as the contract says,
// holds so many models, and fails, waits and dies as the test tells it to.

#pragma once

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "base/deadline_for_test.h"
#include "base/file.h"
#include "base/mutex.h"
#include "container/fleet.h"
#include "container/models.h"
#include "container/upstream.h"
#include "store/buckets.h"

namespace chiliad::container {

// Generous: sanitizers on a busy machine take their time, and what hangs is found all the same.
class OneBucket final : public store::Buckets {
 public:
  OneBucket() : folder_(*TempFolder::make()), store_(*store::open_folder(folder_.path())) {}
  Result<std::shared_ptr<store::ObjectStore>> open(std::string_view) override {
    if (down) return Error{ErrorCode::kUnavailable, "the store is down"};
    return store_;
  }
  Result<std::vector<store::BucketInfo>> list(Deadline) override { return std::vector<store::BucketInfo>(); }
  store::Subscription subscribe(store::BucketListener) override { return {}; }

  void put(const std::string& key, std::string_view bytes) {
    const Result<store::ObjectInfo> info = store_->put(key, bytes, {}, soon());
    ASSERT_TRUE(info) << info.error().message;
  }
  void remove(const std::string& key) { ASSERT_TRUE(store_->remove(key, soon())); }

  std::atomic<bool> down{false};

 private:
  TempFolder folder_;
  std::shared_ptr<store::ObjectStore> store_;
};

inline std::string archive_of(const std::string& text, const std::string& name = "model.txt") {
  return *archive::write_tar_gz({{name, text}});
}

class FakeServer final : public Upstream {
 public:
  explicit FakeServer(std::filesystem::path shelf) : shelf_(std::move(shelf)) {}

  std::optional<Run> now() const override {
    const MutexLock lock(mutex_);
    if (!up_) return std::nullopt;
    return Run{number_, "http://run" + std::to_string(number_)};
  }
  Result<Run> ready(Deadline) override {
    if (std::optional<Run> run = now()) return *run;
    return Error{ErrorCode::kUnavailable, "the server is down"};
  }
  Result<net::ClientResponse> send(const Run& run, net::ClientRequest request, Deadline deadline, bool*) override {
    const MutexLock lock(mutex_);
    while (held_ && up_ && run.number == number_) {
      if (!released_.wait_until(mutex_, deadline)) return Error{ErrorCode::kDeadline, "no answer in time"};
    }
    if (!up_ || run.number != number_) return Error{ErrorCode::kUnavailable, "no connection"};
    said_.push_back(request.method + " " + request.url);
    if (request.method == "POST" && request.url == "/models") return load(std::string(request.body));
    const std::string name = request.url.substr(8, request.url.find('/', 8) - 8);
    const bool known = models_.contains(name);
    if (request.method == "DELETE") models_.erase(name);
    return answer(known ? 200 : 404, known ? "ok" : "no such model");
  }

  // What a call of this model would be answered from: the text of its model.txt; "absent".
  std::string content(const Models::Pin& pin) const {
    const MutexLock lock(mutex_);
    const auto found = models_.find(pin.name());
    return up_ && pin.run().number == number_ && found != models_.end() ? found->second : "absent";
  }
  void set_capacity(std::size_t models) {
    const MutexLock lock(mutex_);
    capacity_ = models;
  }
  // Loads are answered with this status; 0: as usual.
  void set_load_status(int status) {
    const MutexLock lock(mutex_);
    load_status_ = status;
  }
  // Nothing is answered until release().
  void hold() {
    const MutexLock lock(mutex_);
    held_ = true;
  }
  void release() {
    const MutexLock lock(mutex_);
    held_ = false;
    released_.notify_all();
  }
  void die() {
    const MutexLock lock(mutex_);
    up_ = false;
    models_.clear();
    released_.notify_all();
  }
  void begin_anew() {
    const MutexLock lock(mutex_);
    up_ = true;
    ++number_;
    models_.clear();
    released_.notify_all();
  }
  // As a server that drops a model by itself.
  void lose_all() {
    const MutexLock lock(mutex_);
    models_.clear();
  }
  std::size_t loaded() const {
    const MutexLock lock(mutex_);
    return models_.size();
  }
  std::size_t count(std::string_view beginning) const {
    const MutexLock lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        said_.begin(), said_.end(), [&](const std::string& line) { return line.starts_with(beginning); }));
  }

 private:
  static net::ClientResponse answer(int status, std::string body) { return {status, {}, std::move(body)}; }
  static std::string member(const std::string& json, const std::string& name) {
    const std::string before = "\"" + name + "\": \"";
    const std::size_t begin = json.find(before) + before.size();
    return json.substr(begin, json.find('"', begin) - begin);
  }
  net::ClientResponse load(const std::string& body) CHILIAD_REQUIRES(mutex_) {
    if (load_status_ != 0) return answer(load_status_, "told to fail");
    if (models_.size() >= capacity_) return answer(507, "full");
    const std::string url = member(body, "url"), root = "/opt/ml/models/";
    EXPECT_TRUE(url.starts_with(root)) << body;
    const Result<std::string> text = read_file(shelf_ / url.substr(root.size()) / "model.txt");
    if (!text) return answer(500, "no model.txt");
    if (!models_.emplace(member(body, "model_name"), *text).second) return answer(409, "there");
    most_ = std::max(most_, models_.size());
    return answer(200, "loaded");
  }

  const std::filesystem::path shelf_;
  mutable Mutex mutex_;
  Condition released_;
  bool up_ CHILIAD_GUARDED_BY(mutex_) = true;
  bool held_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::uint64_t number_ CHILIAD_GUARDED_BY(mutex_) = 1;
  int load_status_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::size_t capacity_ CHILIAD_GUARDED_BY(mutex_) = SIZE_MAX;
  std::size_t most_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string> models_ CHILIAD_GUARDED_BY(mutex_);
  std::vector<std::string> said_ CHILIAD_GUARDED_BY(mutex_);
};

class ModelsUnderTest : public testing::Test {
 protected:
  void open(Models::Options options = {}, std::uint64_t disk_bytes = 1 << 30) {
    Fleet::Options fleet_options;
    fleet_options.folder = folder_.path() / "tier";
    fleet_options.disk_bytes = disk_bytes;
    Result<std::unique_ptr<Fleet>> fleet = Fleet::open(fleet_options);
    ASSERT_TRUE(fleet) << fleet.error().message;
    fleet_ = std::move(*fleet);
    Result<std::shared_ptr<FolderTier::Shelf>> shelf = fleet_->folders().shelf();
    ASSERT_TRUE(shelf) << shelf.error().message;
    server_ = std::make_unique<FakeServer>((*shelf)->folder());
    Models::Calls calls;
    calls.note = [this](std::string_view line) {
      const MutexLock lock(mutex_);
      notes_.emplace_back(line);
    };
    calls.free_disk = [this] { return models_->drop_oldest(); };
    models_ = std::make_unique<Models>(options, Models::Place{buckets_, "models", "m/"}, *shelf, *server_, calls);
  }
  void TearDown() override {
    if (server_) server_->release();
    models_.reset();
  }

  void put(const std::string& model, const std::string& text) { buckets_->put("m/" + model, archive_of(text)); }

  std::future<Models::Acquired> ask(const std::string& model, Deadline deadline = soon()) {
    const auto promise = std::make_shared<std::promise<Models::Acquired>>();
    const bool waits = models_->acquire(
        model, deadline, [promise](Models::Acquired acquired) { promise->set_value(std::move(acquired)); });
    EXPECT_TRUE(waits);
    return promise->get_future();
  }
  Models::Acquired get(const std::string& model) { return ask(model).get(); }
  // What a call is answered from, or why it is not.
  std::string call(const std::string& model) { return words(get(model)); }
  std::string words(const Models::Acquired& acquired) {
    if (const auto* pin = std::get_if<Models::Pin>(&acquired)) return server_->content(*pin);
    const Refusal& refusal = std::get<Refusal>(acquired);
    return std::string(error_code_name(refusal.error.code)) + " " + std::to_string(refusal.status) + ": " +
           refusal.error.message;
  }

  TempFolder folder_ = *TempFolder::make();
  std::shared_ptr<OneBucket> buckets_ = std::make_shared<OneBucket>();
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<FakeServer> server_;
  std::unique_ptr<Models> models_;
  Mutex mutex_;
  std::vector<std::string> notes_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::container
