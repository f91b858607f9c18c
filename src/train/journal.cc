// Lines of tab-separated fields; backslash escapes keep tabs and line ends out of them:
//
//   <crc32c of the rest, 8 hex digits> TAB time_ms TAB data TAB options TAB etag TAB <the report's columns> LF
//
// The first line is kHeader: a file with another is none of ours. A line counts if it ends in LF and its checksum
// holds, whatever lies before it: its archive was stored before it was written.

#include "train/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/crc.h"
#include "base/hash.h"
#include "base/number.h"

namespace chiliad::train {
namespace {

constexpr std::string_view kHeader = "chiliad journal 1\n";
constexpr std::size_t kFixedFields = 4;  // time_ms, data, options, etag.
constexpr std::size_t kMaxLine = 1u << 20;

std::string shard_name(std::string_view kind, int shard, int shards) {
  return std::string(kind) + "-" + std::to_string(shard) + "-of-" + std::to_string(shards);
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\\': out += "\\\\"; break;
      default: out += c;
    }
  }
}

// The fields between tabs, unescaped. An unknown escape gives nothing.
std::optional<std::vector<std::string>> split_fields(std::string_view text) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\t') {
      fields.emplace_back();
    } else if (text[i] != '\\') {
      fields.back() += text[i];
    } else {
      if (++i == text.size()) return std::nullopt;
      switch (text[i]) {
        case 't': fields.back() += '\t'; break;
        case 'n': fields.back() += '\n'; break;
        case 'r': fields.back() += '\r'; break;
        case '\\': fields.back() += '\\'; break;
        default: return std::nullopt;
      }
    }
  }
  return fields;
}

std::string checksum(std::string_view text) { return hex(std::uint64_t{crc32c(text)}).substr(8); }

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error corrupt(std::string_view what) { return Error{ErrorCode::kCorrupt, "journal record: " + std::string(what)}; }

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// The process id that a lock file names, for messages.
std::string lock_owner(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path, 64);
  return text && !text->empty() ? "process " + *text : "another process";
}

}  // namespace

struct Journal::Scan {
  std::uint64_t sound_bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
};

std::string journal_line(const JournalRecord& record) {
  std::string rest = std::to_string(record.time_ms);
  rest += '\t' + hex(record.stamp.data) + '\t' + hex(record.stamp.options) + '\t';
  append_escaped(rest, record.etag);
  for (const std::string& field : report_fields(record.report)) {
    rest += '\t';
    append_escaped(rest, field);
  }
  return checksum(rest) + '\t' + rest;
}

Result<JournalRecord> parse_journal_line(std::string_view line) {
  if (line.size() < 9 || line[8] != '\t') return corrupt("no checksum");
  const std::string_view rest = line.substr(9);
  if (checksum(rest) != line.substr(0, 8)) return corrupt("wrong checksum");
  const std::optional<std::vector<std::string>> fields = split_fields(rest);
  if (!fields || fields->size() < kFixedFields) return corrupt("fields are missing");
  const std::optional<std::int64_t> time_ms = parse_integer((*fields)[0]);
  const std::optional<std::uint64_t> data = parse_hex((*fields)[1]), options = parse_hex((*fields)[2]);
  if (!time_ms || !data || !options) return corrupt("not a number");
  Result<SeriesReport> report = parse_report_fields(std::span(*fields).subspan(kFixedFields));
  if (!report) return std::move(report).error().in("journal record");
  return JournalRecord{*time_ms, {*data, *options}, (*fields)[3], *std::move(report)};
}

Result<Journal> Journal::open(const std::filesystem::path& folder, int shard, int shards) {
  CHILIAD_CHECK(1 <= shard && shard <= shards);
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return system_error("make folder", folder, failure.value());
  Journal journal;
  journal.folder_ = folder;
  if (Result<Done> locked = journal.take_lock(shard, shards); !locked) return std::move(locked).error();

  const std::string own = shard_name("journal", shard, shards);
  std::vector<std::string> others;
  for (const auto& file : std::filesystem::directory_iterator(folder, failure)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with("journal-") && name != own) others.push_back(name);
  }
  if (failure) return system_error("list", folder, failure.value());
  std::sort(others.begin(), others.end());
  for (const std::string& name : others) {
    Result<Scan> scan = journal.read_file_into_index(folder / name);
    if (!scan) return std::move(scan).error();
  }
  if (Result<Done> opened = journal.open_own(own); !opened) return std::move(opened).error();
  return journal;
}

Result<Done> Journal::take_lock(int shard, int shards) {
  const std::filesystem::path path = folder_ / shard_name("lock", shard, shards);
  Result<FileDescriptor> file = open_file(path, O_RDWR | O_CREAT);
  if (!file) return std::move(file).error();
  struct flock lock = whole_file(F_WRLCK);
  if (::fcntl(file->get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) return system_error("lock", path, errno);
    return Error{ErrorCode::kConflict, lock_owner(path) + " is training shard " + std::to_string(shard) + "/" +
                                           std::to_string(shards) + " of these models (" + path.string() +
                                           " is locked): wait for it, or stop it"};
  }
  lock_ = *std::move(file);
  if (::ftruncate(lock_.get(), 0) != 0) return system_error("truncate", path, errno);
  if (Result<Done> named = write_all(lock_, std::to_string(::getpid()), path); !named) return named;
  return refuse_other_shard_counts(shards);
}

// Each trainer takes its own lock first and looks at the others' then: of two that start at once, one sees the other.
Result<Done> Journal::refuse_other_shard_counts(int shards) const {
  std::error_code failure;
  const std::string same = "-of-" + std::to_string(shards);
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failure)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("lock-") || name.ends_with(same)) continue;
    Result<FileDescriptor> file = open_file(entry.path(), O_RDWR);
    if (!file) continue;
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(file->get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
      return Error{ErrorCode::kConflict, lock_owner(entry.path()) +
                                             " is training these models with another number of " + "shards (" +
                                             entry.path().string() + " is locked): wait for it, or stop it"};
    }
  }
  if (failure) return system_error("list", folder_, failure.value());
  return Done{};
}

Result<Journal::Scan> Journal::read_file_into_index(const std::filesystem::path& path) {
  Result<FileDescriptor> file = open_file(path, O_RDONLY);
  if (!file) return std::move(file).error();
  CHILIAD_CHECK(files_.size() < UINT16_MAX);
  const auto number = static_cast<std::uint16_t>(files_.size());
  Scan scan;
  std::string buffer;  // From the start of a line on.
  std::size_t used = 0;
  bool ours = true;       // The header was right, or is still to come.
  bool too_long = false;  // Inside a line that is longer than any of ours.
  while (true) {
    buffer.erase(0, used);
    used = 0;
    const std::size_t kept = buffer.size();
    buffer.resize(kept + (std::size_t{1} << 18));
    ssize_t got = 0;
    do {
      got = ::read(file->get(), buffer.data() + kept, buffer.size() - kept);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return system_error("read", path, errno);
    buffer.resize(kept + static_cast<std::size_t>(got));
    scan.bytes += static_cast<std::uint64_t>(got);
    if (got == 0) break;
    for (std::size_t end = 0; (end = buffer.find('\n', used)) != std::string::npos; used = end + 1) {
      const std::string_view line = std::string_view(buffer).substr(used, end - used);
      const std::uint64_t offset = scan.bytes - buffer.size() + used;
      if (offset == 0) ours = line == kHeader.substr(0, kHeader.size() - 1);
      bool sound = ours && !std::exchange(too_long, false);
      if (sound && offset > 0) {
        const Result<JournalRecord> record = parse_journal_line(line);
        sound = static_cast<bool>(record);
        if (record) index(*record, offset, line.size(), number);
      }
      if (sound)
        scan.sound_bytes = offset + line.size() + 1;
      else
        ++dropped_lines_;
      scan.lines += offset == 0 ? 0 : 1;
    }
    if (buffer.size() - used > kMaxLine) {
      too_long = true;
      used = buffer.size();
    }
  }
  if (too_long || !buffer.empty()) ++dropped_lines_;
  files_.push_back(*std::move(file));
  paths_.push_back(path);
  return scan;
}

Result<Done> Journal::open_own(const std::string& name) {
  path_ = folder_ / name;
  Result<FileDescriptor> writer = open_file(path_, O_RDWR | O_CREAT);
  if (!writer) return std::move(writer).error();
  writer_ = *std::move(writer);
  own_ = static_cast<std::uint16_t>(files_.size());
  Result<Scan> scan = read_file_into_index(path_);
  if (!scan) return std::move(scan).error();
  own_lines_ = scan->lines;
  size_bytes_ = scan->sound_bytes;
  if (size_bytes_ < scan->bytes && ::ftruncate(writer_.get(), static_cast<off_t>(size_bytes_)) != 0)
    return system_error("truncate", path_, errno);
  if (::lseek(writer_.get(), static_cast<off_t>(size_bytes_), SEEK_SET) < 0) return system_error("seek", path_, errno);
  if (size_bytes_ == 0) {
    if (Result<Done> written = write_all(writer_, kHeader, path_); !written) {
      if (::ftruncate(writer_.get(), 0) != 0) broken_ = true;
      return written;
    }
    size_bytes_ = kHeader.size();
  }
  const auto live = static_cast<std::uint64_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.second.file == own_; }));
  return own_lines_ > 2 * live + 1000 ? compact() : Result<Done>(Done{});
}

Result<Done> Journal::compact() {
  Result<std::string> old = read_file(path_, UINT64_MAX);
  if (!old) return std::move(old).error();
  std::vector<Entry*> live;
  for (auto& [key, entry] : entries_) {
    if (entry.file == own_) live.push_back(&entry);
  }
  std::sort(live.begin(), live.end(), [](const Entry* a, const Entry* b) { return a->offset < b->offset; });
  std::string bytes(kHeader);
  std::vector<std::uint64_t> offsets;
  for (const Entry* entry : live) {
    offsets.push_back(bytes.size());
    bytes.append(*old, entry->offset, entry->length + 1);
  }
  if (Result<Done> written = write_file_atomically(path_, bytes, Durability::kSync); !written) return written;
  for (std::size_t i = 0; i < live.size(); ++i) live[i]->offset = offsets[i];
  Result<FileDescriptor> writer = open_file(path_, O_RDWR);
  if (!writer) return std::move(writer).error();
  Result<FileDescriptor> reader = open_file(path_, O_RDONLY);
  if (!reader) return std::move(reader).error();
  writer_ = *std::move(writer);
  files_[own_] = *std::move(reader);
  size_bytes_ = bytes.size();
  own_lines_ = live.size();
  if (::lseek(writer_.get(), 0, SEEK_END) < 0) return system_error("seek", path_, errno);
  return Done{};
}

void Journal::index(const JournalRecord& record, std::uint64_t offset, std::size_t length, std::uint16_t file) {
  Entry& entry = entries_[content_hash(record.report.archive)];
  if (entry.length > 0 && entry.time_ms > record.time_ms) return;
  entry = Entry{record.time_ms, record.stamp, content_hash(record.etag), offset, static_cast<std::uint32_t>(length),
                file,           false};
}

Result<Done> Journal::append(const std::vector<JournalRecord>& records, Durability durability) {
  if (broken_) return Error{ErrorCode::kUnavailable, path_.string() + ": an earlier write failed; start again"};
  std::string bytes;
  for (const JournalRecord& record : records) {
    bytes += journal_line(record);
    bytes += '\n';
  }
  Result<Done> written = write_all(writer_, bytes, path_);
  if (written && durability == Durability::kSync && ::fdatasync(writer_.get()) != 0)
    written = system_error("fdatasync", path_, errno);
  if (!written) {
    broken_ = true;
    // What was written of it is cut off here if the disk lets us, else at the next open().
    if (::ftruncate(writer_.get(), static_cast<off_t>(size_bytes_)) != 0) return written;
    return written;
  }
  for (const JournalRecord& record : records) entries_.erase(content_hash(record.report.archive));
  size_bytes_ += bytes.size();
  own_lines_ += records.size();
  return Done{};
}

void Journal::confirm(std::string_view archive, std::string_view etag) {
  const auto found = entries_.find(content_hash(archive));
  if (found != entries_.end() && found->second.etag_hash == content_hash(etag)) found->second.confirmed = true;
}

bool Journal::holds(std::string_view archive, const Stamp& stamp) const {
  const auto found = entries_.find(content_hash(archive));
  return found != entries_.end() && found->second.confirmed && found->second.stamp == stamp;
}

Result<SeriesReport> Journal::report_of(std::string_view archive) const {
  const auto found = entries_.find(content_hash(archive));
  if (found == entries_.end()) return Error{ErrorCode::kNotFound, "journal: no record of " + std::string(archive)};
  const Entry& entry = found->second;
  std::string line(entry.length, '\0');
  std::size_t size = 0;
  while (size < line.size()) {
    const ssize_t got = ::pread(files_[entry.file].get(), line.data() + size, line.size() - size,
                                static_cast<off_t>(entry.offset + size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", paths_[entry.file], errno);
    if (got == 0) return Error{ErrorCode::kCorrupt, paths_[entry.file].string() + ": became shorter while in use"};
    size += static_cast<std::size_t>(got);
  }
  Result<JournalRecord> record = parse_journal_line(line);
  if (!record) return std::move(record).error().in(paths_[entry.file].string());
  return std::move(record->report);
}

}  // namespace chiliad::train
