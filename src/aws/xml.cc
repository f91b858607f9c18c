#include "aws/xml.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"

namespace chiliad::aws {

void append_xml_text(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      const CodePoint point = decode_utf8(text, at);
      const bool holds = point.value != kReplacementCharacter && point.value != 0xFFFE && point.value != 0xFFFF;
      out += holds ? text.substr(at, point.bytes) : kReplacementUtf8;
      at += point.bytes;
      continue;
    }
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\t': out += "&#x9;"; break;
      case '\n': out += "&#xA;"; break;
      case '\r': out += "&#xD;"; break;
      default:
        if (c < 0x20) {
          out += kReplacementUtf8;
        } else {
          out += static_cast<char>(c);
        }
    }
    ++at;
  }
}

XmlWriter::XmlWriter(Begin begin) {
  if (begin == Begin::kDocument) out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
}

XmlWriter& XmlWriter::open(std::string_view name, std::string_view xmlns) {
  out_ += '<';
  out_ += name;
  if (!xmlns.empty()) {
    out_ += " xmlns=\"";
    append_xml_text(out_, xmlns);
    out_ += '"';
  }
  out_ += '>';
  open_.push_back(name);
  return *this;
}

XmlWriter& XmlWriter::close() {
  CHILIAD_CHECK(!open_.empty());
  out_ += "</";
  out_ += open_.back();
  out_ += '>';
  open_.pop_back();
  return *this;
}

XmlWriter& XmlWriter::text(std::string_view name, std::string_view text) {
  open(name);
  append_xml_text(out_, text);
  return close();
}

XmlWriter& XmlWriter::integer(std::string_view name, std::int64_t value) {
  open(name);
  append_integer(out_, value);
  return close();
}

XmlWriter& XmlWriter::boolean(std::string_view name, bool value) { return text(name, value ? "true" : "false"); }

XmlWriter& XmlWriter::raw(std::string_view xml) {
  out_ += xml;
  return *this;
}

std::string XmlWriter::take() && {
  CHILIAD_CHECK(open_.empty());
  return std::move(out_);
}

}  // namespace chiliad::aws
