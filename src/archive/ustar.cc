// The plain POSIX form: a 512-byte header of text fields, the bytes, zeros up to the next multiple of 512; two blocks
// of zeros at the end. doc/archive.md shows the header by bytes.

#include <algorithm>
#include <array>
#include <cstring>

#include "archive/tar.h"

namespace chiliad::archive {
namespace {

constexpr std::uint64_t kLargestSize = 077777777777;  // Eleven octal digits: 8 GiB - 1.

struct Header {
  char name[100];
  char mode[8];
  char owner[8];
  char group[8];
  char size[12];
  char modified[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];
  char version[2];
  char owner_name[32];
  char group_name[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(Header) == kTarBlock);

// Digits with leading zeros, then the NUL that is there already.
template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t value) {
  for (std::size_t i = N - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

// Octal digits, spaces before and NUL or space after allowed; an empty field is 0. Nullopt for anything else.
template <std::size_t N>
std::optional<std::uint64_t> get_octal(const char (&field)[N]) {
  std::size_t i = 0;
  while (i < N && field[i] == ' ') ++i;
  std::uint64_t value = 0;
  for (; i < N && field[i] >= '0' && field[i] <= '7'; ++i)
    value = value * 8 + static_cast<std::uint64_t>(field[i] - '0');
  for (; i < N; ++i)
    if (field[i] != ' ' && field[i] != '\0') return std::nullopt;
  return value;
}

template <std::size_t N>
std::string_view text_of(const char (&field)[N]) {
  return {field, ::strnlen(field, N)};
}

// The sum of the header's bytes with the checksum field taken as spaces.
std::uint32_t checksum_of(const Header& header) {
  std::array<std::uint8_t, kTarBlock> bytes;
  std::memcpy(bytes.data(), &header, kTarBlock);
  std::uint32_t sum = 0;
  for (const std::uint8_t byte : bytes) sum += byte;
  for (const char c : header.checksum) sum -= static_cast<std::uint8_t>(c);
  return sum + ' ' * sizeof(header.checksum);
}

// Puts a name into `name`, or split at a '/' into `prefix` and `name`. False when it does not fit.
bool put_name(Header& header, std::string_view name) {
  std::string_view prefix;
  if (name.size() > sizeof(header.name)) {
    const std::size_t slash = name.find('/', name.size() - sizeof(header.name) - 1);
    if (slash == std::string_view::npos || slash > sizeof(header.prefix)) return false;
    prefix = name.substr(0, slash);
    name.remove_prefix(slash + 1);
  }
  name.copy(header.name, sizeof(header.name));
  prefix.copy(header.prefix, sizeof(header.prefix));
  return true;
}

std::string name_of(const Header& header) {
  std::string name(text_of(header.prefix));
  if (!name.empty()) name.push_back('/');
  return name.append(text_of(header.name));
}

enum class Kind { kFile, kFolder, kForeign, kRefused };

Kind kind_of(const Header& header) {
  if (std::memcmp(header.magic,
                  "ustar\0"
                  "00",
                  8) != 0)
    return Kind::kForeign;
  switch (header.type) {
    case '0':
    case '\0': return Kind::kFile;
    case '5': return Kind::kFolder;
    case '1':
    case '2':
    case '3':
    case '4':
    case '6': return Kind::kRefused;
    default: return Kind::kForeign;
  }
}

}  // namespace

Error corrupt_tar(std::string_view what, std::string_view member) {
  std::string message = "tar: ";
  if (!member.empty()) message.append("'").append(member.substr(0, 200)).append("': ");
  return {ErrorCode::kCorrupt, message.append(what)};
}

Error too_many_members(const ReadLimits& limits) {
  return {ErrorCode::kTooLarge, "tar: more than the limit of " + std::to_string(limits.max_members) + " members"};
}

Error too_many_bytes(const ReadLimits& limits, std::string_view member) {
  return {ErrorCode::kTooLarge, "tar: '" + std::string(member.substr(0, 200)) + "' passes the limit of " +
                                    std::to_string(limits.max_total_bytes) + " bytes for all members"};
}

Result<Done> append_member(std::string& tar, const Member& member) {
  Header header{};
  if (!put_name(header, member.name))
    return Error{
        ErrorCode::kInvalid,
        "tar: '" + member.name + "': too long for ustar: the part after a '/' may have 100 bytes, that before it 155"};
  if (member.bytes.size() > kLargestSize)
    return Error{ErrorCode::kInvalid, "tar: '" + member.name + "': larger than the 8 GiB that ustar can hold"};
  put_octal(header.mode, 0644);
  put_octal(header.owner, 0);
  put_octal(header.group, 0);
  put_octal(header.size, member.bytes.size());
  put_octal(header.modified, 0);
  header.type = '0';
  std::memcpy(header.magic,
              "ustar\0"
              "00",
              8);
  put_octal(header.device_major, 0);
  put_octal(header.device_minor, 0);
  const std::uint32_t checksum = checksum_of(header);
  std::memcpy(header.checksum, "000000\0 ", 8);  // Six digits, NUL, space: as every tar writes it.
  for (std::size_t i = 6, value = checksum; i-- > 0; value >>= 3)
    header.checksum[i] = static_cast<char>('0' + (value & 7));
  tar.append(reinterpret_cast<const char*>(&header), kTarBlock);
  tar.append(member.bytes);
  tar.append((kTarBlock - member.bytes.size() % kTarBlock) % kTarBlock, '\0');
  return Done{};
}

void append_end(std::string& tar) { tar.append(2 * kTarBlock, '\0'); }

Result<std::optional<Contents>> parse_ustar(std::string_view tar, const ReadLimits& limits) {
  Contents contents;
  std::uint64_t total = 0;
  while (true) {
    if (tar.size() < kTarBlock) return corrupt_tar("cut short: the end mark is missing", "");
    Header header;
    std::memcpy(&header, tar.data(), kTarBlock);
    if (header.name[0] == '\0' && all_zero(tar.substr(0, kTarBlock))) break;
    const std::optional<std::uint64_t> checksum = get_octal(header.checksum);
    if (!checksum || *checksum != checksum_of(header)) return corrupt_tar("a header's checksum is wrong", "");
    const Kind kind = kind_of(header);
    const std::optional<std::uint64_t> size = get_octal(header.size);
    if (kind == Kind::kForeign || !size) return std::optional<Contents>();
    std::string name = name_of(header);
    if (kind == Kind::kRefused) return corrupt_tar("a link or a device; only files and folders are accepted", name);
    tar.remove_prefix(kTarBlock);
    const std::uint64_t stored = kind == Kind::kFolder ? 0 : *size;
    if (stored > tar.size()) return corrupt_tar("cut short", name);
    if (contents.entries.size() >= limits.max_members) return too_many_members(limits);
    total += stored;
    if (total > limits.max_total_bytes) return too_many_bytes(limits, name);
    const std::size_t padded =
        std::min(tar.size(), (static_cast<std::size_t>(stored) + kTarBlock - 1) / kTarBlock * kTarBlock);
    contents.entries.push_back(
        {std::move(name), kind == Kind::kFolder, tar.substr(0, static_cast<std::size_t>(stored))});
    tar.remove_prefix(padded);
  }
  if (tar.size() < 2 * kTarBlock) return corrupt_tar("cut short: half of the end mark is missing", "");
  if (!all_zero(tar)) return corrupt_tar("followed by other bytes", "");
  return std::optional<Contents>(std::move(contents));
}

}  // namespace chiliad::archive
