#include "base/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json_writer.h"

namespace chiliad {
namespace {

std::string repr(double value) {
  std::string out;
  append_repr(out, value);
  return out;
}

std::string rounded(double value, int decimals) {
  std::string out;
  append_rounded(out, value, decimals);
  return out;
}

TEST(AppendRepr, WritesWhatPythonsReprWrites) {
  EXPECT_EQ(repr(0.1), "0.1");
  EXPECT_EQ(repr(358), "358.0");
  EXPECT_EQ(repr(-0.0), "-0.0");
  EXPECT_EQ(repr(1e-5), "1e-05");
  EXPECT_EQ(repr(0.0001), "0.0001");
  EXPECT_EQ(repr(1.5e16), "1.5e+16");
  EXPECT_EQ(repr(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(repr(9007199254740993.0), "9007199254740992.0");
  EXPECT_EQ(repr(std::nan("")), "NaN");
}

TEST(AppendRounded, KeepsAtMostTheDecimalsAskedFor) {
  EXPECT_EQ(rounded(1.23456789012345, 10), "1.2345678901");
  EXPECT_EQ(rounded(12.5, 10), "12.5");
  EXPECT_EQ(rounded(3, 10), "3.0");
  EXPECT_EQ(rounded(std::numeric_limits<double>::infinity(), 10), "null");
}

TEST(AppendRounded, WritesTheDigitsThatPandasWrites) {
  // DataFrame({"a": [...]}).to_json() of pandas 2.3.3.
  EXPECT_EQ(rounded(-1e-12, 10), "-0.0");
  EXPECT_EQ(rounded(-0.0, 10), "0.0");
  EXPECT_EQ(rounded(0.5e-10, 10), "0.0000000001");
  EXPECT_EQ(rounded(1.5e-10, 10), "0.0000000002");
  EXPECT_EQ(rounded(2.5e-10, 10), "0.0000000002");
  EXPECT_EQ(rounded(1e16, 10), "10000000000000000.0");
  EXPECT_EQ(rounded(1.5e16, 10), "1.5e+16");
  EXPECT_EQ(rounded(1e15 + 0.3, 10), "1000000000000000.25");
  EXPECT_EQ(rounded(9999999999999998.0, 10), "9999999999999998.0");
  EXPECT_EQ(rounded(12345678901234567890.0, 10), "1.23456789e+19");
  EXPECT_EQ(rounded(1e300, 10), "1e+300");
  EXPECT_EQ(rounded(-3e-16, 10), "-3e-16");
  EXPECT_EQ(rounded(123456.78901234567, 10), "123456.7890123457");
  EXPECT_EQ(rounded(0.99999999999, 10), "1.0");
  EXPECT_EQ(rounded(-7.25, 10), "-7.25");
  EXPECT_EQ(rounded(1.0 / 3, 10), "0.3333333333");
}

TEST(ParseDouble, TakesDecimalNotationAlone) {
  EXPECT_EQ(parse_double("-1.5e3"), -1500.0);
  EXPECT_EQ(parse_double("+2"), 2.0);
  EXPECT_EQ(parse_double("1e-999"), 0.0);
  for (const char* text : {"", " 1", "1 ", "nan", "inf", "0x10", "1e999", "1,5", "+-1", "--1", "."}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
  }
}

TEST(JsonWriter, PutsSeparatorsWhereTheyBelong) {
  JsonWriter json;
  json.begin_object()
      .key("a")
      .begin_array()
      .number(1)
      .integer(2)
      .null()
      .end_array()
      .key("b")
      .begin_object()
      .end_object()
      .end_object();
  EXPECT_EQ(std::move(json).take(), R"({"a":[1.0,2,null],"b":{}})");
}

TEST(JsonWriter, LooksLikePythonWhenAsked) {
  JsonWriter json(JsonWriter::Look::kPython);
  json.begin_object().key("n\xC3\xA4").string("\xF0\x9F\x98\x80\"\n").key("x").number(std::nan("")).end_object();
  EXPECT_EQ(std::move(json).take(), R"({"n\u00e4": "\ud83d\ude00\"\n", "x": NaN})");
}

TEST(AppendJsonString, ReplacesBytesThatAreNoUtf8) {
  std::string out;
  append_json_string(out, "a\xFF\xC0\x80z");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

}  // namespace
}  // namespace chiliad
