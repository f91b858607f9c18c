#include "hosting/json_path.h"

#include <gtest/gtest.h>

namespace chiliad::hosting {
namespace {

std::string selected(std::string_view path, std::string_view json) {
  Result<JsonPath> parsed = JsonPath::parse(path);
  if (!parsed) return "path: " + parsed.error().message;
  Result<aws::Json> value = parsed->select(*aws::parse_json(json));
  return value ? aws::json_text(*value) : "value: " + value.error().message;
}

TEST(JsonPath, LeadsToMembersElementsAndSlices) {
  constexpr std::string_view kJson = R"({"a":{"b c":[1,2,3,4]},"d":"x"})";
  EXPECT_EQ(selected("$.d", kJson), "\"x\"");
  EXPECT_EQ(selected("$['a']['b c'][0]", kJson), "1");
  EXPECT_EQ(selected("$.a['b c'][-1]", kJson), "4");
  EXPECT_EQ(selected("$.a['b c'][1:]", kJson), "[2,3,4]");
  EXPECT_EQ(selected("$.a['b c'][:2]", kJson), "[1,2]");
  EXPECT_EQ(selected("$.a['b c'][-3:-1]", kJson), "[2,3]");
  EXPECT_EQ(selected("$.a['b c'][1:][0]", kJson), "2");
  EXPECT_EQ(selected("$.a['b c'][3:1]", kJson), "[]");
  EXPECT_EQ(selected("", "[1]"), "[1]");
  EXPECT_EQ(selected("$", "[1]"), "[1]");
}

TEST(JsonPath, NothingThereIsAnError) {
  for (const char* path : {"$.none", "$.a[0]", "$.a.b", "$.list[3]", "$.list[-4]"}) {
    EXPECT_EQ(selected(path, R"({"a":1,"list":[1,2,3]})"), std::string("value: there is nothing at ") + path);
  }
}

TEST(JsonPath, WhatIsNotSupportedIsRefused) {
  for (const char* path : {"a", "$a", "$..a", "$.*", "$[*]", "$[?(@.x)]", "$[0,1]", "$[", "$['a", "$.", "$[x]",
                           "$[1:2:3]", "$['']", "$[9999999999999999999999]"}) {
    EXPECT_TRUE(selected(path, "{}").starts_with("path: the JSONPath '" + std::string(path) + "' is not supported"))
        << path;
  }
  EXPECT_FALSE(JsonPath::parse("$." + std::string(100, 'a')));
}

}  // namespace
}  // namespace chiliad::hosting
