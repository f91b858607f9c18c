#include "hosting/answer_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace chiliad::hosting {
namespace {

constexpr std::size_t kInMemory = std::size_t{1} << 20;

}  // namespace

Result<Done> AnswerSpool::append(std::string_view bytes) {
  memory_ += bytes;
  if (memory_.size() <= kInMemory) return Done{};
  if (!file_) {
    Result<FileDescriptor> file = open_file(path_, O_RDWR | O_CREAT | O_TRUNC);
    if (!file) return std::move(file).error();
    file_ = *std::move(file);
  }
  if (Result<Done> written = write_all(file_, memory_, path_); !written) return written;
  memory_ = {};
  return Done{};
}

Result<Done> AnswerSpool::move_to(const FileDescriptor& to, const std::filesystem::path& to_path) {
  if (file_) {
    std::string piece(kInMemory, '\0');
    for (off_t at = 0;;) {
      const ssize_t got = ::pread(file_.get(), piece.data(), piece.size(), at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error("read", path_, errno);
      if (got == 0) break;
      const std::string_view bytes = std::string_view(piece).substr(0, static_cast<std::size_t>(got));
      if (Result<Done> written = write_all(to, bytes, to_path); !written) return written;
      at += got;
    }
    file_.reset();
  }
  Result<Done> written = write_all(to, memory_, to_path);
  memory_ = {};
  return written;
}

}  // namespace chiliad::hosting
