#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <string>

#include "base/check.h"
#include "base/file.h"

namespace chiliad::net {
namespace {

// In the form of SSL_select_next_proto().
constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr char kCiphers12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

Error tls_error(std::string_view what, const std::filesystem::path& file) {
  return Error{ErrorCode::kInvalid, std::string(what) + " " + file.string() + ": " + openssl_reason()};
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, length, kHttp11, sizeof kHttp11, offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// A key that asks for a passphrase has none here: reading it fails instead of asking the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

// ---------------------------------------------------------------------------------------------------
// The BIO over a socket
// ---------------------------------------------------------------------------------------------------

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    CHILIAD_CHECK(made != nullptr);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_create(made, bio_create);
    return made;
  }();
  return method;
}

}  // namespace

// ---------------------------------------------------------------------------------------------------
// TlsContext
// ---------------------------------------------------------------------------------------------------

struct TlsContext::State {
  ~State() { SSL_CTX_free(context); }
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const std::filesystem::path& certificate_chain,
                                                           const std::filesystem::path& private_key) {
  // OpenSSL's own errors do not tell a missing file from a forbidden one.
  for (const auto& path : {certificate_chain, private_key}) {
    const Result<std::string> bytes = read_file(path, 1 << 20);
    if (!bytes) return Error(bytes.error()).in("TLS");
  }
  auto state = std::make_unique<State>();
  SSL_CTX* const context = state->context;
  CHILIAD_CHECK(context != nullptr);
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // A connection that is idle keeps no buffers.
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // Tickets remember sessions without memory here.
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  CHILIAD_CHECK(SSL_CTX_set_cipher_list(context, kCiphers12) == 1);
  if (SSL_CTX_use_certificate_chain_file(context, certificate_chain.c_str()) != 1) {
    return tls_error("TLS: certificate chain", certificate_chain);
  }
  if (SSL_CTX_use_PrivateKey_file(context, private_key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return tls_error("TLS: private key (PEM without passphrase, of that certificate)", private_key);
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
}

// ---------------------------------------------------------------------------------------------------
// TlsSession
// ---------------------------------------------------------------------------------------------------

struct TlsSession::State {
  State(std::shared_ptr<const TlsContext> its_context, SSL_CTX* from)
      : context(std::move(its_context)), ssl(SSL_new(from)) {}
  ~State() { SSL_free(ssl); }

  // What a call that returned `result` asks for.
  Outcome outcome(int result) {
    switch (SSL_get_error(ssl, result)) {
      case SSL_ERROR_NONE: return Outcome::kDone;
      case SSL_ERROR_WANT_READ: return Outcome::kWantsToRead;
      case SSL_ERROR_WANT_WRITE: return Outcome::kWantsToWrite;
      case SSL_ERROR_ZERO_RETURN: return Outcome::kEnded;
      default: break;
    }
    broken = true;  // OpenSSL allows no further call on it, shutdown included.
    const bool plain_http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    ERR_clear_error();
    return plain_http ? Outcome::kPlainHttp : Outcome::kEnded;
  }

  std::shared_ptr<const TlsContext> context;
  SSL* ssl;
  bool broken = false;
  bool got_bytes = false;  // By the last handshake() or read().
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int socket) {
  SSL_CTX* const from = context->state_->context;
  state_ = std::make_unique<State>(std::move(context), from);
  BIO* const bio = BIO_new(socket_method());
  CHILIAD_CHECK(state_->ssl != nullptr && bio != nullptr);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  SSL_set_bio(state_->ssl, bio, bio);
  SSL_set_accept_state(state_->ssl);
}

TlsSession::~TlsSession() = default;

TlsSession::Outcome TlsSession::handshake() {
  ERR_clear_error();
  const Outcome outcome = state_->outcome(SSL_do_handshake(state_->ssl));
  state_->got_bytes = outcome == Outcome::kDone;  // The first request may have come in the same packet.
  return outcome;
}

TlsSession::Moved TlsSession::read(char* into, std::size_t size) {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(state_->ssl, into, size, &got);
  state_->got_bytes = result == 1;
  return {state_->outcome(result), got};
}

TlsSession::Moved TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(state_->ssl, bytes.data(), bytes.size(), &sent);
  return {state_->outcome(result), sent};
}

bool TlsSession::may_have_more() const { return state_->got_bytes && SSL_has_pending(state_->ssl) == 1; }

void TlsSession::shutdown() {
  if (state_->broken || SSL_is_init_finished(state_->ssl) != 1) return;
  ERR_clear_error();
  SSL_shutdown(state_->ssl);
  ERR_clear_error();
}

}  // namespace chiliad::net
