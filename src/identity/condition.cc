#include "identity/condition.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "base/number.h"
#include "base/time.h"
#include "net/http_message.h"

namespace chiliad::identity {
namespace {

std::optional<bool> parse_bool(std::string_view text) {
  if (net::same_ignoring_case(text, "true")) return true;
  if (net::same_ignoring_case(text, "false")) return false;
  return std::nullopt;
}

// Cuts "Z" or "+02:00" off a date with a time: the seconds that it is ahead of UTC.
std::optional<int> take_zone(std::string_view& text) {
  if (text.size() <= 10) return 0;
  if (text.back() == 'Z' || text.back() == 'z') {
    text.remove_suffix(1);
    return 0;
  }
  if (text.size() < 17 || text[text.size() - 3] != ':') return 0;
  const std::string_view zone = text.substr(text.size() - 6);
  if (zone[0] != '+' && zone[0] != '-') return 0;
  const std::optional<std::int64_t> hours = parse_integer(zone.substr(1, 2));
  const std::optional<std::int64_t> minutes = parse_integer(zone.substr(4, 2));
  if (!hours || !minutes || *hours < 0 || *hours > 14 || *minutes < 0 || *minutes > 59) return std::nullopt;
  text.remove_suffix(6);
  const int seconds = static_cast<int>(*hours * 3600 + *minutes * 60);
  return zone[0] == '-' ? -seconds : seconds;
}

// JSON's numbers and truth values may stand where a text is meant.
std::optional<std::string> value_text(const aws::Json& value) {
  if (const std::string* text = value.get_ptr<const std::string*>()) return *text;
  if (value.is_boolean() || value.is_number()) return aws::json_text(value);
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_policy_date(std::string_view text) {
  if (const std::optional<double> seconds = parse_double(text)) return seconds;
  const std::optional<int> ahead = take_zone(text);
  if (!ahead) return std::nullopt;
  const Result<Instant> instant = parse_instant(text);
  if (!instant) return std::nullopt;
  return static_cast<double>(nanos_since_epoch(*instant)) / 1e9 - *ahead;
}

const Condition::Operator* Condition::find_operator(std::string_view name) {
  static constexpr Operator kOperators[] = {
      {"StringEquals", Kind::kString, Relation::kEqual, false},
      {"StringNotEquals", Kind::kString, Relation::kEqual, true},
      {"StringEqualsIgnoreCase", Kind::kString, Relation::kEqualIgnoringCase, false},
      {"StringNotEqualsIgnoreCase", Kind::kString, Relation::kEqualIgnoringCase, true},
      {"StringLike", Kind::kString, Relation::kLike, false},
      {"StringNotLike", Kind::kString, Relation::kLike, true},
      {"NumericEquals", Kind::kNumeric, Relation::kEqual, false},
      {"NumericNotEquals", Kind::kNumeric, Relation::kEqual, true},
      {"NumericLessThan", Kind::kNumeric, Relation::kLess, false},
      {"NumericLessThanEquals", Kind::kNumeric, Relation::kLessEqual, false},
      {"NumericGreaterThan", Kind::kNumeric, Relation::kGreater, false},
      {"NumericGreaterThanEquals", Kind::kNumeric, Relation::kGreaterEqual, false},
      {"DateEquals", Kind::kDate, Relation::kEqual, false},
      {"DateNotEquals", Kind::kDate, Relation::kEqual, true},
      {"DateLessThan", Kind::kDate, Relation::kLess, false},
      {"DateLessThanEquals", Kind::kDate, Relation::kLessEqual, false},
      {"DateGreaterThan", Kind::kDate, Relation::kGreater, false},
      {"DateGreaterThanEquals", Kind::kDate, Relation::kGreaterEqual, false},
      {"Bool", Kind::kBool, Relation::kEqual, false},
      {"BinaryEquals", Kind::kBinary, Relation::kEqual, false},
      {"IpAddress", Kind::kIp, Relation::kEqual, false},
      {"NotIpAddress", Kind::kIp, Relation::kEqual, true},
      {"ArnEquals", Kind::kArn, Relation::kLike, false},
      {"ArnLike", Kind::kArn, Relation::kLike, false},
      {"ArnNotEquals", Kind::kArn, Relation::kLike, true},
      {"ArnNotLike", Kind::kArn, Relation::kLike, true},
      {"Null", Kind::kNull, Relation::kEqual, false},
  };
  const auto* found = std::ranges::find(kOperators, name, &Operator::name);
  return found == std::end(kOperators) ? nullptr : found;
}

Result<Condition> Condition::parse(std::string_view op, std::string_view key, const aws::Json& values, bool variables) {
  constexpr std::string_view kAnyValue = "ForAnyValue:";
  constexpr std::string_view kAllValues = "ForAllValues:";
  constexpr std::string_view kIfExists = "IfExists";
  Condition parsed(key);
  std::string_view name = op;
  if (name.starts_with(kAnyValue)) {
    parsed.set_ = Set::kForAnyValue;
    name.remove_prefix(kAnyValue.size());
  } else if (name.starts_with(kAllValues)) {
    parsed.set_ = Set::kForAllValues;
    name.remove_prefix(kAllValues.size());
  }
  if (name.ends_with(kIfExists)) {
    parsed.if_exists_ = true;
    name.remove_suffix(kIfExists.size());
  }
  const Operator* found = find_operator(name);
  if (found == nullptr || (found->kind == Kind::kNull && (parsed.if_exists_ || parsed.set_ != Set::kNone))) {
    return Error{ErrorCode::kInvalid, fmt::format("'{}' is no condition operator", op.substr(0, 100))};
  }
  const std::size_t colon = key.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == key.size()) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("'{}' is no condition key: expected service:name", key.substr(0, 100))};
  }
  parsed.kind_ = found->kind;
  parsed.relation_ = found->relation;
  parsed.negated_ = found->negated;
  const auto add = [&](const aws::Json& value) -> Result<Done> {
    const std::optional<std::string> text = value_text(value);
    if (!text) return Error{ErrorCode::kInvalid, fmt::format("{} {}: a value is no text", op, key)};
    Result<Operand> operand = parsed.parse_operand(*text, variables);
    if (!operand) return std::move(operand).error().in(fmt::format("{} {}", op, key));
    parsed.operands_.push_back(std::move(*operand));
    return Done{};
  };
  if (!values.is_array()) {
    if (Result<Done> added = add(values); !added) return std::move(added).error();
  } else {
    for (const aws::Json& value : values) {
      if (Result<Done> added = add(value); !added) return std::move(added).error();
    }
  }
  if (parsed.operands_.empty()) return Error{ErrorCode::kInvalid, fmt::format("{} {}: no values", op, key)};
  return parsed;
}

Result<Condition::Operand> Condition::parse_operand(std::string_view text, bool variables) const {
  const auto bad = [text](std::string_view what) {
    return Error{ErrorCode::kInvalid, fmt::format("'{}' is no {}", text.substr(0, 100), what)};
  };
  switch (kind_) {
    case Kind::kString:
    case Kind::kArn: {
      Result<PolicyText> parsed =
          PolicyText::parse(text, {.wildcards = relation_ == Relation::kLike, .variables = variables});
      if (!parsed) return std::move(parsed).error();
      return Operand(std::move(*parsed));
    }
    case Kind::kNumeric: {
      const std::optional<double> number = parse_double(text);
      if (!number) return bad("number");
      return Operand(*number);
    }
    case Kind::kDate: {
      const std::optional<double> seconds = parse_policy_date(text);
      if (!seconds) return bad("date (2013-06-30T00:00:00Z, or seconds since 1970)");
      return Operand(*seconds);
    }
    case Kind::kBool:
    case Kind::kNull: {
      const std::optional<bool> truth = parse_bool(text);
      if (!truth) return bad("truth value (true, false)");
      return Operand(*truth);
    }
    case Kind::kBinary: {
      std::optional<std::string> bytes = unbase64(text);
      if (!bytes) return bad("base64");
      return Operand(std::move(*bytes));
    }
    case Kind::kIp: {
      const std::optional<Network> network = parse_network(text);
      if (!network) return bad("IP address or network (10.0.0.0/8, 2001:db8::/32)");
      return Operand(*network);
    }
  }
  return bad("value");
}

std::optional<Condition::Network> Condition::parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network{};
  const bool v6 = address.find(':') != std::string::npos;
  if (v6) {
    if (inet_pton(AF_INET6, address.c_str(), network.address.data()) != 1) return std::nullopt;
  } else {
    // 10.0.0.1 is ::ffff:10.0.0.1, also when the socket says so.
    network.address[10] = network.address[11] = 0xFF;
    if (inet_pton(AF_INET, address.c_str(), network.address.data() + 12) != 1) return std::nullopt;
  }
  const int most = v6 ? 128 : 32;
  network.bits = most;
  if (slash != std::string_view::npos) {
    const std::optional<std::int64_t> bits = parse_integer(text.substr(slash + 1));
    if (!bits || *bits < 0 || *bits > most) return std::nullopt;
    network.bits = static_cast<int>(*bits);
  }
  network.bits += 128 - most;
  return network;
}

bool Condition::fits_text(const PolicyText& text, std::string_view value, const Question& question) const {
  return text.test(question, [&](const Wildcard& pattern) {
    if (kind_ == Kind::kArn) return pattern.matches_arn(value);
    return relation_ == Relation::kEqualIgnoringCase ? pattern.matches_ignoring_case(value) : pattern.matches(value);
  });
}

bool Condition::fits_number(std::string_view value) const {
  const std::optional<double> number = kind_ == Kind::kDate ? parse_policy_date(value) : parse_double(value);
  if (!number) return false;
  return std::ranges::any_of(operands_, [&](const Operand& operand) {
    const double other = std::get<double>(operand);
    switch (relation_) {
      case Relation::kLess: return *number < other;
      case Relation::kLessEqual: return *number <= other;
      case Relation::kGreater: return *number > other;
      case Relation::kGreaterEqual: return *number >= other;
      default: return *number == other;
    }
  });
}

bool Condition::fits(std::string_view value, const Question& question) const {
  const auto any = [&](auto&& test) { return std::ranges::any_of(operands_, test); };
  switch (kind_) {
    case Kind::kString:
    case Kind::kArn:
      return any([&](const Operand& operand) { return fits_text(std::get<PolicyText>(operand), value, question); });
    case Kind::kNumeric:
    case Kind::kDate: return fits_number(value);
    case Kind::kBool: {
      const std::optional<bool> truth = parse_bool(value);
      return truth && any([&](const Operand& operand) { return std::get<bool>(operand) == *truth; });
    }
    case Kind::kBinary: {
      const std::optional<std::string> bytes = unbase64(value);
      return bytes && any([&](const Operand& operand) { return std::get<std::string>(operand) == *bytes; });
    }
    case Kind::kIp: {
      const std::optional<Network> address = parse_network(value);
      return address && any([&](const Operand& operand) {
               const auto& [network, bits] = std::get<Network>(operand);
               const auto whole = static_cast<std::size_t>(bits / 8);
               if (std::memcmp(network.data(), address->address.data(), whole) != 0) return false;
               const int rest = bits % 8;
               return rest == 0 || (network[whole] ^ address->address[whole]) >> (8 - rest) == 0;
             });
    }
    case Kind::kNull: break;
  }
  return false;
}

bool Condition::holds(const Question& question, bool in_deny) const {
  KeyValues values;
  key_.read(question, values);
  if (kind_ == Kind::kNull) {
    return std::ranges::any_of(operands_,
                               [&](const Operand& operand) { return std::get<bool>(operand) == values.empty(); });
  }
  if (values.empty()) {
    if (if_exists_ || set_ == Set::kForAllValues) return true;
    return set_ == Set::kNone && negated_;
  }
  // "Not alice" must not be true because nobody knows who is meant.
  if (negated_ && !in_deny && (kind_ == Kind::kString || kind_ == Kind::kArn)) {
    const auto resolves = [&](const Operand& operand) { return std::get<PolicyText>(operand).resolves(question); };
    if (!std::ranges::all_of(operands_, resolves)) return false;
  }
  const auto one = [&](std::string_view value) { return fits(value, question) != negated_; };
  const bool any = set_ == Set::kForAnyValue || (set_ == Set::kNone && in_deny);
  return any ? std::ranges::any_of(values, one) : std::ranges::all_of(values, one);
}

}  // namespace chiliad::identity
