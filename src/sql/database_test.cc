#include "sql/database.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "base/file.h"

namespace chiliad::sql {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE item (name TEXT PRIMARY KEY, value INTEGER NOT NULL, bytes BLOB) STRICT",
    "ALTER TABLE item ADD COLUMN note TEXT NOT NULL DEFAULT 'none'; CREATE INDEX by_value ON item (value)",
};
constexpr Query kInsert = {"add an item", "INSERT INTO item (name, value, bytes) VALUES (?1, ?2, ?3)"};
constexpr Query kAdd = {"add a name", "INSERT INTO item (name, value) VALUES (?1, ?2)"};
constexpr Query kFind = {"find an item", "SELECT value, bytes, note FROM item WHERE name = ?1"};
constexpr Query kCount = {"count items", "SELECT count(*) FROM item"};

class SqlDatabase : public testing::Test {
 protected:
  Database open(const Options& options = {}) {
    Result<Database> database = Database::open(path(), kMigrations, options);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(database).operator*();
  }
  std::filesystem::path path() const { return folder_->path() / "a.db"; }
  static std::int64_t count(Database& database) {
    Result<Statement> statement = database.prepare(kCount);
    EXPECT_TRUE(statement && *statement->step());
    return statement->column_int64(0);
  }

  Result<TempFolder> folder_ = TempFolder::make();
};

class SqlRows : public SqlDatabase {
 protected:
  SqlRows() : database_(open()) {
    for (const auto& [name, value] : {std::pair{"a", 1}, std::pair{"b", 2}, std::pair{"c", 3}})
      EXPECT_TRUE(database_.run(kAdd, name, value));
  }
  static constexpr Query kFrom = {"list items", "SELECT name, value FROM item WHERE value >= ?1 ORDER BY name"};
  static std::string name_of(const Statement& row) { return std::string(row.column_text(0)); }

  Database database_;
};

TEST_F(SqlRows, AreReadAllOrTheFirst) {
  EXPECT_EQ(*database_.all(kFrom, name_of, 2), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(*database_.first(kFrom, name_of, 2), "b");
  EXPECT_EQ(*database_.first(kFrom, name_of, 4), std::nullopt);
  EXPECT_EQ(*database_.number(kCount), 3);
  EXPECT_EQ(*database_.number(kFind, "none"), 0);
  EXPECT_TRUE(*database_.has(kFind, "a"));
  EXPECT_FALSE(*database_.has(kFind, "none"));
}

TEST_F(SqlRows, AreVisitedUntilTheVisitorSaysNo) {
  std::string seen;
  const auto until_b = [&](const Statement& row) {
    seen += row.column_text(0);
    return seen != "ab";
  };
  EXPECT_TRUE(database_.each(kFrom, until_b, 0));
  EXPECT_EQ(seen, "ab");
  const auto all = [&](const Statement& row) { seen += row.column_text(0); };
  EXPECT_TRUE(database_.each(kFrom, all, 0));
  EXPECT_EQ(seen, "ababc");
}

TEST_F(SqlRows, FailWithTheirReadersErrorOrTheStatementsOwn) {
  const auto refuse_b = [](const Statement& row) -> Result<std::int64_t> {
    if (row.column_text(0) == "b") return Error{ErrorCode::kCorrupt, "b is bad"};
    return row.column_int64(1);
  };
  EXPECT_EQ(database_.all(kFrom, refuse_b, 1).error().message, "b is bad");
  EXPECT_EQ(database_.first(kFrom, refuse_b, 2).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(**database_.first(kFrom, refuse_b, 1), 1);
  EXPECT_EQ(database_.each(kFrom, refuse_b, 2).error().message, "b is bad");
  constexpr Query kNoTable = {"find nothing", "SELECT 1 FROM nothing"};
  EXPECT_NE(database_.all(kNoTable, name_of).error().message.find("find nothing"), std::string::npos);
  EXPECT_FALSE(database_.number(kNoTable));
  EXPECT_FALSE(database_.has(kNoTable));
}

TEST_F(SqlRows, TakeBlobsAmongTheValues) {
  const std::string bytes("\0\xFF", 2);
  EXPECT_TRUE(database_.run(kInsert, "d", 4, Blob{bytes}));
  const auto blob = [](const Statement& row) { return std::string(row.column_blob(1)); };
  EXPECT_EQ(*database_.first(kFind, blob, "d"), bytes);
}

TEST_F(SqlDatabase, KeepsRowsFromOneOpeningToTheNext) {
  const std::string bytes("\0\xFF blob", 7);
  {
    Database database = open();
    Result<Statement> insert = database.prepare(kInsert);
    ASSERT_TRUE(insert);
    EXPECT_TRUE(insert->bind(1, "j\xC3\xBCrgen").bind(2, INT64_MIN).bind_blob(3, bytes).run());
    EXPECT_TRUE(insert->reset().bind(1, std::string_view()).bind(2, 7u).bind_null(3).run());
    EXPECT_EQ(database.changes(), 1);
    EXPECT_EQ(database.last_insert_id(), 2);
  }
  Database database = open();
  Result<Statement> find = database.prepare(kFind);
  ASSERT_TRUE(*find->bind(1, "j\xC3\xBCrgen").step());
  EXPECT_EQ(find->column_int64(0), INT64_MIN);
  EXPECT_EQ(find->column_blob(1), bytes);
  EXPECT_EQ(find->column_text(2), "none");
  EXPECT_FALSE(*find->step());
  ASSERT_TRUE(*find->reset().bind(1, std::optional<std::string>("")).step());
  EXPECT_TRUE(find->column_is_null(1));
  EXPECT_EQ(find->column_blob(1), "");
  EXPECT_FALSE(*find->reset().bind(1, std::optional<std::string>()).step());
}

TEST_F(SqlDatabase, AStatementIsReadyAgainWhenItsUseEnds) {
  Database database = open();
  ASSERT_TRUE(database.run(kAdd, "a", 1));
  ASSERT_TRUE(database.run(kAdd, "b", 2));
  for (const std::string name : {"a", "b", "a"}) {
    Result<Statement> outer = database.prepare(kFind);
    ASSERT_TRUE(*outer->bind(1, name).step());
    Result<Statement> inner = database.prepare(kFind);  // While the first is at a row.
    ASSERT_TRUE(*inner->bind(1, name == "a" ? "b" : "a").step());
    EXPECT_EQ(outer->column_int64(0) + inner->column_int64(0), 3);
  }
  Result<Statement> unbound = database.prepare(kFind);
  EXPECT_FALSE(*unbound->step()) << "values of the use before are gone";
}

TEST_F(SqlDatabase, ATransactionThatFailsTakesEverythingBack) {
  Database database = open();
  const Result<Done> failed = database.transaction([&]() -> Result<Done> {
    EXPECT_TRUE(database.run(kAdd, "a", 1));
    return Error{ErrorCode::kInvalid, "changed my mind"};
  });
  EXPECT_EQ(failed.error().message, "changed my mind");
  EXPECT_EQ(count(database), 0);
  const Result<int> answer = database.transaction([&]() -> Result<int> {
    EXPECT_TRUE(database.run(kAdd, "a", 1));
    return 42;
  });
  EXPECT_EQ(*answer, 42);
  EXPECT_EQ(count(database), 1);
}

TEST_F(SqlDatabase, ErrorsNameTheFileThePurposeAndSqlitesWords) {
  Database database = open();
  ASSERT_TRUE(database.run(kAdd, "a", 1));
  const Result<Done> twice = database.run(kAdd, "a", 2);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kConflict);
  EXPECT_EQ(twice.error().message, path().string() + ": add a name: UNIQUE constraint failed: item.name");
  const Result<Statement> wrong = database.prepare({"ask for more", "SELECT more FROM item"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, path().string() + ": ask for more: no such column: more");
}

TEST_F(SqlDatabase, RunsTheMigrationsThatAreMissing) {
  {
    Result<Database> old = Database::open(path(), std::span(kMigrations).first(1), {});
    ASSERT_TRUE(old);
    ASSERT_TRUE(old->run(kAdd, "a", 1));
  }
  Database database = open();
  Result<Statement> find = database.prepare(kFind);
  ASSERT_TRUE(find) << find.error().message;
  ASSERT_TRUE(*find->bind(1, "a").step());
  EXPECT_EQ(find->column_text(2), "none");
}

TEST_F(SqlDatabase, AMigrationThatFailsLeavesTheVersionBefore) {
  const std::string_view wrong[] = {kMigrations[0], "CREATE TABLE other (x INTEGER); CREATE TABLE item (x INTEGER)"};
  const Result<Database> failed = Database::open(path(), wrong, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, path().string() + ": migrate to version 2: table item already exists");
  Database database = open();  // Version 2 of the right kind applies to what is there.
  EXPECT_FALSE(database.prepare({"ask for what was taken back", "SELECT x FROM other"}));
  EXPECT_TRUE(database.run(kAdd, "a", 1));
}

TEST_F(SqlDatabase, AFileOfANewerProgramIsRefused) {
  { const Database made = open(); }
  const Result<Database> older = Database::open(path(), std::span(kMigrations).first(1), {});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kInvalid);
  EXPECT_NE(older.error().message.find("its version is 2, and this program knows up to 1"), std::string::npos)
      << older.error().message;
}

TEST_F(SqlDatabase, ADamagedFileSaysSo) {
  ASSERT_TRUE(write_file_atomically(path(), std::string(8192, 'x'), Durability::kNone));
  const Result<Database> no_database = Database::open(path(), kMigrations, {});
  ASSERT_FALSE(no_database);
  EXPECT_EQ(no_database.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(no_database.error().message.find(path().string() + ": "), std::string::npos);
  EXPECT_NE(no_database.error().message.find("file is not a database"), std::string::npos)
      << no_database.error().message;

  ASSERT_TRUE(std::filesystem::remove(path()));
  {
    Database database = open();
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(database.run(kAdd, std::to_string(i), i));
  }
  std::string bytes = *read_file(path());
  ASSERT_GT(bytes.size(), 16384u);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  ASSERT_TRUE(write_file_atomically(path(), bytes, Durability::kNone));
  Result<Database> damaged = Database::open(path(), kMigrations, {});
  ASSERT_TRUE(damaged) << "page 1 is whole";
  Result<Statement> find = damaged->prepare(kFind);
  ASSERT_TRUE(find);
  const Result<bool> row = find->bind(1, "7").step();
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code, ErrorCode::kCorrupt) << row.error().message;
}

TEST_F(SqlDatabase, AMissingFolderSaysSo) {
  const Result<Database> none = Database::open(folder_->path() / "none" / "a.db", kMigrations, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound) << none.error().message;
}

TEST_F(SqlDatabase, APathThatLooksLikeAUriIsAPath) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_->path());
  Result<Database> database = Database::open("file:a.db?mode=ro", kMigrations, {});
  std::filesystem::current_path(before);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_TRUE(std::filesystem::exists(folder_->path() / "file:a.db?mode=ro"));
}

TEST_F(SqlDatabase, AReadOnlyConnectionReadsAndRefusesToWrite) {
  EXPECT_EQ(Database::open(path(), kMigrations, {.read_only = true}).error().code, ErrorCode::kNotFound);
  Database writer = open();
  Database reader = open({.read_only = true});
  ASSERT_TRUE(writer.run(kAdd, "a", 1));
  EXPECT_EQ(count(reader), 1);
  EXPECT_EQ(reader.run(kAdd, "b", 1).error().code, ErrorCode::kForbidden);
}

TEST_F(SqlDatabase, ReadersGoOnWhileAWriterIsInItsTransaction) {
  Database writer = open();
  Database reader = open({.busy_timeout = std::chrono::milliseconds(0)});
  const Result<Done> written = writer.transaction([&]() -> Result<Done> {
    EXPECT_TRUE(writer.run(kAdd, "a", 1));
    EXPECT_EQ(count(reader), 0);
    const Result<Done> second = reader.run(kAdd, "b", 1);
    EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(second.error().message.find("database is locked"), std::string::npos) << second.error().message;
    return Done{};
  });
  ASSERT_TRUE(written);
  EXPECT_EQ(count(reader), 1);
}

TEST_F(SqlDatabase, WritersOfManyThreadsWaitForOneAnother) {
  { const Database made = open(); }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      Database database = open();
      for (int i = 0; i < 25; ++i) {
        const Result<Done> added =
            database.transaction([&] { return database.run(kAdd, std::to_string(t * 25 + i), i); });
        EXPECT_TRUE(added) << added.error().message;
      }
    });
  for (std::thread& thread : threads) thread.join();
  Database database = open();
  EXPECT_EQ(count(database), 100);
}

// The disk fills at every byte of a commit in turn: each transaction is there whole or not at all.
TEST_F(SqlDatabase, AFullDiskIsToldAndLosesNothingCommitted) {
  Database database = open();
  std::int64_t rows = 0;
  const std::string large(10'000, 'x');
  bool failed_once = false;
  for (std::uint64_t space = 0;; space += 1111) {
    fail_writes_after(space);
    const Result<Done> added = database.transaction([&]() -> Result<Done> {
      Result<Done> first = database.run(kAdd, std::to_string(space) + "a", 1);
      if (!first) return first;
      return database.run(kAdd, std::to_string(space) + large, 1);
    });
    fail_writes_after(UINT64_MAX);
    if (added) {
      rows += 2;
    } else {
      failed_once = true;
      EXPECT_EQ(added.error().code, ErrorCode::kNoSpace) << added.error().message;
    }
    ASSERT_EQ(count(database), rows);
    if (added) break;
  }
  EXPECT_TRUE(failed_once);
  Database again = open();
  EXPECT_EQ(count(again), rows);
}

TEST_F(SqlDatabase, AFullDiskAtTheFirstOpeningIsToldAndLeavesAFileThatOpensLater) {
  for (const std::uint64_t space : {0u, 100u, 4096u, 8192u, 12000u}) {
    fail_writes_after(space);
    const Result<Database> database = Database::open(path(), kMigrations, {});
    fail_writes_after(UINT64_MAX);
    ASSERT_FALSE(database) << space;
    EXPECT_EQ(database.error().code, ErrorCode::kNoSpace) << database.error().message;
  }
  Database database = open();
  EXPECT_TRUE(database.run(kAdd, "a", 1));
}

// What was acknowledged over the pipe is there after kill -9.
TEST_F(SqlDatabase, KillLosesNothingCommitted) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Result<Database> database = Database::open(path(), kMigrations, {});
    for (std::int64_t i = 0; database; ++i)
      if (!database->run(kAdd, std::to_string(i), i) || ::write(pipe_ends[1], "x", 1) != 1) break;
    ::_exit(1);
  }
  ::close(pipe_ends[1]);
  std::int64_t acknowledged = 0;
  char byte = 0;
  while (acknowledged < 500 && ::read(pipe_ends[0], &byte, 1) == 1) ++acknowledged;
  ::kill(child, SIGKILL);
  while (::read(pipe_ends[0], &byte, 1) == 1) ++acknowledged;
  ::close(pipe_ends[0]);
  ::waitpid(child, nullptr, 0);
  EXPECT_GE(acknowledged, 500);
  Database database = open();
  EXPECT_GE(count(database), acknowledged);
  EXPECT_LE(count(database), acknowledged + 1);
}

TEST_F(SqlDatabase, CheckpointEmptiesTheLogIntoTheFile) {
  Database database = open();
  const auto before = std::filesystem::file_size(path());
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(database.run(kAdd, std::to_string(i) + std::string(200, 'x'), i));
  ASSERT_TRUE(database.checkpoint());
  EXPECT_GT(std::filesystem::file_size(path()), before + 200 * 200);
}

}  // namespace
}  // namespace chiliad::sql
