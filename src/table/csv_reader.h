// CsvReader: bytes -> rows of fields, strictly after RFC 4180, in one pass and bounded memory.
//
// Rules the rest relies on:
//   1. A line ends with LF, CR LF or CR alone, mixed at will; the last line end may be missing. A line with nothing on
//      it is no row. A UTF-8 byte order mark in front is skipped; the bytes are not looked at otherwise.
//   2. A field that begins with a quote ends with one; inside, "" is a quote and line ends are text. A quote anywhere
//      else, text behind a closing quote, and a quote that is never closed are errors. Blanks are part of a field.
//   3. Every row has as many fields as the first.
//   4. After an error of a row, next() goes on with the line behind the one on which that row began.
//   5. Memory: one row, at most max_row_bytes, and a buffer of 256 kB (none of it for a text in memory).
//
// Cost: about 15 ns a row of three short fields; see doc/csv.md.
// Thread safety: one thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/bytes.h"
#include "table/special_bytes.h"

namespace chiliad::table {

struct CsvFormat {
  char delimiter = ',';                              // Not a quote, CR or LF.
  std::size_t max_row_bytes = std::size_t{1} << 20;  // Line ends inside quotes included.
};

// ",", ";", "|", any other single byte but a quote or line end, "tab" or "\t". Errors: kInvalid.
Result<char> parse_delimiter(std::string_view text);

class CsvReader {
 public:
  enum class Step : std::uint8_t {
    kRow,    // fields() is the next row.
    kEnd,    // There are no more.
    kBad,    // error() says what is wrong with the row on line(); next() goes on behind it.
    kError,  // error() ends the reading: the source failed.
  };

  // Over a text in memory, which must outlive the reader. `name` begins the messages.
  CsvReader(std::string_view text, std::string_view name, CsvFormat format = {});
  CsvReader(PullBytes source, std::string_view name, CsvFormat format = {});

  Step next();

  // Requires: kRow came last. Valid until the next call of next().
  std::span<const std::string_view> fields() const { return {fields_.data(), field_count_}; }
  // The line, from 1, on which the last row or error began.
  std::uint64_t line() const { return row_line_; }
  // Requires: kBad or kError came last.
  const Error& error() const { return error_; }
  const std::string& name() const { return name_; }
  // Bytes of the text (after decompression) up to the end of the last row.
  std::uint64_t bytes_read() const { return dropped_ + at_; }

  // "NAME:LINE: " of the last row, then `message`.
  Error bad_row(std::string_view message) const;

 private:
  struct Unescaped {
    std::size_t field;
    std::size_t offset;  // In unescaped_.
    std::size_t size;
  };
  // kBad: the row is passed over; kBadLine: it is not yet.
  enum class Parse : std::uint8_t { kRow, kBlankLine, kEnd, kBad, kBadLine, kNeedMore };

  Step start();
  void add_field(const char* text, std::size_t size) {
    if (field_count_ == fields_.size()) fields_.resize(2 * fields_.size() + 8);
    fields_[field_count_++] = std::string_view(text, size);
  }
  Parse parse_row();
  Parse parse_quoted(std::size_t open, std::size_t& end);
  Parse end_row(std::size_t at);
  Parse refuse(std::string_view message);
  void unescape(std::string_view quoted);
  void too_long();
  bool fill();  // False: error_ says why.
  Step skip_line();

  const std::string name_;
  const CsvFormat format_;
  PullBytes source_;
  std::vector<char> buffer_;
  const char* data_ = nullptr;  // The window: [0, size_) of the text from byte dropped_ on.
  std::size_t size_ = 0;
  std::size_t at_ = 0;  // Where the next row begins.
  std::uint64_t dropped_ = 0;
  bool ended_ = false;  // The window's end is the text's.
  bool started_ = false;
  bool failed_ = false;
  SpecialBytes special_;

  std::uint64_t line_ = 1;          // Of at_.
  std::uint64_t row_line_ = 1;      // Of the row last given.
  std::uint64_t lines_inside_ = 0;  // Line ends inside the quotes of the row being read.
  std::size_t column_count_ = 0;    // Of the first row; 0 before it.
  std::uint64_t first_row_line_ = 0;
  std::vector<std::string_view> fields_;  // The first field_count_ are the row's.
  std::size_t field_count_ = 0;
  std::vector<Unescaped> unescaped_fields_;
  std::vector<char> unescaped_;  // Not a string: views into it outlive a move of the reader.
  Error error_{ErrorCode::kInvalid, ""};
};

}  // namespace chiliad::table
