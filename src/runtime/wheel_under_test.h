// For tests: packages of a few lines as wheels in a folder, which pip installs without a network.
//
// Source: PEP 427 (wheels), PKWARE's APPNOTE (zip, members stored as they are).
//
// Thread safety: one thread at a time.

#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/crc.h"
#include "base/file.h"

namespace chiliad::runtime {

inline void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

inline std::string zip_of(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out, folder;
  for (const auto& [name, text] : members) {
    std::string head;
    append_number(head, 20, 2);           // Version needed.
    append_number(head, 0, 4);            // Flags, stored.
    append_number(head, 0x2821'0000, 4);  // 2000-01-01.
    append_number(head, chiliad::crc32(text), 4);
    append_number(head, text.size(), 4);
    append_number(head, text.size(), 4);
    append_number(head, name.size(), 2);
    append_number(head, 0, 2);  // No extra field.
    append_number(folder, 0x02014b50, 4);
    append_number(folder, 20 | 3 << 8, 2);  // Made on Unix.
    folder += head;
    append_number(folder, 0, 6);  // No comment, disk 0, internal attributes.
    append_number(folder, 0100644ULL << 16, 4);
    append_number(folder, out.size(), 4);
    folder += name;
    append_number(out, 0x04034b50, 4);
    out += head + name + text;
  }
  const std::size_t begin = out.size();
  out += folder;
  append_number(out, 0x06054b50, 4);
  append_number(out, 0, 4);
  append_number(out, members.size(), 2);
  append_number(out, members.size(), 2);
  append_number(out, folder.size(), 4);
  append_number(out, begin, 4);
  append_number(out, 0, 2);
  return out;
}

// A package with one module of its name that holds VERSION, and a command `<name>-version` that prints where its Python
// is and the version.
inline void write_wheel(const std::filesystem::path& folder, std::string_view name, std::string_view version,
                        std::string_view needs = "") {
  const std::string info = fmt::format("{}-{}.dist-info/", name, version);
  std::string metadata = fmt::format("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", name, version);
  if (!needs.empty()) metadata += fmt::format("Requires-Dist: {}\n", needs);
  const std::string module =
      fmt::format("VERSION = '{}'\n\n\ndef main():\n    import sys\n    print(sys.prefix, VERSION)\n", version);
  const std::string wheel = zip_of({
      {fmt::format("{}.py", name), module},
      {info + "METADATA", metadata},
      {info + "WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
      {info + "entry_points.txt", fmt::format("[console_scripts]\n{0}-version = {0}:main\n", name)},
      {info + "RECORD",
       fmt::format("{0}.py,,\n{1}METADATA,,\n{1}WHEEL,,\n{1}entry_points.txt,,\n{1}RECORD,,\n", name, info)},
  });
  ASSERT_TRUE(
      write_file_atomically(folder / fmt::format("{}-{}-py3-none-any.whl", name, version), wheel, Durability::kNone));
}

}  // namespace chiliad::runtime
