#include "app/text_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace chiliad::app {
namespace {
constexpr std::size_t kBufferBytes = 1u << 18;
}

Result<TextOutput> TextOutput::open(const std::string& path) {
  TextOutput output;
  if (path == "-") {
    output.path_ = "standard output";
    output.file_ = FileDescriptor(::dup(STDOUT_FILENO));
    if (!output.file_) return system_error("open", output.path_, errno);
    return output;
  }
  output.path_ = path;
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return std::move(file).error();
  output.file_ = *std::move(file);
  return output;
}

Result<Done> TextOutput::write(std::string_view text) {
  buffer_ += text;
  return buffer_.size() < kBufferBytes ? Result<Done>(Done{}) : flush();
}

Result<Done> TextOutput::finish() { return flush(); }

Result<Done> TextOutput::flush() {
  Result<Done> written = write_all(file_, buffer_, path_);
  buffer_.clear();
  return written;
}

}  // namespace chiliad::app
