// The archives of other programs, and ours in their hands: GNU tar and Python's tarfile, run as they are installed.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "archive/archive.h"
#include "base/file.h"

namespace chiliad::archive {
namespace {

namespace fs = std::filesystem;

class Rivals : public testing::Test {
 protected:
  void SetUp() override {
    Result<TempFolder> folder = TempFolder::make();
    ASSERT_TRUE(folder);
    folder_ = std::make_unique<TempFolder>(std::move(*folder));
    fs::create_directories(in("tree/code"));
    put("tree/model.json", "{\"growth\": \"linear\"}");
    put("tree/code/inference.py", "x = 1\n");
  }

  fs::path in(const std::string& name) const { return folder_->path() / name; }
  void put(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(write_file_atomically(in(name), bytes, Durability::kNone));
  }

  // Runs `command` in the folder; its output is in the message when it fails.
  void run(const std::string& command) {
    const std::string line = "cd '" + folder_->path().string() + "' && (" + command + ") >output 2>&1";
    ASSERT_EQ(std::system(line.c_str()), 0) << command << "\n" << *read_file(in("output"));
  }

  void expect_tree(const std::string& archive) {
    const Result<std::string> bytes = read_file(in(archive));
    ASSERT_TRUE(bytes);
    const Result<std::vector<Member>> members = read_archive(*bytes);
    ASSERT_TRUE(members) << members.error().message;
    EXPECT_EQ(*read_member(*bytes, "model.json"), "{\"growth\": \"linear\"}");
    EXPECT_EQ(*read_member(*bytes, "code/inference.py"), "x = 1\n");
  }

 private:
  std::unique_ptr<TempFolder> folder_;
};

TEST_F(Rivals, GnuTarInEveryFormatIsRead) {
  for (const std::string format : {"gnu", "oldgnu", "pax", "posix", "ustar", "v7"}) {
    SCOPED_TRACE(format);
    run("tar --format=" + format + " -czf a.tar.gz -C tree .");
    expect_tree("a.tar.gz");
    run("tar --format=" + format + " -cf a.tar -C tree model.json code");
    expect_tree("a.tar");
  }
}

TEST_F(Rivals, GnuTarsLongAndForeignNamesAreRead) {
  const std::string deep = "tree/" + std::string(200, 'd');
  fs::create_directories(in(deep));
  put(deep + "/" + std::string(150, 'n'), "deep");
  put("tree/j\xC3\xBCrgen", "umlaut");
  for (const std::string format : {"gnu", "pax"}) {
    SCOPED_TRACE(format);
    run("tar --format=" + format + " -czf a.tar.gz -C tree .");
    expect_tree("a.tar.gz");
    const std::string bytes = *read_file(in("a.tar.gz"));
    EXPECT_EQ(*read_member(bytes, std::string(200, 'd') + "/" + std::string(150, 'n')), "deep");
    EXPECT_EQ(*read_member(bytes, "j\xC3\xBCrgen"), "umlaut");
  }
}

TEST_F(Rivals, SparseFilesCountWithTheirFullSize) {
  run("truncate -s 100M tree/sparse && tar --sparse --format=gnu -czf gnu.tar.gz -C tree sparse && "
      "tar --sparse --format=pax -czf pax.tar.gz -C tree sparse");
  for (const std::string name : {"gnu.tar.gz", "pax.tar.gz"}) {
    const std::string bytes = *read_file(in(name));
    EXPECT_LT(bytes.size(), 2000u);
    const Result<std::vector<Member>> limited = read_archive(bytes, {.max_total_bytes = 1 << 20});
    ASSERT_FALSE(limited);
    EXPECT_EQ(limited.error().code, ErrorCode::kTooLarge) << limited.error().message;
    const Result<std::vector<Member>> whole = read_archive(bytes);
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_EQ(whole->at(0).bytes, std::string(100u << 20, '\0'));
  }
}

TEST_F(Rivals, GnuTarsLinksAreRefused) {
  run("ln -s /etc/passwd tree/link && tar -czf soft.tar.gz -C tree . && rm tree/link && "
      "ln tree/model.json tree/hard && tar -czf hard.tar.gz -C tree .");
  for (const std::string name : {"soft.tar.gz", "hard.tar.gz"}) {
    const Result<std::vector<Member>> members = read_archive(*read_file(in(name)));
    ASSERT_FALSE(members) << name;
    EXPECT_EQ(members.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(Rivals, PythonsTarfileIsRead) {
  run("python3 -c 'import tarfile\n"
      "for name, form in ((\"p.tar.gz\", tarfile.PAX_FORMAT), (\"g.tar.gz\", tarfile.GNU_FORMAT), (\"u.tar.gz\", "
      "tarfile.USTAR_FORMAT)):\n"
      "  with tarfile.open(name, \"w:gz\", format=form) as tar:\n"
      "    tar.add(\"tree\", arcname=\".\")'");
  for (const std::string name : {"p.tar.gz", "g.tar.gz", "u.tar.gz"}) {
    SCOPED_TRACE(name);
    expect_tree(name);
  }
}

TEST_F(Rivals, OursIsReadByGnuTarAndPython) {
  const std::string long_name = std::string(120, 'f') + "/" + std::string(90, 'n');
  put("ours.tar.gz", *write_tar_gz({{"model.json", "{}"}, {"code/inference.py", "x = 1\n"}, {long_name, "long"}}));
  run("mkdir out && tar -xzf ours.tar.gz -C out && test \"$(cat out/model.json)\" = '{}' && "
      "test \"$(stat -c %a%Y out/model.json)\" = 6440 && cat out/" +
      long_name);
  run("python3 -c 'import tarfile\n"
      "with tarfile.open(\"ours.tar.gz\") as tar:\n"
      "  info = tar.getmember(\"model.json\")\n"
      "  assert (info.mode, info.uid, info.gid, info.mtime, info.isreg()) == (0o644, 0, 0, 0, True), info.get_info()\n"
      "  assert tar.getnames() == [\"model.json\", \"code/inference.py\", \"" +
      long_name +
      "\"], tar.getnames()\n"
      "  assert tar.extractfile(\"code/inference.py\").read() == b\"x = 1\\n\"'");
  run("gzip -t ours.tar.gz");
}

}  // namespace
}  // namespace chiliad::archive
