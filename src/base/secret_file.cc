#include "base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "base/file.h"
#include "base/random.h"

namespace chiliad {

namespace fs = std::filesystem;

Result<Done> write_secret_file(const fs::path& path, std::string_view bytes) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  const fs::path temporary = path.parent_path() / (".chiliad-tmp-" + random_text(kLetters, 16));
  Result<FileDescriptor> file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file) return std::move(file).error();
  Result<Done> written = write_all(*file, bytes, path);
  if (written && ::fsync(file->get()) != 0) written = system_error("fsync", path, errno);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = system_error("rename", path, errno);
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_folder(path.parent_path().empty() ? "." : path.parent_path());
}

Result<Done> make_secret_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return system_error("make folder", folder, failure.value());
  if (::chmod(folder.c_str(), 0700) != 0) return system_error("chmod 0700", folder, errno);
  return Done{};
}

Result<Done> make_secret_file(const fs::path& path) {
  Result<FileDescriptor> file = open_file(path, O_RDWR | O_CREAT, 0600);
  if (!file) return std::move(file).error();
  if (::fchmod(file->get(), 0600) != 0) return system_error("chmod 0600", path, errno);
  return Done{};
}

}  // namespace chiliad
