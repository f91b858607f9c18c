#include "archive/archive.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <barrier>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "base/file.h"
#include "base/hash.h"

namespace chiliad::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;

// A tar of one's own making, header fields changed at will; the checksum is put right afterwards.
std::string tar_member(const std::string& name, const std::string& bytes, char type = '0',
                       const std::string& size_field = "", const std::string& magic = std::string("ustar\00000", 8)) {
  std::string header(kBlock, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  char size[13];
  std::snprintf(size, sizeof size, "%011zo", bytes.size());
  header.replace(124, 11, size_field.empty() ? size : size_field);
  header[156] = type;
  header.replace(257, 8, magic);
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(size, sizeof size, "%06o", sum);
  header.replace(148, 7, std::string(size, 7));
  std::string out = header + bytes;
  out.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
  return out;
}

std::string end_mark() { return std::string(2 * kBlock, '\0'); }

ErrorCode code_of(std::string_view bytes, const ReadLimits& limits = {}) {
  const Result<std::vector<Member>> members = read_archive(bytes, limits);
  EXPECT_FALSE(members);
  if (members) return ErrorCode::kNotConverged;  // None of ours.
  EXPECT_FALSE(members.error().message.empty());
  return members.error().code;
}

std::string message_of(std::string_view bytes) {
  const Result<std::vector<Member>> members = read_archive(bytes);
  return members ? "no error" : members.error().message;
}

std::string model_json() {
  std::string json = "{\"growth\": \"linear\", \"y\": [";
  std::uint64_t state = 1;
  while (json.size() < 61'000) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    json += std::to_string(static_cast<double>(state >> 40) / 1000.0) + ", ";
  }
  return json + "0.0]}";
}

TEST(WriteTarGz, IsReadBackAsWritten) {
  const std::vector<Member> members = {{"model.json", model_json()}, {"code/inference.py", "x = 1\n"}, {"empty", ""}};
  const Result<std::string> bytes = write_tar_gz(members);
  ASSERT_TRUE(bytes);
  const Result<std::vector<Member>> read = read_archive(*bytes);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*read)[i].name, members[i].name);
    EXPECT_EQ((*read)[i].bytes, members[i].bytes);
  }
}

TEST(WriteTarGz, GivesTheSameBytesAlwaysAndOnEveryThread) {
  const std::vector<Member> members = {{"model.json", model_json()}};
  const std::string first = *write_tar_gz(members);
  EXPECT_EQ(*write_tar_gz(members), first);
  std::string other;
  std::thread([&] { other = *write_tar_gz(members); }).join();
  EXPECT_EQ(other, first);
}

// Inputs of 1 to 3 kB that begin with any four bytes and have them again.
std::vector<std::string> inputs_that_come_back() {
  std::vector<std::string> inputs;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < 3'000; ++i) {
    std::string input;
    while (input.size() < 512 + i % 1'024) input += static_cast<char>('a' + random() % 26);
    inputs.push_back(input + input.substr(0, 8) + input.substr(100, 600));
  }
  return inputs;
}

// The threads live at the same time, so that each has its stack and memory at other addresses: a slot of ISA-L's hash
// table depends on them, and with it one input in some hundred.
TEST(Gzip, GivesTheSameBytesOnEveryThread) {
  const std::vector<std::string> inputs = inputs_that_come_back();
  constexpr std::size_t kThreads = 6;
  std::vector<std::vector<std::string>> packed(kThreads);
  std::barrier all_done(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<std::string>& own : packed) {
    threads.emplace_back([&] {
      for (const std::string& input : inputs) own.push_back(gzip(input));
      all_done.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::size_t different = 0;
  for (const std::vector<std::string>& own : packed) {
    for (std::size_t i = 0; i < inputs.size(); ++i) different += own[i] != packed[0][i];
  }
  EXPECT_EQ(different, 0u);
}

// Both sides of the sizes at which another library packs, and the beginnings that one of them treats apart.
TEST(Gzip, PacksWhatItUnpacks) {
  const std::string text = inputs_that_come_back()[0];
  std::string large;
  while (large.size() < (17u << 20)) large += text;
  for (const std::size_t size : {0u, 1u, 1'023u, 1'024u, 1'025u, 65'536u, 16u << 20, (16u << 20) + 1}) {
    for (const std::string& start : {std::string(), std::string(8, '\0'), std::string(5'000, '\xff')}) {
      const std::string input = (start + large).substr(0, size);
      const Result<Buffer> back = gunzip(gzip(input), std::uint64_t{1} << 25);
      ASSERT_TRUE(back) << size << ": " << back.error().message;
      EXPECT_TRUE(back->view() == input) << size;
    }
  }
}

TEST(WriteTarGz, GivesTheSameBytesWhateverTheThreadPackedBefore) {
  const std::vector<Member> members = {{"model.json", model_json()}};
  std::string alone;
  std::thread([&] { alone = *write_tar_gz(members); }).join();
  for (const std::size_t size : {1u, 100u, 8'000u, 40'000u, 100'000u}) {
    ASSERT_TRUE(write_tar_gz({{"model.json", model_json().substr(0, size) + std::string(size, 'x')}}));
    EXPECT_TRUE(*write_tar_gz(members) == alone) << "after " << size << " bytes";
  }
}

// The tar below the gzip, to the byte: a change here changes every stored model.
TEST(WriteTarGz, WritesTheHeaderOfTheManual) {
  const Result<Buffer> tar = gunzip(*write_tar_gz({{"model.json", "{}"}}), 1 << 20);
  ASSERT_TRUE(tar);
  ASSERT_EQ(tar->size, 4 * kBlock);
  EXPECT_EQ(hex(sha256(tar->view())), "5fd57e1b59fc94361aa641be18aecd756b37ef13e6663799479021adf4d67db7");
  const std::string gzip_bytes = *write_tar_gz({{"model.json", "{}"}});
  EXPECT_EQ(gzip_bytes.substr(0, 4), std::string("\x1f\x8b\x08\0", 4));  // No name, no comment.
  EXPECT_EQ(gzip_bytes.substr(4, 4), std::string("\0\0\0\0", 4));        // No time.
  EXPECT_EQ(gzip_bytes[9], '\xFF');                                      // No operating system.
}

TEST(WriteTarGz, HoldsNothingToo) {
  const Result<std::vector<Member>> read = read_archive(*write_tar_gz({}));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

TEST(WriteTarGz, RefusesNamesThatReadersWouldRefuse) {
  for (const std::string name : {"", "/etc/passwd", "../a", "a/../b", "a//b", "./a", "a/", "a/.", ".."}) {
    const Result<std::string> bytes = write_tar_gz({{name, "x"}});
    ASSERT_FALSE(bytes) << name;
    EXPECT_EQ(bytes.error().code, ErrorCode::kInvalid);
  }
  EXPECT_FALSE(write_tar_gz({{std::string("a\0b", 3), "x"}}));
  EXPECT_FALSE(write_tar_gz({{"a", "x"}, {"a", "y"}}));
  EXPECT_FALSE(write_tar_gz({{"a", "x"}, {"a/b", "y"}}));
  EXPECT_FALSE(write_tar_gz({{"a/b", "x"}, {"a", "y"}}));
}

TEST(WriteTarGz, SplitsLongNamesAndRefusesTheRest) {
  const std::string folder(150, 'f');
  for (const std::string& name :
       {folder + "/" + std::string(100, 'n'), std::string(100, 'n'), "d/" + std::string(98, 'n')}) {
    const Result<std::string> bytes = write_tar_gz({{name, "x"}});
    ASSERT_TRUE(bytes) << name;
    EXPECT_EQ(read_archive(*bytes)->at(0).name, name);
  }
  EXPECT_EQ(write_tar_gz({{std::string(101, 'n'), "x"}}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(write_tar_gz({{std::string(156, 'f') + "/a", "x"}}).error().code, ErrorCode::kInvalid);
}

TEST(ReadArchive, TakesATarWithoutGzip) {
  const Result<std::vector<Member>> read =
      read_archive(tar_member("./a", "1") + tar_member("d/", "", '5') + tar_member("d/b", "2") + end_mark());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(0).name, "a");
  EXPECT_EQ(read->at(1).name, "d/b");
}

TEST(ReadArchive, TakesGzipInSeveralMembers) {
  const std::string tar = tar_member("a", std::string(5000, 'a')) + tar_member("b", model_json()) + end_mark();
  const Result<std::vector<Member>> read = read_archive(gzip(tar.substr(0, 700)) + gzip(tar.substr(700)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at(1).bytes, model_json());
}

TEST(ReadArchive, RefusesNamesThatLeaveTheFolder) {
  for (const std::string name : {"/etc/passwd", "../a", "a/../../b", "..", "./../a", "a//b", "a/./b", "/"}) {
    EXPECT_EQ(code_of(tar_member(name, "x") + end_mark()), ErrorCode::kCorrupt) << name;
    EXPECT_EQ(code_of(tar_member(name, "", '5') + end_mark()), ErrorCode::kCorrupt) << name;
    // The same through libarchive: GNU's magic.
    EXPECT_EQ(code_of(tar_member(name, "x", '0', "", std::string("ustar  \0", 8)) + end_mark()), ErrorCode::kCorrupt)
        << name;
  }
  EXPECT_EQ(message_of(tar_member("../a", "x") + end_mark()), "tar: '../a': a name that leaves the folder ('..')");
}

TEST(ReadArchive, RefusesLinksAndDevices) {
  for (const char type : {'1', '2', '3', '4', '6'}) {
    EXPECT_EQ(code_of(tar_member("a", "", type) + end_mark()), ErrorCode::kCorrupt) << type;
    EXPECT_EQ(code_of(tar_member("a", "", type, "", std::string("ustar  \0", 8)) + end_mark()), ErrorCode::kCorrupt)
        << type;
  }
}

TEST(ReadArchive, RefusesANameThatComesTwice) {
  EXPECT_EQ(code_of(tar_member("a", "1") + tar_member("a", "2") + end_mark()), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(tar_member("a", "1") + tar_member("./a", "2") + end_mark()), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(tar_member("a", "1") + tar_member("a/b", "2") + end_mark()), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(tar_member("a/b", "1") + tar_member("a", "2") + end_mark()), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(tar_member("a", "1") + tar_member("a/", "", '5') + end_mark()), ErrorCode::kCorrupt);
}

TEST(ReadArchive, RefusesEveryArchiveThatIsCutShort) {
  const std::string whole = *write_tar_gz({{"model.json", model_json()}});
  for (std::size_t size = 0; size < whole.size(); size += size < 100 || size > whole.size() - 100 ? 1 : 97)
    ASSERT_EQ(code_of(std::string_view(whole).substr(0, size)), ErrorCode::kCorrupt) << size;
  const std::string tar = tar_member("a", std::string(1000, 'x')) + end_mark();
  for (std::size_t size = 0; size < tar.size(); ++size)
    ASSERT_EQ(code_of(std::string_view(tar).substr(0, size)), ErrorCode::kCorrupt) << size;
}

TEST(ReadArchive, RefusesEveryForeignArchiveThatIsCutShort) {
  const std::string tar = tar_member("a", std::string(1000, 'x'), '0', "", std::string("ustar  \0", 8)) + end_mark();
  ASSERT_TRUE(read_archive(tar));
  for (std::size_t size = 0; size < tar.size(); ++size)
    ASSERT_EQ(code_of(std::string_view(tar).substr(0, size)), ErrorCode::kCorrupt) << size;
}

TEST(ReadArchive, RefusesBytesBehindTheEnd) {
  const std::string tar = tar_member("a", "x") + end_mark();
  EXPECT_TRUE(read_archive(tar + std::string(8192, '\0')));  // GNU tar fills its records with zeros.
  EXPECT_EQ(code_of(tar + "x"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(tar + tar), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(gzip(tar) + "x"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(gzip(tar) + std::string(100, '\0')), ErrorCode::kCorrupt);
  const std::string foreign = tar_member("a", "x", '0', "", std::string("ustar  \0", 8)) + end_mark();
  EXPECT_TRUE(read_archive(foreign + std::string(8192, '\0')));
  EXPECT_EQ(code_of(foreign + "x"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(foreign + foreign), ErrorCode::kCorrupt);
}

TEST(ReadArchive, NoticesEveryFlippedBit) {
  const std::string whole = *write_tar_gz({{"model.json", std::string(3000, 'x') + "end"}});
  const std::vector<Member> original = *read_archive(whole);
  int unnoticed = 0;
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    std::string damaged = whole;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    const Result<std::vector<Member>> read = read_archive(damaged);
    // Nothing covers the gzip header's time and system, the lengths of codes that no byte uses, and the bits behind the
    // last code; they change nothing.
    if (read) {
      ASSERT_EQ(read->size(), 1u);
      ASSERT_EQ(read->at(0).name, "model.json");
      ASSERT_EQ(read->at(0).bytes, original[0].bytes) << i;
      ++unnoticed;
    }
  }
  EXPECT_LE(unnoticed, 6 * 8 + 7 + 40);
}

TEST(ReadArchive, HoldsItsLimitsBeforeItTakesMemory) {
  const std::string bomb = *write_tar_gz({{"a", std::string(64u << 20, '\0')}});
  EXPECT_LT(bomb.size(), 1u << 20);
  EXPECT_EQ(code_of(bomb, {.max_total_bytes = 1 << 20}), ErrorCode::kTooLarge);
  const std::string three = tar_member("a", "1") + tar_member("b", "2") + tar_member("c", "3") + end_mark();
  EXPECT_TRUE(read_archive(three, {.max_total_bytes = 3, .max_members = 3}));
  EXPECT_EQ(code_of(three, {.max_total_bytes = 2}), ErrorCode::kTooLarge);
  EXPECT_EQ(code_of(three, {.max_members = 2}), ErrorCode::kTooLarge);
}

TEST(ReadArchive, HoldsItsLimitsForForeignArchives) {
  const std::string gnu("ustar  \0", 8);
  const std::string two = tar_member("a", "1", '0', "", gnu) + tar_member("b", "2", '0', "", gnu) + end_mark();
  EXPECT_TRUE(read_archive(two));
  EXPECT_EQ(code_of(two, {.max_total_bytes = 1}), ErrorCode::kTooLarge);
  EXPECT_EQ(code_of(two, {.max_members = 1}), ErrorCode::kTooLarge);
  // A size of 2^60 in base 256.
  std::string huge(11, '\0');
  huge[0] = '\x80';
  huge[4] = '\x10';
  EXPECT_EQ(code_of(tar_member("a", "", '0', huge) + end_mark()), ErrorCode::kTooLarge);
}

TEST(ReadArchive, DisbelievesAGzipThatClaimsMoreThanItCanHold) {
  std::string lying = *write_tar_gz({{"a", "x"}});
  lying.replace(lying.size() - 4, 4, "\xFF\xFF\xFF\x3F");  // 1 GiB from 90 bytes.
  EXPECT_EQ(code_of(lying), ErrorCode::kCorrupt);
  lying.replace(lying.size() - 4, 4, std::string("\x00\x0A\x00\x00", 4));
  EXPECT_EQ(code_of(lying), ErrorCode::kCorrupt);
}

TEST(ReadArchive, RefusesWhatIsNoArchive) {
  EXPECT_EQ(code_of(""), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of("{\"growth\": \"linear\"}"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(std::string(600, 'x')), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(gzip("not a tar")), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(tar_member("a", "x", '0', "0000000000z") + end_mark()), ErrorCode::kCorrupt);
}

TEST(ReadMember, FindsOneAndChecksTheRest) {
  const std::string good = *write_tar_gz({{"code/a.py", "1"}, {"model.json", "{}"}});
  EXPECT_EQ(*read_member(good, "model.json"), "{}");
  EXPECT_EQ(*read_member(good, "./model.json"), "{}");
  EXPECT_EQ(*read_member(tar_member("./model.json", "{}") + end_mark(), "model.json"), "{}");
  const Result<std::string> absent = read_member(good, "model.jso");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(absent.error().message, "no member 'model.jso' in the archive, which holds code/a.py, model.json");
  EXPECT_EQ(
      read_member(tar_member("model.json", "{}") + tar_member("../a", "") + end_mark(), "model.json").error().code,
      ErrorCode::kCorrupt);
}

TEST(Unpack, WritesFilesAndFolders) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  const std::string tar =
      tar_member("./", "", '5') + tar_member("d/", "", '5') + tar_member("e/f/a", "123") + end_mark();
  const Result<std::uint64_t> written = unpack(tar, folder->path());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(*written, 3u);
  EXPECT_TRUE(fs::is_directory(folder->path() / "d"));
  EXPECT_EQ(*read_file(folder->path() / "e/f/a"), "123");
}

TEST(Unpack, DoesNotFollowALinkThatWaitsInTheFolder) {
  const Result<TempFolder> folder = TempFolder::make();
  const Result<TempFolder> outside = TempFolder::make();
  ASSERT_TRUE(folder && outside);
  fs::create_symlink(outside->path() / "victim", folder->path() / "a");
  EXPECT_FALSE(unpack(*write_tar_gz({{"a", "x"}}), folder->path()));
  EXPECT_TRUE(fs::is_empty(outside->path()));
}

TEST(Unpack, SaysThatTheDiskIsFull) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  const std::string bytes = *write_tar_gz({{"a", "12345"}, {"b", "12345"}});
  fail_writes_after(7);
  const Result<std::uint64_t> written = unpack(bytes, folder->path());
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace chiliad::archive
