#include "watch/metric_pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <set>
#include <utility>

#include "base/number.h"

namespace chiliad::watch {
namespace {

constexpr std::size_t kMaxDefinitions = 40;
constexpr std::size_t kMaxMetricName = 255;
constexpr std::size_t kMaxRegexBytes = 500;
constexpr std::size_t kSearchedBytes = std::size_t{16} << 10;
constexpr int kMaxValuesOfLine = 1'000;

RE2::Options options() {
  RE2::Options options(RE2::Latin1);  // Lines may be any bytes.
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{1} << 20);
  return options;
}

}  // namespace

struct MetricPatterns::State {
  struct Pattern {
    std::string name;
    std::unique_ptr<RE2> regex;
  };
  std::vector<Pattern> patterns;
};

MetricPatterns::MetricPatterns(std::unique_ptr<State> state) : state_(std::move(state)) {}
MetricPatterns::MetricPatterns(MetricPatterns&&) noexcept = default;
MetricPatterns& MetricPatterns::operator=(MetricPatterns&&) noexcept = default;
MetricPatterns::~MetricPatterns() = default;

Result<MetricPatterns> MetricPatterns::make(std::span<const MetricDefinition> definitions) {
  if (definitions.size() > kMaxDefinitions) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("{} metric definitions: at most {} are possible", definitions.size(), kMaxDefinitions)};
  }
  auto state = std::make_unique<State>();
  std::set<std::string_view> names;
  for (const MetricDefinition& definition : definitions) {
    const std::string what = fmt::format("metric definition '{}'", definition.name.substr(0, kMaxMetricName));
    if (definition.name.empty() || definition.name.size() > kMaxMetricName) {
      return Error{ErrorCode::kTooLarge, fmt::format("{}: a name has 1 to {} bytes", what, kMaxMetricName)};
    }
    if (definition.regex.empty() || definition.regex.size() > kMaxRegexBytes) {
      return Error{ErrorCode::kTooLarge, fmt::format("{}: an expression has 1 to {} bytes", what, kMaxRegexBytes)};
    }
    if (!names.insert(definition.name).second) return Error{ErrorCode::kInvalid, fmt::format("{} comes twice", what)};
    auto regex = std::make_unique<RE2>(definition.regex, options());
    if (!regex->ok()) {
      const bool large = regex->error_code() == RE2::ErrorPatternTooLarge;
      return Error{large ? ErrorCode::kTooLarge : ErrorCode::kInvalid,
                   fmt::format("{}: expression '{}': {}", what, definition.regex, regex->error())};
    }
    if (regex->NumberOfCapturingGroups() < 1) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("{}: expression '{}' has no group: put the number's part in parentheses", what,
                               definition.regex)};
    }
    state->patterns.push_back({definition.name, std::move(regex)});
  }
  return MetricPatterns(std::move(state));
}

void MetricPatterns::find(std::string_view line, std::vector<Match>& out) const {
  const re2::StringPiece text(line.data(), std::min(line.size(), kSearchedBytes));
  for (const State::Pattern& pattern : state_->patterns) {
    std::size_t from = 0;
    for (int values = 0; values < kMaxValuesOfLine && from <= text.size();) {
      std::array<re2::StringPiece, 2> groups;
      if (!pattern.regex->Match(text, from, text.size(), RE2::UNANCHORED, groups.data(), 2)) break;
      if (const std::optional<double> value = parse_double({groups[1].data(), groups[1].size()})) {
        out.push_back({pattern.name, *value});
        ++values;
      }
      const std::size_t end = static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size();
      from = std::max(end, from + 1);  // An empty match does not stay where it is.
    }
  }
}

bool MetricPatterns::empty() const { return state_->patterns.empty(); }

}  // namespace chiliad::watch
