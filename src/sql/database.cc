#include "sql/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "sql/pretended_disk.h"

namespace chiliad::sql {
namespace {

namespace fs = std::filesystem;

constexpr Query kBegin = {"begin a transaction", "BEGIN IMMEDIATE"};
constexpr Query kCommit = {"commit", "COMMIT"};
constexpr Query kRollBack = {"roll back", "ROLLBACK"};

ErrorCode code_of(int result, int system_errno) {
  switch (result & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_NOMEM: return ErrorCode::kNoSpace;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR: return ErrorCode::kCorrupt;  // Our statements are right for our tables: these are not ours.
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ErrorCode::kForbidden;
    case SQLITE_CONSTRAINT: return ErrorCode::kConflict;
    case SQLITE_TOOBIG: return ErrorCode::kTooLarge;
    case SQLITE_IOERR:
      if (result == SQLITE_IOERR_SHMSIZE) return ErrorCode::kNoSpace;
      [[fallthrough]];
    case SQLITE_CANTOPEN: return system_errno == 0 ? ErrorCode::kUnavailable : system_error("", "", system_errno).code;
    default: return ErrorCode::kUnavailable;
  }
}

struct CloseConnection {
  // With statements still alive it would close later; we finalize them before.
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

struct Statement::Prepared {
  Database::State* database;
  std::string purpose;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle;
  bool in_use = false;
};

struct Database::State {
  fs::path path;
  std::unique_ptr<sqlite3, CloseConnection> connection;
  std::vector<std::unique_ptr<std::string>> texts;  // What the keys of `statements` look at.
  // Usually one each; a second where a query is used while it runs. Freed before the connection.
  std::unordered_map<std::string_view, std::vector<std::unique_ptr<Statement::Prepared>>> statements;

  Error error(std::string_view purpose, int result) const {
    const int system_errno = connection == nullptr ? 0 : sqlite3_system_errno(connection.get());
    const bool its_own = connection != nullptr && sqlite3_extended_errcode(connection.get()) == result;
    std::string words = its_own ? sqlite3_errmsg(connection.get()) : sqlite3_errstr(result);
    const int primary = result & 0xFF;
    if ((primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) && system_errno != 0)
      words += fmt::format(" ({})", std::generic_category().message(system_errno));
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
      words += "; restore the file from a backup, or move it away to begin with an empty one";
    return {code_of(result, system_errno), fmt::format("{}: {}: {}", path.string(), purpose, words)};
  }
};

Statement::Statement(Statement&& other) noexcept
    : prepared_(std::exchange(other.prepared_, nullptr)), first_failure_(other.first_failure_) {}

Statement::~Statement() {
  if (prepared_ == nullptr) return;
  sqlite3_reset(prepared_->handle.get());
  sqlite3_clear_bindings(prepared_->handle.get());
  prepared_->in_use = false;
}

void Statement::note(int result) {
  CHILIAD_CHECK(result != SQLITE_RANGE && result != SQLITE_MISUSE);
  if (result != SQLITE_OK && first_failure_ == SQLITE_OK) first_failure_ = result;
}

Statement& Statement::bind_int64(int index, std::int64_t value) {
  note(sqlite3_bind_int64(prepared_->handle.get(), index, value));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  note(sqlite3_bind_double(prepared_->handle.get(), index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would be NULL.
  const char* start = text.data() == nullptr ? "" : text.data();
  note(sqlite3_bind_text64(prepared_->handle.get(), index, start, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* start = bytes.data() == nullptr ? "" : bytes.data();
  note(sqlite3_bind_blob64(prepared_->handle.get(), index, start, bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null(int index) {
  note(sqlite3_bind_null(prepared_->handle.get(), index));
  return *this;
}

Result<bool> Statement::step() {
  const int result = first_failure_ != SQLITE_OK ? first_failure_ : sqlite3_step(prepared_->handle.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  CHILIAD_CHECK(result != SQLITE_MISUSE);
  return prepared_->database->error(prepared_->purpose, result);
}

Result<Done> Statement::run() {
  while (true) {
    Result<bool> row = step();
    if (!row) return std::move(row).error();
    if (!*row) return Done{};
  }
}

Statement& Statement::reset() {
  sqlite3_reset(prepared_->handle.get());
  first_failure_ = SQLITE_OK;
  return *this;
}

std::int64_t Statement::column_int64(int column) const { return sqlite3_column_int64(prepared_->handle.get(), column); }

double Statement::column_double(int column) const { return sqlite3_column_double(prepared_->handle.get(), column); }

std::string_view Statement::column_text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared_->handle.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(prepared_->handle.get(), column))};
}

std::string_view Statement::column_blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared_->handle.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_->handle.get(), column))};
}

bool Statement::column_is_null(int column) const {
  return sqlite3_column_type(prepared_->handle.get(), column) == SQLITE_NULL;
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const fs::path& path, std::span<const std::string_view> migrations,
                                const Options& options) {
  count_sqlite_writes();
  auto state = std::make_unique<State>();
  // Absolute, so that no path looks like a URI, which this SQLite would take apart.
  std::error_code failed;
  state->path = fs::absolute(path, failed);
  if (failed) return system_error("open", path, failed.value());
  const int flags = SQLITE_OPEN_READWRITE | (options.read_only ? 0 : SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE;
  sqlite3* connection = nullptr;
  const int result = sqlite3_open_v2(state->path.c_str(), &connection, flags, nullptr);
  state->connection.reset(connection);
  if (result != SQLITE_OK) return state->error("open", result);
  Database database(std::move(state));
  Result<Done> ready = database.configure(options);
  if (ready) ready = database.migrate(migrations, options);
  if (!ready) return std::move(ready).error();
  return database;
}

Result<Done> Database::configure(const Options& options) {
  sqlite3* connection = state_->connection.get();
  sqlite3_busy_timeout(connection, static_cast<int>(options.busy_timeout.count()));
  // Somebody else may have written the file: its schema may call nothing and may not be written around.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // NORMAL: the log is synchronised before it is moved into the file, so that a power cut leaves the file whole.
  Result<Done> set = execute(
      "open", fmt::format("PRAGMA synchronous = {}; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA "
                          "temp_store = MEMORY; PRAGMA query_only = {}",
                          options.sync ? "FULL" : "NORMAL", options.read_only ? "ON" : "OFF"));
  if (!set || options.read_only) return set;
  Result<Statement> wal = prepare({"open", "PRAGMA journal_mode = WAL"});
  if (!wal) return std::move(wal).error();
  Result<bool> row = wal->step();
  if (!row) return std::move(row).error();
  if (*row && wal->column_text(0) == "wal") return Done{};
  return Error{ErrorCode::kUnavailable,
               fmt::format("{}: open: its file system cannot hold a write-ahead log (shared memory is missing, as on "
                           "network file systems); put it on a local disk",
                           path().string())};
}

Result<std::int64_t> Database::user_version() {
  Result<Statement> get = prepare({"read its version", "PRAGMA user_version"});
  if (!get) return std::move(get).error();
  Result<bool> row = get->step();
  if (!row) return std::move(row).error();
  return *row ? get->column_int64(0) : 0;
}

Result<Done> Database::migrate(std::span<const std::string_view> migrations, const Options& options) {
  const auto known = static_cast<std::int64_t>(migrations.size());
  while (true) {
    Result<std::int64_t> version = user_version();
    if (!version) return std::move(version).error();
    if (*version < 0 || *version > known)
      return Error{ErrorCode::kInvalid, fmt::format("{}: open: its version is {}, and this program knows up to {}: use "
                                                    "the newer program that made it",
                                                    path().string(), *version, known)};
    if (*version == known) return Done{};
    if (options.read_only)
      return Error{ErrorCode::kUnavailable,
                   fmt::format("{}: open: its version is {}, and {} is needed: open it for writing first",
                               path().string(), *version, known)};
    Result<Done> migrated = transaction([&]() -> Result<Done> {
      // Another process may have been quicker.
      Result<std::int64_t> now = user_version();
      if (!now) return std::move(now).error();
      if (*now != *version) return Done{};
      const auto next = static_cast<std::size_t>(*now);
      return execute(fmt::format("migrate to version {}", next + 1),
                     fmt::format("{};\nPRAGMA user_version = {}", migrations[next], next + 1));
    });
    if (!migrated) return migrated;
  }
}

Result<Done> Database::execute(std::string_view purpose, const std::string& sql) {
  const int result = sqlite3_exec(state_->connection.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return state_->error(purpose, result);
  return Done{};
}

Result<Statement> Database::prepare(const Query& query) {
  auto found = state_->statements.find(query.sql);
  if (found == state_->statements.end()) {
    const std::string& text = *state_->texts.emplace_back(std::make_unique<std::string>(query.sql));
    found = state_->statements.try_emplace(text).first;
  }
  for (const std::unique_ptr<Statement::Prepared>& prepared : found->second)
    if (!prepared->in_use) {
      prepared->in_use = true;
      return Statement(prepared.get());
    }
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v3(state_->connection.get(), query.sql.data(), static_cast<int>(query.sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (result != SQLITE_OK) return state_->error(query.purpose, result);
  auto prepared = std::make_unique<Statement::Prepared>();
  prepared->database = state_.get();
  prepared->purpose = query.purpose;
  prepared->handle.reset(handle);
  prepared->in_use = true;
  return Statement(found->second.emplace_back(std::move(prepared)).get());
}

Result<Done> Database::begin() {
  CHILIAD_CHECK(sqlite3_get_autocommit(state_->connection.get()) != 0);
  return run(kBegin);
}

Result<Done> Database::commit() {
  Result<Done> committed = run(kCommit);
  if (!committed) roll_back();
  return committed;
}

void Database::roll_back() {
  // SQLite may have done it already, after a full disk for one. A rollback reports errors that were reported before.
  if (sqlite3_get_autocommit(state_->connection.get()) == 0) static_cast<void>(run(kRollBack));
  CHILIAD_CHECK(sqlite3_get_autocommit(state_->connection.get()) != 0);
}

std::int64_t Database::changes() const { return sqlite3_changes64(state_->connection.get()); }

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(state_->connection.get()); }

Result<Done> Database::checkpoint() {
  const int result =
      sqlite3_wal_checkpoint_v2(state_->connection.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (result != SQLITE_OK && (result & 0xFF) != SQLITE_BUSY) return state_->error("checkpoint", result);
  return Done{};
}

const fs::path& Database::path() const { return state_->path; }

}  // namespace chiliad::sql
