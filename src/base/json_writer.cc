#include "base/json_writer.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"

namespace chiliad {
namespace {

void append_escape(std::string& out, std::uint32_t unit) {
  std::array<char, 12> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", unit);
  out.append(text.data(), 6);
}

void append_utf8(std::string& out, std::uint32_t value, std::string_view original) {
  if (value != kReplacementCharacter) {
    out += original;
  } else {
    out += kReplacementUtf8;
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text, bool ascii_only) {
  out += '"';
  std::size_t plain = 0;  // Start of the run that needs no escape.
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != 0x7F) {
      ++at;
      continue;
    }
    out.append(text, plain, at - plain);
    if (c < 0x80) {
      switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case 0x7F: out += '\x7F'; break;
        default: append_escape(out, c);
      }
      ++at;
    } else {
      const CodePoint point = decode_utf8(text, at);
      if (!ascii_only) {
        append_utf8(out, point.value, text.substr(at, point.bytes));
      } else if (point.value < 0x10000) {
        append_escape(out, point.value);
      } else {
        append_escape(out, 0xD800 + ((point.value - 0x10000) >> 10));
        append_escape(out, 0xDC00 + ((point.value - 0x10000) & 0x3FF));
      }
      at += point.bytes;
    }
    plain = at;
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
  } else if (!first_) {
    out_ += look_ == Look::kPython ? ", " : ",";
  }
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  ++depth_;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  CHILIAD_CHECK(depth_ > 0 && !after_key_);
  out_ += bracket;
  --depth_;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  CHILIAD_CHECK(!after_key_);
  separate();
  append_json_string(out_, name, look_ == Look::kPython);
  out_ += look_ == Look::kPython ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  append_json_string(out_, text, look_ == Look::kPython);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  separate();
  if (look_ == Look::kPlain && !std::isfinite(value)) {
    out_ += "null";
  } else {
    append_repr(out_, value);
  }
  return *this;
}

JsonWriter& JsonWriter::rounded(double value, int decimals) {
  separate();
  append_rounded(out_, value, decimals);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  separate();
  append_integer(out_, value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

std::string JsonWriter::take() && {
  CHILIAD_CHECK(depth_ == 0 && !after_key_);
  return std::move(out_);
}

}  // namespace chiliad
