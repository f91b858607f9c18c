#include "hosting/async_queue.h"

namespace chiliad::hosting {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE async_call ("
    " row INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, inference_id TEXT NOT NULL,"
    " input_location TEXT NOT NULL, body BLOB NOT NULL, content_type TEXT NOT NULL, accept TEXT NOT NULL,"
    " custom_attributes TEXT NOT NULL, target_model TEXT NOT NULL, target_variant TEXT NOT NULL,"
    " output_location TEXT NOT NULL, failure_location TEXT NOT NULL, timeout_seconds INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL)",
    "ALTER TABLE async_call ADD COLUMN role TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE async_call ADD COLUMN doomed INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE async_call ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE async_call ADD COLUMN broken INTEGER NOT NULL DEFAULT 0"};

constexpr sql::Query kAll = {"read the waiting asynchronous calls",
                             "SELECT row, endpoint, length(body) FROM async_call ORDER BY row"};
constexpr sql::Query kInsert = {
    "keep an asynchronous call",
    "INSERT INTO async_call (endpoint, inference_id, input_location, body, content_type, accept, custom_attributes,"
    " target_model, target_variant, output_location, failure_location, timeout_seconds, expires_ms, role)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"};
constexpr sql::Query kOne = {
    "read an asynchronous call",
    "SELECT inference_id, input_location, body, content_type, accept, custom_attributes, target_model, target_variant,"
    " output_location, failure_location, timeout_seconds, expires_ms, role, doomed, suspect, broken FROM async_call"
    " WHERE row = ?1"};
constexpr sql::Query kDoom = {"mark the asynchronous calls of a deleted endpoint",
                              "UPDATE async_call SET doomed = 1 WHERE endpoint = ?1 AND row <= ?2"};
constexpr sql::Query kSuspect = {"keep how often an asynchronous call broke its server",
                                 "UPDATE async_call SET suspect = ?2, broken = ?3 WHERE row = ?1"};
constexpr sql::Query kDelete = {"delete an asynchronous call", "DELETE FROM async_call WHERE row = ?1"};

}  // namespace

Result<std::unique_ptr<AsyncQueue>> AsyncQueue::open(const std::filesystem::path& file, const Limits& limits) {
  Result<sql::Database> database = sql::Database::open(file, kMigrations, {});
  if (!database) return std::move(database).error();
  std::unique_ptr<AsyncQueue> queue(new AsyncQueue(std::move(*database), limits));
  if (Result<Done> loaded = queue->load(); !loaded) return std::move(loaded).error();
  return queue;
}

Result<Done> AsyncQueue::load() {
  const MutexLock lock(mutex_);
  using Row = std::tuple<std::int64_t, std::string, std::int64_t>;
  const auto read = [](const sql::Statement& row) {
    return Row(row.column_int64(0), row.column_text(1), row.column_int64(2));
  };
  Result<std::vector<Row>> all = database_.all(kAll, read);
  if (!all) return std::move(all).error();
  for (const auto& [row, endpoint, body_bytes] : *all) {
    waiting_[endpoint].push_back(row);
    newest_row_ = row;
    body_bytes_ += static_cast<std::uint64_t>(body_bytes);
    ++size_;
  }
  return Done{};
}

Result<Done> AsyncQueue::add(AsyncCall call) {
  const MutexLock lock(mutex_);
  const auto known = waiting_.find(call.endpoint);
  const std::size_t of_endpoint = known == waiting_.end() ? 0 : known->second.size();
  if (size_ >= limits_.calls || of_endpoint >= limits_.calls_of_endpoint ||
      body_bytes_ + call.body.size() > limits_.body_bytes) {
    return Error{ErrorCode::kUnavailable, "too many asynchronous calls are waiting (" + std::to_string(of_endpoint) +
                                              " of this endpoint, " + std::to_string(size_) +
                                              " in all): try again later"};
  }
  Result<sql::Statement> insert = database_.prepare(kInsert);
  if (!insert) return std::move(insert).error();
  const auto expires = std::chrono::floor<milliseconds>(call.expires).time_since_epoch().count();
  insert->bind(1, std::string_view(call.endpoint)).bind(2, std::string_view(call.inference_id));
  insert->bind(3, std::string_view(call.input_location)).bind_blob(4, call.body);
  insert->bind(5, std::string_view(call.content_type)).bind(6, std::string_view(call.accept));
  insert->bind(7, std::string_view(call.custom_attributes)).bind(8, std::string_view(call.target_model));
  insert->bind(9, std::string_view(call.target_variant)).bind(10, std::string_view(call.output_location));
  insert->bind(11, std::string_view(call.failure_location)).bind(12, call.timeout_seconds).bind(13, expires);
  insert->bind(14, std::string_view(call.role));
  if (Result<Done> inserted = insert->run(); !inserted) return inserted;
  newest_row_ = database_.last_insert_id();
  waiting_[call.endpoint].push_back(newest_row_);
  body_bytes_ += call.body.size();
  ++size_;
  return Done{};
}

std::vector<std::string> AsyncQueue::waiting() {
  std::vector<std::string> names;
  const MutexLock lock(mutex_);
  if (!unwritten_.empty()) write_doomed();
  const auto due = later_.upper_bound(std::chrono::steady_clock::now());
  for (auto call = later_.begin(); call != due; call = later_.erase(call)) {
    waiting_[call->second.endpoint].push_back(call->second.row);
  }
  for (const auto& [name, rows] : waiting_) names.push_back(name);
  return names;
}

Result<std::optional<AsyncCall>> AsyncQueue::take(std::string_view endpoint) {
  const MutexLock lock(mutex_);
  const auto found = waiting_.find(endpoint);
  if (found == waiting_.end()) return std::optional<AsyncCall>();
  Result<sql::Statement> one = database_.prepare(kOne);
  if (!one) return std::move(one).error();
  Result<bool> row = one->bind(1, found->second.front()).step();
  if (!row) return std::move(row).error();
  std::optional<AsyncCall> call;
  if (*row) {
    call.emplace();
    call->row = found->second.front();
    call->endpoint = found->first;
    call->inference_id = one->column_text(0);
    call->input_location = one->column_text(1);
    call->body = one->column_blob(2);
    call->content_type = one->column_text(3);
    call->accept = one->column_text(4);
    call->custom_attributes = one->column_text(5);
    call->target_model = one->column_text(6);
    call->target_variant = one->column_text(7);
    call->output_location = one->column_text(8);
    call->failure_location = one->column_text(9);
    call->timeout_seconds = static_cast<int>(one->column_int64(10));
    call->expires = system_clock::time_point(milliseconds(one->column_int64(11)));
    call->role = one->column_text(12);
    call->suspect = one->column_int64(14) != 0;
    call->broken = static_cast<int>(one->column_int64(15));
    const auto unwritten = unwritten_.find(endpoint);
    call->doomed = one->column_int64(13) != 0 || (unwritten != unwritten_.end() && call->row <= unwritten->second);
  } else {
    --size_;  // Somebody else deleted it.
  }
  found->second.pop_front();
  if (found->second.empty()) waiting_.erase(found);
  return call;
}

Result<Done> AsyncQueue::finish(const AsyncCall& call) {
  const MutexLock lock(mutex_);
  Result<Done> deleted = database_.run(kDelete, call.row);
  if (!deleted) return deleted;
  body_bytes_ -= call.body.size();
  --size_;
  return Done{};
}

void AsyncQueue::put_back(const AsyncCall& call, Deadline not_before) {
  const MutexLock lock(mutex_);
  if (not_before > std::chrono::steady_clock::now()) {
    later_.emplace(not_before, Later{call.endpoint, call.row});
  } else {
    waiting_[call.endpoint].push_back(call.row);
  }
}

void AsyncQueue::put_first(const AsyncCall& call) {
  const MutexLock lock(mutex_);
  waiting_[call.endpoint].push_front(call.row);
}

Result<Done> AsyncQueue::keep_suspicion(const AsyncCall& call) {
  const MutexLock lock(mutex_);
  return database_.run(kSuspect, call.row, std::int64_t{call.suspect}, std::int64_t{call.broken});
}

void AsyncQueue::doom(std::string_view endpoint) {
  const MutexLock lock(mutex_);
  if (size_ == 0) return;
  unwritten_[std::string(endpoint)] = newest_row_;
  write_doomed();
  for (auto call = later_.begin(); call != later_.end();) {
    if (call->second.endpoint != endpoint) {
      ++call;
      continue;
    }
    waiting_[call->second.endpoint].push_back(call->second.row);
    call = later_.erase(call);
  }
}

void AsyncQueue::write_doomed() {
  for (auto endpoint = unwritten_.begin(); endpoint != unwritten_.end();) {
    if (!database_.run(kDoom, std::string_view(endpoint->first), endpoint->second))
      return;  // The next waiting() tries.
    endpoint = unwritten_.erase(endpoint);
  }
}

std::size_t AsyncQueue::size() const {
  const MutexLock lock(mutex_);
  return size_;
}

}  // namespace chiliad::hosting
