// Journal: which models are done, so that a killed run goes on where it was and only what changed is trained again.
//
//     archive written whole (store.put)  ->  store.sync() for a batch  ->  the batch's records appended here
//
// A model is acknowledged when its record is written. Rules the rest relies on:
//
//   1. A record is there whole or not at all: each is one line that begins with its checksum. What a kill or a full
//      disk cut off is dropped at the next open; a line damaged in the middle costs no other.
//   2. A record is only written after its archive; so losing records costs training time, never a model.
//   3. The folder holds one journal a shard (journal-<i>-of-<n>) and all of them are read, so a fleet trained by four
//      shards can be continued by one. The newest record of a key counts.
//   4. One writer a journal: a lock on lock-<i>-of-<n>, which ends with the process however it ends. A trainer that
//      deals the keys out over another number of shards is refused while one is at work.
//
// The file by bytes: doc/training.md, "The journal".
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"
#include "train/series_report.h"

namespace chiliad::train {

// What a model was made of. Two equal stamps make the same model, bit by bit.
struct Stamp {
  std::uint64_t data = 0;     // content_hash of the series' bytes.
  std::uint64_t options = 0;  // Of everything else that shapes the archive.
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

struct JournalRecord {
  std::int64_t time_ms = 0;  // UTC, when it was written: the newest record of a key counts.
  Stamp stamp;
  std::string etag;     // Of the stored archive.
  SeriesReport report;  // report.archive is the record's key.
};

class Journal {
 public:
  // Makes the folder if missing, takes the lock, reads all journals in the folder, drops a torn end of its own, and
  // rewrites its own when more than half of it is out of date. `shard` counts from 1.
  // Errors: kConflict: another trainer works on this shard, or with another number of shards; else as base/file.h.
  // Requires: 1 <= shard <= shards.
  static Result<Journal> open(const std::filesystem::path& folder, int shard, int shards);

  // Appends the records in one write, and waits until the disk has them with Durability::kSync. They are for the next
  // run: this object forgets what it knew of their archives, so that memory does not grow with the run. After a failure
  // the journal takes no more records; those it had stay. Errors: as base/file.h.
  Result<Done> append(const std::vector<JournalRecord>& records, Durability durability);

  // Tells the journal that the store holds this archive with this etag. Records of archives that were not confirmed
  // since open() do not count: somebody removed or replaced them.
  void confirm(std::string_view archive, std::string_view etag);

  // Whether a confirmed record says that this archive was made from just this.
  bool holds(std::string_view archive, const Stamp& stamp) const;

  // The report of the newest record of this archive. Errors: kNotFound; kCorrupt; as base/file.h.
  Result<SeriesReport> report_of(std::string_view archive) const;

  // Distinct archives on record since open(), less those appended since.
  std::size_t size() const { return entries_.size(); }

  // Lines dropped at open() because they were torn or damaged; for a message.
  std::size_t dropped_lines() const { return dropped_lines_; }

 private:
  struct Entry {
    std::int64_t time_ms = 0;
    Stamp stamp;
    std::uint64_t etag_hash = 0;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;  // Of the line, without its end.
    std::uint16_t file = 0;    // Index in files_.
    bool confirmed = false;
  };
  struct Scan;

  Journal() = default;
  Result<Done> take_lock(int shard, int shards);
  Result<Done> refuse_other_shard_counts(int shards) const;
  // Reads one journal into entries_. Returns the bytes of it that are sound.
  Result<Scan> read_file_into_index(const std::filesystem::path& path);
  Result<Done> open_own(const std::string& name);
  Result<Done> compact();
  void index(const JournalRecord& record, std::uint64_t offset, std::size_t length, std::uint16_t file);

  std::filesystem::path folder_;
  std::filesystem::path path_;  // Of the own journal.
  FileDescriptor lock_;
  std::vector<FileDescriptor> files_;         // Open for reading; the own one is files_[own_].
  std::vector<std::filesystem::path> paths_;  // Of files_.
  std::uint16_t own_ = 0;
  FileDescriptor writer_;
  std::uint64_t size_bytes_ = 0;  // Sound bytes of the own journal.
  std::uint64_t own_lines_ = 0;
  std::size_t dropped_lines_ = 0;
  bool broken_ = false;                               // A write failed.
  std::unordered_map<std::uint64_t, Entry> entries_;  // By content_hash of the archive's key: 80 bytes a series.
};

// One line of a journal without its end, and back. For tests and tools.
std::string journal_line(const JournalRecord& record);
// Errors: kCorrupt.
Result<JournalRecord> parse_journal_line(std::string_view line);

}  // namespace chiliad::train
