#include "train/future_rows.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::train {
namespace {

std::string refusal_of_rows(std::string_view text) {
  const Result<FutureRows> rows = FutureRows::parse(text, "f.csv");
  return rows ? "accepted" : rows.error().message;
}

TEST(FutureRows, AreForAllCustomersWithoutAnIdColumn) {
  const Result<FutureRows> rows = FutureRows::parse("temp,ds,note\n3.5,2023-01-02,warm\n,2023-01-01,cold\n", "f.csv");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_FALSE(rows->by_customer());
  const Result<FutureRows::Rows> any = rows->of("whoever", {"temp", "promo"});
  ASSERT_TRUE(any) << any.error().message;
  EXPECT_EQ(any->ds, (std::vector<Instant>{*parse_instant("2023-01-02"), *parse_instant("2023-01-01")}));
  ASSERT_EQ(any->columns.size(), 1u);
  EXPECT_EQ(any->columns[0].values[0], 3.5);
  EXPECT_TRUE(std::isnan(any->columns[0].values[1]));
}

TEST(FutureRows, AreACustomersOwnWithAnIdColumn) {
  const Result<FutureRows> rows =
      FutureRows::parse("customer_id,timestamp,on\n8,2023-01-01,True\n9,2023-01-01,false\n8,2023-01-02,1\n", "f.csv");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_TRUE(rows->by_customer());
  EXPECT_EQ(rows->of("8", {"on"})->columns[0].values, (std::vector<double>{1, 1}));
  EXPECT_EQ(rows->of("9", {"on"})->columns[0].values, std::vector<double>{0});
  EXPECT_EQ(rows->of("7", {}).error().message, "f.csv has no rows of customer '7'");
}

TEST(FutureRows, TextInAColumnMattersOnlyToWhoNeedsIt) {
  const Result<FutureRows> rows = FutureRows::parse("ds,temp\n2023-01-01,3\n2023-01-02,warm\n", "f.csv");
  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->of("8", {}));
  EXPECT_EQ(rows->of("8", {"temp"}).error().message, "f.csv:3: column 2 (temp): expected a number, True or False");
}

TEST(FutureRows, MistakesAreToldWithTheirLine) {
  EXPECT_EQ(refusal_of_rows(""), "f.csv: there are no rows");
  EXPECT_EQ(refusal_of_rows("ds,temp\n"), "f.csv: there are no rows");
  EXPECT_EQ(refusal_of_rows("2023-01-01,3\n"), "f.csv:1: expected a header with a column 'ds' or 'timestamp'");
  EXPECT_EQ(refusal_of_rows("ds,a,a\n2023-01-01,3,4\n"), "f.csv:1: several columns are called 'a'");
  EXPECT_TRUE(refusal_of_rows("ds,temp\nsoon,3\n").starts_with("f.csv:2: column 1: "))
      << refusal_of_rows("ds,temp\nsoon,3\n");
  EXPECT_TRUE(refusal_of_rows("ds,temp\n2023-01-01\n").starts_with("f.csv:2: "))
      << refusal_of_rows("ds,temp\n2023-01-01\n");
}

}  // namespace
}  // namespace chiliad::train
