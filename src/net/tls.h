// TLS for HttpServer's connections: OpenSSL over a non-blocking socket. Included by net/ alone; OpenSSL stays behind
// it.
//
// TLS 1.2 and 1.3, no renegotiation, ALPN http/1.1 (a client that offers only other protocols is refused), forward
// secret ciphers alone. Certificates and keys are PEM files, the chain from the server's certificate upwards.
//
// Source: OpenSSL 3.0, ssl(7); RFC 8446, RFC 7301. Bytes go through a BIO of our own, because OpenSSL's raises SIGPIPE
// when the peer is gone.
//
// Thread safety: a TlsContext is immutable; a TlsSession belongs to one thread at a time.

#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace chiliad::net {

class TlsContext {
 public:
  // Errors: kInvalid: not PEM, an encrypted key, a key of another certificate; kNotFound, kForbidden, ... as
  // base/file.h. Each names the file.
  static Result<std::shared_ptr<const TlsContext>> load(const std::filesystem::path& certificate_chain,
                                                        const std::filesystem::path& private_key);
  ~TlsContext();

 private:
  friend class TlsSession;
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class TlsSession {
 public:
  enum class Outcome { kDone, kWantsToRead, kWantsToWrite, kEnded, kPlainHttp };
  struct Moved {
    Outcome outcome = Outcome::kDone;
    std::size_t bytes = 0;  // With kDone.
  };

  // `socket` must be non-blocking and outlive this.
  TlsSession(std::shared_ptr<const TlsContext> context, int socket);
  ~TlsSession();

  // To be called again until it is done. kPlainHttp: the client speaks HTTP without TLS.
  Outcome handshake();
  // kEnded: the peer said so, or the connection is broken.
  Moved read(char* into, std::size_t size);
  // Requires: after kWantsTo..., the same bytes again, perhaps with more behind them and elsewhere.
  Moved write(std::string_view bytes);
  // After handshake() was done or read() gave bytes: there may be more that the socket does not tell of.
  bool may_have_more() const;
  // Tells the peer that nothing more comes. Does not wait.
  void shutdown();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::net
