#include "base/checksum.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"
#include "base/crc.h"
#include "base/hash.h"

namespace chiliad {
namespace {

struct Kind {
  std::string_view name;
  std::size_t size;
};

// In the order of ChecksumKind.
constexpr std::array<Kind, 6> kKinds = {
    {{"CRC32", 4}, {"CRC32C", 4}, {"CRC64NVME", 8}, {"SHA1", 20}, {"SHA256", 32}, {"MD5", 16}}};

const Kind& facts(ChecksumKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// Fetched once: OpenSSL 3 looks EVP_sha1() and the others up again at each use.
const EVP_MD* digest_method(ChecksumKind kind) {
  static EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  const EVP_MD* method = kind == ChecksumKind::kSha1 ? sha1 : kind == ChecksumKind::kSha256 ? sha256 : md5;
  CHILIAD_CHECK(method != nullptr);
  return method;
}

}  // namespace

std::string_view checksum_name(ChecksumKind kind) { return facts(kind).name; }

std::size_t checksum_size(ChecksumKind kind) { return facts(kind).size; }

bool checksum_combines(ChecksumKind kind) {
  return kind == ChecksumKind::kCrc32 || kind == ChecksumKind::kCrc32c || kind == ChecksumKind::kCrc64Nvme;
}

std::optional<ChecksumKind> checksum_kind(std::string_view name) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    const auto same = [](char a, char b) { return upper(a) == b; };
    if (std::equal(name.begin(), name.end(), kKinds[i].name.begin(), kKinds[i].name.end(), same)) {
      return static_cast<ChecksumKind>(i);
    }
  }
  return std::nullopt;
}

std::optional<ChecksumValue> ChecksumValue::read(ChecksumKind kind, std::string_view base64) {
  const std::optional<std::string> bytes = unbase64(base64);
  if (!bytes || bytes->size() != checksum_size(kind)) return std::nullopt;
  ChecksumValue value(kind);
  std::copy(bytes->begin(), bytes->end(), value.bytes_.begin());
  return value;
}

std::string ChecksumValue::base64() const { return chiliad::base64(bytes()); }

std::string ChecksumValue::hex() const { return chiliad::hex(bytes()); }

void ChecksumValue::set_integer(std::uint64_t value) {
  for (std::size_t i = checksum_size(kind_); i-- > 0; value >>= 8) bytes_[i] = static_cast<std::uint8_t>(value);
}

std::uint64_t ChecksumValue::integer() const {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes()) value = (value << 8) | byte;
  return value;
}

struct Checksum::Digest {
  explicit Digest(ChecksumKind kind) {
    CHILIAD_CHECK(context != nullptr && EVP_DigestInit_ex(context, digest_method(kind), nullptr) == 1);
  }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Checksum::Checksum(ChecksumKind kind) : kind_(kind) {
  if (!checksum_combines(kind)) digest_ = std::make_unique<Digest>(kind);
}
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;
Checksum::~Checksum() = default;

void Checksum::update(std::string_view bytes) {
  switch (kind_) {
    case ChecksumKind::kCrc32: crc_ = crc32(bytes, static_cast<std::uint32_t>(crc_)); return;
    case ChecksumKind::kCrc32c: crc_ = crc32c(bytes, static_cast<std::uint32_t>(crc_)); return;
    case ChecksumKind::kCrc64Nvme: crc_ = crc64nvme(bytes, crc_); return;
    case ChecksumKind::kSha1:
    case ChecksumKind::kSha256:
    case ChecksumKind::kMd5: CHILIAD_CHECK(EVP_DigestUpdate(digest_->context, bytes.data(), bytes.size()) == 1); return;
  }
}

ChecksumValue Checksum::finish() {
  ChecksumValue value(kind_);
  if (digest_) {
    CHILIAD_CHECK(EVP_DigestFinal_ex(digest_->context, value.bytes_.data(), nullptr) == 1);
  } else {
    value.set_integer(crc_);
  }
  return value;
}

ChecksumValue checksum_of(ChecksumKind kind, std::string_view bytes) {
  Checksum sum(kind);
  sum.update(bytes);
  return sum.finish();
}

ChecksumValue combine(const ChecksumValue& first, const ChecksumValue& second, std::uint64_t second_size) {
  CHILIAD_CHECK(first.kind() == second.kind() && checksum_combines(first.kind()));
  ChecksumValue value(first.kind());
  if (first.kind() == ChecksumKind::kCrc64Nvme) {
    value.set_integer(crc64nvme_combine(first.integer(), second.integer(), second_size));
    return value;
  }
  const auto combine_32 = first.kind() == ChecksumKind::kCrc32 ? crc32_combine : crc32c_combine;
  value.set_integer(combine_32(static_cast<std::uint32_t>(first.integer()),
                               static_cast<std::uint32_t>(second.integer()), second_size));
  return value;
}

}  // namespace chiliad
