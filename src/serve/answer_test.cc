#include "serve/answer.h"

#include <gtest/gtest.h>

namespace chiliad::serve {
namespace {

using Format = Invocation::Format;

forecast::Forecast two_rows() {
  const auto names =
      std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"trend", "a,\"b\"", "yhat"});
  forecast::Forecast forecast({*parse_instant("2022-12-25"), *parse_instant("2022-12-26")}, names);
  forecast.column(0)[0] = 1.0 / 3;
  forecast.column(0)[1] = -2;
  forecast.column(1)[0] = 0;
  forecast.column(1)[1] = 1e-11;
  forecast.column(2)[0] = 1234.5;
  forecast.column(2)[1] = 12345678901234567890.0;
  return forecast;
}

TEST(AppendAnswer, WritesWhatPandasToJsonWrites) {
  // pandas 2.3.3, the same table with index 358, 359: forecast.to_json().
  std::string out;
  ASSERT_TRUE(append_answer(out, two_rows(), 358, {}, Format::kJson));
  EXPECT_EQ(out, R"({"ds":{"358":1671926400000,"359":1672012800000},"trend":{"358":0.3333333333,"359":-2.0},)"
                 R"("a,\"b\"":{"358":0.0,"359":0.0},"yhat":{"358":1234.5,"359":1.23456789e+19}})");
}

TEST(AppendAnswer, GivesTheColumnsAskedForInTheirOrder) {
  std::string out;
  ASSERT_TRUE(append_answer(out, two_rows(), 0, {"yhat", "ds"}, Format::kJson));
  EXPECT_EQ(out, R"({"yhat":{"0":1234.5,"1":1.23456789e+19},"ds":{"0":1671926400000,"1":1672012800000}})");
  const Result<Done> unknown = append_answer(out, two_rows(), 0, {"yearly"}, Format::kJson);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            R"('columns': there is no column 'yearly'; this forecast has ds, trend, a,"b", yhat)");
}

TEST(AppendAnswer, WritesCsvAsPandasDoes) {
  std::string out;
  ASSERT_TRUE(append_answer(out, two_rows(), 358, {}, Format::kCsv));
  EXPECT_EQ(out,
            "ds,trend,\"a,\"\"b\"\"\",yhat\n2022-12-25,0.3333333333333333,0.0,1234.5\n"
            "2022-12-26,-2.0,1e-11,1.2345678901234567e+19\n");
}

TEST(AppendAnswer, WritesTheTimeOfAllMomentsIfOneHasIt) {
  const auto names = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"yhat"});
  const forecast::Forecast forecast({*parse_instant("2022-12-25"), *parse_instant("2022-12-25 06:30")}, names);
  std::string out;
  ASSERT_TRUE(append_answer(out, forecast, 0, {"ds"}, Format::kCsv));
  EXPECT_EQ(out, "ds\n2022-12-25 00:00:00\n2022-12-25 06:30:00\n");
}

}  // namespace
}  // namespace chiliad::serve
