#include "prepare/series_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <system_error>

#include "base/csv_field.h"
#include "prepare/customer_file.h"

namespace chiliad::prepare {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStagingPrefix = ".chiliad-tmp-split-";
constexpr std::string_view kSuffix = ".csv";
constexpr std::string_view kSeriesFolder = "series";
constexpr std::string_view kOldFolder = "old";
constexpr std::size_t kLongIdBuffer = std::size_t{64} << 10;

// Calls `visit` for each entry but "." and ".."; stops at its first error. Works on folders that change meanwhile.
Result<Done> for_each_entry(const fs::path& folder, const std::function<Result<Done>(std::string_view)>& visit) {
  const auto close = [](DIR* dir) { ::closedir(dir); };
  const std::unique_ptr<DIR, decltype(close)> dir(::opendir(folder.c_str()), close);
  if (!dir) return system_error("list", folder, errno);
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (Result<Done> visited = visit(name); !visited) return visited;
  }
  if (errno != 0) return system_error("list", folder, errno);
  return Done{};
}

bool is_series_name(std::string_view name) {
  return name == kLongIdIndex || (name.ends_with(kSuffix) && !name.starts_with('.'));
}

// Removes hidden folders of writers that are no more: their lock is free.
void remove_leftovers(const fs::path& place) {
  const Result<Done> ignored = for_each_entry(place, [&](std::string_view name) -> Result<Done> {
    if (!name.starts_with(kStagingPrefix)) return Done{};
    const Result<FileDescriptor> folder = open_file(place / name, O_RDONLY | O_DIRECTORY);
    std::error_code ignored_error;
    if (folder && ::flock(folder->get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(place / name, ignored_error);
    return Done{};
  });
}

Result<Done> check_contents(const fs::path& folder, bool overwrite) {
  return for_each_entry(folder, [&](std::string_view name) -> Result<Done> {
    if (name.starts_with(kStagingPrefix)) return Done{};
    if (!overwrite) {
      return Error{ErrorCode::kConflict,
                   fmt::format("{} already holds files ('{}'): give a new folder, or replace its series (--overwrite)",
                               folder.string(), name)};
    }
    if (is_series_name(name)) return Done{};
    return Error{ErrorCode::kConflict, fmt::format("{} holds '{}', which is no series: only folders of series are "
                                                   "overwritten; give another folder",
                                                   folder.string(), name)};
  });
}

Result<Done> move_into(const fs::path& from, const fs::path& to) {
  return for_each_entry(from, [&](std::string_view name) -> Result<Done> {
    if (::rename((from / name).c_str(), (to / name).c_str()) != 0) return system_error("rename", to / name, errno);
    return Done{};
  });
}

}  // namespace

Result<SeriesFolderWriter> SeriesFolderWriter::open(fs::path folder, bool overwrite) {
  static std::atomic<std::uint64_t> counter{0};
  SeriesFolderWriter writer;
  // "out/" and "out" are the same folder, whose parent is needed.
  writer.folder_ = folder.has_filename() ? std::move(folder) : folder.parent_path();
  struct stat info {};
  writer.folder_existed_ = ::stat(writer.folder_.c_str(), &info) == 0;
  if (writer.folder_existed_ && !S_ISDIR(info.st_mode)) {
    return Error{ErrorCode::kConflict, fmt::format("{} is a file: give a folder", writer.folder_.string())};
  }
  fs::path place = writer.folder_existed_ ? writer.folder_ : writer.folder_.parent_path();
  if (place.empty()) place = ".";
  remove_leftovers(place);
  if (writer.folder_existed_) {
    if (Result<Done> checked = check_contents(writer.folder_, overwrite); !checked) return std::move(checked).error();
  }
  const fs::path staging = place / fmt::format("{}{}-{}", kStagingPrefix, ::getpid(), counter.fetch_add(1));
  if (::mkdir(staging.c_str(), 0700) != 0) return system_error("make folder", staging, errno);
  writer.staging_ = staging;
  Result<FileDescriptor> lock = open_file(staging, O_RDONLY | O_DIRECTORY);
  if (!lock) return std::move(lock).error();
  writer.lock_ = *std::move(lock);
  if (::flock(writer.lock_.get(), LOCK_EX | LOCK_NB) != 0) return system_error("lock", staging, errno);
  const fs::path series_path = staging / kSeriesFolder;
  if (::mkdir(series_path.c_str(), 0777) != 0) return system_error("make folder", series_path, errno);
  Result<FileDescriptor> series = open_file(series_path, O_RDONLY | O_DIRECTORY);
  if (!series) return std::move(series).error();
  writer.series_ = *std::move(series);
  return writer;
}

SeriesFolderWriter::SeriesFolderWriter(SeriesFolderWriter&& other) noexcept
    : folder_(std::move(other.folder_)),
      staging_(std::exchange(other.staging_, fs::path())),
      lock_(std::move(other.lock_)),
      series_(std::move(other.series_)),
      folder_existed_(other.folder_existed_),
      tally_(std::move(other.tally_)) {}

SeriesFolderWriter::~SeriesFolderWriter() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

Result<Done> SeriesFolderWriter::append(std::string_view id, std::string_view rows, bool is_new) {
  const std::string name = encode_customer_id(id);
  const std::string file_name = name + std::string(kSuffix);
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (is_new ? O_EXCL : 0);
  const FileDescriptor file(::openat(series_.get(), file_name.c_str(), flags, 0666));
  if (!file) return system_error("make", folder_ / file_name, errno);
  struct stat info {};
  if (!is_new && ::fstat(file.get(), &info) != 0) return system_error("stat", folder_ / file_name, errno);
  std::uint64_t header_bytes = 0;
  if (info.st_size == 0 && !header_.empty()) {
    if (Result<Done> written = write_all(file, header_, folder_ / file_name); !written) return written;
    header_bytes = header_.size();
  }
  if (Result<Done> written = write_all(file, rows, folder_ / file_name); !written) return written;
  const MutexLock lock(tally_->mutex);
  tally_->bytes_written += rows.size() + header_bytes;
  if (info.st_size > 0) return Done{};
  ++tally_->customers;
  if (!is_hashed_customer_name(name)) return Done{};
  std::string& lines = tally_->long_ids;
  lines += name;
  lines += ',';
  append_quoted_csv_field(lines, id);
  lines += '\n';
  return lines.size() < kLongIdBuffer ? Result<Done>(Done{}) : flush_long_ids(lines);
}

std::uint64_t SeriesFolderWriter::customers() const {
  const MutexLock lock(tally_->mutex);
  return tally_->customers;
}

std::uint64_t SeriesFolderWriter::bytes_written() const {
  const MutexLock lock(tally_->mutex);
  return tally_->bytes_written;
}

Result<Done> SeriesFolderWriter::flush_long_ids(std::string& lines) const {
  if (lines.empty()) return Done{};
  const fs::path path = staging_ / kSeriesFolder / kLongIdIndex;
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
  if (!file) return std::move(file).error();
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return system_error("stat", path, errno);
  if (info.st_size == 0) lines.insert(0, "name,customer_id\n");
  Result<Done> written = write_all(*file, lines, path);
  lines.clear();
  return written;
}

Result<Done> SeriesFolderWriter::commit() {
  {
    const MutexLock lock(tally_->mutex);
    if (Result<Done> flushed = flush_long_ids(tally_->long_ids); !flushed) return flushed;
  }
  if (folder_existed_) {
    if (Result<Done> replaced = replace_contents(); !replaced) return replaced;
  } else if (::rename((staging_ / kSeriesFolder).c_str(), folder_.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) {
      return Error{ErrorCode::kConflict, fmt::format("{} was filled by somebody else meanwhile", folder_.string())};
    }
    return system_error("rename", folder_, errno);
  }
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
  staging_.clear();
  return Done{};
}

// Old series out, new ones in; the old ones go away with the hidden folder.
Result<Done> SeriesFolderWriter::replace_contents() {
  const fs::path old = staging_ / kOldFolder;
  if (::mkdir(old.c_str(), 0700) != 0) return system_error("make folder", old, errno);
  Result<Done> moved = for_each_entry(folder_, [&](std::string_view name) -> Result<Done> {
    if (!is_series_name(name)) return Done{};
    if (::rename((folder_ / name).c_str(), (old / name).c_str()) != 0) {
      return system_error("rename", folder_ / name, errno);
    }
    return Done{};
  });
  if (!moved) return moved;
  return move_into(staging_ / kSeriesFolder, folder_);
}

}  // namespace chiliad::prepare
