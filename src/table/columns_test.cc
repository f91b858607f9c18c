#include "table/columns.h"

#include <gtest/gtest.h>

#include <array>

namespace chiliad::table {
namespace {

constexpr std::array<std::string_view, 1> kIdNames = {"customer_id"};
constexpr std::array<std::string_view, 2> kDateNames = {"timestamp", "ds"};
constexpr std::array<ColumnRole, 2> kRoles = {{{"id", kIdNames, 1}, {"date", kDateNames, 2}}};

Result<std::vector<std::size_t>> resolve(const std::vector<ColumnChoice>& choices,
                                         const std::vector<std::string>& header, std::size_t count) {
  return resolve_columns(kRoles, choices, header, count);
}

TEST(Columns, DigitsArePositionsAndAPrefixMakesThemNames) {
  EXPECT_EQ(parse_column("3")->position, 3U);
  EXPECT_EQ(parse_column("load")->name, "load");
  EXPECT_EQ(parse_column("2022-01")->name, "2022-01");
  EXPECT_EQ(parse_column("name:2022")->name, "2022");
  for (const char* text : {"", "0", "100001", "99999999999999999999"}) EXPECT_FALSE(parse_column(text)) << text;
}

TEST(Columns, DefaultsAreTheUsualNamesElseThePosition) {
  using Columns = std::vector<std::size_t>;
  EXPECT_EQ(*resolve({{}, {}}, {"ds", "x", "customer_id"}, 3), (Columns{2, 0}));
  EXPECT_EQ(*resolve({{}, {}}, {"a", "b"}, 2), (Columns{0, 1}));
  EXPECT_EQ(*resolve({{}, {}}, {}, 2), (Columns{0, 1}));
  EXPECT_EQ(*resolve({{"x", 0}, {"", 1}}, {"ds", "x", "c"}, 3), (Columns{1, 0}));
}

TEST(Columns, WhatWouldBeAGuessIsRefused) {
  EXPECT_FALSE(resolve({{}, {}}, {"a", "b", "c"}, 3));              // Which two of three?
  EXPECT_FALSE(resolve({{}, {}}, {}, 1));                           // Too few.
  EXPECT_FALSE(resolve({{}, {}}, {"ds", "customer_id2"}, 2));       // "ds" is column 1, as the id would be.
  EXPECT_FALSE(resolve({{"a", 0}, {"b", 0}}, {"a", "b", "a"}, 3));  // Two called "a".
  EXPECT_FALSE(resolve({{"A", 0}, {"b", 0}}, {"a", "b"}, 2));       // Names are compared byte by byte.
}

TEST(Columns, HeaderWordsAreThree) {
  EXPECT_EQ(*parse_header("auto"), Header::kAuto);
  EXPECT_EQ(*parse_header("yes"), Header::kYes);
  EXPECT_EQ(*parse_header("no"), Header::kNo);
  EXPECT_FALSE(parse_header("maybe"));
}

}  // namespace
}  // namespace chiliad::table
