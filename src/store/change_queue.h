// The one writer of a bucket store: changes wait in a queue, a thread takes what waits, commits all of it in one
// transaction of the index, then moves the files and answers.
//
//   apply   in the transaction: looks at the index, writes rows, notes as intents what settle() will do to the folder
//   (commit: from here on the change has happened, also after a kill)
//   settle  moves or removes files
//   answer  tells whoever waits
//
// The next transaction takes the intents back. What could not be settled keeps its intents and is tried again when the
// store is next opened.
//
// Thread safety: safe from any thread; a Change is used by the writer thread alone once it is submitted.

#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "sql/database.h"
#include "store/bucket_files.h"
#include "store/bucket_index.h"

namespace chiliad::store {

class Change {
 public:
  virtual ~Change() = default;

  // May be called again, in another transaction, after one that failed. A change that finds that it may not happen
  // (a condition does not hold) keeps that to itself, writes nothing and returns Done. Errors: the index failed; all
  // changes of the transaction are taken back.
  virtual Result<Done> apply(sql::Database& index) = 0;
  // Errors: the folder is not as the index says; its intents stay.
  virtual Result<Done> settle(sql::Database& index);
  // `committed`: Done, or why the index did not take it. Called once, last.
  virtual void answer(const Result<Done>& committed) = 0;

 protected:
  // Within apply().
  Result<Done> intend(sql::Database& index, const Intent& intent);

 private:
  friend class ChangeQueue;
  std::vector<std::int64_t> intents_;
};

class ChangeQueue {
 public:
  struct Settings {
    bool sync = false;
    // Intents are another process's: not taken back.
    bool beside_server = false;
    // The index has intents that stay.
    bool some_stay = false;
  };

  ChangeQueue(sql::Database index, const BucketFiles& files, const Settings& settings);
  // Finishes what waits.
  ~ChangeQueue();

  // Answered with kUnavailable on this thread when too many wait.
  void submit(std::unique_ptr<Change> change);

 private:
  using Batch = std::vector<std::unique_ptr<Change>>;

  void run();
  Batch take();
  void carry_out(std::span<std::unique_ptr<Change>> batch);
  Result<Done> commit(std::span<std::unique_ptr<Change>> batch);
  Result<Done> take_back_intents();
  void settle(Change& change);

  sql::Database index_;
  const BucketFiles& files_;
  const Settings settings_;
  std::vector<std::int64_t> settled_;  // Intents in the index that are done.
  bool some_stay_;                     // There are others.

  Mutex mutex_;
  Condition wakes_;
  std::deque<std::unique_ptr<Change>> waiting_ CHILIAD_GUARDED_BY(mutex_);
  bool ending_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace chiliad::store
