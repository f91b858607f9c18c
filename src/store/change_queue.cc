#include "store/change_queue.h"

namespace chiliad::store {
namespace {

constexpr std::size_t kMostInBatch = 256;
constexpr std::size_t kMostWaiting = 4096;

}  // namespace

Result<Done> Change::settle(sql::Database&) { return Done{}; }

Result<Done> Change::intend(sql::Database& index, const Intent& intent) {
  Result<std::int64_t> id = insert_intent(index, intent);
  if (!id) return std::move(id).error();
  intents_.push_back(*id);
  return Done{};
}

ChangeQueue::ChangeQueue(sql::Database index, const BucketFiles& files, const Settings& settings)
    : index_(std::move(index)), files_(files), settings_(settings), some_stay_(settings.some_stay), thread_([this] {
        run();
      }) {}

ChangeQueue::~ChangeQueue() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  wakes_.notify_all();
  thread_.join();
}

void ChangeQueue::submit(std::unique_ptr<Change> change) {
  {
    MutexLock lock(mutex_);
    if (waiting_.size() < kMostWaiting) {
      waiting_.push_back(std::move(change));
      wakes_.notify_one();
      return;
    }
  }
  change->answer(Error{ErrorCode::kUnavailable, files_.root().string() + ": 4096 changes wait already; try again"});
}

ChangeQueue::Batch ChangeQueue::take() {
  MutexLock lock(mutex_);
  while (waiting_.empty() && !ending_) wakes_.wait(mutex_);
  Batch batch;
  while (!waiting_.empty() && batch.size() < kMostInBatch) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void ChangeQueue::run() {
  while (true) {
    Batch batch = take();
    if (batch.empty()) return;
    carry_out(batch);
  }
}

void ChangeQueue::carry_out(std::span<std::unique_ptr<Change>> batch) {
  const Result<Done> committed = commit(batch);
  if (!committed && batch.size() > 1) {
    // One that fails does not take the others with it.
    for (std::unique_ptr<Change>& change : batch) carry_out({&change, 1});
    return;
  }
  for (std::unique_ptr<Change>& change : batch) {
    if (committed) settle(*change);
    change->answer(committed);
    change.reset();
  }
}

Result<Done> ChangeQueue::commit(std::span<std::unique_ptr<Change>> batch) {
  if (settings_.sync) {
    // The bytes of this batch, and the moves of those before, whose intents are taken back below.
    Result<Done> synced = sync_file_system(files_.root());
    if (!synced) return synced;
  }
  Result<Done> committed = index_.transaction([&]() -> Result<Done> {
    Result<Done> taken_back = take_back_intents();
    if (!taken_back) return taken_back;
    for (std::unique_ptr<Change>& change : batch) {
      change->intents_.clear();
      Result<Done> applied = change->apply(index_);
      if (!applied) return applied;
    }
    return Done{};
  });
  if (committed) settled_.clear();
  return committed;
}

Result<Done> ChangeQueue::take_back_intents() {
  if (settled_.empty()) return Done{};
  if (!some_stay_) return delete_all_intents(index_);
  for (const std::int64_t id : settled_) {
    Result<Done> deleted = delete_intent(index_, id);
    if (!deleted) return deleted;
  }
  return Done{};
}

void ChangeQueue::settle(Change& change) {
  const Result<Done> settled = change.settle(index_);
  if (settings_.beside_server || change.intents_.empty()) return;
  if (settled) {
    settled_.insert(settled_.end(), change.intents_.begin(), change.intents_.end());
  } else {
    some_stay_ = true;
  }
}

}  // namespace chiliad::store
