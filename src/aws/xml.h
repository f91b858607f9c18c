// XmlWriter: XML text from left to right, as AWS's REST and Query services answer.
//
//   XmlWriter xml;
//   xml.open("ListBucketResult", "http://s3.amazonaws.com/doc/2006-03-01/").text("Name", bucket).close();
//
// Texts may be anything: markup is escaped; tab, newline and carriage return are written as references, so that readers
// do not fold them; characters that XML 1.0 has no way to hold (other control characters) and bytes that are no UTF-8
// become U+FFFD.
//
// Source: XML 1.0, section 2.2. Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chiliad::aws {

void append_xml_text(std::string& out, std::string_view text);

class XmlWriter {
 public:
  // Begins with <?xml ...?> unless it is a piece of a document.
  enum class Begin : std::uint8_t { kDocument, kPiece };

  explicit XmlWriter(Begin begin = Begin::kDocument);

  // Names are literals: they are not copied.
  XmlWriter& open(std::string_view name, std::string_view xmlns = {});
  // Ends the innermost element.
  XmlWriter& close();

  // <name>text</name>.
  XmlWriter& text(std::string_view name, std::string_view text);
  XmlWriter& integer(std::string_view name, std::int64_t value);
  XmlWriter& boolean(std::string_view name, bool value);
  // Requires: complete elements.
  XmlWriter& raw(std::string_view xml);

  // Requires: everything that was opened is closed.
  std::string take() &&;

 private:
  std::string out_;
  std::vector<std::string_view> open_;
};

}  // namespace chiliad::aws
