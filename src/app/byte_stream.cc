#include "app/byte_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace chiliad::app {

Result<InputStream> open_input(const std::string& path) {
  InputStream input;
  FileDescriptor file;
  if (path == "-") {
    file = FileDescriptor(::dup(STDIN_FILENO));
    if (!file) return system_error("open", "standard input", errno);
    input.name = "standard input";
  } else {
    Result<FileDescriptor> opened = open_file(path, O_RDONLY);
    if (!opened) return std::move(opened).error();
    file = *std::move(opened);
    input.name = path;
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return system_error("stat", input.name, errno);
  if (S_ISDIR(info.st_mode)) return system_error("read", input.name, EISDIR);
  if (S_ISREG(info.st_mode)) {
    input.size_bytes = static_cast<std::uint64_t>(info.st_size);
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  input.pull = [shared = std::make_shared<FileDescriptor>(std::move(file)),
                name = input.name](std::span<char> into) -> Result<std::size_t> {
    while (true) {
      const ssize_t got = ::read(shared->get(), into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return system_error("read", name, errno);
    }
  };
  return input;
}

Result<OutputStream> OutputStream::open(const std::string& path) {
  OutputStream output;
  output.path_ = path;
  if (path == "-") {
    output.path_ = "standard output";
    output.file_ = FileDescriptor(::dup(STDOUT_FILENO));
    if (!output.file_) return system_error("open", output.path_, errno);
    return output;
  }
  struct stat info {};
  const bool special = ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  const std::filesystem::path temporary =
      output.path_.parent_path() / fmt::format(".chiliad-tmp-{}-{}", ::getpid(), output.path_.filename().string());
  Result<FileDescriptor> file =
      special ? open_file(output.path_, O_WRONLY) : open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!file) return std::move(file).error();
  output.file_ = *std::move(file);
  if (!special) output.temporary_ = temporary;
  return output;
}

OutputStream::OutputStream(OutputStream&& other) noexcept
    : file_(std::move(other.file_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, std::filesystem::path())) {}

OutputStream::~OutputStream() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<Done> OutputStream::put(std::string_view bytes) { return write_all(file_, bytes, path_); }

Result<Done> OutputStream::commit() {
  file_.reset();
  if (temporary_.empty()) return Done{};
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return system_error("rename", path_, errno);
  temporary_.clear();
  return Done{};
}

}  // namespace chiliad::app
