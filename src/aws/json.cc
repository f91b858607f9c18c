#include "aws/json.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/json_writer.h"

namespace chiliad::aws {
namespace {

// Builds the value from the parser's events, which is where limits can stop it. The parser itself does not recurse.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return add(nullptr) != nullptr; }
  bool boolean(bool value) override { return add(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return add(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return add(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override { return add(value) != nullptr; }
  bool string(string_t& value) override { return add(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (limits_.unique_members && open_.back()->contains(name)) {
      error_ = {ErrorCode::kInvalid, fmt::format("JSON: member '{}' comes twice", name.substr(0, 100))};
      return false;
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    error_ = {ErrorCode::kInvalid, fmt::format("JSON: not valid at byte {}", position)};
    return false;
  }

  Json& root() { return root_; }
  Error error() && { return std::move(error_); }

 private:
  template <class T>
  Json* add(T&& value) {
    if (++values_ > limits_.max_values) {
      error_ = {ErrorCode::kTooLarge, fmt::format("JSON: more than {} values", limits_.max_values)};
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::forward<T>(value));
    Json& into = *open_.back();
    if (into.is_array()) {
      into.get_ref<Json::array_t&>().emplace_back(std::forward<T>(value));
      return &into.get_ref<Json::array_t&>().back();
    }
    return &(into.get_ref<Json::object_t&>()[key_] = std::forward<T>(value));
  }

  bool open(Json::value_t type) {
    if (open_.size() >= limits_.max_depth) {
      error_ = {ErrorCode::kTooLarge, fmt::format("JSON: nested deeper than {} levels", limits_.max_depth)};
      return false;
    }
    Json* value = add(Json(type));
    if (value != nullptr) open_.push_back(value);
    return value != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  Json root_;
  std::vector<Json*> open_;  // From the root inwards; each one's parent does not grow while it is open.
  std::string key_;
  std::size_t values_ = 0;
  Error error_{ErrorCode::kInvalid, "JSON: not valid"};
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error{ErrorCode::kTooLarge, fmt::format("JSON: {} bytes, limit {}", text.size(), limits.max_bytes)};
  }
  // The library takes a NUL for the end of the text: what follows would go unread.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return Error{ErrorCode::kInvalid, fmt::format("JSON: a NUL at byte {}", nul + 1)};
  }
  Builder builder(limits);
  if (!Json::sax_parse(text, &builder)) return std::move(builder).error();
  return std::move(builder.root());
}

std::string json_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* member(const Json& value, std::string_view name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() || found->is_null() ? nullptr : &*found;
}

const std::string* string_member(const Json& value, std::string_view name) {
  const Json* found = member(value, name);
  return found == nullptr ? nullptr : found->get_ptr<const std::string*>();
}

std::optional<std::int64_t> integer_member(const Json& value, std::string_view name) {
  const Json* found = member(value, name);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t{INT64_MAX}) return std::nullopt;
  return found->get<std::int64_t>();
}

std::optional<bool> boolean_member(const Json& value, std::string_view name) {
  const Json* found = member(value, name);
  if (found == nullptr || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

std::string json_error_body(const ApiError& error) {
  JsonWriter json;
  json.begin_object().key("__type").string(error.code).key("message").string(error.message).end_object();
  return std::move(json).take();
}

}  // namespace chiliad::aws
