// Tars with extensions, through libarchive. It is given nothing but the tar format and the bytes in memory (no filters:
// its gzip filter does not check the checksum), and its leniency about the end of an archive is taken back here.

#include <algorithm>
#include <memory>

#include "archive/archive_library.h"
#include "archive/tar.h"
#include "base/check.h"

namespace chiliad::archive {
namespace {

struct CloseReader {
  void operator()(struct archive* reader) const { archive_library()->read_free(reader); }
};
using Reader = std::unique_ptr<struct archive, CloseReader>;

Error reader_error(const Reader& reader, std::string_view member) {
  const char* reason = archive_library()->error_string(reader.get());
  return corrupt_tar(reason != nullptr ? reason : "damaged", member);
}

// `position` is where libarchive stopped: behind one or two blocks of zeros, if the archive ends as it must.
Result<Done> check_end(std::string_view tar, std::size_t position) {
  if (position > tar.size() || position < kTarBlock || !all_zero(tar.substr(position - kTarBlock, kTarBlock)))
    return corrupt_tar("cut short: the end mark is missing", "");
  if (!all_zero(tar.substr(position))) return corrupt_tar("followed by other bytes", "");
  const bool second_before = position >= 2 * kTarBlock && all_zero(tar.substr(position - 2 * kTarBlock, kTarBlock));
  if (!second_before && tar.size() - position < kTarBlock)
    return corrupt_tar("cut short: half of the end mark is missing", "");
  return Done{};
}

// The entry's bytes, never more than its header said, which is within the limits.
Result<std::string> read_bytes(const Reader& reader, const std::string& name, std::uint64_t size) {
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(size));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const la_ssize_t got = archive_library()->read_data(reader.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0) return reader_error(reader, name);
    if (got == 0) break;  // The rest is a hole; a cut archive is an error above.
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace

Result<Contents> parse_foreign(std::string_view tar, const ReadLimits& limits) {
  if (!archive_library()) return archive_library().error();
  const ArchiveLibrary& library = *archive_library();
  const Reader reader(library.read_new());
  CHILIAD_CHECK(reader != nullptr);
  if (library.read_support_format_tar(reader.get()) != ARCHIVE_OK ||
      library.read_open_memory(reader.get(), tar.data(), tar.size()) != ARCHIVE_OK)
    return reader_error(reader, "");
  Contents contents;
  std::uint64_t total = 0;
  while (true) {
    struct archive_entry* entry = nullptr;
    const int status = library.read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return reader_error(reader, "");
    const char* path = library.entry_pathname(entry);
    if (path == nullptr) return corrupt_tar("a member without a usable name", "");
    const std::string name(path);
    const auto type = library.entry_filetype(entry);
    const bool is_link = library.entry_hardlink(entry) != nullptr || library.entry_symlink(entry) != nullptr;
    if (is_link || (type != AE_IFREG && type != AE_IFDIR))
      return corrupt_tar("a link or a device; only files and folders are accepted", name);
    if (contents.entries.size() >= limits.max_members) return too_many_members(limits);
    if (type == AE_IFDIR) {
      contents.entries.push_back({name, true, {}});
      continue;
    }
    const la_int64_t size = library.entry_size(entry);
    if (size < 0) return corrupt_tar("a size below zero", name);
    if (static_cast<std::uint64_t>(size) > limits.max_total_bytes - total) return too_many_bytes(limits, name);
    total += static_cast<std::uint64_t>(size);
    Result<std::string> bytes = read_bytes(reader, name, static_cast<std::uint64_t>(size));
    if (!bytes) return std::move(bytes).error();
    contents.owned.push_back(std::move(*bytes));
    contents.entries.push_back({name, false, contents.owned.back()});
  }
  Result<Done> end = check_end(tar, static_cast<std::size_t>(library.filter_bytes(reader.get(), 0)));
  if (!end) return std::move(end).error();
  return contents;
}

}  // namespace chiliad::archive
