#include "control/resources.h"

#include <fmt/format.h>

#include <deque>
#include <thread>

#include "base/mutex.h"
#include "sql/database.h"

namespace chiliad::control {
namespace {

using aws::Json;
using sql::Database;
using sql::Query;
using sql::Statement;

// The name stands in resource_by_creation so that NameContains need not read the rows, which are long.
constexpr std::string_view kMigrations[] = {
    R"(CREATE TABLE resource (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         kind INTEGER NOT NULL,
         name TEXT NOT NULL,
         status TEXT NOT NULL,
         created INTEGER NOT NULL,
         modified INTEGER NOT NULL,
         request TEXT NOT NULL,
         state TEXT NOT NULL
       ) STRICT;
       CREATE UNIQUE INDEX resource_by_name ON resource (kind, name);
       CREATE INDEX resource_by_creation ON resource (kind, created, id, name);
       CREATE INDEX resource_by_status ON resource (kind, status, id);
       CREATE INDEX resource_by_status_and_creation ON resource (kind, status, created, id);
       CREATE TABLE deployment (
         resource INTEGER NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
         pending INTEGER NOT NULL,
         plan TEXT NOT NULL,
         PRIMARY KEY (resource, pending)
       ) STRICT, WITHOUT ROWID;
       CREATE TABLE tag (
         resource INTEGER NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
         key TEXT NOT NULL,
         value TEXT NOT NULL,
         PRIMARY KEY (resource, key)
       ) STRICT, WITHOUT ROWID)",
};

constexpr Query kFindByName = {"find a resource",
                               "SELECT id, kind, name, status, created, modified, state, request FROM resource "
                               "WHERE kind = ?1 AND name = ?2"};
constexpr Query kFindById = {"find a resource",
                             "SELECT id, kind, name, status, created, modified, state, request FROM resource "
                             "WHERE kind = ?1 AND id = ?2"};
constexpr Query kExists = {"find a name", "SELECT 1 FROM resource WHERE kind = ?1 AND name = ?2"};
constexpr Query kInsert = {"add a resource",
                           "INSERT INTO resource (kind, name, status, created, modified, request, state) "
                           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
constexpr Query kUpdate = {"change a resource",
                           "UPDATE resource SET status = ?2, modified = ?3, state = ?4 WHERE id = ?1"};
constexpr Query kErase = {"delete a resource", "DELETE FROM resource WHERE id = ?1"};
constexpr Query kCount = {"count resources", "SELECT count(*) FROM resource WHERE kind = ?1"};
constexpr Query kCountRunning = {"count running jobs",
                                 "SELECT count(*) FROM resource WHERE kind IN (1, 2, 3) AND status IN ('InProgress', "
                                 "'Stopping')"};
constexpr Query kCountJobs = {"count jobs", "SELECT count(*) FROM resource WHERE kind IN (1, 2, 3)"};
constexpr Query kEraseOldestJobs = {"forget the oldest jobs",
                                    "DELETE FROM resource WHERE id IN (SELECT id FROM resource WHERE kind IN (1, 2, 3) "
                                    "AND status NOT IN ('InProgress', 'Stopping') ORDER BY id LIMIT ?1)"};
constexpr Query kUnfinished = {"find what had not ended",
                               "SELECT id, kind, name, status, created, modified, state, request FROM resource "
                               "WHERE kind = ?1 AND status IN ('InProgress', 'Stopping', 'Creating', 'Updating', "
                               "'Deleting') ORDER BY id"};
constexpr Query kAll = {"read resources",
                        "SELECT id, kind, name, status, created, modified, state, request FROM resource "
                        "WHERE kind = ?1 ORDER BY id"};
constexpr Query kSetTag = {"set a tag",
                           "INSERT INTO tag (resource, key, value) VALUES (?1, ?2, ?3) "
                           "ON CONFLICT (resource, key) DO UPDATE SET value = excluded.value"};
constexpr Query kEraseTag = {"delete a tag", "DELETE FROM tag WHERE resource = ?1 AND key = ?2"};
constexpr Query kTags = {"read tags",
                         "SELECT key, value FROM tag WHERE resource = ?1 AND key > ?2 ORDER BY key LIMIT ?3"};
constexpr Query kSetDeployment = {"keep a deployment",
                                  "INSERT OR REPLACE INTO deployment (resource, pending, plan) VALUES (?1, ?2, ?3)"};
constexpr Query kEraseDeployment = {"forget a deployment",
                                    "DELETE FROM deployment WHERE resource = ?1 AND pending = ?2"};
constexpr Query kDeployment = {"read a deployment", "SELECT plan FROM deployment WHERE resource = ?1 AND pending = ?2"};

Result<Json> stored_json(std::string_view text, std::string_view name) {
  // What stands in the file was checked on its way in; the limits are for a file that somebody else wrote.
  Result<Json> json = aws::parse_json(text, {.max_bytes = std::size_t{64} << 20, .max_values = 10'000'000});
  if (!json) return Error{ErrorCode::kCorrupt, fmt::format("control.db: {}: {}", name, json.error().message)};
  if (!json->is_object()) return Error{ErrorCode::kCorrupt, fmt::format("control.db: {}: no JSON object", name)};
  return json;
}

// `columns`: id, kind, name, status, created, modified, state and, unless it is a list, request.
Result<Resource> read_row(const Statement& row, bool with_request) {
  Resource resource;
  resource.id = row.column_int64(0);
  resource.kind = static_cast<ResourceKind>(row.column_int64(1));
  resource.name = row.column_text(2);
  resource.status = row.column_text(3);
  resource.created = row.column_int64(4);
  resource.modified = row.column_int64(5);
  Result<Json> state = stored_json(row.column_text(6), resource.name);
  if (!state) return std::move(state).error();
  resource.state = std::move(*state);
  if (!with_request) return resource;
  Result<Json> request = stored_json(row.column_text(7), resource.name);
  if (!request) return std::move(request).error();
  resource.request = std::move(*request);
  return resource;
}

Result<Resource> read_whole(const Statement& row) { return read_row(row, true); }

Result<std::vector<Tag>> read_tags(Database& database, std::int64_t id, std::string_view after, std::int64_t count) {
  const auto read = [](const Statement& row) {
    return Tag{std::string(row.column_text(0)), std::string(row.column_text(1))};
  };
  return database.all(kTags, read, id, after, count);
}

Result<std::optional<Json>> read_deployment(Database& database, std::int64_t id, bool pending) {
  const auto read = [](const Statement& row) { return stored_json(row.column_text(0), "a deployment"); };
  return database.first(kDeployment, read, id, static_cast<int>(pending));
}

// The text of a list's query: one of a few hundred, so that each is prepared once.
struct ListText {
  std::string sql;
  std::string_view sort_column;
};

ListText list_text(const ListQuery& query) {
  ListText text;
  text.sort_column = query.sort_by == ListQuery::SortBy::kName     ? "name"
                     : query.sort_by == ListQuery::SortBy::kStatus ? "status"
                                                                   : "created";
  text.sql = "SELECT id, kind, name, status, created, modified, state FROM resource WHERE kind = ?1";
  if (!query.name_contains.empty()) text.sql += " AND instr(name, ?2) > 0";
  if (!query.status.empty()) text.sql += " AND status = ?3";
  if (query.created_after) text.sql += " AND created > ?4";
  if (query.created_before) text.sql += " AND created < ?5";
  if (query.modified_after) text.sql += " AND modified > ?6";
  if (query.modified_before) text.sql += " AND modified < ?7";
  const std::string_view direction = query.descending ? "DESC" : "ASC";
  if (query.after) text.sql += fmt::format(" AND ({}, id) {} (?8, ?9)", text.sort_column, query.descending ? "<" : ">");
  text.sql += fmt::format(" ORDER BY {} {}, id {} LIMIT ?10", text.sort_column, direction, direction);
  return text;
}

void bind_list(Statement& statement, const ListQuery& query) {
  statement.bind(1, static_cast<int>(query.kind));
  if (!query.name_contains.empty()) statement.bind(2, query.name_contains);
  if (!query.status.empty()) statement.bind(3, query.status);
  if (query.created_after) statement.bind(4, *query.created_after);
  if (query.created_before) statement.bind(5, *query.created_before);
  if (query.modified_after) statement.bind(6, *query.modified_after);
  if (query.modified_before) statement.bind(7, *query.modified_before);
  if (query.after) {
    if (query.sort_by == ListQuery::SortBy::kCreationTime) {
      statement.bind(8, query.after->time);
    } else {
      statement.bind(8, query.after->text);
    }
    statement.bind(9, query.after->id);
  }
  // One more than the page tells whether there is another.
  statement.bind(10, query.max_results + 1);
}

Result<Resources::Page> read_page(Database& database, const ListQuery& query) {
  if (query.nothing) return Resources::Page{};
  const ListText text = list_text(query);
  Result<Statement> statement = database.prepare({"list resources", text.sql});
  if (!statement) return std::move(statement).error();
  bind_list(*statement, query);
  Resources::Page page;
  while (true) {
    Result<bool> row = statement->step();
    if (!row) return std::move(row).error();
    if (!*row) return page;
    if (page.resources.size() == static_cast<std::size_t>(query.max_results)) {
      if (!page.resources.empty()) page.next_token = next_token(query, page.resources.back());
      return page;
    }
    Result<Resource> resource = read_row(*statement, false);
    if (!resource) return std::move(resource).error();
    page.resources.push_back(std::move(*resource));
  }
}

}  // namespace

Result<std::optional<Resource>> Transaction::find(ResourceKind kind, std::string_view name) {
  return database_.first(kFindByName, read_whole, static_cast<int>(kind), name);
}

Result<std::optional<Resource>> Transaction::find(ResourceKind kind, std::int64_t id) {
  return database_.first(kFindById, read_whole, static_cast<int>(kind), id);
}

Result<bool> Transaction::exists(ResourceKind kind, std::string_view name) {
  Result<std::int64_t> found = database_.number(kExists, static_cast<int>(kind), name);
  if (!found) return std::move(found).error();
  return *found != 0;
}

Result<Done> Transaction::insert(Resource& resource) {
  Result<Done> added =
      database_.run(kInsert, static_cast<int>(resource.kind), resource.name, resource.status, resource.created,
                    resource.modified, aws::json_text(resource.request), aws::json_text(resource.state));
  if (added) resource.id = database_.last_insert_id();
  return added;
}

Result<Done> Transaction::update(const Resource& resource) {
  return database_.run(kUpdate, resource.id, resource.status, resource.modified, aws::json_text(resource.state));
}

Result<Done> Transaction::erase(std::int64_t id) { return database_.run(kErase, id); }

Result<std::int64_t> Transaction::count(ResourceKind kind) { return database_.number(kCount, static_cast<int>(kind)); }

Result<std::int64_t> Transaction::count_running_jobs() { return database_.number(kCountRunning); }

Result<std::int64_t> Transaction::count_jobs() { return database_.number(kCountJobs); }

Result<Done> Transaction::erase_oldest_jobs(std::int64_t count) { return database_.run(kEraseOldestJobs, count); }

Result<std::vector<Resource>> Transaction::unfinished(ResourceKind kind) {
  return database_.all(kUnfinished, read_whole, static_cast<int>(kind));
}

Result<std::vector<Resource>> Transaction::all(ResourceKind kind) {
  return database_.all(kAll, read_whole, static_cast<int>(kind));
}

Result<Done> Transaction::set_tags(std::int64_t id, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    Result<Done> set = database_.run(kSetTag, id, tag.key, tag.value);
    if (!set) return set;
  }
  return Done{};
}

Result<Done> Transaction::remove_tags(std::int64_t id, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    Result<Done> removed = database_.run(kEraseTag, id, key);
    if (!removed) return removed;
  }
  return Done{};
}

Result<std::vector<Tag>> Transaction::tags(std::int64_t id) { return read_tags(database_, id, {}, INT64_MAX); }

Result<Done> Transaction::set_deployment(std::int64_t id, bool pending, const Json& plan) {
  return database_.run(kSetDeployment, id, static_cast<int>(pending), aws::json_text(plan));
}

Result<Done> Transaction::erase_deployment(std::int64_t id, bool pending) {
  return database_.run(kEraseDeployment, id, static_cast<int>(pending));
}

Result<std::optional<Json>> Transaction::deployment(std::int64_t id, bool pending) {
  return read_deployment(database_, id, pending);
}

struct Resources::State {
  explicit State(Database opened) : writer(std::move(opened)) {}

  // Held over the transaction: it is what makes writes go one after another.
  Mutex write_mutex;
  Database writer CHILIAD_GUARDED_BY(write_mutex);

  Mutex readers_mutex;
  Condition reader_is_back;
  std::vector<std::unique_ptr<Database>> readers CHILIAD_GUARDED_BY(readers_mutex);

  // Actions of committed transactions, in the order of the commits. The mutex is taken after write_mutex, never before.
  // Each belongs to one answered operation; while the disk is full, which keeps actions waiting, nothing commits.
  Mutex actions_mutex;
  Condition actions_changed;
  std::deque<std::function<void()>> actions CHILIAD_GUARDED_BY(actions_mutex);
  std::uint64_t actions_added CHILIAD_GUARDED_BY(actions_mutex) = 0;
  std::uint64_t actions_run CHILIAD_GUARDED_BY(actions_mutex) = 0;
  bool stopping CHILIAD_GUARDED_BY(actions_mutex) = false;
  std::thread actor;

  // A reader for the length of a call.
  class Reader {
   public:
    explicit Reader(State& state) : state_(state) {
      MutexLock lock(state_.readers_mutex);
      // Each holder is inside one short query, which the busy time-out of its connection bounds.
      while (state_.readers.empty()) state_.reader_is_back.wait(state_.readers_mutex);
      database_ = std::move(state_.readers.back());
      state_.readers.pop_back();
    }
    ~Reader() {
      {
        MutexLock lock(state_.readers_mutex);
        state_.readers.push_back(std::move(database_));
      }
      state_.reader_is_back.notify_one();
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    Database& operator*() { return *database_; }

   private:
    State& state_;
    std::unique_ptr<Database> database_;
  };

  Result<Done> write(const std::function<Result<Done>(Transaction&)>& body) {
    MutexLock lock(write_mutex);
    Transaction transaction(writer);
    Result<Done> done = writer.transaction([&] { return body(transaction); });
    if (!done || transaction.after_.empty()) return done;
    MutexLock actions_lock(actions_mutex);
    for (std::function<void()>& action : transaction.after_) actions.push_back(std::move(action));
    actions_added += transaction.after_.size();
    actions_changed.notify_all();
    return done;
  }

  void run_actions() {
    while (true) {
      std::function<void()> next;
      {
        MutexLock lock(actions_mutex);
        while (!stopping && actions.empty()) actions_changed.wait(actions_mutex);
        if (stopping) return;
        next = std::move(actions.front());
        actions.pop_front();
      }
      next();
      MutexLock lock(actions_mutex);
      ++actions_run;
      actions_changed.notify_all();
    }
  }
};

Resources::Resources(std::unique_ptr<State> state) : state_(std::move(state)) {}
Resources::~Resources() { stop_actions(); }

Result<std::unique_ptr<Resources>> Resources::open(const std::filesystem::path& file, bool sync, int readers) {
  Result<Database> writer = Database::open(file, kMigrations, {.sync = sync});
  if (!writer) return std::move(writer).error();
  auto state = std::make_unique<State>(std::move(*writer));
  for (int i = 0; i < readers; ++i) {
    Result<Database> reader = Database::open(file, kMigrations, {.read_only = true});
    if (!reader) return std::move(reader).error();
    MutexLock lock(state->readers_mutex);
    state->readers.push_back(std::make_unique<Database>(std::move(*reader)));
  }
  state->actor = std::thread([&actions = *state] { actions.run_actions(); });
  return std::unique_ptr<Resources>(new Resources(std::move(state)));
}

Result<std::optional<Resource>> Resources::find(ResourceKind kind, std::string_view name) {
  State::Reader reader(*state_);
  return (*reader).first(kFindByName, read_whole, static_cast<int>(kind), name);
}

Result<std::optional<Resource>> Resources::find(ResourceKind kind, std::int64_t id) {
  State::Reader reader(*state_);
  return (*reader).first(kFindById, read_whole, static_cast<int>(kind), id);
}

Result<Resources::Page> Resources::list(const ListQuery& query) {
  State::Reader reader(*state_);
  return read_page(*reader, query);
}

Result<std::vector<Tag>> Resources::tags(std::int64_t id, std::string_view after, std::int64_t count) {
  State::Reader reader(*state_);
  return read_tags(*reader, id, after, count);
}

Result<std::optional<Json>> Resources::deployment(std::int64_t id, bool pending) {
  State::Reader reader(*state_);
  return read_deployment(*reader, id, pending);
}

Result<Done> Resources::write(const std::function<Result<Done>(Transaction&)>& body) { return state_->write(body); }

bool Resources::wait_for_actions(Deadline deadline) {
  MutexLock lock(state_->actions_mutex);
  const std::uint64_t target = state_->actions_added;
  while (state_->actions_run < target && !state_->stopping)
    if (!state_->actions_changed.wait_until(state_->actions_mutex, deadline)) return state_->actions_run >= target;
  return state_->actions_run >= target;
}

void Resources::stop_actions() {
  {
    MutexLock lock(state_->actions_mutex);
    state_->stopping = true;
    state_->actions_changed.notify_all();
  }
  if (state_->actor.joinable()) state_->actor.join();
}

}  // namespace chiliad::control
