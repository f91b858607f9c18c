#include "runtime/requirements.h"

#include <gtest/gtest.h>

namespace chiliad::runtime {
namespace {

TEST(ReadRequirements, KeepsWhatPipReads) {
  const Requirements read = read_requirements(
      "\xef\xbb\xbf# for the model\r\n\r\nprophet==1.1.4   # pinned\r\n  numpy<2 ; python_version >= '3.9' and \\\n"
      "sys_platform == 'linux'\n--extra-index-url https://example.com/a#b\n");
  EXPECT_EQ(read.text,
            "prophet==1.1.4\nnumpy<2 ; python_version >= '3.9' and sys_platform == 'linux'\n"
            "--extra-index-url https://example.com/a#b\n");
  EXPECT_TRUE(read.self_contained);
}

TEST(ReadRequirements, CommentsAloneAreNoRequirements) {
  const Requirements read = read_requirements("# nothing\n\n   \n\t# and nothing \\\n");
  EXPECT_EQ(read.text, "");
  EXPECT_TRUE(read.self_contained);
}

TEST(ReadRequirements, SeesThatALineNamesAFile) {
  for (const char* line :
       {"-r other.txt", "--requirement=other.txt", "-c limits.txt", "-e .", "--editable git+https://x/y", "./a.whl",
        "wheels/a-1.0-py3-none-any.whl", "a-1.0.tar.gz", "a @ file:///srv/a", "/srv/a", "..", "-f wheels",
        "--find-links wheels", "a==${VERSION}", "caf\xc3\xa9", "a\\ ", "a\x0c-r b"}) {
    EXPECT_FALSE(read_requirements(line).self_contained) << line;
  }
}

TEST(ReadRequirements, SeesThatALineNamesNone) {
  for (const char* line :
       {"a", "a[x,y]>=1,<2", "a @ https://example.com/a-1.0.whl", "git+https://example.com/a.git@v1#egg=a",
        "-i https://example.com/simple", "--index-url=https://example.com/simple", "--pre", "a==1 --hash=sha256:00",
        "a; platform_machine == 'x/y'"}) {
    EXPECT_TRUE(read_requirements(line).self_contained) << line;
  }
}

TEST(ReadRequirements, LeavesALongTextToTheJob) {
  EXPECT_FALSE(read_requirements(std::string(kRequirementsBytes + 1, '\n')).self_contained);
}

}  // namespace
}  // namespace chiliad::runtime
