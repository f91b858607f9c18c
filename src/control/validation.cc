#include "control/validation.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;
using Kind = Shape::Kind;

constexpr std::size_t kMaxErrors = 50;        // Told of one request.
constexpr std::size_t kMaxShownBytes = 1000;  // Of one value.

// UTF-16 units, in which AWS counts.
std::int64_t length_of(std::string_view text) {
  std::int64_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    units += point.value > 0xFFFF ? 2 : 1;
    at += point.bytes;
  }
  return units;
}

std::string_view type_word(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string: return "STRING_VALUE";
    case Json::value_t::boolean: return value.get<bool>() ? "TRUE_VALUE" : "FALSE_VALUE";
    case Json::value_t::number_float: return "DECIMAL_VALUE";
    default: return "NUMBER_VALUE";
  }
}

std::string shown(const Json& value) {
  std::string text = value.is_string() ? value.get_ref<const std::string&>() : aws::json_text(value);
  if (text.size() <= kMaxShownBytes) return text;
  std::size_t end = kMaxShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string quoted(const Json& value) { return fmt::format("'{}'", shown(value)); }

// "TrainingJobName" is told as "trainingJobName".
std::string lower_first(std::string_view name) {
  std::string text(name);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

std::string_view java_type(Kind kind) {
  switch (kind) {
    case Kind::kString: return "a String";
    case Kind::kInteger: return "an Integer";
    case Kind::kFloat: return "a Float";
    case Kind::kBoolean: return "a Boolean";
    default: return "a Date";
  }
}

bool is_scalar(Kind kind) { return kind != Kind::kStructure && kind != Kind::kList && kind != Kind::kMap; }

bool is_of(Kind kind, const Json& value) {
  switch (kind) {
    case Kind::kStructure:
    case Kind::kMap: return value.is_object();
    case Kind::kList: return value.is_array();
    case Kind::kString: return value.is_string();
    case Kind::kBoolean: return value.is_boolean();
    case Kind::kFloat:
    case Kind::kTimestamp: return value.is_number();
    case Kind::kInteger:
      return value.is_number_integer() &&
             (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  }
  return false;
}

// One request's check: a walk over shape and value side by side.
class Walk {
 public:
  explicit Walk(const Validator& validator) : validator_(validator) {}

  void structure(const Shape& shape, const Json& value) {
    for (const Member& member : members(shape)) {
      if (stopped()) return;
      const std::size_t mark = enter(lower_first(member.name));
      const auto found = value.find(member.name);
      if (found != value.end() && !found->is_null()) {
        any(shapes()[member.shape], *found);
      } else if (member.required) {
        complain("null", "Member must not be null");
      }
      path_.resize(mark);
    }
  }

  std::optional<ApiError> answer() && {
    if (wrong_type_) return ApiError{400, "SerializationException", std::move(*wrong_type_)};
    if (errors_.empty()) return std::nullopt;
    std::string text = fmt::format("{} validation error{} detected: ", errors_.size(), errors_.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < errors_.size(); ++i) text += (i == 0 ? "" : "; ") + errors_[i];
    return ApiError{400, "ValidationException", std::move(text)};
  }

 private:
  bool stopped() const { return wrong_type_ || errors_.size() >= kMaxErrors; }

  std::size_t enter(std::string_view name) {
    const std::size_t mark = path_.size();
    if (mark != 0) path_ += '.';
    path_ += name;
    return mark;
  }

  void complain(std::string_view quoted_value, std::string_view constraint) {
    errors_.push_back(
        fmt::format("Value {} at '{}' failed to satisfy constraint: {}", quoted_value, path_, constraint));
  }

  void any(const Shape& shape, const Json& value) {
    if (stopped() || !has_type(shape, value)) return;
    switch (shape.kind) {
      case Kind::kStructure: return structure(shape, value);
      case Kind::kList: return list(shape, value);
      case Kind::kMap: return map(shape, value);
      default: break;
    }
    const std::vector<std::string> broken = broken_constraints(shape, value);
    for (const std::string& constraint : broken) complain(quoted(value), constraint);
  }

  bool has_type(const Shape& shape, const Json& value) {
    if (is_of(shape.kind, value)) return true;
    if (shape.kind == Kind::kList) {
      wrong_type_ = fmt::format("Expected list or null at '{}'", path_);
    } else if (!is_scalar(shape.kind)) {
      wrong_type_ = fmt::format("Expected a structure, map or null at '{}'", path_);
    } else if (value.is_object()) {
      wrong_type_ = fmt::format("Start of structure or map found where not expected at '{}'", path_);
    } else if (value.is_array()) {
      wrong_type_ = fmt::format("Start of list found where not expected at '{}'", path_);
    } else {
      wrong_type_ =
          fmt::format("{} can not be converted to {} at '{}'", type_word(value), java_type(shape.kind), path_);
    }
    return false;
  }

  void sized(const Shape& shape, const Json& value) {
    for (const std::string& constraint : bounds(shape, static_cast<std::int64_t>(value.size()), "length"))
      complain(quoted(value), constraint);
  }

  void list(const Shape& shape, const Json& value) {
    sized(shape, value);
    const Shape& element = shapes()[shape.element];
    // More elements than may be are not looked at: the request is refused already.
    if (static_cast<std::int64_t>(value.size()) > shape.max) return;
    std::size_t number = 0;
    for (const Json& item : value) {
      ++number;
      if (stopped()) return;
      const std::size_t mark = enter(fmt::format("{}.member", number));
      if (item.is_null()) {
        complain("null", "Member must not be null");
      } else {
        any(element, item);
      }
      path_.resize(mark);
    }
  }

  // Keys and values that are scalars are told of as AWS does: with the whole map and the constraints in brackets.
  void map(const Shape& shape, const Json& value) {
    sized(shape, value);
    if (static_cast<std::int64_t>(value.size()) > shape.max) return;
    const Shape& key_shape = shapes()[shape.key];
    const Shape& element = shapes()[shape.element];
    for (const auto& [key, item] : value.items()) {
      if (stopped()) return;
      if (!broken_constraints(key_shape, Json(key)).empty()) {
        complain(quoted(value), in_brackets("Map keys must satisfy constraint: ", key_shape));
        return;
      }
      const std::size_t mark = enter(shown(key) + ".member");
      bool broken = false;
      if (item.is_null()) {
        complain("null", "Member must not be null");
      } else if (!is_scalar(element.kind)) {
        any(element, item);
      } else if (has_type(element, item)) {
        broken = !broken_constraints(element, item).empty();
      }
      path_.resize(mark);
      if (broken) {
        complain(quoted(value), in_brackets("Map value must satisfy constraint: ", element));
        return;
      }
    }
  }

  static std::vector<std::string> bounds(const Shape& shape, std::int64_t measured, std::string_view what) {
    std::vector<std::string> broken;
    if (measured > shape.max)
      broken.push_back(fmt::format("Member must have {} less than or equal to {}", what, shape.max));
    if (measured < shape.min)
      broken.push_back(fmt::format("Member must have {} greater than or equal to {}", what, shape.min));
    return broken;
  }

  // Requires: a scalar of the shape's type.
  std::vector<std::string> broken_constraints(const Shape& shape, const Json& value) const {
    switch (shape.kind) {
      case Kind::kString: return broken_of_string(shape, value.get_ref<const std::string&>());
      case Kind::kInteger: return bounds(shape, value.get<std::int64_t>(), "value");
      case Kind::kFloat: {
        const double number = value.get<double>();
        if (shape.min != std::numeric_limits<std::int64_t>::min() && number < static_cast<double>(shape.min))
          return {fmt::format("Member must have value greater than or equal to {}", shape.min)};
        if (shape.max != std::numeric_limits<std::int64_t>::max() && number > static_cast<double>(shape.max))
          return {fmt::format("Member must have value less than or equal to {}", shape.max)};
        return {};
      }
      default: return {};
    }
  }

  std::vector<std::string> broken_of_string(const Shape& shape, const std::string& text) const {
    if (text.find('\0') != std::string::npos) return {"Member must not contain the character U+0000"};
    std::vector<std::string> broken = bounds(shape, length_of(text), "length");
    // A text that is too long is not matched: the length alone bounds what a pattern costs.
    if (shape.pattern != kNoPattern && broken.empty() && !validator_.matches(shape.pattern, text))
      broken.push_back(pattern_words(shape));
    if (shape.count != 0 && !is_enumerator(shape, text)) broken.push_back(enumerator_words(shape));
    return broken;
  }

  static bool is_enumerator(const Shape& shape, std::string_view text) {
    for (const std::string_view value : enumerators(shape))
      if (value == text) return true;
    return false;
  }

  static std::string pattern_words(const Shape& shape) {
    return fmt::format("Member must satisfy regular expression pattern: {}", patterns()[shape.pattern].text);
  }
  static std::string enumerator_words(const Shape& shape) {
    return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(enumerators(shape), ", "));
  }

  static std::string in_brackets(std::string_view start, const Shape& shape) {
    std::vector<std::string> all;
    const bool text = shape.kind == Kind::kString;
    const std::string_view what = text ? "length" : "value";
    if (shape.max != std::numeric_limits<std::int64_t>::max())
      all.push_back(fmt::format("Member must have {} less than or equal to {}", what, shape.max));
    if (shape.min != std::numeric_limits<std::int64_t>::min())
      all.push_back(fmt::format("Member must have {} greater than or equal to {}", what, shape.min));
    if (text && shape.pattern != kNoPattern) all.push_back(pattern_words(shape));
    if (text && shape.count != 0) all.push_back(enumerator_words(shape));
    return fmt::format("{}[{}]", start, fmt::join(all, ", "));
  }

  const Validator& validator_;
  std::string path_;
  std::vector<std::string> errors_;
  std::optional<std::string> wrong_type_;
};

re2::RE2::Options quiet() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return options;
}

}  // namespace

struct Validator::Compiled {
  std::once_flag once;
  std::unique_ptr<re2::RE2> must;
  std::unique_ptr<re2::RE2> must_not;
};

Validator::Validator() : compiled_(std::make_unique<Compiled[]>(patterns().size())) {}
Validator::~Validator() = default;

bool Validator::matches(std::uint16_t index, std::string_view text) const {
  Compiled& compiled = compiled_[index];
  std::call_once(compiled.once, [&] {
    const Pattern& pattern = patterns()[index];
    compiled.must = std::make_unique<re2::RE2>(re2::StringPiece(pattern.re2.data(), pattern.re2.size()), quiet());
    CHILIAD_CHECK(compiled.must->ok());
    if (pattern.forbidden.empty()) return;
    compiled.must_not =
        std::make_unique<re2::RE2>(re2::StringPiece(pattern.forbidden.data(), pattern.forbidden.size()), quiet());
    CHILIAD_CHECK(compiled.must_not->ok());
  });
  const re2::StringPiece piece(text.data(), text.size());
  if (!re2::RE2::FullMatch(piece, *compiled.must)) return false;
  return compiled.must_not == nullptr || !re2::RE2::FullMatch(piece, *compiled.must_not);
}

std::optional<ApiError> Validator::check(ShapeIndex shape, const Json& input) const {
  Walk walk(*this);
  walk.structure(shapes()[shape], input);
  return std::move(walk).answer();
}

Json known_members(ShapeIndex index, const Json& value) {
  const Shape& shape = shapes()[index];
  if (!is_of(shape.kind, value)) return nullptr;
  Json known;
  switch (shape.kind) {
    case Kind::kStructure:
      known = Json::object();
      for (const Member& member : members(shape)) {
        const auto found = value.find(member.name);
        if (found == value.end() || found->is_null()) continue;
        Json inner = known_members(member.shape, *found);
        if (!inner.is_null()) known[std::string(member.name)] = std::move(inner);
      }
      break;
    case Kind::kList:
      known = Json::array();
      for (const Json& item : value) known.push_back(known_members(shape.element, item));
      break;
    case Kind::kMap:
      known = Json::object();
      for (const auto& [key, item] : value.items()) known[key] = known_members(shape.element, item);
      break;
    default: known = value;
  }
  return known;
}

}  // namespace chiliad::control
