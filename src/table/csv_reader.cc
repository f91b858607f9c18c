// Method: a window of the text holds at least the row being read. SpecialBytes walks over the bytes that mean
// something; a row that runs into the window's end is read again from its start once the window has been filled up,
// which costs one row for each 256 kB.

#include "table/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace chiliad::table {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{256} << 10;
constexpr std::size_t kFirstWindowBytes = std::size_t{4} << 10;  // Short texts are many, and need no more.

}  // namespace

Result<char> parse_delimiter(std::string_view text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() == 1 && text[0] != '"' && text[0] != '\r' && text[0] != '\n') return text[0];
  return Error{ErrorCode::kInvalid,
               fmt::format("'{}' is not a delimiter: expected a single byte such as , or ; or the word tab", text)};
}

CsvReader::CsvReader(std::string_view text, std::string_view name, CsvFormat format)
    : name_(name), format_(format), data_(text.data()), size_(text.size()), ended_(true), special_(format.delimiter) {
  CHILIAD_CHECK(format.delimiter != '"' && format.delimiter != '\r' && format.delimiter != '\n');
}

CsvReader::CsvReader(PullBytes source, std::string_view name, CsvFormat format) : CsvReader("", name, format) {
  source_ = std::move(source);
  ended_ = false;
}

Error CsvReader::bad_row(std::string_view message) const {
  return Error{ErrorCode::kInvalid, fmt::format("{}:{}: {}", name_, row_line_, message)};
}

CsvReader::Step CsvReader::next() {
  if (failed_) return Step::kError;
  if (!started_) {
    if (const Step step = start(); step != Step::kRow) return step;
  }
  while (true) {
    switch (parse_row()) {
      case Parse::kRow: return Step::kRow;
      case Parse::kEnd: return Step::kEnd;
      case Parse::kBad: return Step::kBad;
      case Parse::kBadLine: return skip_line();
      case Parse::kBlankLine: break;
      case Parse::kNeedMore: {
        if (size_ - at_ > format_.max_row_bytes + 2) {
          too_long();
          return skip_line();
        }
        if (!fill()) return Step::kError;
        special_.seek(data_, size_, at_);
      }
    }
  }
}

// The first bytes: a byte order mark. kRow: go on.
CsvReader::Step CsvReader::start() {
  started_ = true;
  if (source_ && !fill()) return Step::kError;
  const std::string_view text(data_, size_);
  if (text.starts_with("\xEF\xBB\xBF")) at_ = 3;
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    error_ = bad_row("the text is UTF-16: expected UTF-8; convert it, for example with iconv -f UTF-16 -t UTF-8");
    failed_ = true;
    return Step::kError;
  }
  special_.seek(data_, size_, at_);
  return Step::kRow;
}

CsvReader::Parse CsvReader::parse_row() {
  field_count_ = 0;
  unescaped_fields_.clear();
  lines_inside_ = 0;
  row_line_ = line_;
  const std::size_t start = at_;
  SpecialBytes special = special_;  // A copy, which the compiler keeps in registers.
  for (std::size_t field = start;;) {
    const std::size_t at = special.next();
    const char c = at < size_ ? data_[at] : '\n';
    if (c == format_.delimiter) {
      add_field(data_ + field, at - field);
      field = at + 1;
      continue;
    }
    if (at == size_ && !ended_) return Parse::kNeedMore;
    if (c == '"') {
      if (at != field) {
        return refuse(
            fmt::format("column {}: a quote inside a field that does not begin with one; "
                        "expected the field in quotes and the quote doubled",
                        field_count_ + 1));
      }
      special_ = special;
      std::size_t end = 0;
      if (const Parse parse = parse_quoted(at, end); parse != Parse::kRow) return parse;
      special = special_;
      if (end == size_ || data_[end] != format_.delimiter) {
        special_ = special;
        return end_row(end);
      }
      field = end + 1;
      continue;
    }
    if (at == start && field_count_ == 0 && at == size_) return Parse::kEnd;
    add_field(data_ + field, at - field);
    special_ = special;
    return end_row(at);
  }
}

// Reads the quoted field that opens at `open`; `end` becomes the place behind its closing quote, where a delimiter, a
// line end or the text's end stands and has been taken from special_.
CsvReader::Parse CsvReader::parse_quoted(std::size_t open, std::size_t& end) {
  bool doubled = false;
  while (true) {
    const std::size_t at = special_.next();
    // A quote or CR as the window's last byte may be half of a pair.
    if (!ended_ && at + 1 >= size_) return Parse::kNeedMore;
    if (at == size_) {
      return refuse(fmt::format("column {}: the quoted field is never closed", field_count_ + 1));
    }
    if (data_[at] == '\n' || (data_[at] == '\r' && (at + 1 == size_ || data_[at + 1] != '\n'))) ++lines_inside_;
    if (data_[at] != '"') continue;
    if (at + 1 < size_ && data_[at + 1] == '"') {
      doubled = true;
      special_.next();
      continue;
    }
    end = at + 1;
    if (special_.next() != end) {
      return refuse(
          fmt::format("column {}: expected a delimiter or the line's end behind the closing quote", field_count_ + 1));
    }
    const std::string_view quoted(data_ + open + 1, at - open - 1);
    add_field(quoted.data(), quoted.size());
    if (doubled) unescape(quoted);
    return Parse::kRow;
  }
}

void CsvReader::unescape(std::string_view quoted) {
  if (unescaped_fields_.empty()) unescaped_.clear();
  const std::size_t offset = unescaped_.size();
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    unescaped_.push_back(quoted[i]);
    if (quoted[i] == '"') ++i;
  }
  unescaped_fields_.push_back({field_count_ - 1, offset, unescaped_.size() - offset});
}

// The row ends at `at`: a line end, which is passed over, or the text's end.
CsvReader::Parse CsvReader::end_row(std::size_t at) {
  std::size_t behind = at;
  if (at < size_) {
    behind = at + 1;
    if (data_[at] == '\r') {
      if (behind == size_ && !ended_) return Parse::kNeedMore;
      if (behind < size_ && data_[behind] == '\n') {
        special_.next();
        ++behind;
      }
    }
  }
  const std::size_t start = at_;
  at_ = behind;
  line_ += lines_inside_ + (behind != at ? 1 : 0);
  // Doubled quotes: the views are set only now, since the string they look into moved while it grew.
  for (const Unescaped& field : unescaped_fields_) {
    fields_[field.field] = std::string_view(unescaped_.data() + field.offset, field.size);
  }
  if (at == start) return Parse::kBlankLine;
  if (at - start > format_.max_row_bytes) {
    too_long();
    return Parse::kBad;
  }
  if (field_count_ == column_count_) return Parse::kRow;
  if (column_count_ == 0) {
    column_count_ = field_count_;
    first_row_line_ = row_line_;
    return Parse::kRow;
  }
  error_ = bad_row(
      fmt::format("expected {} columns, as on line {}, found {}", column_count_, first_row_line_, field_count_));
  return Parse::kBad;
}

CsvReader::Parse CsvReader::refuse(std::string_view message) {
  error_ = bad_row(message);
  return Parse::kBadLine;
}

void CsvReader::too_long() {
  error_ = bad_row(
      fmt::format("the row is longer than the limit of {} bytes; is a quote never closed?", format_.max_row_bytes));
  error_.code = ErrorCode::kTooLarge;
}

// Goes on behind the line that begins at at_, after an error on it.
CsvReader::Step CsvReader::skip_line() {
  while (true) {
    const std::string_view rest(data_ + at_, size_ - at_);
    const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
    const bool more = !ended_ && end + 1 >= rest.size();  // No line end yet, or a CR whose LF may follow.
    if (more) {
      at_ += end;
      if (!fill()) return Step::kError;
      continue;
    }
    at_ += end;
    if (end < rest.size()) {
      at_ += rest.substr(end).starts_with("\r\n") ? 2 : 1;
      ++line_;
    }
    special_.seek(data_, size_, at_);
    return Step::kBad;
  }
}

// Moves what is unread to the window's front and reads until the window is full or the text ends.
bool CsvReader::fill() {
  const std::size_t kept = size_ - at_;
  if (buffer_.empty() || kept > buffer_.size() / 2) {
    std::vector<char> larger(std::max(kFirstWindowBytes, kept * 4));
    if (kept > 0) std::memcpy(larger.data(), data_ + at_, kept);
    buffer_ = std::move(larger);
  } else if (kept > 0) {
    std::memmove(buffer_.data(), data_ + at_, kept);
  }
  data_ = buffer_.data();
  dropped_ += at_;
  at_ = 0;
  size_ = kept;
  while (true) {
    if (size_ == buffer_.size()) {
      if (size_ >= kWindowBytes) break;
      buffer_.resize(std::min(kWindowBytes, size_ * 8));
      data_ = buffer_.data();
    }
    Result<std::size_t> got = source_({buffer_.data() + size_, buffer_.size() - size_});
    if (!got) {
      error_ = std::move(got).error();
      failed_ = true;
      return false;
    }
    if (*got == 0) {
      ended_ = true;
      break;
    }
    size_ += *got;
  }
  return true;
}

}  // namespace chiliad::table
