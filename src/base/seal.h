// Sealed texts: nobody without the key reads or changes them, so they may be handed out and be taken back later.
//
//   12 random bytes, the encrypted text, 16 bytes of proof
//
// `bound_to` is not in the sealed text but proved with it: what was sealed for one name does not open for another.
//
// Source: AES-256-GCM, NIST SP 800-38D (OpenSSL). With random nonces one key is good for 2^32 texts.
//
// Thread safety: pure functions. Cost: about 1 us for a kilobyte.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chiliad {

using SealKey = std::array<std::uint8_t, 32>;

// Requires: less than 1 GiB.
std::string seal(const SealKey& key, std::string_view text, std::string_view bound_to);

// None: not sealed with this key for this name, or changed since.
std::optional<std::string> unseal(const SealKey& key, std::string_view sealed, std::string_view bound_to);

}  // namespace chiliad
