// Hashes: SHA-256, HMAC-SHA-256 and MD5 (OpenSSL), a quick 64-bit content hash (xxHash); hex and base64.
//
// Which one: content_hash() where only our own files are told apart (has this series changed?); CRC-32C (base/crc.h)
// for records of a journal; SHA-256 where somebody may want a collision (request signatures); MD5 only where a protocol
// asks for it (S3's Content-MD5 and ETag).
//
// Rule the rest relies on: content_hash() is the same on every machine and in every release, so it may be stored.
//
// Source: FIPS 180-4; RFC 1321, 2104, 4648; the XXH3 specification (64 bits, seeded).
//
// Thread safety: pure functions; a stream belongs to one thread at a time.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace chiliad {

using Sha256Digest = std::array<std::uint8_t, 32>;
using Md5Digest = std::array<std::uint8_t, 16>;

Sha256Digest sha256(std::string_view bytes);
Sha256Digest hmac_sha256(std::string_view key, std::string_view message);
Md5Digest md5(std::string_view bytes);

// The digest of bytes that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  ~Sha256Stream();
  void update(std::string_view bytes);
  // Requires: called once; no update() after it.
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// XXH3, 64 bits: not for adversaries. Cost: below 1 us for a customer's 13 kB. To hash several things, give the hash of
// those before as the seed; the lengths are part of it, so ("ab", "c") and ("a", "bc") differ.
std::uint64_t content_hash(std::string_view bytes, std::uint64_t seed = 0);

// Lower-case hex, two digits a byte, and for a number 16 digits.
std::string hex(std::span<const std::uint8_t> bytes);
std::string hex(std::uint64_t value);

// RFC 4648 with '+', '/' and padding.
std::string base64(std::span<const std::uint8_t> bytes);
// The bytes that base64() writes so. None for everything else: blanks, missing padding, bits beyond the last byte.
std::optional<std::string> unbase64(std::string_view text);

// Whether both are equal, in a time that depends on their lengths alone: for signatures.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// The bytes of a digest as text, for the functions above that take text.
template <std::size_t N>
std::string_view as_text(const std::array<std::uint8_t, N>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), N};
}

}  // namespace chiliad
