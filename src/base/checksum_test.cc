#include "base/checksum.h"

#include <gtest/gtest.h>

namespace chiliad {
namespace {

constexpr ChecksumKind kAll[] = {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme,
                                 ChecksumKind::kSha1,  ChecksumKind::kSha256, ChecksumKind::kMd5};

TEST(Checksum, HasTheKnownValues) {
  EXPECT_EQ(checksum_of(ChecksumKind::kCrc32, "123456789").hex(), "cbf43926");
  EXPECT_EQ(checksum_of(ChecksumKind::kCrc32c, "123456789").hex(), "e3069283");
  EXPECT_EQ(checksum_of(ChecksumKind::kCrc64Nvme, "123456789").hex(), "ae8b14860a799888");
  EXPECT_EQ(checksum_of(ChecksumKind::kSha1, "abc").hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(checksum_of(ChecksumKind::kSha256, "abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(checksum_of(ChecksumKind::kMd5, "abc").hex(), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Checksum, IsWrittenAsS3Does) {
  EXPECT_EQ(checksum_of(ChecksumKind::kCrc32, "123456789").base64(), "y/Q5Jg==");
  EXPECT_EQ(checksum_of(ChecksumKind::kCrc64Nvme, "123456789").base64(), "rosUhgp5mIg=");
}

TEST(Checksum, OfPiecesIsThatOfTheWhole) {
  for (const ChecksumKind kind : kAll) {
    Checksum sum(kind);
    sum.update("1234");
    Checksum moved = std::move(sum);
    moved.update("");
    moved.update("56789");
    EXPECT_EQ(moved.finish(), checksum_of(kind, "123456789")) << checksum_name(kind);
  }
}

TEST(Checksum, IsFoundByItsNameInAnyCase) {
  for (const ChecksumKind kind : kAll) EXPECT_EQ(checksum_kind(checksum_name(kind)), kind);
  EXPECT_EQ(checksum_kind("crc64nvme"), ChecksumKind::kCrc64Nvme);
  EXPECT_EQ(checksum_kind("CRC3"), std::nullopt);
  EXPECT_EQ(checksum_kind(""), std::nullopt);
}

TEST(Checksum, IsReadBackFromItsText) {
  for (const ChecksumKind kind : kAll) {
    const ChecksumValue value = checksum_of(kind, "x");
    EXPECT_EQ(ChecksumValue::read(kind, value.base64()), value);
    EXPECT_EQ(ChecksumValue::read(kind, value.base64() + "AAAA"), std::nullopt);
  }
  EXPECT_EQ(ChecksumValue::read(ChecksumKind::kCrc32, "y/Q5J"), std::nullopt);
  EXPECT_EQ(ChecksumValue::read(ChecksumKind::kCrc32, "y/Q5JQ=!"), std::nullopt);
}

TEST(Checksum, OfTwoPiecesIsCombinedWhereThatCanBe) {
  for (const ChecksumKind kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme}) {
    ASSERT_TRUE(checksum_combines(kind));
    EXPECT_EQ(combine(checksum_of(kind, "12345"), checksum_of(kind, "6789"), 4), checksum_of(kind, "123456789"));
  }
  EXPECT_FALSE(checksum_combines(ChecksumKind::kSha256));
}

}  // namespace
}  // namespace chiliad
