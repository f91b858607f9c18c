// Checksums chosen by name, over bytes that come piece by piece: what S3 keeps with an object and what uploads
// announce.
//
//   Checksum sum(ChecksumKind::kCrc64Nvme);
//   sum.update(bytes)...;
//   sum.finish().base64()   // "rosUhgp5mIg=": the value's bytes, the highest first, as S3 writes them
//
// Source: Amazon S3, "Checking object integrity". CRCs: base/crc.h; digests: OpenSSL.
//
// Thread safety: values; a Checksum belongs to one thread at a time.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace chiliad {

enum class ChecksumKind : std::uint8_t { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256, kMd5 };

// "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "MD5": S3's ChecksumAlgorithm, and in lower case the end of
// x-amz-checksum-*.
std::string_view checksum_name(ChecksumKind kind);
// The kind of that name, in any case.
std::optional<ChecksumKind> checksum_kind(std::string_view name);
// Bytes of a value: 4, 4, 8, 20, 32, 16.
std::size_t checksum_size(ChecksumKind kind);
// Whether the value of a whole follows from those of its parts: the CRCs.
bool checksum_combines(ChecksumKind kind);

// A checksum's value.
class ChecksumValue {
 public:
  // Reads what base64() writes. None when it is not canonical base64 of a value of this kind.
  static std::optional<ChecksumValue> read(ChecksumKind kind, std::string_view base64);

  ChecksumKind kind() const { return kind_; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), checksum_size(kind_)}; }
  std::string base64() const;
  std::string hex() const;
  bool operator==(const ChecksumValue&) const = default;

 private:
  friend class Checksum;
  friend ChecksumValue combine(const ChecksumValue&, const ChecksumValue&, std::uint64_t);
  explicit ChecksumValue(ChecksumKind kind) : kind_(kind) {}
  void set_integer(std::uint64_t value);
  std::uint64_t integer() const;

  ChecksumKind kind_;
  std::array<std::uint8_t, 32> bytes_{};  // Zero beyond the value.
};

class Checksum {
 public:
  explicit Checksum(ChecksumKind kind);
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;
  ~Checksum();

  ChecksumKind kind() const { return kind_; }
  void update(std::string_view bytes);
  // Requires: called once; no update() after it.
  ChecksumValue finish();

 private:
  struct Digest;
  ChecksumKind kind_;
  std::uint64_t crc_ = 0;
  std::unique_ptr<Digest> digest_;  // Null for the CRCs.
};

// Of bytes that are all there.
ChecksumValue checksum_of(ChecksumKind kind, std::string_view bytes);

// The value of two pieces in a row, the second of `second_size` bytes. Requires: one kind, checksum_combines(kind).
ChecksumValue combine(const ChecksumValue& first, const ChecksumValue& second, std::uint64_t second_size);

}  // namespace chiliad
