#include "watch/filter_pattern.h"

#include <fmt/format.h>

#include <algorithm>

namespace chiliad::watch {
namespace {

constexpr std::size_t kMaxBytes = 1'024;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

Error refuse(std::string_view why) { return {ErrorCode::kInvalid, fmt::format("Invalid filter pattern: {}", why)}; }

// The term at the start of `rest`, which is taken away.
Result<std::string> take_term(std::string_view& rest) {
  std::string term;
  if (rest[0] != '"') {
    const std::size_t size = static_cast<std::size_t>(std::ranges::find_if(rest, blank) - rest.begin());
    term = rest.substr(0, size);
    if (!std::ranges::all_of(term, word)) {
      return refuse(fmt::format("Invalid character(s) in term '{}': put it into double quotes", term));
    }
    rest.remove_prefix(size);
    return term;
  }
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      rest.remove_prefix(at + 1);
      if (!rest.empty() && !blank(rest[0])) return refuse("a blank is missing behind a quoted phrase");
      return term;
    }
    if (rest[at] == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\')) ++at;
    term += rest[at];
  }
  return refuse("a double quote is not closed");
}

}  // namespace

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Error{ErrorCode::kTooLarge, fmt::format("Invalid filter pattern: longer than {} bytes", kMaxBytes)};
  }
  FilterPattern pattern;
  std::string_view rest = text;
  for (;;) {
    while (!rest.empty() && blank(rest[0])) rest.remove_prefix(1);
    if (rest.empty()) return pattern;
    std::vector<std::string>* into = &pattern.all_;
    switch (rest[0]) {
      case '{': return refuse("patterns over JSON members are not supported here: use words and quoted phrases");
      case '[': return refuse("patterns over columns are not supported here: use words and quoted phrases");
      case '%': return refuse("regular expressions are not supported here: use words and quoted phrases");
      case '?': into = &pattern.any_; break;
      case '-': into = &pattern.none_; break;
      default: break;
    }
    if (into != &pattern.all_) {
      rest.remove_prefix(1);
      if (rest.empty() || blank(rest[0])) return refuse("a term is missing behind '?' or '-'");
    }
    Result<std::string> term = take_term(rest);
    if (!term) return std::move(term).error();
    if (!term->empty()) into->push_back(std::move(term).operator*());
  }
}

bool FilterPattern::matches(std::string_view line) const {
  const auto holds = [line](const std::string& term) { return line.find(term) != std::string_view::npos; };
  if (all_.empty() && none_.empty()) return any_.empty() || std::ranges::any_of(any_, holds);
  return std::ranges::all_of(all_, holds) && std::ranges::none_of(none_, holds);
}

}  // namespace chiliad::watch
