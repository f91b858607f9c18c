#include "gateway/authentication.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace chiliad::gateway {
namespace {

namespace sigv4 = net::sigv4;

aws::Caller caller_of(const net::HttpRequest& request, std::chrono::system_clock::time_point now) {
  aws::Caller caller;
  caller.source_ip = request.peer();
  caller.user_agent = request.field("user-agent");
  caller.secure_transport = request.secure();
  caller.time = now;
  return caller;
}

std::shared_ptr<const aws::Principal> anonymous() {
  auto nobody = std::make_shared<aws::Principal>();
  nobody->arn.assign(1, '*');
  return nobody;
}

bool is_signed(std::string_view names, std::string_view name) {
  while (true) {
    const std::size_t end = std::min(names.find(';'), names.size());
    if (net::same_ignoring_case(names.substr(0, end), name)) return true;
    if (end == names.size()) return false;
    names.remove_prefix(end + 1);
  }
}

// The runtime takes its orders from these fields: nobody on the way may add one. None: all are signed.
std::optional<Failure> check_runtime_fields(const net::HttpRequest& request, const sigv4::SignatureClaim& claim) {
  constexpr std::string_view kPrefix = "x-amzn-sagemaker-";
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    const std::string_view name = request.field_name(i);
    if (!net::same_ignoring_case(name.substr(0, kPrefix.size()), kPrefix)) continue;
    if (is_signed(claim.signed_fields, name)) continue;
    sigv4::Refusal refusal{sigv4::Refusal::Reason::kNotSigned, 403, "AccessDenied",
                           fmt::format("The header field {} must be signed", name.substr(0, 100))};
    return failure_of(refusal, Protocol::kRestJson);
  }
  return std::nullopt;
}

// "b" of "b.localhost:8080", as the S3 face reads it; empty: the bucket stands in the path.
std::string bucket_before_localhost(std::string_view host) {
  constexpr std::string_view kEnd = ".localhost";
  host = host.substr(0, host.find(':'));
  if (host.size() <= kEnd.size() || !net::same_ignoring_case(host.substr(host.size() - kEnd.size()), kEnd)) return {};
  std::string bucket(host.substr(0, host.size() - kEnd.size()));
  for (char& c : bucket) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return bucket;
}

// IAM and STS answer for every region with the scope of the first one, as on AWS.
bool is_global(std::string_view service) { return service == "iam" || service == "sts"; }

}  // namespace

bool is_loopback(std::string_view address) {
  const std::string text(address);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

bool is_local_host(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != std::string_view::npos && is_loopback(host.substr(1, end - 1));
  }
  host = host.substr(0, host.find(':'));
  if (is_loopback(host)) return true;
  constexpr std::string_view kLocalhost = "localhost";
  if (host.size() < kLocalhost.size()) return false;
  const std::string_view end = host.substr(host.size() - kLocalhost.size());
  return net::same_ignoring_case(end, kLocalhost) &&
         (end.size() == host.size() || host[host.size() - end.size() - 1] == '.');
}

Authenticator::Authenticator(identity::Directory& directory, std::string region, bool no_auth)
    : directory_(directory), region_(std::move(region)), no_auth_(no_auth), nobody_(anonymous()) {}

std::variant<Authenticated, Failure> Authenticator::authenticate(const net::HttpRequest& request, const Route& route,
                                                                 std::chrono::system_clock::time_point now) const {
  const Protocol protocol = route.protocol;
  Authenticated result;
  result.caller = caller_of(request, now);
  if (no_auth_) return trust(request, std::move(result));

  if (protocol == Protocol::kS3) {
    auto presigned = net::sigv2::read_presigned(request);
    if (const auto* refusal = std::get_if<sigv4::Refusal>(&presigned)) return failure_of(*refusal, protocol);
    if (const auto* claim = std::get_if<net::sigv2::Claim>(&presigned))
      return authenticate_presigned(request, *claim, std::move(result), now);
  }
  sigv4::ReadSignature read = sigv4::read_signature(request);
  if (const auto* refusal = std::get_if<sigv4::Refusal>(&read)) return failure_of(*refusal, protocol);
  if (std::holds_alternative<std::monostate>(read)) {
    if (protocol != Protocol::kS3) return not_signed(protocol);
    result.caller.who = nobody_;
    result.region = region_;
    return result;
  }
  sigv4::SignatureClaim& claim = std::get<sigv4::SignatureClaim>(read);

  identity::FoundKey found = directory_.find_key(claim.access_key_id, claim.session_token, now);
  if (const auto* refusal = std::get_if<identity::KeyRefusal>(&found)) return failure_of(*refusal, protocol);
  const identity::Key& key = *std::get<std::shared_ptr<const identity::Key>>(found);
  if (claim.scope.service != route.signing_name) {
    return wrong_service(protocol, claim.scope.service, route.signing_name);
  }
  const bool global = is_global(route.signing_name) && claim.scope.region == aws::kDefaultRegion;
  if (claim.scope.region != region_ && !global) return wrong_region(protocol, claim.scope.region, region_);

  result.key = key.signing_key(claim.day(), claim.scope.region, claim.scope.service);
  const sigv4::PathRule rule = protocol == Protocol::kS3 ? sigv4::PathRule::kS3 : sigv4::PathRule::kOthers;
  const auto refusal =
      sigv4::check_signature(claim, *result.key, request, rule, std::chrono::floor<std::chrono::seconds>(now));
  if (refusal) return failure_of(*refusal, protocol);
  if (route.kind == Route::Kind::kRuntime) {
    if (auto failure = check_runtime_fields(request, claim)) return std::move(*failure);
  }
  result.caller.who = key.who();
  result.caller.authorizer = key.authorizer();
  result.caller.access_key_id = std::move(claim.access_key_id);
  result.caller.region = claim.scope.region;
  result.region = claim.scope.region;
  result.claim = std::move(claim);
  return result;
}

// What the AWS CLI 1 and boto3 presign for an endpoint of one's own.
std::variant<Authenticated, Failure> Authenticator::authenticate_presigned(
    const net::HttpRequest& request, const net::sigv2::Claim& claim, Authenticated result,
    std::chrono::system_clock::time_point now) const {
  identity::FoundKey found = directory_.find_key(claim.access_key_id, claim.session_token, now);
  if (const auto* refusal = std::get_if<identity::KeyRefusal>(&found)) return failure_of(*refusal, Protocol::kS3);
  const identity::Key& key = *std::get<std::shared_ptr<const identity::Key>>(found);
  const auto refusal = net::sigv2::check_presigned(claim, key.secret_access_key(), request,
                                                   bucket_before_localhost(request.field("host")),
                                                   std::chrono::floor<std::chrono::seconds>(now));
  if (refusal) return failure_of(*refusal, Protocol::kS3);
  result.caller.who = key.who();
  result.caller.authorizer = key.authorizer();
  result.caller.access_key_id = claim.access_key_id;
  result.caller.region = region_;
  result.region = region_;
  return result;
}

// Without signatures everybody on this machine is trusted; a page from elsewhere in somebody's browser is not.
std::variant<Authenticated, Failure> Authenticator::trust(const net::HttpRequest& request, Authenticated result) const {
  const std::string_view host = request.field("host");
  std::string_view origin = request.field("origin");
  if (const std::size_t scheme = origin.find("://"); scheme != std::string_view::npos) origin.remove_prefix(scheme + 3);
  if ((!host.empty() && !is_local_host(host)) || (!origin.empty() && !is_local_host(origin))) {
    return Failure{{403, "AccessDenied",
                    "Without signatures only requests to localhost are answered, and none of pages from elsewhere"},
                   {}};
  }
  const std::shared_ptr<const identity::Key> key = directory_.trusted();
  result.caller.who = key->who();
  result.caller.authorizer = key->authorizer();
  result.caller.access_key_id = key->access_key_id();
  result.caller.region = region_;
  result.region = region_;
  return result;
}

}  // namespace chiliad::gateway
