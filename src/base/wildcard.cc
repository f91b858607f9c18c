#include "base/wildcard.h"

#include <array>

namespace chiliad {
namespace {

template <bool kFold>
constexpr char16_t folded(char16_t c) {
  return kFold && c >= u'A' && c <= u'Z' ? static_cast<char16_t>(c + 32) : c;
}

}  // namespace

Wildcard Wildcard::of(std::string_view pattern) {
  Wildcard made;
  made.add_pattern(pattern);
  return made;
}

void Wildcard::add_bytes(std::string_view bytes) {
  for (const char c : bytes) parts_ += static_cast<char16_t>(static_cast<unsigned char>(c));
}

void Wildcard::add_pattern(std::string_view pattern) {
  for (const char c : pattern) {
    if (c == '*') {
      // Two stars in a row are one.
      if (parts_.empty() || parts_.back() != kAny) parts_ += kAny;
    } else {
      parts_ += c == '?' ? kOne : static_cast<char16_t>(static_cast<unsigned char>(c));
    }
  }
}

template <bool kFold>
bool Wildcard::match(Parts parts, std::string_view text) {
  std::size_t at = 0;
  std::size_t here = 0;
  std::size_t after_star = Parts::npos;  // What follows the last star seen,
  std::size_t star_end = 0;              // and where in the text it stops being eaten.
  while (here < text.size()) {
    if (at < parts.size() && parts[at] == kAny) {
      after_star = ++at;
      star_end = here;
      if (at == parts.size()) return true;
      continue;
    }
    const auto c = static_cast<char16_t>(static_cast<unsigned char>(text[here]));
    if (at < parts.size() && (parts[at] == kOne || folded<kFold>(parts[at]) == folded<kFold>(c))) {
      ++at;
      ++here;
      continue;
    }
    if (after_star == Parts::npos) return false;
    at = after_star;
    here = ++star_end;
  }
  while (at < parts.size() && parts[at] == kAny) ++at;
  return at == parts.size();
}

bool Wildcard::matches(std::string_view text) const { return match<false>(parts_, text); }

bool Wildcard::matches_ignoring_case(std::string_view text) const { return match<true>(parts_, text); }

bool Wildcard::matches_arn(std::string_view arn) const {
  constexpr std::size_t kColons = 5;
  Parts parts = parts_;
  std::array<std::pair<Parts, std::string_view>, kColons> heads;
  for (std::size_t i = 0; i < kColons; ++i) {
    const std::size_t end = parts.find(u':');
    if (end == Parts::npos) return matches(arn);
    heads[i].first = parts.substr(0, end);
    parts.remove_prefix(end + 1);
  }
  for (std::size_t i = 0; i < kColons; ++i) {
    const std::size_t end = arn.find(':');
    if (end == std::string_view::npos) return false;
    heads[i].second = arn.substr(0, end);
    arn.remove_prefix(end + 1);
  }
  for (const auto& [pattern, text] : heads) {
    if (!match<false>(pattern, text)) return false;
  }
  return match<false>(parts, arn);
}

}  // namespace chiliad
