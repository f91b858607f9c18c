// Resources: what the control plane keeps, in one SQLite file. Jobs, models, configurations and endpoints are rows of
// one table, told apart by their kind: a name, a state and times in columns, by which lists are found, and two JSON
// texts: the request that made it, and what became known since.
//
//   resource    id, kind, name, status, created, modified, request, state
//   deployment  an endpoint's resolved plans: what is in service, and what is being put in service
//   tag         of a resource, in the order of their keys
//
// Rules the rest relies on:
//   1. A name is unique in its kind while its resource exists.
//   2. Writes go one after another, each a transaction; write() returns after the commit. Actions given to
//      Transaction::after() run when it has been committed, in the order of the commits, one at a time, on a thread of
//      this object: so what job/ and hosting/ are asked for has the order of what was answered, and an I/O thread waits
//      for none of it.
//   3. Reads see whole transactions and wait for no write, only for one of `readers` connections.
//   4. An id is never used twice: who kept one finds nothing once its resource is deleted, whatever has the name now.
//
// Errors of every method: as sql::Database.
//
// Thread safety: safe from any thread. A Transaction belongs to the thread of write().

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/json.h"
#include "base/result.h"
#include "base/time.h"
#include "control/list_query.h"
#include "control/resource.h"

namespace chiliad::sql {
class Database;
}

namespace chiliad::control {

struct Tag {
  std::string key;
  std::string value;
};

class Transaction {
 public:
  Result<std::optional<Resource>> find(ResourceKind kind, std::string_view name);
  // With this id, and of this kind.
  Result<std::optional<Resource>> find(ResourceKind kind, std::int64_t id);
  Result<bool> exists(ResourceKind kind, std::string_view name);
  // Sets resource.id. Requires: no resource of the kind has the name (kConflict otherwise).
  Result<Done> insert(Resource& resource);
  // Status, modified and state.
  Result<Done> update(const Resource& resource);
  // With its tags and deployments.
  Result<Done> erase(std::int64_t id);
  Result<std::int64_t> count(ResourceKind kind);
  // Those whose status is InProgress or Stopping, of all three kinds of jobs.
  Result<std::int64_t> count_running_jobs();
  // Training, processing and transform jobs, ended ones included. Cost: 5 ms for a million.
  Result<std::int64_t> count_jobs();
  // Of these the `count` oldest that have ended, with their tags and deployments.
  Result<Done> erase_oldest_jobs(std::int64_t count);
  // Resources of a kind whose status is one of those that end by themselves, oldest first.
  Result<std::vector<Resource>> unfinished(ResourceKind kind);
  Result<std::vector<Resource>> all(ResourceKind kind);

  Result<Done> set_tags(std::int64_t id, const std::vector<Tag>& tags);
  Result<Done> remove_tags(std::int64_t id, const std::vector<std::string>& keys);
  Result<std::vector<Tag>> tags(std::int64_t id);

  // `pending`: what is being put in service; otherwise what is in service.
  Result<Done> set_deployment(std::int64_t id, bool pending, const aws::Json& plan);
  Result<Done> erase_deployment(std::int64_t id, bool pending);
  Result<std::optional<aws::Json>> deployment(std::int64_t id, bool pending);

  void after(std::function<void()> action) { after_.push_back(std::move(action)); }

 private:
  friend class Resources;
  explicit Transaction(sql::Database& database) : database_(database) {}

  sql::Database& database_;
  std::vector<std::function<void()>> after_;
};

class Resources {
 public:
  struct Page {
    std::vector<Resource> resources;  // Their requests are not read.
    std::string next_token;           // Empty: the last page.
  };

  // Requires: readers >= 1.
  static Result<std::unique_ptr<Resources>> open(const std::filesystem::path& file, bool sync, int readers);
  ~Resources();

  Result<std::optional<Resource>> find(ResourceKind kind, std::string_view name);
  Result<std::optional<Resource>> find(ResourceKind kind, std::int64_t id);
  Result<Page> list(const ListQuery& query);
  // At most `count` of them, those behind the key `after`.
  Result<std::vector<Tag>> tags(std::int64_t id, std::string_view after, std::int64_t count);
  Result<std::optional<aws::Json>> deployment(std::int64_t id, bool pending);

  // Runs `body` in a transaction. Its failure, or the commit's, takes everything back, and the actions with it.
  Result<Done> write(const std::function<Result<Done>(Transaction&)>& body);

  // Returns when every action of what was committed before has run, or false at the deadline.
  bool wait_for_actions(Deadline deadline);
  // Waits for the action that runs; no other runs any more.
  void stop_actions();

 private:
  struct State;
  explicit Resources(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::control
