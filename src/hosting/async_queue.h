// AsyncQueue: accepted asynchronous calls, kept in a database until their answer lies in the store.
//
// Rows are the truth; in memory there is a row number a call. A row is deleted when its result is written: a process
// that dies in between does the call again, to the same place. That the endpoint of a call was deleted stands in its
// row too, so that no later endpoint of the name answers it, in this process or the next; so does how often it broke a
// server.
//
// Thread safety: all methods may be called from any threads at a time; a call that waits for the disk holds up the
// others.

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "sql/database.h"

namespace chiliad::hosting {

struct AsyncCall {
  std::int64_t row = 0;  // Set by the queue.
  std::string endpoint;
  std::string inference_id;
  std::string input_location;  // Empty: the body is the input.
  std::string body;
  std::string content_type;
  std::string accept;
  std::string custom_attributes;
  std::string target_model;
  std::string target_variant;
  std::string output_location;
  std::string failure_location;  // Empty: a failure is logged alone.
  std::string role;              // Who reads the input and writes the rest.
  int timeout_seconds = 900;
  std::chrono::system_clock::time_point expires;  // Not begun by then: it fails.
  bool doomed = false;                            // Set by the queue: its endpoint was deleted.
  bool suspect = false;                           // The model's server broke off under it: it may be the reason.
  int broken = 0;                                 // So often while nothing else ran that might be.
};

class AsyncQueue {
 public:
  struct Limits {
    std::size_t calls = 100'000;
    std::size_t calls_of_endpoint = 50'000;
    std::uint64_t body_bytes = std::uint64_t{1} << 30;
  };

  // Opens or makes the database; calls of an earlier process wait again. Errors: as sql::Database::open().
  static Result<std::unique_ptr<AsyncQueue>> open(const std::filesystem::path& file, const Limits& limits);

  // The call survives kill -9 when this returns. Errors: kUnavailable: full; as the database's.
  Result<Done> add(AsyncCall call);

  // Endpoints with calls that may be taken, in the order of their names.
  std::vector<std::string> waiting();

  // The oldest waiting call of the endpoint; it waits no more. Errors: as the database's: it waits still.
  Result<std::optional<AsyncCall>> take(std::string_view endpoint);

  // A call that was taken: its end is written, or it shall wait again at the end of the row, not to be taken before
  // this moment; or be the next that is taken.
  Result<Done> finish(const AsyncCall& call);
  void put_back(const AsyncCall& call, Deadline not_before = {});
  void put_first(const AsyncCall& call);

  // Keeps what is known of it as the reason of a server's end. Errors: as the database's.
  Result<Done> keep_suspicion(const AsyncCall& call);

  // The endpoint was deleted: its calls that wait or are taken now are doomed whenever they are taken again. What the
  // disk refuses to take is known to this process alone, until it can be written.
  void doom(std::string_view endpoint);

  std::size_t size() const;  // Waiting and taken.

 private:
  AsyncQueue(sql::Database database, const Limits& limits) : limits_(limits), database_(std::move(database)) {}
  Result<Done> load();
  void write_doomed() CHILIAD_REQUIRES(mutex_);

  const Limits limits_;
  mutable Mutex mutex_;
  sql::Database database_ CHILIAD_GUARDED_BY(mutex_);
  std::map<std::string, std::deque<std::int64_t>, std::less<>> waiting_ CHILIAD_GUARDED_BY(mutex_);
  struct Later {
    std::string endpoint;
    std::int64_t row = 0;
  };
  std::multimap<Deadline, Later> later_ CHILIAD_GUARDED_BY(mutex_);
  // Deleted endpoints whose rows could not be marked: those up to this one.
  std::map<std::string, std::int64_t, std::less<>> unwritten_ CHILIAD_GUARDED_BY(mutex_);
  std::size_t size_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::uint64_t body_bytes_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::int64_t newest_row_ CHILIAD_GUARDED_BY(mutex_) = 0;
};

}  // namespace chiliad::hosting
