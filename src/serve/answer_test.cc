#include "serve/answer.h"

#include <gtest/gtest.h>

namespace chiliad::serve {
namespace {

using Format = Invocation::Format;

Invocation asking(std::vector<std::string> columns, Format format = Format::kJson) {
  Invocation asked;
  asked.columns = std::move(columns);
  asked.format = format;
  return asked;
}

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
  ASSERT_TRUE(append_answer(out, two_rows(), 358, asking({})));
  EXPECT_EQ(out, R"({"ds":{"358":1671926400000,"359":1672012800000},"trend":{"358":0.3333333333,"359":-2.0},)"
                 R"("a,\"b\"":{"358":0.0,"359":0.0},"yhat":{"358":1234.5,"359":1.23456789e+19}})");
}

TEST(AppendAnswer, GivesTheColumnsAskedForInTheirOrder) {
  std::string out;
  ASSERT_TRUE(append_answer(out, two_rows(), 0, asking({"yhat", "ds"})));
  EXPECT_EQ(out, R"({"yhat":{"0":1234.5,"1":1.23456789e+19},"ds":{"0":1671926400000,"1":1672012800000}})");
  const Result<Done> unknown = append_answer(out, two_rows(), 0, asking({"yearly"}));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            R"('columns': there is no column 'yearly'; this forecast has ds, trend, a,"b", yhat)");
}

TEST(AppendAnswer, GivesTheQuantilesAskedForBehindTheColumnsThatAreNamed) {
  const auto names = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"trend", "yhat", "yhat_q0.05", "yhat_q0.95"});
  forecast::Forecast forecast({*parse_instant("2022-12-25")}, names);
  for (std::size_t i = 0; i < 4; ++i) forecast.column(i)[0] = static_cast<double>(i);
  Invocation asked = asking({"yhat"});
  asked.options.quantiles = {0.05, 0.95};
  std::string out;
  ASSERT_TRUE(append_answer(out, forecast, 0, asked));
  EXPECT_EQ(out, R"({"yhat":{"0":1.0},"yhat_q0.05":{"0":2.0},"yhat_q0.95":{"0":3.0}})");
  asked.columns = {"yhat_q0.95", "yhat"};
  out.clear();
  ASSERT_TRUE(append_answer(out, forecast, 0, asked));
  EXPECT_EQ(out, R"({"yhat_q0.95":{"0":3.0},"yhat":{"0":1.0},"yhat_q0.05":{"0":2.0}})");
}

TEST(AppendAnswer, WritesCsvAsPandasDoes) {
  std::string out;
  ASSERT_TRUE(append_answer(out, two_rows(), 358, asking({}, Format::kCsv)));
  EXPECT_EQ(out,
            "ds,trend,\"a,\"\"b\"\"\",yhat\n2022-12-25,0.3333333333333333,0.0,1234.5\n"
            "2022-12-26,-2.0,1e-11,1.2345678901234567e+19\n");
}

TEST(AppendAnswer, WritesTheTimeOfAllMomentsIfOneHasIt) {
  const auto names = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"yhat"});
  const forecast::Forecast forecast({*parse_instant("2022-12-25"), *parse_instant("2022-12-25 06:30")}, names);
  std::string out;
  ASSERT_TRUE(append_answer(out, forecast, 0, asking({"ds"}, Format::kCsv)));
  EXPECT_EQ(out, "ds\n2022-12-25 00:00:00\n2022-12-25 06:30:00\n");
}

}  // namespace
}  // namespace chiliad::serve
