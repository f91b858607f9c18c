#include "aws/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/xml.h"
#include "base/number.h"
#include "net/uri.h"

namespace chiliad::aws {
namespace {

constexpr std::size_t kMaxFields = 10'000;

// The number after name + ".member.", and what follows it; 0 when `field` is no such thing.
std::pair<std::int64_t, std::string_view> element_of(std::string_view field, std::string_view prefix) {
  std::string_view rest = field.substr(prefix.size());
  const std::size_t digits = std::min(rest.find('.'), rest.size());
  const std::optional<std::int64_t> number = parse_integer(rest.substr(0, digits));
  if (!number || *number < 1 || rest[0] == '+') return {0, {}};
  return {*number, rest.substr(digits)};
}

}  // namespace

Result<QueryForm> QueryForm::parse(std::string_view form) {
  QueryForm parsed;
  while (!form.empty()) {
    const std::size_t end = std::min(form.find('&'), form.size());
    const std::string_view field = form.substr(0, end);
    form.remove_prefix(std::min(end + 1, form.size()));
    if (field.empty()) continue;
    const std::size_t equals = std::min(field.find('='), field.size());
    std::string name = net::percent_decode(field.substr(0, equals), true);
    std::string value = equals < field.size() ? net::percent_decode(field.substr(equals + 1), true) : std::string();
    if (name.empty()) return Error{ErrorCode::kInvalid, "form: a parameter without a name"};
    if (parsed.fields_.size() >= kMaxFields) {
      return Error{ErrorCode::kTooLarge, fmt::format("form: more than {} parameters", kMaxFields)};
    }
    const auto [at, added] = parsed.fields_.emplace(std::move(name), std::move(value));
    if (!added) {
      return Error{ErrorCode::kInvalid, fmt::format("form: parameter '{}' comes twice", at->first.substr(0, 100))};
    }
  }
  return parsed;
}

const std::string* QueryForm::find(std::string_view name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? nullptr : &found->second;
}

std::string_view QueryForm::get(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

std::vector<std::string_view> QueryForm::list(std::string_view name) const {
  const std::string prefix = fmt::format("{}.member.", name);
  std::vector<std::pair<std::int64_t, std::string_view>> numbered;
  for (auto at = fields_.lower_bound(prefix); at != fields_.end() && at->first.starts_with(prefix); ++at) {
    const auto [number, rest] = element_of(at->first, prefix);
    if (number > 0 && rest.empty()) numbered.emplace_back(number, at->second);
  }
  std::ranges::stable_sort(numbered, {}, &std::pair<std::int64_t, std::string_view>::first);
  std::vector<std::string_view> values;
  values.reserve(numbered.size());
  for (const auto& [number, value] : numbered) values.push_back(value);
  return values;
}

std::vector<std::string> QueryForm::elements(std::string_view name) const {
  const std::string prefix = fmt::format("{}.member.", name);
  std::vector<std::int64_t> numbers;
  for (auto at = fields_.lower_bound(prefix); at != fields_.end() && at->first.starts_with(prefix); ++at) {
    const auto [number, rest] = element_of(at->first, prefix);
    if (number > 0) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  std::vector<std::string> names;
  names.reserve(numbers.size());
  for (const std::int64_t number : numbers) names.push_back(fmt::format("{}{}", prefix, number));
  return names;
}

std::string query_answer(std::string_view action, std::string_view xmlns, std::string_view result,
                         std::string_view request_id) {
  const std::string outer = fmt::format("{}Response", action);
  const std::string inner = fmt::format("{}Result", action);
  XmlWriter xml(XmlWriter::Begin::kPiece);
  xml.open(outer, xmlns);
  if (!result.empty()) xml.open(inner).raw(result).close();
  xml.open("ResponseMetadata").text("RequestId", request_id).close().close();
  return std::move(xml).take();
}

std::string query_error(std::string_view xmlns, const ApiError& error, std::string_view request_id) {
  XmlWriter xml(XmlWriter::Begin::kPiece);
  xml.open("ErrorResponse", xmlns).open("Error").text("Type", error.status < 500 ? "Sender" : "Receiver");
  xml.text("Code", error.code).text("Message", error.message).close().text("RequestId", request_id).close();
  return std::move(xml).take();
}

}  // namespace chiliad::aws
