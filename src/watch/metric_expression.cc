// A recursive-descent reader that computes as it reads.

#include "watch/metric_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/number.h"

namespace chiliad::watch {
namespace {

constexpr std::size_t kMaxBytes = 2'048;
constexpr int kMaxLevels = 64;
constexpr std::size_t kMaxListValues = 1'000'000;
constexpr Minute kMaxFilled = 50'000;  // Periods; values are kept for 21,600 minutes.

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

double combine(char operation, double a, double b) {
  switch (operation) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return a / b;
    default: return std::pow(a, b);
  }
}

using Pointwise = std::function<double(double)>;

// Not finite values leave a gap.
LabelledValues each(const LabelledValues& series, const Pointwise& function) {
  LabelledValues out{series.label, {}};
  for (const auto& [time, value] : series.values) {
    const double result = function(value);
    if (std::isfinite(result)) out.values[time] = result;
  }
  return out;
}

LabelledValues both(char operation, const LabelledValues& a, const LabelledValues& b) {
  LabelledValues out{a.label, {}};
  for (const auto& [time, value] : a.values) {
    const auto other = b.values.find(time);
    if (other == b.values.end()) continue;
    const double result = combine(operation, value, other->second);
    if (std::isfinite(result)) out.values[time] = result;
  }
  return out;
}

double reduce(std::string_view name, const std::vector<double>& values) {
  if (name == "MIN") return *std::ranges::min_element(values);
  if (name == "MAX") return *std::ranges::max_element(values);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  if (name == "SUM") return sum;
  const double mean = sum / static_cast<double>(values.size());
  if (name == "AVG") return mean;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

std::optional<Pointwise> pointwise(std::string_view name) {
  if (name == "ABS") return [](double x) { return std::abs(x); };
  if (name == "CEIL") return [](double x) { return std::ceil(x); };
  if (name == "FLOOR") return [](double x) { return std::floor(x); };
  if (name == "LOG") return [](double x) { return std::log(x); };
  if (name == "LOG10") return [](double x) { return std::log10(x); };
  return std::nullopt;
}

LabelledValues along(std::string_view name, const LabelledValues& series) {
  LabelledValues out{series.label, {}};
  const std::pair<const Minute, double>* before = nullptr;
  double sum = 0;
  for (const auto& point : series.values) {
    sum += point.second;
    double result = sum;
    if (name != "RUNNING_SUM") {
      const double seconds = before == nullptr ? 0 : static_cast<double>(point.first - before->first) * 60;
      result = before == nullptr ? std::nan("") : (point.second - before->second) / (name == "RATE" ? seconds : 1);
    }
    if (std::isfinite(result)) out.values[point.first] = result;
    before = &point;
  }
  return out;
}

class Reader {
 public:
  Reader(std::string_view text, const MathContext& context) : text_(text), context_(context) {}

  Result<MathValue> whole() {
    Result<MathValue> value = sum();
    if (!value) return value;
    skip_blanks();
    return at_ == text_.size() ? std::move(value) : wrong("expected an operator");
  }

 private:
  Error wrong(std::string_view what) const {
    return {ErrorCode::kInvalid, fmt::format("at character {}: {}", at_ + 1, what)};
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // The next character if it is one of these; 0 otherwise.
  char take_one_of(std::string_view characters) {
    skip_blanks();
    if (at_ >= text_.size() || characters.find(text_[at_]) == std::string_view::npos) return 0;
    return text_[at_++];
  }

  Result<MathValue> sum() {
    Result<MathValue> left = product();
    while (left) {
      const char operation = take_one_of("+-");
      if (operation == 0) break;
      left = apply(operation, std::move(left).operator*(), product());
    }
    return left;
  }

  Result<MathValue> product() {
    Result<MathValue> left = sign();
    while (left) {
      const char operation = take_one_of("*/");
      if (operation == 0) break;
      left = apply(operation, std::move(left).operator*(), sign());
    }
    return left;
  }

  Result<MathValue> sign() {
    if (++level_ > kMaxLevels) return wrong(fmt::format("nested deeper than {} levels", kMaxLevels));
    Result<MathValue> value = take('-') ? apply('*', MathValue(-1.0), sign()) : power();
    --level_;
    return value;
  }

  Result<MathValue> power() {
    Result<MathValue> base = primary();
    return base && take('^') ? apply('^', std::move(base).operator*(), sign()) : std::move(base);
  }

  Result<MathValue> primary() {
    skip_blanks();
    if (at_ == text_.size()) return wrong("expected a value");
    if (take('(')) {
      Result<MathValue> value = sum();
      if (value && !take(')')) return wrong("expected ')'");
      return value;
    }
    if (take('[')) return list();
    if (digit(text_[at_]) || text_[at_] == '.') return number();
    if (!letter(text_[at_])) return wrong("expected a number, a name or '('");
    const std::size_t start = at_;
    while (at_ < text_.size() && (letter(text_[at_]) || digit(text_[at_]))) ++at_;
    const std::string name(text_.substr(start, at_ - start));
    if (take('(')) return call(name);
    return context_.query(name);
  }

  Result<MathValue> number() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (digit(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::optional<double> value = parse_double(text_.substr(start, at_ - start));
    if (!value) return wrong("not a number");
    return MathValue(*value);
  }

  Result<MathValue> list() {
    std::vector<LabelledValues> all;
    do {
      Result<MathValue> value = sum();
      if (!value) return value;
      if (std::holds_alternative<double>(*value)) return wrong("a list holds series, not numbers");
      if (auto* one = std::get_if<LabelledValues>(&*value)) all.push_back(std::move(*one));
      if (auto* many = std::get_if<std::vector<LabelledValues>>(&*value)) {
        for (LabelledValues& series : *many) all.push_back(std::move(series));
      }
      std::size_t values = 0;
      for (const LabelledValues& series : all) values += series.values.size() + 1;
      if (values > kMaxListValues) return wrong(fmt::format("a list of more than {} values", kMaxListValues));
    } while (take(','));
    if (!take(']')) return wrong("expected ',' or ']'");
    return MathValue(std::move(all));
  }

  Result<MathValue> call(const std::string& name) {
    if (name == "METRICS") return metrics();
    const bool reduces = name == "SUM" || name == "AVG" || name == "MIN" || name == "MAX" || name == "STDDEV";
    const std::optional<Pointwise> function = pointwise(name);
    const bool runs = name == "DIFF" || name == "RATE" || name == "RUNNING_SUM";
    if (!reduces && !function && !runs && name != "FILL" && name != "PERIOD") {
      return wrong(fmt::format("the function {} is not supported here", name));
    }
    Result<MathValue> argument = sum();
    if (!argument) return argument;
    Result<MathValue> value = name == "FILL" ? fill(std::move(argument).operator*())
                              : reduces      ? reduced(name, *argument)
                              : runs         ? mapped(*argument, [&](const auto& s) { return along(name, s); })
                              : function     ? applied(*argument, *function)
                                             : MathValue(static_cast<double>(context_.period) * 60);
    if (value && !take(')')) return wrong("expected ')'");
    return value;
  }

  Result<MathValue> metrics() {
    std::string_view part;
    if (take('"')) {
      const std::size_t end = text_.find('"', at_);
      if (end == std::string_view::npos) return wrong("a double quote is not closed");
      part = text_.substr(at_, end - at_);
      at_ = end + 1;
    }
    if (!take(')')) return wrong("expected ')'");
    Result<std::vector<LabelledValues>> all = context_.metrics(part);
    if (!all) return std::move(all).error();
    return MathValue(std::move(all).operator*());
  }

  Result<MathValue> mapped(const MathValue& value, const std::function<LabelledValues(const LabelledValues&)>& map) {
    if (const auto* one = std::get_if<LabelledValues>(&value)) return MathValue(map(*one));
    const auto* many = std::get_if<std::vector<LabelledValues>>(&value);
    if (many == nullptr) return wrong("expected a series, found a number");
    std::vector<LabelledValues> out;
    for (const LabelledValues& series : *many) out.push_back(map(series));
    return MathValue(std::move(out));
  }

  Result<MathValue> applied(const MathValue& value, const Pointwise& function) {
    if (const auto* number = std::get_if<double>(&value)) return checked(function(*number));
    return mapped(value, [&](const LabelledValues& series) { return each(series, function); });
  }

  Result<MathValue> checked(double value) {
    if (!std::isfinite(value)) return wrong("a number without a value");
    return MathValue(value);
  }

  Result<MathValue> reduced(std::string_view name, const MathValue& value) {
    if (std::holds_alternative<double>(value)) return wrong(fmt::format("{} of a number: expected a series", name));
    if (const auto* one = std::get_if<LabelledValues>(&value)) {
      std::vector<double> values;
      for (const auto& [time, point] : one->values) values.push_back(point);
      return values.empty() ? Result<MathValue>(MathValue(0.0)) : checked(reduce(name, values));
    }
    std::map<Minute, std::vector<double>> at_times;
    for (const LabelledValues& series : std::get<std::vector<LabelledValues>>(value)) {
      for (const auto& [time, point] : series.values) at_times[time].push_back(point);
    }
    LabelledValues out;
    for (const auto& [time, values] : at_times) {
      const double result = reduce(name, values);
      if (std::isfinite(result)) out.values[time] = result;
    }
    return MathValue(std::move(out));
  }

  Result<MathValue> fill(const MathValue& value) {
    if (!take(',')) return wrong("FILL takes two values");
    skip_blanks();
    std::optional<double> with;
    if (text_.substr(at_).starts_with("REPEAT")) {
      at_ += 6;
    } else {
      const Result<MathValue> second = sign();
      if (!second) return second;
      const auto* number = std::get_if<double>(&*second);
      if (number == nullptr) return wrong("FILL fills with a number or REPEAT");
      with = *number;
    }
    if ((context_.to - context_.from) / context_.period > kMaxFilled)
      return wrong(fmt::format("FILL fills {} periods at most: ask for less time", kMaxFilled));
    return mapped(value, [&](const LabelledValues& series) {
      LabelledValues out = series;
      std::optional<double> last;
      for (Minute time = context_.from; time < context_.to; time += context_.period) {
        const auto found = out.values.find(time);
        if (found != out.values.end()) {
          last = found->second;
        } else if (with || last) {
          out.values[time] = with ? *with : *last;
        }
      }
      return out;
    });
  }

  Result<MathValue> apply(char operation, const MathValue& left, Result<MathValue> right) {
    if (!right) return right;
    const auto* a = std::get_if<double>(&left);
    const auto* b = std::get_if<double>(&*right);
    if (a != nullptr && b != nullptr) return checked(combine(operation, *a, *b));
    if (b != nullptr) return applied(left, [&](double x) { return combine(operation, x, *b); });
    if (a != nullptr) return applied(*right, [&](double x) { return combine(operation, *a, x); });
    const auto* one = std::get_if<LabelledValues>(&left);
    const auto* other = std::get_if<LabelledValues>(&*right);
    if (other != nullptr) return mapped(left, [&](const auto& series) { return both(operation, series, *other); });
    if (one != nullptr) {
      return mapped(*right, [&](const auto& series) {
        LabelledValues result = both(operation, *one, series);
        result.label = series.label;
        return result;
      });
    }
    return wrong("two lists of series cannot be combined");
  }

  std::string_view text_;
  const MathContext& context_;
  std::size_t at_ = 0;
  int level_ = 0;
};

}  // namespace

Result<MathValue> evaluate_metric_expression(std::string_view text, const MathContext& context) {
  if (text.size() > kMaxBytes) return Error{ErrorCode::kInvalid, fmt::format("longer than {} bytes", kMaxBytes)};
  return Reader(text, context).whole();
}

}  // namespace chiliad::watch
