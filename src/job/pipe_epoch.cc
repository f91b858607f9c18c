#include "job/pipe_epoch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "job/download.h"
#include "job/location.h"
#include "table/gunzip.h"

namespace chiliad::job {
namespace {

using std::chrono::steady_clock;

constexpr int kLookWhileWriting = 100;  // At whether it is over, in milliseconds.
constexpr std::uint64_t kMaxRecord = (std::uint64_t{1} << 29) - 1;
constexpr std::chrono::minutes kUnpack{10};  // One object that is to become a record.
constexpr std::size_t kPortion = std::size_t{256} << 10;

// Reads what next() gives as a stream of any portions.
table::PullBytes pull(ObjectStream& object) {
  return [&object, piece = std::string(), at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    if (at == piece.size()) {
      Result<std::string> next = object.next();
      if (!next) return std::move(next).error();
      piece = *std::move(next);
      at = 0;
    }
    const std::size_t count = std::min(into.size(), piece.size() - at);
    std::memcpy(into.data(), piece.data() + at, count);
    at += count;
    return count;
  };
}

}  // namespace

Result<bool> PipeEpoch::send_object(store::ObjectStore& store, const std::string& key, std::uint64_t listed_bytes) {
  if (input_.gzip && input_.record_io) return send_unpacked_record(store, key);
  ObjectStream object(store, key, listed_bytes);
  if (input_.gzip) return send_unpacked(object, key);
  std::uint64_t size = 0;
  if (input_.record_io) {
    Result<std::uint64_t> known = object.size();
    if (!known) return std::move(known).error();
    size = *known;
  }
  if (Result<bool> sent = begin_record(size); !sent || !*sent) return sent;
  while (true) {
    Result<std::string> piece = object.next();
    if (!piece) return std::move(piece).error();
    if (piece->empty()) return end_record(size);
    if (!send(*piece)) return false;
  }
}

Result<bool> PipeEpoch::send_value(std::string_view bytes) {
  if (Result<bool> sent = begin_record(bytes.size()); !sent || !*sent) return sent;
  return send(bytes) && end_record(bytes.size());
}

Result<bool> PipeEpoch::send_unpacked(ObjectStream& object, const std::string& key) {
  const table::PullBytes bytes = table::gunzip_if_gzip(pull(object), shown(key));
  std::string portion(kPortion, '\0');
  while (true) {
    Result<std::size_t> got = bytes(portion);
    if (!got) return std::move(got).error();
    if (*got == 0) return true;
    if (!send(std::string_view(portion).substr(0, *got))) return false;
  }
}

// A record begins with its length, which is known when all is unpacked.
Result<bool> PipeEpoch::send_unpacked_record(store::ObjectStore& store, const std::string& key) {
  std::error_code failure;
  std::filesystem::remove_all(work_, failure);
  std::filesystem::create_directories(work_, failure);
  if (failure) return system_error("make", work_, failure.value());
  const std::filesystem::path path = work_ / "record";
  Result<Done> unpacked = download_unpacked(store, key, path, free_bytes_, steady_clock::now() + kUnpack);
  if (!unpacked) return std::move(unpacked).error();
  Result<FileDescriptor> file = open_file(path, O_RDONLY);
  if (!file) return std::move(file).error();
  std::filesystem::remove_all(work_, failure);
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return system_error("stat", path, errno);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (Result<bool> sent = begin_record(size); !sent || !*sent) return sent;
  std::string portion(kPortion, '\0');
  while (true) {
    const ssize_t got = ::read(file->get(), portion.data(), portion.size());
    if (got < 0) return system_error("read", path, errno);
    if (got == 0) return end_record(size);
    if (!send(std::string_view(portion).substr(0, static_cast<std::size_t>(got)))) return false;
  }
}

Result<bool> PipeEpoch::begin_record(std::uint64_t size) {
  if (!input_.record_io) return true;
  Result<std::string> head = record_head(size);
  if (!head) return std::move(head).error();
  return send(*head);
}
bool PipeEpoch::end_record(std::uint64_t size) { return !input_.record_io || send(record_end(size)); }

bool PipeEpoch::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (stopped_.load()) return false;
    const ssize_t written = ::write(pipe_.get(), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      ::pollfd polled{pipe_.get(), POLLOUT, 0};
      ::poll(&polled, 1, kLookWhileWriting);
    } else if (errno != EINTR) {
      return false;  // EPIPE: it reads no more of this epoch.
    }
  }
  return true;
}

Result<std::string> record_head(std::uint64_t size_bytes) {
  if (size_bytes > kMaxRecord)
    return Error{ErrorCode::kTooLarge, fmt::format("{} bytes: a record has less than 512 MiB", size_bytes)};
  constexpr std::uint32_t kMagic = 0xced7230a;
  std::string head;
  for (const std::uint32_t number : {kMagic, static_cast<std::uint32_t>(size_bytes)}) {
    for (unsigned shift = 0; shift < 32; shift += 8) head += static_cast<char>(number >> shift & 0xff);
  }
  return head;
}

std::string_view record_end(std::uint64_t size_bytes) {
  static constexpr std::string_view kZeros("\0\0\0", 3);
  return kZeros.substr(0, (4 - size_bytes % 4) % 4);
}

}  // namespace chiliad::job
