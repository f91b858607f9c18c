#include "aws/json.h"

#include <gtest/gtest.h>

#include <string>

namespace chiliad::aws {
namespace {

TEST(AwsJson, ValuesOfAllTypesComeOutAsTheyWentIn) {
  const std::string text = R"({"a":[1,-2,2.5,"x",true,null,{}],"b":{"c":18446744073709551615}})";
  const Result<Json> value = parse_json(text);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(json_text(*value), text);
}

TEST(AwsJson, BrokenTextNamesTheByte) {
  for (const std::string_view text : {"", "{", R"({"a":})", "[1,]", "{} x", "nul", "\"\xFF\"", "1e999", "'a'"}) {
    const Result<Json> value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kInvalid) << text;
    EXPECT_NE(value.error().message.find("at byte"), std::string::npos) << value.error().message;
  }
}

TEST(AwsJson, NulIsNoEndOfTheText) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"{}\0"sv, "{}\0garbage"sv, "\0{}"sv, "{\"a\0\":1}"sv}) {
    const Result<Json> parsed = parse_json(text);
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(parsed.error().message.starts_with("JSON: a NUL at byte ")) << parsed.error().message;
  }
}

TEST(AwsJson, DepthCountAndSizeAreBounded) {
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
  for (const char bracket : {'[', '{'}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += bracket == '[' ? "[" : R"({"a":)";
    const Result<Json> value = parse_json(deep);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, ErrorCode::kTooLarge);
  }
  std::string many = "[0";
  for (int i = 0; i < 200'000; ++i) many += ",0";
  EXPECT_EQ(parse_json(many + "]").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(parse_json("[1,2,3]", {.max_bytes = 6}).error().code, ErrorCode::kTooLarge);
}

TEST(AwsJson, AMemberThatComesTwiceIsRefusedOnRequest) {
  const std::string_view text = R"({"a":{"Effect":"Deny","Effect":"Allow"}})";
  const Result<Json> strict = parse_json(text, {.unique_members = true});
  ASSERT_FALSE(strict);
  EXPECT_EQ(strict.error().message, "JSON: member 'Effect' comes twice");
  ASSERT_TRUE(parse_json(text));
  EXPECT_EQ(json_text(*parse_json(text)), R"({"a":{"Effect":"Allow"}})");
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":1}])", {.unique_members = true}));
}

TEST(AwsJson, MembersOfTheWrongTypeAreNotThere) {
  const Json value = *parse_json(R"({"s":"x","i":7,"b":true,"n":null,"u":18446744073709551615,"f":1.5})");
  EXPECT_EQ(*string_member(value, "s"), "x");
  EXPECT_EQ(string_member(value, "i"), nullptr);
  EXPECT_EQ(integer_member(value, "i"), 7);
  EXPECT_EQ(integer_member(value, "u"), std::nullopt);
  EXPECT_EQ(integer_member(value, "f"), std::nullopt);
  EXPECT_EQ(boolean_member(value, "b"), true);
  EXPECT_EQ(member(value, "n"), nullptr);
  EXPECT_EQ(member(Json(3), "n"), nullptr);
}

TEST(AwsJson, BytesThatAreNoTextAreWrittenAsReplacement) {
  EXPECT_EQ(json_text(Json("a\xFF")), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(json_error_body({400, "ValidationException", "no \"x\""}),
            R"({"__type":"ValidationException","message":"no \"x\""})");
}

}  // namespace
}  // namespace chiliad::aws
