// Method: group rows by customer in memory. When the budget is full there are two ways to make room.
//   - Customers have much each (on average kWorthAppending): append each one's rows to its file, which is written once
//     and costs an open and close for every few kilobytes.
//   - They have little each, as with a million customers in random order: a file would be opened for every row or two.
//     Then everything goes to a RowSpool, 32 files by hash, and each of these is grouped by itself in the same way
//     afterwards. 32 parts of what 32 budgets hold fit memory; a larger input is parted again.
// Appending ends with the first spooling, because a customer's rows in a spool would come after those appended later.
// Files are made by several threads: that is the kernel's work, two thirds of the time of a table of 12 MB.

#include "prepare/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "base/csv_field.h"
#include "base/mutex.h"
#include "prepare/row_groups.h"
#include "prepare/row_spool.h"
#include "prepare/series_folder.h"

namespace chiliad::prepare {
namespace {

constexpr std::uint64_t kWorthAppending = 4096;
constexpr std::uint64_t kRowsPerReport = 16'384;
constexpr std::size_t kWorthAThread = 64;  // Files.
// What the budget pays for besides the rows: the reader's window, inflate's buffers, a spool's 32 buffers.
constexpr std::uint64_t kOverhead = std::uint64_t{5} << 20;

// Rows in, files out; one for the input and one for each part that was set aside.
class Grouping {
 public:
  Grouping(SeriesFolderWriter& folder, RowGroups& groups, std::uint64_t budget, int threads, std::string name,
           unsigned depth, SplitReport& report)
      : folder_(folder),
        groups_(groups),
        budget_(budget),
        threads_(threads),
        name_(std::move(name)),
        depth_(depth),
        report_(report) {}

  // Room for `size` bytes of the customer's rows; nullptr when make_room() has to be called first.
  char* extend(std::string_view id, std::size_t size) {
    if (groups_.memory() > budget_) return nullptr;
    return groups_.extend(id, size);
  }

  Result<Done> make_room() {
    note_peak();
    std::uint64_t bytes = 0;
    for (const RowGroups::Group& group : groups_.groups()) bytes += group.bytes;
    const bool worth_appending =
        bytes / groups_.groups().size() >= kWorthAppending || depth_ + 1 >= RowSpool::kMaxDepth;
    Result<Done> made = spool_ || !worth_appending ? set_aside() : append_all(false);
    groups_.clear();
    return made;
  }

  // Writes what is left. Parts that were set aside are grouped in their turn.
  Result<Done> finish() {
    note_peak();
    Result<Done> made = spool_ ? set_aside() : append_all(!appended_ && depth_ == 0);
    groups_.clear();
    if (!made || !spool_) return made;
    if (made = spool_->finish(); !made) return made;
    for (std::size_t part = 0; part < RowSpool::kParts; ++part) {
      if (made = group_part(part); !made) return made;
    }
    return Done{};
  }

 private:
  void note_peak() { report_.peak_memory = std::max(report_.peak_memory, groups_.memory()); }

  // Of the errors one is told: the disk's reason is the same for all files.
  Result<Done> append_all(bool all_new) {
    const auto& groups = groups_.groups();
    std::atomic<std::size_t> next{0};
    Mutex mutex;
    Result<Done> first = Done{};
    const auto append_some = [&] {
      std::string buffer;
      for (std::size_t i = next++; i < groups.size(); i = next++) {
        Result<Done> done = append_group(groups[i], all_new, buffer);
        if (done) continue;
        next = groups.size();
        const MutexLock lock(mutex);
        if (first) first = std::move(done);
      }
    };
    std::vector<std::thread> others;
    const std::size_t wanted = std::min(static_cast<std::size_t>(threads_), groups.size() / kWorthAThread + 1);
    for (std::size_t i = 1; i < wanted; ++i) others.emplace_back(append_some);
    append_some();
    for (std::thread& other : others) other.join();
    appended_ = true;
    return first;
  }

  Result<Done> append_group(const RowGroups::Group& group, bool is_new, std::string& buffer) {
    return RowGroups::for_each_piece(group, buffer, [&](std::string_view rows) {
      return folder_.append(group.id, rows, std::exchange(is_new, false));
    });
  }

  Result<Done> set_aside() {
    if (!spool_) {
      Result<RowSpool> spool = RowSpool::make(folder_.scratch_path(name_), depth_);
      if (!spool) return std::move(spool).error();
      spool_ = std::make_unique<RowSpool>(*std::move(spool));
    }
    std::string buffer;
    for (const RowGroups::Group& group : groups_.groups()) {
      Result<Done> done = RowGroups::for_each_piece(group, buffer, [&](std::string_view rows) {
        report_.bytes_set_aside += rows.size();
        return spool_->add(group.hash, group.id, rows);
      });
      if (!done) return done;
    }
    return Done{};
  }

  Result<Done> group_part(std::size_t part) {
    const std::filesystem::path path = spool_->part_path(part);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return Done{};
    Result<RowSpoolReader> reader = RowSpoolReader::open(path);
    if (!reader) return std::move(reader).error();
    Grouping inner(folder_, groups_, budget_, threads_, fmt::format("{}-{}", name_, part), depth_ + 1, report_);
    while (true) {
      Result<bool> more = reader->next();
      if (!more) return std::move(more).error();
      if (!*more) break;
      char* room = inner.extend(reader->id(), reader->rows().size());
      if (room == nullptr) {
        if (Result<Done> made = inner.make_room(); !made) return made;
        room = groups_.extend(reader->id(), reader->rows().size());
      }
      std::memcpy(room, reader->rows().data(), reader->rows().size());
    }
    std::filesystem::remove(path, ignored);  // Its rows are in memory or in the inner parts: frees the disk early.
    return inner.finish();
  }

  SeriesFolderWriter& folder_;
  RowGroups& groups_;
  const std::uint64_t budget_;
  const int threads_;
  const std::string name_;
  const unsigned depth_;
  SplitReport& report_;
  bool appended_ = false;
  std::unique_ptr<RowSpool> spool_;
};

// "timestamp,value\n", or "timestamp,value,further\n". A comma can stand in a timestamp only, before a second's
// fraction; `further` is made as it will stand there, quotes included.
class RowText {
 public:
  RowText(std::string_view timestamp, std::string_view value, std::string_view further)
      : timestamp_(timestamp),
        value_(value),
        further_(further),
        quoted_(timestamp.size() > 19 && timestamp.find(',') != timestamp.npos) {}

  std::size_t size() const { return timestamp_.size() + value_.size() + further_.size() + 2 + (quoted_ ? 2 : 0); }

  void write(char* to) const {
    if (quoted_) *to++ = '"';
    std::memcpy(to, timestamp_.data(), timestamp_.size());
    to += timestamp_.size();
    if (quoted_) *to++ = '"';
    *to++ = ',';
    if (!value_.empty()) std::memcpy(to, value_.data(), value_.size());
    to += value_.size();
    if (!further_.empty()) std::memcpy(to, further_.data(), further_.size());
    to[further_.size()] = '\n';
  }

 private:
  std::string_view timestamp_;
  std::string_view value_;
  std::string_view further_;
  bool quoted_;
};

// The further columns that the table has, and each row's texts of them as they stand behind its value.
class FurtherTexts {
 public:
  FurtherTexts(const table::CustomerRows& rows, const std::vector<table::FurtherColumn>& columns) : rows_(rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!rows.has_further(i)) continue;
      places_.push_back(i);
      header_ += ',';
      append_csv_field(header_, columns[i].name);
    }
  }

  // The series files' first line; empty where there are no further columns. ds and y are names that no further column
  // can have.
  std::string header() const { return places_.empty() ? "" : "ds,y" + header_ + '\n'; }

  std::string_view of_row() {
    text_.clear();
    for (const std::size_t place : places_) {
      text_ += ',';
      append_csv_field(text_, rows_.further(place));
    }
    return text_;
  }

 private:
  const table::CustomerRows& rows_;
  std::vector<std::size_t> places_;
  std::string header_;
  std::string text_;
};

Result<Done> group_rows(table::CustomerRows& rows, FurtherTexts& further, Grouping& grouping,
                        const SplitOptions& options) {
  while (true) {
    Result<bool> more = rows.next();
    if (!more) return std::move(more).error();
    if (!*more) return Done{};
    const RowText text(rows.timestamp(), rows.value(), further.of_row());
    char* room = grouping.extend(rows.id(), text.size());
    if (room == nullptr) {
      if (Result<Done> made = grouping.make_room(); !made) return made;
      room = grouping.extend(rows.id(), text.size());
    }
    text.write(room);
    if (rows.rows() % kRowsPerReport == 0 && options.on_progress) options.on_progress(rows.rows(), rows.bytes_read());
  }
}

}  // namespace

Result<SplitReport> split(table::PullBytes input, std::string_view input_name, const std::filesystem::path& output,
                          const SplitOptions& options) {
  if (options.memory_budget < kLeastSplitMemory) {
    return Error{ErrorCode::kInvalid, fmt::format("the memory budget is {} bytes: at least {} are needed",
                                                  options.memory_budget, kLeastSplitMemory)};
  }
  // The folder first: a refused one is known before an hour of input has been read.
  Result<SeriesFolderWriter> folder = SeriesFolderWriter::open(output, options.overwrite);
  if (!folder) return std::move(folder).error();
  Result<table::CustomerRows> rows = table::CustomerRows::open(std::move(input), input_name, options.columns);
  if (!rows) return std::move(rows).error();
  if (options.on_layout) options.on_layout(rows->describe());

  SplitReport report;
  std::random_device random;
  RowGroups groups((std::uint64_t{random()} << 32) ^ random());
  Grouping grouping(*folder, groups, options.memory_budget - kOverhead, options.threads, "rows", 0, report);
  FurtherTexts further(*rows, options.columns.further);
  folder->begin_files_with(further.header());
  if (Result<Done> grouped = group_rows(*rows, further, grouping, options); !grouped) return std::move(grouped).error();
  if (rows->rows() == 0) {
    return Error{ErrorCode::kInvalid, fmt::format("{}: there are no rows to split", input_name)};
  }
  if (Result<Done> finished = grouping.finish(); !finished) return std::move(finished).error();
  if (Result<Done> committed = folder->commit(); !committed) return std::move(committed).error();
  report.rows = rows->rows();
  report.customers = folder->customers();
  report.bytes_read = rows->bytes_read();
  report.bytes_written = folder->bytes_written();
  report.bad_rows = rows->bad_rows();
  return report;
}

}  // namespace chiliad::prepare
