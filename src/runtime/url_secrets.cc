#include "runtime/url_secrets.h"

#include <algorithm>

namespace chiliad::runtime {
namespace {

constexpr std::size_t kTokenLength = 16;
constexpr int kTokenChanges = 5;
constexpr std::size_t kShortest = 4;
constexpr std::string_view kHidden = "****";

enum class Letter { kSmall, kCapital, kDigit, kOther };

Letter kind_of(char c) {
  if (c >= 'a' && c <= 'z') return Letter::kSmall;
  if (c >= 'A' && c <= 'Z') return Letter::kCapital;
  return c >= '0' && c <= '9' ? Letter::kDigit : Letter::kOther;
}

bool is_token(std::string_view part) {
  if (part.size() < kTokenLength) return false;
  int changes = 0;
  Letter before = Letter::kOther;
  for (const char c : part) {
    const Letter kind = kind_of(c);
    if (kind == Letter::kOther) continue;
    changes += before != Letter::kOther && kind != before;
    before = kind;
  }
  return changes >= kTokenChanges;
}

void take_user(std::string_view user, std::vector<std::string>& out) {
  out.emplace_back(user);
  const std::size_t colon = user.find(':');
  if (colon != user.npos) out.emplace_back(user.substr(colon + 1));
}

void take_from(std::string_view url, std::vector<std::string>& out) {
  const std::size_t scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  if (const std::size_t query = url.find('?'); query != url.npos) {
    if (query + 1 < url.size()) out.emplace_back(url.substr(query + 1));
    url = url.substr(0, query);
  }
  // A password may hold a '/' that should have been written otherwise.
  if (const std::size_t at = url.rfind('@'); at != url.npos) {
    take_user(url.substr(0, at), out);
    url.remove_prefix(at + 1);
  }
  const bool has_host = scheme != url.npos;
  for (bool is_host = has_host; !url.empty(); is_host = false) {
    const std::size_t end = std::min(url.find_first_of("/#"), url.size());
    if (!is_host && is_token(url.substr(0, end))) out.emplace_back(url.substr(0, end));
    url.remove_prefix(std::min(end + 1, url.size()));
  }
}

}  // namespace

std::vector<std::string> secrets_of(std::string_view value) {
  std::vector<std::string> out;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(" \t\r\n,"), value.size());
    take_from(value.substr(0, end), out);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  std::erase(out, std::string());
  std::ranges::stable_sort(out, std::ranges::greater(), &std::string::size);
  return out;
}

std::string without_secrets(std::string_view line, std::span<const std::string> secrets) {
  std::string out(line);
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortest) continue;
    for (std::size_t at = 0; (at = out.find(secret, at)) != out.npos; at += kHidden.size())
      out.replace(at, secret.size(), kHidden);
  }
  return out;
}

}  // namespace chiliad::runtime
