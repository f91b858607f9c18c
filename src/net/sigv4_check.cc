#include "net/sigv4_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "net/http_client.h"
#include "net/uri.h"

namespace chiliad::net::sigv4 {
namespace {

using Reason = Refusal::Reason;

constexpr std::chrono::seconds kWindow = std::chrono::minutes(15);
constexpr std::int64_t kLongestExpiry = 604'800;
constexpr std::string_view kStreaming[] = {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                           "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                                           "STREAMING-UNSIGNED-PAYLOAD-TRAILER"};

// What a client sent, for a message: short and without control characters.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 100));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) c = '?';
  }
  return out;
}

Refusal malformed(bool presigned, std::string_view why) {
  if (presigned) {
    return {Reason::kMalformed, 400, "AuthorizationQueryParametersError", std::string(why)};
  }
  return {Reason::kMalformed, 400, "AuthorizationHeaderMalformed",
          fmt::format("The authorization header is malformed; {}", why)};
}

Refusal denied(Reason reason, std::string_view why) { return {reason, 403, "AccessDenied", std::string(why)}; }

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "20130524T000000Z".
std::optional<Time> read_timestamp(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(4, 2));
  const auto day = digits(text.substr(6, 2));
  const auto hour = digits(text.substr(9, 2));
  const auto minute = digits(text.substr(11, 2));
  const auto second = digits(text.substr(13, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

// The parts of "KEY/20130524/us-east-1/s3/aws4_request".
struct Credential {
  std::string_view key, day, region, service;
};

std::optional<Credential> read_credential(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t slash = text.find('/');
    if ((slash == std::string_view::npos) != (i == 4)) return std::nullopt;
    parts[i] = text.substr(0, slash);
    if (parts[i].empty()) return std::nullopt;
    if (i < 4) text.remove_prefix(slash + 1);
  }
  if (parts[4] != "aws4_request") return std::nullopt;
  return Credential{parts[0], parts[1], parts[2], parts[3]};
}

// In lower case, ascending, so none is there twice, and of a number that a request can have.
bool are_signed_fields(std::string_view names) {
  if (std::any_of(names.begin(), names.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) return false;
  std::string_view before;
  for (std::size_t count = 0; count < 200; ++count) {
    const std::size_t end = std::min(names.find(';'), names.size());
    const std::string_view name = names.substr(0, end);
    if (name.empty() || name <= before) return false;
    if (end == names.size()) return true;
    before = name;
    names.remove_prefix(end + 1);
  }
  return false;
}

bool is_named(std::string_view names, std::string_view name) {
  while (true) {
    const std::size_t end = std::min(names.find(';'), names.size());
    if (same_ignoring_case(names.substr(0, end), name)) return true;
    if (end == names.size()) return false;
    names.remove_prefix(end + 1);
  }
}

// What both forms have in common once their pieces are found. `day` is the request's time, still to be compared.
std::optional<Refusal> fill(SignatureClaim& claim, std::string_view credential_text) {
  const std::optional<Credential> credential = read_credential(credential_text);
  if (!credential) {
    return malformed(claim.presigned, "the Credential must be \"<key>/YYYYMMDD/<region>/<service>/aws4_request\".");
  }
  claim.access_key_id = credential->key;
  claim.scope.region = credential->region;
  claim.scope.service = credential->service;
  if (credential->day != claim.day()) {
    return malformed(claim.presigned, fmt::format("Invalid credential date \"{}\". This date is not the same as "
                                                  "X-Amz-Date: \"{}\".",
                                                  shown(credential->day), claim.day()));
  }
  if (!are_signed_fields(claim.signed_fields)) {
    return malformed(claim.presigned, "SignedHeaders must be field names in lower case, ascending, joined by ';'.");
  }
  if (claim.signature.size() != 64 || !is_lower_hex(claim.signature)) {
    return malformed(claim.presigned, "the Signature must be 64 lower-case hexadecimal digits.");
  }
  return std::nullopt;
}

std::optional<Refusal> fill_payload_hash(SignatureClaim& claim, std::string_view hash) {
  if (claim.scope.service != "s3") return std::nullopt;
  if (hash.empty() && claim.presigned) hash = kUnsignedPayload;
  if (hash.empty()) {
    return Refusal{Reason::kNoPayloadHash, 400, "InvalidRequest",
                   "Missing required header for this request: x-amz-content-sha256"};
  }
  const bool known = hash == kUnsignedPayload || (hash.size() == 64 && is_lower_hex(hash)) ||
                     std::find(std::begin(kStreaming), std::end(kStreaming), hash) != std::end(kStreaming);
  if (!known) {
    return Refusal{Reason::kNoPayloadHash, 400, "InvalidArgument",
                   "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                   "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 "
                   "value."};
  }
  claim.payload_hash = hash;
  return std::nullopt;
}

// ---------------------------------------------------------------------------------------------------
// The field Authorization
// ---------------------------------------------------------------------------------------------------

ReadSignature read_authorization(const HttpRequest& request, std::string_view authorization) {
  if (!authorization.starts_with(kAlgorithm) || !authorization.substr(kAlgorithm.size()).starts_with(' ')) {
    return Refusal{Reason::kNotSupported, 400, "InvalidRequest",
                   "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."};
  }
  std::array<std::string_view, 3> parts;
  constexpr std::array<std::string_view, 3> kNames = {"Credential=", "SignedHeaders=", "Signature="};
  std::string_view rest = authorization.substr(kAlgorithm.size());
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view part = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    std::size_t which = 0;
    while (which < 3 && !part.starts_with(kNames[which])) ++which;
    if (which == 3 || !parts[which].empty()) {
      return malformed(false, "Credential, SignedHeaders and Signature are expected, each once, behind commas.");
    }
    parts[which] = part.substr(kNames[which].size());
  }
  for (std::size_t i = 0; i < 3; ++i) {
    if (parts[i].empty()) return malformed(false, fmt::format("{} is missing or empty.", kNames[i]));
  }

  SignatureClaim claim;
  const std::string_view amz_date = request.field("x-amz-date");
  std::optional<Time> time = read_timestamp(amz_date);
  if (!time && amz_date.empty()) {
    const std::string_view date = request.field("date");
    time = read_timestamp(date);
    const std::optional<Instant> instant = parse_http_date(date);
    if (!time && instant) time = std::chrono::floor<std::chrono::seconds>(*instant);
  }
  if (!time) return denied(Reason::kNoDate, "AWS authentication requires a valid Date or x-amz-date header");
  claim.scope.time = *time;
  claim.signed_fields = parts[1];
  claim.signature = parts[2];
  claim.session_token = request.field("x-amz-security-token");
  if (auto refusal = fill(claim, parts[0])) return std::move(*refusal);
  if (auto refusal = fill_payload_hash(claim, request.field("x-amz-content-sha256"))) return std::move(*refusal);
  return claim;
}

// ---------------------------------------------------------------------------------------------------
// The query
// ---------------------------------------------------------------------------------------------------

// Calls visit(name, raw pair) for each "name=value" of the query, the name decoded.
template <class Visit>
void for_each_pair(std::string_view query, const Visit& visit) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!pair.empty()) visit(percent_decode(pair.substr(0, pair.find('='))), pair);
  }
}

std::string value_of(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  return equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1));
}

struct QueryClaim {
  enum Name { kAlgorithmName, kCredential, kDate, kExpires, kSignedHeaders, kSignature, kToken, kContentHash, kNames };
  std::array<std::optional<std::string>, kNames> values;
  bool twice = false;
  bool version_2 = false;
};

constexpr std::array<std::string_view, QueryClaim::kNames> kQueryNames = {
    "X-Amz-Algorithm",     "X-Amz-Credential", "X-Amz-Date",           "X-Amz-Expires",
    "X-Amz-SignedHeaders", "X-Amz-Signature",  "X-Amz-Security-Token", "X-Amz-Content-Sha256"};

QueryClaim find_in_query(std::string_view query) {
  QueryClaim found;
  for_each_pair(query, [&](const std::string& name, std::string_view pair) {
    if (name == "AWSAccessKeyId") found.version_2 = true;
    const auto at = std::find(kQueryNames.begin(), kQueryNames.end(), name);
    if (at == kQueryNames.end()) return;
    std::optional<std::string>& value = found.values[static_cast<std::size_t>(at - kQueryNames.begin())];
    if (value) found.twice = true;
    value = value_of(pair);
  });
  return found;
}

ReadSignature read_query(const HttpRequest& request, QueryClaim found) {
  auto& values = found.values;
  if (found.twice) return malformed(true, "A query parameter of the signature is given twice.");
  if (values[QueryClaim::kAlgorithmName] != kAlgorithm) {
    return malformed(true, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  }
  for (const auto name : {QueryClaim::kCredential, QueryClaim::kDate, QueryClaim::kExpires, QueryClaim::kSignedHeaders,
                          QueryClaim::kSignature}) {
    if (!values[name] || values[name]->empty()) {
      return malformed(true,
                       "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                       "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
    }
  }
  SignatureClaim claim;
  claim.presigned = true;
  const std::optional<Time> time = read_timestamp(*values[QueryClaim::kDate]);
  if (!time) return malformed(true, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  claim.scope.time = *time;
  const std::string& expires = *values[QueryClaim::kExpires];
  std::int64_t seconds = 0;
  const auto [end, failed] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (failed != std::errc() || end != expires.data() + expires.size() || seconds < 1 || seconds > kLongestExpiry) {
    return malformed(true, "X-Amz-Expires must be a number of seconds from 1 to 604800 (a week)");
  }
  claim.expires = std::chrono::seconds(seconds);
  claim.signed_fields = std::move(*values[QueryClaim::kSignedHeaders]);
  claim.signature = std::move(*values[QueryClaim::kSignature]);
  if (values[QueryClaim::kToken]) claim.session_token = std::move(*values[QueryClaim::kToken]);
  if (auto refusal = fill(claim, *values[QueryClaim::kCredential])) return std::move(*refusal);
  // A field counts only when it is signed; without one the body is not signed.
  std::string hash = values[QueryClaim::kContentHash].value_or("");
  if (hash.empty() && is_named(claim.signed_fields, "x-amz-content-sha256")) {
    hash = request.field("x-amz-content-sha256");
  }
  if (auto refusal = fill_payload_hash(claim, hash)) return std::move(*refusal);
  return claim;
}

std::string without_signature(std::string_view query) {
  std::string out;
  for_each_pair(query, [&](const std::string& name, std::string_view pair) {
    if (name == kQueryNames[QueryClaim::kSignature]) return;
    if (!out.empty()) out.push_back('&');
    out.append(pair);
  });
  return out;
}

// ---------------------------------------------------------------------------------------------------
// Checks
// ---------------------------------------------------------------------------------------------------

std::optional<Refusal> check_time(const SignatureClaim& claim, Time now) {
  const Time signed_at = claim.scope.time;
  if (!claim.presigned) {
    if (signed_at >= now - kWindow && signed_at <= now + kWindow) return std::nullopt;
    Scope ours;
    ours.time = now;
    return Refusal{
        Reason::kSkewed, 403, "RequestTimeTooSkewed",
        fmt::format("The difference between the request time and the current time is too large. Signed at {}, "
                    "now it is {}.",
                    claim.scope.timestamp(), ours.timestamp())};
  }
  if (signed_at > now + kWindow) return denied(Reason::kSkewed, "Request is not valid yet");
  if (now > signed_at + claim.expires) return denied(Reason::kExpired, "Request has expired");
  return std::nullopt;
}

// A field that speaks to the service must not be put in by somebody on the way.
bool must_be_signed(std::string_view name) {
  constexpr std::string_view kPrefix = "x-amz-";
  // The first stands in the canonical request by itself, the second is put in by browsers' SDKs and means nothing.
  return same_ignoring_case(name.substr(0, kPrefix.size()), kPrefix) &&
         !same_ignoring_case(name, "x-amz-content-sha256") && !same_ignoring_case(name, "x-amz-user-agent");
}

std::optional<Refusal> check_signed_fields(const SignatureClaim& claim, const HttpRequest& request) {
  bool has_host = false;
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    const std::string_view name = request.field_name(i);
    const bool is_host = same_ignoring_case(name, "host");
    has_host = has_host || is_host;
    if ((is_host || must_be_signed(name)) && !is_named(claim.signed_fields, name)) {
      return denied(Reason::kNotSigned,
                    fmt::format("There were headers present in the request which were not signed: {}", shown(name)));
    }
  }
  if (!has_host) return denied(Reason::kNotSigned, "The request has no Host header");
  std::string_view names = claim.signed_fields;
  while (true) {
    const std::size_t end = std::min(names.find(';'), names.size());
    const std::string_view signed_name = names.substr(0, end);
    bool present = false;
    for (std::size_t i = 0; i < request.field_count() && !present; ++i) {
      present = same_ignoring_case(request.field_name(i), signed_name);
    }
    if (!present) {
      return denied(Reason::kNotSigned,
                    fmt::format("A header that was signed is not in the request: {}", shown(signed_name)));
    }
    if (end == names.size()) return std::nullopt;
    names.remove_prefix(end + 1);
  }
}

}  // namespace

ReadSignature read_signature(const HttpRequest& request) {
  std::size_t authorizations = 0;
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    if (same_ignoring_case(request.field_name(i), "authorization")) ++authorizations;
  }
  const std::string_view query = request.query();
  const QueryClaim found = query.empty() ? QueryClaim() : find_in_query(query);
  const bool in_query = found.values[QueryClaim::kAlgorithmName] || found.values[QueryClaim::kSignature] ||
                        found.values[QueryClaim::kCredential];
  if (authorizations + (in_query ? 1 : 0) + (found.version_2 ? 1 : 0) > 1) {
    return Refusal{Reason::kNotSupported, 400, "InvalidArgument",
                   "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                   "parameter or the Authorization header should be specified"};
  }
  if (authorizations == 1) return read_authorization(request, request.field("authorization"));
  if (found.version_2) {
    return Refusal{Reason::kNotSupported, 400, "InvalidRequest",
                   "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."};
  }
  if (in_query) return read_query(request, found);
  return std::monostate();
}

std::optional<Refusal> check_signature(const SignatureClaim& claim, const SigningKey& key, const HttpRequest& request,
                                       PathRule rule, Time now) {
  if (auto refusal = check_time(claim, now)) return refusal;
  if (auto refusal = check_signed_fields(claim, request)) return refusal;
  const std::string query = claim.presigned ? without_signature(request.query()) : std::string();
  const std::string body_hash = rule == PathRule::kOthers ? hex(sha256(request.body())) : std::string();
  const std::string canonical =
      canonical_request(request, claim.presigned ? std::string_view(query) : request.query(), claim.signed_fields,
                        rule == PathRule::kOthers ? body_hash : claim.payload_hash, rule);
  if (equal_in_constant_time(key.sign(string_to_sign(claim.scope, canonical)), claim.signature)) return std::nullopt;
  return Refusal{Reason::kMismatch, 403, "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided. Check your key and "
                 "signing method."};
}

}  // namespace chiliad::net::sigv4
