#include "net/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "base/file.h"
#include "base/random.h"
#include "base/secret_file.h"

namespace chiliad::net {
namespace {

using Clock = std::chrono::system_clock;

constexpr auto kLifetime = std::chrono::hours(24 * 397);
constexpr auto kRenewBefore = std::chrono::hours(24 * 7);
constexpr auto kClockDifference = std::chrono::hours(24);  // A client whose clock is behind.
constexpr std::size_t kMaxNames = 100;

template <class T, void (*Free)(T*)>
struct FreeBy {
  void operator()(T* it) const { Free(it); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509, X509_free>>;
using Memory = std::unique_ptr<BIO, FreeBy<BIO, BIO_free_all>>;

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

bool is_ip(const std::string& name) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

// Nothing that has a meaning in OpenSSL's lists of names.
bool is_host_name(std::string_view name) {
  if (name.starts_with("*.")) {
    name.remove_prefix(2);
    if (name.find('.') == std::string_view::npos) return false;  // No client takes a star before a single label.
  }
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), fits);
}

Result<std::vector<std::string>> all_names(const std::vector<std::string>& further) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  for (const std::string& name : further) {
    if (!is_ip(name) && !is_host_name(name)) {
      return Error{ErrorCode::kInvalid, "certificate: '" + name.substr(0, 100) + "' is no host name and no IP address"};
    }
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (names.size() > kMaxNames) return Error{ErrorCode::kInvalid, "certificate: more than 100 names"};
  return names;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  CHILIAD_CHECK(extension != nullptr);
  CHILIAD_CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Unsigned yet; issued by itself unless `issuer` is given.
Certificate begin_certificate(const char* common_name, EVP_PKEY* key, X509* issuer, Clock::time_point now) {
  Certificate made(X509_new());
  CHILIAD_CHECK(made && X509_set_version(made.get(), X509_VERSION_3) == 1);
  std::array<std::uint8_t, 16> random{};
  fill_random(random);
  random[0] &= 0x7F;  // A serial number is positive.
  BIGNUM* const number = BN_bin2bn(random.data(), static_cast<int>(random.size()), nullptr);
  CHILIAD_CHECK(number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made.get())) != nullptr);
  BN_free(number);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), Clock::to_time_t(now - kClockDifference));
  ASN1_TIME_set(X509_getm_notAfter(made.get()), Clock::to_time_t(now - kClockDifference + kLifetime));
  X509_set_pubkey(made.get(), key);
  X509_NAME* const name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509_set_issuer_name(made.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  return made;
}

void sign(X509* certificate, EVP_PKEY* key) { CHILIAD_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0); }

std::string pem_of(X509* certificate) {
  const Memory memory(BIO_new(BIO_s_mem()));
  CHILIAD_CHECK(memory && PEM_write_bio_X509(memory.get(), certificate) == 1);
  return text_of(memory.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  CHILIAD_CHECK(memory && PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(memory.get());
}

struct Pems {
  std::string authority, chain, private_key;
};

Pems make(const std::vector<std::string>& names, Clock::time_point now) {
  const Key authority_key(EVP_EC_gen("P-256"));
  const Key server_key(EVP_EC_gen("P-256"));
  CHILIAD_CHECK(authority_key && server_key);

  const Certificate authority = begin_certificate("chiliad authority", authority_key.get(), nullptr, now);
  extend(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  extend(authority.get(), authority.get(), NID_authority_key_identifier, "keyid:always");
  sign(authority.get(), authority_key.get());

  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list.push_back(',');
    list.append(is_ip(name) ? "IP:" : "DNS:").append(name);
  }
  const Certificate server = begin_certificate("chiliad", server_key.get(), authority.get(), now);
  extend(server.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(server.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
  extend(server.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  extend(server.get(), authority.get(), NID_subject_key_identifier, "hash");
  extend(server.get(), authority.get(), NID_authority_key_identifier, "keyid:always");
  extend(server.get(), authority.get(), NID_subject_alt_name, list);
  sign(server.get(), authority_key.get());
  return {pem_of(authority.get()), pem_of(server.get()) + pem_of(authority.get()), pem_of(server_key.get())};
}

Certificate read_certificate(const std::filesystem::path& path) {
  const Result<std::string> pem = read_file(path, 1 << 20);
  if (!pem) return nullptr;
  const Memory memory(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  return Certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
}

// Whether the files are there, belong together, have all names and last.
bool serves(const CertificateFiles& files, const std::vector<std::string>& names, Clock::time_point now) {
  const Certificate authority = read_certificate(files.authority);
  const Certificate server = read_certificate(files.chain);
  const Result<std::string> pem = read_file(files.private_key, 1 << 20);
  if (!authority || !server || !pem) return false;
  const Memory memory(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  const Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  if (!key || X509_check_private_key(server.get(), key.get()) != 1) return false;
  if (X509_verify(server.get(), X509_get0_pubkey(authority.get())) != 1) return false;
  std::time_t end = Clock::to_time_t(now + kRenewBefore);
  std::time_t begin = Clock::to_time_t(now);
  if (X509_cmp_time(X509_get0_notAfter(server.get()), &end) != 1) return false;
  if (X509_cmp_time(X509_get0_notBefore(server.get()), &begin) != -1) return false;
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    if (is_ip(name)) return X509_check_ip_asc(server.get(), name.c_str(), 0) == 1;
    // A certificate is asked for a host: one of those that the star stands for.
    std::string host = name;
    if (host.starts_with("*.")) host[0] = 'x';
    return X509_check_host(server.get(), host.data(), host.size(), 0, nullptr) == 1;
  });
}

}  // namespace

Result<CertificateFiles> ensure_certificate(const std::filesystem::path& folder,
                                            const std::vector<std::string>& further, Clock::time_point now) {
  Result<std::vector<std::string>> names = all_names(further);
  if (!names) return std::move(names).error();
  CertificateFiles files{folder / "ca.pem", folder / "server.pem", folder / "server.key"};
  const bool good = serves(files, *names, now);
  ERR_clear_error();
  if (good) return files;
  if (Result<Done> done = make_secret_folder(folder); !done) return std::move(done).error();
  const Pems pems = make(*names, now);
  if (Result<Done> done = write_secret_file(files.private_key, pems.private_key); !done) return std::move(done).error();
  for (const auto& [path, text] : {std::pair(files.chain, pems.chain), std::pair(files.authority, pems.authority)}) {
    if (Result<Done> done = write_file_atomically(path, text, Durability::kNone); !done) return std::move(done).error();
  }
  files.made = true;
  return files;
}

}  // namespace chiliad::net
