// What the parts of a BucketStore share. Private to the bucket_*.cc files.

#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/bucket_files.h"
#include "store/bucket_index.h"
#include "store/bucket_store.h"
#include "store/change_queue.h"
#include "store/upload_index.h"

namespace chiliad::store {

// What is read and written at a time when bytes go from one file to another.
inline constexpr std::size_t kCopyPiece = 1 << 20;

// Connections that only read. Each call borrows one; as many are made as are used at a time.
class IndexReaders {
 public:
  explicit IndexReaders(std::filesystem::path path) : path_(std::move(path)) {}

  class Borrowed {
   public:
    Borrowed(IndexReaders& from, std::unique_ptr<sql::Database> index) : from_(&from), index_(std::move(index)) {}
    Borrowed(Borrowed&&) noexcept = default;
    Borrowed& operator=(Borrowed&&) = delete;
    ~Borrowed() {
      if (index_ != nullptr) from_->give_back(std::move(index_));
    }
    sql::Database& operator*() const { return *index_; }

   private:
    IndexReaders* from_;
    std::unique_ptr<sql::Database> index_;
  };
  Result<Borrowed> borrow();

 private:
  void give_back(std::unique_ptr<sql::Database> index);

  const std::filesystem::path path_;
  Mutex mutex_;
  std::vector<std::unique_ptr<sql::Database>> idle_ CHILIAD_GUARDED_BY(mutex_);
};

struct BucketStoreState {
  using Options = BucketStoreOptions;

  BucketStoreState(const std::filesystem::path& home, const Options& chosen, BucketFiles opened)
      : options(chosen), files(std::move(opened)), readers(home / "state" / "objects.db") {}

  // ---- bucket_store.cc
  // The bucket's id. Errors: kNoSuchBucket.
  Outcome<std::int64_t> bucket_id(sql::Database& index, std::string_view bucket) const;
  Outcome<Done> check_bucket_and_key(std::string_view bucket, std::string_view key);
  // Submits and waits for the answer: every batch ends, after SQLite's busy timeout at the latest.
  // `body` runs in the transaction; a Failure it returns is the answer and must have written nothing.
  Outcome<Done> change(std::function<Result<Outcome<Done>>(sql::Database&)> body, std::function<void()> after = {});
  Failure about(std::string_view bucket, std::string_view key, Failure failure) const;

  // ---- bucket_objects.cc
  Outcome<ObjectRow> find(std::string_view bucket, std::string_view key);
  struct OpenRow {
    FileDescriptor file;
    ObjectRow row;
  };
  // The row and a file that belongs to it.
  Outcome<OpenRow> open(std::string_view bucket, std::string_view key);
  // Errors: kNotFound: not at its place; then try again with a newer row.
  Result<FileDescriptor> open_generation(std::string_view bucket, const ObjectRow& row) const;

  // ---- bucket_scan.cc
  // Brings the row of one key in line with its file, which was changed by hand.
  Outcome<Done> adopt(std::string_view bucket, std::string_view key, Place place);

  // ---- bucket_recovery.cc
  // Whether intents stay that could not be carried out now either.
  Result<bool> recover(sql::Database& index);

  const Options options;
  FileDescriptor lock;
  const BucketFiles files;
  IndexReaders readers;
  BucketListeners listeners;

  Mutex completing_mutex;
  std::set<std::string> completing CHILIAD_GUARDED_BY(completing_mutex);  // Upload ids.

  std::unique_ptr<ChangeQueue> queue;  // Ends before what its changes use.

  std::atomic<bool> ending{false};
  std::thread scanner;  // Options::scan_at_open
};

// Whether `row` (of the key now, if any) satisfies the condition.
Outcome<Done> check_put_condition(const PutCondition& condition, const std::optional<ObjectRow>& row);

// Puts a finished file of `.chiliad/new` into the index and at its place. Its row has no place yet.
class PutChange : public Change {
 public:
  PutChange(BucketStoreState& store, std::string bucket, ObjectRow row, PutCondition condition, PutCallback callback)
      : store_(store),
        bucket_(std::move(bucket)),
        row_(std::move(row)),
        condition_(std::move(condition)),
        callback_(std::move(callback)) {}

  Result<Done> apply(sql::Database& index) override;
  Result<Done> settle(sql::Database& index) override;
  void answer(const Result<Done>& committed) override;

 protected:
  // More that happens with the put, in its transaction. A Failure: the put may not happen.
  virtual Result<Outcome<Done>> apply_more(sql::Database& index, std::int64_t bucket);

  BucketStoreState& store_;
  const std::string bucket_;
  ObjectRow row_;
  Outcome<Done> verdict_ = Done{};

 private:
  Result<Done> move(sql::Database& index);

  const PutCondition condition_;
  PutCallback callback_;
  bool was_settled_ = false;
};

// Waits for a callback's value.
template <class T>
class Awaited {
 public:
  std::function<void(Outcome<T>)> callback() {
    return [promise = promise_](Outcome<T> value) { promise->set_value(std::move(value)); };
  }
  Outcome<T> wait() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Outcome<T>>> promise_ = std::make_shared<std::promise<Outcome<T>>>();
};

}  // namespace chiliad::store
