// Condition: one line of a policy's Condition element, ready to be asked.
//
//   "ForAnyValue:StringLikeIfExists": {"sagemaker:TargetModel": ["8.tar.gz", "9/*"]}
//
// The line holds when the key's value fits one of the line's values (the negated operators: none of them). Without the
// key: true for IfExists, for ForAllValues and for the negated operators, otherwise false; ForAnyValue is false. Where
// a request has several values of a key and the operator is for one, an Allow asks all of them to fit, a Deny one.
//
// Source: AWS IAM User Guide, "IAM JSON policy elements: Condition operators", "Multivalued context keys".
//
// Thread safety: immutable after parse().

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/json.h"
#include "base/result.h"
#include "identity/policy_text.h"
#include "identity/question.h"

namespace chiliad::identity {

class Condition {
 public:
  // Requires: as in the document. `variables`: its version knows them. Errors: kInvalid: no such operator, a value that
  // it cannot compare with, no values, a key that is none.
  static Result<Condition> parse(std::string_view op, std::string_view key, const aws::Json& values, bool variables);

  bool holds(const Question& question, bool in_deny) const;

 private:
  enum class Kind : std::uint8_t { kString, kNumeric, kDate, kBool, kBinary, kIp, kArn, kNull };
  enum class Relation : std::uint8_t { kEqual, kEqualIgnoringCase, kLike, kLess, kLessEqual, kGreater, kGreaterEqual };
  enum class Set : std::uint8_t { kNone, kForAnyValue, kForAllValues };
  struct Operator {
    std::string_view name;
    Kind kind;
    Relation relation;
    bool negated;
  };
  struct Network {
    std::array<std::uint8_t, 16> address;
    int bits;  // Of 128.
  };
  using Operand = std::variant<PolicyText, double, bool, std::string, Network>;

  explicit Condition(std::string_view key) : key_(key) {}
  static const Operator* find_operator(std::string_view name);
  Result<Operand> parse_operand(std::string_view text, bool variables) const;
  bool fits(std::string_view value, const Question& question) const;
  bool fits_text(const PolicyText& text, std::string_view value, const Question& question) const;
  bool fits_number(std::string_view value) const;
  static std::optional<Network> parse_network(std::string_view text);

  ConditionKey key_;
  Kind kind_ = Kind::kString;
  Relation relation_ = Relation::kEqual;
  Set set_ = Set::kNone;
  bool negated_ = false;
  bool if_exists_ = false;
  std::vector<Operand> operands_;
};

// Seconds since 1970 of "2013-06-30", "2013-06-30T00:00:00Z", "...+02:00" or a plain number of seconds.
std::optional<double> parse_policy_date(std::string_view text);

}  // namespace chiliad::identity
