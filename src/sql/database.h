// A SQLite database file: opened with our settings, migrated, its statements prepared once, its failures as Results.
//
//   constexpr std::string_view kMigrations[] = {"CREATE TABLE key (id TEXT PRIMARY KEY, secret TEXT NOT NULL)"};
//   constexpr sql::Query kFind = {"find a key", "SELECT secret FROM key WHERE id = ?1"};
//
//   Result<sql::Database> database = sql::Database::open(path, kMigrations, {});
//   Result<std::optional<std::string>> secret = database->first(
//       kFind, [](const sql::Statement& row) { return std::string(row.column_text(0)); }, id);
//
// Promises:
//   1. What a transaction committed survives kill -9; what it did not commit is gone whole. A power cut leaves a file
//      that is whole too, but may take back the last commits unless Options::sync is set (then each commit is an
//      fsync).
//   2. Readers do not wait for writers nor the other way round (WAL), each with a Database of its own on the same file.
//   3. Every error names the file, what was being done and SQLite's words: "/h/state/a.db: find a key: disk I/O error".
//
// Migrations: a list of SQL texts, of which the file's user_version tells how many it has had; open() runs the rest,
// each in one transaction. A published text is never changed: append another.
//
// Error codes of every method: kNoSpace: disk full or out of memory; kUnavailable: locked for longer than the busy
// timeout, or an I/O error; kCorrupt: damaged, no database, or not with our tables; kForbidden: may not be written;
// kConflict: a constraint (UNIQUE, CHECK, ...) does not hold; kTooLarge: a value over SQLite's 1e9 bytes.
//
// Source: sqlite.org/c3ref, sqlite.org/wal.html, sqlite.org/pragma.html.
//
// Thread safety: a Database and its Statements belong to one thread at a time.

#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"

namespace chiliad::sql {

// A statement and what it is for, in the words of an error message. Usually a constant; both texts outlive the call.
struct Query {
  std::string_view purpose;
  std::string_view sql;
};

// A value that is bound as a blob.
struct Blob {
  std::string_view bytes;
};

struct Options {
  bool sync = false;       // Each commit survives a power cut.
  bool read_only = false;  // The connection refuses to write. The file must exist and have had all migrations.
  std::chrono::milliseconds busy_timeout{10'000};  // How long to wait for another connection's lock.
};

// One use of a prepared statement: bind, then step until false. Its end makes the statement ready for the next use.
// Requires: goes before its Database does.
class [[nodiscard]] Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Sets ?index (from 1). Bytes are copied. A failure is told by the next step().
  // Requires: the statement has such a parameter, and step() has not been called since the start or reset().
  template <std::integral T>
  Statement& bind(int index, T value) {
    return bind_int64(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, Blob blob) { return bind_blob(index, blob.bytes); }
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  template <class T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind_null(index);
  }

  // True: a row is there to be read; false: the statement is done.
  Result<bool> step();
  // Steps to the end: for statements without rows.
  Result<Done> run();
  // Ready for other values: parameters not bound again keep theirs.
  Statement& reset();

  // Columns of the row (from 0), converted as SQLite does; NULL is 0 or empty. Texts are valid until the next step().
  std::int64_t column_int64(int column) const;
  double column_double(int column) const;
  std::string_view column_text(int column) const;
  std::string_view column_blob(int column) const;
  bool column_is_null(int column) const;

 private:
  friend class Database;
  struct Prepared;
  explicit Statement(Prepared* prepared) : prepared_(prepared) {}
  Statement& bind_int64(int index, std::int64_t value);
  void note(int result);

  Prepared* prepared_;  // Null after a move.
  int first_failure_ = 0;
};

// What a reader of rows gives: T, whether it returns T or Result<T>.
template <class T>
struct Read {
  using Value = T;
};
template <class T>
struct Read<Result<T>> {
  using Value = T;
};
template <class Reader>
using ReadValue = typename Read<std::invoke_result_t<Reader&, const Statement&>>::Value;

class [[nodiscard]] Database {
 public:
  // Opens or makes the file (its folder must exist) and runs the migrations that it has not had.
  // Errors besides those above: kNotFound: no such folder; kInvalid: the file has had more migrations than there are,
  // so a newer program made it; kUnavailable: its file system cannot do WAL.
  static Result<Database> open(const std::filesystem::path& path, std::span<const std::string_view> migrations,
                               const Options& options);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Prepared at the first use and kept; the same query twice at a time gives a second one.
  Result<Statement> prepare(const Query& query);

  // prepare, bind all values in order.
  template <class... Values>
  Result<Statement> bound(const Query& query, const Values&... values) {
    Result<Statement> statement = prepare(query);
    int index = 0;
    if (statement) (statement->bind(++index, values), ...);
    return statement;
  }
  // The same, run to its end.
  template <class... Values>
  Result<Done> run(const Query& query, const Values&... values) {
    Result<Statement> statement = bound(query, values...);
    return statement ? statement->run() : Result<Done>(std::move(statement).error());
  }
  // The same, body(row) called for each row, until it returns false or an error. It may return nothing, Done or bool,
  // and each of the latter as a Result. The row is a const Statement&.
  template <class Body, class... Values>
  Result<Done> each(const Query& query, Body&& body, const Values&... values) {
    Result<Statement> statement = bound(query, values...);
    if (!statement) return std::move(statement).error();
    while (true) {
      Result<bool> row = statement->step();
      if (!row) return std::move(row).error();
      if (!*row) return Done{};
      const Statement& read = *statement;
      using Returned = std::invoke_result_t<Body&, const Statement&>;
      if constexpr (std::is_void_v<Returned>) {
        body(read);
      } else {
        Result<typename Read<Returned>::Value> told = body(read);
        if (!told) return std::move(told).error();
        if constexpr (std::is_same_v<typename Read<Returned>::Value, bool>) {
          if (!*told) return Done{};
        }
      }
    }
  }
  // What read(row) gives for each row.
  template <class Reader, class... Values>
  Result<std::vector<ReadValue<Reader>>> all(const Query& query, Reader&& read, const Values&... values) {
    std::vector<ReadValue<Reader>> found;
    Result<Done> done = each(
        query,
        [&](const Statement& row) -> Result<Done> {
          Result<ReadValue<Reader>> value = read(row);
          if (!value) return std::move(value).error();
          found.push_back(*std::move(value));
          return Done{};
        },
        values...);
    if (!done) return std::move(done).error();
    return found;
  }
  // For the first row; unset when there is none.
  template <class Reader, class... Values>
  Result<std::optional<ReadValue<Reader>>> first(const Query& query, Reader&& read, const Values&... values) {
    Result<Statement> statement = bound(query, values...);
    if (!statement) return std::move(statement).error();
    Result<bool> row = statement->step();
    if (!row) return std::move(row).error();
    if (!*row) return std::optional<ReadValue<Reader>>();
    Result<ReadValue<Reader>> value = read(std::as_const(*statement));
    if (!value) return std::move(value).error();
    return std::optional<ReadValue<Reader>>(*std::move(value));
  }
  // Whether there is a row.
  template <class... Values>
  Result<bool> has(const Query& query, const Values&... values) {
    Result<Statement> statement = bound(query, values...);
    return statement ? statement->step() : Result<bool>(std::move(statement).error());
  }
  // The first column of the first row; 0 when there is none.
  template <class... Values>
  Result<std::int64_t> number(const Query& query, const Values&... values) {
    Result<std::optional<std::int64_t>> found = first(
        query, [](const Statement& row) { return row.column_int64(0); }, values...);
    if (!found) return std::move(found).error();
    return found->value_or(0);
  }

  // Runs `body` in a transaction that may write (BEGIN IMMEDIATE): its Result is returned; an Error, or a commit that
  // fails, takes everything back. Statements used in it must be gone or done when it returns.
  // Requires: not within another transaction.
  template <class Body>
  auto transaction(Body&& body) -> decltype(body()) {
    Result<Done> begun = begin();
    if (!begun) return std::move(begun).error();
    auto result = body();
    if (!result) {
      roll_back();
      return result;
    }
    Result<Done> committed = commit();
    if (!committed) return std::move(committed).error();
    return result;
  }

  // Rows that the last INSERT, UPDATE or DELETE touched.
  std::int64_t changes() const;
  std::int64_t last_insert_id() const;

  // Moves what the write-ahead log holds into the file, as far as no reader is in the way. It happens by itself too, in
  // the commit that makes the log larger than 4 MB.
  Result<Done> checkpoint();

  const std::filesystem::path& path() const;

 private:
  friend class Statement;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  Result<Done> configure(const Options& options);
  Result<Done> migrate(std::span<const std::string_view> migrations, const Options& options);
  Result<std::int64_t> user_version();
  Result<Done> execute(std::string_view purpose, const std::string& sql);
  Result<Done> begin();
  Result<Done> commit();
  void roll_back();

  std::unique_ptr<State> state_;
};

}  // namespace chiliad::sql
