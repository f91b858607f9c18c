#include "table/csv_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace chiliad::table {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using Step = CsvReader::Step;

// Gives the text in pieces of random size up to `most`.
PullBytes pieces(std::string text, std::size_t most, std::uint64_t seed = 1) {
  return [text = std::move(text), at = std::size_t{0}, most,
          random = std::mt19937_64(seed)](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({into.size(), text.size() - at, std::size_t{random() % most + 1}});
    std::memcpy(into.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

struct Read {
  Rows rows;
  std::vector<std::string> errors;
};

Read read_all(CsvReader reader) {
  Read read;
  while (true) {
    switch (reader.next()) {
      case Step::kRow: read.rows.emplace_back(reader.fields().begin(), reader.fields().end()); break;
      case Step::kBad: read.errors.push_back(reader.error().message); break;
      case Step::kError: read.errors.push_back(reader.error().message); return read;
      case Step::kEnd: return read;
    }
  }
}

Read read_text(std::string_view text, CsvFormat format = {}) { return read_all(CsvReader(text, "f.csv", format)); }

TEST(CsvReader, ReadsRowsOfFields) {
  const Read read = read_text("a,b,c\n1,,3\n,,\n");
  EXPECT_EQ(read.rows, (Rows{{"a", "b", "c"}, {"1", "", "3"}, {"", "", ""}}));
  EXPECT_TRUE(read.errors.empty());
}

TEST(CsvReader, TakesEveryLineEndAndAMissingLastOne) {
  const Rows expected = {{"a", "b"}, {"1", "2"}, {"3", ""}};
  EXPECT_EQ(read_text("a,b\n1,2\n3,\n").rows, expected);
  EXPECT_EQ(read_text("a,b\r\n1,2\r\n3,\r\n").rows, expected);
  EXPECT_EQ(read_text("a,b\r1,2\r3,\r").rows, expected);
  EXPECT_EQ(read_text("a,b\r1,2\n3,").rows, expected);
}

TEST(CsvReader, EmptyLinesAreNoRowsButCountAsLines) {
  const Read read = read_text("\n\na,b\r\n\r\n1,2\n\r3\n\n");
  EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read.errors, (std::vector<std::string>{"f.csv:7: expected 2 columns, as on line 3, found 1"}));
  EXPECT_TRUE(read_text("").rows.empty());
  EXPECT_TRUE(read_text("\n\r\n").rows.empty());
}

TEST(CsvReader, QuotedFieldsHoldDelimitersLineEndsAndDoubledQuotes) {
  EXPECT_EQ(read_text("\"a,b\",\"c\"\"d\",\"\"\n\"e\r\nf\",\"\"\"\",\"g\"").rows,
            (Rows{{"a,b", "c\"d", ""}, {"e\r\nf", "\"", "g"}}));
}

TEST(CsvReader, LinesInsideQuotesAreCounted) {
  const Read read = read_text("\"a\nb\r\nc\rd\",x\n1\n");
  EXPECT_EQ(read.errors, (std::vector<std::string>{"f.csv:5: expected 2 columns, as on line 1, found 1"}));
}

TEST(CsvReader, QuoteErrorsNameLineAndColumnAndTheNextLineIsReadOn) {
  const Read read = read_text("a,b\n1,x\"y\n2,\"x\"y\n3,z\n");
  EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"3", "z"}}));
  ASSERT_EQ(read.errors.size(), 2U);
  EXPECT_EQ(read.errors[0],
            "f.csv:2: column 2: a quote inside a field that does not begin with one; "
            "expected the field in quotes and the quote doubled");
  EXPECT_EQ(read.errors[1], "f.csv:3: column 2: expected a delimiter or the line's end behind the closing quote");
}

TEST(CsvReader, AQuoteThatIsNeverClosedCostsItsLineOnly) {
  const Read read = read_text("a,b\n1,\"x\n2,y\n3,z");
  EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"2", "y"}, {"3", "z"}}));
  EXPECT_EQ(read.errors, (std::vector<std::string>{"f.csv:2: column 2: the quoted field is never closed"}));
}

TEST(CsvReader, ByteOrderMarkIsSkippedAndUtf16Refused) {
  EXPECT_EQ(read_text("\xEF\xBB\xBF\"a\",b\n").rows, (Rows{{"a", "b"}}));
  const Read read =
      read_text(std::string_view("\xFF\xFE"
                                 "a\0",
                                 4));
  ASSERT_EQ(read.errors.size(), 1U);
  EXPECT_NE(read.errors[0].find("UTF-16"), std::string::npos);
}

TEST(CsvReader, BytesWithoutAMeaningAreKept) {
  const std::string odd("a\0\x80\xFF\t ;'", 8);
  EXPECT_EQ(read_text(odd + ",b\n").rows, (Rows{{odd, "b"}}));
}

TEST(CsvReader, OtherDelimitersLeaveCommasAlone) {
  CsvFormat format;
  format.delimiter = ';';
  EXPECT_EQ(read_text("a;1,5\n", format).rows, (Rows{{"a", "1,5"}}));
  EXPECT_EQ(*parse_delimiter("tab"), '\t');
  EXPECT_EQ(*parse_delimiter("|"), '|');
  for (const char* text : {"", "\"", "\n", ",,", "\r"}) EXPECT_FALSE(parse_delimiter(text));
}

TEST(CsvReader, RowsOverTheLimitAreRefusedInMemoryAndInAStream) {
  CsvFormat format;
  format.max_row_bytes = 10;
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string text = "a,b" + end + "0123456,89" + end + "0123456,89x" + end + "1,2" + end;
    for (const Read& read : {read_text(text, format), read_all(CsvReader(pieces(text, 3), "f.csv", format))}) {
      EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"0123456", "89"}, {"1", "2"}}));
      ASSERT_EQ(read.errors.size(), 1U);
      EXPECT_NE(read.errors[0].find("f.csv:3: the row is longer than the limit of 10 bytes"), std::string::npos);
    }
  }
}

TEST(CsvReader, ARowFarOverTheLimitIsPassedOverInBoundedMemory) {
  const std::string text = "a,b\n1,\"" + std::string(5 << 20, 'x') + "\",3\n2,y\n";
  const Read read = read_all(CsvReader(pieces(text, 100'000), "f.csv"));
  EXPECT_EQ(read.rows, (Rows{{"a", "b"}, {"2", "y"}}));
  ASSERT_EQ(read.errors.size(), 1U);
  EXPECT_NE(read.errors[0].find("f.csv:2: the row is longer than the limit of 1048576 bytes"), std::string::npos);
}

TEST(CsvReader, AFailingSourceEndsTheReading) {
  int calls = 0;
  CsvReader reader(
      [&calls](std::span<char> into) -> Result<std::size_t> {
        if (++calls > 1) return Error{ErrorCode::kUnavailable, "read f.csv: the disk is on fire"};
        std::memcpy(into.data(), "a\nb\n", 4);
        return std::size_t{4};
      },
      "f.csv");
  EXPECT_EQ(reader.next(), Step::kError);
  EXPECT_EQ(reader.error().message, "read f.csv: the disk is on fire");
  EXPECT_EQ(reader.next(), Step::kError);
  EXPECT_EQ(calls, 2);
}

// A second reader, one byte at a time, as plain as it can be: nullopt where the text breaks the rules.
std::optional<Rows> plain_parse(std::string_view text) {
  Rows rows;
  std::vector<std::string> row;
  std::size_t i = 0;
  while (i < text.size()) {
    std::string field;
    if (text[i] == '"') {
      for (++i;; ++i) {
        if (i == text.size()) return std::nullopt;
        if (text[i] == '"' && (i + 1 == text.size() || text[i + 1] != '"')) break;
        if (text[i] == '"') ++i;
        field += text[i];
      }
      ++i;
      if (i < text.size() && text[i] != ',' && text[i] != '\n' && text[i] != '\r') return std::nullopt;
    } else {
      for (; i < text.size() && text[i] != ',' && text[i] != '\n' && text[i] != '\r'; ++i) {
        if (text[i] == '"') return std::nullopt;
        field += text[i];
      }
      const bool blank_line = row.empty() && field.empty() && i < text.size() && text[i] != ',';
      if (blank_line) {
        i += text.substr(i).starts_with("\r\n") ? 2 : 1;
        continue;
      }
    }
    row.push_back(field);
    if (i < text.size() && text[i] == ',') {
      if (++i == text.size()) row.emplace_back();
      if (i < text.size()) continue;
    } else if (i < text.size()) {
      i += text.substr(i).starts_with("\r\n") ? 2 : 1;
    }
    rows.push_back(std::move(row));
    row.clear();
  }
  return rows;
}

TEST(CsvReader, AgreesWithAPlainReaderOnRandomTextsInAnyPieces) {
  std::mt19937_64 random(11);
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = "ab,,\"\"\n\r"[random() % 8];
    // Long runs, so that rows lie across blocks of 64 bytes.
    if (round % 7 == 0) text.insert(random() % (text.size() + 1), std::string(random() % 200, 'x'));
    std::optional<Rows> expected = plain_parse(text);
    const Read in_memory = read_text(text);
    const Read streamed = read_all(CsvReader(pieces(text, 3, random()), "f.csv"));
    ASSERT_EQ(in_memory.rows, streamed.rows) << text;
    ASSERT_EQ(in_memory.errors, streamed.errors) << text;
    if (!expected) {
      ASSERT_FALSE(in_memory.errors.empty()) << text;
      continue;
    }
    ++accepted;
    // What the plain reader does not check: the number of columns.
    std::erase_if(*expected, [&](const auto& row) { return row.size() != expected->front().size(); });
    ASSERT_EQ(in_memory.rows, *expected) << text;
  }
  EXPECT_GT(accepted, 10'000);
}

TEST(CsvReader, RowsAcrossTheWindowsEndAreWhole) {
  std::mt19937_64 random(5);
  std::string text;
  Rows expected;
  while (text.size() < (1 << 20)) {
    const std::string field(random() % 3000, 'y');
    expected.push_back({std::to_string(expected.size()), "q\"" + field + "\n"});
    text += expected.back()[0] + ",\"q\"\"" + field + "\n\"\r\n";
  }
  EXPECT_EQ(read_all(CsvReader(pieces(text, 10'000), "f.csv")).rows, expected);
}

}  // namespace
}  // namespace chiliad::table
