#include "base/seal.h"

#include <openssl/evp.h>

#include <memory>
#include <span>

#include "base/check.h"
#include "base/random.h"

namespace chiliad {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kProofBytes = 16;
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const EVP_CIPHER* cipher() {
  // Fetched once: OpenSSL 3 looks EVP_aes_256_gcm() up again at each use.
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CHILIAD_CHECK(kCipher != nullptr);
  return kCipher;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::string seal(const SealKey& key, std::string_view text, std::string_view bound_to) {
  CHILIAD_CHECK(text.size() < kMostBytes && bound_to.size() < kMostBytes);
  std::string sealed(kNonceBytes + text.size() + kProofBytes, '\0');
  fill_random({bytes_of(sealed), kNonceBytes});
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  unsigned char* out = bytes_of(sealed) + kNonceBytes;
  CHILIAD_CHECK(context != nullptr);
  CHILIAD_CHECK(EVP_EncryptInit_ex2(context.get(), cipher(), key.data(), bytes_of(sealed), nullptr) == 1);
  CHILIAD_CHECK(
      EVP_EncryptUpdate(context.get(), nullptr, &written, bytes_of(bound_to), static_cast<int>(bound_to.size())) == 1);
  CHILIAD_CHECK(EVP_EncryptUpdate(context.get(), out, &written, bytes_of(text), static_cast<int>(text.size())) == 1);
  CHILIAD_CHECK(EVP_EncryptFinal_ex(context.get(), out + written, &written) == 1);
  CHILIAD_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kProofBytes, out + text.size()) == 1);
  return sealed;
}

std::optional<std::string> unseal(const SealKey& key, std::string_view sealed, std::string_view bound_to) {
  if (sealed.size() < kNonceBytes + kProofBytes || sealed.size() > kMostBytes) return std::nullopt;
  if (bound_to.size() > kMostBytes) return std::nullopt;
  const std::string_view inside = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kProofBytes);
  std::string proof(sealed.substr(sealed.size() - kProofBytes));
  std::string text(inside.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  CHILIAD_CHECK(context != nullptr);
  CHILIAD_CHECK(EVP_DecryptInit_ex2(context.get(), cipher(), key.data(), bytes_of(sealed), nullptr) == 1);
  CHILIAD_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kProofBytes, proof.data()) == 1);
  if (EVP_DecryptUpdate(context.get(), nullptr, &written, bytes_of(bound_to), static_cast<int>(bound_to.size())) != 1 ||
      EVP_DecryptUpdate(context.get(), bytes_of(text), &written, bytes_of(inside), static_cast<int>(inside.size())) !=
          1 ||
      EVP_DecryptFinal_ex(context.get(), bytes_of(text) + written, &written) != 1) {
    return std::nullopt;
  }
  return text;
}

}  // namespace chiliad
