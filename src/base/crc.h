// Cyclic redundancy checks that S3 keeps with an object: CRC-32 (zlib's), CRC-32C (Castagnoli), CRC-64/NVME.
//
// Each takes the value so far and gives the one with `bytes` behind it; 0 is the value of nothing. The combine
// functions give the value of two pieces in a row from the values of the pieces, so that the parts of an upload may be
// summed apart.
//
// Rule the rest relies on: the values are the same on every machine and in every release, so they may be stored.
//
// Source: ISO-HDLC (zlib), RFC 3720 appendix B.4, NVM Express command set 5.2.1.3.4. Folding with carry-less
// multiplication: Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009.
//
// Cost: about 0.1 ns a byte where the processor multiplies without carries, 0.6 ns elsewhere.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string_view>

namespace chiliad {

std::uint32_t crc32(std::string_view bytes, std::uint32_t crc = 0);
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);
std::uint64_t crc64nvme(std::string_view bytes, std::uint64_t crc = 0);

// Of a piece with the value `first` and one with `second`, `second_size` bytes long, behind it.
// Cost: below 10 us, whatever the size.
std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);
std::uint64_t crc64nvme_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_size);

}  // namespace chiliad
