#include "gateway/route.h"

#include <array>

#include "aws/query.h"
#include "net/uri.h"

namespace chiliad::gateway {
namespace {

using net::same_ignoring_case;

// "sts" of "KEY/20130524/us-east-1/sts/aws4_request"; empty when it is not such a text.
std::string_view service_of_credential(std::string_view credential) {
  for (int i = 0; i < 3; ++i) {
    const std::size_t slash = credential.find('/');
    if (slash == std::string_view::npos) return {};
    credential.remove_prefix(slash + 1);
  }
  const std::size_t slash = credential.find('/');
  return slash == std::string_view::npos ? std::string_view() : credential.substr(0, slash);
}

// The service that the request says it was signed for; empty: it was not signed, or not as one signs.
std::string signed_service(const net::HttpRequest& request) {
  constexpr std::string_view kCredential = "Credential=";
  const std::string_view authorization = request.field("authorization");
  if (const std::size_t at = authorization.find(kCredential); at != std::string_view::npos) {
    const std::string_view rest = authorization.substr(at + kCredential.size());
    return std::string(service_of_credential(rest.substr(0, rest.find_first_of(", "))));
  }
  constexpr std::string_view kParameter = "X-Amz-Credential=";
  std::string_view query = request.query();
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (!pair.starts_with(kParameter)) continue;
    return std::string(service_of_credential(net::percent_decode(pair.substr(kParameter.size()))));
  }
  return {};
}

bool is_form(const net::HttpRequest& request) {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  const std::string_view type = request.field("content-type");
  return same_ignoring_case(type.substr(0, kForm.size()), kForm);
}

Route unknown(Protocol protocol) {
  Route route;
  route.protocol = protocol;
  return route;
}

Route to_json(const Services::JsonEntry& entry, std::string_view operation) {
  Route route;
  route.kind = Route::Kind::kJson;
  route.protocol = Protocol::kJson;
  route.json = &entry;
  route.signing_name = entry.signing_name;
  route.operation = operation;
  return route;
}

Route to_query(const Services::QueryEntry& entry) {
  Route route;
  route.kind = Route::Kind::kQuery;
  route.protocol = Protocol::kQuery;
  route.query = &entry;
  route.signing_name = entry.signing_name;
  return route;
}

Route to_runtime(const Services& services) {
  Route route = unknown(Protocol::kRestJson);
  if (services.runtime == nullptr) return route;
  route.kind = Route::Kind::kRuntime;
  route.signing_name = "sagemaker";
  return route;
}

Route to_objects(const Services& services) {
  if (services.objects == nullptr) return unknown(Protocol::kPlain);
  Route route;
  route.kind = Route::Kind::kObjects;
  route.protocol = Protocol::kS3;
  route.signing_name = "s3";
  return route;
}

Route by_target(std::string_view target, const Services& services) {
  const std::size_t dot = target.rfind('.');
  if (dot == std::string_view::npos) return unknown(Protocol::kJson);
  for (const Services::JsonEntry& entry : services.json) {
    if (entry.target == target.substr(0, dot)) return to_json(entry, target.substr(dot + 1));
  }
  return unknown(Protocol::kJson);
}

Route by_scope(std::string_view service, const net::HttpRequest& request, const Services& services) {
  if (service == "s3") return to_objects(services);
  if (service == "sagemaker") return to_runtime(services);
  for (const Services::QueryEntry& entry : services.query) {
    if (entry.signing_name == service) return to_query(entry);
  }
  for (const Services::JsonEntry& entry : services.json) {
    if (entry.signing_name == service) return unknown(Protocol::kJson);
  }
  return unknown(is_form(request) ? Protocol::kQuery : Protocol::kRestJson);
}

bool is_endpoint_path(std::string_view path) {
  constexpr std::string_view kEndpoints = "/endpoints";
  return path.starts_with(kEndpoints) && (path.size() == kEndpoints.size() || path[kEndpoints.size()] == '/');
}

Route by_path(const net::HttpRequest& request, const Services& services) {
  const std::string_view path = request.path();
  if (is_endpoint_path(path)) return to_runtime(services);
  Route route;
  if (request.method() == "GET" || request.method() == "HEAD") {
    if (path == "/ping") route.kind = Route::Kind::kPing;
    if (path == "/metrics") route.kind = Route::Kind::kMetrics;
    if (route.kind != Route::Kind::kUnknown) return route;
  }
  if (request.method() == "POST" && path == "/" && is_form(request)) {
    route.kind = Route::Kind::kForm;
    route.protocol = Protocol::kQuery;
    return route;
  }
  return to_objects(services);
}

bool has_tricky_path(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return true;
    if (part.find('%') != std::string_view::npos) {
      const std::string decoded = net::percent_decode(part);
      if (decoded == "." || decoded == "..") return true;
    }
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace

Route route_of(const net::HttpRequest& request, const Services& services) {
  const std::string_view target = request.field("x-amz-target");
  if (!target.empty()) return by_target(target, services);
  const std::string service = signed_service(request);
  if (!service.empty()) return by_scope(service, request, services);
  return by_path(request, services);
}

const Services::QueryEntry* query_service(std::string_view form, const Services& services) {
  const Result<aws::QueryForm> fields = aws::QueryForm::parse(form);
  if (!fields) return nullptr;
  const std::string_view version = fields->get("Version");
  for (const Services::QueryEntry& entry : services.query) {
    if (entry.version == version) return &entry;
  }
  return nullptr;
}

std::string_view wrong_with_head(const net::HttpRequest& request, const Route& route) {
  constexpr std::array<std::string_view, 10> kOnce = {"host",
                                                      "content-type",
                                                      "x-amz-date",
                                                      "x-amz-target",
                                                      "x-amz-security-token",
                                                      "x-amz-content-sha256",
                                                      "x-amz-decoded-content-length",
                                                      "x-amz-copy-source",
                                                      "x-amzn-sagemaker-target-model",
                                                      "x-amzn-sagemaker-target-variant"};
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    const std::string_view name = request.field_name(i);
    for (std::size_t k = 0; k < kOnce.size(); ++k) {
      if (name.size() != kOnce[k].size() || !same_ignoring_case(name, kOnce[k])) continue;
      if ((seen >> k & 1U) != 0) return "A header field that says who calls, what or where is given twice";
      seen |= 1U << k;
    }
  }
  if (route.kind != Route::Kind::kObjects && has_tricky_path(request.path())) {
    return "The path has an empty part, '.' or '..'";
  }
  return {};
}

}  // namespace chiliad::gateway
