// Makes SQLite's writes count for fail_writes_after() (base/file.h), so that tests can fill the disk under a database.
//
// Thread safety: safe from any thread.

#pragma once

namespace chiliad::sql {

// Once in a process, before the first database is opened; later calls do nothing.
void count_sqlite_writes();

}  // namespace chiliad::sql
