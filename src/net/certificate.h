// Certificates of a server's own making: for TLS on a machine that no authority vouches for.
//
//   ca.pem      what clients are told to trust (AWS_CA_BUNDLE, curl --cacert)
//   server.pem  the server's certificate and, behind it, the authority's: HttpServerOptions::certificate_chain
//   server.key  its private key, EC P-256, mode 0600
//
// Rules the rest relies on:
//   1. The authority signs this one certificate and its key is never written: who trusts ca.pem trusts this server and
//      nobody else, whoever reads the folder later.
//   2. ensure_certificate() leaves a pair alone that serves: complete, with all names, and for another week. So it is
//      made again after a kill -9 in the middle, and clients have to fetch ca.pem again only when it was.
//
// Source: RFC 5280; OpenSSL 3.0, X509(7). Thread safety: pure functions of the folder.

#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace chiliad::net {

struct CertificateFiles {
  std::filesystem::path authority;    // ca.pem
  std::filesystem::path chain;        // server.pem
  std::filesystem::path private_key;  // server.key
  bool made = false;                  // By this call.
};

// For localhost, 127.0.0.1, ::1 and `names` (host names, also "*.example.org", or IP addresses), for 397
// days, which is what clients accept at most. Makes the folder (0700) when it is missing.
// Errors: kInvalid: a name that is none; as base/file.h.
Result<CertificateFiles> ensure_certificate(const std::filesystem::path& folder, const std::vector<std::string>& names,
                                            std::chrono::system_clock::time_point now);

}  // namespace chiliad::net
