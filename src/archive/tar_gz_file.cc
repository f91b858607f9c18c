#include "archive/tar_gz_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive_library.h"
#include "archive/member_name.h"

namespace chiliad::archive {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;

struct FreeWriter {
  void operator()(struct archive* writer) const { archive_library()->write_free(writer); }
};
struct FreeEntry {
  void operator()(struct archive_entry* entry) const { archive_library()->entry_free(entry); }
};

}  // namespace

struct TarGzFile::State {
  std::filesystem::path path;
  FileDescriptor file;
  std::optional<Error> write_error;  // Of the last piece, with its reason.
  std::unique_ptr<struct archive, FreeWriter> writer;
  std::vector<char> piece;

  Error failure(std::string_view what) const {
    if (write_error) return *write_error;
    const char* reason = archive_library()->error_string(writer.get());
    return {ErrorCode::kUnavailable,
            path.string() + ": " + std::string(what) + ": " + (reason == nullptr ? "no reason given" : reason)};
  }

  static la_ssize_t write(struct archive* /*writer*/, void* state, const void* bytes, std::size_t size) {
    State& self = *static_cast<State*>(state);
    Result<Done> done = write_all(self.file, {static_cast<const char*>(bytes), size}, self.path);
    if (done) return static_cast<la_ssize_t>(size);
    self.write_error = std::move(done).error();
    return -1;
  }
};

Result<TarGzFile> TarGzFile::create(const std::filesystem::path& path) {
  if (!archive_library()) return archive_library().error();
  const ArchiveLibrary& library = *archive_library();
  auto state = std::make_unique<State>();
  state->path = path;
  state->piece.resize(kPiece);
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return std::move(file).error();
  state->file = *std::move(file);
  state->writer.reset(library.write_new());
  struct archive* const writer = state->writer.get();
  if (library.write_add_filter_gzip(writer) != ARCHIVE_OK ||
      library.write_set_filter_option(writer, "gzip", "timestamp", nullptr) != ARCHIVE_OK ||
      library.write_set_format_pax_restricted(writer) != ARCHIVE_OK ||
      library.write_set_bytes_in_last_block(writer, 1) != ARCHIVE_OK ||
      library.write_open(writer, state.get(), nullptr, &State::write, nullptr) != ARCHIVE_OK)
    return state->failure("cannot begin an archive");
  return TarGzFile(std::move(state));
}

TarGzFile::TarGzFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarGzFile::TarGzFile(TarGzFile&&) noexcept = default;
TarGzFile& TarGzFile::operator=(TarGzFile&&) noexcept = default;
TarGzFile::~TarGzFile() = default;

Result<Done> TarGzFile::add(std::string_view name, const FileDescriptor& file, std::uint64_t size_bytes,
                            unsigned mode) {
  if (const std::string_view wrong = wrong_with_name(name); !wrong.empty())
    return Error{ErrorCode::kInvalid, "member: " + std::string(wrong)};
  const ArchiveLibrary& library = *archive_library();
  const std::unique_ptr<struct archive_entry, FreeEntry> entry(library.entry_new());
  library.entry_set_pathname(entry.get(), std::string(name).c_str());
  library.entry_set_filetype(entry.get(), AE_IFREG);
  library.entry_set_perm(entry.get(), mode & 0777U);
  library.entry_set_size(entry.get(), static_cast<la_int64_t>(size_bytes));
  library.entry_set_mtime(entry.get(), 0, 0);
  if (library.write_header(state_->writer.get(), entry.get()) < ARCHIVE_WARN) return state_->failure("header");
  for (std::uint64_t left = size_bytes; left > 0;) {
    const ssize_t got = ::read(file.get(), state_->piece.data(), std::min<std::uint64_t>(left, kPiece));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read member of", state_->path, errno);
    if (got == 0) return Error{ErrorCode::kUnavailable, "member '" + std::string(name) + "': became shorter meanwhile"};
    if (library.write_data(state_->writer.get(), state_->piece.data(), static_cast<std::size_t>(got)) != got)
      return state_->failure("data");
    left -= static_cast<std::uint64_t>(got);
  }
  return Done{};
}

Result<Done> TarGzFile::finish() {
  if (archive_library()->write_close(state_->writer.get()) != ARCHIVE_OK) return state_->failure("end");
  state_->file.reset();
  return Done{};
}

}  // namespace chiliad::archive
