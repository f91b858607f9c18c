#include "net/sigv4.h"

#include <algorithm>
#include <cstdio>

#include "base/hash.h"
#include "net/credentials.h"
#include "net/uri.h"

namespace chiliad::net::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Without blanks at the ends, each run of blanks inside as one.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) out.push_back(c);
    if (blank && !out.empty() && out.back() != ' ') out.push_back(' ');
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// "/a/./b//../c" as "/a/c": RFC 3986, 5.2.4, and empty parts left out.
std::string resolved(std::string_view path) {
  std::vector<std::string_view> parts;
  bool ends_in_slash = false;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    ends_in_slash = part.empty() || part == "." || part == "..";
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!ends_in_slash) parts.push_back(part);
    start = end + 1;
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  return ends_in_slash || out.empty() ? out + "/" : out;
}

std::string canonical_path(std::string_view path, PathRule rule) {
  if (path.empty()) return "/";
  if (rule == PathRule::kS3) return percent_encode(percent_decode(path), true);
  return percent_encode(resolved(path), true);
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t start = 0; start < query.size();) {
    const std::size_t end = std::min(query.find('&', start), query.size());
    const std::string_view pair = query.substr(start, end - start);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty())
      pairs.emplace_back(percent_encode(percent_decode(pair.substr(0, equals))),
                         percent_encode(percent_decode(pair.substr(std::min(equals + 1, pair.size())))));
    start = end + 1;
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out.push_back('&');
    out.append(name).append("=").append(value);
  }
  return out;
}

bool names_field(std::string_view signed_fields, std::string_view name) {
  for (std::size_t start = 0; start <= signed_fields.size();) {
    const std::size_t end = std::min(signed_fields.find(';', start), signed_fields.size());
    if (signed_fields.substr(start, end - start) == name) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

std::string Scope::timestamp() const {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string Scope::text() const { return timestamp().substr(0, 8) + "/" + region + "/" + service + "/aws4_request"; }

std::string field_names(const HttpFields& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(lower(field.first));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ";").append(name);
  return out;
}

std::string canonical_request(const Request& request, std::string_view signed_fields, std::string_view payload_hash,
                              PathRule rule) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : request.fields) {
    std::string lower_name = lower(name);
    if (!names_field(signed_fields, lower_name)) continue;
    // Several of one name: their values in the order given, behind commas.
    const auto same = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == lower_name; });
    if (same != fields.end()) {
      same->second.append(",").append(trimmed(value));
    } else {
      fields.emplace_back(std::move(lower_name), trimmed(value));
    }
  }
  std::sort(fields.begin(), fields.end());
  std::string out(request.method);
  out.append("\n").append(canonical_path(request.path, rule));
  out.append("\n").append(canonical_query(request.query)).append("\n");
  for (const auto& [name, value] : fields) out.append(name).append(":").append(value).append("\n");
  return out.append("\n").append(signed_fields).append("\n").append(payload_hash);
}

std::string string_to_sign(const Scope& scope, std::string_view canonical) {
  return std::string(kAlgorithm) + "\n" + scope.timestamp() + "\n" + scope.text() + "\n" + hex(sha256(canonical));
}

std::string signature(std::string_view secret, const Scope& scope, std::string_view to_sign) {
  const Sha256Digest day = hmac_sha256("AWS4" + std::string(secret), scope.timestamp().substr(0, 8));
  const Sha256Digest region = hmac_sha256(as_text(day), scope.region);
  const Sha256Digest service = hmac_sha256(as_text(region), scope.service);
  const Sha256Digest key = hmac_sha256(as_text(service), "aws4_request");
  return hex(hmac_sha256(as_text(key), to_sign));
}

void sign(const Credentials& credentials, const Scope& scope, std::string_view method, std::string_view path,
          std::string_view query, std::string_view payload_hash, HttpFields& fields) {
  const bool is_s3 = scope.service == "s3";
  fields.emplace_back("X-Amz-Date", scope.timestamp());
  if (is_s3) fields.emplace_back("X-Amz-Content-Sha256", payload_hash);
  if (!credentials.session_token.empty()) fields.emplace_back("X-Amz-Security-Token", credentials.session_token);
  const std::string names = field_names(fields);
  const std::string canonical =
      canonical_request({method, path, query, fields}, names, payload_hash, is_s3 ? PathRule::kS3 : PathRule::kOthers);
  fields.emplace_back("Authorization",
                      std::string(kAlgorithm) + " Credential=" + credentials.access_key_id + "/" + scope.text() +
                          ", SignedHeaders=" + names + ", Signature=" +
                          signature(credentials.secret_access_key, scope, string_to_sign(scope, canonical)));
}

std::string presigned_query(const Credentials& credentials, const Scope& scope, std::string_view method,
                            std::string_view host, std::string_view path, std::string_view query,
                            std::chrono::seconds seconds) {
  const bool is_s3 = scope.service == "s3";
  std::string whole(query);
  whole.append(whole.empty() ? "" : "&").append("X-Amz-Algorithm=").append(kAlgorithm);
  whole.append("&X-Amz-Credential=").append(percent_encode(credentials.access_key_id + "/" + scope.text()));
  whole.append("&X-Amz-Date=").append(scope.timestamp());
  whole.append("&X-Amz-Expires=").append(std::to_string(seconds.count())).append("&X-Amz-SignedHeaders=host");
  if (!credentials.session_token.empty())
    whole.append("&X-Amz-Security-Token=").append(percent_encode(credentials.session_token));
  const std::string payload_hash = is_s3 ? std::string(kUnsignedPayload) : hex(sha256(""));
  const HttpFields fields = {{"host", std::string(host)}};
  const std::string canonical =
      canonical_request({method, path, whole, fields}, "host", payload_hash, is_s3 ? PathRule::kS3 : PathRule::kOthers);
  return whole +
         "&X-Amz-Signature=" + signature(credentials.secret_access_key, scope, string_to_sign(scope, canonical));
}

}  // namespace chiliad::net::sigv4
