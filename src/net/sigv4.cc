#include "net/sigv4.h"

#include <algorithm>

#include "base/ascii.h"
#include "net/credentials.h"
#include "net/http_message.h"
#include "net/uri.h"

namespace chiliad::net::sigv4 {
namespace {

// Appends the value without blanks at the ends, each run of blanks inside as one.
void append_trimmed(std::string& out, std::string_view value) {
  const std::size_t start = out.size();
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) out.push_back(c);
    if (blank && out.size() > start && out.back() != ' ') out.push_back(' ');
  }
  if (out.size() > start && out.back() == ' ') out.pop_back();
}

bool is_lower_of(std::string_view lower_name, std::string_view name) {
  if (lower_name.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (lower_name[i] != (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c)) return false;
  }
  return true;
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
    // A '+' is a blank to whoever reads the query, so it is one here too: else "%2B" could be changed to it on the way.
    if (!pair.empty())
      pairs.emplace_back(percent_encode(percent_decode(pair.substr(0, equals), true)),
                         percent_encode(percent_decode(pair.substr(std::min(equals + 1, pair.size())), true)));
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

// `fields`: the number of them, and name and value of each by its index.
template <class Fields>
std::string canonical(std::string_view method, std::string_view path, std::string_view query, const Fields& fields,
                      std::string_view signed_fields, std::string_view payload_hash, PathRule rule) {
  std::string out;
  out.reserve(512 + path.size() + query.size() + signed_fields.size());
  out.append(method).append("\n").append(canonical_path(path, rule));
  out.append("\n").append(canonical_query(query)).append("\n");
  for (std::size_t start = 0; start <= signed_fields.size();) {
    const std::size_t end = std::min(signed_fields.find(';', start), signed_fields.size());
    const std::string_view name = signed_fields.substr(start, end - start);
    start = end + 1;
    bool found = false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!is_lower_of(name, fields.name(i))) continue;
      // Several of one name: their values in the order given, behind commas.
      if (found) {
        out.push_back(',');
      } else {
        out.append(name).append(":");
      }
      append_trimmed(out, fields.value(i));
      found = true;
    }
    if (found) out.push_back('\n');
  }
  return out.append("\n").append(signed_fields).append("\n").append(payload_hash);
}

}  // namespace

std::string Scope::timestamp() const {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  // By hand: with snprintf() this was an eighth of checking a signature.
  std::string text = "00000000T000000Z";
  const auto put = [&text](std::size_t at, std::size_t digits, unsigned value) {
    for (std::size_t i = at + digits; i-- > at; value /= 10) text[i] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(4, 2, static_cast<unsigned>(date.month()));
  put(6, 2, static_cast<unsigned>(date.day()));
  put(9, 2, static_cast<unsigned>(clock.hours().count()));
  put(11, 2, static_cast<unsigned>(clock.minutes().count()));
  put(13, 2, static_cast<unsigned>(clock.seconds().count()));
  return text;
}

std::string Scope::text() const { return timestamp().substr(0, 8) + "/" + region + "/" + service + "/aws4_request"; }

std::string field_names(const HttpFields& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(lower_case(field.first));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ";").append(name);
  return out;
}

std::string canonical_request(const Request& request, std::string_view signed_fields, std::string_view payload_hash,
                              PathRule rule) {
  struct {
    const HttpFields& all;
    std::size_t size() const { return all.size(); }
    std::string_view name(std::size_t i) const { return all[i].first; }
    std::string_view value(std::size_t i) const { return all[i].second; }
  } const fields{request.fields};
  return canonical(request.method, request.path, request.query, fields, signed_fields, payload_hash, rule);
}

std::string canonical_request(const HttpRequest& request, std::string_view query, std::string_view signed_fields,
                              std::string_view payload_hash, PathRule rule) {
  struct {
    const HttpRequest& all;
    std::size_t size() const { return all.field_count(); }
    std::string_view name(std::size_t i) const { return all.field_name(i); }
    std::string_view value(std::size_t i) const { return all.field_value(i); }
  } const fields{request};
  return canonical(request.method(), request.path(), query, fields, signed_fields, payload_hash, rule);
}

std::string string_to_sign(const Scope& scope, std::string_view canonical) {
  return std::string(kAlgorithm) + "\n" + scope.timestamp() + "\n" + scope.text() + "\n" + hex(sha256(canonical));
}

SigningKey::SigningKey(std::string_view secret, std::string_view day, std::string_view region,
                       std::string_view service) {
  std::string start = "AWS4";
  start.append(secret);
  key_ = hmac_sha256(start, day);
  key_ = hmac_sha256(as_text(key_), region);
  key_ = hmac_sha256(as_text(key_), service);
  key_ = hmac_sha256(as_text(key_), "aws4_request");
}

std::string SigningKey::sign(std::string_view to_sign) const { return hex(hmac_sha256(as_text(key_), to_sign)); }

std::string signature(std::string_view secret, const Scope& scope, std::string_view to_sign) {
  return SigningKey(secret, scope.timestamp().substr(0, 8), scope.region, scope.service).sign(to_sign);
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
