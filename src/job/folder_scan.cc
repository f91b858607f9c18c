#include "job/folder_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "job/location.h"
#include "store/beneath.h"

namespace chiliad::job {
namespace {

constexpr std::size_t kKeptMessages = 20;
constexpr int kMaxDepth = 64;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

FileStamp stamp_of(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_size),
          std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_ino};
}

class Scan {
 public:
  explicit Scan(FolderFiles& out) : out_(out) {}

  Result<Done> enter(FileDescriptor folder, const std::string& name, int depth) {
    const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(folder.get()));
    if (!entries) return system_error("list", name, errno);
    const int fd = folder.release();  // closedir() closes it.
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(entries.get());
      if (entry == nullptr) break;
      const std::string_view part(entry->d_name);
      if (part == "." || part == ".." || part.starts_with(".chiliad-")) continue;
      std::string full = name.empty() ? std::string(part) : name + "/" + std::string(part);
      struct stat info {};
      if (::fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;  // Gone meanwhile.
      if (S_ISDIR(info.st_mode)) {
        if (depth >= kMaxDepth) {
          leave_out(full, "deeper than 64 folders");
          continue;
        }
        FileDescriptor below(::openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!below) continue;
        if (Result<Done> done = enter(std::move(below), full, depth + 1); !done) return done;
      } else if (!S_ISREG(info.st_mode)) {
        leave_out(full, S_ISLNK(info.st_mode) ? "a symbolic link" : "no regular file");
      } else if (const std::string_view wrong = wrong_with_file_name(full); !wrong.empty()) {
        leave_out(full, wrong);
      } else if (out_.files.size() >= kMaxFolderFiles) {
        return Error{ErrorCode::kTooLarge, "more than " + std::to_string(kMaxFolderFiles) + " files"};
      } else {
        out_.files.push_back({std::move(full), stamp_of(info), info.st_mode & 0777U});
        out_.size_bytes += out_.files.back().stamp.size_bytes;
      }
    }
    return Done{};
  }

 private:
  void leave_out(std::string_view name, std::string_view why) {
    ++out_.left_out_count;
    if (out_.left_out.size() < kKeptMessages) out_.left_out.push_back(shown(name).append(": ").append(why));
  }

  FolderFiles& out_;
};

}  // namespace

Result<FolderFiles> scan_folder(const std::filesystem::path& root, std::string_view folder) {
  FolderFiles out;
  Result<FileDescriptor> opened = store::open_beneath(root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!opened) {
    if (opened.error().code == ErrorCode::kNotFound) return out;
    return std::move(opened).error();
  }
  if (Result<Done> done = Scan(out).enter(*std::move(opened), "", 1); !done)
    return std::move(done).error().in((root / folder).string());
  std::ranges::sort(out.files, {}, &FoundFile::name);
  return out;
}

Result<Done> check_size_to_store(std::uint64_t size_bytes, int volume_size_gb) {
  const std::uint64_t most = static_cast<std::uint64_t>(std::max(volume_size_gb, 0)) << 30;
  if (size_bytes <= most) return Done{};
  return Error{ErrorCode::kTooLarge, "the files are " + std::to_string(size_bytes) +
                                         " bytes long, holes included: VolumeSizeInGB allows " +
                                         std::to_string(volume_size_gb) + " GB"};
}

std::filesystem::path OpenedFile::path() const { return "/proc/self/fd/" + std::to_string(file.get()); }

Result<OpenedFile> open_found(const std::filesystem::path& root, std::string_view folder, std::string_view name) {
  std::string full(folder);
  full.append("/").append(name);
  Result<FileDescriptor> file = store::open_beneath(root, full, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (!file) {
    if (file.error().code == ErrorCode::kInvalid) return Error{ErrorCode::kNotFound, file.error().message};
    return std::move(file).error();
  }
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return system_error("stat", full, errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kNotFound, shown(name) + ": no regular file any more"};
  return OpenedFile{*std::move(file), stamp_of(info)};
}

}  // namespace chiliad::job
