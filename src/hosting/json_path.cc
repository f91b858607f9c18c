#include "hosting/json_path.h"

#include <algorithm>

#include "base/number.h"

namespace chiliad::hosting {
namespace {

constexpr std::size_t kMaxBytes = 63;

Error unsupported(std::string_view text) {
  return Error{ErrorCode::kInvalid, "the JSONPath '" + std::string(text.substr(0, 2 * kMaxBytes)) +
                                        "' is not supported: paths are made of $, .name, ['name'], [0] and [1:3]"};
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Where a possibly negative index lies, cut to the array.
std::size_t place(std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  const std::int64_t at = index < 0 ? index + count : index;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(at, 0, count));
}

}  // namespace

Result<JsonPath::Step> JsonPath::bracket(std::string_view inside, std::string_view text) {
  Step step;
  if (inside.size() >= 2 && (inside.front() == '\'' || inside.front() == '"') && inside.back() == inside.front()) {
    step.name = inside.substr(1, inside.size() - 2);
    if (step.name.empty() || step.name.find_first_of("'\"\\") != std::string::npos) return unsupported(text);
    return step;
  }
  const std::size_t colon = inside.find(':');
  step.slice = colon != std::string_view::npos;
  step.element = !step.slice;
  const std::string_view first = inside.substr(0, colon);
  const std::optional<std::int64_t> begin = parse_integer(first);
  if (!begin && !(step.slice && first.empty())) return unsupported(text);
  step.begin = begin.value_or(0);
  if (step.slice && colon + 1 < inside.size()) {
    step.end = parse_integer(inside.substr(colon + 1));
    if (!step.end) return unsupported(text);
  }
  return step;
}

Result<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  if (text.empty()) text = "$";
  if (text.size() > kMaxBytes || text.front() != '$') return unsupported(text);
  path.text_ = text;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    if (rest.front() == '.') {
      const std::size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
      Step step;
      step.name = rest.substr(1, end - 1);
      if (!is_name(step.name)) return unsupported(text);
      path.steps_.push_back(std::move(step));
      rest.remove_prefix(end);
    } else if (rest.front() == '[') {
      const std::size_t end = rest.find(']');
      if (end == std::string_view::npos) return unsupported(text);
      Result<Step> step = bracket(rest.substr(1, end - 1), text);
      if (!step) return std::move(step).error();
      path.steps_.push_back(std::move(*step));
      rest.remove_prefix(end + 1);
    } else {
      return unsupported(text);
    }
  }
  return path;
}

Result<aws::Json> JsonPath::select(const aws::Json& value) const {
  const auto missing = [this] { return Error{ErrorCode::kInvalid, "there is nothing at " + text_}; };
  aws::Json sliced;  // Owns what the last slice made.
  const aws::Json* at = &value;
  for (const Step& step : steps_) {
    if (!step.element && !step.slice) {
      at = aws::member(*at, step.name);
      if (at == nullptr) return missing();
      continue;
    }
    if (!at->is_array()) return missing();
    const std::size_t size = at->size();
    if (step.element) {
      const std::int64_t index = step.begin < 0 ? step.begin + static_cast<std::int64_t>(size) : step.begin;
      if (index < 0 || index >= static_cast<std::int64_t>(size)) return missing();
      at = &(*at)[static_cast<std::size_t>(index)];
    } else {
      aws::Json part = aws::Json::array();
      const std::size_t end = step.end ? place(*step.end, size) : size;
      for (std::size_t i = place(step.begin, size); i < end; ++i) part.push_back((*at)[i]);
      sliced = std::move(part);
      at = &sliced;
    }
  }
  return *at;
}

}  // namespace chiliad::hosting
