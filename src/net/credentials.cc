#include "net/credentials.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/mutex.h"
#include "net/http_client.h"
#include "net/uri.h"

namespace chiliad::net {
namespace {

using std::chrono::system_clock;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

constexpr auto kFetchBefore = 5min;
constexpr auto kEndpointPatience = 5s;
constexpr auto kInstancePatience = 1s;  // As the AWS tools: off EC2 nobody answers.
constexpr std::uint64_t kMostAnswerBytes = 64 << 10;
constexpr std::string_view kContainerHost = "http://169.254.170.2";

std::string get_string(const simdjson::dom::element& object, const char* name) {
  std::string_view value;
  return object[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

// The addresses to which credentials may be asked for without TLS.
bool is_trusted_host(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]" || host == "169.254.170.2" ||
         host == "169.254.170.23" || host == "[fd00:ec2::23]";
}

}  // namespace

Result<Credentials> parse_credentials(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element object;
  const simdjson::padded_string padded(json);
  if (parser.parse(padded).get(object) != simdjson::SUCCESS || !object.is_object())
    return Error{ErrorCode::kCorrupt, "credentials: expected a JSON object"};
  Credentials found;
  found.access_key_id = get_string(object, "AccessKeyId");
  found.secret_access_key = get_string(object, "SecretAccessKey");
  found.session_token = get_string(object, "Token");
  if (found.access_key_id.empty() || found.secret_access_key.empty()) {
    const std::string code = get_string(object, "Code") + " " + get_string(object, "Message");
    return Error{ErrorCode::kCorrupt, "credentials: AccessKeyId or SecretAccessKey is missing; " + code.substr(0, 200)};
  }
  std::string expiration = get_string(object, "Expiration");
  if (expiration.empty()) return found;
  if (expiration.back() == 'Z') expiration.pop_back();
  const Result<Instant> expires = parse_instant(expiration);
  if (!expires) return Error{ErrorCode::kCorrupt, "credentials: Expiration: " + expires.error().message};
  found.expires =
      system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(expires->time_since_epoch()));
  return found;
}

struct CredentialSource::State {
  explicit State(Environment given) : environment(std::move(given)) {}

  Result<Credentials> find(Deadline deadline);
  std::optional<Credentials> from_environment() const;
  Result<Credentials> from_profile(const AwsConfig& config) const;
  Result<Credentials> from_container(const std::string& url, Deadline deadline);
  Result<Credentials> from_instance(Deadline deadline);
  Result<std::string> ask(ClientRequest request, Deadline deadline);

  const Environment environment;
  HttpClient client;
  Mutex mutex;
  Condition fetched;
  std::optional<Credentials> kept CHILIAD_GUARDED_BY(mutex);
  bool fetching CHILIAD_GUARDED_BY(mutex) = false;
};

CredentialSource::CredentialSource(Environment environment) : state_(std::make_unique<State>(std::move(environment))) {}
CredentialSource::~CredentialSource() = default;

Result<Credentials> CredentialSource::get(Deadline deadline) {
  {
    MutexLock lock(state_->mutex);
    while (true) {
      const auto now = system_clock::now();
      const bool usable = state_->kept && (!state_->kept->expires || *state_->kept->expires > now);
      const bool fresh = usable && (!state_->kept->expires || *state_->kept->expires > now + kFetchBefore);
      if (fresh || (usable && state_->fetching)) return *state_->kept;
      if (!state_->fetching) break;
      if (!state_->fetched.wait_until(state_->mutex, deadline) && std::chrono::steady_clock::now() >= deadline)
        return Error{ErrorCode::kDeadline, "credentials: the time is used up"};
    }
    state_->fetching = true;
  }
  Result<Credentials> found = state_->find(deadline);
  MutexLock lock(state_->mutex);
  state_->fetching = false;
  state_->fetched.notify_all();
  if (found) {
    state_->kept = *found;
  } else if (state_->kept && (!state_->kept->expires || *state_->kept->expires > system_clock::now())) {
    return *state_->kept;
  }
  return found;
}

void CredentialSource::forget(const Credentials& refused) {
  MutexLock lock(state_->mutex);
  if (state_->kept && state_->kept->access_key_id == refused.access_key_id &&
      state_->kept->session_token == refused.session_token)
    state_->kept.reset();
}

Result<Credentials> CredentialSource::State::find(Deadline deadline) {
  if (std::optional<Credentials> found = from_environment()) return *found;
  const AwsConfig config = AwsConfig::load(environment);
  Result<Credentials> of_profile = from_profile(config);
  if (of_profile || of_profile.error().code != ErrorCode::kNotFound) return of_profile;
  const std::string relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative.empty()) return from_container(std::string(kContainerHost) + relative, deadline);
  if (!full.empty()) return from_container(full, deadline);
  std::string instance = "is switched off";
  if (environment("AWS_EC2_METADATA_DISABLED") != "true") {
    Result<Credentials> of_instance = from_instance(deadline);
    if (of_instance) return of_instance;
    instance = of_instance.error().message;
  }
  return Error{ErrorCode::kForbidden,
               "no credentials: AWS_ACCESS_KEY_ID is not set; profile '" + config.profile() +
                   "' has no keys in ~/.aws/credentials or ~/.aws/config; no AWS_CONTAINER_CREDENTIALS_*_URI; the "
                   "instance's metadata service: " +
                   instance};
}

std::optional<Credentials> CredentialSource::State::from_environment() const {
  Credentials found{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                    environment("AWS_SESSION_TOKEN"), std::nullopt};
  if (found.access_key_id.empty() || found.secret_access_key.empty()) return std::nullopt;
  return found;
}

// Errors: kNotFound: the profile says nothing about credentials; kForbidden: what it says is not supported.
Result<Credentials> CredentialSource::State::from_profile(const AwsConfig& config) const {
  Credentials found{config.setting("aws_access_key_id").value_or(""),
                    config.setting("aws_secret_access_key").value_or(""),
                    config.setting("aws_session_token").value_or(""), std::nullopt};
  if (!found.access_key_id.empty() && !found.secret_access_key.empty()) return found;
  const std::string profile = "profile '" + config.profile() + "'";
  for (const char* name : {"role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"})
    if (config.setting(name))
      return Error{ErrorCode::kForbidden, profile + " asks for " + name +
                                              ", which is not supported: export keys with 'aws configure "
                                              "export-credentials --format env'"};
  if (!config.has_profile() && config.profile() != "default")
    return Error{ErrorCode::kForbidden, profile + " stands in neither ~/.aws/credentials nor ~/.aws/config"};
  return Error{ErrorCode::kNotFound, profile + " has no keys"};
}

Result<std::string> CredentialSource::State::ask(ClientRequest request, Deadline deadline) {
  request.use_proxy = false;
  request.max_body_bytes = kMostAnswerBytes;
  Result<ClientResponse> response = client.send(request, deadline);
  if (!response) return std::move(response).error();
  if (response->status == 200) return std::move(response->body);
  const bool refused = response->status >= 400 && response->status < 500 && response->status != 429;
  return Error{refused ? ErrorCode::kForbidden : ErrorCode::kUnavailable,
               request.url + ": status " + std::to_string(response->status)};
}

Result<Credentials> CredentialSource::State::from_container(const std::string& url, Deadline deadline) {
  const std::size_t path_at = url.find('/', std::min(url.find("://"), url.size() - 1) + 3);
  const Result<Url> address = parse_url(url.substr(0, path_at));
  if (!address) return Error{ErrorCode::kForbidden, "container credentials: " + address.error().message};
  if (!address->tls && !is_trusted_host(address->host))
    return Error{ErrorCode::kForbidden, "container credentials: " + url + ": without TLS only this host, ECS and EKS"};
  ClientRequest request{.url = url};
  std::string token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string token_file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!token_file.empty()) {
    Result<std::string> text = read_file(token_file, kMostAnswerBytes);
    if (!text) return Error{ErrorCode::kForbidden, "container credentials: " + text.error().message};
    token = without_line_end(std::move(*text));
  }
  if (!token.empty()) request.fields.emplace_back("Authorization", token);
  Result<std::string> json = ask(request, std::min(deadline, std::chrono::steady_clock::now() + kEndpointPatience));
  if (!json) return std::move(json).error().in("container credentials");
  return parse_credentials(*json);
}

Result<Credentials> CredentialSource::State::from_instance(Deadline deadline) {
  std::string base = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) base = "http://169.254.169.254";
  while (base.ends_with('/')) base.pop_back();
  const Deadline patience = std::min(deadline, std::chrono::steady_clock::now() + kInstancePatience);
  const Result<std::string> token = ask({.method = "PUT",
                                         .url = base + "/latest/api/token",
                                         .fields = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}},
                                        patience);
  if (!token) return token.error();
  const HttpFields fields = {{"X-aws-ec2-metadata-token", *token}};
  const std::string roles = base + "/latest/meta-data/iam/security-credentials/";
  const Result<std::string> role = ask({.url = roles, .fields = fields}, patience);
  if (!role) return role.error();
  const std::string name = role->substr(0, role->find('\n'));
  const Result<std::string> json = ask({.url = roles + percent_encode(name), .fields = fields}, patience);
  if (!json) return json.error();
  return parse_credentials(*json);
}

}  // namespace chiliad::net
