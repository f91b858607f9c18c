#include "config/value.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::config {
namespace {

std::string error_of(const Result<Value>& value) { return value ? "no error" : value.error().message; }

TEST(ConfigValue, TomlAndJsonOfTheSameSettingsAreTheSameTree) {
  for (const std::string_view text :
       {"growth = 'flat'\nn = 7\nscale = 0.5\non = true\n[[part]]\nname = \"a\"\n[[part]]\nname = 'b'\n",
        "{\"growth\": \"flat\", \"n\": 7, \"scale\": 0.5, \"on\": true,\n \"part\": [{\"name\": \"a\"}, {\"name\": "
        "\"b\"}]}"}) {
    const Result<Value> root = parse(text, "f");
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_EQ(*root->find("growth")->as<std::string>(), "flat");
    EXPECT_EQ(*root->find("n")->as<std::int64_t>(), 7);
    EXPECT_EQ(*root->find("scale")->as<double>(), 0.5);
    EXPECT_TRUE(*root->find("on")->as<bool>());
    const auto* parts = root->find("part")->as<Value::Array>();
    ASSERT_EQ(parts->size(), 2u);
    EXPECT_EQ(*(*parts)[1].find("name")->as<std::string>(), "b");
    EXPECT_EQ(root->find("none"), nullptr);
    EXPECT_EQ(root->find("n")->find("x"), nullptr);
  }
}

TEST(ConfigValue, AByteOrderMarkIsPassedOver) {
  for (const std::string_view text : {"\xef\xbb\xbfgrowth = 'flat'", "\xef\xbb\xbf\n{\"growth\": \"flat\"}"}) {
    const Result<Value> root = parse(text, "f");
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_EQ(*root->find("growth")->as<std::string>(), "flat");
  }
}

TEST(ConfigValue, EachValueKnowsItsLine) {
  const Result<Value> toml = parse_toml("a = 1\n\n[[b]]\nc = [\n  1,\n  2]\n", "f");
  EXPECT_EQ(toml->find("a")->line(), 1u);
  const Value& b = toml->find("b")->as<Value::Array>()->front();
  EXPECT_EQ(b.line(), 3u);
  EXPECT_EQ(b.find("c")->as<Value::Array>()->at(1).line(), 6u);

  const Result<Value> json = parse_json("{\n\"a\": 1\n,\n\"b\": [\n{\n\"c\": [true,\n2\n]}], \"d\": \"x\"\n}\n", "f");
  EXPECT_EQ(json->find("a")->line(), 2u);  // The line end behind a number does not count.
  const Value& other = json->find("b")->as<Value::Array>()->front();
  EXPECT_EQ(other.line(), 5u);
  EXPECT_EQ(other.find("c")->as<Value::Array>()->at(0).line(), 6u);
  EXPECT_EQ(other.find("c")->as<Value::Array>()->at(1).line(), 7u);
  EXPECT_EQ(json->find("d")->line(), 8u);
}

TEST(ConfigValue, DatesOfTomlAreTexts) {
  const Result<Value> root = parse_toml(
      "a = 2020-01-31\nb = 2020-01-31 12:30:00\nc = 2020-01-31T12:30:00.25Z\nd = 2020-01-31T12:30:00-01:30\ne = "
      "07:00:01\n",
      "f");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->find("a")->as<Value::Date>()->text, "2020-01-31");
  EXPECT_EQ(root->find("b")->as<Value::Date>()->text, "2020-01-31T12:30:00");
  EXPECT_EQ(root->find("c")->as<Value::Date>()->text, "2020-01-31T12:30:00.250000000+00:00");
  EXPECT_EQ(root->find("d")->as<Value::Date>()->text, "2020-01-31T12:30:00-01:30");
  EXPECT_EQ(root->find("e")->as<Value::Date>()->text, "07:00:01");
  EXPECT_EQ(kind_of(*root->find("a")), "a date or time");
}

TEST(ConfigValue, ANullOfJsonCountsAsAbsent) {
  const Result<Value> root = parse_json(R"({"a": null, "b": [null]})", "f");
  EXPECT_EQ(root->find("a"), nullptr);
  EXPECT_TRUE(root->find("b")->as<Value::Array>()->front().is_null());
  EXPECT_EQ(kind_of(root->find("b")->as<Value::Array>()->front()), "null");
}

TEST(ConfigValue, QuotesMayStandBeforeThoseThatEndAStringOfTomlAndPointsInNumbers) {
  const Result<Value> parsed = parse(
      "a = [\"\"\"x\"\"\"\"\", '\xc3\xa9', 1.5, 2.5, 3.5]\nb = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, "
      "11.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]",
      "f.toml");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed->find("a")->as<Value::Array>()->at(0).as<std::string>(), "x\"\"");
  EXPECT_EQ(parsed->find("b")->as<Value::Array>()->size(), 18u);
}

TEST(ConfigValue, WhatIsNeitherIsToldWithItsLine) {
  EXPECT_TRUE(error_of(parse("a =\n", "f.toml")).starts_with("f.toml:1: ")) << error_of(parse("a =\n", "f.toml"));
  EXPECT_TRUE(error_of(parse("a = 1\na = 2\n", "f.toml")).starts_with("f.toml:2: "));
  EXPECT_TRUE(error_of(parse("a = 1\n\xc2\xa0", "f.toml")).starts_with("f.toml:2: a character that is not ASCII"));
  // What would be a string is not one behind an error.
  EXPECT_TRUE(error_of(parse("a = 2020-02-{\"b\"\xc3\xa9: 1\"]", "f.toml")).starts_with("f.toml:1: "));
  // Neither ends the process, however deep it is.
  std::string dotted = "a";
  for (int i = 0; i < 60000; ++i) dotted += ". 'b'";
  EXPECT_EQ(error_of(parse("\n" + dotted + " = 1", "f.toml")), "f.toml:2: a key of more than 16 parts");
  EXPECT_EQ(error_of(parse("[" + dotted + "]", "f.toml")), "f.toml:1: a key of more than 16 parts");
  EXPECT_NE(error_of(parse("a = " + std::string(60000, '[') + std::string(60000, ']'), "f.toml")), "no error");
  EXPECT_TRUE(error_of(parse("{\"a\":\n1,}", "f.json")).starts_with("f.json:2: syntax error"))
      << error_of(parse("{\"a\":\n1,}", "f.json"));
  EXPECT_TRUE(error_of(parse("{\"a\": 1", "f.json")).starts_with("f.json:1: "))
      << error_of(parse("{\"a\": 1", "f.json"));
  EXPECT_EQ(error_of(parse("{\"a\": 1,\n\"a\": 2}", "f.json")), "f.json:2: 'a' stands there already");
  EXPECT_EQ(error_of(parse("{\"a\": " + std::string(100, '[') + std::string(100, ']') + "}", "f.json")),
            "f.json:1: deeper than 64 levels");
  EXPECT_EQ(error_of(parse_json("[]", "f.json")), "f.json: expected a table, found an array");
  EXPECT_TRUE(error_of(parse("{\"a\": 1e999}", "f.json")).starts_with("f.json:1: number overflow"));
  EXPECT_EQ(*parse("{\"a\": 18446744073709551615}", "f")->find("a")->as<double>(), std::ldexp(1.0, 64));
}

}  // namespace
}  // namespace chiliad::config
