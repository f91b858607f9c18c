// Any text as metric math: every value of a result is finite.

#include <cmath>
#include <cstdint>

#include "base/check.h"
#include "watch/metric_expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;         // NOLINT
  using namespace chiliad::watch;  // NOLINT
  const LabelledValues series{"m", {{0, 1}, {5, 0}, {10, -3}}};
  MathContext context;
  context.query = [&](const std::string& id) -> Result<MathValue> {
    if (id != "m1") return Error{ErrorCode::kInvalid, "no such query"};
    return MathValue(series);
  };
  context.metrics = [&](std::string_view) -> Result<std::vector<LabelledValues>> {
    return std::vector<LabelledValues>{series, series};
  };
  context.to = 15;
  context.period = 5;
  const Result<MathValue> value = evaluate_metric_expression({reinterpret_cast<const char*>(data), size}, context);
  if (!value) return 0;
  const auto check = [](const LabelledValues& one) {
    for (const auto& [time, point] : one.values) CHILIAD_CHECK(std::isfinite(point));
  };
  if (const auto* number = std::get_if<double>(&*value)) CHILIAD_CHECK(std::isfinite(*number));
  if (const auto* one = std::get_if<LabelledValues>(&*value)) check(*one);
  if (const auto* many = std::get_if<std::vector<LabelledValues>>(&*value)) {
    for (const LabelledValues& one : *many) check(one);
  }
  return 0;
}
