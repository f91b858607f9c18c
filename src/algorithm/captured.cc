#include "algorithm/captured.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/number.h"
#include "train/stored_model.h"

namespace chiliad::algorithm {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxRows = 1'000'000;
constexpr double kMostMilliseconds = 9.2e15;  // An Instant's, in milliseconds.

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// A column {"0": value, ...} by row number.
Result<std::map<std::int64_t, double>> column(const Json& answer, const char* name) {
  std::map<std::int64_t, double> values;
  const Json* column = member(answer, name);
  if (column == nullptr || !column->is_object()) return values;
  if (column->size() > kMaxRows) return invalid(std::string(name) + ": more than 1000000 rows");
  for (const auto& [row, value] : column->items()) {
    const std::optional<std::int64_t> number = parse_integer(row);
    if (!number) return invalid(std::string(name) + ": expected row numbers as keys");
    if (value.is_number()) values.emplace(*number, value.get<double>());
  }
  return values;
}

Result<Json> answer_of(const Json& line) {
  const Json* data = member(line, "captureData");
  const Json* output = data == nullptr ? nullptr : member(*data, "endpointOutput");
  const Json* body = output == nullptr ? nullptr : member(*output, "data");
  if (body == nullptr || !body->is_string()) return invalid("no captureData.endpointOutput.data");
  std::string text = body->get<std::string>();
  const Json* encoding = member(*output, "encoding");
  if (encoding != nullptr && encoding->is_string() && encoding->get<std::string>() == "BASE64") {
    std::optional<std::string> plain = unbase64(text);
    if (!plain) return invalid("endpointOutput: damaged base64");
    text = *std::move(plain);
  }
  Json answer = Json::parse(text, nullptr, false);
  if (answer.is_string()) answer = Json::parse(answer.get<std::string>(), nullptr, false);
  if (!answer.is_object()) return invalid("endpointOutput: no forecast");
  return answer;
}

}  // namespace

Result<CapturedForecast> parse_captured(std::string_view text) {
  if (text.size() > kMaxCapturedLine) return Error{ErrorCode::kTooLarge, "longer than 16 MiB"};
  const Json line = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!line.is_object()) return invalid("expected a JSON object");
  CapturedForecast out;
  const Json* metadata = member(line, "eventMetadata");
  const Json* target = metadata == nullptr ? nullptr : member(*metadata, "targetModel");
  if (target == nullptr || !target->is_string()) return Error{ErrorCode::kNotFound, "no eventMetadata.targetModel"};
  out.series = target->get<std::string>();
  if (out.series.ends_with(train::kArchiveSuffix)) out.series.resize(out.series.size() - train::kArchiveSuffix.size());

  Result<Json> answer = answer_of(line);
  if (!answer) return std::move(answer).error();
  Result<std::map<std::int64_t, double>> ds = column(*answer, "ds"), yhat = column(*answer, "yhat"),
                                         lower = column(*answer, "yhat_lower"), upper = column(*answer, "yhat_upper");
  for (const auto* one : {&ds, &yhat, &lower, &upper}) {
    if (!*one) return one->error();
  }
  const bool bounds = lower->size() == ds->size() && upper->size() == ds->size();
  for (const auto& [row, when] : *ds) {
    const auto value = yhat->find(row);
    if (value == yhat->end() || !(std::abs(when) < kMostMilliseconds)) return invalid("endpointOutput: no forecast");
    out.ds.push_back(Instant(std::chrono::milliseconds(static_cast<std::int64_t>(when))));
    out.yhat.push_back(value->second);
    if (!bounds) continue;
    const auto low = lower->find(row), high = upper->find(row);
    if (low == lower->end() || high == upper->end()) return invalid("endpointOutput: no forecast");
    out.lower.push_back(low->second);
    out.upper.push_back(high->second);
  }
  if (out.ds.empty()) return invalid("endpointOutput: no forecast");
  return out;
}

}  // namespace chiliad::algorithm
