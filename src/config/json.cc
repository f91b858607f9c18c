// nlohmann's parser by its events: the tree is made here, so that each value knows its line.

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "config/value.h"

namespace chiliad::config {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxMembers = 1000;  // Of a table: a key is looked for among those before it.

// The text's bytes, with how many line ends were read before the last of them.
class Bytes {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Bytes(const char* at, std::uint32_t* line_ends) : at_(at), line_ends_(line_ends) {}
  reference operator*() const { return *at_; }
  // A number ends with the byte after it, which may be a line end: one is counted once another byte is read.
  Bytes& operator++() {
    if (pending_) ++*line_ends_;
    pending_ = *at_++ == '\n';
    return *this;
  }
  bool operator==(const Bytes& other) const { return at_ == other.at_; }
  bool operator!=(const Bytes& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::uint32_t* line_ends_;
  bool pending_ = false;
};

// Each function returns whether to go on.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const std::uint32_t& line_ends) : line_ends_(line_ends) {}

  bool null() override { return put(Value::Null{}); }
  bool boolean(bool truth) override { return put(truth); }
  bool number_integer(number_integer_t number) override { return put(std::int64_t{number}); }
  bool number_unsigned(number_unsigned_t number) override {
    return number > INT64_MAX ? put(static_cast<double>(number)) : put(static_cast<std::int64_t>(number));
  }
  bool number_float(number_float_t number, const string_t& /*text*/) override { return put(number); }
  bool string(string_t& text) override { return put(std::move(text)); }
  bool binary(binary_t& /*bytes*/) override { return fail("bytes"); }
  bool start_object(std::size_t /*size*/) override { return open(Value::Table{}); }
  bool start_array(std::size_t /*size*/) override { return open(Value::Array{}); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    keys_.back() = std::move(name);
    const auto& members = *open_.back().as<Value::Table>();
    if (members.size() >= kMaxMembers) return fail(fmt::format("a table of more than {} members", kMaxMembers));
    if (std::ranges::find(members, keys_.back(), &Value::Table::value_type::first) == members.end()) return true;
    return fail(fmt::format("'{}' stands there already", keys_.back()));
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    const std::string_view what = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ..."
    // "[json.exception.out_of_range.406] number overflow ..."
    const std::size_t colon = what.find(": "), bracket = what.find("] ");
    const std::size_t end = colon != std::string_view::npos ? colon : bracket;
    return fail(std::string(end == std::string_view::npos ? what : what.substr(end + 2)));
  }

  std::uint32_t line() const { return line_ends_ + 1; }
  const std::string& error() const { return error_; }
  Value take_root() { return std::move(root_); }

 private:
  bool fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
    return false;
  }

  bool put(Value::Data data) { return put(Value(std::move(data), line())); }
  bool put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* members = open_.back().as<Value::Table>()) {
      members->emplace_back(keys_.back(), std::move(value));
    } else {
      open_.back().as<Value::Array>()->push_back(std::move(value));
    }
    return true;
  }

  bool open(Value::Data data) {
    if (open_.size() >= kMaxDepth) return fail(fmt::format("deeper than {} levels", kMaxDepth));
    open_.emplace_back(std::move(data), line());
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Value value = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return put(std::move(value));
  }

  const std::uint32_t& line_ends_;
  std::vector<Value> open_;        // The tables and arrays that have not ended,
  std::vector<std::string> keys_;  // and the key read last in each.
  Value root_{Value::Null{}, 1};
  std::string error_;
};

}  // namespace

Result<Value> parse_json(std::string_view text, std::string_view name) {
  if (text.size() > kMaxTextBytes) return Error{ErrorCode::kTooLarge, fmt::format("{}: over 64 MiB", name)};
  std::uint32_t line_ends = 0;
  Builder builder(line_ends);
  const bool read = Json::sax_parse(Bytes(text.data(), &line_ends), Bytes(text.data() + text.size(), &line_ends),
                                    &builder, Json::input_format_t::json);
  if (!read) return Error{ErrorCode::kInvalid, fmt::format("{}:{}: {}", name, builder.line(), builder.error())};
  Value root = builder.take_root();
  if (root.as<Value::Table>() == nullptr)
    return Error{ErrorCode::kInvalid, fmt::format("{}: expected a table, found {}", name, kind_of(root))};
  return root;
}

}  // namespace chiliad::config
