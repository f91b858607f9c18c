#include "algorithm/captured.h"

#include <gtest/gtest.h>

namespace chiliad::algorithm {
namespace {

std::string line(const std::string& data, const std::string& encoding = "JSON") {
  return std::string(R"({"captureData":{"endpointOutput":{"data":)")
      .append(data)
      .append(R"(,"encoding":")")
      .append(encoding)
      .append(R"("}},"eventMetadata":{"targetModel":"8.tar.gz"}})");
}

TEST(Captured, ColumnsAreReadByRowNumber) {
  const CapturedForecast forecast = *parse_captured(
      line(R"("{\"ds\":{\"0\":0,\"10\":172800000,\"9\":86400000},\"yhat\":{\"0\":1.5,\"9\":2,\"10\":3}}")"));
  EXPECT_EQ(forecast.series, "8");
  EXPECT_EQ(forecast.yhat, (std::vector<double>{1.5, 2, 3}));
  EXPECT_EQ(format_instant(forecast.ds[2]), "1970-01-03");
  EXPECT_TRUE(forecast.lower.empty());
}

TEST(Captured, AnAnswerThatIsAStringIsReadOnceMoreAndBase64IsUndone) {
  EXPECT_EQ(parse_captured(line(R"("\"{\\\"ds\\\":{\\\"0\\\":0},\\\"yhat\\\":{\\\"0\\\":1}}\"")"))->yhat.size(), 1U);
  EXPECT_EQ(parse_captured(line(R"("eyJkcyI6eyIwIjowfSwieWhhdCI6eyIwIjoxfX0=")", "BASE64"))->yhat.size(), 1U);
}

TEST(Captured, WhatIsNoForecastIsAnError) {
  EXPECT_EQ(parse_captured("{}").error().code, ErrorCode::kNotFound);
  for (const std::string& bad :
       {std::string("x"), line("7"), line(R"("no json")"), line(R"("{}")"), line(R"("{\"ds\":{\"0\":0}}")"),
        line(R"("{\"ds\":{\"0\":1e300},\"yhat\":{\"0\":1}}")"), line(R"("{\"ds\":{\"x\":0},\"yhat\":{\"x\":1}}")"),
        line(R"("!")", "BASE64")})
    EXPECT_FALSE(parse_captured(bad)) << bad;
}

}  // namespace
}  // namespace chiliad::algorithm
