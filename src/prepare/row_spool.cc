#include "prepare/row_spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace chiliad::prepare {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxRowsInRecord = std::size_t{64} << 10;
// An id is a field of a table, whose rows have a limit of 1 MB (table/csv_reader.h).
constexpr std::size_t kMaxIdBytes = std::size_t{1} << 30;

struct RecordHead {
  std::uint32_t id_size;
  std::uint32_t rows_size;
};

}  // namespace

Result<RowSpool> RowSpool::make(std::filesystem::path folder, unsigned depth) {
  CHILIAD_CHECK(depth < kMaxDepth);
  if (::mkdir(folder.c_str(), 0700) != 0) return system_error("make folder", folder, errno);
  return RowSpool(std::move(folder), depth);
}

std::filesystem::path RowSpool::part_path(std::size_t part) const { return folder_ / fmt::format("{}.rows", part); }

Result<Done> RowSpool::add(std::uint64_t hash, std::string_view id, std::string_view rows) {
  CHILIAD_CHECK(id.size() <= kMaxIdBytes);
  const std::size_t part = (hash >> (kBitsPerPart * depth_)) % kParts;
  std::string& buffer = parts_[part].buffer;
  while (!rows.empty()) {
    const std::string_view piece = rows.substr(0, kMaxRowsInRecord);
    const RecordHead head{static_cast<std::uint32_t>(id.size()), static_cast<std::uint32_t>(piece.size())};
    buffer.append(reinterpret_cast<const char*>(&head), sizeof head).append(id).append(piece);
    rows.remove_prefix(piece.size());
    if (buffer.size() < kBufferBytes) continue;
    if (Result<Done> flushed = flush(part); !flushed) return flushed;
  }
  return Done{};
}

Result<Done> RowSpool::flush(std::size_t part) {
  Part& to = parts_[part];
  if (to.buffer.empty()) return Done{};
  if (!to.file) {
    Result<FileDescriptor> file = open_file(part_path(part), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file) return std::move(file).error();
    to.file = *std::move(file);
  }
  Result<Done> written = write_all(to.file, to.buffer, part_path(part));
  to.buffer.clear();
  return written;
}

Result<Done> RowSpool::finish() {
  for (std::size_t part = 0; part < kParts; ++part) {
    if (Result<Done> flushed = flush(part); !flushed) return flushed;
    parts_[part] = Part{};
  }
  return Done{};
}

Result<RowSpoolReader> RowSpoolReader::open(std::filesystem::path path) {
  Result<FileDescriptor> file = open_file(path, O_RDONLY);
  if (!file) return std::move(file).error();
  return RowSpoolReader(*std::move(file), std::move(path));
}

// Makes `size` unread bytes lie at at_; false if the file ends right there.
Result<bool> RowSpoolReader::have(std::size_t size) {
  if (end_ - at_ >= size) return true;
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  if (buffer_.size() < size + kBufferBytes) buffer_.resize(size + kBufferBytes);
  while (end_ < size) {
    const ssize_t got = ::read(file_.get(), buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path_, errno);
    if (got == 0 && end_ == 0) return false;
    if (got == 0) return Error{ErrorCode::kCorrupt, fmt::format("{}: cut off inside a record", path_.string())};
    end_ += static_cast<std::size_t>(got);
  }
  return true;
}

Result<bool> RowSpoolReader::next() {
  Result<bool> more = have(sizeof(RecordHead));
  if (!more || !*more) return more;
  RecordHead head{};
  std::memcpy(&head, buffer_.data() + at_, sizeof head);
  if (head.id_size > kMaxIdBytes || head.rows_size > kMaxRowsInRecord) {
    return Error{ErrorCode::kCorrupt, fmt::format("{}: a record of an impossible size", path_.string())};
  }
  const std::size_t size = sizeof head + head.id_size + head.rows_size;
  if (more = have(size); !more) return more;
  id_ = std::string_view(buffer_).substr(at_ + sizeof head, head.id_size);
  rows_ = std::string_view(buffer_).substr(at_ + sizeof head + head.id_size, head.rows_size);
  at_ += size;
  return true;
}

}  // namespace chiliad::prepare
