// JsonWriter: JSON text, written from left to right into one string.
//
// Separators are put by the writer; nesting is the caller's duty and checked at close. Two looks: kPlain
// ({"a":1}, pandas and most services) and kPython ({"a": 1}, json.dumps, which model_to_json uses).
//
//   JsonWriter json(JsonWriter::Look::kPlain);
//   json.begin_object().key("yhat").number(1.5).end_object();
//   std::string text = std::move(json).take();
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chiliad {

// Appends `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD, one for each bad byte.
// With `ascii_only`, what is not ASCII is written \uXXXX, as json.dumps does by default.
void append_json_string(std::string& out, std::string_view text, bool ascii_only = false);

class JsonWriter {
 public:
  enum class Look : std::uint8_t { kPlain, kPython };

  explicit JsonWriter(Look look = Look::kPlain) : look_(look) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);
  JsonWriter& number(double value);  // repr (base/number.h); NaN written "NaN" with kPython, else null.
  JsonWriter& rounded(double value, int decimals);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  // Requires: a complete JSON value.

  // The text so far, for code that appends values itself after separate().
  std::string& out() { return out_; }
  // Writes the comma that the next value needs, if any.
  void separate();

  // Requires: everything that was opened is closed.
  std::string take() &&;

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);

  std::string out_;
  Look look_;
  int depth_ = 0;
  bool first_ = true;       // No value yet in the innermost array or object.
  bool after_key_ = false;  // The next value belongs to the key just written.
};

}  // namespace chiliad
