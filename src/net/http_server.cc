#include "net/http_server.h"

#include <boost/asio/post.hpp>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/json_writer.h"
#include "net/http_connection.h"

namespace chiliad::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kBacklog = 4096;

Error listen_error(const HttpServerOptions& options, const boost::system::error_code& error) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (error == asio::error::address_in_use) code = ErrorCode::kConflict;
  if (error == asio::error::access_denied) code = ErrorCode::kForbidden;
  return Error{code, "listen on " + options.address + ":" + std::to_string(options.port) + ": " + error.message()};
}

// An IPv4 client of an IPv6 port is written as the IPv4 client that it is.
std::string text_of(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

HttpHandler::BodyPlan HttpHandler::begin(const HttpRequest&, HttpResponse&) { return {}; }

void HttpHandler::refuse(const HttpRequest&, int status, std::string_view reason, HttpResponse& response) {
  response.status = status;
  JsonWriter json;
  json.begin_object().key("message").string(reason).end_object();
  response.body = std::move(json).take();
}

// ---------------------------------------------------------------------------------------------------
// HttpLater
// ---------------------------------------------------------------------------------------------------

// Holds its loop too: the event loop must be there as long as somebody may post to it.
struct HttpLater::State {
  State(std::shared_ptr<HttpLoop> its_loop, std::shared_ptr<HttpConnection> its_connection)
      : loop(std::move(its_loop)), connection(std::move(its_connection)) {}
  ~State() {
    // The connection may go only on its loop's thread. The loop itself must not be kept by what waits in its queue.
    asio::post(loop->context, [kept = std::move(connection), done = answered] {
      if (!done) kept->abandon();
    });
  }

  std::shared_ptr<HttpLoop> loop;
  std::shared_ptr<HttpConnection> connection;
  std::shared_ptr<HttpStream> stream;
  bool answered = false;
};

const HttpRequest& HttpLater::request() const { return state_->connection->request(); }

void HttpLater::send(HttpResponse response) {
  CHILIAD_CHECK(!state_->answered && !state_->stream);
  state_->answered = true;
  asio::post(state_->loop->context,
             [connection = state_->connection, answer = std::move(response)]() mutable { connection->finish(answer); });
}

void HttpLater::begin_stream(HttpResponse head) {
  CHILIAD_CHECK(!state_->answered && !state_->stream);
  state_->stream = std::make_shared<HttpStream>();
  asio::post(state_->loop->context,
             [connection = state_->connection, stream = state_->stream, its_head = std::move(head)]() mutable {
               connection->begin_stream(its_head, std::move(stream));
             });
}

bool HttpLater::write(std::string_view bytes) {
  HttpStream& stream = *state_->stream;
  {
    const MutexLock lock(stream.mutex);
    while (stream.unsent > HttpStream::kMaxUnsent && !stream.gone) {
      // Looks up now and then: a server that was stopped no longer tells anybody.
      stream.room.wait_until(stream.mutex, std::chrono::steady_clock::now() + std::chrono::seconds(1));
      if (!state_->connection->is_open()) return false;
    }
    if (stream.gone) return false;
    stream.pending += bytes;
    stream.unsent += bytes.size();
    if (stream.posted) return true;
    stream.posted = true;
  }
  asio::post(state_->loop->context, [connection = state_->connection] { connection->send_pending(); });
  return true;
}

void HttpLater::end_stream() {
  CHILIAD_CHECK(state_->stream && !state_->answered);
  state_->answered = true;
  {
    const MutexLock lock(state_->stream->mutex);
    state_->stream->ended = true;
    state_->stream->posted = true;
  }
  asio::post(state_->loop->context, [connection = state_->connection] { connection->send_pending(); });
}

// ---------------------------------------------------------------------------------------------------
// HttpServer
// ---------------------------------------------------------------------------------------------------

struct HttpServer::State {
  explicit State(std::shared_ptr<HttpShared> its_shared) : shared(std::move(its_shared)) {}

  void accept();
  void on_accept(tcp::socket socket);
  void on_failed_accept(const boost::system::error_code& error);
  void take_accepted();

  std::shared_ptr<HttpShared> shared;
  std::vector<std::shared_ptr<HttpLoop>> loops;
  std::vector<std::thread> threads;
  std::unique_ptr<tcp::acceptor> acceptor;  // Of loops[0].
  tcp::endpoint peer;                       // Of the connection accepted last.
  std::unique_ptr<asio::steady_timer> accept_pause;
  std::chrono::steady_clock::time_point next_complaint{};  // About failed accepts.
  std::size_t next_loop = 0;
  std::uint16_t port = 0;
};

HttpLater HttpExchange::defer() {
  CHILIAD_CHECK(!deferred_);
  deferred_ = true;
  if (connection_ == nullptr) return *later_;
  return HttpLater(
      std::make_shared<HttpLater::State>(connection_->loop().shared_from_this(), connection_->shared_from_this()));
}

void HttpServer::State::accept() {
  acceptor->async_accept(loops[0]->context, peer, [this](const boost::system::error_code& error, tcp::socket socket) {
    if (!acceptor->is_open()) return;
    if (!error) {
      on_accept(std::move(socket));
      accept();
      return;
    }
    on_failed_accept(error);
    // Out of descriptors or of memory: trying again at once would spin.
    accept_pause->expires_after(std::chrono::milliseconds(50));
    accept_pause->async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled && acceptor->is_open()) accept();
    });
  });
}

void HttpServer::State::on_failed_accept(const boost::system::error_code& error) {
  shared->failed_accepts.fetch_add(1, std::memory_order_relaxed);
  const auto now = std::chrono::steady_clock::now();
  if (!shared->options.on_accept_failure || now < next_complaint) return;
  next_complaint = now + std::chrono::minutes(1);
  shared->options.on_accept_failure(
      {ErrorCode::kUnavailable, "connections cannot be accepted: " + error.message() + "; those that are open go on"});
}

// Gives the connection to the next loop in turn, or turns it away.
void HttpServer::State::on_accept(tcp::socket socket) {
  shared->accepted.fetch_add(1, std::memory_order_relaxed);
  boost::system::error_code ignored;
  if (shared->connections.load(std::memory_order_relaxed) >= shared->options.max_connections) {
    shared->refused_connections.fetch_add(1, std::memory_order_relaxed);
    if (shared->tls) return;  // Closed: words would have to wait for a handshake.
    HttpResponse response;
    response.status = 503;
    shared->handler->refuse(HttpRequest(), 503, "Too many connections: try again later", response);
    response.close = true;
    std::string text;
    const std::uint64_t size = response.body.size();
    append_response_head(text, response, &size, false);
    text += response.body;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    return;
  }
  const std::shared_ptr<HttpLoop>& loop = loops[next_loop++ % loops.size()];
  const auto protocol = socket.local_endpoint(ignored).protocol();
  const int descriptor = socket.release(ignored);
  if (descriptor < 0) return;
  auto connection = std::make_shared<HttpConnection>(*loop, tcp::socket(loop->context, protocol, descriptor),
                                                     text_of(peer.address()));
  asio::post(loop->context, [loop, connection = std::move(connection)] {
    loop->connections.push_front(connection);
    connection->start(loop->connections.begin());
  });
}

// The connections that the system has accepted and we have not seen yet.
void HttpServer::State::take_accepted() {
  boost::system::error_code error;
  acceptor->non_blocking(true, error);
  while (!error) {
    tcp::socket socket(loops[0]->context);
    acceptor->accept(socket, peer, error);
    if (!error) on_accept(std::move(socket));
  }
  acceptor->close(error);
  accept_pause->cancel();
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, HttpHandler& handler) {
  if (options.threads < 1 || options.threads > 1024) {
    return Error{ErrorCode::kInvalid, "server threads must be 1 to 1024, not " + std::to_string(options.threads)};
  }
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) {
    return Error{ErrorCode::kInvalid, "listen: '" + options.address + "' is not an IP address, such as 127.0.0.1"};
  }
  auto shared = std::make_shared<HttpShared>();
  shared->options = options;
  if (options.certificate_chain.empty() != options.private_key.empty()) {
    return Error{ErrorCode::kInvalid, "TLS needs a certificate chain and its private key: one of the two is missing"};
  }
  if (!options.certificate_chain.empty()) {
    Result<std::shared_ptr<const TlsContext>> tls = TlsContext::load(options.certificate_chain, options.private_key);
    if (!tls) return std::move(tls).error();
    shared->tls = std::move(*tls);
  }
  shared->handler = &handler;
  auto state = std::make_unique<State>(shared);
  for (int i = 0; i < options.threads; ++i) state->loops.push_back(std::make_shared<HttpLoop>(shared));

  auto acceptor = std::make_unique<tcp::acceptor>(state->loops[0]->context);
  const tcp::endpoint endpoint(address, options.port);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(kBacklog, error);
  if (error) return listen_error(options, error);
  state->port = acceptor->local_endpoint(error).port();
  state->acceptor = std::move(acceptor);
  state->accept_pause = std::make_unique<asio::steady_timer>(state->loops[0]->context);
  state->accept();
  for (const std::shared_ptr<HttpLoop>& loop : state->loops) {
    loop->start_clock();
    state->threads.emplace_back([loop] {
      const auto work = asio::make_work_guard(loop->context);
      loop->context.run();
    });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  asio::post(state_->loops[0]->context, [this] {
    boost::system::error_code ignored;
    state_->acceptor->close(ignored);
    state_->accept_pause->cancel();
  });
  for (const std::shared_ptr<HttpLoop>& loop : state_->loops) {
    asio::post(loop->context, [loop] {
      loop->close_all();
      loop->context.stop();
    });
  }
  for (std::thread& thread : state_->threads) thread.join();
}

std::uint16_t HttpServer::port() const { return state_->port; }

HttpServer::Counters HttpServer::counters() const {
  const HttpShared& shared = *state_->shared;
  Counters counters;
  counters.connections = shared.connections.load(std::memory_order_relaxed);
  counters.accepted = shared.accepted.load(std::memory_order_relaxed);
  counters.failed_accepts = shared.failed_accepts.load(std::memory_order_relaxed);
  counters.refused_connections = shared.refused_connections.load(std::memory_order_relaxed);
  counters.timed_out = shared.timed_out.load(std::memory_order_relaxed);
  counters.refused_requests = shared.refused_requests.load(std::memory_order_relaxed);
  counters.failed_handshakes = shared.failed_handshakes.load(std::memory_order_relaxed);
  return counters;
}

std::uint64_t HttpServer::drain(std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  HttpShared& shared = *state_->shared;
  // The loops begin to drain after the last accepted connection was dealt out: posts of one thread keep their order.
  asio::post(state_->loops[0]->context, [this] {
    state_->take_accepted();
    for (const std::shared_ptr<HttpLoop>& loop : state_->loops) {
      asio::post(loop->context, [loop] { loop->begin_draining(); });
    }
    const MutexLock lock(state_->shared->mutex);
    state_->shared->listening_ended = true;
    state_->shared->connection_closed.notify_all();
  });
  const MutexLock lock(shared.mutex);
  while (!shared.listening_ended || shared.connections.load(std::memory_order_relaxed) > 0) {
    if (!shared.connection_closed.wait_until(shared.mutex, deadline)) break;
  }
  return shared.connections.load(std::memory_order_relaxed);
}

}  // namespace chiliad::net
