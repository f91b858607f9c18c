#include "archive/archive.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "archive/gzip.h"
#include "archive/member_name.h"
#include "archive/tar.h"
#include "base/file.h"

namespace chiliad::archive {
namespace {

// Room for headers, padding and the end mark around max_total_bytes: three blocks a member (a long name takes two more)
// and GNU tar's record of zeros.
std::uint64_t most_tar_bytes(const ReadLimits& limits) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  return std::min(limits.max_total_bytes, kMost) + std::min(limits.max_members, kMost >> 12) * 2560 + (64u << 10);
}

// An archive unpacked in memory, with every name checked.
struct Unpacked {
  Buffer buffer;  // What the entries point into, if it was compressed.
  Contents contents;
};

Result<Done> check_names(Contents& contents) {
  NameSet names;
  for (Entry& entry : contents.entries) {
    const std::string_view plain = plain_name(entry.name, entry.is_folder);
    std::string_view wrong;
    if (!plain.empty() || !entry.is_folder) {
      wrong = wrong_with_name(plain);
      if (wrong.empty()) wrong = names.add(plain, entry.is_folder);
    }
    if (!wrong.empty()) return corrupt_tar(wrong, entry.name);
    entry.name = std::string(plain);
  }
  return Done{};
}

Result<Unpacked> open(std::string_view bytes, const ReadLimits& limits) {
  Unpacked unpacked;
  std::string_view tar = bytes;
  if (is_gzip(bytes)) {
    Result<Buffer> buffer = gunzip(bytes, most_tar_bytes(limits));
    if (!buffer) return std::move(buffer).error();
    unpacked.buffer = std::move(*buffer);
    tar = unpacked.buffer.view();
  }
  Result<std::optional<Contents>> plain = parse_ustar(tar, limits);
  if (!plain) return std::move(plain).error();
  if (*plain) {
    unpacked.contents = std::move(**plain);
  } else {
    Result<Contents> foreign = parse_foreign(tar, limits);
    if (!foreign) return std::move(foreign).error();
    unpacked.contents = std::move(*foreign);
  }
  Result<Done> checked = check_names(unpacked.contents);
  if (!checked) return std::move(checked).error();
  return unpacked;
}

Result<Done> make_folders(const std::filesystem::path& root, std::string_view name) {
  for (std::size_t slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
    const std::filesystem::path folder = root / name.substr(0, slash);
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return system_error("make folder", folder, errno);
  }
  return Done{};
}

}  // namespace

Result<std::string> write_tar_gz(const std::vector<Member>& members) {
  std::size_t size = 1024;
  for (const Member& member : members) size += 1024 + member.bytes.size();
  std::string tar;
  tar.reserve(size);
  NameSet names;
  for (const Member& member : members) {
    std::string_view wrong = wrong_with_name(member.name);
    if (wrong.empty()) wrong = names.add(member.name, false);
    if (!wrong.empty()) return Error{ErrorCode::kInvalid, "tar: '" + member.name + "': " + std::string(wrong)};
    Result<Done> appended = append_member(tar, member);
    if (!appended) return std::move(appended).error();
  }
  append_end(tar);
  return gzip(tar);
}

Result<std::vector<Member>> read_archive(std::string_view bytes, const ReadLimits& limits) {
  Result<Unpacked> unpacked = open(bytes, limits);
  if (!unpacked) return std::move(unpacked).error();
  std::vector<Member> members;
  for (Entry& entry : unpacked->contents.entries)
    if (!entry.is_folder) members.push_back({std::move(entry.name), std::string(entry.bytes)});
  return members;
}

Result<std::string> read_member(std::string_view bytes, std::string_view name, const ReadLimits& limits) {
  Result<Unpacked> unpacked = open(bytes, limits);
  if (!unpacked) return std::move(unpacked).error();
  for (const Entry& entry : unpacked->contents.entries)
    if (!entry.is_folder && entry.name == plain_name(name, false)) return std::string(entry.bytes);
  std::string message = "no member '" + std::string(name) + "' in the archive, which holds";
  if (unpacked->contents.entries.empty()) message += " nothing";
  for (std::size_t i = 0; i < unpacked->contents.entries.size() && i < 5; ++i)
    message += (i == 0 ? " " : ", ") + unpacked->contents.entries[i].name.substr(0, 100);
  return Error{ErrorCode::kNotFound, message + (unpacked->contents.entries.size() > 5 ? ", ..." : "")};
}

Result<std::uint64_t> unpack(std::string_view bytes, const std::filesystem::path& folder, const ReadLimits& limits) {
  Result<Unpacked> unpacked = open(bytes, limits);
  if (!unpacked) return std::move(unpacked).error();
  std::uint64_t written = 0;
  for (const Entry& entry : unpacked->contents.entries) {
    Result<Done> made = make_folders(folder, entry.is_folder ? entry.name + "/" : entry.name);
    if (!made) return std::move(made).error();
    if (entry.is_folder) continue;
    const std::filesystem::path path = folder / entry.name;
    Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (!file) return std::move(file).error();
    Result<Done> put = write_all(*file, entry.bytes, path);
    if (!put) return std::move(put).error();
    written += entry.bytes.size();
  }
  return written;
}

}  // namespace chiliad::archive
