#include "base/csv_field.h"

#include <gtest/gtest.h>

namespace chiliad {
namespace {

std::string field(std::string_view text) {
  std::string out = "before,";
  append_csv_field(out, text);
  return out;
}

TEST(CsvField, PlainTextHasNoQuotes) {
  EXPECT_EQ(field("customer 8"), "before,customer 8");
  EXPECT_EQ(field(""), "before,");
  EXPECT_EQ(field("it's; fine\t"), "before,it's; fine\t");
}

TEST(CsvField, WhatWouldEndTheFieldOrTheLineIsQuoted) {
  EXPECT_EQ(field("a,b"), "before,\"a,b\"");
  EXPECT_EQ(field("two\nlines"), "before,\"two\nlines\"");
  EXPECT_EQ(field("a\rb"), "before,\"a\rb\"");
}

TEST(CsvField, QuotesInsideAreDoubled) {
  EXPECT_EQ(field("5\" screen"), "before,\"5\"\" screen\"");
  EXPECT_EQ(field("\""), "before,\"\"\"\"");
}

TEST(CsvField, QuotedFieldsHaveQuotesWhateverIsInThem) {
  std::string out;
  append_quoted_csv_field(out, "plain");
  append_quoted_csv_field(out, "\"");
  EXPECT_EQ(out, "\"plain\"\"\"\"\"");
}

}  // namespace
}  // namespace chiliad
