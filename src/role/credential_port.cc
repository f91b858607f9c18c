#include "role/credential_port.h"

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/mutex.h"
#include "base/random.h"
#include "identity/question.h"
#include "net/http_server.h"

namespace chiliad::role {
namespace {

using std::chrono::system_clock;

constexpr std::string_view kPath = "/credentials/";
constexpr std::chrono::seconds kSessionTime{3'600};
constexpr std::size_t kTokenLetters = 43;  // 256 bits.
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void answer_error(int status, std::string_view code, std::string_view message, net::HttpResponse& response) {
  response.status = status;
  JsonWriter json;
  json.begin_object().key("code").string(code).key("message").string(message).end_object();
  response.body = std::move(json).take();
}

// For a server that checks no signature.
identity::HeldCredentials any_keys(std::chrono::seconds time) {
  identity::TemporaryCredentials any;
  any.access_key_id = any.secret_access_key = any.session_token = "no-auth";
  any.expiration = system_clock::now() + time;
  return {std::move(any), nullptr};
}

struct Holder {
  std::string token;
  std::string role_arn;
  std::string session;
  // As they were handed out, the latest last. Those before it are still with clients that have not fetched again.
  std::deque<identity::HeldCredentials> keys;
};

bool are_fresh(const Holder& holder) {
  return !holder.keys.empty() && holder.keys.back().credentials.expiration > system_clock::now() + kSessionTime / 2;
}

}  // namespace

struct CredentialPort::State final : net::HttpHandler {
  State(identity::Directory& its_directory, bool its_no_auth) : directory(its_directory), no_auth(its_no_auth) {}

  void handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) override;
  std::optional<Holder> find(std::string_view id);
  Result<identity::HeldCredentials> make_keys(std::string_view role_arn, std::string_view session,
                                              std::chrono::seconds time);
  Result<identity::TemporaryCredentials> keys_of(std::string_view id, const Holder& holder);
  Result<Services> reachable(Deadline deadline);
  Result<Done> add_keys(std::string_view role_arn, std::string_view session, std::chrono::seconds time, Grant& grant);

  identity::Directory& directory;
  const bool no_auth;
  std::unique_ptr<net::HttpServer> server;

  Mutex mutex;
  Condition changed;
  bool closed CHILIAD_GUARDED_BY(mutex) = false;
  std::optional<Services> services CHILIAD_GUARDED_BY(mutex);
  std::map<std::string, Holder, std::less<>> holders CHILIAD_GUARDED_BY(mutex);  // By id.
};

std::optional<Holder> CredentialPort::State::find(std::string_view id) {
  const MutexLock lock(mutex);
  const auto found = holders.find(id);
  if (found == holders.end()) return std::nullopt;
  return found->second;
}

Result<identity::HeldCredentials> CredentialPort::State::make_keys(std::string_view role_arn, std::string_view session,
                                                                   std::chrono::seconds time) {
  if (no_auth) return any_keys(time);
  return directory.assume_role_for_program(role_arn, session, time, system_clock::now());
}

// They end with the grant: what a holder had is let go of with it.
Result<identity::TemporaryCredentials> CredentialPort::State::keys_of(std::string_view id, const Holder& holder) {
  if (are_fresh(holder)) return holder.keys.back().credentials;
  Result<identity::HeldCredentials> made = make_keys(holder.role_arn, holder.session, kSessionTime);
  if (!made) return std::move(made).error();
  std::optional<identity::HeldCredentials> too_old;  // Ends after the lock is gone, as what was made in vain does.
  const MutexLock lock(mutex);
  const auto found = holders.find(id);
  if (found == holders.end()) return Error{ErrorCode::kForbidden, "the program has ended"};
  Holder& now = found->second;
  if (are_fresh(now)) return now.keys.back().credentials;  // Somebody was quicker.
  now.keys.push_back(*std::move(made));
  if (now.keys.size() > 2) {
    too_old = std::move(now.keys.front());
    now.keys.pop_front();
  }
  return now.keys.back().credentials;
}

void CredentialPort::State::handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange&) {
  const std::string_view path = request.path();
  if (!path.starts_with(kPath)) return answer_error(404, "NotFound", "no such resource", response);
  if (request.method() != "GET") return answer_error(405, "MethodNotAllowed", "use GET", response);
  const std::string_view id = path.substr(kPath.size());
  const std::optional<Holder> holder = find(id);
  if (!holder || !equal_in_constant_time(holder->token, request.field("Authorization"))) {
    return answer_error(403, "AccessDenied", "no such credentials, or not with this token", response);
  }
  Result<identity::TemporaryCredentials> keys = keys_of(id, *holder);
  if (!keys) {
    const bool refused = keys.error().code != ErrorCode::kUnavailable;
    return answer_error(refused ? 403 : 503, refused ? "AccessDenied" : "ServiceUnavailable", keys.error().message,
                        response);
  }
  JsonWriter json;
  json.begin_object();
  json.key("AccessKeyId").string(keys->access_key_id);
  json.key("SecretAccessKey").string(keys->secret_access_key);
  json.key("Token").string(keys->session_token);
  json.key("Expiration").string(identity::iso_time(keys->expiration));
  json.key("RoleArn").string(holder->role_arn);
  json.end_object();
  response.body = std::move(json).take();
  response.add_field("Cache-Control", "no-store");
}

CredentialPort::CredentialPort(std::shared_ptr<State> state) : state_(std::move(state)) {}

CredentialPort::~CredentialPort() {
  close();
  state_->server.reset();
}

Result<std::unique_ptr<CredentialPort>> CredentialPort::open(identity::Directory& directory, bool no_auth) {
  auto state = std::make_shared<State>(directory, no_auth);
  net::HttpServerOptions options;
  options.limits.max_body_bytes = 0;
  Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::start(std::move(options), *state);
  if (!server) return std::move(server).error().in("the port for programs' credentials");
  state->server = *std::move(server);
  return std::unique_ptr<CredentialPort>(new CredentialPort(std::move(state)));
}

void CredentialPort::serve(Services services) {
  const MutexLock lock(state_->mutex);
  state_->services = std::move(services);
  state_->changed.notify_all();
}

void CredentialPort::close() {
  const MutexLock lock(state_->mutex);
  state_->closed = true;
  state_->changed.notify_all();
}

Result<CredentialPort::Services> CredentialPort::State::reachable(Deadline deadline) {
  const MutexLock lock(mutex);
  while (!services && !closed) {
    if (!changed.wait_until(mutex, deadline))
      return Error{ErrorCode::kDeadline, "the server's port did not open in time"};
  }
  if (closed) return Error{ErrorCode::kUnavailable, "the server is stopping"};
  return *services;
}

Result<Done> CredentialPort::State::add_keys(std::string_view role_arn, std::string_view session,
                                             std::chrono::seconds time, Grant& grant) {
  Result<identity::HeldCredentials> made = make_keys(role_arn, session, time);
  if (!made) {
    Error error = std::move(made).error();
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kForbidden;
    return error;
  }
  const identity::TemporaryCredentials& keys = made->credentials;
  grant.held = made->held;
  grant.environment.push_back("AWS_ACCESS_KEY_ID=" + keys.access_key_id);
  grant.environment.push_back("AWS_SECRET_ACCESS_KEY=" + keys.secret_access_key);
  grant.environment.push_back("AWS_SESSION_TOKEN=" + keys.session_token);
  return Done{};
}

Result<store::ProgramCredentials::Grant> CredentialPort::grant(std::string_view role_arn, std::string_view session,
                                                               std::chrono::seconds keys_for, Deadline deadline) {
  Result<Services> services = state_->reachable(deadline);
  if (!services) return std::move(services).error();
  Grant grant;
  const std::string& region = state_->directory.options().region;
  grant.environment = {"AWS_ENDPOINT_URL=" + services->url, "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
                       "AWS_EC2_METADATA_DISABLED=true"};
  if (!services->s3_url.empty()) grant.environment.push_back("AWS_ENDPOINT_URL_S3=" + services->s3_url);
  if (!services->ca_bundle.empty()) {
    grant.environment.push_back("AWS_CA_BUNDLE=" + services->ca_bundle);
    grant.ca_bundle = services->ca_bundle;
  }
  if (keys_for.count() > 0) {
    if (Result<Done> added = state_->add_keys(role_arn, session, keys_for, grant); !added)
      return std::move(added).error();
    return grant;
  }
  const std::string id = random_text(kLetters, kTokenLetters);
  Holder holder{random_text(kLetters, kTokenLetters), std::string(role_arn), std::string(session), {}};
  grant.environment.push_back("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:" +
                              std::to_string(state_->server->port()) + std::string(kPath) + id);
  grant.environment.push_back("AWS_CONTAINER_AUTHORIZATION_TOKEN=" + holder.token);
  {
    const MutexLock lock(state_->mutex);
    state_->holders.emplace(id, std::move(holder));
  }
  // The state goes with the last grant; the port does not wait for it.
  grant.held = std::shared_ptr<void>(nullptr, [state = state_, id](void*) {
    Holder ended;  // Its keys end without the lock.
    const MutexLock lock(state->mutex);
    if (auto node = state->holders.extract(id)) ended = std::move(node.mapped());
  });
  return grant;
}

}  // namespace chiliad::role
